"""Which files a workspace has, with what the file system says of each."""

from __future__ import annotations

import os
import stat as stats
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery import foreign
from metta_index.indexer.discovery.ignoring import GITIGNORE, GitHome, Ignores, OutOfDateError, is_repository
from metta_index.indexer.discovery.manifest import Stat

if TYPE_CHECKING:
    from metta_index.indexer.discovery.patterns import Patterns

_TELLING = foreign.TELLING | {GITIGNORE, ".git"}


class Skipped(NamedTuple):
    """Something that was not taken, and why. A folder (with a slash at its end) stands for all below it."""

    path: str
    reason: str


class PathProblem(NamedTuple):
    """Something that could not be looked at."""

    path: str
    message: str


class Decisions:
    """What a scan decided by patterns, so that the next need not evaluate any.

    `sources` maps each file of patterns to a digest of its content ("" where there
    is none), `accepted` and `refused` are paths, these with reasons; folders end in
    a slash. It all holds only while `key` (the settings) and the sources are the
    same. Not to be changed once it was written to bytes or read from them.
    """

    __slots__ = ("_data", "accepted", "key", "refused", "sources")

    def __init__(self, key: str, sources: dict[str, str], accepted: set[str], refused: dict[str, str]) -> None:
        self.key = key
        self.sources = sources
        self.accepted = accepted
        self.refused = refused
        self._data: bytes | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decisions) and self._values() == other._values()

    __hash__ = None  # type: ignore[assignment]

    def _values(self) -> tuple[object, ...]:
        return self.key, self.sources, self.accepted, self.refused

    def to_bytes(self) -> bytes:
        """The same bytes for equal decisions."""
        if self._data is None:
            names = "\0".join(sorted(self.accepted)).encode("utf-8", "surrogateescape")
            sources, refused = sorted(self.sources.items()), sorted(self.refused.items())
            head = [self.key, sources, refused, len(self.accepted), len(names)]
            self._data = dumps(head).encode() + b"\n" + names
        return self._data

    @classmethod
    def from_bytes(cls, data: bytes) -> Decisions | None:
        """None for bytes that are no decisions."""
        head, _newline, names = data.partition(b"\n")
        try:
            key, sources, refused, count, size = loads(head)
            accepted = set(names.decode("utf-8", "surrogateescape").split("\0")) if count else set()
            made = cls(key, dict(sources), accepted, dict(refused))
        except (ValueError, TypeError, RecursionError):
            return None
        texts = [key, *made.sources, *made.sources.values(), *made.refused, *made.refused.values()]
        if len(accepted) != count or len(names) != size or not all(isinstance(text, str) for text in texts):
            return None
        made._data = data
        return made


class Discovery(NamedTuple):
    """`files`: paths relative to the root, with "/", sorted; names that are not UTF-8 with surrogates."""

    files: dict[str, Stat]
    skipped: list[Skipped]
    problems: list[PathProblem]
    decisions: Decisions


def display_path(path: str) -> str:
    """A path that can be printed: bytes that are not UTF-8, and control characters, as \\xNN."""
    if path.isascii() and path.isprintable():
        return path  # as nearly all are, of the thousands that an answer shows
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def discover(
    root: Path,
    settings: Settings,
    remembered: Decisions | None = None,
    git_home: GitHome | None = None,
    without: AbstractSet[str] = frozenset(),
) -> Discovery:
    """Walks a workspace. `remembered` makes it faster and never changes what comes back.

    `root` is absolute; it is taken whatever patterns say of it. Patterns decide, not
    what git tracks: a tracked file that matches one is left out, as ripgrep does.
    Symbolic links are not followed. What cannot be looked at is in `problems`, what
    is left out in `skipped`. `git_home`: None for that of the environment. `without`:
    folders that are taken elsewhere, with a slash at their ends.
    """
    git_home = git_home or GitHome.from_environment()
    if remembered is not None:
        try:
            return _Scan(root, settings, git_home, remembered, without).run()
        except OutOfDateError:
            pass
    return _Scan(root, settings, git_home, None, without).run()


