"""When two names are so near each other that one is probably meant for the other."""

from __future__ import annotations


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
    if first <= 1 or not last or any(byte in b"0123456789-_'" for byte in left + right):
        return False
    return len(left) <= 1 and len(right) <= 1
