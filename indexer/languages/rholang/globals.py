"""Which names mean the same in every file, and which belong to the one they stand in. Imports no tree-sitter."""

from __future__ import annotations

import re

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"|`[^`]*`', re.DOTALL)
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_']*")
_GROUND_WORDS = frozenset({b"Nil", b"true", b"false", b"Set"})
_URI = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:")


def is_private(name: bytes) -> bool:
    """Whether a name means something only where it is bound: all but URIs and quoted values without variables."""
    if name.startswith(b"@"):
        return not all(word in _GROUND_WORDS for word in _WORD.findall(_STRING.sub(b"", name)))
    return _URI.match(name) is None
