"""`metta-index search`: names by a part of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.searching import SHOWN, run_search


def search_command(
    pattern: Annotated[str, typer.Argument(help="A part of a name; a glob if it holds * or ?.")],
    mode: Annotated[
        str, typer.Option("--mode", help="auto, substring, prefix, glob or subsequence.", metavar="MODE")
    ] = "auto",
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many names; 0: all.", metavar="N")] = SHOWN,
    builtins: Annotated[bool, typer.Option("--builtins", help="Names of the language, too.")] = False,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Find names that the workspace defines, by a part of them, the nearest first.

    Capital letters matter only where the pattern has one. Ends with 1 where no name matches.

    Examples:

      metta-index search watering

      metta-index search 'is-*-of?'

      metta-index search --mode subsequence grtng
    """
    return run_search(
        pattern,
        mode=mode,
        limit=limit,
        builtins=builtins,
        root=root,
        output_format=output_format,
        no_refresh=no_refresh,
    )
