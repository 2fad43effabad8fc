"""What commands that answer several queries share: each is asked of one moment of an index that is up to date."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from metta_index.cli.exits import one_of, say
from metta_index.cli.output import write_lines
from metta_index.cli.places import name_of, start_of
from metta_index.cli.refresh import answering, refresh, what_is_left_out
from metta_index.cli.session import Session, open_session
from metta_index.cli.source_lines import SourceLines

if TYPE_CHECKING:
    from metta_index.indexer.queries.index import Index

_Found = TypeVar("_Found")


def answer_each(
    queries: list[str],
    root: Path | None,
    output_format: str,
    no_refresh: bool,
    ask: Callable[[Session, Index, str], Sequence[_Found]],
    none_found: Callable[[Session, Index, str], str],
    lines: Callable[[str, Sequence[_Found], SourceLines], Iterable[str]],
    as_object: Callable[[str, _Found], dict[str, Any]],
    are_uses: bool = False,
) -> int:
    """Asks each query, and writes what comes back, for people as `lines`, for programs as one object a line.

    `are_uses`: it is asked where names are used, so files of which not all names are indexed are named.

    The exit code: 1 where nothing comes back for some, of which `none_found` says why, or a
    file could not be indexed. Raises UsageError.
    """
    one_of("--format", output_format, "text", "json")
    with open_session(root, start=start_of(queries)) as session:
        code = refresh(session, not no_refresh)
        from metta_index.indexer.queries.index import Index

        with answering(session):
            index = Index(session.index)
            asked = [(query, ask(session, index, query)) for query in queries]
            left_out = what_is_left_out(session) if are_uses else ""
            messages = {query: none_found(session, index, query) for query, found in asked if not found}
        sources = SourceLines(session.root)
        for query, found in asked:
            if not found:
                say(messages[query])
                code = 1
            elif output_format == "json":
                write_lines((json.dumps(as_object(query, one), ensure_ascii=False) for one in found), None)
            else:
                write_lines(lines(query, found, sources), None)
    if left_out:
        say(left_out)
    return code


def unknown(query: str) -> str:
    """What is said of a name that the index does not know."""
    from metta_index.indexer.text.symbols import name_text

    return f"nothing is known of {name_text(name_of(query))}; `metta-index search` finds names that are like it"
