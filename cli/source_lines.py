"""Lines of source files, for answers that show them."""

from __future__ import annotations

import os
from pathlib import Path

_LONGEST = 160
_AT_ONCE = 1 << 14


class SourceLines:
    """Lines of the files of a workspace. Each file is read once; one that is gone has none."""

    def __init__(self, root: Path) -> None:
        self._folder = os.path.join(root, "")  # noqa: PTH118
        self._lines: dict[str, list[bytes]] = {}

    def line(self, path: str, row: int) -> str:
        """A line from 0, without indentation, shortened; "" where it is not there any more."""
        lines = self._lines.get(path)
        if lines is None:
            lines = self._lines[path] = [read_source(self._folder + path) or b""]
        if row >= len(lines) - 1:
            # At first only as far as is asked for, and the rest of the file is the last: most files are asked once.
            lines[-1:] = lines[-1].split(b"\n", row + 1 if len(lines) == 1 else -1)
            if row >= len(lines):
                return ""
        text = lines[row].decode("utf-8", "backslashreplace").strip()
        if not text.isprintable():
            text = "".join(char if char.isprintable() else " " for char in text)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def read_source(path: str) -> bytes | None:
    """A file, None where it cannot be read. Answers look into thousands of files: file objects would cost too much."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            source, wanted = b"", _AT_ONCE
            # A file that gives less than it is asked for has no more.
            while len(chunk := os.read(descriptor, wanted)) == wanted:
                source += chunk
                wanted = max(wanted, os.fstat(descriptor).st_size)
            source += chunk
        finally:
            os.close(descriptor)
    except OSError:
        return None
    return source
