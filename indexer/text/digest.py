"""Content of files, its digests, and the keys under which results are cached."""

from __future__ import annotations

import os

# hashlib would load OpenSSL first: as long as all else that the digest of one file takes.
from _blake2 import blake2b

__all__ = ["DIGEST_BYTES", "blake2b", "content_digest", "read_part", "table_key", "tree_key"]

DIGEST_BYTES = 32
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0)


def read_part(path: str, start: int, size: int, spare: int = 0) -> bytes:
    """The bytes [start, start + size) of a file, as far as it goes. Raises OSError.

    `spare`: so many at the end are not asked for twice: the first answer is taken to end with the file.
    Half the time of a file object, which asks for much that is of no use here: there
    may be thousands of small files.
    """
    handle = os.open(path, _OPEN_FLAGS)
    try:
        if start:
            os.lseek(handle, start, os.SEEK_SET)
        parts: list[bytes] = []
        while (size > spare or not parts) and (part := os.read(handle, size)):
            parts.append(part)
            size -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(handle)


def content_digest(data: bytes) -> bytes:
    """A cryptographic digest: equal digests are taken for equal content, even in a shared cache."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def tree_key(language: str, tree_version: str, digest: bytes) -> str:
    """Key of the syntax tree of a text with this digest."""
    return f"tree:{_hash(language, tree_version, digest.hex())}"


def table_key(tree: str, table_version: str, dialect: str | None, heads_only: bool = False) -> str:
    """Key of the symbol table made from the tree with this key; None: the text decides its dialect.

    `heads_only`: what stands inside facts is left out of it.
    """
    return f"table:{_hash(tree, table_version, dialect or '', 'heads only' if heads_only else '')}"


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=20).hexdigest()
