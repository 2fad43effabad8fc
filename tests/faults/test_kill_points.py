"""Killed at any moment, or told by the system that something failed: the index is the old one or the new one, whole."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from children import KILLED, calls, can_trace, forked, traced
from program import Program
from workspaces import ALL, INSIDE, fresh, tally

#: At every so many points of a build of one changed file; of a build from nothing, which has more, at fewer.
EVERY = 1 if ALL else 4

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
needs_strace = pytest.mark.skipif(not can_trace(), reason="strace is missing, or may not trace here")


class Stage:
    """Copies of a workspace of which one file changed since it was built, or that was never built."""

    def __init__(self, program: Program, root: Path, is_built: bool) -> None:
        self.program, self.root = program, root
        self.cases = 0
        self.row = 5
        self.before = program.export(root) if is_built else ""
        (root / "part-0" / "file-0.metta").write_text("(= (edited) 1)\n(: edited Type)\n")
        (root / "part-1" / "file-1.metta").rename(root / "renamed.metta")
        self.after = fresh(program, root)
        self.copy = root.parent / "stage" / "workspace"

    def reset(self) -> Path:
        shutil.rmtree(self.copy.parent, ignore_errors=True)
        shutil.copytree(self.root, self.copy)
        self.cases += 1
        tally(self.row)
        return self.copy

    def check(self) -> None:
        """The index is old or new; the next command makes it new, and leaves nothing behind."""
        database = self.copy / ".metta-index" / "index.db"
        if database.exists():
            shown = self.program("export", "jsonl", "--no-refresh", "--root", self.copy)
            assert shown.out in ((self.before, self.after) if shown.code == 0 else ("",)), shown
            assert shown.code == 0 or "has no index yet" in shown.err, shown
        made = self.program("build", "--root", self.copy)
        assert (made.code, made.err) == (0, ""), made
        assert self.program("export", "jsonl", "--root", self.copy) == (0, self.after, "")
        assert {path.name for path in (self.copy / ".metta-index").iterdir()} <= INSIDE
        assert self.program("cache", "verify", "--root", self.copy).code == 0


@pytest.fixture(params=[True, False], ids=["one file changed", "never built"])
def stage(request: pytest.FixtureRequest, program: Program, workspace: Path) -> Stage:
    return Stage(program, workspace, request.param)


class Countdown:
    """Ends this process, or raises an error, at the n-th step towards the disk that Python code sees."""

    def __init__(self, left: int, strike: Callable[[], object]) -> None:
        self.left, self.strike = left, strike

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.strike()

    def install(self) -> None:
        """For the rest of this process: before and after every statement of SQLite, and every change of a folder."""
        countdown = self

        def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                countdown.step()
                result = function(*arguments, **named)
                countdown.step()
                return result

            return call

        class Connection(sqlite3.Connection):
            execute = wrapped(sqlite3.Connection.execute)
            executemany = wrapped(sqlite3.Connection.executemany)
            executescript = wrapped(sqlite3.Connection.executescript)

        connect = sqlite3.connect
        sqlite3.connect = lambda *given, **named: connect(*given, **{**named, "factory": Connection})  # type: ignore[assignment]
        for name in ("rename", "replace", "unlink", "mkdir", "fsync", "open"):
            setattr(os, name, wrapped(getattr(os, name)))


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_killed_before_and_after_every_statement_and_change_of_a_folder(stage: Stage, tmp_path: Path) -> None:
    step = 1
    while True:
        root = stage.reset()
        countdown = Countdown(step, die)
        ended = forked("build", "--root", root, scratch=tmp_path, prepare=countdown.install)
        assert ended.code in (0, KILLED) and "Traceback" not in ended.err, ended
        stage.check()
        if ended.code == 0:
            break
        step += EVERY if stage.before else 4 * EVERY
    assert stage.cases > 20


def raise_an_interrupt() -> None:
    raise KeyboardInterrupt


def test_interrupted_before_and_after_every_statement(stage: Stage, tmp_path: Path) -> None:
    step = 1
    while True:
        root = stage.reset()
        countdown = Countdown(step, raise_an_interrupt)
        ended = forked("build", "--root", root, scratch=tmp_path, prepare=countdown.install)
        assert ended.code in (0, 130) and "Traceback" not in ended.err, ended
        stage.check()
        if countdown_is_over(ended.code, step, stage):
            break
        step += 2 * EVERY if stage.before else 6 * EVERY
    assert stage.cases > 10


def countdown_is_over(code: int, step: int, stage: Stage) -> bool:
    """An interrupt may come while nothing but closing is left, which goes on: the end is two quiet runs in a row."""
    quiet = getattr(stage, "quiet", 0) + 1 if code == 0 else 0
    stage.quiet = quiet  # type: ignore[attr-defined]
    return quiet > 1 and step > 20


@needs_strace
def test_killed_at_every_system_call_that_writes(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    assert traced("", "build", "--root", ".", cwd=stage.reset(), log=log).code == 0
    counts = calls(log)
    assert sum(counts.values()) > 40
    stride = EVERY if stage.before else 8 * EVERY
    killed = 0
    for name, count in counts.items():
        for number in range(1, count + 1, stride if count > 2 * stride else 1):
            ended = traced(f"{name}:signal=SIGKILL:when={number}", "build", "--root", ".", cwd=stage.reset(), log=log)
            killed += ended.code == KILLED or ended.code == -signal.SIGKILL
            assert ended.code in (0, KILLED, -signal.SIGKILL), ended
            stage.check()
    assert killed > 10


ERRORS = ("ENOSPC", "EIO", "EDQUOT", "EROFS", "EMFILE", "EINTR")
#: Interrupted without end is what no system does; everyone tries again.
LASTING_ERRORS = ERRORS[:-1]


@needs_strace
@pytest.mark.parametrize("lasting", ["", "+"], ids=["once", "from then on"])
def test_any_system_call_that_writes_may_fail(stage: Stage, tmp_path: Path, lasting: str) -> None:
    log = tmp_path / "calls"
    stage.row = 6
    assert traced("", "build", "--root", ".", cwd=stage.reset(), log=log).code == 0
    counts = calls(log)
    errors = LASTING_ERRORS if lasting else ERRORS
    case = 0
    for name, count in counts.items():
        if name == "write":  # those of SQLite are `pwrite64`; these are ours, and stdout
            count = min(count, 4)
        stride = max(1, count * EVERY // (24 if stage.before else 12))
        for number in range(1, count + 1, stride):
            error = errors[case % len(errors)]
            case += 1
            ended = traced(
                f"{name}:error={error}:when={number}{lasting}", "build", "--root", ".", cwd=stage.reset(), log=log
            )
            assert ended.code in (0, 2) and "Traceback" not in ended.err, (name, number, error, ended)
            assert ended.code == 0 or ended.err.startswith("error: ") or not ended.err, (name, number, error, ended)
            assert ended.err.count("\n") <= 3, (name, number, error, ended)
            stage.check()
    assert case > 8


@pytest.mark.parametrize("limit", [*range(3, 24), 32, 64])
def test_no_file_handles(program: Program, workspace: Path, tmp_path: Path, limit: int) -> None:
    expected = fresh(program, workspace)
    ended = forked(
        "export",
        "jsonl",
        "--root",
        workspace,
        scratch=tmp_path,
        prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
    )
    assert "Traceback" not in ended.err, ended
    if ended.code == 0:
        assert ended.out == expected
    assert ended.code in (0, 1, 2) and (ended.code == 0 or "error: " in ended.err)
    assert program.export(workspace) == expected


@pytest.mark.parametrize("kilobytes", [0, 1, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 256])
def test_no_room_for_files_beyond_a_size(program: Program, workspace: Path, tmp_path: Path, kilobytes: int) -> None:
    expected = fresh(program, workspace)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, resource.RLIM_INFINITY))

    ended = forked("build", "--root", workspace, scratch=tmp_path, prepare=limit)
    assert "Traceback" not in ended.err, ended
    assert ended.code == 0 or ended.err.startswith("error: ") or not kilobytes, ended
    assert program.export(workspace) == expected
