"""A cache that forgets, refuses or fails changes how long a build takes, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from program import Program
from workspaces import failing_connections, fresh

from metta_index.cache import disk as disk_module
from metta_index.cache.store import Store

Patch = Callable[[pytest.MonkeyPatch], None]


def no_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "put_many", lambda self, entries: None)


def no_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "get_many", lambda self, keys: {})
    monkeypatch.setattr(Store, "contains_many", lambda self, keys: set())


def every_other_write(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Store.put_many

    def put(self: Store, entries: Any) -> None:
        real(self, [entry for number, entry in enumerate(entries) if number % 2])

    monkeypatch.setattr(Store, "put_many", put)


def every_other_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Store.get_many

    def get(self: Store, keys: Sequence[str]) -> dict[str, bytes]:
        return real(self, [key for number, key in enumerate(keys) if number % 2])

    monkeypatch.setattr(Store, "get_many", get)


def only_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Store.get_many

    def get(self: Store, keys: Sequence[str]) -> dict[str, bytes]:
        return real(self, [key for key in keys if key.startswith("tree:")])

    monkeypatch.setattr(Store, "get_many", get)


def wrong_payloads(payload: bytes) -> Patch:
    """What a forged cache may hold: entries that verify, and are no tables and no trees."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Store, "get_many", lambda self, keys: dict.fromkeys(keys, payload))

    return patch


PATCHES: list[Patch] = [
    no_writes,
    no_reads,
    every_other_write,
    every_other_read,
    only_trees,
    *map(wrong_payloads, (b"", b"\0", b"\x90", b"{}", b"\xc1" * 100, b"\xdd\xff\xff\xff\xff", b"\x9b" + bytes(50))),
]


@pytest.mark.parametrize("patch", PATCHES)
def test_what_the_cache_keeps_to_itself_changes_nothing(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, patch: Patch
) -> None:
    expected = fresh(program, workspace)
    with monkeypatch.context() as patched:
        patch(patched)
        assert program.export(workspace) == expected
    program("build", "--root", workspace, "--force")
    (workspace / ".metta-index" / "index.db").unlink()
    with monkeypatch.context() as patched:
        patch(patched)
        assert program.export(workspace) == expected


CODES = [
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_NOMEM,
]


@pytest.mark.parametrize("code", CODES)
def test_any_statement_of_the_cache_may_fail(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    failing = failing_connections(monkeypatch, disk_module, "cache.db", code)
    statement = 0
    while True:
        statement += 1
        (workspace / "part-0" / "file-0.metta").write_text(f"(= (edited) {statement})\n")
        failing.left = statement
        ended = program("build", workspace)
        over = failing.left > 0
        failing.left = 0
        assert ended.code == 0 and ended.err.count("\n") <= 1 and "Traceback" not in ended.err, ended
        assert program("export", "jsonl", "--no-refresh", "--root", workspace).out == fresh(program, workspace)
        if over:
            break
    assert statement > 10
