"""`metta-index def`, `refs` and `doc`: where a name is defined, used and documented."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.querying import USES, run_def, run_doc, run_refs

QUERIES = typer.Argument(
    help="Names, or places in files: FILE:LINE:COLUMN, from 1. After `--` a name may begin with a dash.",
    metavar="NAME|FILE:LINE:COLUMN...",
)


def def_command(
    queries: Annotated[list[str], QUERIES],
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show where names are defined: every clause, declaration, documentation and kind of fact.

    Of a name, all of the workspace and of the language. Of a place in a file, what the
    word there can mean, the likeliest first, with the step that found it. Ends with 1
    where nothing is found for one of them.

    Examples:

      metta-index def greeting

      metta-index def main.metta:27:4 --format json
    """
    return run_def(queries, root=root, output_format=output_format, no_refresh=no_refresh)


def doc_command(
    queries: Annotated[list[str], QUERIES],
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show what names are for: documentation, types and the heads of their clauses.

    Ends with 1 where nothing is known of one of them.

    Examples:

      metta-index doc greeting

      metta-index doc car-atom map-atom
    """
    return run_doc(queries, root=root, output_format=output_format, no_refresh=no_refresh)


def refs_command(
    queries: Annotated[list[str], QUERIES],
    use: Annotated[
        list[str] | None, typer.Option("--use", help=f"Only these: {', '.join(USES)}. May be repeated.", metavar="USE")
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show where names are used in the whole workspace: calls, patterns, data, types, documentation, imports.

    What defines or declares a name is left to `def`. A variable is asked for by a place:
    its uses are those of its scope. Ends with 1 where nothing is found for one of them.

    Examples:

      metta-index refs greeting

      metta-index refs --use call --use pattern greeting deliver

      metta-index refs main.metta:27:4 --format json
    """
    return run_refs(queries, uses=use or USES, root=root, output_format=output_format, no_refresh=no_refresh)
