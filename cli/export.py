"""`metta-index export`: the whole index for other programs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from metta_index.cache.database import IndexDatabase
from metta_index.cli.exits import UsageError
from metta_index.cli.options import NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_lines
from metta_index.cli.refresh import refresh, whole_index
from metta_index.cli.session import open_session
from metta_index.indexer.discovery import display_path
from metta_index.indexer.languages import load_language


def export_command(
    output_format: Annotated[str, typer.Argument(help="jsonl: the canonical form of the index.", metavar="FORMAT")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, written whole or not at all. Default: stdout."),
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
) -> int:
    """Write the index out: documents, imports, symbols and occurrences, one JSON object a line.

    The same workspace gives the same bytes, however its index came to be.

    Examples:

      metta-index export jsonl --output index.jsonl

      metta-index export jsonl | jq -r 'select(.type == "symbol") | .name'
    """
    if output_format != "jsonl":
        raise UsageError(f"cannot export {output_format!r}; the format there is: jsonl")
    with open_session(root, use_cache=not no_cache) as session:
        code = refresh(session, not no_refresh)
        with whole_index(session), closing(index_lines(session.index)) as lines:
            write_lines(lines, output)
    return code


def index_lines(index: IndexDatabase) -> Generator[str, None, None]:
    """Every line of the export. Raises sqlite3.Error, DamagedIndexError, DecodeError."""
    from metta_index.indexer.formats.jsonl import document_lines
    from metta_index.indexer.symbols import decode_table

    with index.snapshot():
        for document in index.documents():
            yield from document_lines(
                display_path(document.path),
                document.language,
                load_language(document.language),
                document.dialect,
                document.digest,
                [decode_table(data) for data in index.tables(document)],
            )
