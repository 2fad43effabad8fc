"""Profiles before and after, as flame graphs, and where the time of a build goes."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.documents import MadeWorkspace, make_workspace
from benchmarks.flames import Stacks, draw, read_folded, share_of
from benchmarks.measure import run_command, settle
from benchmarks.rows import FULL, Row, Scale, Target

ABOUT = (
    "The stack of the main process, noted every millisecond of wall clock, imports included; a call into C counts for "
    "the function that made it. Before: always parallel, no cache. After: as shipped. The graphs are in `profiles/`. "
    "The plan saw 45 to 50 % of its time go into its thread pool."
)

PROFILES = Path(__file__).parents[1] / "profiles"

_SAMPLED = (sys.executable, "-m", "benchmarks.sampled_program")
_POOL = ("--backend", "loky", "--jobs", "2", "--no-cache")
_POOL_MODULES = ("joblib", "loky", "multiprocessing", "concurrent.futures", "execution.loky_pool:", "execution.pool:")

#: Where the time of a build goes: the innermost frame of these modules decides.
STAGES = {
    "indexer.languages.metta.parse:": "parse and flatten",
    "indexer.languages.metta.extract:": "extract",
    "indexer.languages.metta.dialects:": "extract",
    "indexer.languages.metta.lexical:": "parse and flatten",
    "indexer.text.syntax:": "encode, decode",
    "indexer.text.symbols:": "encode, decode",
    "indexer.text.digest:": "digest",
    "indexer.building.work:": "read and count",
    "indexer.building.documents:": "read and count",
    "cache.entries:": "cache: checksums",
    "cache.store:": "cache: store",
    "cache.access:": "cache: store",
    "cache.disk:": "cache: store",
    "cache.": "index: rows and manifest",
    "indexer.discovery.walk:": "discover",
    "indexer.discovery.ignoring:": "discover",
    "indexer.discovery.manifest:": "index: rows and manifest",
    "importlib": "import",
}


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    small = make_workspace(scratch / "small", 20)
    large = make_workspace(scratch / "large", scale.files[0])
    target = PROFILES if scale is FULL else scratch / "profiles"
    target.mkdir(exist_ok=True)
    pool_shares = []
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
            f"in the pool or waiting for it: {name}", share, "% of samples", f"{conditions}, 0 regions",
            pool_shares[0] if is_after_small else None, "small-before" if is_after_small else "",
            target=Target("≤", 5, "figure") if is_after_small else None,
            note=f"{sum(stacks.values()):,} samples; `profiles/{name}.svg`",
        )  # fmt: skip
        if name in ("large-one-process", "edited-after"):
            yield from _stages(name, stacks, conditions)


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


def _stages(name: str, stacks: Stacks, conditions: str) -> Iterator[Row]:
    stages: Counter[str] = Counter()
    for stack, samples in stacks.items():
        stages[_stage(stack)] += samples
    total = sum(stages.values())
    for stage, samples in stages.most_common():
        yield Row(f"{name}: {stage}", samples / total * 100, "% of samples", conditions)


def _stage(stack: tuple[str, ...]) -> str:
    for frame in reversed(stack):
        for module, stage in STAGES.items():
            if frame.removeprefix("metta_index.").startswith(module):
                return stage
    return "all else"
