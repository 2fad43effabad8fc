"""`metta-index deps`: who imports whom."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metta_index.cli.colours import paint
from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.options import NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_lines
from metta_index.cli.refresh import answering, refresh, relative_path
from metta_index.cli.session import Session, open_session

if TYPE_CHECKING:
    from metta_index.indexer.queries.index import Index


def deps_command(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of the workspace. Default: all.", metavar="[FILE]...")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", "-r", help="What imports them, instead.")] = False,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, typer.Option("--format", help="text, json or dot.", metavar="FORMAT")] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show the import graph: what files import, directly or by others, how that was found, and what is odd.

    As a tree; as a JSON object; or for Graphviz. Circles and imports that lead
    nowhere, or to one of several files, are marked.

    Examples:

      metta-index deps main.metta

      metta-index deps lib/lists.metta --reverse

      metta-index deps --format dot | dot -Tsvg > imports.svg
    """
    one_of("--format", output_format, "text", "json", "dot")
    files = files or []
    start = files[0].parent if files and files[0].parent.is_dir() else None
    with open_session(root, start=start) as session:
        code = refresh(session, not no_refresh)
        from metta_index.indexer.queries.import_view import view
        from metta_index.indexer.queries.index import Index

        with answering(session):
            index = Index(session.index)
            found = view(index, [_known(session, index, file) for file in files], reverse)
        if output_format == "json":
            from metta_index.indexer.formats.deps_json import deps_object

            write_lines([json.dumps(deps_object(found), ensure_ascii=False)], None)
        elif output_format == "dot":
            from metta_index.indexer.formats.deps_dot import deps_dot

            write_lines(deps_dot(found), None)
        else:
            from metta_index.indexer.formats.deps_text import deps_summary, deps_text

            write_lines(deps_text(found, paint), None)
            say(deps_summary(found))
    return code


def _known(session: Session, index: Index, file: Path) -> str:
    """A file as the index names it. Raises UsageError where it is not in the index."""
    path = relative_path(session, file)
    if index.document(path) is None:
        reason = "is not in the index" if os.path.lexists(file) else "does not exist"
        raise UsageError(f"{file} {reason}; `metta-index build --verbose` says what is skipped, and why")
    return path
