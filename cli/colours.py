"""Colour on a terminal, and nowhere else."""

from __future__ import annotations

import os
import sys
from functools import cache

_CODES = {"path": "35", "kind": "36", "note": "2", "match": "1;31", "error": "31", "warning": "33"}


def paint(text: str, style: str) -> str:
    """Text in the colour of a style if stdout is a terminal; NO_COLOR, TERM=dumb and FORCE_COLOR are obeyed."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if _has_colour() else text


@cache
def _has_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout is not None and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
