"""Cutting a large text into pieces that are parsed, cached and re-parsed by themselves (`cut.c`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from metta_index.indexer.languages import ALWAYS_WHOLE
from metta_index.indexer.languages.metta import _binding

#: Sizes of the pieces of a large text, in bytes: smallest, average, largest. One
#: piece is small enough that re-parsing it goes unnoticed, and large enough that
#: what is stored for each costs little.
PIECE_SIZES = (32 << 10, 64 << 10, ALWAYS_WHOLE)


class Damage(IntEnum):
    """What is wrong with a piece. The order is that of cut.c."""

    SOUND = 0
    UNCLOSED_PARENTHESIS = 1
    STRAY_PARENTHESIS = 2
    UNCLOSED_STRING = 3
    NUL_BYTE = 4


#: What more text could mend.
_OPEN = (Damage.UNCLOSED_PARENTHESIS, Damage.UNCLOSED_STRING)


def pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a text that comes in parts; one for all but large texts, none where there is no text.

    They are the same however the text is divided. As much of it is held as has to be seen
    before the next piece is known to end: some parts, or all where something is never closed.

    A top-level atom, with the `!` before it, is never divided. The cuts depend on
    the content around them only, so an edit changes the pieces it touches.
    """
    text = b""
    wanted = ALWAYS_WHOLE
    is_large = False
    for part in parts:
        text += part
        if len(text) <= wanted:
            continue
        is_large = True
        cuts = _cuts(text)
        known = [start for start in cuts.starts if not start or start < cuts.sure]
        for start, end in pairwise(known):
            yield text[start:end]
        rest = known[-1]
        text = text[rest:]
        # What did not suffice is doubled: otherwise an atom of many parts would be read again for each of them.
        wanted = 0 if rest else 2 * len(text)
    if text:
        starts = _cuts(text).starts if is_large or len(text) > ALWAYS_WHOLE else [0]
        for start, end in pairwise([*starts, len(text)]):
            yield text[start:end]


class _Cuts(NamedTuple):
    """Where pieces start, and up to where more text cannot change that."""

    starts: list[int]
    sure: int


def _cuts(text: bytes) -> _Cuts:
    starts: list[int] = []
    sure = before = 0
    is_sure = True
    follows_sound = follows_broken = False
    for start, end, damage, _where, _missing in _binding.cut(text, *PIECE_SIZES):
        # A broken atom is part of the piece before it, where parse() isolates it again; so is what comes after it,
        # as long as that is little: a text may be broken everywhere.
        is_small = follows_broken and end - starts[-1] <= PIECE_SIZES[1]
        if not ((damage and follows_sound) or is_small):
            starts.append(start)
        follows_sound, follows_broken = damage == Damage.SOUND, damage != Damage.SOUND
        if is_sure:
            # The last one goes on with the text, and one before damage would, were it mended.
            is_sure = damage not in _OPEN
            sure, before = (start, start) if is_sure else (before, before)
    return _Cuts(starts, sure)
