"""What damage, crowds, signals and odd files may do: name themselves, never change an answer."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from program import COMMAND, Ended, Program, environment, run

from metta_index.cache import database as database_module
from metta_index.cache import index_file
from metta_index.cache.database import IndexDatabase, OvertakenError
from metta_index.cli.session import open_session
from metta_index.indexer import build as build_module
from metta_index.indexer import indexing as indexing_module
from metta_index.indexer.build import Options
from metta_index.indexer.manifest import SETTLED_NS

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


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    write_files(root, 12)
    return root


@pytest.fixture
def built(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose index is up to date, and whose files settled: the next build reads nothing."""
    real = time.time_ns
    monkeypatch.setattr(build_module.time, "time_ns", lambda: real() + 2 * SETTLED_NS)
    assert program("build", workspace).code == 0
    return workspace


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


@pytest.fixture
def damage(program: Program, built: Path) -> Damage:
    return Damage(program, built)


# -- a damaged index -------------------------------------------------------------------


def test_an_index_cut_off_anywhere_heals(damage: Damage) -> None:
    size = len(damage.sound)
    for length in (0, 1, 15, 16, 18, 50, 99, 100, 101, 512, 4095, 4096, 4097, 8192, size // 2, size - 4096, size - 1):
        damage.restore()
        damage.path.write_bytes(damage.sound[:length])
        damage.heals()


def test_a_flipped_bit_anywhere_heals(damage: Damage) -> None:
    chosen = random.Random(1)
    places = [*range(112), *(chosen.randrange(len(damage.sound)) for _ in range(100))]
    for place in places:
        damage.restore()
        data = bytearray(damage.sound)
        data[place] ^= 1 << chosen.randrange(8)
        damage.path.write_bytes(data)
        damage.heals()


def test_garbage_in_a_page_heals(damage: Damage) -> None:
    chosen = random.Random(2)
    for page in range(len(damage.sound) // 4096):
        damage.restore()
        data = bytearray(damage.sound)
        data[page * 4096 : page * 4096 + 4096] = chosen.randbytes(4096)
        damage.path.write_bytes(data)
        damage.heals()


def _database(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.executescript(statement)
    connection.close()


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


def _full_folder(path: Path) -> None:
    path.mkdir()
    (path / "file").write_text("something")
    path.with_name("index.db.bad").mkdir()
    (path.with_name("index.db.bad") / "older").write_text("something")


REPLACEMENTS: list[Callable[[Path], object]] = [
    lambda path: path.write_bytes(random.Random(3).randbytes(30_000)),
    lambda path: path.write_text("not a database\n" * 1000),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(bytes(8192)),
    lambda path: _database(path, "CREATE TABLE other (a)"),
    lambda path: _database(path, "CREATE TABLE meta (key, value)"),
    lambda path: _database(path, "CREATE TABLE meta (key, value)", "INSERT INTO meta VALUES ('schema', '1')"),
    lambda path: _database(
        path, "CREATE TABLE meta (key, value)", f"INSERT INTO meta VALUES ('schema', '{index_file.SCHEMA}')"
    ),
    lambda path: path.mkdir(),
    _full_folder,
    os.mkfifo,
]


@pytest.mark.parametrize("make", REPLACEMENTS)
def test_something_else_in_the_place_of_the_index_heals(damage: Damage, make: Callable[[Path], object]) -> None:
    _replace(damage.path, make)
    damage.heals()


def test_something_else_beside_the_index_heals(damage: Damage) -> None:
    for name in ("index.db-wal", "index.db-shm", "index.db-journal"):
        for make in (lambda path: path.write_bytes(random.Random(4).randbytes(9000)), lambda path: path.mkdir()):
            damage.restore()
            make(damage.path.with_name(name))
            damage.heals()
            shutil.rmtree(damage.path.with_name(name), ignore_errors=True)


_EDITED = "data = substr(data, 1, 40) || x'00' || substr(data, 42)"
STATEMENTS = [
    f"UPDATE piece SET {_EDITED} WHERE document = 3",
    "UPDATE piece SET data = x'' WHERE document = 3",
    "UPDATE piece SET data = 'text' WHERE document = 3",
    "UPDATE piece SET data = (SELECT data FROM piece WHERE document = 4) WHERE document = 3",
    "UPDATE piece SET document = CASE document WHEN 3 THEN -4 ELSE -3 END WHERE document IN (3, 4);"
    "UPDATE piece SET document = -document WHERE document < 0",
    "UPDATE piece SET position = 1 WHERE document = 3",
    "INSERT INTO piece SELECT document, position + 1, data FROM piece WHERE document = 3",
    "DELETE FROM piece WHERE document = 3",
    "DELETE FROM piece",
    "DELETE FROM document WHERE id = 3",
    "DELETE FROM document",
    "UPDATE document SET path = 'elsewhere.metta' WHERE id = 3",
    "UPDATE document SET path = CASE id WHEN 3 THEN 'x' WHEN 4 THEN 'y' END WHERE id IN (3, 4)",
    "UPDATE document SET path = x'ff' WHERE id = 3",
    "UPDATE document SET path = CAST(x'ff' AS TEXT) WHERE id = 3",
    "UPDATE document SET dialect = 'mm2' WHERE id = 3",
    "UPDATE document SET language = 'rholang' WHERE id = 3",
    "UPDATE document SET size = size + 1 WHERE id = 3",
    "UPDATE document SET digest = zeroblob(32) WHERE id = 3",
    "UPDATE document SET definitions = 1000, errors = 5",
    "UPDATE document SET definitions = 'many' WHERE id = 3",
    "UPDATE document SET pieces = 0 WHERE id = 3",
    "UPDATE document SET checksum = x'' WHERE id = 3",
    "UPDATE document SET id = 1000 WHERE id = 3",
    "INSERT INTO document SELECT 1000, 'more.metta', language, dialect, size, digest, atoms, definitions,"
    " declarations, reference_count, errors, pieces, checksum FROM document WHERE id = 3",
    f"UPDATE manifest SET {_EDITED}",
    "UPDATE manifest SET data = substr(data, 1, 200)",
    "UPDATE manifest SET data = 'text'",
    "UPDATE manifest SET data = 5",
    "DELETE FROM manifest",
    "DELETE FROM meta",
    "UPDATE meta SET value = '99' WHERE key = 'schema'",
    "UPDATE meta SET value = '²' WHERE key = 'schema'",
    "DROP TABLE piece",
    "DROP TABLE manifest",
    "ALTER TABLE document DROP COLUMN atoms",
    "CREATE TRIGGER made AFTER INSERT ON piece BEGIN DELETE FROM piece; END",
    "CREATE TRIGGER made AFTER INSERT ON document BEGIN UPDATE document SET dialect = 'mm2'; END",
]


@pytest.mark.parametrize("edited", [False, True], ids=["unchanged", "one file changed"])
def test_an_edited_row_is_never_taken(program: Program, built: Path, edited: bool) -> None:
    damage = Damage(program, built)
    with sqlite3.connect(damage.path) as connection:
        (path,) = connection.execute("SELECT path FROM document WHERE id = 3").fetchone()
    connection.close()
    if edited:
        (built / path).write_text("(= (edited) 1)\n")
        damage.expected = fresh(program, built)
        damage.counts = json.loads(
            program("build", "--no-cache", "--root", shutil.copytree(built, built.parent / "c"), "--format", "json").out
        )["symbols"]
    for statement in STATEMENTS:
        damage.restore()
        _database(damage.path, "PRAGMA foreign_keys = OFF", statement)
        damage.heals()


def test_a_damaged_report_of_the_last_build_is_no_report(program: Program, built: Path) -> None:
    for value in ("'{'", "'[]'", "5", "NULL", "x'ff'"):
        _database(index_of(built), f"UPDATE meta SET value = IFNULL({value}, 0) WHERE key = 'last_build'")
        ended = program("stats", "--root", built, "--format", "json")
        assert (ended.code, ended.err) == (0, "")
        assert ended.objects()[0]["last_build"] is None


# -- an index that cannot be used --------------------------------------------------------


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


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CORRUPT])
def test_any_statement_may_fail(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    damage = Damage(program, built)
    real = sqlite3.connect
    monkeypatch.setattr(
        index_file.sqlite3,
        "connect",
        lambda path, **options: (
            real(path, **options, factory=Failing) if str(path).endswith("index.db") else real(path, **options)
        ),
    )
    Failing.code = code
    statement = named = 0
    while True:
        statement += 1
        damage.restore()
        (built / "part-0" / "file-0.metta").write_text(f"(= (edited) {statement})\n")
        Failing.left = statement
        ended = program("build", built)
        if Failing.left > 0:
            break
        Failing.left = 0
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


# -- several at once ---------------------------------------------------------------------


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


# -- signals -----------------------------------------------------------------------------


class Started:
    """A build in a process group of its own, known by a mark that its workers inherit."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root, self.mark = root, uuid.uuid4().hex
        self.process = subprocess.Popen(
            [*COMMAND, "build", *arguments],
            cwd=root,
            env=environment(TEST_MARK=self.mark),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def alive(self) -> list[int]:
        """All processes of this build."""
        mark = f"TEST_MARK={self.mark}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found

    def wait_for_results(self) -> None:
        """Until workers delivered, and more is left to do: the cache is written to."""
        (folder,) = (self.root / ".metta-index" / "cache").glob("v*")
        written = folder / "cache.db-wal"
        deadline = time.monotonic() + 20
        while not (written.exists() and written.stat().st_size):
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.002)
        assert len(self.alive()) >= 3  # itself and two workers

    def ended(self) -> Ended:
        err = self.process.communicate(timeout=20)[1].decode()
        deadline = time.monotonic() + 10
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.alive() == []
        return Ended(self.process.returncode, "", err)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built workspace that takes two workers a while."""
    root = tmp_path_factory.mktemp("busy") / "workspace"
    write_files(root, 300, facts=60)
    assert run("build", cwd=root).returncode == 0
    return root


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are counted in /proc")
@pytest.mark.parametrize(
    ("number", "code", "to_all"),
    [
        (signal.SIGINT, 130, False),
        (signal.SIGINT, 130, True),  # as a terminal does
        (signal.SIGTERM, 143, False),
        (signal.SIGHUP, 129, False),
    ],
)
def test_a_signal_ends_a_parallel_build_and_its_workers(
    program: Program, busy: Path, number: signal.Signals, code: int, to_all: bool
) -> None:
    build = Started(busy, "--backend", "loky", "--jobs", "2", "--force")
    build.wait_for_results()
    if to_all:
        os.killpg(build.process.pid, number)
    else:
        build.process.send_signal(number)
    ended = build.ended()
    assert ended.code == code, ended
    if number == signal.SIGINT:
        assert ended.err.endswith("\ninterrupted: the index is as it was before\n")
    assert program.export(busy) == fresh(program, busy)


def test_a_build_after_signals_and_kills_is_as_fresh(program: Program, busy: Path) -> None:
    """Killed without warning at ten moments, in workers' and in sequential builds."""
    chosen = random.Random(5)
    for attempt in range(10):
        for number in chosen.sample(range(300), 20):
            (busy / f"part-{number % 7}" / f"file-{number}.metta").write_text(f"(= (kill {attempt}) {number})\n")
        parallel = ["--backend", "loky", "--jobs", "2"] if attempt % 2 else ["--backend", "sequential"]
        build = Started(busy, *parallel, *(["--force"] if attempt % 3 else []))
        time.sleep(0.05 + 0.08 * attempt)
        build.process.kill()
        assert build.ended().code in (-signal.SIGKILL, 0)
    done = run("build", "--format", "json", cwd=busy)
    assert (done.returncode, done.stderr) == (0, b"")
    assert program.export(busy) == fresh(program, busy)
    inside = {path.name for path in (busy / ".metta-index").iterdir()}
    assert inside <= INSIDE
    entries = program("cache", "info", "--root", busy, "--format", "json").objects()[0]["entries"]
    assert entries <= 2 * (300 + 10 * 20) + 1
    assert program("cache", "verify", "--root", busy).code == 0
    assert not [path for path in (busy / ".metta-index" / "cache").rglob("*") if path.suffix == ".val"]


# -- odd files ---------------------------------------------------------------------------


def test_files_that_vanish_before_they_are_read(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = workspace / "part-2" / "file-2.metta"
    read = build_module.read_document

    def vanish(root: Path, path: str, *rest: Any) -> Any:
        if path == "part-2/file-2.metta":
            gone.unlink()
        return read(root, path, *rest)

    monkeypatch.setattr(build_module, "read_document", vanish)
    ended = program("build", workspace)
    assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
    assert ended.err == "error: part-2/file-2.metta: cannot be read: No such file or directory\n"
    assert program.export(workspace) == fresh(program, workspace)


@pytest.mark.parametrize("backend", ["sequential", "loky"])
@pytest.mark.parametrize("change", [lambda path: path.write_text("(= (other) 2)\n"), lambda path: path.unlink()])
def test_files_that_change_while_they_are_indexed(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, backend: str, change: Callable[[Path], object]
) -> None:
    plan = indexing_module.plan_execution

    def change_first(*arguments: Any) -> Any:
        change(workspace / "part-2" / "file-2.metta")
        return plan(*arguments)

    monkeypatch.setattr(indexing_module, "plan_execution", change_first)
    ended = program("build", "--root", workspace, "--backend", backend, "--jobs", "2")
    assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
    assert ended.err.startswith("error: part-2/file-2.metta: ") and ended.err.count("\n") == 1
    monkeypatch.undo()
    assert program("export", "jsonl", "--root", workspace).out == fresh(program, workspace)


def test_odd_names_and_things_that_are_no_files(program: Program, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe.fifo.metta")
    (workspace / "loop").symlink_to(".")
    (workspace / "self.metta").symlink_to("self.metta")
    (workspace / "file.metta").symlink_to("part-0/file-0.metta")
    (workspace / "folder.metta").mkdir()
    long = "λ" * 124 + "x.metta"
    assert len(long.encode()) == 255
    names = [
        b"new\nline.metta",
        b"not-utf-8-\xff.metta",
        long.encode(),
        b"tab\t'\"\\.metta",
        b" .metta",
        b"\x1b[31m.metta",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(workspace) + b"/" + name)).write_text("(= (odd) 1)\n")
    ended = program("build", workspace)
    assert (ended.code, ended.err) == (0, ""), ended
    assert "18 indexed" in ended.out
    said = program("build", "--root", workspace, "--verbose").err.splitlines()
    assert "skipped pipe.fifo.metta: named pipe" in said or any("pipe.fifo.metta" in line for line in said)
    assert {line.split()[1] for line in said} >= {"file.metta:", "loop:", "self.metta:", "pipe.fifo.metta:"}
    exported = program.export(workspace)
    assert exported == fresh(program, workspace)
    paths = [found["path"] for found in map(json.loads, exported.splitlines()) if found["type"] == "document"]
    assert len(paths) == 18 and all(path.isprintable() for path in paths)
    for name in names:
        outline = program("outline", "--root", workspace, workspace / os.fsdecode(name))
        assert outline.code == 0 and "odd" in outline.out, outline
    for name in names:
        Path(os.fsdecode(os.fsencode(workspace) + b"/" + name)).unlink()
    assert "6 removed" in program("build", workspace).out


def test_a_folder_that_cannot_be_listed_costs_what_is_in_it(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).rstrip("/").endswith("part-2"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    ended = program("build", workspace)
    assert ended.code == 1 and "10 indexed, 1 failed" in ended.out
    assert ended.err == "error: part-2/: cannot be listed: Permission denied\n"
