"""What `metta-index check` does, apart from how its options are written."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.cli.check_reports import Reports
from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.output import progress_bar
from metta_index.cli.session import Session, open_session, wanted_execution, workspace_root
from metta_index.indexer.checking.selection import Selection
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.rules.registry import UnknownRuleError

if TYPE_CHECKING:
    from collections.abc import Collection

    from metta_index.cli.checking import Found
    from metta_index.cli.watching import News
    from metta_index.indexer.checking.findings import Finding

INCOMPLETE = 2
_LEVELS = ("error", "warning", "info")
#: After so many rounds of fixes, what is left is reported: fixes that undo each other would go on for ever.
_ROUNDS = 10


class CheckRequest(NamedTuple):
    """What a command line asks for; without options, the whole workspace that the current folder is in.

    `output_files`: as written, FORMAT=FILE.
    """

    paths: tuple[str, ...] = ()
    root: Path | None = None
    output_format: str = "text"
    output: Path | None = None
    output_files: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str = "warning"
    exit_zero: bool = False
    statistics: bool = False
    baseline: Path | None = None
    update_baseline: bool = False
    fix: bool = False
    diff: bool = False
    changed: str | None = None
    watch: bool = False
    stdin_filename: str | None = None
    cache_dir: Path | None = None
    no_cache: bool = False
    quiet: bool = False

    @property
    def is_stdin(self) -> bool:
        return "-" in self.paths

    @property
    def start(self) -> Path | None:
        """The file or folder whose workspace is meant."""
        first = self.stdin_filename if self.is_stdin else next(iter(self.paths), None)
        return Path(first) if first else None


def run_check(request: CheckRequest) -> int:
    """Checks, reports, and gives the exit code. Raises UsageError."""
    one_of("--fail-on", request.fail_on, *_LEVELS)
    reports = Reports.of(request.output_format, request.output, request.output_files, request.statistics)
    if request.update_baseline and request.baseline is None:
        raise UsageError("--update-baseline needs the file: add --baseline FILE")
    is_stdin, changes_files = request.is_stdin, request.fix or request.diff or request.update_baseline
    if is_stdin and (request.paths.count("-") < len(request.paths) or request.stdin_filename is None):
        raise UsageError("to check stdin, give `-` alone, and its place with --stdin-filename NAME")
    if is_stdin and (changes_files or request.changed is not None):
        raise UsageError("--fix, --diff, --changed and --update-baseline need files, not stdin")
    if not request.watch:
        return _check(request, reports)
    if is_stdin or changes_files:
        raise UsageError("--watch only looks: it goes with neither stdin nor --fix, --diff and --update-baseline")
    from metta_index.cli.watching import watch_files

    root = workspace_root(request.root, request.start)
    watch_files(root, lambda news: _check(request, reports, news), request.quiet, reports.is_screen)
    return 0


def _check(request: CheckRequest, reports: Reports, news: News | None = None) -> int:
    """One check and its reports; with `news`, nothing where these would be as they were."""
    is_first = news is None or news.is_first
    quiet, use_cache = request.quiet, not request.no_cache
    with open_session(
        request.root, start=request.start, cache_dir=request.cache_dir, use_cache=use_cache, quiet=quiet
    ) as session:
        try:
            selection = Selection.of(session.settings, request.select, request.ignore)
        except UnknownRuleError as error:
            raise UsageError(str(error)) from error
        shows_progress = not quiet and news is None and sys.stderr is not None and sys.stderr.isatty()
        run = _Run(session, selection, request.no_cache and is_first, shows_progress)
        if request.is_stdin:
            wanted: tuple[str, ...] = ()
            found = run.of_stdin(request.stdin_filename or "")
        else:
            wanted = request.paths
            found = run.find()
            if request.fix:
                found = run.fixed(found, wanted)
        if news is not None and not news.is_new((session.settings, *found)):
            return 0
        shown = run.shown(found, wanted, request.changed)
        scope = run.scope(found, wanted)
        if request.baseline is not None:
            from metta_index.cli.check_baseline import apply_baseline

            shown = apply_baseline(request.baseline, session.root, shown, scope, request.update_baseline, quiet)
        if request.diff:
            run.print_diff(shown, found)
        else:
            reports.write(shown, len(scope), found.failures)
        if run.left_out and not quiet:
            say(run.left_out)
        if not found.digests and not quiet:
            say(f"no MeTTa file was found in {session.root}")
    if found.failures:
        for failure in found.failures:
            say(f"error: {display_path(failure.path)}: {failure.message}")
        say("error: the check is not complete")
        return INCOMPLETE
    grave = _LEVELS[: _LEVELS.index(request.fail_on) + 1]
    is_bad = any(one.severity in grave and one.suppressed is None for one in shown)
    return 1 if is_bad and not request.exit_zero else 0


class _Run:
    """One check of an open workspace."""

    def __init__(self, session: Session, selection: Selection, force: bool, shows_progress: bool) -> None:
        from metta_index.indexer.building.build import Options
        from metta_index.indexer.checking.check import CheckOptions

        self._session = session
        self._selection = selection
        known = tuple(name.encode("utf-8", "surrogateescape") for name in session.settings.known_names)
        self._options = CheckOptions(selection.to_run(), known, session.settings)
        self.left_out = ""
        self._make_progress = progress_bar if shows_progress else None
        self._build = Options(force=force, wanted=wanted_execution(None, None))

    def find(self) -> Found:
        from metta_index.cli.checking import find
        from metta_index.cli.refresh import what_is_left_out, whole_index

        with whole_index(self._session):
            found = find(self._session, self._options, self._build, self._make_progress)
            self.left_out = what_is_left_out(self._session)
            return found

    def of_stdin(self, name: str) -> Found:
        from metta_index.cli.check_stdin import check_stdin
        from metta_index.cli.refresh import relative_path

        path = relative_path(self._session, Path(name))
        return check_stdin(self._session, path, sys.stdin.buffer.read(), self._options, self._build)

    def fixed(self, found: Found, wanted: Collection[str]) -> Found:
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

    def shown(self, found: Found, wanted: Collection[str], changed: str | None) -> list[Finding]:
        """The findings that count, in the places that are asked for."""
        paths = self.scope(found, wanted)
        counted = [finding for finding in self._selection.counted(found.findings) if finding.path in paths]
        if changed is not None:
            from metta_index.cli.check_changed import caused_by_changes

            counted = caused_by_changes(self._session, counted, changed)
        return counted

    def scope(self, found: Found, wanted: Collection[str]) -> Collection[str]:
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
