"""Lines of source files, for answers that show them."""

from __future__ import annotations

import os
from pathlib import Path

_LONGEST = 160


class SourceLines:
    """Lines of the files of a workspace. Each file is read once; one that is gone has none."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: dict[str, list[bytes]] = {}

    def line(self, path: str, row: int) -> str:
        """A line from 0, without indentation, shortened; "" where it is not there any more."""
        lines = self._lines.get(path)
        if lines is None:
            try:
                with open(os.path.join(self._root, path), "rb", buffering=0) as file:  # noqa: PTH118, PTH123
                    lines = file.read().split(b"\n")
            except OSError:
                lines = []
            self._lines[path] = lines
        if row >= len(lines):
            return ""
        text = lines[row].decode("utf-8", "backslashreplace").strip()
        if not text.isprintable():
            text = "".join(char if char.isprintable() else " " for char in text)
        return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
