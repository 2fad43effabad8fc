"""MI310: something a program defines, and nothing in the workspace mentions."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.queries.reaching import (
    SETTING_UP,
    Mentions,
    Names,
    is_library,
    is_test,
    mentions_of,
    words_in_strings,
)
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.occurrences import pieces
from metta_index.indexer.text.symbols import Flag, Kind, TopKind, name_text

#: What is made while a program runs, and what stands for many names, is used in ways that are not seen.
_UNSEEN = int(Flag.DYNAMIC | Flag.PATTERN)
#: What `bind!` names may be computed for what that does.
_KINDS = frozenset({Kind.FUNCTION, Kind.CONSTANT})
#: What modules evaluate to hold facts of their own, as others import others.
_STATING = frozenset({b"add-atom", b"add-atoms", b"add-reduct", b"add-reducts"})


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    """Only what programs define: the definitions of a file that evaluates nothing may be there for others."""
    if linked.is_region or is_library(code.path) or is_test(code.path):
        return
    names = Names()
    found = mentions_of(pieces([part.table for part in code.parts]), names, False)
    if not found.is_program or found.matches_rules or not _runs(code):
        return
    used, known = _used(found), names.all()
    in_strings: set[bytes] | None = None
    for number, clauses in found.definitions.items():
        name = known[number]
        if number in used or any(one.flags & _UNSEEN or one.kind not in _KINDS for _part, one in clauses):
            continue
        if name in linked.known or linked.is_entry_point(name) or linked.builtins(name):
            continue
        if in_strings is None:
            in_strings = words_in_strings(code.source.source, "metta")
        if name in in_strings or linked.is_mentioned_elsewhere(name):
            continue
        part = code.parts[clauses[0][0]]
        start = clauses[0][1].name_start
        message = f"nothing in the workspace mentions `{name_text(name)}` but its own definition"
        yield Match(part.offset + start, part.offset + part.end_of(name, start), message)


def _runs(code: Code) -> bool:
    """Whether something is evaluated at top level that does more than to state a fact or to bind a name."""
    heads = {top.node.children[0].head for top in code.tops if top.kind == TopKind.EVALUATION and top.node.children}
    return not heads <= _STATING | SETTING_UP | {None}


def _used(found: Mentions) -> set[int]:
    """The names that a document mentions somewhere else than in their own rules, declarations and documentation."""
    used = found.run | found.stated
    for number, mentioned in found.by.items():
        used |= mentioned - {number}
    return used


RULE = Rule(
    "MI310",
    "unused-definition",
    "off",
    "A program defines what nothing in the workspace mentions.",
    "It costs readers their time; or the call of it is misspelt, or was forgotten. Nothing is said of files that "
    "evaluate nothing but to state facts, which may be libraries, of tests, of folders that are called like those of "
    "libraries, of `entry-points` that are configured, nor of what a string of the file, or another file in whatever "
    "way, mentions. Off, as examples define more than they use. `metta-index unused` asks more, and shows its doubts.",
    {
        "example.metta": "(= (double $x) (* $x 2))\n(= (triple $x) (* $x 3))\n!(double 2)\n",
        "other.metta": "(= (twice $x) (double $x))\n",
    },
    {
        "example.metta": "(= (double $x) (* $x 2))\n(= (triple $x) (* $x 3))\n!(double 2)\n",
        "other.metta": "(= (twice $x) (triple $x))\n",
    },
    HYPERON | PETTA,
    find_linked=_find,
)
