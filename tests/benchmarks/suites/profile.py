"""Profiles before and after, as flame graphs, and where the time of a build goes."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.documents import MadeWorkspace, make_linked_workspace, make_workspace
from benchmarks.flames import Stacks, draw, read_folded, share_of
from benchmarks.floors import Floor, floors_of
from benchmarks.measure import run_command, settle, time_calls
from benchmarks.rows import FULL, Row, Scale, Target

ABOUT = (
    "The stack of the main process, noted every millisecond of wall clock, imports included; a call into C counts for "
    "the function that made it, for as long as it took. Before: always parallel, no cache. After: as shipped. The "
    "graphs are in `profiles/`. The plan saw 45 to 50 % of its time go into its thread pool. **Where the time goes**: "
    "stages of a build in one process, in the order of the work, beside a floor of each: the least that has to be "
    "done for the same files, by a bare loop. Copying bytes is all that flattening and encoding cannot do without; "
    "nothing less than ours finds as much as extraction does, so the floor beside it is what tree-sitter itself would "
    "do for tags. Start-up: the imports that were seen, and the start of Python, which was not."
)

PROFILES = Path(__file__).parents[1] / "profiles"

_SAMPLED = (sys.executable, "-m", "benchmarks.sampled_program")
_POOL = ("--backend", "loky", "--jobs", "2", "--no-cache")
_POOL_MODULES = ("joblib", "loky", "multiprocessing", "concurrent.futures", "execution.loky_pool:", "execution.pool:")

#: Where the time of a build goes: the innermost frame that starts with one of these decides.
STAGES = {
    "importlib": "start-up",
    "indexer.discovery.": "scan",
    "indexer.building.documents:": "read and digest",
    "indexer.text.digest:": "read and digest",
    "indexer.languages.metta.parse:_parsed": "parse",
    "indexer.languages.metta.parse:": "flatten",
    "indexer.languages.metta.lexical:decode_string": "extract",
    "indexer.languages.metta.lexical:": "flatten",
    "indexer.languages.metta.extract:": "extract",
    "indexer.languages.metta.dialects:": "extract",
    "indexer.text.symbols:decode_table": "link",
    "indexer.text.stored_tables:": "link",
    "indexer.text.syntax:": "encode",
    "indexer.text.symbols:": "encode",
    "indexer.building.work:": "encode",
    "cache.entries:": "store: cache",
    "cache.store:": "store: cache",
    "cache.access:": "store: cache",
    "cache.disk:": "store: cache",
    "cache.bytes_cache:": "store: cache",
    "indexer.linking.": "link",
    "indexer.languages.metta.modules": "link",
    "cache.postings:": "link",
    "cache.name_rows:": "link",
    "cache.import_rows:": "link",
    "cache.finding_rows:": "link",
    "cache.": "store: index",
}

#: Stages in the order of the work.
ORDER = (*dict.fromkeys(STAGES.values()), "all else")


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    small = make_workspace(scratch / "small", 20)
    large = make_linked_workspace(scratch / "large", scale.files[0])
    target = PROFILES if scale is FULL else scratch / "profiles"
    target.mkdir(exist_ok=True)
    pool_shares = []
    floors: dict[str, Floor] = {}
    for name, workspace, flags, forget, conditions in (
        ("small-before", small, _POOL, True, "cold, 0 hits"),
        ("small-after", small, (), True, "cold, 0 hits"),
        ("large-before", large, _POOL, True, "cold, 0 hits"),
        ("large-after", large, (), True, "cold, 0 hits"),
        ("large-one-process", large, ("--backend", "sequential"), True, "cold, 0 hits"),
        ("edited-after", large, (), False, "warm, one file edited"),
    ):
        stacks = _sample(workspace, flags, forget, scratch)
        title = f"{name}: {len(workspace.paths):,} files, {conditions}, build {' '.join(flags)}"
        (target / f"{name}.svg").write_text(draw(stacks, title), encoding="utf-8")
        share = share_of(stacks, *_POOL_MODULES) * 100
        pool_shares.append(share)
        is_after_small = name == "small-after"
        yield Row(
            f"in the pool or waiting for it: {name}", share, "% of time", f"{conditions}, 0 regions",
            pool_shares[0] if is_after_small else None, "small-before" if is_after_small else "",
            target=Target("≤", 5, "figure") if is_after_small else None,
            note=f"{sum(stacks.values()) / 1000:,.0f} ms; `profiles/{name}.svg`",
        )  # fmt: skip
        if name == "large-one-process":
            floors = floors_of(large.root, large.paths, scratch)
            yield from _stages(name, stacks, conditions, floors)
        elif name == "edited-after":
            yield from _stages(name, stacks, conditions, {what: floors[what] for what in ("start-up", "scan")})


def _sample(workspace: MadeWorkspace, flags: tuple[str, ...], forget: bool, scratch: Path) -> Stacks:
    root = workspace.root
    if forget:
        shutil.rmtree(root / ".metta-index", ignore_errors=True)
    else:
        settle()
        run_command([*_SAMPLED, scratch / "ignored", "build", root])
        workspace.paths[0].write_bytes(b"(= (edited) 1)\n")
    output = scratch / "stacks"
    run_command([*_SAMPLED, output, "build", root, *flags])
    return read_folded(output.read_text())


def _stages(name: str, stacks: Stacks, conditions: str, floors: dict[str, Floor]) -> Iterator[Row]:
    stages: Counter[str] = Counter()
    for stack, microseconds in stacks.items():
        stages[stage_of(stack)] += microseconds
    total = sum(stages.values())
    python = min(timing.wall_ms for timing in time_calls(lambda: run_command([sys.executable, "-c", ""]), 5))
    for stage in ORDER:
        took = stages[stage] / 1000
        floor, floor_is = floors.get(stage, (None, ""))
        note = f"{stages[stage] / total:.1%} of what was seen"
        if stage == "start-up":
            note = f"imports {took:.0f} ms ({note}), and Python itself {python:.0f} ms"
            took += python
        yield Row(f"{name}: {stage}", took, "ms", conditions, floor, floor_is, note=note)


def stage_of(stack: tuple[str, ...]) -> str:
    """What a stack counts for."""
    for frame in reversed(stack):
        for module, stage in STAGES.items():
            if frame.removeprefix("metta_index.").startswith(module):
                return stage
    return "all else"
