"""What each optimisation is worth: added one by one, switched off alone, and beside what the plan expected."""

from __future__ import annotations

import hashlib
import itertools
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.documents import MB, facts, make_workspace
from benchmarks.measure import PROGRAM, CommandRun, build, run_command, settle
from benchmarks.rows import Row, Scale, Target
from benchmarks.suites.hashing import CUT_STRING, INTERNED, lookup_ns

_POOL = ("--backend", "loky", "--jobs", "2")
_ONE = ("--backend", "sequential")

#: Stages, each with one optimisation more; and all of them but one.
STAGES: Mapping[str, tuple[str, ...]] = {
    "always parallel, no cache": (*_POOL, "--no-cache"),
    "+ adaptive, or: all but the cache": ("--no-cache",),
    "+ cache, or: all on": (),
    "all but adaptive": _POOL,
}
BASE, ADAPTIVE, ALL_ON, NOT_ADAPTIVE = STAGES

SMALL, EDIT, COLD, RESTORED, LARGE = (
    "4 files, cold",
    "one file edited",
    "all files, cold",
    "restored checkout, cache kept",
    "one line added to a large file",
)

ABOUT = (
    "Each stage adds one optimisation: always in a pool of two and without a cache; + the adaptive plan; + the cache "
    "(and with it the manifest of what is unchanged: `--no-cache` indexes everything). The choice of the digest cannot "
    "be an option, so it is compared last, one process each, with a program that differs in it alone. “All but” rows "
    "switch one off. Each is a whole command, wall clock, median, in turns. Then the plan's percentages, one by one."
)


@dataclass(frozen=True, slots=True)
class Workload:
    """`prepare` makes ready what one build at `root` then meets."""

    name: str
    root: Path
    prepare: Callable[[], None]


