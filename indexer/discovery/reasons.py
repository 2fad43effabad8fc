"""Why one path is part of a workspace, or is not: what a walk found of it, and the pattern that decided."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import NamedTuple

from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.ignoring import GITIGNORE, GitHome, Ignores, is_repository
from metta_index.indexer.discovery.outside import discover_with_roots
from metta_index.indexer.discovery.patterns import Patterns, byte_text


class PatternPlace(NamedTuple):
    """The line of a file of patterns that decided. `file`: relative to the root of the walk, or absolute."""

    file: str
    line: int
    pattern: str


class Verdict(NamedTuple):
    """Whether a walk takes a path.

    `reason`: why not, "" where it does. `at`: the path that was refused, a folder above it with a slash at the end.
    `decided_by`: the pattern that did, in a file of git's patterns. `setting`: the one that did, "exclude" or
    "include"; `position`: which of its patterns, from 0; None where it is that none matches.
    """

    is_taken: bool
    reason: str = ""
    at: str = ""
    decided_by: PatternPlace | None = None
    setting: str = ""
    position: int | None = None


def verdict_on(root: Path, path: str, settings: Settings, git_home: GitHome | None = None) -> Verdict:
    """What a walk over the workspace makes of a path, as the index names it. Walks all of it, as a build does."""
    found = discover_with_roots(root, settings, b"")[0]
    if path in found.files:
        return Verdict(True)
    reasons = {one.path: one.reason for one in found.skipped}
    reasons |= {one.path: one.message for one in found.problems}
    for at in (*_folders_above(path), path):
        reason = reasons.get(at) or reasons.get(at.rstrip("/"))
        if reason is not None:
            return _explained(root, at, reason, settings, git_home or GitHome.from_environment())
    if not path.endswith(settings.endings()):
        return Verdict(False, f"ends in none of {', '.join(settings.endings())}", path)
    return Verdict(False, "the walk did not meet it", path)


def _folders_above(path: str) -> list[str]:
    """The folders that a path is in, from the outermost, each with a slash at its end."""
    parts = path.split("/")
    return ["/".join(parts[:count]) + "/" for count in range(1, len(parts))]


def _explained(root: Path, at: str, reason: str, settings: Settings, git_home: GitHome) -> Verdict:
    """The verdict on a path that the walk refused, with the pattern that did."""
    roots = settings.outside_roots()
    holding = max((name for name in roots if at.startswith(name.rstrip("/") + "/")), key=len, default=None)
    inner = at
    if holding is not None:
        root, inner = Path(os.path.normpath(root / holding)), at[len(holding.rstrip("/")) + 1 :]
        settings = settings.within(holding)
    seen, is_folder = byte_text(settings.prefix + inner.rstrip("/")), inner.endswith("/")
    if reason == "excluded by the configuration":
        rule = _patterns(settings.exclude).deciding(seen, is_folder)
        return Verdict(False, reason, at, None, "exclude", rule.line - 1 if rule else None)
    if reason == "not included by the configuration":
        return Verdict(False, reason, at, None, "include")
    if reason == "ignored by git":
        return Verdict(False, reason, at, _git_pattern(root, inner, git_home))
    return Verdict(False, reason, at)


def _patterns(lines: tuple[str, ...]) -> Patterns:
    return Patterns("\n".join(lines).encode("utf-8", "surrogateescape"))


def _git_pattern(root: Path, path: str, git_home: GitHome) -> PatternPlace | None:
    """The line by which git ignores a path below the root."""
    ignores = Ignores(root, git_home, None)
    ignores.enter_root()
    folder = ""
    for folder in ("", *_folders_above(path.rstrip("/"))):
        if folder and is_repository(root / folder):
            ignores.enter_repository(folder)
        if os.path.lexists(root / folder / GITIGNORE):
            try:
                ignores.add_gitignore(folder)
            except OSError:  # as good as empty
                continue
    decided = ignores.deciding(path, folder)
    if decided is None:
        return None
    source, rule = decided
    return PatternPlace(posixpath.normpath(source), rule.line, rule.text)
