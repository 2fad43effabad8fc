"""Which names a document offers to others, and which it mentions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.symbols import HOLE, Flag, SymbolTable

#: Documents that define names by regular expressions are listed under this, which no source can hold.
PATTERNS = b"\0patterns"

#: Variables belong to the atom they stand in: no other document can mean them.
_LOCAL = b"$"


class Mentions(NamedTuple):
    """Names of one document. `defined`: defined, declared, documented or stated as facts in it."""

    defined: frozenset[bytes]
    used: frozenset[bytes]


def mentions(tables: Iterable[SymbolTable]) -> Mentions:
    """What a document of these tables contributes to the postings of the index. Raises DecodeError."""
    defined: set[bytes] = set()
    used: set[bytes] = set()
    has_patterns = False
    for table in tables:
        names = table.names
        used.update(names)
        numbers = {definition.name for definition in table.definitions}
        numbers.update(doc.name for doc in table.documentation)
        numbers.update(fact.name for fact in table.facts)
        defined.update([names[number] for number in numbers])
        has_patterns = has_patterns or any(definition.flags & Flag.PATTERN for definition in table.definitions)
    used = {name for name in used if name[:1] != _LOCAL and HOLE not in name}
    if has_patterns:
        used.add(PATTERNS)
        defined.add(PATTERNS)
    return Mentions(frozenset(defined & used), frozenset(used))
