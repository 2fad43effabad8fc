"""Entries of the cache collected before, during and after builds: it keeps to its limits, and answers stay the same."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from program import COMMAND, Program, environment
from workspaces import fresh, tally, write_files

from metta_index.cache.store import Store

COLLECTORS = [
    ("cache", "gc"),
    ("cache", "gc", "--max-age-days", "0"),
    ("cache", "gc", "--max-age-days", "0", "--dry-run"),
    ("cache", "verify"),
    ("cache", "clear"),
]


def entries(program: Program, root: Path) -> int:
    (found,) = program("cache", "info", "--root", root, "--format", "json").objects()
    return int(found["entries"])


@pytest.mark.parametrize("collect", COLLECTORS, ids=" ".join)
@pytest.mark.parametrize("is_index_kept", [True, False])
def test_collected_between_builds(
    program: Program, workspace: Path, collect: tuple[str, ...], is_index_kept: bool
) -> None:
    program("build", workspace)
    before = entries(program, workspace)
    ended = program(*collect, "--root", workspace)
    assert (ended.code, ended.err) == (0, "")
    after = entries(program, workspace)
    assert after == (0 if collect[-1] in ("0", "clear") else before) and before > 0
    (workspace / "part-0" / "file-0.metta").write_text("(= (edited) 1)\n")
    if not is_index_kept:
        (workspace / ".metta-index" / "index.db").unlink()
    assert program.export(workspace) == fresh(program, workspace)


@pytest.mark.parametrize("collect", COLLECTORS, ids=" ".join)
@pytest.mark.parametrize("moment", ["get_many", "put_many"])
def test_collected_by_another_process_during_a_build(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, collect: tuple[str, ...], moment: str
) -> None:
    """Between what a build reads from the cache and what it writes there."""
    program("build", workspace)
    (workspace / "part-0" / "file-0.metta").write_text("(= (edited) 1)\n")
    real = getattr(Store, moment)
    runs: list[int] = []

    def collected_first(store: Store, given: Iterable[object]) -> object:
        result = real(store, given)
        if not runs:
            command = [*COMMAND, *collect, "--root", "."]
            ended = subprocess.run(command, cwd=workspace, env=environment(), capture_output=True, timeout=60)
            assert b"Traceback" not in ended.stderr
            runs.append(ended.returncode)
        return result

    with monkeypatch.context() as patched:
        patched.setattr(Store, moment, collected_first)
        ended = program("build", "--force", "--root", workspace)
    assert (ended.code, ended.err, runs) == (0, "", [0])
    assert program("export", "jsonl", "--no-refresh", "--root", workspace).out == fresh(program, workspace)
    assert program("cache", "verify", "--root", workspace).code == 0


@pytest.mark.parametrize("most", [1, 5, 20])
def test_a_build_keeps_to_the_limits_and_what_it_needs(program: Program, workspace: Path, most: int) -> None:
    (workspace / "metta-index.toml").write_text(f"max-cache-entries = {most}\n")
    for count in (12, 30, 60):
        write_files(workspace, count)
        ended = program("export", "jsonl", "--root", workspace)
        assert (ended.code, ended.out) == (0, fresh(program, workspace))
        assert ended.err == "" or (" is full: " in ended.err and ended.err.count("\n") == 1)
        program("cache", "gc", "--root", workspace)
        assert entries(program, workspace) <= most
        tally(15)


def test_what_a_killed_writer_left_is_collected(program: Program, built: Path) -> None:
    """Folders set aside, and files of no entry beside the database."""
    (store,) = (built / ".metta-index" / "cache").glob("v*")
    aside = store.with_name(f"{store.name}.bad")
    aside.mkdir()
    (aside / "cache.db").write_bytes(bytes(100_000))
    assert program("cache", "gc", "--root", built).code == 0
    assert not aside.exists()
    assert program.export(built) == fresh(program, built)
