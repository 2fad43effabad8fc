"""The floor of a command: a Typer program with as many commands as ours, which looks at every file and does nothing."""

from __future__ import annotations

import os
from typing import Annotated

import typer

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
cache_app = typer.Typer()
app.add_typer(cache_app, name="cache")


@app.command("build")
def build_command(path: Annotated[str, typer.Argument()] = ".") -> None:
    """Scans a tree, and asks for the status of each file in it."""
    folders = [path]
    files = 0
    while folders:
        with os.scandir(folders.pop()) as scan:
            for entry in scan:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    files += 1
    print(files)


def _add_empty(to: typer.Typer, name: str) -> None:
    @to.command(name)
    def command(path: Annotated[str, typer.Argument()] = ".") -> None: ...


#: The names of our other commands; a test compares them, since loading ours here would not be empty.
COMMANDS = (
    "check", "rules", "explain", "def", "refs", "doc", "search", "deps", "callers", "callees", "unused", "rename",
    "outline", "tree", "export", "config", "stats", "watch",
)  # fmt: skip
CACHE_COMMANDS = ("info", "verify", "gc", "clear", "key")

for _name in COMMANDS:
    _add_empty(app, _name)
for _name in CACHE_COMMANDS:
    _add_empty(cache_app, _name)


if __name__ == "__main__":
    app()
