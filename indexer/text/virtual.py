"""Symbol tables of regions, told in bytes of the document that the regions are in.

A region is indexed as a text of its own, under its content alone: a string that moves
keeps its table. What others see is that table with every place mapped to the host.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.occurrences import numbers
from metta_index.indexer.text.regions import PositionMap, decode_positions
from metta_index.indexer.text.symbols import Definition, Documentation, Import, Lambda, Region, RegionPlace, SymbolTable

_Ranged = TypeVar("_Ranged", Definition, Documentation, Import, Lambda)


def in_host(table: SymbolTable, region: Region, number: int) -> SymbolTable:
    """The table of a region with places of its host; `number` counts the regions of the host from 1.

    Lines are left to the host's own table. Raises DecodeError where table and region do not fit.
    """
    if table.size != len(region.text):
        raise DecodeError("the table is of another text than that of the region")
    positions = decode_positions(region)
    try:
        return _Mapping(positions).table(table, RegionPlace(number, region.language, region.start, region.end))
    except IndexError as error:
        raise DecodeError("a place outside the region") from error


class _Mapping:
    """Maps what a table says by the segments of its region."""

    def __init__(self, positions: PositionMap) -> None:
        self._positions = positions

    def table(self, table: SymbolTable, region: RegionPlace) -> SymbolTable:
        replace, span = msgspec.structs.replace, self._positions.host_range
        sizes = [len(table.names[name]) for name in numbers(table.occurrence_names)]
        spans = [span(at, at + size) for at, size in zip(numbers(table.occurrence_starts), sizes, strict=True)]
        widths = [end - start for start, end in spans]
        return replace(
            table,
            size=0,
            definitions=tuple(
                replace(self._ranged(found), name_start=self._start(found.name_start)) for found in table.definitions
            ),
            documentation=tuple(map(self._ranged, table.documentation)),
            imports=tuple(map(self._import, table.imports)),
            facts=tuple(replace(fact, first_start=self._start(fact.first_start)) for fact in table.facts),
            lambdas=tuple(map(self._lambda, table.lambdas)),
            problems=tuple(
                replace(found, start_byte=start, end_byte=end)
                for found in table.problems
                for start, end in [span(found.start_byte, found.end_byte)]
            ),
            occurrence_starts=_packed(start for start, _end in spans),
            occurrence_widths=_packed(widths) if widths != sizes else b"",
            top_starts=_packed(map(self._start, numbers(table.top_starts))),
            top_ends=_packed(map(self._end, numbers(table.top_ends))),
            lines=_packed(()),
            wide=_packed(()),
            region=region,
        )

    def _ranged(self, found: _Ranged) -> _Ranged:
        start, end = self._positions.host_range(found.start, found.end)
        return msgspec.structs.replace(found, start=start, end=end)

    def _import(self, found: Import) -> Import:
        start, end = self._positions.host_range(found.module_start, found.module_end)
        return msgspec.structs.replace(self._ranged(found), module_start=start, module_end=end)

    def _lambda(self, found: Lambda) -> Lambda:
        gaps = [
            byte
            for start, end in zip(found.gaps[::2], found.gaps[1::2], strict=True)
            for byte in self._positions.host_range(start, end)
        ]
        return msgspec.structs.replace(self._ranged(found), gaps=tuple(gaps))

    def _start(self, byte: int) -> int:
        return self._positions.host_range(byte, min(byte + 1, self._positions.size))[0]

    def _end(self, byte: int) -> int:
        return self._positions.host_range(max(byte - 1, 0), byte)[1]


def _packed(values: Iterable[int]) -> bytes:
    return _columns.pack_column(array("I", values))