Figures = dict[tuple[str, str], tuple[float, float]]  # (workload, stage): median wall and CPU milliseconds


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    workloads = _workloads(scale, scratch)
    figures: Figures = {}
    for workload in workloads:
        runs: dict[str, list[CommandRun]] = {stage: [] for stage in STAGES}
        for turn in range(max(3, scale.runs // 2)):
            for stage in list(STAGES) if turn % 2 else reversed(list(STAGES)):
                workload.prepare()
                runs[stage].append(build(workload.root, *STAGES[stage]))
        for stage, done in runs.items():
            wall, cpu = (
                statistics.median(one.wall_ms for one in done),
                statistics.median(one.cpu_ms for one in done),
            )
            figures[workload.name, stage] = wall, cpu
            floor, floor_is = figures[workload.name, BASE][0], BASE
            if stage == NOT_ADAPTIVE:
                floor, floor_is = figures[workload.name, ALL_ON][0], ALL_ON
            report = done[-1].report
            yield Row(
                f"{workload.name}: {stage}", wall, "ms",
                f"{report['work']['parsed']} parsed, {report['cache']['hits']} hits, 0 regions", floor, floor_is,
                note=f"CPU {cpu:,.0f} ms; {report['plan']['backend']}",
            )  # fmt: skip
    yield from _hashing(figures, scale, scratch)
    yield from _equal_exports(workloads[1])
    yield from _expectations(figures, scale, scratch)


def _workloads(scale: Scale, scratch: Path) -> list[Workload]:
    small = make_workspace(scratch / "small", 4)
    many = make_workspace(scratch / "many", scale.files[0])
    large = scratch / "large"
    large.mkdir()
    text = b"".join(facts(5 * MB))
    (large / "facts.metta").write_bytes(text)
    middle = text.index(b"\n", len(text) // 2) + 1
    edits = itertools.count()
    edited = many.paths[len(many.paths) // 2]
    before = edited.read_bytes()

    def forget(root: Path) -> None:
        shutil.rmtree(root / ".metta-index", ignore_errors=True)

    def restore() -> None:
        (many.root / ".metta-index" / "index.db").unlink(missing_ok=True)

    def edit() -> None:
        edited.write_bytes(before + b"(= (edited-%d) 1)\n" % next(edits))

    def add_line() -> None:
        line = b"(one more %d)\n" % next(edits)
        (large / "facts.metta").write_bytes(text[:middle] + line + text[middle:])

    settle()
    build(many.root)
    build(large)
    return [
        Workload(SMALL, small.root, lambda: forget(small.root)),
        Workload(EDIT, many.root, edit),
        Workload(RESTORED, many.root, restore),
        Workload(LARGE, large, add_line),
        Workload(COLD, many.root, lambda: forget(many.root)),
    ]


def _hashing(figures: Figures, scale: Scale, scratch: Path) -> Iterator[Row]:
    """BLAKE2b against SHA-256, in one process each: workers would not know of the exchange."""
    roots = {}
    for digest in ("blake2b", "sha256"):
        roots[digest] = make_workspace(scratch / digest, scale.files[0])
    settle()
    for digest, workspace in roots.items():
        run_command([*_WITH_DIGEST, digest, "build", workspace.root, *_ONE])
    edits = itertools.count()

    def edit(digest: str) -> CommandRun:
        path = roots[digest].paths[0]
        path.write_bytes(b"(= (edited-%d) 1)\n" % next(edits))
        return run_command([*_WITH_DIGEST, digest, "build", roots[digest].root, *_ONE])

    def index_all(digest: str) -> CommandRun:
        return run_command([*_WITH_DIGEST, digest, "build", roots[digest].root, "--no-cache", *_ONE])

    for workload, measured in ((EDIT, edit), (COLD, index_all)):
        runs: dict[str, list[CommandRun]] = {digest: [] for digest in roots}
        for turn in range(max(3, 2 * scale.runs)):
            for digest in list(runs) if turn % 2 else reversed(runs):
                runs[digest].append(measured(digest))
        for digest, done in runs.items():
            wall = statistics.median(one.wall_ms for one in done)
            figures[workload, digest] = wall, statistics.median(one.cpu_ms for one in done)
        (wall, cpu), (floor, floor_cpu) = figures[workload, "blake2b"], figures[workload, "sha256"]
        yield Row(
            f"{workload}: + hashing (BLAKE2b-256)", wall, "ms", "one process, 0 hits, 0 regions",
            floor, "all but hashing (SHA-256)", note=f"CPU {cpu:.1f} ms against {floor_cpu:.1f} ms",
        )  # fmt: skip


_WITH_DIGEST = (sys.executable, "-m", "benchmarks.digest_program")


def _equal_exports(workload: Workload) -> Iterator[Row]:
    """Zero change in behaviour: the index of every stage, byte for byte."""
    digests = []
    for flags in STAGES.values():
        build(workload.root, "--force", *flags)
        exported = run_command([*PROGRAM, "export", "jsonl", "--root", workload.root]).output
        digests.append(hashlib.sha256(exported.encode()).hexdigest())
    equal = digests.count(digests[0])
    what = "stages whose export equals that of the first, byte for byte"
    yield Row(what, equal, f"of {len(digests)}", "cold", target=Target("≥", len(digests), "figure"))


def _expectations(figures: Figures, scale: Scale, scratch: Path) -> Iterator[Row]:
    """The plan's percentages, in its order; each computed from the figures above."""

    def wall(workload: str, stage: str) -> float:
        return figures[workload, stage][0]

    def saved(workload: str, before: str, after: str, which: int = 0) -> float:
        return (1 - figures[workload, after][which] / figures[workload, before][which]) * 100

    def percent(what: str, value: float, least: float, note: str) -> Row:
        return Row(f"plan: {what}", value, "% saved", target=Target("≥", least, "figure"), note=note)

    yield Row(
        "plan: small batches save 15 to 20 µs", (wall(SMALL, BASE) - wall(SMALL, ADAPTIVE)) * 1000, "µs",
        target=Target("≥", 15, "figure"), note=f"{SMALL}; a pool of processes costs 10,000 times what its threads did",
    )  # fmt: skip
    yield _large_speedup(scale, scratch)
    mix = {stage: 10 * wall(SMALL, stage) + wall(COLD, stage) for stage in (BASE, ADAPTIVE)}
    yield percent("adaptive, mixed workloads, 20 to 40 %", (1 - mix[ADAPTIVE] / mix[BASE]) * 100, 20,
                  f"the mix: ten times {SMALL}, once {COLD}; neither with a cache")  # fmt: skip
    yield from _tuning(scale, scratch)
    yield percent("cache hits save about 3.5 % CPU", saved(RESTORED, ADAPTIVE, ALL_ON, 1), 3.5,
                  "CPU; every lookup hits")  # fmt: skip
    yield percent("typical edits, 10 to 30 %", saved(EDIT, ADAPTIVE, ALL_ON), 10, EDIT)
    yield Row("plan: large files indexed again 2 to 3 times faster", wall(LARGE, ADAPTIVE) / wall(LARGE, ALL_ON), "×",
              target=Target("≥", 2, "figure"), note=f"{LARGE} of 5 MB")  # fmt: skip
    costs = lookup_ns(scale)
    yield Row("plan: hash operations 1.5 to 2 times faster", costs[CUT_STRING] / costs[INTERNED], "×",
              target=Target("≥", 1.5, "figure"),
              note="names interned once against strings cut for each lookup; FxHash itself is not applicable: "
              "CPython keeps the hash of a string, and its dictionaries take no other function")  # fmt: skip
    yield percent("hashing saves about 1 % CPU", saved(EDIT, "sha256", "blake2b", 1), 1, f"digest, CPU, {EDIT}")
    yield percent("the same, cold", saved(COLD, "sha256", "blake2b", 1), 1,
                  "digest, CPU; where SHA-256 has instructions of its own, BLAKE2b saves only its import")  # fmt: skip
    yield percent("combined, best case, 40 to 60 %", saved(RESTORED, BASE, ALL_ON), 40, RESTORED)
    yield percent("combined, worst case (misses), 5 to 10 %", saved(COLD, BASE, ALL_ON), 5,
                  f"{COLD}: every lookup misses, and everything is stored")  # fmt: skip
    yield percent("combined, typical case, 25 to 35 %", saved(EDIT, BASE, ALL_ON), 25, EDIT)
    yield percent("latency of common operations, 80 to 90 %", saved(EDIT, BASE, ALL_ON), 80, EDIT)
    yield Row("plan: 3 to 7 times the throughput, with its phase 1", None, "×",
              note="not applicable: its phase 1 made a server's maps lock-free; there is no server here, and one "
              f"process owns the index. {BASE} against {ALL_ON}: {EDIT} {wall(EDIT, BASE) / wall(EDIT, ALL_ON):.1f} ×, "
              f"{COLD} {wall(COLD, BASE) / wall(COLD, ALL_ON):.2f} ×")  # fmt: skip
    yield Row("plan: lock contention, latency of a language server", None, "", note="not applicable: no server")
    yield Row("plan: linear with cores", None, "×", note="not measured: two cores; see the two-worker rows in ratios")


def _large_speedup(scale: Scale, scratch: Path) -> Row:
    workspace = make_workspace(scratch / "largest", scale.files[-1])
    ratios = []
    for _ in range(3):
        one = build(workspace.root, "--no-cache", *_ONE).wall_ms
        ratios.append(one / build(workspace.root, "--no-cache", *_POOL).wall_ms)
    shutil.rmtree(workspace.root)
    return Row(
        "plan: large workloads keep 1.5 to 2 ×", statistics.median(ratios), "×", "cold, 0 hits, 0 regions",
        target=Target("≥", 1.5, "figure") if scale.files[-1] >= 10_000 else None,
        note=f"whole build of {workspace.size / MB:.1f} MB, no cache, two workers against one process: start, reading "
        "and writing the index are done in one; what is shared has its own row in ratios",
    )  # fmt: skip


def _tuning(scale: Scale, scratch: Path) -> Iterator[Row]:
    """How far the estimate is off, with the rates we ship and with those learnt."""
    workspace = make_workspace(scratch / "tuning", scale.files[0])
    off = []
    for _ in range(8):
        plan = build(workspace.root, "--force", *_POOL).report["plan"]
        off.append(abs(plan["estimated_ms"] / plan["actual_ms"] - 1) * 100)
    shutil.rmtree(workspace.root)
    yield Row(
        "plan: the threshold tunes itself: how far the estimate is off after 7 builds", off[-1], "%",
        "cold, 0 hits, 0 regions", off[0], "with the rates we ship", target=Target("≤", 25, "figure"),
        note=f"two workers; all builds: {', '.join(f'{one:.0f}' for one in off)} %",
    )  # fmt: skip
