"""What builds cost as the workspace grows, and as the change grows: times, memory, and the exponents that fit them."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.curves import MISSING, Curve, Panel, can_draw, draw, exponent, per_item
from benchmarks.documents import MadeWorkspace, make_linked_workspace
from benchmarks.measure import EMPTY_PROGRAM, PROGRAM, CommandRun, build, peak_memory_mb, run_command, settle
from benchmarks.rows import FULL, Row, Scale, Target

ABOUT = (
    "![Time and memory against size](plots/growth.svg)\n\n"
    "Whole commands on generated workspaces of files that import and call each other (2 KB on average, about 146 "
    "references each), in steps of half a power of ten. **Cold**: one process, no index, the cache is written; the "
    "median of three, one from 5,000 files on. **Nothing changed** and **one change** (a rule added to a file that "
    "others use): the median of nine, three from 5,000 files on, after one that is not counted. Memory is the peak "
    "over the tree of processes, in one run of its own. An exponent is the slope of least squares on logarithms: 1 is "
    "linear. The start of a program takes the same at every size, so an exponent over all sizes flatters what takes "
    "little beside it: the figure is that of the three largest sizes, as is what one file more costs. Targets: linear "
    "within a tenth. **Changed files**: builds after a rule was added to 1, 10, … files of one workspace, less the "
    "build without changes."
)

PLOTS = Path(__file__).parents[1] / "plots"

_ONE = ("--jobs", "1", "--backend", "sequential")
#: Beyond this many files one cold build is enough, and a third of the others.
_MANY = 5000
_LARGEST = 3
_COLD, _WARM, _EDIT, _FLOOR = "cold", "nothing changed", "one change", "an empty Typer program, scan and stat"


@dataclass(frozen=True, slots=True)
class _Size:
    """One workspace: seconds and megabytes, by what was done."""

    files: int
    references: int
    seconds: dict[str, float]
    peak_mb: dict[str, float]


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    sizes = []
    for count in scale.growth:
        workspace = make_linked_workspace(scratch / f"{count}", count)
        sizes.append(_measured(workspace, scale))
        yield from _rows_of(sizes[-1])
        if count != scale.growth_changed:
            shutil.rmtree(workspace.root)
    yield from _exponents(sizes)
    changes = list(_changes(scratch / f"{scale.growth_changed}", scale))
    for changed, seconds in changes:
        what = f"{changed:,} of {scale.growth_changed:,} files changed, beyond a build without changes"
        yield Row(what, seconds, "s", f"warm, {changed:,} indexed")
    largest = changes[-_LARGEST:]
    yield Row(
        "exponent of time in changed files", exponent(largest), "", f"the {len(largest)} largest changes",
        target=Target("≤", 1.1, "figure"), note=f"{per_item(largest) * 1000:.2g} ms for a file more",
    )  # fmt: skip
    yield _plotted(sizes, changes, PLOTS if scale is FULL else scratch / "plots")


def _measured(workspace: MadeWorkspace, scale: Scale) -> _Size:
    root, many = workspace.root, len(workspace.paths) > _MANY
    edited = workspace.paths[0]

    def cold() -> CommandRun:
        shutil.rmtree(root / ".metta-index", ignore_errors=True)
        return build(root, *_ONE)

    def edit() -> None:
        with edited.open("ab") as file:
            file.write(b"(= (edited $x) (own-1 $x))\n")

    def change() -> CommandRun:
        edit()
        return build(root, *_ONE)

    few = max(1, scale.runs // 3)
    runs = few if many else scale.runs
    colds = [cold() for _ in range(1 if many else few)]
    report = colds[-1].report
    seconds = {_COLD: statistics.median(one.wall_ms for one in colds) / 1000}
    settle()
    seconds[_WARM] = _median_seconds(lambda: build(root), runs)
    seconds[_FLOOR] = _median_seconds(lambda: run_command([*EMPTY_PROGRAM, "build", root]), runs)
    seconds[_EDIT] = _median_seconds(change, runs)
    command: list[str | Path] = [*PROGRAM, "build", root, *_ONE]
    edit()
    peak_mb = {_EDIT: peak_memory_mb(command)[0], _WARM: peak_memory_mb(command)[0]}
    shutil.rmtree(root / ".metta-index")
    peak_mb[_COLD] = peak_memory_mb(command)[0]
    return _Size(report["files"]["total"], report["symbols"]["references"], seconds, peak_mb)


def _median_seconds(call: Callable[[], CommandRun], runs: int) -> float:
    call()
    return statistics.median(call().wall_ms for _ in range(runs)) / 1000


def _rows_of(size: _Size) -> Iterator[Row]:
    of = f"{size.files:,} files, {size.references:,} references"
    for what in (_COLD, _WARM, _EDIT):
        is_cold = what == _COLD
        yield Row(
            f"{what}: {of}", size.seconds[what], "s", "cold, 0 hits" if is_cold else "warm",
            None if is_cold else size.seconds[_FLOOR], "" if is_cold else _FLOOR,
            note=f"peak memory {size.peak_mb[what]:.0f} MB",
        )  # fmt: skip


def _exponents(sizes: list[_Size]) -> Iterator[Row]:
    linear = Target("≤", 1.1, "figure")
    for what in (_COLD, _WARM, _EDIT, _FLOOR):
        times = [(size.files, size.seconds[what]) for size in sizes]
        largest = times[-_LARGEST:]
        yield Row(
            f"exponent of time in files: {what}", exponent(largest), "", f"the {len(largest)} largest sizes",
            target=None if what == _FLOOR else linear,
            note=f"over all sizes {exponent(times):.2f}; {per_item(largest) * 1e6:,.1f} µs for a file more",
        )  # fmt: skip
    references = [(size.references, size.seconds[_COLD]) for size in sizes[-_LARGEST:]]
    yield Row(
        "exponent of time in references: cold", exponent(references), "", f"the {len(references)} largest sizes",
        target=linear, note=f"{per_item(references) * 1e6:,.2f} µs for a reference more",
    )  # fmt: skip
    for what in (_COLD, _WARM, _EDIT):
        peaks = [(size.files, size.peak_mb[what]) for size in sizes]
        largest = peaks[-_LARGEST:]
        yield Row(
            f"exponent of peak memory in files: {what}", exponent(largest), "", f"the {len(largest)} largest sizes",
            target=linear,
            note=f"over all sizes {exponent(peaks):.2f}; {per_item(largest) * 1000:,.2f} KB for a file more",
        )  # fmt: skip


def _changes(root: Path, scale: Scale) -> Iterator[tuple[int, float]]:
    """How many files changed, and what the build took beyond one without changes."""
    paths = sorted(root.rglob("module-*.metta"))
    build(root, *_ONE)
    settle()
    unchanged = _median_seconds(lambda: build(root), scale.runs)
    changed = 1
    while changed <= len(paths):
        times = []
        for _ in range(scale.runs if changed < 100 else max(1, scale.runs // 3)):
            for path in paths[:: len(paths) // changed][:changed]:
                with path.open("ab") as file:
                    file.write(b"(= (edited $x) (hub-rule $x 1))\n")
            times.append(build(root, *_ONE).wall_ms / 1000)
        # Less than the clock can tell counts as that: there is no logarithm of nothing.
        yield changed, max(statistics.median(times) - unchanged, 1e-4)
        changed *= 10


def _plotted(sizes: list[_Size], changes: list[tuple[int, float]], folder: Path) -> Row:
    what = "plot of time and memory against size, SVG and PNG"
    if not can_draw():
        return Row(what, None, "", note=MISSING)

    def curve(what: str, costs: list[tuple[int, float]], is_floor: bool = False) -> Curve:
        shown = f"{what} (exponent {exponent(costs[-_LARGEST:]):.2f})"
        return Curve(shown, tuple((float(x), y) for x, y in costs), is_floor)

    times = [
        curve(what, [(size.files, size.seconds[what]) for size in sizes], what == _FLOOR)
        for what in (_COLD, _WARM, _EDIT, _FLOOR)
    ]
    peaks = [curve(what, [(size.files, size.peak_mb[what]) for size in sizes]) for what in (_COLD, _WARM, _EDIT)]
    panels = (
        Panel("time", "files", "seconds", tuple(times)),
        Panel("peak memory", "files", "MB", tuple(peaks)),
        Panel("time beyond a build without changes", "files changed", "seconds", (curve("changed", changes),)),
    )
    folder.mkdir(exist_ok=True)
    last = sizes[-1]
    title = f"Builds of {sizes[0].files:,} to {last.files:,} files, to {last.references:,} references, one process"
    written = draw(panels, title, folder, "growth")
    return Row(what, len(written), "files", note=", ".join(f"`plots/{path.name}`" for path in written))
