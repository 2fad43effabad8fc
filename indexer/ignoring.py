"""What git ignores: every source of patterns, in git's order of precedence."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

GITIGNORE = ".gitignore"


def git_root(start: Path) -> Path | None:
    """The nearest folder upward with a `.git`, which may be a file (worktrees, submodules)."""
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def outer_sources(root: Path, home: Path | None = None, xdg: Path | None = None) -> list[tuple[str, Path]]:
    """Files of patterns that are not in the tree below `root`, weakest first, each with its base.

    The base is the path of the patterns' folder as seen from `root`: "../" once
    for each level above it, "" for root. The files need not exist.
    """
    home = home if home is not None else Path(os.environ.get("HOME") or "~").expanduser()
    xdg = xdg if xdg is not None else Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    repository = git_root(root)
    if repository is None:
        return []
    levels = len(root.relative_to(repository).parts)
    sources = [("../" * levels, _global_excludes(home, xdg)), ("../" * levels, _info_exclude(repository))]
    folder = repository
    for part in root.relative_to(repository).parts:
        sources.append(("../" * levels, folder / GITIGNORE))
        folder = folder / part
        levels -= 1
    return sources


def _global_excludes(home: Path, xdg: Path) -> Path:
    """`core.excludesFile`; git's own default where it is not configured."""
    for config in (home / ".gitconfig", xdg / "git" / "config"):
        try:
            lines = config.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            continue
        section = ""
        for line in map(str.strip, lines):
            if line.startswith("["):
                section = line.strip("[]").strip().lower()
            elif section == "core" and line.partition("=")[0].strip().lower() == "excludesfile":
                value = line.partition("=")[2].strip().strip('"')
                return home / value[2:] if value.startswith("~/") else Path(value)
    return xdg / "git" / "ignore"


def _info_exclude(repository: Path) -> Path:
    dot_git = repository / ".git"
    if dot_git.is_file():
        text = dot_git.read_text("utf-8", "surrogateescape").strip()
        dot_git = repository / text.removeprefix("gitdir:").strip()
        common = dot_git / "commondir"
        if common.is_file():
            dot_git = dot_git / common.read_text("utf-8", "surrogateescape").strip()
    return dot_git / "info" / "exclude"


def parse_patterns(content: bytes) -> GitIgnoreSpec:
    """The patterns of one file. A line that is no pattern is left out, as git does."""
    from pathspec import GitIgnoreSpec

    lines = content.decode("utf-8", "surrogateescape").splitlines()
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:
        sound = []
        for line in lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                continue
            sound.append(line)
        return GitIgnoreSpec.from_lines(sound)


@dataclass(slots=True)
class IgnoreRules:
    """All patterns that hold in a folder, weakest first; `inner` adds those of a folder below.

    Each comes with its base: a path relative to it is the path relative to the
    root with `prefix` put before, or with `depth` characters cut off.
    """

    rules: list[tuple[str, int, GitIgnoreSpec]] = field(default_factory=list)

    def outer(self, base: str, root: Path, content: bytes) -> None:
        """Adds the patterns of a file above the root; `base` as `outer_sources` gives it."""
        levels = base.count("../")
        names = root.parts[len(root.parts) - levels :] if levels else ()
        prefix = "".join(f"{name}/" for name in names)
        self.rules.append((prefix, 0, parse_patterns(content)))

    def inner(self, folder: str, content: bytes) -> IgnoreRules:
        """These rules and those of a `.gitignore` in `folder` ("" or "a/b/")."""
        return IgnoreRules([*self.rules, ("", len(folder), parse_patterns(content))])

    def ignores(self, path: str) -> bool:
        """Whether a path relative to the root, folders with a slash at the end, is ignored."""
        for prefix, depth, spec in reversed(self.rules):
            decided = spec.check_file(prefix + path[depth:]).include
            if decided is not None:
                return decided
        return False
