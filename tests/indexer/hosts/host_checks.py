"""What must hold for every region of every host."""

from __future__ import annotations

from metta_index.indexer.languages.hosts.findings import HostFindings
from metta_index.indexer.text.regions import HOLE, SegmentKind, decode_positions
from metta_index.indexer.text.symbols import Region


def check_region(source: bytes, region: Region) -> None:
    """Both directions of the position map agree with each other and with the bytes of the host."""
    positions = decode_positions(region)
    assert positions.host_range(0, len(region.text)) == (region.start, region.end)
    for segment in positions.segments(region.text):
        if segment.kind == SegmentKind.VERBATIM:
            assert source[segment.start : segment.end] == segment.text
        if segment.kind == SegmentKind.HOLE:
            assert segment.text == HOLE
    for byte in range(len(region.text)):
        start, end = positions.host_range(byte, byte + 1)
        if start < end:
            back = positions.virtual_byte(start)
            assert back is not None and positions.host_range(back, back + 1) == (start, end)
    for byte in range(region.start, region.end):
        virtual = positions.virtual_byte(byte)
        if virtual is not None:
            start, end = positions.host_range(virtual, virtual + 1)
            assert start <= byte < end


def check(source: bytes, found: HostFindings) -> HostFindings:
    """Checks all that a host found, and gives it back."""
    for region in found.regions:
        check_region(source, region)
    assert list(found.regions) == sorted(found.regions, key=lambda region: (region.start, region.end))
    for each in found.registrations:
        assert each.start <= each.name_start < each.name_end <= each.end or each.name_end <= len(source)
    return found


def texts(found: HostFindings) -> list[str]:
    return [region.text.decode() for region in found.regions]
