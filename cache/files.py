"""The folder that a store lies in: made for its owner alone, measured, set aside whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

DATABASE = "cache.db"

#: Where SQLite says which versions may write and read the file, and what it says there.
_FORMAT = slice(18, 20)
_FORMATS = (b"", b"\1\1", b"\2\2")


class RefusedError(Exception):
    """What lies there is nothing that the store wrote."""


def make_folder(folder: Path) -> None:
    """Makes the folder of a store. Raises OSError, and RefusedError for what is no folder."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise RefusedError(f"{folder.name} is not a folder") from None


def check_files(folder: Path) -> None:
    """Raises RefusedError where SQLite would follow a link out of the folder, or take damage for a lack of rights.

    A database of a later format is one that SQLite only reads: with a flipped bit
    there, the cache would never be written again. Raises OSError.
    """
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal"):
        file = folder / name
        if os.path.lexists(file) and not stat.S_ISREG(file.lstat().st_mode):
            raise RefusedError(f"{name} is not a regular file")
    try:
        with (folder / DATABASE).open("rb") as database:
            head = database.read(_FORMAT.stop)
    except FileNotFoundError:
        return
    if head[_FORMAT] not in _FORMATS:
        raise RefusedError("it is in no known format")


def identity(folder: Path) -> tuple[int, int] | None:
    """Which database lies in a folder now; None without one."""
    try:
        found = (folder / DATABASE).lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def aside_of(folder: Path) -> Path:
    """Where a damaged store is set aside: beside it, one at most."""
    return folder.with_name(folder.name + ".bad")


def set_aside(folder: Path) -> Path:
    """Moves a store to `aside_of`, in place of what was there. Raises OSError."""
    aside = aside_of(folder)
    remove(aside)
    folder.rename(aside)
    return aside


def remove(path: Path) -> None:
    """Removes a folder and all in it; of a link, the link. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        import shutil

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder; 0 without one."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                total += entry.stat(follow_symlinks=False).st_size
    except OSError:
        return total
    return total
