"""An index that cannot be read, written or trusted is done without."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from program import Program
from workspaces import Damage, failing_connections, fresh, index_of

from metta_index.cache import database as database_module
from metta_index.cache import index_file


def test_a_locked_index_is_done_without(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_file, "_BUSY_MS", 20)
    before = index_of(built).read_bytes()
    (built / "part-0" / "new.metta").write_text("(= (new) 1)\n")
    expected = fresh(program, built)
    connection = sqlite3.connect(index_of(built), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    build = program("build", built)
    assert build.code == 0 and "13 files" in build.out
    assert build.err.count("\n") == 1 and "database is locked; the index is kept in memory for this run" in build.err
    export = program("export", "jsonl", "--root", built)
    assert (export.code, export.out) == (0, expected)
    connection.execute("ROLLBACK")
    connection.close()
    assert index_of(built).read_bytes() == before
    assert program.export(built) == expected


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT])
def test_any_statement_may_fail(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    damage = Damage(program, built)
    failing = failing_connections(monkeypatch, index_file, "index.db", code)
    statement = named = 0
    while True:
        statement += 1
        damage.restore()
        (built / "part-0" / "file-0.metta").write_text(f"(= (edited) {statement})\n")
        failing.left = statement
        ended = program("build", built)
        if failing.left > 0:
            break
        failing.left = 0
        # A manifest that could not be read once is read again.
        assert ended.code == 0 and "12 files" in ended.out and ("made up" in ended.err or not ended.err), ended
        named += "made up" in ended.err
        assert program.export(built) == fresh(program, built)
    assert statement > 15 and named >= statement - 4


def test_a_full_disk_leaves_the_index_as_it_was(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = database_module.connect

    def connect(path: str) -> sqlite3.Connection:
        connection = real(path)
        if path != ":memory:":
            connection.execute(f"PRAGMA max_page_count = {room}")
        return connection

    before = program.export(built)
    for number in range(40):
        (built / f"more-{number}.metta").write_text(f"(= (more {number}) 1)\n" * 20)
    expected = fresh(program, built)
    monkeypatch.setattr(database_module, "connect", connect)
    for more in (0, 1, 3, 8):
        room = len(index_of(built).read_bytes()) // 4096 + more
        ended = program("build", built)
        assert ended.code == 0 and ended.err.count("warning: ") == 1 and "full" in ended.err, ended
        assert program("export", "jsonl", "--no-refresh", "--root", built).out == before
        assert program("export", "jsonl", "--root", built).out == expected
    monkeypatch.undo()
    assert program.export(built) == expected


def test_an_index_that_cannot_be_written_is_done_without(
    program: Program, built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = database_module.connect

    def connect(path: str) -> sqlite3.Connection:
        connection = real(path)
        if path != ":memory:":
            connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(database_module, "connect", connect)
    assert program("build", built).err == ""
    (built / "new.metta").write_text("(= (new) 1)\n")
    ended = program("build", built)
    assert ended.code == 0 and "readonly" in ended.err and "kept in memory" in ended.err
    assert program("export", "jsonl", "--root", built).out == fresh(program, built)


def test_a_folder_that_came_with_a_checkout_is_refused(program: Program, workspace: Path) -> None:
    expected = fresh(program, workspace)
    forged = workspace.parent / "forged"
    shutil.copytree(workspace, forged)
    (forged / "part-0" / "file-0.metta").write_text("(= (forged) 1)\n")
    program("build", forged)
    shutil.move(forged / ".metta-index", workspace / ".metta-index")
    (workspace / ".metta-index").chmod(0o755)
    ended = program("export", "jsonl", "--root", workspace)
    assert (ended.code, ended.out) == (0, expected)
    assert ended.err.count("\n") == 1 and "others may enter it" in ended.err
    assert "forged" not in ended.out
