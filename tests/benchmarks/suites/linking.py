"""Linking: what a meaning costs to find, a reference to link, and an edit to take in."""

from __future__ import annotations

import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.documents import HUB, MadeWorkspace, make_linked_workspace
from benchmarks.link_clock import link_clock
from benchmarks.measure import best_us
from benchmarks.rows import Row, Scale
from metta_index.cache.opening import open_index
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.building.report import BuildReport
from metta_index.indexer.execution.wanted import Wanted
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.meanings import Question, Step
from metta_index.indexer.queries.resolving import resolve
from metta_index.indexer.text.occurrences import occurrences
from metta_index.indexer.text.symbols import Role

ABOUT = (
    "In this process, on a generated workspace whose files import and call each other, 40 a folder, and a hub that all "
    "import. **Linking**: the CPU time that a cold build spends on decoding tables, postings and imports, over the "
    "references it links. **Resolution**: `resolve` of words where they stand, those only that a meaning is found for, "
    "by the step that finds the likeliest; documents read before, the fastest of three calls for each word. "
    "**Edits**: one build after each, in one process; rows are those of `index.db` that were inserted, replaced or "
    "deleted."
)

#: How a kind of meaning is called in the plan.
_KINDS = {
    Step.SCOPE: "variable",
    Step.DOCUMENT: "own document",
    Step.IMPORT: "import",
    Step.REGISTERED: "registered by a host program",
    Step.BUILTIN: "builtin",
    Step.WORKSPACE: "elsewhere in the workspace",
}
#: Words that are looked up for a kind, at most; they come from files far apart.
_WORDS = 200
_FILES = 100

_ONE = Options(wanted=Wanted(jobs=1, backend="sequential"))


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    workspace = make_linked_workspace(scratch / "linked", scale.linked_files)
    yield from _amortised(workspace)
    yield from _resolution(workspace, scale)
    yield from _edits(workspace, scale)
    shutil.rmtree(workspace.root)


def _build(root: Path) -> tuple[BuildReport, int]:
    """The report of one build, and the rows that it changed."""
    with open_session(root, quiet=True) as session:
        report = session.build(_ONE).report
        return report, session.index._connection.total_changes


def _amortised(workspace: MadeWorkspace) -> Iterator[Row]:
    with link_clock() as clock:
        report, _rows = _build(workspace.root)
    references = report.totals["reference_count"]
    size = f"{references:,} references, {report.files.total:,} files"
    conditions = f"cold, {report.work.linked:,} imports linked"
    parts = ", ".join(f"{part} {seconds / references * 1e9:,.0f} ns" for part, seconds in clock.seconds.items())
    yield Row(
        f"linking, for each reference, CPU: {size}", clock.total / references * 1e6, "µs", conditions,
        note=f"{parts}; {clock.total * 1000:,.0f} ms of a build of {clock.whole * 1000:,.0f} ms",
    )  # fmt: skip


def _resolution(workspace: MadeWorkspace, scale: Scale) -> Iterator[Row]:
    with open_index(workspace.root) as index:
        questions = _questions(index, workspace)
        for step, name in _KINDS.items():
            asked = questions[step]
            times = sorted(best_us(lambda one=one: resolve(index, one), 3) for one in asked)  # type: ignore[misc]
            if len(times) < 2:
                yield Row(f"resolution, {name}", None, "µs", note="no word of the workspace means such a thing")
                continue
            p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
            fresh = statistics.median(best_us(lambda one=one: resolve(Index(index.reader), one), 1) for one in asked)  # type: ignore[misc]
            conditions = f"warm, hits only, {len(times)} words"
            note = f"by an Index that has read nothing yet: {fresh:,.0f} µs"
            yield Row(f"resolution, {name}: p50", statistics.median(times), "µs", conditions, note=note)
            yield Row(f"resolution, {name}: p95", p95, "µs", conditions)


def _questions(index: Index, workspace: MadeWorkspace) -> dict[Step, list[Question]]:
    """Words that mean something, by the step that finds the likeliest meaning."""
    found: dict[Step, list[Question]] = defaultdict(list)
    for path in workspace.paths[:: max(1, len(workspace.paths) // _FILES)]:
        name = path.relative_to(workspace.root).as_posix()
        for piece in index.pieces(name):
            seen = set()
            for word in occurrences(piece):
                if word.role not in (Role.REFERENCE, Role.BINDING) or word.name in seen:
                    continue
                seen.add(word.name)
                question = Question(word.name, name, word.start_byte, piece.table.dialect, word.arguments)
                meanings = resolve(index, question)
                if meanings and len(found[meanings[0].step]) < _WORDS:
                    found[meanings[0].step].append(question)
    return found


def _edits(workspace: MadeWorkspace, scale: Scale) -> Iterator[Row]:
    """One edit, and the edit that takes it back, again and again."""
    hub, leaf = workspace.root / "hub.metta", workspace.paths[-1]
    moved = workspace.root / "centre.metta"
    text = leaf.read_bytes()
    edits: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "a rule added to a leaf, which nothing imports": (
            lambda: leaf.write_bytes(text + b"(= (edited $x) $x)\n"),
            lambda: leaf.write_bytes(text),
        ),
        "a rule added to the hub, which all import": (
            lambda: hub.write_bytes(HUB + b"(= (edited $x) $x)\n"),
            lambda: hub.write_bytes(HUB),
        ),
        "the rule that all call renamed where it is defined": (
            lambda: hub.write_bytes(HUB.replace(b"hub-rule", b"other-rule")),
            lambda: hub.write_bytes(HUB),
        ),
        "the hub moved, which all import": (lambda: hub.rename(moved), lambda: moved.rename(hub)),
    }
    _build(workspace.root)
    _nothing, unchanged = _build(workspace.root)
    for name, (edit, undo) in edits.items():
        times, rows, linked, read = [], 0, 0, 0
        for _ in range(max(1, scale.runs // 3)):
            for change in (edit, undo):
                change()
                started = time.perf_counter()
                report, changed = _build(workspace.root)
                times.append((time.perf_counter() - started) * 1000)
                rows, linked = max(rows, changed - unchanged), max(linked, report.work.linked)
                read = max(read, report.work.parsed + report.files.cached)
        conditions = f"warm, {read} indexed, {report.files.total:,} files"
        yield Row(
            f"an edit: {name}", statistics.median(times), "ms", conditions,
            note=f"{rows:,} rows changed, {linked:,} imports linked",
        )  # fmt: skip
