"""Questions to a built index, as whole commands: what each takes beyond an empty program that scans the same tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.documents import FILES_PER_FOLDER, MadeWorkspace, make_linked_workspace
from benchmarks.measure import EMPTY_PROGRAM, PROGRAM, build, over_in_turns, run_command, settle
from benchmarks.rows import Row, Scale, Target
from metta_index.cache.opening import open_index

#: Milliseconds that a query may take beyond its floor.
LIMIT_MS = 60

ABOUT = (
    "Whole commands on a generated workspace whose files import and call each other, 40 a folder. Nothing changed "
    "since the build; each command looks, as always. A figure is what the command takes beyond its floor: a Typer "
    "program with as many commands, which scans the same tree and asks for the status of every file; the two run in "
    "turns, wall clock, in the folder of the workspace, and the figure is the median of the differences. Names are "
    "chosen by the number of files that mention them. `callers` is asked with --all-uses. A command with an option "
    f"goes through Typer, others need not. Beyond {LIMIT_MS} ms, an answer of many lines may cost what its lines do: "
    "their number is given."
)


#: A name, how many files define it, and how many mention it.
_Name = tuple[str, int, int]


class Choice(NamedTuple):
    """A name to ask for, and why it was chosen."""

    label: str
    name: str


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    workspace = make_linked_workspace(scratch / "queries", 5000 if 5000 in scale.files else scale.files[-1])
    build(workspace.root)
    settle()
    build(workspace.root)
    for label, arguments in _commands(workspace):
        yield _row(label, arguments, workspace, scale)


def choose_names(root: Path) -> list[Choice]:
    """A name of one file; that of about a folder; the one that most files mention; that which most define.

    Among names that the workspace defines and uses. Ties go to the first in the order of bytes.
    """
    with open_index(root) as index:
        names = sorted(index.reader.names(lambda _name: True))
        once = [row for row in names if row[1] == 1]

        def first(rows: list[tuple[bytes, int, int]], order: Callable[[tuple[bytes, int, int]], int]) -> _Name:
            rows = sorted(rows, key=order)
            name, defined, used = next(row for row in rows if any(one.is_use for one in index.references(row[0])))
            return name.decode(), defined, used

        rare = first(once, lambda row: row[2])
        middling = first(once, lambda row: abs(row[2] - FILES_PER_FOLDER))
        most_used = first(names, lambda row: -row[2])
        most_defined = first(names, lambda row: -row[1])
    return [
        Choice(f"{what}: defined in {defined:,}, mentioned in {used:,} of the files", name)
        for what, (name, defined, used) in (
            ("a rare name", rare),
            ("a middling name", middling),
            ("the most used name", most_used),
            ("the name that most files define", most_defined),
        )
    ]


def _commands(workspace: MadeWorkspace) -> Iterator[tuple[str, list[str | Path]]]:
    for choice in choose_names(workspace.root):
        for command in ("def", "refs", "doc", "search", "callers"):
            all_uses = ["--all-uses"] if command == "callers" else []
            yield f"`{command}`, {choice.label}", [command, *all_uses, choice.name]
        yield f"`def --format json`, {choice.label}", ["def", "--format", "json", choice.name]
    file = workspace.paths[len(workspace.paths) // 2]
    yield "`deps` of a file", ["deps", file]
    yield "`outline` of a file", ["outline", file]


def _row(label: str, arguments: list[str | Path], workspace: MadeWorkspace, scale: Scale) -> Row:
    command = [*PROGRAM, *arguments]
    lines = run_command(command, silent=True, cwd=workspace.root).output.count("\n")

    took, floor, over = over_in_turns(
        lambda: run_command(command, silent=True, cwd=workspace.root).wall_ms,
        lambda: run_command([*EMPTY_PROGRAM, "build", workspace.root], silent=True).wall_ms,
        max(1, scale.runs),
    )
    note = f"{took:.0f} ms, floor {floor:.0f} ms; {lines:,} {'line' if lines == 1 else 'lines'} of output"
    if over > LIMIT_MS and lines > 1:
        note += f": {(over - LIMIT_MS) / lines * 1000:,.0f} µs a line beyond {LIMIT_MS} ms"
    return Row(
        label, over, "ms", f"warm, nothing changed, {len(workspace.paths):,} files",
        floor_is="an empty Typer program, scan and stat", target=Target("≤", LIMIT_MS, "figure"), note=note,
    )  # fmt: skip
