"""ImportRecord: one import of a document, where it stands, and what it turned out to mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from metta_index.indexer.languages.hosts.imports import is_followed
from metta_index.indexer.languages.metta.modules import ImportSite, Resolution, Status
from metta_index.indexer.linking.import_graph import Edge
from metta_index.indexer.text.occurrences import Piece, pieces
from metta_index.indexer.text.symbols import Flag, Import, SymbolTable


class ImportRecord(NamedTuple):
    """One import as written, and what it means.

    `position`: its number in its document. `start_byte`, `end_byte`: of the module's name
    in the document; `form_start`, `form_end`: of the whole form. `line`, `column`: of
    the name, from 1, in code points. `resolution` is None until it is linked.
    """

    path: str
    position: int
    dialect: str
    form: str
    module: str
    into: str
    flags: int
    start_byte: int
    end_byte: int
    form_start: int
    form_end: int
    line: int
    column: int
    resolution: Resolution | None

    @property
    def site(self) -> ImportSite:
        return ImportSite(self.path, self.dialect, self.form, self.module)

    @property
    def is_inert(self) -> bool:
        """Whether it does nothing, for want of a `!`."""
        return bool(self.flags & Flag.INERT)

    def edge(self) -> Edge | None:
        """The edge of the import graph that it makes; None for what loads no document of the workspace."""
        resolution = self.resolution
        if resolution is None or not resolution.target or self.is_inert:
            return None
        if resolution.status not in (Status.RESOLVED, Status.AMBIGUOUS, Status.ILLEGAL):
            return None
        has_global_spaces = self.dialect == "petta"
        return Edge(self.path, resolution.target, self.form, self.into, self.form_start, self.module, has_global_spaces)


def placed_imports(path: str, parts: Iterable[Piece]) -> Iterator[tuple[Piece, Import]]:
    """The imports of the pieces of a document that count in a file of its name, each with its piece."""
    for piece in parts:
        for found in piece.table.imports:
            if is_followed(found.form, path):
                yield piece, found


def imports_in(path: str, tables: Iterable[SymbolTable]) -> Iterator[ImportRecord]:
    """The imports of a document in the order of its text, those of regions last; not yet linked."""
    for position, (piece, found) in enumerate(placed_imports(path, pieces(tables))):
        start = piece.offset + found.module_start
        place = piece.position(start)
        yield ImportRecord(
            path,
            position,
            piece.table.dialect,
            found.form,
            found.module,
            found.into,
            found.flags,
            start,
            piece.offset + found.module_end,
            piece.offset + found.start,
            piece.offset + found.end,
            place.row + 1,
            place.column + 1,
            None,
        )
