"""What git tracks, read from its index without running git.

The format: gitformat-index(5), versions 2 to 4, hashes of 20 or 32 bytes. Entries are
sorted by path. In version 4, a path names only what differs from the path before it.
A split index keeps most entries in `sharedindex.*` beside it.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from metta_index.indexer.discovery.ignoring import read_regular

_HEAD_BYTES = 12
_STAT_BYTES = 40
_EXTENDED = 0x4000
_NAME_LENGTH = 0xFFF


def tracks(git_folder: Path, prefix: bytes) -> bool:
    """Whether the repository's index has a path that begins with the prefix.

    An index that is there but cannot be understood counts as yes where it may mention it.
    """
    try:
        files = [git_folder / "index", *git_folder.glob("sharedindex.*")]
    except OSError:
        files = [git_folder / "index"]
    return any(_mentions(data, prefix) for data in map(_read, files))


def _read(path: Path) -> bytes:
    try:
        return read_regular(path)  # a pipe in its place would keep us waiting
    except OSError:
        return b""


def _mentions(data: bytes, prefix: bytes) -> bool:
    if data[:4] != b"DIRC":
        return False
    # Whole paths stand in the file up to version 3; without the bytes, there is nothing to look for.
    is_whole = data[4:8] != b"\0\0\0\4"
    if is_whole and _fold(prefix) not in _fold(data):
        return False
    for hash_bytes in (20, 32):
        try:
            return _has(_paths(data, hash_bytes), prefix)
        except (ValueError, struct.error, IndexError):
            continue
    return True


def _has(paths: Iterator[bytes], prefix: bytes) -> bool:
    for path in paths:
        head = path[: len(prefix)]
        if _fold(head) == _fold(prefix):
            return True
        if head > prefix and _fold(b"A") == b"A":
            return False
    return False


def _fold(path: bytes) -> bytes:
    """Paths that are one on this system are equal after this; Linux tells capitals from small letters."""
    return path if sys.platform == "linux" else path.lower()


def _paths(data: bytes, hash_bytes: int) -> Iterator[bytes]:
    """The paths of an index. Raises ValueError, struct.error or IndexError for what is none."""
    version, count = struct.unpack_from(">II", data, 4)
    if version not in (2, 3, 4):
        raise ValueError(f"version {version}")
    at = _HEAD_BYTES
    path = b""
    for _ in range(count):
        start = at
        at += _STAT_BYTES + hash_bytes
        (flags,) = struct.unpack_from(">H", data, at)
        at += 4 if flags & _EXTENDED else 2
        kept = 0
        if version == 4:
            dropped, at = _number(data, at)
            kept = len(path) - dropped
        end = data.index(b"\0", at)
        path = path[:kept] + data[at:end]
        if kept < 0 or min(len(path), _NAME_LENGTH) != flags & _NAME_LENGTH:
            raise ValueError("not an entry")
        yield path
        at = end + 1 if version == 4 else start + (end - start + 8) // 8 * 8


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of variable width as git writes offsets, and where it ends."""
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
    return value, at + 1
