"""Whole builds as ratios to their floors: unchanged, one file changed, cold, in two processes, and their memory."""

from __future__ import annotations

import itertools
import math
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.documents import KB, MB, REPOSITORIES, MadeWorkspace, facts, make_workspace, public_workspace
from benchmarks.link_clock import link_clock
from benchmarks.measure import (
    EMPTY_PROGRAM,
    PROGRAM,
    build,
    in_turns,
    peak_memory_mb,
    run_command,
    settle,
    time_calls,
)
from benchmarks.rows import Row, Scale, Target
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.execution.wanted import Wanted
from metta_index.indexer.languages.metta.grammar import parser

ABOUT = (
    "Whole commands on generated workspaces (files of 2 KB on average, sizes log-normal), and on public files of "
    f"different contents where `{REPOSITORIES}` names a folder that holds some. The empty program is a "
    "Typer program with as many commands, which scans the same tree and asks for the status of every file. Commands "
    "and floors run in turns. Wall clock, unless CPU is named."
)

_EMPTY = "an empty Typer program, scan and stat"
_PURE = (sys.executable, "-m", "benchmarks.parse_to_encode")
_ONE = ("--jobs", "1", "--backend", "sequential")
_TWO = ("--jobs", "2", "--backend", "loky")


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    for count in scale.files:
        workspace = make_workspace(scratch / f"{count}", count)
        yield from _measured(workspace, scale)
        shutil.rmtree(workspace.root)
    public = public_workspace(scratch / "public", scale.files[-1])
    if public is None:
        yield Row("public repositories", None, "×", note=f"set {REPOSITORIES} to a folder that holds some")
    else:
        yield from _measured(public, scale)
    yield from _hundred(scale, scratch)
    why = "the machine has two cores: more than two workers would measure how they share them"
    yield Row("scaling beyond two workers", None, "×", note=why)
    yield from _auto(scale, scratch)


def _measured(workspace: MadeWorkspace, scale: Scale) -> Iterator[Row]:
    yield from _cold(workspace, scale)
    yield _linking(workspace)
    yield from _warm(workspace, scale)
    yield from _memory(workspace)


