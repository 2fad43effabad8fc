"""Searching names: by substring, prefix, glob or subsequence, the best match first."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from metta_index.indexer.queries.index import Index, name_bytes
from metta_index.indexer.text.symbols import name_text

_PARTS = re.compile(rb"[^0-9A-Za-z\x80-\xff]+")


class Mode(StrEnum):
    """How a pattern is meant."""

    AUTO = "auto"  # a glob if it holds * or ?, else a substring
    SUBSTRING = "substring"
    PREFIX = "prefix"
    GLOB = "glob"
    SUBSEQUENCE = "subsequence"


class Match(NamedTuple):
    """A name that matches. `rank`: 0 is the same name; the lower, the nearer to the pattern.

    `defined`, `used`: how many documents offer and mention it; 0 for a builtin that
    no document defines.
    """

    name: bytes
    rank: int
    defined: int
    used: int
    is_builtin: bool

    @property
    def text(self) -> str:
        """The name as text."""
        return name_text(self.name)


def search(index: Index, pattern: bytes | str, mode: Mode = Mode.AUTO, with_builtins: bool = False) -> list[Match]:
    """The names that match a pattern, the nearest first, then the most used.

    Capital letters matter only where the pattern has one. Letters that are not ASCII
    are compared as they are.
    """
    pattern = name_bytes(pattern)
    if mode is Mode.AUTO:
        mode = Mode.GLOB if b"*" in pattern or b"?" in pattern else Mode.SUBSTRING
    rank_of = _ranking(pattern, mode)
    builtins = _builtins(index) if with_builtins else frozenset()
    found: dict[bytes, Match] = {}
    ranks: dict[bytes, int] = {}

    def is_wanted(name: bytes) -> bool:
        rank = rank_of(name)
        if rank is not None:
            ranks[name] = rank
        return rank is not None

    for name, defined, used in index.reader.names(is_wanted, _part(pattern, mode), _is_folded(pattern)):
        found[name] = Match(name, ranks[name], defined, used, name in builtins)
    for name in builtins - found.keys():
        rank = rank_of(name)
        if rank is not None:
            found[name] = Match(name, rank, 0, 0, True)
    return sorted(found.values(), key=lambda match: (match.rank, -match.used, len(match.name), match.name))


def _builtins(index: Index) -> frozenset[bytes]:
    from metta_index.indexer.languages.metta.builtins import names

    return frozenset(name for dialect in index.reader.dialects() for name in names(dialect))


def _is_folded(pattern: bytes) -> bool:
    return pattern == pattern.lower()


def _part(pattern: bytes, mode: Mode) -> bytes:
    """What every name holds that matches, capital letters apart."""
    if mode is Mode.GLOB:
        return max(re.split(rb"[*?]+", pattern), key=len)
    return pattern[:1] if mode is Mode.SUBSEQUENCE else pattern


def _ranking(pattern: bytes, mode: Mode) -> Callable[[bytes], int | None]:
    is_folded = _is_folded(pattern)
    if mode is Mode.GLOB:
        glob = re.compile(
            b"".join({b"*": b".*", b"?": b"."}.get(one, re.escape(one)) for one in re.findall(rb".", pattern, re.S)),
            re.S | (re.I if is_folded else 0),
        )
        return lambda name: 0 if glob.fullmatch(name) else None
    if mode is Mode.SUBSEQUENCE:
        parts = (re.escape(one) for one in re.findall(rb".", pattern, re.S))
        letters = re.compile(b".*?".join(parts), re.S | (re.I if is_folded else 0))

        def spread(name: bytes) -> int | None:
            """How many letters lie between those of the pattern."""
            match = letters.search(name)
            return match.end() - match.start() - len(pattern) if match else None

        return spread

    def rank(name: bytes) -> int | None:
        """0: the name itself; 1: its start; 2: the start of a part of it; 3: anywhere in it."""
        text = name.lower() if is_folded else name
        if text == pattern:
            return 0
        if text.startswith(pattern):
            return 1
        if mode is Mode.PREFIX or pattern not in text:
            return None
        return 2 if any(part.startswith(pattern) for part in _PARTS.split(text)) else 3

    return rank
