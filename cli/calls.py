"""`metta-index callers` and `callees`: who calls a function, and what it calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.calling import run_callees, run_callers
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION

_NAMES = typer.Argument(
    help="Names, or places in files: FILE:LINE:COLUMN, from 1. After `--` a name may begin with a dash.",
    metavar="NAME|FILE:LINE:COLUMN...",
)
_DEPTH = typer.Option("--depth", help="How many calls away to look.", min=1, metavar="N")
_ALL_USES = typer.Option("--all-uses", help="Also uses that are no calls: in patterns, data and types, or passed on.")


def callers_command(
    names: Annotated[list[str], _NAMES],
    depth: Annotated[int, _DEPTH] = 1,
    all_uses: Annotated[bool, _ALL_USES] = False,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show what calls functions, by the definition that the calls are in; `!` are evaluations at top level.

    With --depth also what calls the callers. Each function is expanded once, nearest to
    the name asked for. Calls are found by name in the whole workspace; `metta-index def
    FILE:LINE:COLUMN` says what a single one can mean. Ends with 1 where nothing is
    found for one of the names.

    Examples:

      metta-index callers greeting

      metta-index callers greeting deliver --depth 3

      metta-index callers Pair --all-uses --format json
    """
    return run_callers(
        names, depth=depth, all_uses=all_uses, root=root, output_format=output_format, no_refresh=no_refresh
    )


def callees_command(
    names: Annotated[list[str], _NAMES],
    depth: Annotated[int, _DEPTH] = 1,
    all_uses: Annotated[bool, _ALL_USES] = False,
    no_builtins: Annotated[bool, typer.Option("--no-builtins", help="Leave out what the language gives.")] = False,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show what functions call in all their clauses, and what each name can mean there.

    With the step that found a meaning (document, import, registered, builtin, workspace)
    and how sure it is, if not certain. With --depth also what the callees call, each
    function once. Ends with 1 where nothing is found for one of the names.

    Examples:

      metta-index callees deliver --no-builtins

      metta-index callees deliver --depth 3 --format json
    """
    return run_callees(
        names,
        depth=depth,
        all_uses=all_uses,
        no_builtins=no_builtins,
        root=root,
        output_format=output_format,
        no_refresh=no_refresh,
    )
