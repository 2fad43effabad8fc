"""Definitions that nothing reaches from what a workspace evaluates, tests, and is configured to begin with."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.reaching import Mentions, Names, is_library, is_test, mentions_of
from metta_index.indexer.text.occurrences import Piece, pieces
from metta_index.indexer.text.positions import Position
from metta_index.indexer.text.stored_tables import open_table
from metta_index.indexer.text.symbols import Confidence, Flag, Kind, name_text

#: Tells whether a name of a document is used from outside, whatever the workspace says.
IsEntryPoint = Callable[[bytes, str], bool]
#: Finds which of some names are in strings, each with the path of a document.
FindInStrings = Callable[[frozenset[bytes]], dict[bytes, str]]
_DYNAMIC = int(Flag.DYNAMIC)
_RULES = frozenset({Kind.FUNCTION, Kind.CONSTANT})


class Unused(NamedTuple):
    """What one document defines of a name, with all its clauses there, and seems to define for nothing.

    Places are those of the first clause; bytes count from the start of the document.
    `confidence` is LIKELY or POSSIBLE: what runs a program can make names while it
    runs. `reason`: a clause for people.
    """

    name: bytes
    kind: Kind
    path: str
    start_byte: int
    end_byte: int
    position: Position
    arity: int | None
    signature: str
    clauses: int
    confidence: Confidence
    reason: str


def unused(index: Index, is_entry_point: IsEntryPoint, find_in_strings: FindInStrings) -> list[Unused]:
    """All definitions that nothing surely reaches, the likeliest first, then in the order of paths and texts.

    Reached is what is mentioned by an evaluation at top level, by a test, by a rule
    without a name, or by a definition that is reached, if both documents import each
    other in whatever way, or nothing nearer has the name. What may be reached in other
    ways is POSSIBLE, and is left out where some definition mentions it.
    """
    search = _Search(index)
    for document, found in enumerate(search.mentions):
        search.reach(document, found.run)
        for name in found.definitions:
            if is_entry_point(search.names[name], search.paths[document]):
                search.reach_definition(document, name)
    search.begin_doubting()
    for document, name, reason in search.doubts():
        search.reach_definition(document, name, reason)
    for document, found in enumerate(search.mentions):
        search.reach(document, found.stated, f"named in facts or declarations of {search.paths[document]}")
    waiting = frozenset(search.names[name] for _document, name in search.unreached())
    in_strings = find_in_strings(waiting) if waiting else {}
    for document, name in list(search.unreached()):
        path = in_strings.get(search.names[name])
        if path is not None:
            search.reach_definition(document, name, f"named in a string of {path}")
    doubtful = list(search.doubtful())
    parts = {
        path: list(pieces([open_table(table) for table in tables]))
        for path, tables in index.reader.tables_of_each(dict.fromkeys(search.paths[one[0]] for one in doubtful))
    }
    results = [_described(parts[search.paths[one[0]]], search, *one) for one in doubtful]
    return sorted(results, key=lambda one: (one.confidence, os.fsencode(one.path), one.start_byte, one.name))


class _Search:
    """What is reached so far. Documents and names are numbers; a definition is what one document defines of a name."""

    def __init__(self, index: Index) -> None:
        numbers = Names()
        documents = list(index.reader.documents())
        self.paths = [document.path for document in documents]
        self._languages = [document.language for document in documents]
        self.mentions: list[Mentions] = []
        for path, tables in index.reader.tables_of_each(self.paths):
            parts = pieces([open_table(table) for table in tables])
            self.mentions.append(mentions_of(parts, numbers, is_test(path)))
        self.names = numbers.all()
        self._graph = index.graph()
        self._numbers = {path: number for number, path in enumerate(self.paths)}
        # A number for each document: the same for those that imports connect, in whatever direction.
        self._group = [-1] * len(self.paths)
        for number, path in enumerate(self.paths):
            if self._group[number] < 0:
                for one in self._graph.connected(path, self._numbers.keys()):
                    self._group[self._numbers[one]] = number
        self._defining: dict[int, list[int]] = {}
        for number, found in enumerate(self.mentions):
            for name in found.definitions:
                self._defining.setdefault(name, []).append(number)
        defined = frozenset(self._defining)
        for found in self.mentions:
            found.keep_only(defined)
        # Names that some document of a group mentions where it counts: each is followed once.
        self._mentioned: set[tuple[int, int]] = set()
        # Why each definition that was reached may not be used; "" where it is.
        self._reasons: dict[tuple[int, int], str] = {}

    def reach(self, document: int, names: Iterable[int], reason: str = "") -> None:
        """Follows names that a document mentions. `reason`: why this may not count; "" where it does."""
        waiting = [(document, name) for name in names]
        while waiting:
            document, name = waiting.pop()
            key = self._group[document], name
            if key in self._mentioned:
                continue
            self._mentioned.add(key)
            defining = self._defining[name]
            near = [one for one in defining if self._group[one] == key[0]]
            for target in near or defining:
                if (target, name) not in self._reasons:
                    self._reasons[target, name] = reason
                    waiting += [(target, mentioned) for mentioned in self.mentions[target].by.get(name, ())]

    def reach_definition(self, document: int, name: int, reason: str = "") -> None:
        if (document, name) not in self._reasons:
            self._reasons[document, name] = reason
            self.reach(document, self.mentions[document].by.get(name, ()), reason)

    def begin_doubting(self) -> None:
        """From here on what is reached counts no more: the names that are mentioned so far are kept for `doubts`."""
        self._used = {name for _group, name in self._mentioned}

    def doubts(self) -> Iterator[tuple[int, int, str]]:
        """Definitions that may be reached in ways that are not seen, and why."""
        any_rule = {
            self._group[number]: self.paths[number] for number, found in enumerate(self.mentions) if found.matches_rules
        }
        libraries = self._libraries()
        for number, found in enumerate(self.mentions):
            path = self.paths[number]
            for name, clauses in found.definitions.items():
                if (number, name) in self._reasons:
                    continue
                if self._languages[number] != "metta":
                    yield number, name, "other programs may use it"
                elif any(clause.flags & _DYNAMIC for _piece, clause in clauses):
                    yield number, name, "made while a program runs"
                elif number in libraries:
                    yield number, name, libraries[number]
                elif name in self._used:
                    yield number, name, f"used in files that neither import {path} nor are imported with it"
                elif self._group[number] in any_rule and any(clause.kind in _RULES for _piece, clause in clauses):
                    yield number, name, f"rules with any head are matched in {any_rule[self._group[number]]}"

    def _libraries(self) -> dict[int, str]:
        """The documents of libraries, and why they seem to be some: other programs may use what they define."""
        found: dict[int, str] = {}
        for number, path in enumerate(self.paths):
            if is_library(path):
                found[number] = f"{path} is in a folder of libraries"
            elif is_test(path) or self.mentions[number].is_program:
                continue
            elif all(is_test(importer) for importer in self._graph.importers_of(path)):
                waiting = [path]
                while waiting:
                    here = waiting.pop()
                    document = self._numbers.get(here)
                    if document is not None and document not in found:
                        found[document] = f"nothing imports {path}, which may be a library"
                        waiting += (edge.target for edge in self._graph.edges_from(here))
        return found

    def unreached(self) -> Iterator[tuple[int, int]]:
        for number, found in enumerate(self.mentions):
            for name in found.definitions:
                if (number, name) not in self._reasons:
                    yield number, name

    def doubtful(self) -> Iterator[tuple[int, int, Confidence, str]]:
        """What is to be reported: document, name, confidence, reason."""
        candidates = {key: reason for key, reason in self._reasons.items() if reason}
        candidates |= dict.fromkeys(self.unreached(), "")
        users = self._users({(self._group[document], name) for document, name in candidates})
        for (document, name), reason in candidates.items():
            if name not in self.mentions[document].definitions:
                continue
            others = users.get((self._group[document], name), [])
            if not reason:
                yield document, name, Confidence.LIKELY, _used_by([self.names[one] for one in others])
            elif not others:
                yield document, name, Confidence.POSSIBLE, reason

    def _users(self, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], list[int]]:
        """The names whose definitions mention a name, by the group and the name."""
        users: dict[tuple[int, int], list[int]] = {}
        for number, found in enumerate(self.mentions):
            group = self._group[number]
            for name, mentioned in found.by.items():
                for one in mentioned:
                    if one != name and (group, one) in wanted:
                        users.setdefault((group, one), []).append(name)
        return users


def _used_by(names: list[bytes]) -> str:
    if not names:
        return "nothing else mentions it"
    first, *others = sorted(set(names))
    more = f" and {len(others)} more" if others else ""
    return f"mentioned only by `{name_text(first)}`{more}, which nothing reaches"


def _described(
    parts: list[Piece], search: _Search, document: int, name: int, confidence: Confidence, reason: str
) -> Unused:
    word, path = search.names[name], search.paths[document]
    clauses = search.mentions[document].definitions[name]
    number, first = clauses[0]
    piece = parts[number]
    start = piece.offset + first.name_start
    return Unused(
        word,
        Kind(first.kind),
        path,
        start,
        start + len(word),
        piece.position(start),
        None if first.arity < 0 else first.arity,
        first.signature,
        len(clauses),
        confidence,
        reason,
    )
