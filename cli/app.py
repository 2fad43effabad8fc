"""The command line: one Typer program, its commands in modules of their own."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from metta_index.cli import VERSION
from metta_index.cli.exits import FINE, INTERRUPTED, USAGE, UsageError, exit_code_of

#: Commands by name: the module of each, and what in it is the command, or a Typer of commands.
_COMMANDS = {
    "build": ("build", "build_command"),
    "check": ("check", "check_app"),
    "rules": ("rules", "rules_command"),
    "explain": ("rules", "explain_command"),
    "def": ("query", "def_command"),
    "refs": ("query", "refs_command"),
    "doc": ("query", "doc_command"),
    "search": ("search", "search_command"),
    "deps": ("deps", "deps_command"),
    "callers": ("calls", "callers_command"),
    "callees": ("calls", "callees_command"),
    "unused": ("unused", "unused_command"),
    "rename": ("rename", "rename_command"),
    "outline": ("inspect", "outline_command"),
    "tree": ("inspect", "tree_command"),
    "export": ("export", "export_command"),
    "config": ("config", "config_app"),
    "stats": ("stats", "stats_command"),
    "cache": ("cache", "cache_app"),
    "watch": ("watch", "watch_command"),
}


class _Commands(TyperGroup):
    """The commands, each imported when it is run, or when help describes it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        # Typer lists the names here, and suggests the nearest of them; it gets commands from `get_command`.
        self.commands: dict[str, Any] = dict.fromkeys(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(import_module(f"metta_index.cli.{module}"), name)
        if not isinstance(command, typer.Typer):
            program = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
            program.command(cmd_name)(command)
            command = program
        return typer.main.get_command(command)


app = typer.Typer(
    cls=_Commands,
    name="metta-index",
    help="Index the symbols of a MeTTa workspace, and ask where they are.\n\n"
    "Start with `metta-index build ./workspace`; the next build does only what changed.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
