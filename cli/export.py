"""`metta-index export`: the whole index for other programs."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metta_index.cache.database import IndexDatabase
from metta_index.cli import VERSION
from metta_index.cli.exits import UsageError, say
from metta_index.cli.options import NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import is_special, write_encoded_lines, write_lines
from metta_index.cli.refresh import refresh, what_is_left_out, whole_index
from metta_index.cli.session import Session, open_session
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.languages import load_language

if TYPE_CHECKING:
    from metta_index.indexer.formats.ctags_file import TagsFile
    from metta_index.indexer.linking.imports import ImportRecord

FORMATS = ("jsonl", "ctags")


def export_command(
    output_format: Annotated[
        str, typer.Argument(help="jsonl: the canonical form of the index. ctags: a tags file.", metavar="FORMAT")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="A file, written whole or not at all. Default: stdout."),
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
) -> int:
    """Write the index out, for other programs and for editors.

    jsonl: documents, imports, symbols and occurrences, one JSON object a line.
    ctags: a tags file as Universal Ctags writes it, for Vim, Emacs (Citre) and
    readtags; its paths lead from the folder it is written to, or from the root.
    The same workspace gives the same bytes, however its index came to be.

    Examples:

      metta-index export ctags --output tags

      metta-index export jsonl --output index.jsonl

      metta-index export jsonl | jq -r 'select(.type == "symbol") | .name'
    """
    if output_format not in FORMATS:
        raise UsageError(f"cannot export {output_format!r}; the formats there are: {', '.join(FORMATS)}")
    with open_session(root, use_cache=not no_cache) as session:
        code = refresh(session, not no_refresh)
        with whole_index(session):
            left_out = what_is_left_out(session)
        if output_format == "ctags":
            with whole_index(session):
                tags = tags_file(session, _folder_of(output) or session.root)
            write_encoded_lines(tags.lines, output)
        else:
            with whole_index(session), closing(index_lines(session.index)) as lines:
                write_lines(lines, output)
    if left_out:
        say(left_out)
    return code


def index_lines(index: IndexDatabase) -> Generator[str, None, None]:
    """Every line of the export. Raises sqlite3.Error, DamagedIndexError, DecodeError."""
    from metta_index.indexer.formats.jsonl import document_lines
    from metta_index.indexer.linking.import_facts import ImportFacts
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.targets import Targets
    from metta_index.indexer.text.symbols import decode_table

    with index.snapshot():
        targets = Targets(Index(index))
        records = index.all_imports()
        facts = ImportFacts(records)
        imports: dict[str, list[ImportRecord]] = {}
        for record in records:
            imports.setdefault(record.path, []).append(record)
        for document in index.documents():
            tables = [decode_table(data) for data in index.tables(document)]
            names: dict[str, set[bytes]] = {}
            for table in tables:
                names.setdefault(table.dialect, set()).update(table.names)
            yield from document_lines(
                display_path(document.path),
                document.language,
                load_language(document.language),
                document.dialect,
                document.digest,
                tables,
                {dialect: targets.of(document.path, dialect, frozenset(known)) for dialect, known in names.items()},
                imports.get(document.path, []),
                facts,
            )


def tags_file(session: Session, folder: Path) -> TagsFile:
    """The tags of all documents, for a file in a folder. Raises sqlite3.Error, DamagedIndexError, DecodeError."""
    from metta_index.indexer.formats.ctags_file import make_tags_file

    index = session.index
    with index.snapshot():
        documents = list(index.documents())
        return make_tags_file(session.root, folder, documents, index.tables, session.store(), VERSION)


def _folder_of(output: Path | None) -> Path | None:
    """Where a file is to be; None for what has no place among files, such as stdout."""
    if output is None or str(output) == "-" or is_special(output):
        return None
    return Path(os.path.realpath(output.parent))
