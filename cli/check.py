"""`metta-index check`: what is wrong in a workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from metta_index.cli.check_run import CheckRequest, run_check
from metta_index.cli.options import CACHE_DIR_OPTION, ROOT_OPTION


class _CheckCommand(TyperCommand):
    """Lets `--changed` stand without a value: it means HEAD where no reference follows."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        written = list(args)
        for at, argument in enumerate(written):
            if argument == "--":
                break
            if argument == "--changed":
                following = written[at + 1] if at + 1 < len(written) else "-"
                if following.startswith("-") or os.path.lexists(following):
                    written[at] = "--changed=HEAD"
        return super().parse_args(ctx, written)


check_app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)


@check_app.command("check", cls=_CheckCommand)
def check_command(
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Files and folders to report on, or - for stdin. Default: all.", metavar="[PATH]..."),
    ] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="text, json, jsonl, sarif, github, gitlab, junit, checkstyle or rdjson.",
            metavar="FORMAT",
        ),
    ] = "text",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, written whole or not at all. Default: stdout.")
    ] = None,
    output_files: Annotated[
        list[str] | None,
        typer.Option("--output-file", help="One more report, as in sarif=check.sarif.", metavar="FORMAT=FILE"),
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option("--select", help="Only these rules: codes, their beginnings, names, or ALL.", metavar="RULES"),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="Not these rules.", metavar="RULES")] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="error, warning or info: what the exit code 1 is for.", metavar="LEVEL")
    ] = "warning",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever is found.")] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count the findings of each rule.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A file of findings that are known already.", metavar="FILE")
    ] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Write what is found to the baseline.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply the fixes that are certain.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change.")] = False,
    changed: Annotated[
        str | None,
        typer.Option(
            "--changed", help="Only what is in, or caused by, files that differ from REF (HEAD).", metavar="[REF]"
        ),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again whenever files change, until Ctrl-C.")] = False,
    stdin_filename: Annotated[
        str | None, typer.Option("--stdin-filename", help="The file that stdin is a version of.", metavar="NAME")
    ] = None,
    cache_dir: Annotated[Path | None, CACHE_DIR_OPTION] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Report what is wrong in a workspace, file by file and across files.

    Only what changed since the last time is looked at. PATHs limit what is shown, never
    what is known. Exit code 1: something at or above --fail-on was found; 2: the check
    could not be done, or not completely.

    Examples:

      metta-index check

      metta-index check --select MI1,MI2 lib/

      metta-index check --diff

      metta-index check --format sarif --output check.sarif

      metta-index check --changed origin/main --output-file github=-

      metta-index check --watch
    """
    return run_check(
        CheckRequest(
            paths=tuple(paths or ()),
            root=root,
            output_format=output_format,
            output=output,
            output_files=tuple(output_files or ()),
            select=_split(select),
            ignore=_split(ignore),
            fail_on=fail_on,
            exit_zero=exit_zero,
            statistics=statistics,
            baseline=baseline,
            update_baseline=update_baseline,
            fix=fix,
            diff=diff,
            changed=changed,
            watch=watch,
            stdin_filename=stdin_filename,
            cache_dir=cache_dir,
            no_cache=no_cache,
            quiet=quiet,
        )
    )


def _split(values: list[str] | None) -> tuple[str, ...]:
    """Options may be given several times, and have several values with commas between."""
    return tuple(one.strip() for value in values or () for one in value.split(",") if one.strip())
