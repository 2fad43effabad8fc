"""`metta-index check`: what is wrong in a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.options import CACHE_DIR_OPTION, ROOT_OPTION
from metta_index.cli.session import Session, open_session, wanted_execution
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from metta_index.cli.checking import Found
    from metta_index.cli.watching import News
    from metta_index.indexer.checking.findings import Finding
    from metta_index.indexer.checking.selection import Selection

INCOMPLETE = 2
_LEVELS = ("error", "warning", "info")
#: After so many rounds of fixes, what is left is reported: fixes that undo each other would go on for ever.
_ROUNDS = 10


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
    from metta_index.cli.check_reports import Reports
    from metta_index.indexer.checking.selection import Selection
    from metta_index.indexer.rules.registry import UnknownRuleError

    one_of("--fail-on", fail_on, *_LEVELS)
    reports = Reports.of(output_format, output, output_files or [], statistics)
    if update_baseline and baseline is None:
        raise UsageError("--update-baseline needs the file: add --baseline FILE")
    wanted = [path for path in paths or [] if path != "-"]
    is_stdin = wanted != (paths or [])
    if is_stdin and (wanted or stdin_filename is None):
        raise UsageError("to check stdin, give `-` alone, and its place with --stdin-filename NAME")
    if is_stdin and (fix or diff or changed is not None or update_baseline):
        raise UsageError("--fix, --diff, --changed and --update-baseline need files, not stdin")
    if watch and (is_stdin or fix or diff or update_baseline):
        raise UsageError("--watch only looks: it goes with neither stdin nor --fix, --diff and --update-baseline")
    first = stdin_filename if is_stdin else next(iter(wanted), None)
    start = Path(first) if first else None

    def check(news: News | None = None) -> int:
        """One check and its reports; with `news`, nothing where these would be as they were."""
        is_first = news is None or news.is_first
        with open_session(root, start=start, cache_dir=cache_dir, use_cache=not no_cache, quiet=quiet) as session:
            try:
                selection = Selection.of(session.settings, _split(select), _split(ignore))
            except UnknownRuleError as error:
                raise UsageError(str(error)) from error
            run = _Run(session, selection, force=no_cache and is_first)
            if is_stdin:
                found = run.of_stdin(stdin_filename or "")
            else:
                found = run.find()
                if fix:
                    found = run.fixed(found, wanted)
            if news is not None and not news.is_new((session.settings, *found)):
                return 0
            shown = run.shown(found, wanted, changed)
            if baseline is not None:
                from metta_index.cli.check_baseline import apply_baseline

                scope = run.scope(found, wanted)
                shown = apply_baseline(baseline, session.root, shown, scope, update_baseline, quiet)
            if diff:
                run.print_diff(shown, found)
            else:
                reports.write(shown, run.checked_paths(found, wanted), found.failures)
            if not found.digests and not quiet:
                say(f"no MeTTa file was found in {session.root}")
        if found.failures:
            for failure in found.failures:
                say(f"error: {display_path(failure.path)}: {failure.message}")
            say("error: the check is not complete")
            return INCOMPLETE
        is_bad = any(one.suppressed is None and _LEVELS.index(one.severity) <= _LEVELS.index(fail_on) for one in shown)
        return 1 if is_bad and not exit_zero else 0

    if not watch:
        return check()
    from metta_index.cli.session import workspace_root
    from metta_index.cli.watching import watch_files

    watch_files(workspace_root(root, start), check, quiet, reports.is_screen)
    return 0


def _split(values: Iterable[str] | None) -> list[str]:
    """Options may be given several times, and have several values with commas between."""
    return [one.strip() for value in values or () for one in value.split(",") if one.strip()]


class _Run:
    """One check of an open workspace."""

    def __init__(self, session: Session, selection: Selection, force: bool) -> None:
        from metta_index.indexer.building.build import Options
        from metta_index.indexer.checking.check import CheckOptions

        self._session = session
        self._selection = selection
        known = tuple(name.encode("utf-8", "surrogateescape") for name in session.settings.known_names)
        self._options = CheckOptions(selection.to_run(), known, session.settings)
        self._build = Options(force=force, wanted=wanted_execution(None, None))

    def find(self) -> Found:
        from metta_index.cli.checking import find
        from metta_index.cli.refresh import whole_index

        with whole_index(self._session):
            return find(self._session, self._options, self._build)

    def of_stdin(self, name: str) -> Found:
        from metta_index.cli.check_stdin import check_stdin
        from metta_index.cli.refresh import relative_path

        path = relative_path(self._session, Path(name))
        return check_stdin(self._session, path, sys.stdin.buffer.read(), self._options, self._build)

    def fixed(self, found: Found, wanted: list[str]) -> Found:
        """What is found after fixes were applied, as often as there are any."""
        from metta_index.cli.check_fixes import apply_to_files

        for _round in range(_ROUNDS):
            count = apply_to_files(self._session.root, self.shown(found, wanted, None), found.digests)
            if not count:
                break
            say(f"{count} fix{'' if count == 1 else 'es'} applied")
            found = self.find()
        return found

    def print_diff(self, findings: list[Finding], found: Found) -> None:
        from metta_index.cli.check_fixes import diff_lines
        from metta_index.cli.output import write_encoded_lines

        write_encoded_lines(diff_lines(self._session.root, findings, found.digests), None)

    def shown(self, found: Found, wanted: list[str], changed: str | None) -> list[Finding]:
        """The findings that count, in the places that are asked for."""
        paths = self.scope(found, wanted)
        counted = [finding for finding in self._selection.counted(found.findings) if finding.path in paths]
        if changed is not None:
            from metta_index.cli.check_changed import caused_by_changes

            counted = caused_by_changes(self._session, counted, changed)
        return counted

    def checked_paths(self, found: Found, wanted: list[str]) -> int:
        return len(self.scope(found, wanted))

    def scope(self, found: Found, wanted: list[str]) -> Collection[str]:
        """The documents that are asked for. Raises UsageError for what is not there."""
        if not wanted:
            return found.digests.keys()
        from metta_index.cli.refresh import relative_path

        scope: set[str] = set()
        for one in wanted:
            if not os.path.lexists(one):
                raise UsageError(f"{one} does not exist")
            path = relative_path(self._session, Path(one))
            below = "" if path == "." else f"{path}/"
            scope.update(name for name in found.digests if name == path or name.startswith(below))
        return scope
