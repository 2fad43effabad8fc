"""Digests of content, and the keys under which results are cached."""

from __future__ import annotations

# hashlib would load OpenSSL first: as long as all else that the digest of one file takes.
from _blake2 import blake2b

__all__ = ["DIGEST_BYTES", "blake2b", "content_digest", "table_key", "tree_key"]

DIGEST_BYTES = 32


def content_digest(data: bytes) -> bytes:
    """A cryptographic digest: equal digests are taken for equal content, even in a shared cache."""
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def tree_key(language: str, tree_version: str, digest: bytes) -> str:
    """Key of the syntax tree of a text with this digest."""
    return f"tree:{_hash(language, tree_version, digest.hex())}"


def table_key(tree: str, table_version: str, dialect: str | None) -> str:
    """Key of the symbol table made from the tree with this key; None: the text decides its dialect."""
    return f"table:{_hash(tree, table_version, dialect or '')}"


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=20).hexdigest()
