"""When two names are so near each other that one is probably meant for the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from metta_index.indexer.rules.keys import folded, rests


def is_near(one: bytes, other: bytes) -> bool:
    """Whether one edit lies between two names, or only the case of letters: a letter more, less, other, or two swapped.

    Names that differ in a digit, in a letter at the end (`$xs`, `$x'`) or at the start are as often meant to differ.
    """
    if one == other or min(len(one), len(other)) < 4:
        return False
    if one.lower() == other.lower():
        return True
    first = 0
    while first < min(len(one), len(other)) and one[first] == other[first]:
        first += 1
    last = 0
    while last < min(len(one), len(other)) - first and one[-1 - last] == other[-1 - last]:
        last += 1
    left, right = one[first : len(one) - last], other[first : len(other) - last]
    if len(left) == len(right) == 2 and left == right[::-1]:
        return first > 0
    if first <= 1 or not last or any(byte in b"0123456789-_'.:" for byte in left + right):
        return False
    return len(left) <= 1 and len(right) <= 1


class Offered(Protocol):
    """The names that some document offers, to be looked for by their parts."""

    def between(self, start: bytes, end: bytes) -> Iterable[bytes]:
        """Those that start and end so."""

    def spelt(self, whole: bytes) -> Iterable[bytes]:
        """Those that are so without hyphens and capitals (`keys.folded`)."""


def near_names(name: bytes, offered: Offered) -> list[bytes]:
    """The names near one, sorted: as `NearNames` gives them, which pays for who asks for more than a few.

    One edit leaves what is before or after the middle as it is; only two letters that
    are swapped may lie across it, or be the second and the third.
    """
    half = max(2, len(name) // 2)
    found = {*offered.between(name[:half], b""), *offered.between(name[:2], name[half:])}
    for at in (1, half - 1):
        swapped = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
        found.update(other for other in offered.between(swapped, b"") if other == swapped)
    found.update(offered.spelt(folded(name)))
    return _sorted_near(name, found)


def _sorted_near(name: bytes, others: Iterable[bytes]) -> list[bytes]:
    return sorted(other for other in others if is_near(name, other) or _is_spelt_alike(name, other))


class NearNames:
    """Names by all that is left of them without one letter: two names one edit apart have such a rest in common."""

    def __init__(self, names: Iterable[bytes]) -> None:
        self._by_rest: dict[bytes, list[bytes]] = defaultdict(list)
        for name in names:
            for rest in rests(name):
                self._by_rest[rest].append(name)

    def of(self, name: bytes) -> list[bytes]:
        found = {other for rest in rests(name) for other in self._by_rest.get(rest, ())}
        return _sorted_near(name, found)


def _is_spelt_alike(one: bytes, other: bytes) -> bool:
    """Whether two names differ in hyphens and capitals only, as `parseFile` and `parse-file` do."""
    return one[:1] == other[:1] and one != other and len(one) > 3 and folded(one) == folded(other)
