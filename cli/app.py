"""The command line: one Typer program, its commands in modules of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from metta_index.cli import VERSION
from metta_index.cli.build import build_command
from metta_index.cli.cache import cache_app
from metta_index.cli.exits import FINE, INTERRUPTED, USAGE, UsageError, exit_code_of
from metta_index.cli.export import export_command
from metta_index.cli.inspect import outline_command, tree_command
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
    """Runs the command line of this process and gives its exit code."""
    return exit_code_of(_run_typer)


def _run_typer() -> int:
    try:
        code = app(prog_name="metta-index", standalone_mode=False)
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except SystemExit as error:
        # Typer's click takes a reader that went away for an error.
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    except Exception as error:
        # Typer brings a click of its own in some versions: a usage error is told by what it can do.
        if not hasattr(error, "format_message") or not hasattr(error, "show"):
            raise
        message = error.format_message()
        if "\n" in message:  # the help that stands for a missing command
            error.show()
            return USAGE
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "metta-index"
        raise UsageError(f"{message.rstrip('.')}; see `{command} --help`") from error
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else FINE
