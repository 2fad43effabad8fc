"""The keys of what findings depend on. They import little: a build asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterator

#: How the keys start of what depends on mentions: they are worked out only where there are some.
MENTION = b"u"


def name_key(name: bytes) -> bytes:
    """What findings depend on that depend on what is offered under a name."""
    return b"n" + name


def mention_key(name: bytes) -> bytes:
    """What findings depend on that depend on which documents mention a name."""
    return MENTION + name


def imports_key(path: str) -> bytes:
    """What findings depend on that depend on what a document imports."""
    return b"i" + os.fsencode(path)


def text_key(path: str) -> bytes:
    """What findings depend on that name places of a document."""
    return b"t" + os.fsencode(path)


def near_keys(name: bytes) -> list[bytes]:
    """What findings depend on that depend on which names near this one there are."""
    return [b"~" + rest for rest in rests(name)]


def rests(name: bytes) -> Iterator[bytes]:
    """What is left of a name without one letter, and all of it, capitals and hyphens apart.

    Two names one edit apart have one of these in common.
    """
    whole = folded(name)
    yield whole
    for at in range(len(whole)):
        if not at or whole[at] != whole[at - 1]:
            yield whole[:at] + whole[at + 1 :]


def folded(name: bytes) -> bytes:
    return name.lower().replace(b"-", b"").replace(b"_", b"")
