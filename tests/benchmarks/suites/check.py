"""The symbol check as whole commands: unchanged, one file changed, with and without findings, and cold."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from benchmarks.documents import MadeWorkspace, make_sound_workspace
from benchmarks.measure import EMPTY_PROGRAM, PROGRAM, build, in_turns, run_command, settle
from benchmarks.rows import Row, Scale, Target

ABOUT = (
    "Whole commands, `metta-index check` without options, as a hook runs it, on generated workspaces of typed "
    "functions that call each other across files. The floor is a Typer program with as many commands, which scans the "
    "same tree and asks for the status of every file; the two run in turns. **One file changed**: a rule is added to "
    "it, so that it is indexed and checked again. **With findings**: in one of five files a rule stands twice; all "
    "findings are printed. **Cold**: the index is built, and no document has been checked."
)

_CHECK = [*PROGRAM, "check"]
_EMPTY = "an empty Typer program, scan and stat"
#: One of so many files has a finding.
_EVERY = 5


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    count = 5000 if 5000 in scale.files else scale.files[-1]
    for findings in (0, count // _EVERY):
        workspace = make_sound_workspace(scratch / f"check-{findings}", count)
        if findings:
            for path in workspace.paths[::_EVERY]:
                path.write_bytes(path.read_bytes() + b"(= (twice) once)\n" * 2)
        build(workspace.root)
        settle()
        yield from _rows(workspace, findings, scale)


def _rows(workspace: MadeWorkspace, findings: int, scale: Scale) -> Iterator[Row]:
    name = f"{len(workspace.paths):,} files, {findings:,} findings"
    root, code = workspace.root, min(findings, 1)
    numbers = itertools.count()
    changing = workspace.paths[len(workspace.paths) // 2]
    text = changing.read_bytes()

    def check() -> float:
        done = run_command(_CHECK, silent=True, cwd=root, expected=code)
        assert done.output.count(" MI303 ") == findings, done.output[-200:]
        return done.wall_ms

    def change_and_check() -> float:
        changing.write_bytes(text + b"(= (added %d) %d)\n" % (next(numbers), len(text)))
        return check()

    def empty() -> float:
        return run_command([*EMPTY_PROGRAM, "build", root]).wall_ms

    def cold() -> float:
        with sqlite3.connect(root / ".metta-index" / "index.db") as index:
            index.execute("DELETE FROM dependency")
            index.execute("DELETE FROM finding")
            index.execute("DELETE FROM meta WHERE key <> 'schema' AND key <> 'last_build'")
        index.close()
        return check()

    check()
    target = Target("≤", 2) if len(workspace.paths) == 5000 else None
    for what, one, runs, wanted in (
        ("nothing changed", check, scale.runs, None),
        ("one file changed", change_and_check, scale.runs, target),
        ("cold", cold, 1, None),
    ):
        took, floor, ratio = in_turns(one, empty, runs)
        conditions = "warm" if what != "cold" else "index warm, nothing checked before"
        yield Row(f"{what}: {name}", took, "ms", conditions, floor, _EMPTY, ratio, wanted)