def _cold(workspace: MadeWorkspace, scale: Scale) -> Iterator[Row]:
    name, runs = workspace.name, max(3, scale.runs // 2)
    sources = workspace.sources()

    def parse_all() -> None:
        parse = parser().parse
        for source in sources:
            parse(source)

    cpu, floor, ratio = in_turns(
        lambda: build(workspace.root, "--no-cache", *_ONE).cpu_ms, lambda: time_calls(parse_all, 1)[0].cpu_ms, runs
    )
    rate = workspace.size / 1000
    yield Row(
        f"cold build, one worker, no cache, CPU: {name}", cpu, "ms", "cold, 0 hits, 0 regions", floor,
        "bare loop of Parser.parse", ratio, Target("≤", 4),
        f"{rate / cpu:.1f} MB/s; floor {rate / floor:.1f} MB/s; then ≤ 3 ×",
    )  # fmt: skip
    work: dict[str, list[float]] = {"one": [], "two": []}
    cpu_of: dict[str, list[float]] = {"one": [], "two": []}

    def whole(jobs: str, flags: Sequence[str]) -> Callable[[], float]:
        def measured() -> float:
            done = build(workspace.root, "--force", *flags)
            work[jobs].append(done.report["plan"]["actual_ms"])
            cpu_of[jobs].append(done.cpu_ms)
            return done.wall_ms

        return measured

    large = workspace.size >= 20 * MB
    for label, options in (("with cache", ()), ("no cache", ("--no-cache",))):
        for times in (*work.values(), *cpu_of.values()):
            times.clear()
        two, one, ratio = in_turns(whole("two", (*_TWO, *options)), whole("one", (*_ONE, *options)), runs)
        conditions = "cold, 0 hits, 0 regions"
        busy_one, busy_two = statistics.median(work["one"]), statistics.median(work["two"])
        share = 1 - busy_one / one
        yield Row(
            f"cold build, two workers, {label}: {name}", two, "ms", conditions, one, "one worker", ratio,
            Target("≤", 1 / 1.4) if large else None,
            f"{1 / ratio:.2f} × faster (≥ 1.4 × asked from 20 MB, then ≥ 1.64 ×); with one worker {share:.0%} of the "
            f"time is outside parse, extract, encode and store; CPU {statistics.median(cpu_of['two']):,.0f} ms against "
            f"{statistics.median(cpu_of['one']):,.0f} ms",
        )  # fmt: skip
        if large:
            yield from _beyond(one, two, f"{label}: {name}")
        ratios = [a / b for a, b in zip(work["two"], work["one"], strict=True)]
        yield Row(
            f"… from the first parse to the last result stored, {label}: {name}", busy_two, "ms", conditions, busy_one,
            "one worker", statistics.median(ratios), Target("≤", 1 / 1.64) if large else None,
            f"{1 / statistics.median(ratios):.2f} × faster (≥ 1.64 × asked from 20 MB); the pool's start and end are "
            "in it, and so is what the main process stores meanwhile",
        )  # fmt: skip
    yield from _pure_work(workspace, name, runs, large)


def _beyond(one: float, two: float, what: str) -> Iterator[Row]:
    """What one and two workers say of more: a serial share that no worker shortens, and one that they divide."""
    serial = min(max(2 * two - one, 0.0), one)
    for workers in (4, 8):
        predicted = serial + (one - serial) / workers
        yield Row(
            f"… predicted for {workers} workers, {what}", predicted, "ms", "not measured: two cores", one, "one worker",
            predicted / one,
            note=f"{one / predicted:.2f} × faster, by a serial share of {serial / one:.0%} (2 T₂ - T₁ of T₁); at most "
            f"{one / serial if serial else math.inf:.1f} × with any number",
        )  # fmt: skip


def _pure_work(workspace: MadeWorkspace, name: str, runs: int, large: bool) -> Iterator[Row]:
    """Parse to encode alone: results are counted and dropped."""
    command: list[str | Path] = [*_PURE, workspace.root]

    def measured(jobs: str) -> Callable[[], float]:
        return lambda: float(run_command([*command, jobs]).output)

    two, one, ratio = in_turns(measured("2"), measured("1"), runs)
    yield Row(
        f"parse to encode, two workers: {name}", two, "ms", "cold, 0 hits, 0 regions", one, "one worker", ratio,
        Target("≤", 1 / 1.64) if large else None,
        f"{1 / ratio:.2f} × faster (≥ 1.64 × asked from 20 MB); nothing is stored; as in a build, the "
        "pool starts while the files are read, and what of that is waited for is in it",
    )  # fmt: skip


def _linking(workspace: MadeWorkspace) -> Row:
    """What of a cold build is linking, measured in this process: from outside it cannot be told apart."""
    shutil.rmtree(workspace.root / ".metta-index", ignore_errors=True)
    with open_session(workspace.root, use_cache=False, quiet=True) as session, link_clock() as clock:
        report = session.build(Options(wanted=Wanted(jobs=1, backend="sequential"))).report
    parts = ", ".join(f"{part} {seconds * 1000:,.0f} ms" for part, seconds in clock.seconds.items())
    return Row(
        f"… of which linking, CPU: {workspace.name}", clock.total * 1000, "ms",
        f"cold, {report.work.linked:,} imports linked, 0 regions", clock.whole * 1000,
        "the whole build, one worker, no cache, in the benchmark's process", note=f"{parts}; it is in the rows above",
    )  # fmt: skip


def _hundred(scale: Scale, scratch: Path) -> Iterator[Row]:
    """Parse to encode at the size of the large file of facts, in files of 1 MB."""
    folder = scratch / "facts"
    folder.mkdir()
    for number in range(scale.facts_mb):
        (folder / f"facts-{number}.metta").write_bytes(b"".join(facts(MB + number)))
    command: list[str | Path] = [*_PURE, folder]
    two, one, ratio = in_turns(
        lambda: float(run_command([*command, "2"]).output), lambda: float(run_command([*command, "1"]).output), 3
    )
    shutil.rmtree(folder)
    yield Row(
        f"parse to encode, two workers: {scale.facts_mb} files, {scale.facts_mb} MB of facts", two, "ms",
        "cold, 0 hits, 0 regions", one, "one worker", ratio,
        Target("≤", 1 / 1.8) if scale.facts_mb >= 100 else None,
        f"{1 / ratio:.2f} × faster (≥ 1.8 × asked at 100 MB); {scale.facts_mb * 1000 / one:.1f} MB/s with one",
    )  # fmt: skip


def _warm(workspace: MadeWorkspace, scale: Scale) -> Iterator[Row]:
    name, root = workspace.name, workspace.root
    settle()
    build(root, "--force")
    settle()
    build(root)
    work = build(root).report["work"]
    target = Target("≤", 1.5) if len(workspace.paths) == 5000 else None
    conditions = f"warm, {work['read']} read, 0 lookups, 0 regions"

    def empty() -> float:
        return run_command([*EMPTY_PROGRAM, "build", root]).wall_ms

    def ours(*flags: str) -> float:
        return run_command([*PROGRAM, "build", root, *flags]).wall_ms

    runs = max(3, scale.runs * 2)
    took, floor, ratio = in_turns(ours, empty, runs)
    yield Row(f"nothing changed: {name}", took, "ms", conditions, floor, _EMPTY, ratio, target)
    took, floor, ratio = in_turns(lambda: ours("--format", "json"), empty, runs)
    what = f"nothing changed, through Typer (--format json): {name}"
    yield Row(what, took, "ms", conditions, floor, _EMPTY, ratio, target)
    took, floor, ratio = in_turns(lambda: ours("--verify", "content"), empty, runs)
    yield Row(
        f"nothing changed, every file read (--verify content): {name}", took, "ms",
        f"warm, {len(workspace.paths)} read, 0 lookups, 0 regions", floor, _EMPTY, ratio,
    )  # fmt: skip

    path = workspace.paths[len(workspace.paths) // 2]
    before = path.read_bytes()
    edits = itertools.count()

    def edit() -> None:
        path.write_bytes(before + b"(= (edited-%d $x) $x)\n" % next(edits))

    def change(*flags: str) -> float:
        edit()
        return ours(*flags)

    edit()
    report = build(root).report
    work, cache = report["work"], report["cache"]
    target = Target("≤", 2) if len(workspace.paths) == 5000 else None
    conditions = f"warm, {work['read']} read, {work['parsed']} parsed, {cache['hits']} hits, 0 regions"
    took, floor, ratio = in_turns(change, empty, runs)
    yield Row(f"one file changed: {name}", took, "ms", conditions, floor, _EMPTY, ratio, target)
    took, floor, ratio = in_turns(lambda: change("--format", "json"), empty, runs)
    what = f"one file changed, through Typer (--format json): {name}"
    yield Row(what, took, "ms", conditions, floor, _EMPTY, ratio, target)


def _memory(workspace: MadeWorkspace) -> Iterator[Row]:
    name = workspace.name
    asked = len(workspace.paths) == 10_000
    for workers, flags, limit in (("one worker", _ONE, 250), ("two workers", _TWO, 400)):
        peak, how = peak_memory_mb([*PROGRAM, "build", workspace.root, "--force", *flags])
        target = Target("≤", limit, "figure") if asked else None
        yield Row(f"peak memory, {workers}: {name}", peak, "MB", "cold, 0 hits, 0 regions", target=target, note=how)


def _auto(scale: Scale, scratch: Path) -> Iterator[Row]:
    """What is chosen, against the better of both, after a few builds to learn from."""
    for count, mean in scale.auto_sizes:
        workspace = make_workspace(scratch / f"auto-{count}", count, mean)
        for _ in range(3):
            build(workspace.root, "--force")
            build(workspace.root, "--force", *_TWO)
        times: dict[str, list[float]] = {"auto": [], "one": [], "two": []}
        chosen = ""
        for turn in range(max(3, scale.runs if workspace.size < 3 * MB else scale.runs // 2)):
            flags = {"auto": (), "one": _ONE, "two": _TWO}
            for name in list(flags) if turn % 2 else reversed(flags):
                done = build(workspace.root, "--force", *flags[name])
                times[name].append(done.wall_ms)
                if name == "auto":
                    chosen = done.report["plan"]["backend"]
        ratios = [
            auto / min(one, two) for auto, one, two in zip(times["auto"], times["one"], times["two"], strict=True)
        ]
        auto, one, two = (statistics.median(times[name]) for name in ("auto", "one", "two"))
        better = "one process" if one <= two else "two workers"
        ratio = auto / min(one, two)
        yield Row(
            f"auto ({chosen}): {count:,} files, {workspace.size / KB:,.0f} KB", auto, "ms", "cold, 0 hits, 0 regions",
            min(one, two), f"the better of both: {better}", ratio, Target("≤", 1.1),
            f"one process {one:.0f} ms, two {two:.0f} ms; pair by pair {statistics.median(ratios):.2f}",
        )  # fmt: skip
        shutil.rmtree(workspace.root)
