"""The command line: one Typer program, its commands in modules of their own."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from metta_index.cli import VERSION
from metta_index.cli.build import build_command
from metta_index.cli.cache import cache_app
from metta_index.cli.export import export_command
from metta_index.cli.inspect import outline_command, tree_command
from metta_index.cli.session import UsageError, say
from metta_index.cli.stats import stats_command

app = typer.Typer(
    name="metta-index",
    help="Index the symbols of a MeTTa workspace, and ask where they are.\n\n"
    "Start with `metta-index build ./workspace`; the next build does only what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("build")(build_command)
app.command("outline")(outline_command)
app.command("tree")(tree_command)
app.command("export")(export_command)
app.command("stats")(stats_command)
app.add_typer(cache_app, name="cache")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"metta-index {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def run() -> int:
    """Runs the command line of this process and gives its exit code.

    0: fine; 1: some file could not be indexed; 2: usage, configuration or an
    internal error; 130: interrupted.
    """
    try:
        code = app(standalone_mode=False)
        sys.stdout.flush()
    except UsageError as error:
        say(f"error: {error}")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        say("interrupted: the index is as it was before")
        return 130
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        # Typer brings a click of its own in some versions: a usage error is told by what it can do.
        show = getattr(error, "show", None)
        if show is None or not hasattr(error, "exit_code"):
            raise
        show()
        return 2
    return code if isinstance(code, int) else 0