class _Scan:
    """One walk over a workspace."""

    def __init__(
        self, root: Path, settings: Settings, git_home: GitHome, remembered: Decisions | None, without: AbstractSet[str]
    ) -> None:
        key = repr((settings.prefix, settings.include, settings.exclude, settings.endings()))
        if remembered is not None and remembered.key != key:
            raise OutOfDateError
        self._root = str(root)
        self._settings = settings
        self._without = without
        self._remembered = remembered
        self._known: set[str] = remembered.accepted if remembered is not None else set()
        self._ignores = Ignores(root, git_home, remembered.sources if remembered is not None else None)
        self._decisions = Decisions(key, self._ignores.sources, set(), {})
        self._files: dict[str, Stat] = {}
        self._skipped: list[Skipped] = []
        self._problems: list[PathProblem] = []
        self._include: Patterns | None = None
        self._exclude: Patterns | None = None

    def run(self) -> Discovery:
        is_configured = bool(self._settings.include or self._settings.exclude)
        folders = [("", self._ignores.enter_root() or is_configured)]  # with whether any pattern holds in them
        while folders:
            folder, has_patterns = folders.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as scan:  # noqa: PTH118 - strings on the hot path
                    entries = list(scan)
            except OSError as error:
                self._problem(folder or ".", "cannot be listed", error)
                continue
            names = _TELLING.intersection([entry.name for entry in entries])
            if names and folder:
                reason = foreign.reason_by_content(os.path.join(self._root, folder), names)  # noqa: PTH118
                if reason is not None:
                    self._skipped.append(Skipped(folder, reason))
                    continue
                if ".git" in names and is_repository(os.path.join(self._root, folder)):  # noqa: PTH118
                    has_patterns = self._ignores.enter_repository(folder) or is_configured
            if GITIGNORE in names:
                try:
                    has_patterns |= self._ignores.add_gitignore(folder)
                except OSError as error:
                    self._problem(folder + GITIGNORE, "its patterns cannot be read", error)
            folders += self._take(entries, folder, has_patterns)
        decisions = self._decisions
        if self._remembered is not None:
            if self._remembered.sources != decisions.sources:
                raise OutOfDateError
            if self._remembered == decisions:
                decisions = self._remembered  # its bytes are made already
        files = self._files
        return Discovery(
            {path: files[path] for path in sorted(files)}, sorted(self._skipped), sorted(self._problems), decisions
        )

    def _take(self, entries: list[os.DirEntry[str]], folder: str, has_patterns: bool) -> list[tuple[str, bool]]:
        """Takes the files of a folder; gives the folders in it that are to be scanned."""
        suffixes = self._settings.endings()
        known, accept, files = self._known, self._decisions.accepted.add, self._files
        new, is_regular = tuple.__new__, stats.S_ISREG
        folders = []
        for entry in entries:
            name = entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if self._is_entered(name, folder, has_patterns):
                        folders.append((f"{folder}{name}/", has_patterns))
                    continue
                if not name.endswith(suffixes):
                    if entry.is_symlink() and foreign.leads_to_folder(entry):
                        self._skipped.append(Skipped(folder + name, "symbolic link"))
                    continue
                path = folder + name
                if name[0] == ".":
                    self._skipped.append(Skipped(path, "hidden file"))
                    continue
                if has_patterns:
                    if path in known:
                        accept(path)
                    elif not self._is_wanted(path, folder):
                        continue
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._problem(folder + name, "cannot be looked at", error)
                continue
            if is_regular(status.st_mode):
                # As Stat(…) does, in half the time.
                files[path] = new(Stat, (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino))
            else:
                self._skipped.append(Skipped(path, foreign.kind_of(status.st_mode)))
        return folders

    def _is_entered(self, name: str, folder: str, has_patterns: bool) -> bool:
        path = f"{folder}{name}/"
        reason = (
            "taken as the workspace or another of its roots" if path in self._without else foreign.reason_by_name(name)
        )
        if reason is not None:
            self._skipped.append(Skipped(path, reason))
            return False
        return not has_patterns or self._is_wanted(path, folder)

    def _is_wanted(self, path: str, folder: str) -> bool:
        """Whether patterns let a path pass; remembered where they are as they were."""
        reason = None
        if path not in self._known:
            known = self._remembered.refused.get(path) if self._remembered is not None else None
            reason = known or self._refusal(path, folder)
        if reason is None:
            self._decisions.accepted.add(path)
            return True
        self._decisions.refused[path] = reason
        self._skipped.append(Skipped(path, reason))
        return False

    def _refusal(self, path: str, folder: str) -> str | None:
        """Why patterns refuse a path."""
        from metta_index.indexer.discovery.patterns import byte_text

        settings = self._settings
        is_folder = path.endswith("/")
        text = byte_text(settings.prefix + path.rstrip("/"))
        if settings.exclude:
            self._exclude = self._exclude or _patterns(settings.exclude)
            if self._exclude.decide(text, is_folder):
                return "excluded by the configuration"
        if settings.include and not is_folder:
            self._include = self._include or _patterns(settings.include)
            if not self._include.covers(text):
                return "not included by the configuration"
        return "ignored by git" if self._ignores.ignores(path, folder) else None

    def _problem(self, path: str, what: str, error: OSError) -> None:
        self._problems.append(PathProblem(path, f"{what}: {error.strerror or error}"))


def _patterns(lines: Iterable[str]) -> Patterns:
    from metta_index.indexer.discovery.patterns import Patterns

    return Patterns("\n".join(lines).encode("utf-8", "surrogateescape"))


def discover_paths(root: Path, names: Iterable[str], settings: Settings) -> Discovery:
    """The given files only, ignored or not: who names a file wants it.

    `names` are seen from the current folder, `root` is absolute and free of links.
    """
    files: dict[str, Stat] = {}
    skipped: list[Skipped] = []
    problems: list[PathProblem] = []
    for name in names:
        folder, last = os.path.split(os.path.abspath(name))  # noqa: PTH100
        absolute = os.path.join(os.path.realpath(folder), last)  # noqa: PTH118
        path = os.path.relpath(absolute, root).replace(os.sep, "/")
        if path == ".." or path.startswith("../"):
            problems.append(PathProblem(name, f"is outside the workspace {root}"))
            continue
        try:
            status = os.lstat(absolute)
        except OSError as error:
            problems.append(PathProblem(path, f"cannot be looked at: {error.strerror or error}"))
            continue
        if not stats.S_ISREG(status.st_mode):
            skipped.append(Skipped(path, foreign.kind_of(status.st_mode)))
        elif path.endswith(settings.endings()):
            files[path] = Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        else:
            skipped.append(Skipped(path, f"ends in none of {', '.join(settings.endings())}"))
    files = {path: files[path] for path in sorted(files)}
    return Discovery(files, sorted(skipped), sorted(problems), Decisions("given files", {}, set(), {}))
