"""What the rows of an index hold, and the checksums they are taken by."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from metta_index.cache.index_file import DamagedIndexError
from metta_index.indexer.text.digest import blake2b

if TYPE_CHECKING:
    from metta_index.indexer.building.work import Summary
    from metta_index.indexer.text.symbols import SymbolTable

_CHECK_BYTES = 16
_FIELDS = (
    "language",
    "dialect",
    "size",
    "digest",
    "atoms",
    "definitions",
    "declarations",
    "reference_count",
    "errors",
    "pieces",
    "regions",
    "heads_only",
)
COLUMNS = f"id, path, {', '.join(_FIELDS)}, checksum"


class DocumentRow(NamedTuple):
    """What the index says of one file, the tables apart.

    `id` stays the same while the file is in the index, whatever becomes of its content.
    `heads_only`: 1 where what stands inside its facts was left out.
    """

    id: int
    path: str
    language: str
    dialect: str
    size: int
    digest: bytes
    atoms: int
    definitions: int
    declarations: int
    reference_count: int
    errors: int
    pieces: int
    regions: int
    heads_only: int

    @classmethod
    def made(
        cls,
        number: int,
        path: str,
        language: str,
        size: int,
        digest: bytes,
        summary: Summary,
        pieces: int,
        regions: int,
        heads_only: bool,
    ) -> DocumentRow:
        """The row of a document as it was indexed now."""
        counts = summary.atoms, summary.definitions, summary.declarations, summary.references, summary.errors
        return cls(number, path, language, summary.dialect, size, digest, *counts, pieces, regions, int(heads_only))

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> DocumentRow:
        """What a row says, COLUMNS in this order. Raises DamagedIndexError where it does not verify."""
        *fields, check = values
        number, path, *rest = fields
        if check != _document_checksum(fields):
            raise DamagedIndexError(f"the checksum of the document {path!r} does not match")
        return cls(number, path if isinstance(path, str) else os.fsdecode(path), *rest)

    def values(self) -> tuple[object, ...]:
        """The row that says this, COLUMNS in this order."""
        fields = [self.id, stored(self.path), *self[2:]]
        return (*fields, _document_checksum(fields))


def stored(path: str) -> str | bytes:
    """A path as SQLite can hold it: text, or bytes where they are not UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return os.fsencode(path)
    return path


def decoded_tables(tables: Iterable[bytes]) -> list[SymbolTable]:
    """Tables as `encode_table` encoded them. Raises DamagedIndexError where they are none."""
    return [decoded_table(table) for table in tables]


def decoded_table(table: bytes) -> SymbolTable:
    """A table as `encode_table` encoded it. Raises DamagedIndexError where it is none."""
    from metta_index.indexer.errors import DecodeError
    from metta_index.indexer.text.symbols import decode_table

    try:
        return decode_table(table)
    except DecodeError as error:
        raise DamagedIndexError(str(error)) from error


def seal(context: str, data: bytes) -> bytes:
    """The data behind a checksum of it and of what it belongs to."""
    return checksum(context, data) + data


def unseal(context: str, sealed: object) -> bytes:
    """The data that was sealed. Raises DamagedIndexError where it was other data, or belongs elsewhere."""
    if isinstance(sealed, bytes):
        data = sealed[_CHECK_BYTES:]
        if checksum(context, data) == sealed[:_CHECK_BYTES]:
            return data
    raise DamagedIndexError(f"the checksum of the {context} does not match")


def head(sealed: object) -> bytes:
    """What tells sealed data from other, damaged or not."""
    return sealed[:_CHECK_BYTES] if isinstance(sealed, bytes) else repr(sealed).encode()


def checksum(context: str, data: bytes) -> bytes:
    """A checksum of data and of what it belongs to."""
    check = _begun(context)
    check.update(data)
    return check.digest()


def _begun(context: str) -> blake2b:
    belongs_to = context.encode()
    return blake2b(len(belongs_to).to_bytes(8, "little") + belongs_to, digest_size=_CHECK_BYTES)


_DOCUMENT = _begun("document")


def _document_checksum(fields: list[Any]) -> bytes:
    """As `checksum`, with the context taken in beforehand: queries read thousands of documents."""
    check = _DOCUMENT.copy()
    check.update(repr(fields).encode())
    return check.digest()
