"""What the indexer wants of whatever keeps its results; the cache package fulfils it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from metta_index.indexer.building.work import Summary
    from metta_index.indexer.discovery.manifest import Manifest
    from metta_index.indexer.linking.imports import ImportRecord
    from metta_index.indexer.linking.link import ImportStore
    from metta_index.indexer.rules.near import Offered


class EntryCache(Protocol):
    """Results by content: a lookup is a verified value or a miss, never an error."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, entries: Iterable[tuple[str, bytes]]) -> None: ...

    @property
    def is_empty(self) -> bool:
        """Whether every lookup would miss."""


class IndexStore(Protocol):
    """The built index of one workspace. `imports`: those of the documents put so far, for `linking.link`."""

    @property
    def imports(self) -> ImportStore: ...

    def manifest(self) -> Manifest | None:
        """What the last build found; None where there was none, or it cannot be trusted."""

    def remove(self, paths: Iterable[str]) -> None: ...

    def put_document(
        self,
        path: str,
        language: str,
        size: int,
        digest: bytes,
        summary: Summary,
        tables: Sequence[bytes],
        regions: int = 0,
    ) -> None:
        """Replaces what is known of a document. `tables`: encoded, one a piece, in order; those of `regions` last."""

    def discard(self) -> None:
        """Forgets every document, and what was found of them."""

    def write_names(self) -> None:
        """Writes which documents have which names, once all are put; `finish` does, where nobody did before."""

    def finish(self, manifest: Manifest) -> dict[str, int]:
        """Makes all since the last call, and the manifest, visible at once; gives the totals of the index."""


class IndexedDocument(Protocol):
    """What the index says of a file, its tables apart."""

    @property
    def path(self) -> str: ...

    @property
    def language(self) -> str: ...

    @property
    def dialect(self) -> str: ...

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> bytes: ...


class IndexReader(Protocol):
    """A built index that is asked. Documents come in the order of their paths' bytes."""

    def documents(self) -> Iterator[IndexedDocument]: ...

    def dialects(self) -> list[str]:
        """The dialects of all documents, sorted."""

    def document(self, path: str) -> IndexedDocument | None: ...

    def tables_of(self, path: str) -> Iterator[bytes]:
        """The encoded tables of a document, one a piece; none where there is no such document."""

    def tables_of_each(self, paths: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        """As `tables_of`, of many documents; those that are not there are left out."""

    def defining(self, name: bytes) -> Sequence[str]:
        """The documents that define, declare or document a name, or state facts of it, in the order of paths' bytes."""

    def mentioning(self, name: bytes) -> Sequence[str]:
        """The documents that mention a name, those that define it included, in the order of paths' bytes."""

    def names(
        self, is_wanted: Callable[[bytes], bool], part: bytes = b"", is_folded: bool = False
    ) -> Iterator[tuple[bytes, int, int]]:
        """The wanted ones of the names that are offered, with how many documents offer and how many mention each.

        `part`: what all wanted ones hold, so that others need not be asked for; with
        `is_folded` in small letters, where the name has any.
        """

    def offered_text(self) -> Offered:
        """The names that are offered, to be looked for by what they begin and end with."""

    def imports_of(self, path: str) -> list[ImportRecord]: ...

    def imports_to(self, targets: Iterable[str]) -> list[ImportRecord]:
        """The imports of which some documents are the targets, those that do nothing among them."""

    def all_imports(self) -> list[ImportRecord]: ...
