"""What `metta-index search` does, apart from how its options are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metta_index.cli.colours import paint
from metta_index.cli.exits import one_of, say
from metta_index.cli.output import write_lines
from metta_index.cli.places import name_of
from metta_index.cli.refresh import answering, refresh
from metta_index.cli.session import open_session

if TYPE_CHECKING:
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.searching import Match

#: Names that are shown unless more are asked for.
SHOWN = 50


def run_search(
    pattern: str,
    *,
    mode: str = "auto",
    limit: int = SHOWN,
    builtins: bool = False,
    root: Path | None = None,
    output_format: str = "text",
    no_refresh: bool = False,
) -> int:
    """Shows names by a part of them, and gives the exit code. `limit` 0 shows all. Raises UsageError."""
    one_of("--format", output_format, "text", "json")
    one_of("--mode", mode, "auto", "substring", "prefix", "glob", "subsequence")
    with open_session(root) as session:
        refresh(session, not no_refresh)
        from metta_index.indexer.queries.index import Index
        from metta_index.indexer.queries.searching import Mode, search

        with answering(session):
            index = Index(session.index)
            found = search(index, name_of(pattern), Mode(mode), builtins)
            shown = found[:limit] if limit else found
            objects = [_object(index, match) for match in shown]
    if output_format == "json":
        write_lines((json.dumps(one, ensure_ascii=False) for one in objects), None)
    else:
        write_lines(_lines(objects), None)
    if len(shown) < len(found):
        say(f"{len(found) - len(shown):,} more; --limit 0 shows all {len(found):,}")
    elif not found:
        say(f"no name matches {pattern}; --mode subsequence finds letters that lie apart, --builtins the language's")
    return 0 if found else 1


def _object(index: Index, match: Match) -> dict[str, Any]:
    from metta_index.indexer.discovery.walk import display_path
    from metta_index.indexer.text.symbols import name_text

    symbols = index.definitions(match.name)
    return {
        "schema": 1,
        "name": name_text(match.name),
        "kinds": sorted({symbol.kind.name.lower() for symbol in symbols}) or ["builtin"],
        "arities": sorted({symbol.arity for symbol in symbols if symbol.arity is not None}),
        "paths": list(dict.fromkeys(display_path(symbol.path) for symbol in symbols)),
        "used_in": match.used,
        "builtin": match.is_builtin,
        "doc": next((symbol.doc for symbol in symbols if symbol.doc), None),
    }


def _lines(objects: list[dict[str, Any]]) -> Iterator[str]:
    for found in objects:
        arities = "".join(f"/{arity}" for arity in found["arities"])
        paths = found["paths"]
        where = ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
        yield f"{found['name']}{arities}  {paint(' '.join(found['kinds']), 'kind')}  {paint(where, 'path')}"
