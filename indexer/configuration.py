"""Settings of a workspace: `metta-index.toml`, or `[tool.metta-index]` in `pyproject.toml`."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from metta_index.indexer.languages import LANGUAGES
from metta_index.indexer.languages.rholang.options import DEFAULT_CHANNELS, encode_channels

FILE_NAME = "metta-index.toml"
PYPROJECT = "pyproject.toml"
#: In a line: Python's reader takes time that grows with the square of a key's parts, half a minute for 40,000.
MOST_DOTS = 1000
_SECTION = b"metta-index"
_HEADER = re.compile(rb"""^\s*\[\s*tool\s*\.\s*["']?metta-index\b""", re.M)
_LEVELS = ("error", "warning", "info", "off")
_DIALECTS = ("auto", "hyperon", "petta", "mm2", "mettatron")


#: What is indexed beside MeTTa, unless a configuration names fewer.
OTHER_LANGUAGES = tuple(name for name in LANGUAGES if name != "metta")


class ConfigurationError(Exception):
    """A configuration that cannot be used; the text names the file, the cause and what to do."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")


class Settings(NamedTuple):
    """What a workspace configures; `source` is the file it comes from, None for defaults.

    `include`, `exclude`: patterns as in .gitignore, seen from the folder of `source`;
    with `include`, only files that match are taken. `dialects`: glob → dialect, the
    first that matches a path wins over `dialect`; "auto" lets each file's text
    decide. `languages`: those that are indexed beside MeTTa. `suffixes`: endings of
    MeTTa files. `alias`: names that stand for the root in module names. `roots`: folders
    that imports are looked for in, seen from the folder of `source`. `entry_points`:
    patterns of names and files that are used from outside. `cache_dir`: relative to the file it
    is written in. `rholang_channels`: patterns of the URIs whose channels take MeTTa.
    `exact_bytes`: of the facts in larger files only heads and numbers are indexed.
    `prefix`: the workspace as seen from the folder of `source`, "" or "a/b/".

    For the check: `select`, the rules that run instead of those that do by default;
    `ignore`, rules that do not; `per_file_ignores`: glob → rules; `severity`: rule →
    error, warning, info or off; `known_names`: names that count as defined.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = (".metta",)
    dialect: str = "auto"
    dialects: Mapping[str, str] = MappingProxyType({})
    languages: tuple[str, ...] = OTHER_LANGUAGES
    rholang_channels: tuple[str, ...] = DEFAULT_CHANNELS
    alias: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    exact_bytes: int = 16 << 20
    max_cache_bytes: int | None = None
    max_cache_entries: int | None = None
    cache_dir: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    severity: Mapping[str, str] = MappingProxyType({})
    known_names: tuple[str, ...] = ()
    source: Path | None = None
    prefix: str = ""

    def plain(self) -> Settings:
        """The same as other processes can be sent it."""
        return self._replace(
            dialects=dict(self.dialects), per_file_ignores=dict(self.per_file_ignores), severity=dict(self.severity)
        )

    def endings(self) -> tuple[str, ...]:
        """Endings of the files that are indexed: MeTTa's as configured, and those of all other languages."""
        return self.suffixes + tuple(ending for name in self.languages for ending in LANGUAGES[name])

    def fingerprint(self) -> str:
        """Everything here that the index depends on, as text."""
        named = (getattr(self, name) for name in ("include", "exclude", "suffixes", "languages", "dialect", "prefix"))
        return repr((*named, list(self.dialects.items()), encode_channels(self.rholang_channels), self.exact_bytes))

    def options_of(self, language: str, path: str) -> str | None:
        """What is configured for a language and decides what a file, relative to the root, says; None for nothing."""
        if language == "rholang":
            return encode_channels(self.rholang_channels)
        return self.dialect_of(path) if language == "metta" else None

    def dialect_of(self, path: str) -> str | None:
        """The dialect configured for a file, relative to the root; None where its text decides."""
        pattern = self.dialect_pattern(path)
        dialect = self.dialect if pattern is None else self.dialects[pattern]
        return None if dialect == "auto" else dialect

    def dialect_pattern(self, path: str) -> str | None:
        """The pattern of `dialects` that decides for a file; None where `dialect` does."""
        if not self.dialects:
            return None
        seen = self._seen_from_source(path)
        return next((pattern for pattern in self.dialects if _pattern(pattern).fullmatch(seen)), None)

    def is_entry_point(self, name: bytes, path: str) -> bool:
        """Whether a definition in a file (relative to the root) is used from outside: by its name, or with the file.

        What has a slash, or ends as a MeTTa file does, is a pattern of files; what else there is, of names.
        """
        if not self.entry_points:
            return False
        from fnmatch import fnmatchcase

        text = name.decode("utf-8", "surrogateescape")
        return any(
            text == pattern
            or (
                _pattern(pattern).fullmatch(self._seen_from_source(path)) is not None
                if "/" in pattern or pattern.endswith(self.suffixes)
                else fnmatchcase(text, pattern)
            )
            for pattern in self.entry_points
        )

    def ignored_in(self, path: str) -> tuple[str, ...]:
        """The rules that are ignored in a file, relative to the root."""
        seen = self.prefix + path
        ignores = self.per_file_ignores.items()
        return tuple(rule for pattern, rules in ignores if _pattern(pattern).fullmatch(seen) for rule in rules)

    def workspace_roots(self) -> tuple[str, ...]:
        """`roots` as seen from the workspace; "." is the workspace itself.

        Absolute ones stay so, unless they are in the folder of the configuration.
        """
        return tuple(map(self._seen_from_workspace, self.roots))

    def _seen_from_workspace(self, root: str) -> str:
        if posixpath.isabs(root):
            folder = self.source.parent.as_posix() if self.source is not None else "/"
            root = posixpath.normpath(root)
            if root != folder and not root.startswith(folder.rstrip("/") + "/"):
                return root
            root = root[len(folder) :].lstrip("/")
        return _relative(root, self.prefix)

    def outside_roots(self) -> tuple[str, ...]:
        """Those of `workspace_roots` that lie outside the workspace and in none of the others."""
        found: list[str] = []
        for root in sorted(set(self.workspace_roots())):
            is_outside = root == ".." or root.startswith(("../", "/"))
            if is_outside and not any(_is_below(root, other) for other in found):
                found.append(root)
        return tuple(found)

    def within(self, root: str) -> Settings:
        """The settings that hold in one of `outside_roots`: nothing there has to be included."""
        return self._replace(include=(), prefix=self._seen_from_source(root) + "/")

    def _seen_from_source(self, path: str) -> str:
        """A path of the workspace as patterns are written, from the folder of the configuration."""
        if path.startswith(("../", "/")) or path == "..":
            return posixpath.normpath(posixpath.join(self.prefix, path))
        return self.prefix + path

    def cache_dir_path(self) -> Path | None:
        if self.cache_dir is None or self.source is None:
            return None
        return self.source.parent / self.cache_dir


def _relative(path: str, start: str) -> str:
    """A relative path, seen from a folder below its own start. posixpath.relpath would ask for the current folder."""
    parts, above = _parts(path), _parts(start)
    shared = 0
    while shared < min(len(parts), len(above)) and parts[shared] == above[shared]:
        shared += 1
    return "/".join([*[".."] * (len(above) - shared), *parts[shared:]]) or "."


def _is_below(path: str, folder: str) -> bool:
    """Whether a path outside the workspace is in another; `../..` is above `..`."""
    parts, above = _parts(path), _parts(folder)
    return parts[: len(above)] == above and parts[len(above) : len(above) + 1] != [".."]


def _parts(path: str) -> list[str]:
    """The names in a path; that of an absolute one begins with an empty name."""
    path = posixpath.normpath(path or ".")
    return [] if path == "." else path.rstrip("/").split("/")


_compiled: dict[str, re.Pattern[str]] = {}


def _pattern(glob: str) -> re.Pattern[str]:
    """A glob for files and for all in folders: `**` any folders, `*` and `?` within one name.

    As in .gitignore, one without a slash inside matches at any depth. These are
    few and small, and needed whenever a file changed: pathspec would cost more.
    """
    known = _compiled.get(glob)
    if known is None:
        below = "/.*" if glob.endswith("/") else "(?:/.*)?"
        rooted = glob.rstrip("/")
        rooted = rooted.lstrip("/") if "/" in rooted else f"**/{rooted}"
        parts = re.split(r"(\*\*/|\*\*|\*|\?)", rooted)
        special = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
        regex = "".join(special.get(part) or re.escape(part) for part in parts)
        known = _compiled[glob] = re.compile(regex + below, re.S)
    return known


def find_root(start: Path) -> Path:
    """The workspace that a file or folder is in.

    The nearest folder upward with an index or a configuration; else the nearest
    with a git repository; else the folder itself.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - resolves "..", and keeps links
    if not os.path.isdir(start):  # noqa: PTH112 - False where Path.is_dir raises
        start = start.parent
    folders = [start, *start.parents]
    for folder in folders:
        if os.path.isdir(folder / ".metta-index") or _configuration_in(folder) is not None:  # noqa: PTH112
            return folder
    return next((folder for folder in folders if os.path.exists(folder / ".git")), start)  # noqa: PTH110


def load_settings(root: Path) -> Settings:
    """The settings in the nearest configuration at or above `root`. Raises ConfigurationError."""
    root = Path(os.path.abspath(root))  # noqa: PTH100
    for folder in (root, *root.parents):
        path = _configuration_in(folder)
        if path is not None:
            data = _parse(path)
            prefix = "".join(f"{name}/" for name in root.relative_to(folder).parts)
            return _settings(path, data if path.name == FILE_NAME else _section(data), prefix)
    return Settings()


def _configuration_in(folder: Path) -> Path | None:
    """The file in a folder that configures us, readable or not."""
    own = folder / FILE_NAME
    if os.path.isfile(own):  # noqa: PTH113
        return own
    shared = folder / PYPROJECT
    try:
        if not os.path.isfile(shared):  # noqa: PTH113 - a pipe of that name would hang
            return None
        text = shared.read_bytes()
        # Most pyproject files do not speak of us: they are not parsed.
        if _SECTION not in text or _section(_parse(shared)) is None:
            return None
    except OSError:
        return None
    except ConfigurationError:
        # It cannot be said whether it holds our section, unless it plainly does: then its error is ours.
        return shared if _HEADER.search(text) else None
    return shared


def _section(data: Mapping[str, Any]) -> object:
    """What a pyproject file says of us; None where it says nothing."""
    tool = data.get("tool")
    return tool.get("metta-index") if isinstance(tool, dict) else None


def _parse(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        text = path.read_bytes().decode("utf-8-sig")
        for number, row in enumerate(text.split("\n"), 1):
            if row.count(".") > MOST_DOTS:
                raise ConfigurationError(
                    path, f"has more than {MOST_DOTS:,} dots in line {number}; write it as several"
                )
        return tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error.strerror or error}; check its permissions") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(path, f"is not UTF-8 (at line {line}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(path, f"is not valid TOML: {error}; correct it there") from error
    except RecursionError as error:
        raise ConfigurationError(path, "is nested too deeply to be read; use flat lists and tables") from error


def _settings(path: Path, data: object, prefix: str) -> Settings:
    if not isinstance(data, dict):
        raise ConfigurationError(path, f"`tool.metta-index` must be a table, not {_shown(data)}")
    known = {name.replace("_", "-"): name for name in Settings._fields if name not in ("source", "prefix")}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            raise ConfigurationError(path, f"unknown key `{key}`{_nearest(key, known)}")
        values[known[key]] = _checked(path, key, value)
    return Settings(**values, source=path, prefix=prefix)


def _nearest(key: str, known: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key.replace("_", "-"), known, 1, 0.5)
    return f"; did you mean `{close[0]}`?" if close else f"; known keys are {', '.join(sorted(known))}"


def _checked(path: Path, key: str, value: object) -> object:
    match key:
        case "languages":
            if not isinstance(value, list) or not all(name in OTHER_LANGUAGES for name in value):
                raise _wrong(path, key, f"a list of some of {', '.join(OTHER_LANGUAGES)}", value)
            return tuple(value)
        case (
            "include"
            | "exclude"
            | "suffixes"
            | "alias"
            | "roots"
            | "entry-points"
            | "select"
            | "ignore"
            | "known-names"
            | "rholang-channels"
        ):
            if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
                raise _wrong(path, key, "a list of strings that are not empty", value)
            if key == "suffixes" and not value:
                raise _wrong(path, key, 'a list of at least one ending, such as ".metta"', value)
            return tuple(value)
        case "dialect":
            return _dialect(path, key, value)
        case "dialects":
            if not isinstance(value, dict):
                raise _wrong(path, key, "a table of patterns and dialects", value)
            return {pattern: _dialect(path, f"dialects.{pattern}", dialect) for pattern, dialect in value.items()}
        case "per-file-ignores":
            if not isinstance(value, dict):
                raise _wrong(path, key, "a table of patterns and lists of rules", value)
            return {pattern: _checked(path, "ignore", rules) for pattern, rules in value.items()}
        case "severity":
            if not isinstance(value, dict):
                raise _wrong(path, key, "a table of rules and severities", value)
            for rule, level in value.items():
                if level not in _LEVELS:
                    raise _wrong(path, f"severity.{rule}", f"one of {', '.join(_LEVELS)}", level)
            return value
        case "cache-dir":
            if not isinstance(value, str) or not value or "\0" in value:
                raise _wrong(path, key, "the path of a folder", value)
            return value
        case _:
            if type(value) is not int or value <= 0:
                raise _wrong(path, key, "a whole number above 0", value)
            return value


def _dialect(path: Path, key: str, value: object) -> str:
    if value not in _DIALECTS:
        raise _wrong(path, key, f"one of {', '.join(_DIALECTS)}", value)
    return str(value)


def _wrong(path: Path, key: str, expected: str, found: object) -> ConfigurationError:
    return ConfigurationError(path, f"`{key}` must be {expected}, not {_shown(found)}")


def _shown(value: object) -> str:
    """A value and its type, short enough for a message."""
    names = {str: "text", int: "number", float: "number", bool: "boolean", list: "list", dict: "table"}
    text = repr(value)
    return f"the {names.get(type(value), 'value')} {text if len(text) <= 60 else text[:57] + '...'}"
