"""Imports as rows of the built index: what is written, what it means, and what that depends on.

`import` has one row for each import of each document; `status` is NULL until it is
linked. `lookup` says which keys (`languages.metta.modules.key_of`) the answer depends on,
so that files that come and go touch the rows of their keys only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from json import dumps, loads
from typing import TYPE_CHECKING, Any

from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import checksum, stored

if TYPE_CHECKING:
    from metta_index.indexer.imports import ImportRecord
    from metta_index.indexer.languages.metta.modules import Resolution

_WRITTEN = (
    "position",
    "dialect",
    "form",
    "module",
    "into_space",
    "flags",
    "start_byte",
    "end_byte",
    "form_start",
    "form_end",
    "line",
    "column_number",
)
_MEANT = ("status", "way", "target", "kind", "name", "reason", "candidates", "parents")
_COLUMNS = ", ".join(f"import.{column}" for column in (*_WRITTEN, *_MEANT))
_SELECT = (
    f"SELECT import.document, path, {_COLUMNS}, import.checksum,"
    " (SELECT json_group_array(key) FROM lookup WHERE document = import.document AND position = import.position)"
    " FROM import JOIN document ON document.id = import.document"
)


class ImportRows:
    """The imports of one index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        #: The documents with imports that mean something else than before; who asks clears it.
        self.changed: set[str] = set()
        # What gave names when it was linked, and is gone since.
        self._dropped: list[ImportRecord] = []

    def replace(self, document: int, records: Sequence[ImportRecord], known: Sequence[ImportRecord]) -> bool:
        """Writes the imports of a document. What is written as before means what it meant before.

        Whether there are others than before, or in another order.
        """
        meanings = {(record.site, record.is_inert): record.resolution for record in known}
        self.remove(document)
        written = []
        for record in records:
            self._write(document, record._replace(resolution=meanings.get((record.site, record.is_inert))))
            written.append(_said(record))
        now = {(record.site, record.is_inert) for record in records}
        gone = (record for record in known if (record.site, record.is_inert) not in now)
        self._dropped += [record for record in gone if record.form in _registrations()]
        return written != [_said(record) for record in known]

    def remove(self, document: int) -> None:
        self._connection.execute("DELETE FROM lookup WHERE document = ?", (document,))
        self._connection.execute("DELETE FROM import WHERE document = ?", (document,))

    def note_removal(self, document: int) -> None:
        """Notes that a document, whose imports are still there, is about to go."""
        self._dropped += [record for record in self.of(document) if record.form in _registrations()]

    def dropped(self) -> list[ImportRecord]:
        """What gave names when it was linked, and is gone since."""
        return self._dropped

    def forget_changes(self) -> None:
        self.changed.clear()
        self._dropped.clear()

    def resolve(self, document: int, record: ImportRecord) -> None:
        """Writes what an import means now."""
        where = (document, record.position)
        before = self._connection.execute(
            f"SELECT {', '.join(_MEANT)} FROM import WHERE document = ? AND position = ?", where
        ).fetchone()
        if before != tuple(_meant(record.resolution)):
            self.changed.add(record.path)
        self._connection.execute("DELETE FROM lookup WHERE document = ? AND position = ?", where)
        self._connection.execute("DELETE FROM import WHERE document = ? AND position = ?", where)
        self._write(document, record)

    def _write(self, document: int, record: ImportRecord) -> None:
        values = [document, *record[1:13], *_meant(record.resolution)]
        keys = sorted(record.resolution.lookups) if record.resolution else []
        self._connection.execute(
            f"INSERT INTO import VALUES ({', '.join('?' * (len(values) + 1))})", (*values, _check(values, keys))
        )
        self._connection.executemany(
            "INSERT INTO lookup VALUES (?, ?, ?)", [(key, document, record.position) for key in keys]
        )

    def of(self, document: int) -> list[ImportRecord]:
        """The imports of a document, in order of its text."""
        return [record for _number, record in self._select("WHERE import.document = ? ORDER BY position", (document,))]

    def all(self) -> list[tuple[int, ImportRecord]]:
        """Every import with the number of its document."""
        return self._select("ORDER BY import.document, position", ())

    def unlinked(self) -> list[tuple[int, ImportRecord]]:
        return self._select("WHERE status IS NULL", ())

    def with_form(self, forms: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        return self._select("WHERE form IN (SELECT value FROM json_each(?))", (dumps(sorted(forms)),))

    def depending_on(self, keys: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        """The imports whose meaning may change where files of these keys come or go."""
        return self._select(
            "WHERE (import.document, position) IN"
            " (SELECT document, position FROM lookup WHERE key IN (SELECT value FROM json_each(?)))",
            (dumps(sorted(keys)),),
        )

    def _select(self, condition: str, values: tuple[Any, ...]) -> list[tuple[int, ImportRecord]]:
        rows = self._connection.execute(f"{_SELECT} {condition}", values).fetchall()
        return [_record(*row) for row in rows]


def _said(record: ImportRecord) -> tuple[object, ...]:
    """What an import says, wherever in the document it stands."""
    return record.site, record.into, record.flags


def _registrations() -> frozenset[str]:
    from metta_index.indexer.languages.metta.modules import REGISTRATIONS

    return REGISTRATIONS


def _meant(resolution: Resolution | None) -> list[str | bytes | None]:
    if resolution is None:
        return [None] * len(_MEANT)
    return [
        str(resolution.status),
        str(resolution.way),
        stored(resolution.target),
        str(resolution.kind or ""),
        stored(resolution.name),
        stored(resolution.reason),
        dumps(resolution.candidates),
        dumps(resolution.parents),
    ]


def _check(values: list[Any], keys: list[str]) -> bytes:
    return checksum("import", repr((values, keys)).encode())


def _record(document: int, path: str | bytes, *rest: Any) -> tuple[int, ImportRecord]:
    import os

    from metta_index.indexer.imports import ImportRecord

    *values, check, keys = rest
    try:
        lookups = sorted(loads(keys))
    except ValueError as error:
        raise DamagedIndexError("what an import depends on is of another form") from error
    if check != _check([document, *values], lookups):
        raise DamagedIndexError(f"the checksum of an import of {path!r} does not match")
    name = path if isinstance(path, str) else os.fsdecode(path)
    written = values[: len(_WRITTEN)]
    resolution = _resolution(values[len(_WRITTEN) :], lookups)
    return document, ImportRecord._make((name, *written, resolution))


def _resolution(meant: list[Any], lookups: list[str]) -> Resolution | None:
    from metta_index.indexer.languages.metta.modules import Resolution, Status, Target, TargetKind, Way

    status, way, target, kind, name, reason, candidates, parents = meant
    if status is None:
        return None
    return Resolution(
        Status(status),
        Way(way),
        _text(target),
        TargetKind(kind) if kind else None,
        tuple(Target(path, TargetKind(kind)) for path, kind in loads(candidates)),
        tuple(Target(path, TargetKind(kind)) for path, kind in loads(parents)),
        _text(name),
        _text(reason),
        frozenset(lookups),
    )


def _text(value: str | bytes) -> str:
    import os

    return value if isinstance(value, str) else os.fsdecode(value)
