"""Names that host programs register with a tokenizer, which takes them as regular expressions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from metta_index.indexer.text.regions import PositionMap, Segment, SegmentKind, text_of
from metta_index.indexer.text.symbols import Flag

#: A character that the tokenizer's regular expressions (Rust's crate `regex`) take for itself: an
#: escaped one that is no letter or digit, or any other that has no meaning of its own.
_CHARACTER = re.compile(rb"\\([\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e])|([^\\.^$*+?{}\[\]|()])")


def registered_name(segments: Sequence[Segment]) -> tuple[bytes, int, int, Flag] | None:
    """The name that a literal regular expression registers, its bytes in the host, and its flags.

    A regular expression that matches one word only is that word. None where part of it
    is not known, or nothing is left.
    """
    plain = plain_name(segments)
    if plain is None:
        return None
    regex = plain[0]
    positions = PositionMap.of(segments)
    name = bytearray()
    at = 0
    while found := _CHARACTER.match(regex, at):
        name += found[1] or found[2]
        at = found.end()
    if at < len(regex):
        return regex, *positions.host_range(0, len(regex)), Flag.REGISTERED | Flag.PATTERN
    skipped = 1 if regex.startswith(b"\\") else 0
    return bytes(name), *positions.host_range(skipped, len(regex)), Flag.REGISTERED


def plain_name(segments: Sequence[Segment]) -> tuple[bytes, int, int, Flag] | None:
    """The same for a name that is no regular expression."""
    name = text_of(segments)
    if not name or any(segment.kind == SegmentKind.HOLE for segment in segments):
        return None
    return name, *PositionMap.of(segments).host_range(0, len(name)), Flag.REGISTERED
