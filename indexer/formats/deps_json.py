"""The import graph as one JSON object."""

from __future__ import annotations

from typing import Any

from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.formats.imports import (
    cycle_object,
    diamond_object,
    duplicate_object,
    import_object,
    meaning_object,
    remarks_object,
)
from metta_index.indexer.linking.import_facts import counts
from metta_index.indexer.queries.import_view import ImportView


def deps_object(view: ImportView) -> dict[str, Any]:
    """All of a view: its documents and what they import, each import, and what is odd about them together."""
    facts = view.facts
    documents = set(view.documents)
    others = {path for record in view.records for path in (view.begins(record), view.ends(record))} - documents - {""}
    nodes = [{"path": display_path(path), "document": path in documents} for path in sorted(documents | others)]
    return {
        "schema": 1,
        "files": [] if view.is_whole else [display_path(path) for path in view.tops],
        "reverse": view.is_reverse,
        "nodes": nodes,
        "edges": [
            import_object(record) | meaning_object(record) | remarks_object(record, facts) for record in view.records
        ],
        "counts": counts(view.records),
        "cycles": [cycle_object(cycle, facts) for cycle in facts.cycles],
        "duplicates": [duplicate_object(found, facts) for found in facts.duplicates],
        "diamonds": [diamond_object(found, facts) for found in facts.diamonds(view.documents)],
        "self_imports": [
            {"path": display_path(record.path), "line": record.line, "column": record.column}
            for record in view.records
            if facts.remarks(record).self_import
        ],
    }
