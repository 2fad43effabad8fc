"""Where each word of a workspace leads: the nearest meaning of its name, for the export of a whole index.

By name alone, and once for each name of a document; `resolving` weighs arguments
and literals, too, and answers for single places.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from metta_index.indexer.index import Index
from metta_index.indexer.languages.metta.builtins import modules_of
from metta_index.indexer.languages.metta.builtins import names as builtin_names
from metta_index.indexer.resolving import Step
from metta_index.indexer.symbols import Flag, Kind, SymbolTable

_ONLY_HERE = (Kind.TOKEN, Kind.SPACE)


class Target(NamedTuple):
    """`path` and `start_byte` are those of the first definition of the name there; "" and 0 for a builtin."""

    step: Step
    path: str
    start_byte: int


class _Offers(NamedTuple):
    """The first byte that offers each name: within its document, and to documents that import it."""

    inside: dict[bytes, int]
    outside: dict[bytes, int]


class Targets:
    """Targets of the names of an index. Reads all tables once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._offers: dict[str, _Offers] = {}
        self._offering: dict[bytes, list[str]] = {}
        for document in index.reader.documents():
            offers = _offers(index, document.path)
            self._offers[document.path] = offers
            for name in offers.inside:
                self._offering.setdefault(name, []).append(document.path)

    def of(self, path: str, dialect: str, names: frozenset[bytes]) -> dict[bytes, Target]:
        """The targets of names that a document mentions. Variables have none, nor has what nothing says anything of."""
        inside = self._offers[path].inside
        reached: dict[str, bool] = {}
        for one in self._index.graph().closure(path):
            reached[one.path] = reached.get(one.path, False) or one.is_included
        builtins = _all_builtins(dialect)
        found: dict[bytes, Target] = {}
        for name in names:
            if name in inside:
                found[name] = Target(Step.DOCUMENT, path, inside[name])
                continue
            offering = self._offering.get(name, ())
            target = self._imported(name, offering, reached) if reached and offering else None
            if target is None and name in builtins:
                target = Target(Step.BUILTIN, "", 0)
            if target is None and offering:
                target = Target(Step.WORKSPACE, offering[0], self._offers[offering[0]].inside[name])
            if target is not None:
                found[name] = target
        return found

    def _imported(self, name: bytes, offering: list[str] | tuple[()], reached: dict[str, bool]) -> Target | None:
        """What the first import that offers a name has of it."""
        candidates = set(offering)
        for path, is_included in reached.items():
            if path in candidates:
                offers = self._offers[path]
                start = (offers.inside if is_included else offers.outside).get(name)
                if start is not None:
                    return Target(Step.IMPORT, path, start)
        return None


def _offers(index: Index, path: str) -> _Offers:
    offers = _Offers({}, {})
    for piece in index.read_pieces(path):
        table: SymbolTable = piece.table
        for found in table.definitions:
            start = piece.offset + found.name_start
            _note(offers.inside, table.names[found.name], start)
            if found.kind not in _ONLY_HERE or found.flags & Flag.REGISTERED:
                _note(offers.outside, table.names[found.name], start)
        for doc in table.documentation:
            _note(offers.inside, table.names[doc.name], piece.offset + doc.start)
            _note(offers.outside, table.names[doc.name], piece.offset + doc.start)
        for fact in table.facts:
            _note(offers.inside, table.names[fact.name], piece.offset + fact.first_start)
            _note(offers.outside, table.names[fact.name], piece.offset + fact.first_start)
    return offers


def _note(starts: dict[bytes, int], name: bytes, start: int) -> None:
    starts[name] = min(start, starts.get(name, start))


@cache
def _all_builtins(dialect: str) -> frozenset[bytes]:
    return builtin_names(dialect, modules_of(dialect))
