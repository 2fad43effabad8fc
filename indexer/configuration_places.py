"""Where in a configuration file a setting is written, to the line."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from metta_index.indexer.configuration import PYPROJECT

#: A key and a value that no configuration has.
_PROBE = "metta-index-probe"


class ConfigurationPlaces:
    """The lines of one configuration file."""

    def __init__(self, path: Path) -> None:
        """Raises OSError and ValueError for what `load_settings` does not read, either."""
        self.path = path
        self.text = path.read_bytes().decode("utf-8-sig")
        self._data = tomllib.loads(self.text)
        self._section: tuple[str, ...] = ("tool", "metta-index") if path.name == PYPROJECT else ()

    @property
    def table(self) -> str:
        """The table that settings are in, as a header names it; "" for the top of a file of our own."""
        return ".".join(self._section)

    def has(self, key: str) -> bool:
        """Whether a setting is written here; its name as in the file."""
        return key in self._at(self._data, self._section)

    def line(self, *path: str | int) -> int | None:
        """The line, from 1, of a setting, of an entry of its table, or of an item of its list.

        None where it cannot be told: a table that is written in parts, a text with escapes.
        """
        parents: Sequence[str | int] = (*self._section, *path[:-1])
        last = path[-1]
        expected = copy.deepcopy(self._data)
        parent = self._at(expected, parents)
        if isinstance(last, int):
            name = parent[last]
            parent[last] = _PROBE
        else:
            name = last
            parent[_PROBE] = parent.pop(last)
        # Only TOML itself can tell a key from the same word elsewhere: the one that is meant is where another
        # word changes that key and nothing else.
        for match in re.finditer(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self.text):
            changed = self.text[: match.start()] + _PROBE + self.text[match.end() :]
            try:
                if tomllib.loads(changed) == expected:
                    return self.text.count("\n", 0, match.start()) + 1
            except tomllib.TOMLDecodeError:
                continue
        return None

    @staticmethod
    def _at(data: Any, path: Sequence[str | int]) -> Any:
        for step in path:
            data = data[step]
        return data
