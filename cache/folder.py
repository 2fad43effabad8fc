"""Where a workspace keeps its index: `ROOT/.metta-index`, unless a stranger could have put it there.

A folder that came with a checkout could hold a verdict of its author's choice. It is
used only where its owner is the one who runs this, nobody else may enter it (which is
how it is made, and not how git, tar or an editor makes folders) and git knows nothing
of it. Otherwise the index is kept in a private folder, or in memory.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from metta_index.cache.git_index import tracks
from metta_index.indexer.discovery.ignoring import read_regular
from metta_index.indexer.text.digest import blake2b

NAME = ".metta-index"
_CACHE = "cache"
_DATABASE = "index.db"
_FILES = {
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Made by metta-index. For this tag see https://bford.info/cachedir/\n",
    ".gitignore": "*\n",
}


class IndexFolder(NamedTuple):
    """Where the parts of an index lie; None: in memory, or nowhere. `reason`: why not in the workspace."""

    path: Path | None
    cache: Path | None
    database: Path | None
    reason: str = ""


def prepare_folder(root: Path, *, warn: Callable[[str], None], wanted: Path | None = None) -> IndexFolder:
    """Makes or accepts the folder of a workspace; with a warning, another one where it cannot be used.

    `wanted`: where the cache is to be instead. Raises nothing for what is on the disk.
    """
    inside = root / NAME
    is_tracked = _is_tracked(root)
    reason = "git tracks files under it" if is_tracked else _prepare(inside)
    if not reason:
        return _folder(inside, wanted, "")
    reason = f"{inside} is not used: {reason}"
    advice = ""
    if is_tracked:
        advice = f". To use it, take it out of git: git rm -r --cached {NAME}"
    elif os.path.lexists(inside):
        advice = ". If it is yours, delete it: it is made anew"
    private = _private_folder(root)
    obstacle = "there is no home folder to write to" if private is None else _prepare(private)
    if private is None or obstacle:
        elsewhere = f"{private}: {obstacle}" if private else obstacle
        warn(f"{reason}. The index lives in memory for this run, since there is no other place ({elsewhere}){advice}")
        return _folder(None, wanted, reason)
    warn(f"{reason}. The index is kept in {private} instead{advice}")
    return _folder(private, wanted, reason)


def _folder(path: Path | None, wanted: Path | None, reason: str) -> IndexFolder:
    if path is None:
        return IndexFolder(None, wanted, None, reason)
    return IndexFolder(path, wanted or path / _CACHE, path / _DATABASE, reason)


def _prepare(folder: Path) -> str:
    """Makes a folder, or looks at the one that is there; why it cannot be used, or nothing."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except OSError as error:
        return f"it cannot be made ({error.strerror or error})"
    try:
        return _refusal(folder) or _write_files(folder)
    except OSError as error:
        return f"it cannot be used ({error.strerror or error})"


def _refusal(folder: Path) -> str:
    status = folder.lstat()
    if stat.S_ISLNK(status.st_mode):
        return "it is a symbolic link"
    if not stat.S_ISDIR(status.st_mode):
        return "it is not a folder"
    # Windows has neither; what it has instead is inherited from the folder above.
    if os.name == "posix":
        if status.st_uid != os.geteuid():
            return "it belongs to another user"
        if status.st_mode & 0o077:
            return f"others may enter it (mode {stat.S_IMODE(status.st_mode):03o} instead of 700)"
    if not os.access(folder, os.W_OK | os.X_OK):
        return "it cannot be written"
    for name in (_CACHE, _DATABASE, *_FILES):
        if (folder / name).is_symlink():
            return f"its {name} is a symbolic link"
    return ""


def _write_files(folder: Path) -> str:
    for name, text in _FILES.items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
    return ""


def _private_folder(root: Path) -> Path | None:
    """A folder of the user's for this root, its parents made; None without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        # The specification: a path that is not absolute is to be ignored.
        parent = (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "metta-index"
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return None
    return parent / blake2b(os.fsencode(os.path.realpath(root)), digest_size=16).hexdigest()


def _is_tracked(root: Path) -> bool:
    """Whether the git repository that the root lies in tracks anything under the folder."""
    resolved = Path(os.path.realpath(root))
    for parent in (resolved, *resolved.parents):
        index = _git_folder(parent / ".git")
        if index is not None:
            prefix = os.fsencode(resolved.relative_to(parent) / NAME) + b"/"
            return tracks(index, prefix.replace(os.fsencode(os.sep), b"/"))
    return False


def _git_folder(dot_git: Path) -> Path | None:
    """What `.git` stands for: a folder, or the one that a file names (worktrees, submodules)."""
    try:
        if dot_git.is_dir():
            return dot_git
        name = read_regular(dot_git).removeprefix(b"gitdir: ").rstrip(b"\r\n")
    except OSError:
        return None
    return dot_git.parent / os.fsdecode(name)
