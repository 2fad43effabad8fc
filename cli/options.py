"""Options that several commands share. Only modules that declare commands import Typer."""

import typer

ROOT_OPTION = typer.Option("--root", help="Root of the workspace. Default: found upward from here.", metavar="DIR")
FORMAT_OPTION = typer.Option("--format", help="text or json.", metavar="FORMAT")
CACHE_DIR_OPTION = typer.Option("--cache-dir", help="Where the cache is kept.", metavar="DIR")
NO_REFRESH_OPTION = typer.Option("--no-refresh", help="Ask the index as it is.")
JOBS_OPTION = typer.Option("--jobs", "-j", help="Processes: a number, or auto.", metavar="N")
BACKEND_OPTION = typer.Option("--backend", help="auto, sequential, loky or dask.", metavar="NAME")
SCHEDULER_OPTION = typer.Option(
    "--scheduler",
    help="With --backend dask: the scheduler of a cluster, as in tcp://HOST:8786. Default: workers on this machine.",
    metavar="ADDRESS",
)
