"""What git ignores: every source of patterns, in git's order of precedence."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.indexer.text.digest import blake2b

if TYPE_CHECKING:
    from metta_index.indexer.discovery.patterns import Patterns, Rule

GITIGNORE = ".gitignore"
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class OutOfDateError(Exception):
    """A file of patterns or a setting is not what it was when decisions were remembered."""


class GitHome(NamedTuple):
    """Where git finds what a user wants ignored in every repository.

    `configs`: weakest first. `excludes`: the patterns where no configuration sets
    `core.excludesFile`.
    """

    home: Path
    configs: tuple[Path, ...]
    excludes: Path

    @classmethod
    def from_environment(cls) -> GitHome:
        home = Path(os.environ.get("HOME") or "~").expanduser()
        git = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "git"
        return cls(home, (Path("/etc/gitconfig"), git / "config", home / ".gitconfig"), git / "ignore")


def read_regular(path: str | Path, limit: int = -1, follow: bool = True) -> bytes:
    """The content of a regular file, up to `limit` bytes. Raises OSError, also for what is none.

    A named pipe in the place of a file does not hang. `follow`: through a symbolic link.
    """
    handle = os.open(path, _OPEN_FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("not a regular file")
        with open(handle, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(handle)


def is_repository(folder: str | Path) -> bool:
    """Whether a folder is the top of a git checkout; in worktrees and submodules `.git` is a file."""
    dot_git = os.path.join(folder, ".git")  # noqa: PTH118 - strings on the hot path
    return os.path.isfile(dot_git) or os.path.exists(os.path.join(dot_git, "HEAD"))  # noqa: PTH110, PTH113, PTH118


def git_root(start: Path) -> Path | None:
    """The nearest folder upward that is the top of a git checkout."""
    return next((folder for folder in (start, *start.parents) if is_repository(folder)), None)


def repository_sources(repository: Path, home: GitHome) -> tuple[Path, Path]:
    """Files of patterns of a repository that are not in its tree, weakest first. They need not exist."""
    git = _git_folder(repository)
    excludes = home.excludes
    for config in (*home.configs, git / "config"):
        value = _excludes_file(config)
        if value is not None:
            excludes = home.home / value[2:] if value.startswith("~/") else repository / value
    return excludes, git / "info" / "exclude"


def git_configuration(root: Path) -> str | None:
    """The text of the configuration of the repository whose top is `root`; None where it is none."""
    if not is_repository(str(root)):
        return None
    try:
        return read_regular(_git_folder(root) / "config").decode("utf-8", "surrogateescape")
    except OSError:
        return None


def _excludes_file(config: Path) -> str | None:
    """`core.excludesFile` of one configuration of git: the last that is written there."""
    try:
        lines = read_regular(config).decode("utf-8", "surrogateescape").split("\n")
    except OSError:
        return None
    found = None
    section = ""
    for line in lines:
        header = re.match(r"\s*\[([^\]]*)\]", line)
        if header:
            section = header[1].strip().lower()
            line = line[header.end() :]
        key, equals, value = line.partition("=")
        if equals and section == "core" and key.strip().lower() == "excludesfile":
            quoted = re.match(r'\s*"([^"]*)"', value)
            found = quoted[1] if quoted else re.split("[#;]", value)[0].strip()
    return found


def _git_folder(repository: Path) -> Path:
    """Where a repository's own files are: with worktrees, those that all of them share."""
    folder = repository / ".git"
    try:
        text = os.fsdecode(read_regular(folder)).strip()
    except OSError:
        return folder  # a folder, as it mostly is
    folder = repository / text.removeprefix("gitdir:").strip()
    try:
        return folder / os.fsdecode(read_regular(folder / "commondir")).strip()
    except OSError:
        return folder


class _Rules(NamedTuple):
    """Patterns that hold in a folder: paths relative to the root get `prefix`, or lose `cut` characters."""

    source: str
    prefix: str
    cut: int
    patterns: Patterns


