"""Tables of large files of facts: facts by head and number of arguments, without what stands inside them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from typing import TypeVar

import msgspec.structs

from metta_index.indexer import _columns
from metta_index.indexer.text.occurrences import numbers
from metta_index.indexer.text.symbols import Definition, Documentation, FactHead, SymbolTable, TopKind


def with_heads_only(table: SymbolTable) -> SymbolTable:
    """The table without what stands inside its facts.

    Of the facts with one head and number of arguments stays where the first is, and how
    many there are. All else, and where lines start, is as before.
    """
    starts, ends = numbers(table.top_starts), numbers(table.top_ends)
    firsts = {fact.first_start for fact in table.facts}
    tops = [row for row, kind in enumerate(table.top_kinds) if kind != TopKind.FACT or starts[row] in firsts]
    rows = _rows_outside_facts(table, starts, ends)
    names = numbers(table.occurrence_names)
    top_names = numbers(table.top_names)
    used = {names[row] for row in rows}
    used.update(top_names[row] - 1 for row in tops if top_names[row])
    for some in (table.definitions, table.documentation, table.facts):
        used.update(one.name for one in some)
    used.update(chain.from_iterable(one.parameters for one in table.lambdas))
    kept = sorted(used)
    number = {old: new for new, old in enumerate(kept)}
    return msgspec.structs.replace(
        table,
        names=tuple(table.names[old] for old in kept),
        definitions=_renamed(table.definitions, number),
        documentation=_renamed(table.documentation, number),
        facts=_renamed(table.facts, number),
        lambdas=tuple(
            msgspec.structs.replace(one, parameters=tuple(number[parameter] for parameter in one.parameters))
            for one in table.lambdas
        ),
        occurrence_names=_packed(number[names[row]] for row in rows),
        occurrence_starts=_at(table.occurrence_starts, rows),
        occurrence_roles=bytes(table.occurrence_roles[row] for row in rows),
        occurrence_arguments=_at(table.occurrence_arguments, rows),
        occurrence_widths=_at(table.occurrence_widths, rows) if table.occurrence_widths else b"",
        top_starts=_packed(starts[row] for row in tops),
        top_ends=_packed(ends[row] for row in tops),
        top_kinds=bytes(table.top_kinds[row] for row in tops),
        top_names=_packed(number[top_names[row] - 1] + 1 if top_names[row] else 0 for row in tops),
        heads_only=True,
    )


def without_symbols(table: SymbolTable) -> SymbolTable:
    """The table of facts as one of a text in which nothing stands; where lines start is as before."""
    nothing = {"names": (), "facts": (), "lambdas": ()}
    columns = ("occurrence_names", "occurrence_starts", "occurrence_roles", "occurrence_arguments", "occurrence_widths")
    tops = ("top_starts", "top_ends", "top_kinds", "top_names")
    return msgspec.structs.replace(table, **nothing, **dict.fromkeys((*columns, *tops), b""))


def _rows_outside_facts(table: SymbolTable, starts: array[int], ends: array[int]) -> list[int]:
    places = numbers(table.occurrence_starts)
    rows: list[int] = []
    at = 0
    # Facts mostly follow each other: between them is nothing, so they are passed over together.
    for is_fact, run in groupby(range(len(starts)), lambda top: table.top_kinds[top] == TopKind.FACT):
        if is_fact:
            tops = list(run)
            first = bisect_left(places, starts[tops[0]], at)
            rows += range(at, first)
            at = bisect_left(places, ends[tops[-1]], first)
    rows += range(at, len(places))
    return rows


_Named = TypeVar("_Named", Definition, Documentation, FactHead)


def _renamed(some: tuple[_Named, ...], number: Mapping[int, int]) -> tuple[_Named, ...]:
    return tuple(msgspec.structs.replace(one, name=number[one.name]) for one in some)


def _at(column: bytes, rows: list[int]) -> bytes:
    values = numbers(column)
    return _packed(values[row] for row in rows)


def _packed(values: Iterable[int]) -> bytes:
    return _columns.pack_column(array("I", values))
