"""An index that is damaged is never believed: it names itself and is built afresh."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Program
from workspaces import Damage, fresh, index_of

from metta_index.cache import index_file


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
    "UPDATE piece SET checksum = checksum + 1 WHERE document = 3",
    "UPDATE piece SET checksum = 'text' WHERE document = 3",
    "UPDATE piece SET (checksum, data) = (SELECT checksum, data FROM piece WHERE document = 4) WHERE document = 3",
    "UPDATE piece SET data = (SELECT data FROM piece WHERE document = 4) WHERE document = 3",
    "UPDATE piece SET document = CASE document WHEN 3 THEN -4 ELSE -3 END WHERE document IN (3, 4);"
    "UPDATE piece SET document = -document WHERE document < 0",
    "UPDATE piece SET position = 1 WHERE document = 3",
    "INSERT INTO piece SELECT document, position + 1, checksum, data FROM piece WHERE document = 3",
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
    "CREATE TEMP TABLE more AS SELECT * FROM document WHERE id = 3; UPDATE more SET id = 1000, path = 'more.metta';"
    "INSERT INTO document SELECT * FROM more",
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


@pytest.mark.parametrize("number", [2**63 - 1, 2**62, -(2**63)])
def test_a_number_that_no_build_gives_is_no_reason_to_fail(program: Program, built: Path, number: int) -> None:
    _database(index_of(built), "PRAGMA foreign_keys = OFF", f"UPDATE document SET id = {number} WHERE id = 3")
    (built / "new.metta").write_text("(= (new) 1)\n")
    for _attempt in range(2):
        ended = program("export", "jsonl", "--root", built)
        if ended.code == 0:
            break
        assert (ended.code, ended.out) == (2, "") and "is damaged: " in ended.err.splitlines()[-1], ended.err
    assert ended.out == fresh(program, built)


def test_a_damaged_report_of_the_last_build_is_no_report(program: Program, built: Path) -> None:
    for value in ("'{'", "'[]'", "5", "NULL", "x'ff'"):
        _database(index_of(built), f"UPDATE meta SET value = IFNULL({value}, 0) WHERE key = 'last_build'")
        ended = program("stats", "--root", built, "--format", "json")
        assert (ended.code, ended.err) == (0, "")
        assert ended.objects()[0]["last_build"] is None
