"""What the indexer wants of whatever keeps its results; the cache package fulfils it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from metta_index.indexer.linking import ImportStore
    from metta_index.indexer.manifest import Manifest
    from metta_index.indexer.work import Summary


class EntryCache(Protocol):
    """Results by content: a lookup is a verified value or a miss, never an error."""

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]: ...

    def put_many(self, entries: Iterable[tuple[str, bytes]]) -> None: ...


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
    ) -> None:
        """Replaces what is known of a document. `tables`: encoded, one a piece, in order."""

    def discard(self) -> None:
        """Forgets every document, and what was found of them."""

    def finish(self, manifest: Manifest) -> dict[str, int]:
        """Makes all since the last call, and the manifest, visible at once; gives the totals of the index."""
