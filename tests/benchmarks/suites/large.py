"""Single files of facts, to the size of a database: cold, in two processes, unchanged, and with one line more."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Iterator
from pathlib import Path

from benchmarks.curves import exponent
from benchmarks.documents import MB, facts
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
from metta_index.indexer.text.digest import content_digest

ABOUT = (
    "Whole commands on a workspace of one file of facts, `(edge node-… node-… …)`; above 16 MB (`exact-bytes`) these "
    "are indexed by head and number of arguments, below every word of them. **Cold**: the cache is written. "
    "**One line inserted** in the middle: the file has to be read and digested whole, which is the floor beside it, "
    "and the piece that the line is in is parsed again. **Two workers** share the pieces of the one file. Medians of "
    "three, of one from 100 MB on. **Peak memory** is that of the tree of processes, in a run of its own; its exponent "
    "is that in the size of the file, and 1 would be linear."
)

_ONE = ("--jobs", "1", "--backend", "sequential")
_TWO = ("--jobs", "2", "--backend", "loky")
#: Beyond this many megabytes everything is measured once.
_ONCE_MB = 100


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    peaks: dict[str, list[tuple[float, float]]] = {"one worker": [], "two workers": []}
    for size in scale.large_mb:
        root = scratch / f"{size}"
        root.mkdir()
        path = root / "facts.metta"
        with path.open("wb") as file:
            file.writelines(facts(size * MB))
        yield from _cold(root, size)
        yield from _memory(root, size, peaks)
        yield from _warm(root, path, size)
        shutil.rmtree(root)
    if len(scale.large_mb) > 1:
        for workers, points in peaks.items():
            yield Row(
                f"exponent of peak memory in the size of the file, {workers}", exponent(points), "",
                f"{len(points)} sizes", target=Target("≤", 0.5, "figure"),
            )  # fmt: skip


def _cold(root: Path, size: int) -> Iterator[Row]:
    runs = 1 if size >= _ONCE_MB else 3
    two, one, ratio = in_turns(
        lambda: build(root, "--force", *_TWO).wall_ms, lambda: build(root, "--force", *_ONE).wall_ms, runs
    )
    report = build(root).report
    note = f"{size * 1000 / one:.1f} MB/s; {report['symbols']['references']:,} references"
    yield Row(f"cold, one worker: {size} MB", one / 1000, "s", "cold, 0 hits, 0 regions", note=note)
    yield Row(
        f"cold, two workers inside the one file: {size} MB", two / 1000, "s", "cold, 0 hits, 0 regions", one / 1000,
        "one worker", ratio, note=f"{1 / ratio:.2f} × faster; linking and storing are done in one process",
    )  # fmt: skip


def _memory(root: Path, size: int, peaks: dict[str, list[tuple[float, float]]]) -> Iterator[Row]:
    for (workers, points), flags in zip(peaks.items(), (_ONE, _TWO), strict=True):
        peak, how = peak_memory_mb([*PROGRAM, "build", root, "--force", *flags])
        points.append((size, peak))
        yield Row(f"peak memory, {workers}: {size} MB", peak, "MB", "cold, 0 hits, 0 regions", note=how)


def _warm(root: Path, path: Path, size: int) -> Iterator[Row]:
    settle()
    build(root)

    def empty() -> float:
        return run_command([*EMPTY_PROGRAM, "build", root]).wall_ms

    took, floor, ratio = in_turns(lambda: run_command([*PROGRAM, "build", root]).wall_ms, empty, 3)
    yield Row(
        f"nothing changed: {size} MB", took, "ms", "warm, 0 read", floor, "an empty Typer program, scan and stat",
        ratio,
    )  # fmt: skip
    times, report = [], {}
    for number in range(1 if size >= _ONCE_MB else 3):
        _insert_line(path, b"(one more fact %d)\n" % number)
        done = build(root, *_ONE)
        times.append(done.wall_ms)
        report = done.report
    read = statistics.median(one.wall_ms for one in time_calls(lambda: content_digest(path.read_bytes()), 3))
    parsed, hits = report["work"]["parsed"], report["cache"]["hits"]
    yield Row(
        f"one line inserted in the middle: {size} MB", statistics.median(times), "ms", f"warm, {hits} hits", read,
        "reading and digesting the file", note=f"{parsed} of {parsed + hits} pieces parsed",
    )  # fmt: skip
    with path.open() as file:
        name = file.readline().split()[0].lstrip("(")
    query: list[str | Path] = [*PROGRAM, "def", "--root", root, "--", name]
    settle()
    build(root)
    lines = run_command(query, silent=True).output.count("\n")
    took, floor, ratio = in_turns(lambda: run_command(query, silent=True).wall_ms, empty, 3)
    yield Row(
        f"`def` of the head of its facts: {size} MB", took, "ms", f"warm, {lines} lines of output", floor,
        "an empty Typer program, scan and stat", ratio,
    )  # fmt: skip


def _insert_line(path: Path, line: bytes) -> None:
    """Writes the file anew, a line longer at its middle."""
    text = path.read_bytes()
    middle = text.index(b"\n", len(text) // 2) + 1
    path.write_bytes(text[:middle] + line + text[middle:])
