"""`metta-index build`: index a workspace, and say how it went."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metta_index.cli.session import (
    ROOT_OPTION,
    Session,
    UsageError,
    environment_path,
    open_session,
    say,
    wanted_execution,
)
from metta_index.indexer.build import BuildResult, Options
from metta_index.indexer.discovery import display_path
from metta_index.indexer.report import BuildReport

if TYPE_CHECKING:
    from metta_index.indexer.indexing import Progress


def build_command(
    path: Annotated[Path | None, typer.Argument(help="Root of the workspace. Default: found upward from here.")] = None,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    jobs: Annotated[str | None, typer.Option("--jobs", "-j", help="Processes: a number, or auto.", metavar="N")] = None,
    backend: Annotated[str | None, typer.Option("--backend", help="auto, sequential or loky.", metavar="NAME")] = None,
    cache_dir: Annotated[
        Path | None, typer.Option("--cache-dir", help="Where the cache is kept.", metavar="DIR")
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Neither read nor write the cache; index everything.")
    ] = False,
    verify: Annotated[
        str,
        typer.Option("--verify", help="stat: trust file times that have settled. content: read every file."),
    ] = "stat",
    force: Annotated[bool, typer.Option("--force", help="Index everything and refresh the cache.")] = False,
    files_from: Annotated[
        str | None,
        typer.Option("--files-from", help="Index these files only: NUL-separated names in FILE, - for stdin."),
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Say how the work was planned and how it went.")] = False,
    output_format: Annotated[str, typer.Option("--format", help="text or json.", metavar="FORMAT")] = "text",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Name what was skipped, and why.")] = False,
) -> int:
    """Index the symbols of a workspace, doing only what changed since the last time.

    The index is kept in ROOT/.metta-index/. Exit code 1: some file could not be
    read or indexed; the others are.

    Examples:

      metta-index build ./workspace          index a folder

      metta-index build --stats              ... and say how the work was planned

      metta-index build --verify content     trust no file times (fresh CI checkouts)

      git ls-files -z '*.metta' | metta-index build --files-from -
    """
    if verify not in ("stat", "content"):
        raise UsageError(f"--verify {verify}: give stat or content")
    if output_format not in ("text", "json"):
        raise UsageError(f"--format {output_format}: give text or json")
    if path is not None and root is not None:
        raise UsageError("give the root of the workspace once, as PATH or as --root")
    wanted = wanted_execution(jobs, backend)
    files = _read_names(files_from) if files_from is not None else None
    cache_dir = cache_dir or environment_path("METTA_INDEX_CACHE_DIR")
    options = Options(verify == "content", force or no_cache, wanted, files)
    with open_session(path or root, cache_dir=cache_dir, use_cache=not no_cache, quiet=quiet) as session:
        show_progress = not quiet and output_format == "text" and sys.stderr.isatty()
        result = session.build(options, _progress_bar if show_progress else None)
        result.report.warnings += session.warnings
        remember(session, result)
    report = result.report
    if verbose:
        for skipped in result.discovery.skipped:
            say(f"skipped {display_path(skipped.path)}: {skipped.reason}")
    if output_format == "json":
        print(json.dumps(report.as_json(), ensure_ascii=False))
    elif not quiet:
        print_summary(report, stats)
        left_out = sum(1 for skipped in result.discovery.skipped if not skipped.path.endswith("/"))
        if left_out and not verbose:
            print(f"{left_out:,} files were skipped; `metta-index build --verbose` names them, and why")
    if output_format == "text":
        for failure in report.failures:
            say(f"error: {display_path(failure.path)}: {failure.message}")
    return report.exit_code


def _read_names(source: str) -> list[str]:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise UsageError(f"--files-from {source}: {error.strerror}") from error
    return [name.decode("utf-8", "surrogateescape") for name in data.split(b"\0") if name]


def remember(session: Session, result: BuildResult) -> None:
    """Keeps the report of a build that did something for `metta-index stats`."""
    if result.report.plan is not None or session.index.meta("last_build") is None:
        session.index.set_meta("last_build", json.dumps(result.report.as_json()))


def _progress_bar() -> Progress:
    from metta_index.cli.progress import ProgressBar

    return ProgressBar()


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
    print(
        f"{definitions:,} definitions, {declarations:,} declarations, "
        f"{totals.get('reference_count', 0):,} references in {_size(totals.get('bytes', 0))}"
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
