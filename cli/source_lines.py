"""Lines of source files, for answers that show them."""

from __future__ import annotations

import os
from pathlib import Path

_LONGEST = 160
_AT_ONCE = 1 << 14


class SourceLines:
    """Lines of the files of a workspace. Each file is read once; one that is gone has none."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[str, list[bytes]] = {}

    def line(self, path: str, row: int) -> str:
        """A line from 0, without indentation, shortened; "" where it is not there any more."""
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = [_read(os.path.join(self._root, path))]  # noqa: PTH118
        if row >= len(lines) - 1:
            # At first only as far as is asked for, and the rest of the file is the last: most files are asked once.
            lines[-1:] = lines[-1].split(b"\n", row + 1 if len(lines) == 1 else -1)
            if row >= len(lines):
                return ""
        text = lines[row].decode("utf-8", "backslashreplace").strip()
        if not text.isprintable():
            text = "".join(char if char.isprintable() else " " for char in text)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _read(path: str) -> bytes:
    """A file, or nothing of one that cannot be read. Answers show lines of thousands: a file object costs too much."""
    chunks: list[bytes] = []
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            while chunk := os.read(descriptor, _AT_ONCE):
                chunks.append(chunk)
        finally:
            os.close(descriptor)
    except OSError:
        return b""
    return b"".join(chunks)
