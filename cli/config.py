"""`metta-index config show`: what is in force, where it comes from, and what that means for one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from metta_index.cli.config_file import FileFacts, file_facts
from metta_index.cli.config_origins import Setting, settings_in_force
from metta_index.cli.exits import UsageError, one_of
from metta_index.cli.options import (
    BACKEND_OPTION,
    CACHE_DIR_OPTION,
    FORMAT_OPTION,
    JOBS_OPTION,
    ROOT_OPTION,
    SCHEDULER_OPTION,
)
from metta_index.cli.session import wanted_execution, workspace_root
from metta_index.indexer.configuration import ConfigurationError, load_settings

config_app = typer.Typer(
    add_completion=False,
    help="Show the configuration: what is in force, and why.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@config_app.callback()
def _config() -> None:
    """One command so far, and called by its name all the same."""


@config_app.command("show")
def show_command(
    file: Annotated[Path | None, typer.Argument(help="A file to explain.", metavar="[FILE]")] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    jobs: Annotated[str | None, JOBS_OPTION] = None,
    backend: Annotated[str | None, BACKEND_OPTION] = None,
    scheduler: Annotated[str | None, SCHEDULER_OPTION] = None,
    cache_dir: Annotated[Path | None, CACHE_DIR_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
) -> int:
    """Show every setting with its value and where that comes from; of a FILE, what they make of it.

    A setting comes from a line of a configuration file, from the environment, from an option given here, or is
    the default. Of a FILE are told: its language, its dialect, whether it is indexed, and what decided each.

    Examples:

      metta-index config show

      metta-index config show lib/lists.metta

      metta-index config show --format json | jq '.settings[] | select(.origin.kind != "default")'
    """
    one_of("--format", output_format, "text", "json")
    start = None if file is None else (file.parent if file.parent.is_dir() else None)
    found = workspace_root(root, start)
    wanted_execution(jobs, backend, scheduler)
    try:
        settings = load_settings(found)
        flags = {
            "jobs": jobs,
            "backend": backend,
            "scheduler": scheduler,
            "cache-dir": str(cache_dir) if cache_dir is not None else None,
        }
        shown = settings_in_force(found, settings, root, flags)
    except ConfigurationError as error:
        raise UsageError(str(error)) from error
    facts = None if file is None else file_facts(found, settings, file)
    if output_format == "json":
        print(_json(found, settings.source, shown, facts))
    elif facts is not None:
        print("\n".join(facts.lines()))
    else:
        width = max(len(one.name) for one in shown)
        for one in shown:
            print(f"{one.name:{width}}  {one.text()}  ({one.origin.text()})")
    return 0


def _json(root: Path, source: Path | None, shown: list[Setting], facts: FileFacts | None) -> str:
    data = {
        "schema": 1,
        "root": str(root),
        "configuration": str(source) if source is not None else None,
        "settings": [one.as_json() for one in shown],
    }
    if facts is not None:
        data["file"] = facts.as_json()
    return json.dumps(data, ensure_ascii=False)
