"""Text as tags files hold it: names, values and search patterns, escaped as tags(5) says."""

from __future__ import annotations

import re

#: Bytes of a search pattern after which it is cut, at the end of a character (`TAG_PATTERN_LENGTH_LIMIT`).
PATTERN_LIMIT = 96

_LETTERS = {7: b"a", 8: b"b", 9: b"t", 10: b"n", 11: b"v", 12: b"f", 13: b"r", 92: b"\\"}
_ESCAPES = {bytes([code]): b"\\" + _LETTERS.get(code, b"x%02X" % code) for code in (*range(0x20), ord("\\"), 0x7F)}
_ESCAPED = re.compile(rb"[\x00-\x1f\\\x7f]")
_MOVING = re.compile(rb"\A[ !]|[\x00-\x1f\x7f]")
_QUOTED = re.compile(rb"[\\/]")

#: Lines that differ in these first bytes have patterns that differ: an escape makes at most two of one.
_TELLING = PATTERN_LIMIT // 2


def escape_value(value: bytes) -> bytes:
    """The value of a field, or a path: no byte of it ends a field or a line. Bytes above ASCII stay as they are."""
    return _ESCAPED.sub(lambda found: _ESCAPES[found[0]], value)


def escape_name(name: bytes) -> bytes:
    """The name of a tag: as a value, and a space or `!` at its start is none of a pseudo-tag."""
    if name[:1] in (b" ", b"!"):
        return b"\\x%02X" % name[0] + escape_value(name[1:])
    return escape_value(name)


def sorts_as_written(name: bytes) -> bool:
    """Whether a name stands among others where its escaped form does.

    Vim compares what is written, readtags what is meant. A doubled backslash
    changes no order, other escapes do.
    """
    return _MOVING.search(name) is None


class SearchPatterns:
    """Where editors are to look for the lines of one text, in the manner of `ctags --excmd=mixed`.

    That is a pattern, which stays right when lines are put in above. It is a number
    where no pattern says it: clauses often start alike, and a search would stop at
    the first of them.
    """

    def __init__(self, source: bytes) -> None:
        is_dos = 0 < source.count(b"\n") == source.count(b"\r\n")
        self._lines = source.split(b"\r\n" if is_dos else b"\n")
        first: dict[bytes, int] = {}
        self._shared = set()
        for row, line in enumerate(self._lines):
            start = line[:_TELLING]
            if first.setdefault(start, row) != row:
                self._shared.add(start)
        # Only among lines that start alike can one be taken for the other.
        self._first: dict[bytes, int] = {}
        if self._shared:
            for row, line in enumerate(self._lines):
                if line[:_TELLING] in self._shared:
                    self._first.setdefault(_pattern(line)[0], row)

    def address(self, row: int) -> bytes:
        """An ex command that leads to a 0-based row: `/^…$/`, or its number."""
        line = self._lines[row]
        pattern, end = _pattern(line)
        if not pattern or (line[:_TELLING] in self._shared and self._first[pattern] != row):
            return b"%d" % (row + 1)
        return b"/^%b%b/" % (pattern, end)


def _pattern(line: bytes) -> tuple[bytes, bytes]:
    """What Vi looks for with 'nomagic' to find a line, and `$` where that is all of it.

    Nothing where no pattern is safe.
    """
    if b"\0" in line or b"\r" in line:
        return b"", b""  # where some readers take the line to end
    text = line
    pattern = _QUOTED.sub(rb"\\\g<0>", text)
    if len(pattern) > PATTERN_LIMIT:
        text = _start(line)
        pattern = _QUOTED.sub(rb"\\\g<0>", text)
        if len(text) < len(line) and pattern.endswith(b"\\"):
            return b"", b""  # some readers take the slash after it for a quoted one
    if pattern.endswith(b"$"):
        pattern = pattern[:-1] + b"\\$"  # it would stand for the end of the line
    return pattern, b"$" if len(text) == len(line) else b""


def _start(line: bytes) -> bytes:
    """As much of a line as fills a pattern, without half a character."""
    end = length = 0
    while end < len(line) and (length < PATTERN_LIMIT or (0x80 <= line[end] < 0xC0 and length < PATTERN_LIMIT + 3)):
        length += 2 if line[end] in b"\\/" else 1
        end += 1
    return line[:end]
