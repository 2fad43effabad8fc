"""What a document offers under each name: what others that use the name depend on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.text.digest import blake2b
from metta_index.indexer.text.occurrences import Piece
from metta_index.indexer.text.symbols import Flag, Kind, Role, SymbolTable


class Offer(NamedTuple):
    """One definition, declaration or documentation of a name, or its facts with one number of arguments.

    `arity` is None where the name takes no arguments; of documentation it counts
    parameters. Bytes are those of the document; `start`: where the form starts.
    """

    path: str
    role: Role
    kind: Kind
    arity: int | None
    flags: Flag
    type: str
    name_start: int
    start: int
    end: int


#: To ask enumerations costs more than all else about an offer.
_ROLES, _KINDS, _NO_FLAGS = tuple(Role), tuple(Kind), Flag(0)


def offers_of(path: str, pieces: Iterable[Piece]) -> dict[bytes, list[Offer]]:
    """What a document offers, by name, in the order of the text."""
    found: dict[bytes, list[Offer]] = defaultdict(list)
    for piece in pieces:
        names, at = piece.table.names, piece.offset
        for one in piece.table.definitions:
            arity = None if one.arity < 0 else one.arity
            offer = Offer(
                path,
                _ROLES[one.role],
                _KINDS[one.kind],
                arity,
                Flag(one.flags) if one.flags else _NO_FLAGS,
                one.type,
                at + one.name_start,
                at + one.start,
                at + one.end,
            )
            found[names[one.name]].append(offer)
        for doc in piece.table.documentation:
            start, end, arity = at + doc.start, at + doc.end, len(doc.parameters)
            found[names[doc.name]].append(
                Offer(path, Role.DOCUMENTATION, Kind.SYMBOL, arity, Flag(0), "", start, start, end)
            )
        for fact in piece.table.facts:
            start = at + fact.first_start
            found[names[fact.name]].append(
                Offer(path, Role.FACT, Kind.FACT, fact.arity, Flag(0), "", start, start, start + 1)
            )
    return dict(found)


def signatures(tables: Iterable[SymbolTable]) -> dict[bytes, bytes]:
    """By name, a digest of all that a document offers under it, places left out.

    What others find of a name changes only where this does. The order of clauses, and
    how often a fact is stated, make no difference.
    """
    said: dict[bytes, list[tuple[object, ...]]] = defaultdict(list)
    for table in tables:
        names = table.names
        for one in table.definitions:
            said[names[one.name]].append((one.role, one.kind, one.arity, one.flags, one.type))
        for doc in table.documentation:
            said[names[doc.name]].append((int(Role.DOCUMENTATION), len(doc.parameters)))
        for fact in table.facts:
            what = (int(Role.FACT), fact.arity)
            if what not in said[names[fact.name]]:
                said[names[fact.name]].append(what)
    return {
        name: blake2b(repr(sorted(what, key=repr)).encode(), digest_size=16).digest() for name, what in said.items()
    }
