"""Imports and what is odd about them, as JSON objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.linking.import_diamonds import Diamond
from metta_index.indexer.linking.import_facts import ImportFacts
from metta_index.indexer.linking.import_graph import Cycle, Duplicate, Edge
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.text.symbols import Flag


def import_object(record: ImportRecord) -> dict[str, Any]:
    """An import as it is written. Lines and columns are those of the module's name."""
    return {
        "path": display_path(record.path),
        "form": record.form,
        "module": record.module,
        "into": record.into or None,
        "inert": record.is_inert,
        "dynamic": bool(record.flags & Flag.DYNAMIC),
        "start_byte": record.start_byte,
        "end_byte": record.end_byte,
        "line": record.line,
        "column": record.column,
    }


def meaning_object(record: ImportRecord) -> dict[str, Any]:
    """What an import means: null and nothing else where it is not linked yet.

    `candidates`: all files that fit, the target first, if there are several.
    """
    resolution = record.resolution
    if resolution is None:
        return {"target": None, "status": None, "way": None, "candidates": [], "reason": None}
    candidates = [display_path(target.path) for target in resolution.candidates]
    return {
        "target": display_path(resolution.target) if resolution.target else None,
        "status": str(resolution.status),
        "way": str(resolution.way) or None,
        "candidates": candidates if len(candidates) > 1 else [],
        "reason": resolution.reason,
    }


def remarks_object(record: ImportRecord, facts: ImportFacts) -> dict[str, Any]:
    return facts.remarks(record)._asdict()


def cycle_object(cycle: Cycle, facts: ImportFacts) -> dict[str, Any]:
    """A circle, told at its least document."""
    paths = [display_path(path) for path in cycle.paths]
    return {"path": paths[0], "paths": paths, "imports": _places(cycle.edges, facts)}


def duplicate_object(duplicate: Duplicate, facts: ImportFacts) -> dict[str, Any]:
    return {
        "path": display_path(duplicate.source),
        "target": display_path(duplicate.target),
        "into": duplicate.space,
        "modules": list(duplicate.names),
        "imports": _places(duplicate.edges, facts),
    }


def diamond_object(diamond: Diamond, facts: ImportFacts) -> dict[str, Any]:
    """A diamond, told at the document in which its ways part; `imports` are the ends of these ways."""
    return {
        "path": display_path(diamond.top),
        "target": display_path(diamond.target),
        "into": diamond.space,
        "imports": _places(diamond.imports, facts),
    }


def import_fact_objects(path: str, facts: ImportFacts) -> Iterator[dict[str, Any]]:
    """The circles, duplicates and diamonds that are told at a document."""
    for cycle in facts.cycles_of(path):
        yield {"fact": "cycle"} | cycle_object(cycle, facts)
    for duplicate in facts.duplicates_of(path):
        yield {"fact": "duplicate"} | duplicate_object(duplicate, facts)
    for diamond in facts.diamonds_of(path):
        yield {"fact": "diamond"} | diamond_object(diamond, facts)


def _places(edges: tuple[Edge, ...], facts: ImportFacts) -> list[dict[str, Any]]:
    places = []
    for edge in edges:
        record = facts.record(edge)
        places.append({"path": display_path(record.path), "line": record.line, "column": record.column})
    return places
