"""Where each word of a workspace leads: the nearest meaning of its name, for the export of a whole index.

By name alone, and once for each name of a document; `resolving` weighs arguments
and literals, too, and answers for single places.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from metta_index.indexer.languages.metta.builtins import modules_of
from metta_index.indexer.languages.metta.builtins import names as builtin_names
from metta_index.indexer.languages.rholang.globals import is_private
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.meanings import Step
from metta_index.indexer.text.symbols import Flag, Kind

_ONLY_HERE = (Kind.TOKEN, Kind.SPACE)


class Target(NamedTuple):
    """`path` and `start_byte` are those of the first definition of the name there; "" and 0 for a builtin."""

    step: Step
    path: str
    start_byte: int


class _Offers(NamedTuple):
    """The first byte that offers each name: within its document, and to documents that import it.

    Who imports a host program gets what it registers, not what it runs.
    `registered`: those that a program of a host language registers. `private`: names of
    the document that mean nothing to others, and to which others mean nothing.
    """

    inside: dict[bytes, int]
    outside: dict[bytes, int]
    registered: set[bytes]
    private: frozenset[bytes]


class Targets:
    """Targets of the names of an index. Reads all tables once."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._dialects = index.reader.dialects()
        self._offers: dict[str, _Offers] = {}
        self._offering: dict[bytes, list[str]] = {}
        self._registering: dict[bytes, str] = {}
        for document in index.reader.documents():
            offers = _offers(index, document.path)
            self._offers[document.path] = offers
            for name in offers.inside.keys() - offers.private:
                self._offering.setdefault(name, []).append(document.path)
            for name in offers.registered:
                self._registering.setdefault(name, document.path)

    def of(self, path: str, dialect: str, names: frozenset[bytes]) -> dict[bytes, Target]:
        """The targets of names that a document mentions. Variables have none, nor has what nothing says anything of."""
        inside, private = self._offers[path].inside, self._offers[path].private
        reached: dict[str, bool] = {}
        for one in self._index.graph().closure(path):
            reached[one.path] = reached.get(one.path, False) or one.is_included
        builtins = _all_builtins(dialect)
        found: dict[bytes, Target] = {}
        for name in names:
            if name in inside:
                found[name] = Target(Step.DOCUMENT, path, inside[name])
                continue
            if name in private:
                continue
            offering = self._offering.get(name, ())
            target = self._imported(name, offering, reached) if reached and offering else None
            if target is None and name in self._registering:
                registering = self._registering[name]
                target = Target(Step.REGISTERED, registering, self._offers[registering].inside[name])
            if target is None and name in builtins:
                target = Target(Step.BUILTIN, "", 0)
            if target is None and offering:
                target = Target(Step.WORKSPACE, offering[0], self._offers[offering[0]].inside[name])
            if target is None and any(name in _all_builtins(other) for other in self._dialects):
                target = Target(Step.BUILTIN, "", 0)
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
    offers = _Offers({}, {}, set(), _private(index, path))
    for piece in index.read_pieces(path):
        table = piece.table
        outside: dict[bytes, int] = offers.outside if table.region is None else {}
        for found in table.definitions:
            start = piece.offset + found.name_start
            _note(offers.inside, table.names[found.name], start)
            if found.flags & Flag.REGISTERED:
                offers.registered.add(table.names[found.name])
            if found.kind not in _ONLY_HERE or found.flags & Flag.REGISTERED:
                _note(outside, table.names[found.name], start)
        for doc in table.documentation:
            _note(offers.inside, table.names[doc.name], piece.offset + doc.start)
            _note(outside, table.names[doc.name], piece.offset + doc.start)
        for fact in table.facts:
            _note(offers.inside, table.names[fact.name], piece.offset + fact.first_start)
            _note(outside, table.names[fact.name], piece.offset + fact.first_start)
    return offers


def _private(index: Index, path: str) -> frozenset[bytes]:
    """The names that only Rholang mentions in a document, and that are bound in it."""
    bound: set[bytes] = set()
    mentioned: set[bytes] = set()
    for piece in index.read_pieces(path):
        names = piece.table.names
        if piece.table.dialect == "rholang":
            bound.update(filter(is_private, names))
        else:
            mentioned.update(names)
    return frozenset(bound - mentioned)


def _note(starts: dict[bytes, int], name: bytes, start: int) -> None:
    starts[name] = min(start, starts.get(name, start))


@cache
def _all_builtins(dialect: str) -> frozenset[bytes]:
    return builtin_names(dialect, modules_of(dialect))
