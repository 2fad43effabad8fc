"""What input costs that nobody should write: deep nesting, one huge word, a file of facts as large as a database."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.documents import MB, facts
from benchmarks.measure import PROGRAM, build, peak_memory_mb
from benchmarks.rows import Row, Scale

ABOUT = (
    "Each is the only file of a workspace, and is indexed cold, with the cache written. Time is that of one whole "
    "command; peak memory is that of a second one, over the tree of processes."
)

DEPTH = 100_000
WORD = 1_000_000


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    for name, chunks in _texts(scale):
        folder = scratch / "hostile"
        folder.mkdir()
        with (folder / "hostile.metta").open("wb") as file:
            file.writelines(chunks)
            size = file.tell() / MB
        for jobs in ("1", "2") if size > 1.5 else ("1",):
            done = build(folder, "--force", "--jobs", jobs)
            report = done.report
            plan, work = report["plan"], report["work"]
            note = f"{work['parsed']} pieces, {report['symbols']['references']:,} references, {plan['backend']}"
            what = f"{name}, {size:.1f} MB, --jobs {jobs}"
            yield Row(what, done.wall_ms / 1000, "s", "cold, 0 hits, 0 regions", note=note)
            peak, how = peak_memory_mb([*PROGRAM, "build", folder, "--force", "--jobs", jobs])
            yield Row(f"{what}: peak memory", peak, "MB", "cold, 0 hits, 0 regions", note=how)
        if size > 1.5:
            with (folder / "hostile.metta").open("ab") as file:
                file.write(b"(one more fact)\n")
            done = build(folder, "--jobs", "1")
            report = done.report
            parsed, hits = report["work"]["parsed"], report["cache"]["hits"]
            yield Row(
                f"{name}, {size:.1f} MB, one line added", done.wall_ms / 1000, "s", f"warm, {hits} hits, 0 regions",
                note=f"{parsed} pieces parsed",
            )  # fmt: skip
        shutil.rmtree(folder)


def _texts(scale: Scale) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield f"{DEPTH:,} nested parentheses", [b"(" * DEPTH, b")" * DEPTH, b"\n"]
    yield f"{DEPTH:,} parentheses never closed", [b"(" * DEPTH, b"\n"]
    yield f"a word of {WORD:,} characters", [b"w" * WORD, b"\n"]
    yield "a file of facts", facts(scale.facts_mb * MB)
