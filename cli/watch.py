"""`metta-index watch`: keep the index up to date while files change."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.building import run_build
from metta_index.cli.exits import FINE, UsageError, one_of
from metta_index.cli.options import (
    BACKEND_OPTION,
    CACHE_DIR_OPTION,
    FORMAT_OPTION,
    JOBS_OPTION,
    ROOT_OPTION,
    SCHEDULER_OPTION,
)
from metta_index.cli.session import workspace_root
from metta_index.cli.watching import News, watch_files


def watch_command(
    path: Annotated[
        Path | None, typer.Argument(help="Root of the workspace. Default: found upward from here.", metavar="[PATH]")
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    jobs: Annotated[str | None, JOBS_OPTION] = None,
    backend: Annotated[str | None, BACKEND_OPTION] = None,
    scheduler: Annotated[str | None, SCHEDULER_OPTION] = None,
    cache_dir: Annotated[Path | None, CACHE_DIR_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Build the index, and again whenever files change, until Ctrl-C.

    Folders are listed a few times a second, and less often the larger the workspace is;
    files are read when something changed. With --format json, each build prints a line.

    Examples:

      metta-index watch

      metta-index watch ./workspace --format json
    """
    one_of("--format", output_format, "text", "json")
    if path is not None and root is not None:
        raise UsageError("give the root of the workspace once, as PATH or as --root")
    folder = workspace_root(path if path is not None else root)

    def build(news: News) -> None:
        run_build(
            folder,
            jobs=jobs,
            backend=backend,
            scheduler=scheduler,
            cache_dir=cache_dir,
            as_json=output_format == "json",
            quiet=quiet,
            news=news,
        )

    watch_files(folder, build, quiet)
    return FINE
