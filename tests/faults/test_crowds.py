"""Builds at once: whatever one overtakes, the index is that of a fresh build."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from program import COMMAND, Program, environment
from workspaces import INSIDE, fresh, tally, write_files

from metta_index.cache.database import IndexDatabase, OvertakenError
from metta_index.cli.session import open_session
from metta_index.indexer.building import build as build_module
from metta_index.indexer.building.build import Options


def test_a_build_that_is_overtaken_begins_again(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the scan of one build and its end, another removes a file and indexes a new one."""
    gone, new, edited = built / "part-1" / "file-1.metta", built / "new.metta", built / "part-0" / "file-0.metta"
    edited.write_text("(= (edited) 1)\n")
    read = build_module.read_document
    text = gone.read_text()
    overtaken = []

    def read_slowly(*arguments: Any) -> Any:
        if not overtaken:
            overtaken.append(1)
            gone.unlink()
            new.write_text("(= (new) 1)\n")
            with open_session(built) as session:
                session.build(Options())
            new.unlink()
            gone.write_text(text)
        return read(*arguments)

    monkeypatch.setattr(build_module, "read_document", read_slowly)
    assert program("build", built).code == 0
    assert overtaken
    assert program("export", "jsonl", "--no-refresh", "--root", built).out == fresh(program, built)


def test_a_build_that_is_overtaken_for_ever_keeps_its_result_to_itself(
    program: Program, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (built / "part-0" / "file-0.metta").write_text("(= (edited) 1)\n")
    begin = IndexDatabase._begin
    rounds = []

    def too_late(index: IndexDatabase) -> None:
        if index.path is not None:
            rounds.append(True)
            raise OvertakenError
        begin(index)

    monkeypatch.setattr(IndexDatabase, "_begin", too_late)
    ended = program("export", "jsonl", "--root", built)
    assert len(rounds) == 5
    assert ended.err.count("\n") == 1 and "other processes keep changing it" in ended.err
    assert (ended.code, ended.out) == (0, fresh(program, built))


def test_builds_at_once_end_well(program: Program, workspace: Path) -> None:
    write_files(workspace, 80)
    for round_number in range(4):
        for number in range(0, 80, 9):
            path = workspace / f"part-{number % 7}" / f"file-{number}.metta"
            path.write_text(f"(= (round {round_number}) {number})\n")
        arguments = [["build"], ["build"], ["build", "--force"], ["export", "jsonl"]]
        crowd = [
            subprocess.Popen([*COMMAND, *one], cwd=workspace, env=environment(), stdout=-1, stderr=-1)
            for one in arguments
        ]
        ended = [(one.communicate(), one.returncode) for one in crowd]
        expected = fresh(program, workspace)
        for (_out, err), code in ended:
            assert code == 0 and b"Traceback" not in err, err
            assert err.count(b"\n") <= 2 and b"damaged" not in err, err
        assert ended[-1][0][0].decode() == expected
        assert program.export(workspace) == expected
        assert {path.name for path in (workspace / ".metta-index").iterdir()} <= INSIDE


def test_sixteen_builds_at_once_some_of_them_killed(program: Program, workspace: Path) -> None:
    write_files(workspace, 40)
    expected = fresh(program, workspace)
    arguments = [["build"], ["build", "--no-cache"], ["build", "--force"], ["export", "jsonl"]]
    crowd = [
        subprocess.Popen(
            [*COMMAND, *arguments[number % 4], "--root", "."],
            cwd=workspace,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(16)
    ]
    for number in (4, 9, 14):
        time.sleep(0.1)
        crowd[number].kill()
    for number, one in enumerate(crowd):
        out, err = one.communicate(timeout=60)
        assert b"Traceback" not in err and b"damaged" not in err, err
        assert one.returncode in (0, -signal.SIGKILL), err
        if arguments[number % 4][0] == "export" and one.returncode == 0:
            assert out.decode() == expected
    assert program.export(workspace) == expected
    assert program("cache", "verify", "--root", workspace).code == 0
    assert {path.name for path in (workspace / ".metta-index").iterdir()} <= INSIDE
    tally(7, 16)
