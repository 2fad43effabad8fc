"""MI702: documentation with another number of parameters than the function has."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Flag, Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for doc in code.documentation:
        parts = [part for part in code.node_at(doc.start).children[2:] if part.head == b"@params"]
        if len(parts) != 1 or linked.builtins(doc.name):
            continue
        offers = [one for one in linked.visible(doc.name) if one.role in (Role.DEFINITION, Role.DECLARATION)]
        counts = {one.arity for one in offers if one.arity is not None}
        described = len(doc.documentation.parameters)
        if len(counts) != 1 or described in counts:
            continue  # of a function that takes several numbers, one parameter may stand for more
        if any(one.flags & (Flag.REGISTERED | Flag.CURRIED) for one in offers):
            continue
        message = f"{described} parameters of `{name_text(doc.name)}` are described, and it has {counts.pop()}"
        yield Match(parts[0].start, parts[0].end, message)


RULE = Rule(
    "MI702",
    "doc-parameters",
    "warning",
    "A `@doc` describes more or fewer parameters than the function has.",
    "`help!` and `get-doc` take the types of parameters from the declaration and their descriptions from here, one by "
    "one: Hyperon gives an error instead of the documentation, and readers take one parameter for another.",
    '(@doc add\n  (@desc "Adds.")\n  (@params ((@param "One")))\n  (@return "Sum"))\n(= (add $x $y) (+ $x $y))\n',
    '(@doc neg\n  (@desc "Negates.")\n  (@params ((@param "One")))\n  (@return "It"))\n(= (neg $x) (- 0 $x))\n',
    HYPERON | PETTA,
    find_linked=_find,
)
