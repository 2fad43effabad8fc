"""The keys of what findings depend on. They import little: a build asks for them."""

from __future__ import annotations

import os

#: What findings depend on that depend on which names there are at all.
ANY_NAME = b"*"


def name_key(name: bytes) -> bytes:
    """What findings depend on that depend on what is offered under a name."""
    return b"n" + name


def imports_key(path: str) -> bytes:
    """What findings depend on that depend on what a document imports."""
    return b"i" + os.fsencode(path)


def text_key(path: str) -> bytes:
    """What findings depend on that name places of a document."""
    return b"t" + os.fsencode(path)
