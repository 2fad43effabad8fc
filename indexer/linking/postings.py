"""Which names a document offers to others, and which it mentions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from metta_index.indexer.text.symbols import HOLE, Flag, SymbolTable

#: Documents that define names by regular expressions are listed under this, which no source can hold.
PATTERNS = b"\0patterns"

#: Variables belong to the atom they stand in: no other document can mean them.
_LOCAL_START = ord("$")
_PATTERN = int(Flag.PATTERN)


class Mentions(NamedTuple):
    """Names of one document. `defined`: defined, declared, documented or stated as facts in it; `others`: the rest.

    None is twice in them.
    """

    defined: AbstractSet[bytes]
    others: Collection[bytes]

    @property
    def used(self) -> AbstractSet[bytes]:
        """All of them."""
        return self.defined | frozenset(self.others)


def mentions(tables: Sequence[SymbolTable]) -> Mentions:
    """What a document of these tables contributes to the postings of the index. Raises DecodeError."""
    # Every file of a build comes through here: comprehensions over lists, and no more than is needed.
    defined: set[bytes] = set()
    used: list[bytes] = []
    for table in tables:
        names = table.names
        offered = {names[found.name] for found in table.definitions}
        offered.update([names[doc.name] for doc in table.documentation])
        offered.update([names[fact.name] for fact in table.facts])
        shared = [name for name in names if name and name[0] != _LOCAL_START]
        if table.region is not None:
            shared = [name for name in shared if HOLE not in name]
        if any(found.flags & _PATTERN for found in table.definitions):
            shared.append(PATTERNS)
            offered.add(PATTERNS)
        defined |= offered.intersection(shared)
        used += shared
    if len(tables) != 1:
        used = list(set(used))
    return Mentions(defined, [name for name in used if name not in defined])


def changed_mentions(before: Sequence[SymbolTable], now: Sequence[SymbolTable]) -> tuple[Mentions, Mentions]:
    """What a document contributed, and what it does now, of the names that its other tables hold. Raises DecodeError.

    A table that stays is the same object in both: after an edit of a large file that is
    nearly all, and only asked for names that the others hold.
    """
    kept = {id(table) for table in before} & {id(table) for table in now}
    was = mentions([table for table in before if id(table) not in kept])
    is_now = mentions([table for table in now if id(table) not in kept])
    names = was.used | is_now.used
    defined: set[bytes] = set()
    used: set[bytes] = set()
    for table in now:
        if id(table) not in kept:
            continue
        undecided = names - defined
        if PATTERNS in undecided or not undecided.isdisjoint(table.names):
            found = mentions([table])
            defined |= found.defined & names
            used |= names & frozenset(found.others)
    return _with(was, defined, used), _with(is_now, defined, used)


def _with(some: Mentions, defined: AbstractSet[bytes], used: AbstractSet[bytes]) -> Mentions:
    all_defined = some.defined | defined
    return Mentions(all_defined, (some.used | used) - all_defined)
