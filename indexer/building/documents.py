"""Files that are to be indexed, as they were read: digests and pieces; small ones with their bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.manifest import Stat
from metta_index.indexer.languages import ALWAYS_WHOLE, language_of, load_language
from metta_index.indexer.text.digest import DIGEST_BYTES, blake2b, content_digest, read_part

if TYPE_CHECKING:
    from metta_index.indexer.building.work import Summary
    from metta_index.indexer.text.symbols import Region


#: Files up to this size are read once: reading a file of usual size takes longer than sending its bytes to a worker.
_KEPT = 64 << 10
#: Larger ones are read in parts of this size: files may be larger than memory.
_PART = 8 << 20


class Piece:
    """A part of a document that is indexed by itself. Most documents are one piece.

    `dialect`: as configured (`Settings.options_of`); None: the text decides. `text`: that
    of a region, which no file has, or of a small file; None: to be read from the file.
    `region`: which one of its document it is, from 1, and where. `heads_only`: what stands
    inside its facts is left out.
    """

    __slots__ = ("dialect", "digest", "heads_only", "language", "region", "size", "start", "summary", "table", "text")

    def __init__(self, start: int, size: int, digest: bytes, language: str, dialect: str | None) -> None:
        self.start = start
        self.size = size
        self.digest = digest
        self.language = language
        self.dialect = dialect
        self.heads_only = False
        self.table = b""
        self.summary: Summary | None = None
        self.text: bytes | None = None
        self.region: tuple[int, Region] | None = None


def region_piece(number: int, region: Region, dialect: str | None) -> Piece:
    """The piece that a region of a document is; `dialect` as configured for the document."""
    piece = Piece(0, len(region.text), content_digest(region.text), region.language, dialect)
    piece.text = region.text
    piece.region = number, region
    return piece


class Document:
    """A file that is to be indexed, as it was read."""

    __slots__ = ("dialect", "digest", "language", "missing", "path", "pieces", "size", "stat")

    def __init__(
        self, path: str, stat: Stat, language: str, size: int, digest: bytes, dialect: str | None, pieces: list[Piece]
    ) -> None:
        self.path = path
        self.stat = stat
        self.language = language
        self.size = size
        self.digest = digest
        self.dialect = dialect
        self.pieces = pieces
        self.missing = 0  # pieces without a table

    @property
    def kept(self) -> int:
        """How many bytes of it are in memory."""
        text = self.pieces[0].text
        return 0 if text is None else len(text)


def located(root: Path, path: str) -> str:
    """Where a document is: below the root, or, in an import root outside, where its path leads from there."""
    return path if path.startswith("/") else f"{root}{os.sep}{path}"


def read_document(
    root: Path, path: str, stat: Stat, settings: Settings, known: bytes | None, room: int = 0
) -> Document | None:
    """Reads a file for its digest and pieces, and keeps its bytes if it is small. Raises OSError.

    None: the digest is `known`, so the content is what it was. `room`: how many bytes may be kept.
    """
    file = located(root, path)
    language = language_of(path)
    own = settings.options_of(language, path)
    dialect = settings.dialect_of(path)
    if stat.size > _PART:
        check = blake2b(digest_size=DIGEST_BYTES)
        pieces = _pieces(_parts(file, check), language, own)
        digest = check.digest()
        if digest == known:
            return None
        # Without a piece it is empty now.
        pieces = pieces or [Piece(0, 0, digest, language, own)]
        return _document(path, stat, digest, dialect, pieces, settings)
    source = read_part(file, 0, stat.size + 1, spare=1)
    if len(source) > stat.size:  # it has grown since
        source = Path(file).read_bytes()
    digest = content_digest(source)
    if digest == known:
        return None
    if len(source) > ALWAYS_WHOLE:
        pieces = _pieces([source], language, own)
    else:
        pieces = [Piece(0, len(source), digest, language, own)]
        if len(source) <= min(_KEPT, room):
            pieces[0].text = source
    return _document(path, stat, digest, dialect, pieces, settings)


def _document(
    path: str, stat: Stat, digest: bytes, dialect: str | None, pieces: list[Piece], settings: Settings
) -> Document:
    language = pieces[0].language
    size = sum([piece.size for piece in pieces])
    if size > settings.exact_bytes and language == "metta":
        for piece in pieces:
            piece.heads_only = True
    return Document(path, stat, language, size, digest, dialect, pieces)


def _parts(file: str, check: blake2b) -> Iterator[bytes]:
    """The content of a file in parts, for which a digest is told of each."""
    with Path(file).open("rb", buffering=0) as opened:
        while part := opened.read(_PART):
            check.update(part)
            yield part


def _pieces(parts: Iterable[bytes], language: str, dialect: str | None) -> list[Piece]:
    pieces: list[Piece] = []
    start = 0
    for text in load_language(language).pieces(parts):
        pieces.append(Piece(start, len(text), content_digest(text), language, dialect))
        start += len(text)
    return pieces
