"""Findings as rows of the built index, and what they depend on.

`finding` has one row for each document that was checked, with none or some findings.
`dependency` says which keys (`indexer.rules.linked`) they depend on. A build deletes the
findings whose keys it changes; a document without a row is to be checked.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import COLUMNS, DocumentRow, checksum, seal, unseal
from metta_index.indexer.rules.keys import MENTION


class FindingRows:
    """The findings of one index. What a build changes is collected, and takes effect with `flush`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._changed: set[bytes] = set()
        self._is_needed: bool | None = None
        self._need_mentions: bool | None = None

    def is_needed(self) -> bool:
        """Whether there are findings that a change could concern."""
        if self._is_needed is None:
            self._is_needed = self._connection.execute("SELECT 1 FROM dependency LIMIT 1").fetchone() is not None
        return self._is_needed

    def need_mentions(self) -> bool:
        """Whether some findings depend on which documents mention a name."""
        if self._need_mentions is None:
            some = "SELECT 1 FROM dependency WHERE key >= ? AND key < ? LIMIT 1"
            after = bytes([MENTION[0] + 1])
            self._need_mentions = self._connection.execute(some, (MENTION, after)).fetchone() is not None
        return self._need_mentions

    def change(self, keys: Iterable[bytes]) -> None:
        """Notes that what depends on these keys is to be checked again."""
        self._changed.update(keys)

    def forget_changes(self) -> None:
        self._changed.clear()
        self._is_needed = self._need_mentions = None

    def flush(self) -> None:
        self._connection.executemany(
            "DELETE FROM finding WHERE document IN (SELECT document FROM dependency WHERE key = ?)",
            ((key,) for key in sorted(self._changed)),
        )
        self.forget_changes()

    def clear(self) -> None:
        self._connection.execute("DELETE FROM finding")

    def unchecked(self) -> list[DocumentRow]:
        """The documents without findings that are known, in the order of their numbers."""
        wanted = f"SELECT {COLUMNS} FROM document WHERE id NOT IN (SELECT document FROM finding) ORDER BY id"
        return [DocumentRow.of(row) for row in self._connection.execute(wanted)]

    def depending_on(self, keys: Iterable[bytes]) -> set[str]:
        """The documents whose findings depend on one of these keys."""
        query = (
            "SELECT path FROM document JOIN dependency ON dependency.document = document.id WHERE dependency.key = ?"
        )
        return {
            path if isinstance(path, str) else os.fsdecode(path)
            for key in keys
            for (path,) in self._connection.execute(query, (key,))
        }

    def put(self, document: DocumentRow, count: int, data: bytes, keys: Iterable[bytes]) -> None:
        context = _context(document.path, document.digest)
        sealed = seal(context, data) if count else checksum(context, b"")
        self._connection.execute("INSERT OR REPLACE INTO finding VALUES (?, ?, ?)", (document.id, count, sealed))
        self._connection.executemany(
            "INSERT INTO dependency VALUES (?, ?)", ((key, document.id) for key in sorted(keys))
        )

    def totals(self) -> str:
        """How many documents were checked, and how much was found: what a check leaves behind, and finds again."""
        checked, found = self._connection.execute("SELECT count(*), coalesce(sum(count), 0) FROM finding").fetchone()
        return f"{checked} {found}"

    def all(self, digests: Mapping[str, bytes]) -> Iterator[bytes]:
        """The encoded findings of the documents that have some; `digests`: those of all documents."""
        found = self._connection.execute(
            "SELECT document.path, finding.data FROM finding JOIN document ON document.id = finding.document"
            " WHERE count"
        )
        for stored, sealed in found:
            path = stored if isinstance(stored, str) else os.fsdecode(stored)
            digest = digests.get(path)
            if digest is None:
                raise DamagedIndexError(f"the document {path!r} is not one of the last build")
            # Sealed for this path and content: what else the row of the document says makes no difference.
            data = unseal(_context(path, digest), sealed)
            if not data:
                raise DamagedIndexError(f"the findings of {path!r} are not those that were kept")
            yield data


def _context(path: str, digest: bytes) -> str:
    """What the sealed findings of a document belong to."""
    return f"findings of {digest.hex()} {path!r}"
