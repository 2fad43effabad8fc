"""MI701: documentation of a name that nothing defines."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked, builtins_of
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text

#: A file that documents more names of the language is a part of an implementation, which has others built in.
_MANY = 3


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    if sum(bool(builtins_of("hyperon", doc.name)) for doc in code.documentation) > _MANY:
        return
    for doc in code.documentation:
        if doc.name in linked.known or builtins_of(linked.dialect, doc.name) or not linked.is_closed:
            continue
        if code.mentions(doc.name) > 1:
            continue  # it is used, so a host program has it
        if all(offer.role == Role.DOCUMENTATION for offer in linked.anywhere(doc.name)):
            node = code.node_at(doc.start).children[1]
            yield Match(node.start, node.end, f"nothing defines `{name_text(doc.name)}`, which is documented here")


RULE = Rule(
    "MI701",
    "doc-of-nothing",
    "warning",
    "A `@doc` describes a name that nothing in the workspace defines.",
    "`get-doc` shows it for a function that is not there; usually the function has another name by now, and has lost "
    "its documentation.",
    '(@doc doubel (@desc "Doubles a number."))\n(= (double $x) (* $x 2))\n',
    '(@doc double (@desc "Doubles a number."))\n(= (double $x) (* $x 2))\n',
    HYPERON | PETTA,
    find_linked=_find,
)
