"""Virtual documents: text of one language inside another, and which bytes of the host each byte of it comes from.

A virtual text is a sequence of segments. A *verbatim* segment has the same bytes in
the host. The others are atomic, which means that every byte of them stands for
all the host's bytes of the segment: an *escape* (`\\n`, a doubled brace, a line end
that the host rewrites) and a *hole*, a part that is known only when the host
program runs. Bytes of the host that mean nothing (quotes, `+`, indentation that is
taken away, a line continuation) are gaps between segments.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.symbols import HOLE, Confidence, Region

#: Marks of fields that are doubled to stand for themselves, in the formats of all hosts.
_DOUBLED = (b"%%", b"{{", b"}}")


class SegmentKind(IntEnum):
    """How bytes of a segment relate to the host's."""

    VERBATIM = 0
    ESCAPE = 1
    HOLE = 2


class Segment(NamedTuple):
    """Bytes of a virtual text, and the host's bytes [start, end) that they stand for."""

    kind: SegmentKind
    text: bytes
    start: int
    end: int

    def moved(self, by: int) -> Segment:
        """The same text, that many bytes later in the host."""
        return self._replace(start=self.start + by, end=self.end + by)


def verbatim(source: bytes, start: int, end: int) -> Segment:
    """The host's own bytes."""
    return Segment(SegmentKind.VERBATIM, source[start:end], start, end)


def escape(text: bytes, start: int, end: int) -> Segment:
    """Bytes that the host writes in another way."""
    return Segment(SegmentKind.ESCAPE, text, start, end)


def hole(start: int, end: int) -> Segment:
    """A placeholder for what is known only when the host runs."""
    return Segment(SegmentKind.HOLE, HOLE, start, end)


def unescaped(
    source: bytes, start: int, end: int, pattern: re.Pattern[bytes], value: Callable[[bytes], bytes]
) -> Iterator[Segment]:
    """The segments of the host's bytes [start, end); what `pattern` matches stands for its `value`, which may be ""."""
    at = start
    for found in pattern.finditer(source, start, end):
        if found.start() > at:
            yield verbatim(source, at, found.start())
        text = value(found[0])
        if text:
            yield escape(text, found.start(), found.end())
        at = found.end()
    if at < end:
        yield verbatim(source, at, end)


def punched(text: Iterable[Segment], fields: re.Pattern[bytes]) -> Iterator[Segment]:
    """The segments of a format with a hole for every field; of a doubled mark, which is none, one is left."""
    for segment in text:
        if segment.kind != SegmentKind.VERBATIM:
            yield segment
            continue
        at = 0
        for found in fields.finditer(segment.text):
            if found.start() > at:
                yield verbatim(segment.text, at, found.start()).moved(segment.start)
            where = segment.start + found.start(), segment.start + found.end()
            yield escape(found[0][:1], *where) if found[0] in _DOUBLED else hole(*where)
            at = found.end()
        if at < len(segment.text):
            yield verbatim(segment.text, at, len(segment.text)).moved(segment.start)


def text_of(segments: Iterable[Segment]) -> bytes:
    """The virtual text of segments."""
    return b"".join([segment.text for segment in segments])


