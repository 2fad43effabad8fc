"""Which names a document offers to others, and which it mentions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from metta_index.indexer._columns import names_for_others
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
    for table in tables:
        names = table.names
        offered = {names[found.name] for found in table.definitions}
        offered.update([names[doc.name] for doc in table.documentation])
        offered.update([names[fact.name] for fact in table.facts])
        if table.region is not None:
            offered = {name for name in offered if HOLE not in name}
        if [1 for found in table.definitions if found.flags & _PATTERN]:
            offered.add(PATTERNS)
        defined.update([name for name in offered if name and name[0] != _LOCAL_START])
    others: list[bytes] = []
    for table in tables:
        used = names_for_others(table.names, _LOCAL_START, defined)
        others += used if table.region is None else [name for name in used if HOLE not in name]
    return Mentions(defined, others if len(tables) == 1 else list(set(others)))


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
