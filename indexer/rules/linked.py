"""Linked: what a rule may ask of the workspace, seen from one document. What was asked is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Protocol

from metta_index.indexer.checking.findings import Related, printable
from metta_index.indexer.languages import LANGUAGES
from metta_index.indexer.languages.metta.builtins import Builtin, candidates
from metta_index.indexer.languages.metta.modules import Way
from metta_index.indexer.languages.metta.modules_names import refusal
from metta_index.indexer.linking.import_graph import Edge, ImportGraph, Reached
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.rules.keys import imports_key, mention_key, name_key, near_keys, text_key
from metta_index.indexer.text.offers import Offer
from metta_index.indexer.text.positions import Position
from metta_index.indexer.text.symbols import Kind

#: Whether Python files are indexed, so that imports of them lead somewhere.
_KNOWS_PYTHON = "python" in LANGUAGES


class Knowledge(Protocol):
    """What is known of a workspace; `workspace_facts.WorkspaceFacts` has it from a built index."""

    def offering(self, name: bytes) -> Sequence[str]:
        """The documents that offer a name, in order."""

    def anywhere(self, name: bytes) -> Sequence[Offer]:
        """What all documents offer under a name, in order."""

    def mentioning(self, name: bytes) -> Sequence[str]:
        """The documents that mention a name in whatever way, in order."""

    def offers(self, path: str) -> Mapping[bytes, Sequence[Offer]]: ...

    def imports(self, path: str) -> Sequence[ImportRecord]: ...

    def graph_from(self, path: str) -> ImportGraph: ...

    def position(self, path: str, byte: int) -> Position: ...

    def near(self, name: bytes) -> list[bytes]:
        """The offered names that lie one edit away, or differ in capitals and hyphens only, sorted."""


@lru_cache(maxsize=16_384)
def builtins_of(dialect: str, name: bytes) -> tuple[Builtin, ...]:
    """All that a name can mean in a dialect, imported or not: `builtins.candidates`, looked up once."""
    return candidates(dialect, name)


class Linked:
    """The workspace as one document sees it.

    `keys`: all that was asked, failed look-ups included: the answers stay the same
    until something of one of these keys changes. `is_dialect_set`: the dialect is
    configured, not guessed. `known`: names that the configuration says are known.
    `within`: the bytes of the region of the document that is looked at. `is_entry_point`:
    whether a name of a document is configured to be used from outside.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        path: str,
        dialect: str,
        is_dialect_set: bool = False,
        known: Iterable[bytes] = (),
        within: tuple[int, int] | None = None,
        is_entry_point: Callable[[bytes, str], bool] = lambda name, path: False,
    ) -> None:
        self.path = path
        self.dialect = dialect
        self.is_dialect_set = is_dialect_set
        self.known = frozenset(known)
        self.keys: set[bytes] = set()
        #: What rules worked out for names, and others ask again.
        self.memory: dict[bytes, object] = {}
        self._visible: dict[bytes, list[Offer]] = {}
        self._builtins: dict[bytes, tuple[Builtin, ...]] = {}
        self._knowledge = knowledge
        self._within = within
        self._is_entry_point = is_entry_point

    @property
    def is_region(self) -> bool:
        """Whether it is a text inside a host program, which may bring modules itself, and runs it when it likes."""
        return self._within is not None

    @cached_property
    def imports(self) -> Sequence[ImportRecord]:
        """The imports of the document, or of the region that is looked at, in the order of the text."""
        if self._within is None:
            return self._all_imports
        start, end = self._within
        return [record for record in self._all_imports if start <= record.form_start < end]

    @cached_property
    def _all_imports(self) -> Sequence[ImportRecord]:
        self.keys.add(imports_key(self.path))
        return self._knowledge.imports(self.path)

    @cached_property
    def graph(self) -> ImportGraph:
        """The import graph, as far as the document reaches."""
        if not self._all_imports:
            return ImportGraph(())
        graph = self._knowledge.graph_from(self.path)
        self.keys.update(imports_key(found.path) for found in graph.closure(self.path))
        return graph

    @cached_property
    def closure(self) -> tuple[Reached, ...]:
        """What is loaded with the document, in the order of loading."""
        return self.graph.closure(self.path)

    @cached_property
    def _reached(self) -> frozenset[str]:
        return frozenset(found.path for found in self.closure)

    @cached_property
    def _included(self) -> frozenset[str]:
        return frozenset(found.path for found in self.closure if found.is_included)

    @cached_property
    def _modules(self) -> frozenset[str]:
        """The modules of the language itself that are loaded with the document."""
        records = [*self._all_imports]
        for found in self.closure:
            if found.path != self.path:
                records += self._knowledge.imports(found.path)
        return frozenset(
            record.resolution.name or record.module
            for record in records
            if record.resolution is not None and record.resolution.status == "builtin"
        )

    @cached_property
    def is_closed(self) -> bool:
        """Whether all imports lead somewhere: else there may be more definitions than are seen."""
        records = [*self._all_imports]
        for found in self.closure:
            if found.path != self.path:
                records += self._knowledge.imports(found.path)
        return all(
            record.is_inert
            or (
                record.resolution is not None
                and (record.resolution.status == "builtin" or record.resolution.target.endswith(".metta"))
            )
            for record in records
        )

    def is_guess(self, edge: Edge) -> bool:
        """Whether an import was resolved by the end of its path alone, as no implementation does."""
        self.keys.add(imports_key(edge.source))
        return any(
            record.form_start == edge.start and record.resolution is not None and record.resolution.way == Way.BY_NAME
            for record in self._knowledge.imports(edge.source)
        )

    def may_be_python(self, record: ImportRecord) -> bool:
        """Whether an import can mean a Python file that the index does not know of."""
        if _KNOWS_PYTHON:
            return False
        return record.module.endswith(".py") or (self.dialect == "hyperon" and refusal(record.module) is None)

    def anywhere(self, name: bytes) -> Sequence[Offer]:
        """What any document of the workspace offers under a name."""
        self.keys.add(name_key(name))
        return self._knowledge.anywhere(name)

    def is_mentioned_elsewhere(self, name: bytes) -> bool:
        """Whether another document mentions a name, in whatever way."""
        self.keys.add(mention_key(name))
        return any(path != self.path for path in self._knowledge.mentioning(name))

    def is_entry_point(self, name: bytes) -> bool:
        """Whether the configuration says that what the document defines of a name is used from outside."""
        return self._is_entry_point(name, self.path)

    def near(self, name: bytes) -> list[bytes]:
        """The names that documents of the workspace offer and that differ from this one by little."""
        self.keys.update(near_keys(name))
        return self._knowledge.near(name)

    def visible(self, name: bytes) -> list[Offer]:
        """What the document and those that it loads offer under a name.

        What `bind!` names in another document is left out, unless that is included.
        """
        known = self._visible.get(name)
        if known is not None:
            return known
        self.keys.add(name_key(name))
        found = self._visible[name] = []
        for path in self._knowledge.offering(name):
            if path == self.path or path in self._reached:
                is_here = path == self.path or path in self._included
                offers = self._knowledge.offers(path).get(name, ())
                found += [one for one in offers if is_here or one.kind not in (Kind.TOKEN, Kind.SPACE)]
        return found

    def builtins(self, name: bytes) -> tuple[Builtin, ...]:
        """What the language says of a name, as far as it is there without more imports."""
        found = self._builtins.get(name)
        if found is None:
            rows = builtins_of(self.dialect, name)
            found = self._builtins[name] = tuple(row for row in rows if row.always or row.module in self._modules)
        return found

    def place(self, offer: Offer, message: str) -> Related:
        """A place of another document for a finding to point to."""
        return self.place_at(offer.path, offer.name_start, offer.name_start, message)

    def place_at(self, path: str, start: int, end: int, message: str) -> Related:
        if path != self.path:
            self.keys.add(text_key(path))
        position = self._knowledge.position
        return Related(path, position(path, start), position(path, end), printable(message))