@dataclass(frozen=True, slots=True)
class PositionMap:
    """Where the bytes of a virtual text come from; one row a segment, in the order of both texts.

    `virtual_starts` has one more entry, the size of the virtual text. No segment is
    empty, none overlaps another in the host.
    """

    kinds: bytes
    virtual_starts: array[int]
    host_starts: array[int]
    host_ends: array[int]

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> PositionMap:
        """The map of segments in order; empty ones are left out, verbatim neighbours become one.

        Raises ValueError where they overlap in the host or are out of order.
        """
        kinds = bytearray()
        virtual_starts, host_starts, host_ends = array("I", [0]), array("I"), array("I")
        for kind, text, start, end in segments:
            if start < (host_ends[-1] if host_ends else 0) or end < start:
                raise ValueError(f"segment at bytes {start} to {end} of the host is out of order")
            if kind == SegmentKind.VERBATIM and len(text) != end - start:
                raise ValueError(f"verbatim segment at bytes {start} to {end} of the host has {len(text)} bytes")
            if not text:
                continue
            if kind == SegmentKind.VERBATIM and kinds and kinds[-1] == kind and host_ends[-1] == start:
                host_ends[-1] = end
                virtual_starts[-1] += len(text)
                continue
            kinds.append(kind)
            virtual_starts.append(virtual_starts[-1] + len(text))
            host_starts.append(start)
            host_ends.append(end)
        return cls(bytes(kinds), virtual_starts, host_starts, host_ends)

    @property
    def size(self) -> int:
        """Bytes of the virtual text."""
        return self.virtual_starts[-1]

    def host_range(self, start: int, end: int) -> tuple[int, int]:
        """The host's bytes that the virtual bytes [start, end) stand for; atomic segments count whole.

        An empty range maps to an empty range. Raises IndexError outside the text.
        """
        if not 0 <= start <= end <= self.size:
            raise IndexError(f"bytes {start} to {end} of a virtual text of {self.size} bytes")
        if start == end:
            at = self._start(start) if start < self.size else (self.host_ends[-1] if self.kinds else 0)
            return at, at
        return self._start(start), self._end(end)

    def _start(self, byte: int) -> int:
        row = self._row(byte)
        if self.kinds[row] == SegmentKind.VERBATIM:
            return self.host_starts[row] + byte - self.virtual_starts[row]
        return self.host_starts[row]

    def _end(self, byte: int) -> int:
        row = self._row(byte - 1)
        if self.kinds[row] == SegmentKind.VERBATIM:
            return self.host_starts[row] + byte - self.virtual_starts[row]
        return self.host_ends[row]

    def _row(self, byte: int) -> int:
        return bisect_right(self.virtual_starts, byte) - 1

    def virtual_byte(self, byte: int) -> int | None:
        """The virtual byte that a byte of the host stands for, the first of an atomic segment; None in a gap."""
        row = bisect_right(self.host_starts, byte) - 1
        if row < 0 or byte >= self.host_ends[row]:
            return None
        start = self.virtual_starts[row]
        return start + byte - self.host_starts[row] if self.kinds[row] == SegmentKind.VERBATIM else start

    def is_verbatim(self, start: int, end: int) -> bool:
        """Whether bytes [start, end) of the host are the virtual text's own, in one run; an empty range may end one."""
        row = bisect_right(self.host_starts, start) - 1
        return row >= 0 and self.kinds[row] == SegmentKind.VERBATIM and end <= self.host_ends[row]

    def holes(self) -> Iterator[tuple[int, int]]:
        """The virtual ranges of placeholders."""
        for row, kind in enumerate(self.kinds):
            if kind == SegmentKind.HOLE:
                yield self.virtual_starts[row], self.virtual_starts[row + 1]

    def segments(self, text: bytes) -> Iterator[Segment]:
        """The segments of the map, with their bytes of the virtual text."""
        for row, kind in enumerate(self.kinds):
            virtual = text[self.virtual_starts[row] : self.virtual_starts[row + 1]]
            yield Segment(SegmentKind(kind), virtual, self.host_starts[row], self.host_ends[row])

    def lifted(self, segments: Iterable[Segment]) -> Iterator[Segment]:
        """Segments of a text inside this virtual text, as segments of the host.

        That is how a string of Python in a cell of a notebook maps to the JSON around it.
        """
        last = 0
        for segment in segments:
            for kind, text, start, end in self._lifted(segment):
                # An escape of this map that two segments share belongs to the first.
                yield Segment(kind, text, max(start, last), max(end, last))
                last = max(end, last)

    def _lifted(self, segment: Segment) -> Iterator[Segment]:
        kind, text, start, end = segment
        if kind != SegmentKind.VERBATIM or start == end:
            yield Segment(kind, text, *self.host_range(start, end))
            return
        at = start
        while at < end:
            row = self._row(at)
            stop = min(end, self.virtual_starts[row + 1])
            is_whole = (at, stop) == (self.virtual_starts[row], self.virtual_starts[row + 1])
            outer = SegmentKind(self.kinds[row])
            kind = outer if is_whole or outer == SegmentKind.VERBATIM else SegmentKind.ESCAPE
            yield Segment(kind, text[at - start : stop - start], *self.host_range(at, stop))
            at = stop

    def encode(self) -> bytes:
        """Bytes for `Region.segments`: a gap, a host length and kind + 4 × virtual length a segment, packed."""
        numbers = array("I")
        last = 0
        for row, kind in enumerate(self.kinds):
            start, end = self.host_starts[row], self.host_ends[row]
            numbers.append(start - last)
            numbers.append(end - start)
            numbers.append(kind | (self.virtual_starts[row + 1] - self.virtual_starts[row]) << 2)
            last = end
        return _columns.pack_column(numbers)


def decode_positions(region: Region) -> PositionMap:
    """The map of a region. Raises DecodeError where its bytes are none, or do not fit the region."""
    try:
        numbers = array("I", _columns.unpack_column(region.segments))
    except ValueError as error:
        raise DecodeError(f"not a position map: {error}") from error
    if len(numbers) % 3:
        raise DecodeError("not a position map: half a segment")
    kinds = bytearray()
    virtual_starts, host_starts, host_ends = array("I", [0]), array("I"), array("I")
    last = 0
    for gap, length, code in zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True):
        kind, size = code & 3, code >> 2
        last += gap + length
        if kind > SegmentKind.HOLE or not size or (kind == SegmentKind.VERBATIM and size != length):
            raise DecodeError("not a position map: a segment of no kind or size")
        if last > region.end or virtual_starts[-1] + size > len(region.text):
            raise DecodeError("not a position map: a segment outside the region")
        kinds.append(kind)
        virtual_starts.append(virtual_starts[-1] + size)
        host_starts.append(last - length)
        host_ends.append(last)
    positions = PositionMap(bytes(kinds), virtual_starts, host_starts, host_ends)
    if positions.size != len(region.text) or (host_starts and host_starts[0] < region.start):
        raise DecodeError("not a position map: it does not span the region")
    return positions


def make_region(language: str, detector: str, confidence: Confidence, segments: Iterable[Segment]) -> Region:
    """The region that segments make, in the order of the host; `start` and `end` are those of the first and last."""
    parts = list(segments)
    positions = PositionMap.of(parts)
    start, end = (positions.host_starts[0], positions.host_ends[-1]) if positions.kinds else (0, 0)
    return Region(language, detector, confidence, start, end, text_of(parts), positions.encode())


def lift_region(outer: PositionMap, region: Region) -> Region:
    """A region of a virtual text as a region of the host that holds that text."""
    segments = outer.lifted(decode_positions(region).segments(region.text))
    return make_region(region.language, region.detector, Confidence(region.confidence), segments)
