"""`metta-index build`: index a workspace, and say how it went."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.building import run_build
from metta_index.cli.exits import UsageError, one_of
from metta_index.cli.options import (
    BACKEND_OPTION,
    CACHE_DIR_OPTION,
    FORMAT_OPTION,
    JOBS_OPTION,
    ROOT_OPTION,
    SCHEDULER_OPTION,
)


def build_command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Root of a workspace; of several, one after the other. Default: found upward from here.",
            metavar="[PATH]...",
        ),
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    jobs: Annotated[str | None, JOBS_OPTION] = None,
    backend: Annotated[str | None, BACKEND_OPTION] = None,
    scheduler: Annotated[str | None, SCHEDULER_OPTION] = None,
    cache_dir: Annotated[Path | None, CACHE_DIR_OPTION] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache; index everything.")
    ] = False,
    verify: Annotated[
        str,
        typer.Option("--verify", help="stat: trust file times that have settled. content: read every file."),
    ] = "stat",
    force: Annotated[bool, typer.Option("--force", help="Index everything and refresh the cache.")] = False,
    files_from: Annotated[
        str | None,
        typer.Option("--files-from", help="Index these files only: NUL-separated names in FILE, - for stdin."),
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Say how the work was planned and how it went.")] = False,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name what was skipped, and why.")] = False,
) -> int:
    """Index the symbols of a workspace, doing only what changed since the last time.

    The index is kept in ROOT/.metta-index/. Exit code 1: some file could not be
    read or indexed; the others are.

    Examples:

      metta-index build ./workspace          index a folder

      metta-index build libraries/* app      each of several workspaces

      metta-index build --stats              ... and say how the work was planned

      metta-index build --verify content     trust no file times (fresh CI checkouts)

      git ls-files -z '*.metta' | metta-index build --files-from -
    """
    one_of("--verify", verify, "stat", "content")
    one_of("--format", output_format, "text", "json")
    if paths and root is not None:
        raise UsageError("give the root of the workspace once, as PATH or as --root")
    if paths and len(paths) > 1 and files_from is not None:
        raise UsageError("--files-from names the files of one workspace; give one PATH")
    build = partial(
        run_build,
        jobs=jobs,
        backend=backend,
        scheduler=scheduler,
        cache_dir=cache_dir,
        use_cache=not no_cache,
        verify_content=verify == "content",
        force=force,
        files_from=files_from,
        stats=stats,
        as_json=output_format == "json",
        quiet=quiet,
        verbose=verbose,
    )
    roots: Sequence[Path | None] = paths or [root]
    return max(build(one) for one in roots)
