"""Which names a document offers to others, and which it mentions."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from metta_index.indexer.text.symbols import HOLE, Flag, SymbolTable

#: Documents that define names by regular expressions are listed under this, which no source can hold.
PATTERNS = b"\0patterns"

#: Variables belong to the atom they stand in: no other document can mean them.
_LOCAL_START = ord("$")
_PATTERN = int(Flag.PATTERN)


class Mentions(NamedTuple):
    """Names of one document. `defined`: defined, declared, documented or stated as facts in it."""

    defined: AbstractSet[bytes]
    used: AbstractSet[bytes]


def mentions(tables: Iterable[SymbolTable]) -> Mentions:
    """What a document of these tables contributes to the postings of the index. Raises DecodeError."""
    # Every file of a build comes through here: comprehensions over lists, and no more than is needed.
    defined: set[bytes] = set()
    used: set[bytes] = set()
    for table in tables:
        names = table.names
        used.update([name for name in names if name and name[0] != _LOCAL_START])
        defined.update([names[found.name] for found in table.definitions])
        defined.update([names[doc.name] for doc in table.documentation])
        defined.update([names[fact.name] for fact in table.facts])
        if table.region is not None:
            used = {name for name in used if HOLE not in name}
        if any(found.flags & _PATTERN for found in table.definitions):
            used.add(PATTERNS)
            defined.add(PATTERNS)
    return Mentions(defined & used, used)
