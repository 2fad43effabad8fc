"""Imports as rows of the built index: what is written, what it means, and what that depends on.

`import` has one row for each import of each document; `status` is NULL until it is
linked. `lookup` says which keys (`languages.metta.modules.key_of`) the answer depends on,
so that files that come and go touch the rows of their keys only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from json import dumps, loads
from typing import TYPE_CHECKING, Any

from metta_index.cache.index_file import DamagedIndexError
from metta_index.cache.index_rows import checksum, stored

if TYPE_CHECKING:
    from metta_index.indexer.languages.metta.modules import Resolution
    from metta_index.indexer.linking.imports import ImportRecord

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
_MEANT = ("status", "way", "target", "kind", "name", "reason", "candidates", "parents", "lookups")
_COLUMNS = ", ".join(f"import.{column}" for column in (*_WRITTEN, *_MEANT))
_SELECT = (
    f"SELECT import.document, path, {_COLUMNS}, import.checksum"
    " FROM import JOIN document ON document.id = import.document"
)
_INSERT = f"INSERT INTO import VALUES ({', '.join('?' * (len(_WRITTEN) + len(_MEANT) + 2))})"
_INSERT_LOOKUP = "INSERT OR IGNORE INTO lookup VALUES (?, ?, ?)"


class ImportRows:
    """The imports of one index."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        #: The documents with imports that mean something else than before; who asks clears it.
        self.changed: set[str] = set()
        # By document and position: what is not linked yet.
        self._new: dict[int, dict[int, ImportRecord]] = {}
        # What is linked, and written by `flush`: all at once takes a third of the time.
        self._resolved: list[tuple[int, ImportRecord]] = []
        # What gave names when it was linked, and is gone since.
        self._dropped: list[ImportRecord] = []

    def replace(self, document: int, records: Sequence[ImportRecord], known: Sequence[ImportRecord]) -> bool:
        """Writes the imports of a document. What is written as before means what it meant before.

        Whether there are others than before, or in another order.
        """
        meanings = {(record.site, record.is_inert): record.resolution for record in known}
        self.remove(document, known)
        for record in records:
            resolution = meanings.get((record.site, record.is_inert))
            if resolution is None:
                self._new.setdefault(document, {})[record.position] = record
            else:
                self._write([(document, record._replace(resolution=resolution))])
        if not known:
            return bool(records)
        now = {(record.site, record.is_inert) for record in records}
        gone = (record for record in known if (record.site, record.is_inert) not in now)
        self._dropped += [record for record in gone if record.form in _registrations()]
        return [_said(record) for record in records] != [_said(record) for record in known]

    def remove(self, document: int, known: Iterable[ImportRecord]) -> None:
        """Takes away the imports of a document, which are `known`."""
        self._new.pop(document, None)
        for record in known:
            self._take_away(document, record.position, record.resolution.lookups if record.resolution else ())

    def _take_away(self, document: int, position: int, keys: Iterable[str]) -> None:
        self._connection.execute("DELETE FROM import WHERE document = ? AND position = ?", (document, position))
        self._connection.executemany(
            "DELETE FROM lookup WHERE key = ? AND document = ? AND position = ?",
            [(stored(key), document, position) for key in keys],
        )

    def drop(self, document: int) -> None:
        """Takes away the imports of a document that is about to go."""
        known = self.of(document)
        self._dropped += [record for record in known if record.form in _registrations()]
        self.remove(document, known)

    def dropped(self) -> list[ImportRecord]:
        """What gave names when it was linked, and is gone since."""
        return self._dropped

    def forget_changes(self) -> None:
        self.changed.clear()
        self._dropped.clear()
        self._new.clear()
        self._resolved.clear()

    def flush(self) -> None:
        """Writes what was kept back."""
        self._write(self._resolved + self._waiting())
        self._resolved.clear()
        self._new.clear()

    def resolve(self, document: int, record: ImportRecord) -> None:
        """Notes what an import means now."""
        self._resolved.append((document, record))
        new = self._new.get(document)
        if new is not None and new.pop(record.position, None) is not None:
            self.changed.add(record.path)
            return
        where = (document, record.position)
        before = self._connection.execute(
            f"SELECT {', '.join(_MEANT)} FROM import WHERE document = ? AND position = ?", where
        ).fetchone()
        if before != tuple(_meant(record.resolution)):
            self.changed.add(record.path)
        self._take_away(document, record.position, loads(before[-1] or "[]") if before else ())

    def _write(self, records: list[tuple[int, ImportRecord]]) -> None:
        rows, lookups = [], []
        for document, record in records:
            values = [document, *record[1:13], *_meant(record.resolution)]
            rows.append((*values, _check(values)))
            if record.resolution is not None:
                position = record.position
                lookups += [(stored(key), document, position) for key in record.resolution.lookups]
        self._connection.executemany(_INSERT, rows)
        # In the order of the table, where pages are filled one after the other; blobs come after texts.
        lookups.sort(key=lambda row: (isinstance(row[0], bytes), row))
        self._connection.executemany(_INSERT_LOOKUP, lookups)

    def of(self, document: int) -> list[ImportRecord]:
        """The imports of a document, in order of its text."""
        return [record for _number, record in self._select("WHERE import.document = ? ORDER BY position", (document,))]

    def all(self) -> list[tuple[int, ImportRecord]]:
        """Every import with the number of its document."""
        return [*self._select("ORDER BY import.document, position", ()), *self._waiting()]

    def unlinked(self) -> list[tuple[int, ImportRecord]]:
        return [*self._select("WHERE status IS NULL", ()), *self._waiting()]

    def _waiting(self) -> list[tuple[int, ImportRecord]]:
        return [(document, record) for document, records in self._new.items() for record in records.values()]

    def with_form(self, forms: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        wanted = frozenset(forms)
        found = self._select("WHERE form IN (SELECT value FROM json_each(?))", (dumps(sorted(wanted)),))
        return found + [(document, record) for document, record in self._waiting() if record.form in wanted]

    def depending_on(self, keys: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        """The imports whose meaning may change where files of these keys come or go."""
        return self._select(
            "WHERE (import.document, position) IN"
            " (SELECT document, position FROM lookup WHERE key IN (SELECT value FROM json_each(?)))",
            (dumps(sorted(keys)),),
        )

    def leading_to(self, targets: Iterable[str]) -> list[ImportRecord]:
        """The imports that mean some files or folders. Looks at all rows, but reads only these."""
        keys = [*map(stored, targets)]
        texts = [key for key in keys if isinstance(key, str)]
        found = self._select("WHERE target IN (SELECT value FROM json_each(?))", (dumps(texts),))
        for key in keys:
            if not isinstance(key, str):
                found += self._select("WHERE target = ?", (key,))
        return [record for _number, record in found]

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
        dumps(resolution.candidates) if resolution.candidates else "[]",
        dumps(resolution.parents) if resolution.parents else "[]",
        _lookups_text(resolution.lookups),
    ]


@lru_cache(1 << 12)
def _lookups_text(lookups: frozenset[str]) -> str:
    """Kept, since most imports are of what others import, too."""
    return dumps(sorted(lookups))


def _check(values: list[Any]) -> bytes:
    return checksum("import", repr(values).encode())


def _record(document: int, path: str | bytes, *rest: Any) -> tuple[int, ImportRecord]:
    import os

    from metta_index.indexer.linking.imports import ImportRecord

    *values, check = rest
    if check != _check([document, *values]):
        raise DamagedIndexError(f"the checksum of an import of {path!r} does not match")
    name = path if isinstance(path, str) else os.fsdecode(path)
    written = values[: len(_WRITTEN)]
    resolution = _resolution(values[len(_WRITTEN) :])
    return document, ImportRecord._make((name, *written, resolution))


def _resolution(meant: list[Any]) -> Resolution | None:
    from metta_index.indexer.languages.metta.modules import Resolution, Status, Target, TargetKind, Way

    status, way, target, kind, name, reason, candidates, parents, lookups = meant
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
        frozenset(loads(lookups)),
    )


def _text(value: str | bytes) -> str:
    import os

    return value if isinstance(value, str) else os.fsdecode(value)
