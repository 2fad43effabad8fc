"""The symbols of one document as objects and as a tree: its own, then those of each region in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from metta_index.indexer.formats.imports import import_object, meaning_object
from metta_index.indexer.formats.jsonl import (
    documented,
    fact_objects,
    region_objects,
    symbol_objects,
    syntax_errors,
    with_regions,
)
from metta_index.indexer.languages import load_language
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.text.occurrences import Piece


def outline_objects(
    path: str, language: str, parts: Sequence[Piece], imports: Sequence[ImportRecord], only: int | None
) -> Iterator[dict[str, Any]]:
    """Problems, imports and symbols of a document, then of each region after an object that tells of it.

    `only`: the number of the one region that is asked for.
    """
    docs = documented(parts)
    regions = {found["number"]: found for found in region_objects(parts)}
    placed = with_regions(path, parts, imports)
    own = [piece for piece in parts if piece.table.region is None]
    groups = [(0, own)] if only is None else []
    groups += [(place.number, [piece]) for piece in parts if (place := piece.table.region) is not None]
    for number, pieces in groups:
        if only not in (None, number):
            continue
        if number:
            start = pieces[0].position(regions[number]["start_byte"])
            at = {"dialect": pieces[0].table.dialect, "line": start.row + 1, "column": start.column + 1}
            yield {"type": "region", "path": path} | regions[number] | at
        for piece in pieces:
            # A language loads its parser, which a text without problems does not need.
            for problem in syntax_errors(load_language(language), piece) if piece.table.problems else ():
                yield {"type": "problem", "path": path} | problem
        for record, holder in placed:
            if holder == number:
                within = {"region": number} if number else {}
                yield {"type": "import"} | import_object(record) | meaning_object(record) | within
        for piece in pieces:
            yield from symbol_objects(path, piece, docs)
        yield from fact_objects(path, pieces)


def outline_text(path: str, language: str, dialect: str, objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Symbols as a tree: a name, then its type, documentation and clauses below it; regions below their host."""
    yield f"{path}  ({language}, {dialect})"
    groups: list[tuple[dict[str, Any] | None, list[dict[str, Any]]]] = [(None, [])]
    for found in objects:
        if found["type"] == "region":
            groups.append((found, []))
        else:
            groups[-1][1].append(found)
    for region, within in groups:
        indent = ""
        if region is not None:
            indent = "  "
            how = f"{region['detector']}, {region['confidence']}"
            yield f"  {path}#{region['language']}:{region['number']}  line {region['line']}, {how}"
        yield from (indent + line for line in _symbols_text(within))


def _symbols_text(objects: Sequence[dict[str, Any]]) -> Iterator[str]:
    for found in objects:
        if found["type"] == "problem":
            yield f"  ! {found['line']}:{found['column']} {found['code']}: {found['message']}"
        elif found["type"] == "import":
            inert = "  (does nothing without `!`)" if found["inert"] else ""
            leads = f" → {found['target']}" if found["target"] else f"  {found['status']}"
            yield f"  {found['form']} {found['module']}{leads}  line {found['line']}{inert}"
    symbols: dict[tuple[str, object], list[dict[str, Any]]] = {}
    for found in objects:
        if found["type"] == "symbol":
            symbols.setdefault((found["name"], found["arity"]), []).append(found)
    for (name, arity), group in symbols.items():
        yield from _outline_symbol(name, arity, group)


def _outline_symbol(name: str, arity: object, group: list[dict[str, Any]]) -> Iterator[str]:
    kinds = {found["kind"] for found in group}
    kind = group[0]["kind"] if len(kinds) == 1 else next(one for one in _KIND_ORDER if one in kinds)
    label = name if arity is None else f"{name}/{arity}"
    facts = sum(found.get("count", 0) for found in group)
    yield f"  {kind} {label}" + (f"  ({facts} {'fact' if facts == 1 else 'facts'})" if facts else "")
    for found in group:
        if found["role"] == "declaration":
            relation = "<" if found["subtype"] else ":"
            # A name that Rholang makes has no type, but it may have a URI.
            type_ = found["type_of"] or ("new" if found["kind"] == "name" else None)
            yield f"    {relation} {type_}  line {found['line']}"
    if group[0].get("doc"):
        yield f"    ; {' '.join(group[0]['doc'].split())}"
    for found in group:
        if found["role"] == "definition":
            dynamic = "  (while running)" if found["dynamic"] else ""
            yield f"    = {found['signature']}  line {found['line']}{dynamic}"


_KIND_ORDER = (
    "function",
    "contract",
    "agent",
    "method",
    "type",
    "constant",
    "space",
    "token",
    "name",
    "module",
    "symbol",
    "fact",
)
