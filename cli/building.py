"""What `metta-index build` does, apart from how its options are written."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from metta_index.cli.exits import UsageError, say
from metta_index.cli.output import progress_bar
from metta_index.cli.session import open_session, wanted_execution
from metta_index.indexer.building.build import BuildResult, Options
from metta_index.indexer.building.report import BuildReport
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from metta_index.cli.watching import News


def run_build(
    root: Path | None,
    *,
    jobs: str | None = None,
    backend: str | None = None,
    scheduler: str | None = None,
    cache_dir: Path | None = None,
    use_cache: bool = True,
    verify_content: bool = False,
    force: bool = False,
    files_from: str | None = None,
    stats: bool = False,
    as_json: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    news: News | None = None,
) -> int:
    """Builds, prints how it went, and gives the exit code. Raises UsageError.

    With `news`, nothing is printed where the index is as it was.
    """
    files = _read_names(files_from) if files_from is not None else None
    options = Options(verify_content, force or not use_cache, wanted_execution(jobs, backend, scheduler), files)
    with open_session(root, cache_dir=cache_dir, use_cache=use_cache, quiet=quiet) as session:
        show_progress = not quiet and not as_json and sys.stderr.isatty()
        result = session.build(options, progress_bar if show_progress else None)
        result.report.warnings += session.warnings
        session.remember(result)
        is_new = news is None or news.is_new((session.settings, session.index.digests(), result.report.failures))
    if is_new:
        _print_result(result, stats=stats, as_json=as_json, quiet=quiet, verbose=verbose)
    return result.report.exit_code


def _print_result(result: BuildResult, *, stats: bool, as_json: bool, quiet: bool, verbose: bool) -> None:
    report, skipped = result.report, result.discovery.skipped
    if verbose:
        for one in skipped:
            say(f"skipped {display_path(one.path)}: {one.reason}")
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False))
        return
    if not quiet:
        print_summary(report, stats)
        left_out = sum(1 for one in skipped if not one.path.endswith("/"))
        if left_out and not verbose:
            print(f"{left_out:,} files were skipped; `metta-index build --verbose` names them, and why")
    for failure in report.failures:
        say(f"error: {display_path(failure.path)}: {failure.message}")


def _read_names(source: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from {source}: {error.strerror}") from error
    return [name.decode("utf-8", "surrogateescape") for name in data.split(b"\0") if name]


def print_summary(report: BuildReport, stats: bool) -> None:
    files, totals = report.files, report.totals
    took = f"{report.elapsed_ms / 1000:.2f} s" if report.elapsed_ms >= 1000 else f"{report.elapsed_ms:.0f} ms"
    parts = [
        f"{count:,} {word}"
        for count, word in (
            (files.indexed, "indexed"),
            (files.cached, "from the cache"),
            (files.unchanged, "unchanged"),
            (files.removed, "removed"),
            (files.failed, "failed"),
        )
        if count
    ]
    print(f"{files.total:,} files in {took}: {', '.join(parts) or 'nothing to index'}")
    if not files.total:
        print("no MeTTa file was found here")
    definitions, declarations = totals.get("definitions", 0), totals.get("declarations", 0)
    regions = totals.get("regions", 0)
    inside = f", {regions:,} {'region' if regions == 1 else 'regions'} inside other languages" if regions else ""
    print(
        f"{definitions:,} definitions, {declarations:,} declarations, "
        f"{totals.get('reference_count', 0):,} references in {_size(totals.get('bytes', 0))}{inside}"
    )
    errors = totals.get("errors", 0)
    if errors:
        noun = "syntax error" if errors == 1 else "syntax errors"
        print(f"{errors:,} {noun}; the rest of each file is indexed (see `metta-index outline FILE`)")
    if stats:
        print_plan(report)


def print_plan(report: BuildReport) -> None:
    data = report.as_json()
    plan, work, cache = data["plan"], data["work"], data["cache"]
    print(f"plan: {plan['backend']}, {plan['workers']} worker(s): {plan['reason']}")
    print(f"      estimated {plan['estimated_ms']:,} ms, took {plan['actual_ms']:,} ms")
    print("work: " + ", ".join(f"{count:,} {name}" for name, count in work.items()))
    rate = "no look-ups" if cache["hit_rate"] is None else f"{cache['hit_rate']:.1%} of look-ups"
    print(f"cache: {cache['hits']:,} hits, {cache['misses']:,} misses ({rate})")


def _size(size: int) -> str:
    for unit, limit in (("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= limit:
            return f"{size / limit:.1f} {unit}"
    return f"{size} bytes"