class Ignores:
    """The files of patterns that one walk meets, and what they say.

    `sources` maps each of them to a digest of its content, "" where there is none.
    Each method that meets one says whether it holds patterns, and raises
    OutOfDateError where it is not as `remembered` has it.
    """

    def __init__(self, root: Path, home: GitHome, remembered: Mapping[str, str] | None) -> None:
        self.sources: dict[str, str] = {}
        self._root = root
        self._home = home
        self._remembered = remembered
        self._outer: dict[str, list[tuple[str, str, bytes]]] = {"": []}  # source, prefix, content
        self._inner: dict[str, bytes] = {}
        self._rules: dict[str, list[_Rules]] = {}

    def enter_root(self) -> bool:
        """What holds at the root from outside it: the user's, the repository's, the folders above."""
        repository = git_root(self._root)
        if repository is None:
            return False
        above = self._root.relative_to(repository).parts
        prefix = "".join(f"{name}/" for name in above)
        paths = [(prefix, path) for path in repository_sources(repository, self._home)]
        folder = repository
        for level, name in enumerate(above):
            paths.append(("".join(f"{one}/" for one in above[level:]), folder / GITIGNORE))
            folder /= name
        for base, path in paths:
            self._add_outer("", base, path)
        return bool(self._outer[""])

    def enter_repository(self, folder: str) -> bool:
        """A repository within the root: as with git, what is outside of it says nothing about it."""
        self._outer[folder] = []
        for path in repository_sources(self._root / folder, self._home):
            self._add_outer(folder, "", path)
        return bool(self._outer[folder])

    def _add_outer(self, folder: str, prefix: str, path: Path) -> None:
        try:
            content = read_regular(path)
        except OSError:
            content = b""
        self._note(str(path), content)
        if content:
            self._outer[folder].append((str(path), prefix, content))

    def add_gitignore(self, folder: str) -> bool:
        """The `.gitignore` of a folder. Raises OSError; it is as good as empty then."""
        path = folder + GITIGNORE
        try:
            # As git: a link here may lead anywhere.
            content = read_regular(os.path.join(self._root, path), follow=False)  # noqa: PTH118
        except OSError:
            self._note(path, b"")
            raise
        self._note(path, content)
        self._inner[folder] = content
        return bool(content)

    def _note(self, name: str, content: bytes) -> None:
        digest = blake2b(content, digest_size=16).hexdigest() if content else ""
        self.sources[name] = digest
        if self._remembered is not None and self._remembered.get(name) != digest:
            raise OutOfDateError

    def ignores(self, path: str, folder: str) -> bool:
        """Whether git ignores what is in a folder; the path of a folder ends in a slash."""
        decided = self.deciding(path, folder)
        return decided is not None and decided[1].ignores

    def deciding(self, path: str, folder: str) -> tuple[str, Rule] | None:
        """The rule by which `ignores` does, and the file it is in: relative to the root, or absolute."""
        from metta_index.indexer.discovery.patterns import byte_text

        is_folder = path.endswith("/")
        text = byte_text(path.rstrip("/"))
        for source, prefix, cut, patterns in reversed(self._rules_of(folder)):
            rule = patterns.deciding(prefix + text[cut:], is_folder)
            if rule is not None:
                return source, rule
        return None

    def _rules_of(self, folder: str) -> list[_Rules]:
        """The rules that hold for what is in a folder, weakest first."""
        from metta_index.indexer.discovery.patterns import Patterns, byte_text

        missing = []
        while folder not in self._rules:
            missing.append(folder)
            if folder in self._outer:
                break
            folder = folder[: folder.rfind("/", 0, -1) + 1]
        for one in reversed(missing):
            cut = len(byte_text(one))
            if one in self._outer:
                rules = [
                    _Rules(source, byte_text(prefix), cut, Patterns(content))
                    for source, prefix, content in self._outer[one]
                ]
            else:
                rules = self._rules[one[: one.rfind("/", 0, -1) + 1]]
            if self._inner.get(one):
                rules = [*rules, _Rules(one + GITIGNORE, "", cut, Patterns(self._inner[one]))]
            self._rules[one] = rules
        return self._rules[missing[0] if missing else folder]
