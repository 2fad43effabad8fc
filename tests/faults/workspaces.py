"""Workspaces to be damaged, and the one oracle: what a fresh build without a cache says of a copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from program import Program

#: FAULT_TESTS_ALL=1: everything that is sampled otherwise. It takes half an hour.
ALL = bool(os.environ.get("FAULT_TESTS_ALL"))
#: Cases of tests that make more than one, by the number of the fault test (of eighteen) that they belong to.
TALLY: Counter[int] = Counter()


def tally(row: int, cases: int = 1) -> None:
    TALLY[row] += cases


TEXTS = [
    "(= (f $x) (g $x))\n(: g (-> A B))\n",
    "!(import! &self lib:b)\n!(f 1)\n",
    "(= (p) (progn (a) (b)))\n",
    "(= (broken $x) (foo\n(= (sound) 1)\n",
    '(@doc f (@desc "größe"))\n; λ\n',
    "",
]
INSIDE = {"CACHEDIR.TAG", ".gitignore", "cache", "index.db", "index.db-wal", "index.db-shm"}


def write_files(root: Path, count: int, facts: int = 0) -> None:
    for number in range(count):
        path = root / f"part-{number % 7}" / f"file-{number}.metta"
        path.parent.mkdir(parents=True, exist_ok=True)
        more = "".join(f"(= (rule-{number} {fact} $x) (edge $x {fact}))\n" for fact in range(facts))
        path.write_text(f"{TEXTS[number % len(TEXTS)]}(= (in-{number}) {number})\n{more}", encoding="utf-8")


def fresh(program: Program, root: Path) -> str:
    """What a build without a past says of a copy at another place."""
    copy = root.parent / f"copy-{uuid.uuid4().hex}"
    shutil.copytree(root, copy, symlinks=True, ignore=shutil.ignore_patterns(".metta-index", "*.fifo.metta"))
    ended = program("export", "jsonl", "--no-cache", "--root", copy)
    shutil.rmtree(copy)
    assert ended.code == 0, ended
    return ended.out


def index_of(root: Path) -> Path:
    return root / ".metta-index" / "index.db"


def assert_heals(program: Program, root: Path, expected: str, counts: dict[str, int]) -> None:
    """Builds and exports: each says what a fresh build says, or names the damage, and then the next does."""
    for _attempt in range(2):
        build = program("build", "--root", root, "--format", "json")
        assert build.code == 0 and "Traceback" not in build.err, build
        assert build.objects()[0]["symbols"] == counts
        export = program("export", "jsonl", "--root", root)
        if export.code == 0:
            assert export.out == expected
            return
        assert export.code == 2 and "is damaged: " in export.err.splitlines()[-1], export.err
    pytest.fail(f"not healed: {export.err}")


class Damage:
    """A built workspace whose index can be damaged again and again."""

    def __init__(self, program: Program, root: Path) -> None:
        self.program, self.root = program, root
        self.path = index_of(root)
        self.sound = self.path.read_bytes()
        self.expected = fresh(program, root)
        self.counts = program("build", "--root", root, "--format", "json").objects()[0]["symbols"]

    def restore(self) -> None:
        for name in ("index.db", "index.db-wal", "index.db-shm", "index.db.bad"):
            path = self.path.with_name(name)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.path.write_bytes(self.sound)

    def heals(self) -> None:
        assert_heals(self.program, self.root, self.expected, self.counts)
        again = self.program("build", self.root)
        assert again.err == "" and "12 unchanged" in again.out, again


class Failing(sqlite3.Connection):
    """A connection whose n-th statement fails as SQLite fails."""

    left = 0
    code = sqlite3.SQLITE_IOERR

    def _step(self) -> None:
        Failing.left -= 1
        if Failing.left == 0:
            error = sqlite3.OperationalError("made up")
            error.sqlite_errorcode = Failing.code
            raise error

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._step()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._step()
        return super().executemany(*arguments)


def failing_connections(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, code: int) -> type[Failing]:
    """Lets statements of the database `name` that `module` opens fail with a code, once `left` of it is set."""
    real = sqlite3.connect
    monkeypatch.setattr(
        module.sqlite3,
        "connect",
        lambda path, **options: (
            real(path, **options, factory=Failing) if str(path).endswith(name) else real(path, **options)
        ),
    )
    Failing.code, Failing.left = code, 0
    return Failing
