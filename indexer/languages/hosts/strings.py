"""Strings of JSON as segments, and text that hosts mark as MeTTa by a word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.text.regions import Segment, unescaped

#: RFC 8259, section 7; a pair of surrogates is one character.
_JSON_ESCAPES = re.compile(
    rb'\\(?:["\\/bfnrt]|u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})'
)
_SIMPLE = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}

#: What follows an opening fence, a directive or `%%` where the text is MeTTa: metta, MeTTa, {.metta},
#: metta:run, "metta title=x", but not mettascript.
_METTA = re.compile(rb"\s*\{?\s*\.?metta(?![\w-])", re.IGNORECASE)


def marks_metta(info: bytes) -> bool:
    """Whether the info string of a fence, or the like of another host, says MeTTa."""
    return _METTA.match(info) is not None


def json_string(source: bytes, start: int, end: int) -> Iterator[Segment]:
    """The segments of a JSON string whose content, without quotes, is at bytes [start, end)."""
    return unescaped(source, start, end, _JSON_ESCAPES, _json_value)


def _json_value(token: bytes) -> bytes:
    kind = token[1:2]
    if kind != b"u":
        return _SIMPLE.get(kind, kind)
    units = [int(unit, 16) for unit in token[2:].split(b"\\u")]
    if len(units) == 2:
        return chr(0x10000 + ((units[0] - 0xD800) << 10) + units[1] - 0xDC00).encode()
    return chr(units[0]).encode("utf-8", "replace")
