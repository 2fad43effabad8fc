"""Position maps: both ways, composed, stored, and refused where they do not fit."""

from __future__ import annotations

import msgspec
import pytest
from host_checks import check_region
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.positions import LineMap
from metta_index.indexer.text.regions import (
    HOLE,
    PositionMap,
    Segment,
    SegmentKind,
    decode_positions,
    escape,
    hole,
    lift_region,
    make_region,
    text_of,
    verbatim,
)
from metta_index.indexer.text.symbols import Confidence

GRAMMAR = "markdown"  # whichever has one provider: maps have nothing to do with grammars


@st.composite
def hosts(draw: st.DrawFn) -> tuple[bytes, list[Segment]]:
    """A host text, and segments of it with gaps."""
    source = b""
    segments: list[Segment] = []
    kinds = st.sampled_from(["verbatim", "escape", "hole", "gap", "separator"])
    for kind in draw(st.lists(kinds, max_size=8)):
        start = len(source)
        source += draw(st.text("aé(😀 \n", min_size=1, max_size=5)).encode()
        match kind:
            case "verbatim":
                segments.append(verbatim(source, start, len(source)))
            case "escape":
                segments.append(escape(draw(st.sampled_from([b"", b"\n", "é".encode()])), start, len(source)))
            case "hole":
                segments.append(hole(start, len(source)))
            case "separator":
                segments.append(escape(b"\n", start, start))
    return source, segments


@given(hosts())
def test_a_region_reads_as_its_segments_and_maps_both_ways(host: tuple[bytes, list[Segment]]) -> None:
    source, segments = host
    region = make_region("metta", "call", Confidence.CERTAIN, segments)
    assert region.text == text_of(segments)
    check_region(source, region)


@given(hosts())
def test_what_is_stored_is_what_was_mapped(host: tuple[bytes, list[Segment]]) -> None:
    _source, segments = host
    region = make_region("metta", "call", Confidence.CERTAIN, segments)
    assert decode_positions(region) == PositionMap.of(segments)


@given(hosts(), st.binary(max_size=20))
def test_other_bytes_are_refused_or_fit(host: tuple[bytes, list[Segment]], data: bytes) -> None:
    region = msgspec.structs.replace(make_region("metta", "call", Confidence.CERTAIN, host[1]), segments=data)
    try:
        positions = decode_positions(region)
    except DecodeError:
        return
    assert positions.size == len(region.text)
    for start, end in zip(positions.host_starts, positions.host_ends, strict=True):
        assert region.start <= start <= end <= region.end


@given(hosts(), st.data())
def test_a_map_of_a_map_leads_to_the_outer_host(host: tuple[bytes, list[Segment]], data: st.DataObject) -> None:
    source, segments = host
    middle = text_of(segments)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(middle)), min_size=2, max_size=6)))
    inner = [verbatim(middle, start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    outer = PositionMap.of(segments)
    region = make_region("metta", "call", Confidence.CERTAIN, inner)
    lifted = lift_region(outer, region)
    check_region(source, lifted)
    assert lifted.text == region.text
    near = decode_positions(region)
    far = decode_positions(lifted)
    for byte in range(len(region.text)):
        start, end = outer.host_range(*near.host_range(byte, byte + 1))
        found_start, found_end = far.host_range(byte, byte + 1)
        assert start <= found_start <= found_end <= end


def test_a_range_covers_what_it_means() -> None:
    source = b'"(f \\n " + x + " b)"'
    text = [verbatim(source, 1, 4), escape(b"\n", 4, 6), verbatim(source, 6, 7), hole(11, 12), verbatim(source, 16, 19)]
    positions = PositionMap.of(text)
    virtual = text_of(text)
    assert virtual == b"(f \n " + HOLE + b" b)"
    assert positions.host_range(3, 4) == (4, 6)
    at = virtual.index(HOLE)
    assert positions.host_range(at, at + len(HOLE)) == (11, 12)
    assert positions.host_range(at + 2, at + 3) == (11, 12)
    assert positions.host_range(1, len(virtual)) == (2, 19)
    assert positions.host_range(len(virtual), len(virtual)) == (19, 19)
    assert positions.virtual_byte(5) == 3
    assert positions.virtual_byte(8) is None
    assert list(positions.holes()) == [(at, at + len(HOLE))]
    with pytest.raises(IndexError):
        positions.host_range(0, len(virtual) + 1)


def test_segments_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="out of order"):
        PositionMap.of([hole(5, 6), hole(4, 5)])
    with pytest.raises(ValueError, match="has 1 bytes"):
        PositionMap.of([Segment(SegmentKind.VERBATIM, b"a", 0, 2)])


def test_columns_of_a_region_count_characters_of_its_host() -> None:
    source = '😀é"(λ f)"'.encode()
    start = source.index(b"(")
    region = make_region("metta", "call", Confidence.CERTAIN, [verbatim(source, start, len(source) - 1)])
    byte = decode_positions(region).host_range(region.text.index(b"f"), len(region.text))[0]
    before = source[:byte].decode()
    assert LineMap.of(source).position(byte).column == len(before)
    assert len(before.encode("utf-16-le")) // 2 == len(before) + 1  # the emoji is two units
