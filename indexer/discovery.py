"""Which files a workspace has, with what the file system says of each."""

from __future__ import annotations

import os
import stat as stats
from collections.abc import Iterable
from dataclasses import dataclass, field
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.indexer.configuration import Settings
from metta_index.indexer.digest import blake2b
from metta_index.indexer.ignoring import GITIGNORE, IgnoreRules, outer_sources, parse_patterns
from metta_index.indexer.manifest import Stat

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

#: Folders of other people's code, by name. Nobody indexes them on purpose.
VENDORED = frozenset({"node_modules", "__pycache__", "site-packages", "bower_components"})
_CACHE_TAG = "CACHEDIR.TAG"
_CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"


class Skipped(NamedTuple):
    """Something that was not taken, and why. A folder stands for all below it."""

    path: str
    reason: str


class PathProblem(NamedTuple):
    """Something that could not be looked at."""

    path: str
    message: str


@dataclass(slots=True)
class Decisions:
    """What a scan decided by patterns, so that the next need not evaluate any.

    `sources` maps each file of patterns to a digest of its content ("" where there
    is none), `refused` paths to reasons; folders end in a slash. It all holds only
    while `key` (the settings) and the sources are the same.
    """

    key: str
    sources: dict[str, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        head = {"key": self.key, "sources": sorted(self.sources.items()), "refused": sorted(self.refused.items())}
        names = "\0".join(sorted(self.accepted)).encode("utf-8", "surrogateescape")
        return dumps(head).encode() + b"\n" + names

    @classmethod
    def from_bytes(cls, data: bytes) -> Decisions | None:
        """None for bytes that are no decisions."""
        try:
            head, _newline, names = data.partition(b"\n")
            values = loads(head)
            accepted = names.decode("utf-8", "surrogateescape").split("\0") if names else ()
            return cls(values["key"], dict(values["sources"]), set(accepted), dict(values["refused"]))
        except (ValueError, KeyError, TypeError):
            return None


class Discovery(NamedTuple):
    """`files`: paths relative to the root, with "/", sorted; names that are not UTF-8 with surrogates."""

    files: dict[str, Stat]
    skipped: list[Skipped]
    problems: list[PathProblem]
    decisions: Decisions


def display_path(path: str) -> str:
    """A path that can be printed: bytes that are not UTF-8, and control characters, as \\xNN."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def discover(root: Path, settings: Settings, remembered: Decisions | None = None) -> Discovery:
    """Walks a workspace. `remembered` makes it faster and never changes what comes back.

    Symbolic links are not followed. What cannot be looked at is in `problems`, what
    is left out in `skipped`.
    """
    if remembered is not None:
        try:
            return _Scan(root, settings, remembered).run()
        except _OutOfDateError:
            pass
    return _Scan(root, settings, None).run()


class _OutOfDateError(Exception):
    """A file of patterns or a setting is not what it was when decisions were remembered."""


class _Scan:
    """One walk over a workspace."""

    def __init__(self, root: Path, settings: Settings, remembered: Decisions | None) -> None:
        self._root = root
        self._settings = settings
        self._remembered = remembered
        self._decisions = Decisions(repr((settings.include, settings.exclude, settings.suffixes)))
        self._files: dict[str, Stat] = {}
        self._skipped: list[Skipped] = []
        self._problems: list[PathProblem] = []
        self._contents: dict[str, tuple[str, bytes]] = {}
        self._rules: dict[str, IgnoreRules] = {}
        self._include: GitIgnoreSpec | None = None
        self._exclude: GitIgnoreSpec | None = None
        self._has_patterns = bool(settings.include or settings.exclude)
        if remembered is not None and remembered.key != self._decisions.key:
            raise _OutOfDateError

    def run(self) -> Discovery:
        for base, path in outer_sources(self._root):
            self._has_patterns |= self._add_source(str(path), base, path)
        folders = [("", self._has_patterns)]  # with whether any pattern holds in them
        while folders:
            folder, has_patterns = folders.pop()
            folders += reversed(self._scan_folder(folder, has_patterns))
        if self._remembered is not None and self._remembered.sources != self._decisions.sources:
            raise _OutOfDateError
        return Discovery(
            dict(sorted(self._files.items())),
            sorted(self._skipped, key=lambda one: one.path),
            self._problems,
            self._decisions,
        )

    def _add_source(self, name: str, base: str, path: Path | str) -> bool:
        """Notes a file of patterns; True where it has any."""
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - strings on the hot path
                content = file.read()
        except OSError:
            content = b""
        digest = blake2b(content, digest_size=16).hexdigest() if content else ""
        self._decisions.sources[name] = digest
        if self._remembered is not None and self._remembered.sources.get(name) != digest:
            raise _OutOfDateError
        if content:
            self._contents[name] = base, content
        return bool(content)

    def _scan_folder(self, folder: str, has_patterns: bool) -> list[tuple[str, bool]]:
        """Takes the files of a folder; gives the folders in it that are to be scanned."""
        try:
            with os.scandir(os.path.join(self._root, folder)) as scan:  # noqa: PTH118
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            self._problems.append(PathProblem(folder or ".", f"cannot be listed: {error.strerror or error}"))
            return []
        names = {entry.name for entry in entries} & {GITIGNORE, _CACHE_TAG, "pyvenv.cfg"}
        if folder and (reason := self._foreign(folder, names)):
            self._skipped.append(Skipped(folder, reason))
            return []
        if GITIGNORE in names:
            path = os.path.join(self._root, folder, GITIGNORE)  # noqa: PTH118
            has_patterns |= self._add_source(folder + GITIGNORE, folder, path)
        suffixes = self._settings.suffixes
        folders = []
        for entry in entries:
            name = entry.name
            if entry.is_dir(follow_symlinks=False):
                path = f"{folder}{name}/"
                if name.startswith("."):
                    self._skipped.append(Skipped(path, "hidden folder"))
                elif name in VENDORED:
                    self._skipped.append(Skipped(path, "folder of other people's code"))
                elif not has_patterns or self._is_wanted(path, folder):
                    folders.append((path, has_patterns))
            elif name.endswith(suffixes):
                self._take_file(entry, folder, has_patterns)
            elif entry.is_symlink() and entry.is_dir():
                self._skipped.append(Skipped(f"{folder}{name}", "symbolic link"))
        return folders

    def _foreign(self, folder: str, names: set[str]) -> str | None:
        """Why a folder is no part of the workspace, by what it holds."""
        if "pyvenv.cfg" in names:
            return "Python virtual environment"
        if _CACHE_TAG in names:
            try:
                with open(os.path.join(self._root, folder, _CACHE_TAG), "rb") as file:  # noqa: PTH118, PTH123
                    if file.read(len(_CACHE_SIGNATURE)) == _CACHE_SIGNATURE:
                        return "cache folder (CACHEDIR.TAG)"
            except OSError:
                return None
        return None

    def _take_file(self, entry: os.DirEntry[str], folder: str, has_patterns: bool) -> None:
        path = folder + entry.name
        if entry.name.startswith("."):
            self._skipped.append(Skipped(path, "hidden file"))
            return
        if has_patterns and not self._is_wanted(path, folder):
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            self._problems.append(PathProblem(path, f"cannot be looked at: {error.strerror or error}"))
            return
        if stats.S_ISREG(status.st_mode):
            self._files[path] = Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        else:
            self._skipped.append(Skipped(path, _what_it_is(status.st_mode)))

    def _is_wanted(self, path: str, folder: str) -> bool:
        """Whether patterns let a path pass; remembered where they are as they were."""
        remembered = self._remembered
        if remembered is not None and path in remembered.accepted:
            reason = None
        elif remembered is not None and path in remembered.refused:
            reason = remembered.refused[path]
        else:
            reason = self._refusal(path, folder)
        if reason is None:
            self._decisions.accepted.add(path)
            return True
        self._decisions.refused[path] = reason
        self._skipped.append(Skipped(path, reason))
        return False

    def _refusal(self, path: str, folder: str) -> str | None:
        settings = self._settings
        if settings.exclude:
            if self._exclude is None:
                self._exclude = parse_patterns("\n".join(settings.exclude).encode())
            if self._exclude.match_file(path):
                return "excluded by the configuration"
        if settings.include and not path.endswith("/"):
            if self._include is None:
                self._include = parse_patterns("\n".join(settings.include).encode())
            if not self._include.match_file(path):
                return "not included by the configuration"
        return "ignored by git" if self._rules_of(folder).ignores(path) else None

    def _rules_of(self, folder: str) -> IgnoreRules:
        """The rules that hold for what is in a folder."""
        known = self._rules.get(folder)
        if known is not None:
            return known
        if folder:
            parent = folder[: folder.rstrip("/").rfind("/") + 1]
            rules = self._rules_of(parent)
        else:
            rules = IgnoreRules()
            for name, (base, content) in self._contents.items():
                if name != GITIGNORE and (base.startswith("../") or os.path.isabs(name)):  # noqa: PTH117
                    rules.outer(base, self._root, content)
        own = self._contents.get(folder + GITIGNORE)
        if own is not None:
            rules = rules.inner(folder, own[1])
        self._rules[folder] = rules
        return rules


def _what_it_is(mode: int) -> str:
    if stats.S_ISLNK(mode):
        return "symbolic link"
    for test, text in ((stats.S_ISFIFO, "named pipe"), (stats.S_ISSOCK, "socket")):
        if test(mode):
            return f"{text}, not a regular file"
    return "device, not a regular file"


def discover_paths(root: Path, names: Iterable[str], settings: Settings) -> Discovery:
    """The given files only, ignored or not: who names a file wants it."""
    files: dict[str, Stat] = {}
    skipped: list[Skipped] = []
    problems: list[PathProblem] = []
    for name in names:
        absolute = os.path.realpath(os.path.dirname(os.path.abspath(name)))  # noqa: PTH100, PTH120
        absolute = os.path.join(absolute, os.path.basename(name))  # noqa: PTH118, PTH119
        path = os.path.relpath(absolute, root).replace(os.sep, "/")
        if path.startswith("../"):
            problems.append(PathProblem(name, f"is outside the workspace {root}"))
            continue
        try:
            status = os.lstat(absolute)
        except OSError as error:
            problems.append(PathProblem(path, error.strerror or str(error)))
            continue
        if not path.endswith(settings.suffixes):
            skipped.append(Skipped(path, f"does not end in {' or '.join(settings.suffixes)}"))
        elif stats.S_ISREG(status.st_mode):
            files[path] = Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        else:
            skipped.append(Skipped(path, _what_it_is(status.st_mode)))
    return Discovery(dict(sorted(files.items())), skipped, problems, Decisions("files"))
