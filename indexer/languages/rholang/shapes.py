"""Shapes: what is known of a value or asked by a pattern, as far as the text tells, and whether they can agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Anything:
    """A value that only a run would tell, or a pattern that takes every value of some sort."""


@dataclass(frozen=True, slots=True)
class Everything:
    """A wildcard, or a variable: a pattern that surely matches."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A value that is written out. `sort`: string, uri, boolean, nil, unit, or the type of a number."""

    sort: str
    value: str | int


@dataclass(frozen=True, slots=True)
class Sequenced:
    """A list or a tuple. `is_open`: it ends with a remainder, which takes what is left."""

    sort: str
    items: tuple[Shape, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Gathered:
    """A set, a path map, or the pairs of a map (as tuples): order means nothing."""

    sort: str
    items: tuple[Shape, ...]
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class OfType:
    """A simple type as a pattern, such as Int."""

    name: str


@dataclass(frozen=True, slots=True)
class Both:
    sides: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Either:
    sides: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Not:
    pattern: Shape


Shape = Anything | Everything | Ground | Sequenced | Gathered | OfType | Both | Either | Not

#: Larger sets and maps are compared by size only.
_MOST_ITEMS = 32

_TYPES = {"String": "string", "Uri": "uri", "Bool": "boolean"}
_NUMBER_TYPES = frozenset({"Int", "BigInt"})


def can_match(pattern: Shape, value: Shape) -> bool:
    """Whether a pattern may match a value: False only where the text alone rules it out."""
    if isinstance(value, (Anything, Everything)):
        return not (isinstance(pattern, Not) and isinstance(pattern.pattern, Everything))
    match pattern:
        case Both(sides):
            return all(can_match(side, value) for side in sides)
        case Either(sides):
            return any(can_match(side, value) for side in sides)
        case Not(inner):
            return not must_match(inner, value)
        case OfType(name):
            return _can_be(name, value)
        case Ground():
            return pattern == value
        case Sequenced(sort, items, is_open):
            return (
                isinstance(value, Sequenced)
                and value.sort == sort
                and (len(items) <= len(value.items) if is_open else len(items) == len(value.items))
                and all(map(can_match, items, value.items))
            )
        case Gathered():
            return isinstance(value, Gathered) and value.sort == pattern.sort and _can_gather(pattern, value)
    return True


def must_match(pattern: Shape, value: Shape) -> bool:
    """Whether a pattern matches a value for sure. (What a `~` before it would rule out.)"""
    match pattern:
        case Everything():
            return True
        case Ground():
            return pattern == value
        case OfType(name):
            return isinstance(value, Ground) and _TYPES.get(name) == value.sort
        case Both(sides):
            return all(must_match(side, value) for side in sides)
        case Either(sides):
            return any(must_match(side, value) for side in sides)
        case Not(inner):
            return not can_match(inner, value)
        case Sequenced(sort, items, is_open):
            return (
                isinstance(value, Sequenced)
                and value.sort == sort
                and (len(items) <= len(value.items) if is_open else len(items) == len(value.items))
                and all(map(must_match, items, value.items))
            )
    return False


def is_known(value: Shape) -> bool:
    """Whether everything of a value is written out."""
    if isinstance(value, (Sequenced, Gathered)):
        return all(map(is_known, value.items))
    return isinstance(value, Ground)


def _can_be(type_name: str, value: Shape) -> bool:
    if not isinstance(value, Ground):
        return False
    if type_name in _NUMBER_TYPES:
        return isinstance(value.value, int) and value.sort not in ("boolean", "nil", "unit")
    return _TYPES.get(type_name) == value.sort


def _can_gather(pattern: Gathered, value: Gathered) -> bool:
    """Whether each item asked for can be a value's item of its own, and none is left where none may be.

    Equal items are one. Which are equal is only known of what is written out, so
    the sizes are ranges.
    """
    wanted = tuple(dict.fromkeys(pattern.items))
    known = tuple(dict.fromkeys(filter(is_known, value.items)))
    given = (*known, *(item for item in value.items if not is_known(item)))
    keys = {item.items[0] for item in known if isinstance(item, Sequenced) and value.sort == "map"}
    is_exact = len(given) == len(known) and (value.sort != "map" or len(keys) == len(known))
    if len(wanted) > len(given):
        return False
    if not pattern.is_open and is_exact and len(given) > len(pattern.items):
        return False
    return len(given) > _MOST_ITEMS or _can_pair(wanted, given)


def _can_pair(wanted: Sequence[Shape], given: Sequence[Shape]) -> bool:
    """Whether each pattern gets a value of its own (augmenting paths, as in Kuhn's algorithm)."""
    taken: dict[int, int] = {}

    def place(index: int, tried: set[int]) -> bool:
        for place_, value in enumerate(given):
            if place_ not in tried and can_match(wanted[index], value):
                tried.add(place_)
                if place_ not in taken or place(taken[place_], tried):
                    taken[place_] = index
                    return True
        return False

    return all(place(index, set()) for index in range(len(wanted)))
