"""Settings of a workspace: `metta-index.toml`, or `[tool.metta-index]` in `pyproject.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

FILE_NAME = "metta-index.toml"
PYPROJECT = "pyproject.toml"
_SECTION = b"metta-index"
_DIALECTS = ("auto", "hyperon", "petta", "mm2", "mettatron")


class ConfigurationError(Exception):
    """A configuration that cannot be used; the text names the file, the cause and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a workspace configures; `source` is the file it comes from, None for defaults.

    `include`, `exclude`: patterns as in .gitignore. `dialects`: pattern → dialect,
    the first that matches a path wins over `dialect`; "auto" lets each file's text
    decide. `suffixes`: endings of MeTTa files. `alias`: names that stand for the
    root in module names. `cache_dir`: relative to the file it is written in.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = (".metta",)
    dialect: str = "auto"
    dialects: Mapping[str, str] = field(default_factory=dict)
    alias: tuple[str, ...] = ()
    max_cache_bytes: int | None = None
    max_cache_entries: int | None = None
    cache_dir: str | None = None
    source: Path | None = None

    def fingerprint(self) -> str:
        """Everything here that the index depends on, as text."""
        named = (getattr(self, name) for name in ("include", "exclude", "suffixes", "dialect"))
        return repr((*named, list(self.dialects.items())))

    def dialect_of(self, path: str) -> str | None:
        """The dialect configured for a file; None where its text decides."""
        for pattern, dialect in self.dialects.items():
            if _pattern(pattern).fullmatch(path):
                return None if dialect == "auto" else dialect
        return None if self.dialect == "auto" else self.dialect

    def cache_dir_path(self) -> Path | None:
        if self.cache_dir is None or self.source is None:
            return None
        return self.source.parent / self.cache_dir


_compiled: dict[str, re.Pattern[str]] = {}


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob over whole relative paths: `**/` any folders, `*` and `?` within one name."""
    known = _compiled.get(glob)
    if known is None:
        parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob.lstrip("/"))
        special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        known = _compiled[glob] = re.compile("".join(special.get(part) or re.escape(part) for part in parts), re.S)
    return known


def find_root(start: Path) -> Path:
    """The workspace that a folder is in.

    The nearest folder upward with an index, a configuration or a git repository,
    in this order of preference; the folder itself where there is none.
    """
    start = start.absolute()
    folders = [start, *start.parents]
    for folder in folders:
        if (folder / ".metta-index").is_dir() or _configuration_in(folder) is not None:
            return folder
    return next((folder for folder in folders if (folder / ".git").exists()), start)


def _configuration_in(folder: Path) -> Path | None:
    own = folder / FILE_NAME
    if own.is_file():
        return own
    shared = folder / PYPROJECT
    try:
        # Most pyproject files do not speak of us: they are not parsed.
        if _SECTION in shared.read_bytes() and "metta-index" in _parse(shared).get("tool", {}):
            return shared
    except (OSError, ConfigurationError):
        return None
    return None


def load_settings(root: Path) -> Settings:
    """The settings in the nearest configuration at or above `root`. Raises ConfigurationError."""
    root = root.absolute()
    for folder in (root, *root.parents):
        path = _configuration_in(folder)
        if path is not None:
            data = _parse(path)
            return _settings(path, data if path.name == FILE_NAME else data["tool"]["metta-index"])
    return Settings()


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(path, "is not UTF-8; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, f"is not valid TOML: {error}") from error


def _settings(path: Path, data: object) -> Settings:
    if not isinstance(data, dict):
        raise ConfigurationError(path, "[tool.metta-index] must be a table")
    known = {one.name.replace("_", "-"): one.name for one in fields(Settings) if one.name != "source"}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise ConfigurationError(path, f"unknown key `{key}`{_nearest(key, known)}")
        values[known[key]] = _checked(path, key, value)
    return Settings(**values, source=path)


def _nearest(key: str, known: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, known, 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; known keys are {', '.join(sorted(known))}"


def _checked(path: Path, key: str, value: object) -> object:
    match key:
        case "include" | "exclude" | "suffixes" | "alias":
            if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
                raise ConfigurationError(path, f"`{key}` must be a list of strings, not {value!r}")
            return tuple(value)
        case "dialect":
            return _dialect(path, key, value)
        case "dialects":
            if not isinstance(value, dict):
                raise ConfigurationError(path, f"`{key}` must be a table of patterns and dialects, not {value!r}")
            return {pattern: _dialect(path, f"dialects.{pattern}", dialect) for pattern, dialect in value.items()}
        case "cache-dir":
            if not isinstance(value, str) or not value:
                raise ConfigurationError(path, f"`{key}` must be a path, not {value!r}")
            return value
        case _:
            if type(value) is not int or value <= 0:
                raise ConfigurationError(path, f"`{key}` must be a positive whole number, not {value!r}")
            return value


def _dialect(path: Path, key: str, value: object) -> str:
    if value not in _DIALECTS:
        raise ConfigurationError(path, f"`{key}` must be one of {', '.join(_DIALECTS)}, not {value!r}")
    return str(value)
