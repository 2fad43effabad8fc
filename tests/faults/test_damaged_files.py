"""Damage to any file under `.metta-index/`, rows of every table included: answers are those of a fresh build."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from program import Program
from workspaces import ALL, fresh, tally

from metta_index.cache import entries, index_file
from metta_index.indexer.languages.metta import versions

QUERIES = [
    ("export", "jsonl"),
    ("def", "f", "in-3", "g", "--format", "json"),
    ("refs", "f", "a", "--format", "json"),
    ("search", "in", "--format", "json"),
    ("deps", "--format", "json"),
    ("outline", "part-2/file-2.metta"),
]
SAMPLE = 60 if ALL else 6
#: FUZZ_ROWS: so many made-up changes of rows of the index.
ROWS = int(os.environ.get("FUZZ_ROWS", "25"))


class Kept:
    """A built workspace whose `.metta-index` is put back between cases, and what queries should say."""

    def __init__(self, program: Program, root: Path) -> None:
        self.program, self.root = program, root
        self.folder = root / ".metta-index"
        self.sound = root.parent / "sound"
        shutil.copytree(self.folder, self.sound)
        self.expected = fresh(program, root)
        self.answers = [self.ask(query) for query in QUERIES]

    def ask(self, query: tuple[str, ...], *flags: str) -> tuple[int, str]:
        ended = self.program(*query, "--root", self.root, *flags)
        assert "Traceback" not in ended.err, ended
        return ended.code, ended.out

    def restore(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.sound, self.folder)
        self.folder.chmod(0o700)

    def check(self, row: int = 4) -> None:
        """Each query, as the index is and brought up to date: the sound answer, or the documented error."""
        for query, answer in zip(QUERIES, self.answers, strict=True):
            shown = self.ask(query, "--no-refresh")
            assert shown == answer or (shown[0] == 2 and not shown[1]), (query, shown)
        for _attempt in range(3):
            export = self.program("export", "jsonl", "--root", self.root)
            assert export.code in (0, 2) and "Traceback" not in export.err, export
            if export.code == 0:
                break
        assert export.out == self.expected
        for query, answer in zip(QUERIES, self.answers, strict=True):
            assert self.ask(query) == answer, query
        tally(row)


@pytest.fixture
def kept(program: Program, built: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    monkeypatch.chdir(built)
    return Kept(program, built)


def flipped(data: bytes, chosen: random.Random) -> bytes:
    at = chosen.randrange(len(data) or 1)
    return data[:at] + bytes([data[at] ^ 1 << chosen.randrange(8)]) + data[at + 1 :] if data else b"\1"


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [
    flipped,
    lambda data, chosen: data[: chosen.randrange(len(data) + 1)],
    lambda data, chosen: data[chosen.randrange(len(data) + 1) :],
    lambda data, chosen: data + chosen.randbytes(100),
    lambda data, chosen: bytes(len(data)),
    lambda data, chosen: chosen.randbytes(len(data)),
    lambda data, chosen: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    lambda data, chosen: data[len(data) // 2 :] + data[: len(data) // 2],
]


def test_damage_of_every_kind_to_every_file(kept: Kept) -> None:
    chosen = random.Random(4)
    files = sorted(path.relative_to(kept.sound) for path in kept.sound.rglob("*") if path.is_file())
    assert len(files) >= 4
    for file in files:
        for damage in DAMAGES:
            for _ in range(SAMPLE if damage is flipped else 2):
                kept.restore()
                path = kept.folder / file
                path.write_bytes(damage(path.read_bytes(), chosen))
                kept.check()


def tables_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


def statements(path: Path) -> Iterator[str]:
    """For every table: no rows, a row less; for every column: another value, that of another row, swapped with it."""
    with closing(sqlite3.connect(path)) as connection:
        for table in tables_of(path):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
            order = ", ".join(keys)
            first = f"({order}) = (SELECT {order} FROM {table} ORDER BY {order} LIMIT 1)"
            yield f"DELETE FROM {table}"
            yield f"DELETE FROM {table} WHERE {first}"
            yield f"DROP TABLE {table}"
            for name in columns:
                last = f"(SELECT {name} FROM {table} ORDER BY {order} DESC LIMIT 1)"
                for value in (last, "NULL", "'x'", "x'ff00'", "7", "''", "zeroblob(40)"):
                    yield f"UPDATE OR IGNORE {table} SET {name} = {value} WHERE {first}"
                yield f"UPDATE OR IGNORE {table} SET {name} = (SELECT {name} FROM {table} ORDER BY random() LIMIT 1)"


def test_every_column_of_every_table_changed(kept: Kept) -> None:
    wanted = list(statements(kept.sound / "index.db"))
    assert len(wanted) > 200 and {"name", "import", "lookup", "finding"} <= set(tables_of(kept.sound / "index.db"))
    if not ALL:
        wanted = random.Random(5).sample(wanted, 60)
    for statement in wanted:
        kept.restore()
        with closing(sqlite3.connect(kept.folder / "index.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            try:
                connection.execute(statement)
            except sqlite3.IntegrityError:
                continue
        kept.check()


def made_up(value: object, chosen: random.Random) -> object:
    """A value that was sound once, or one of any kind."""
    if isinstance(value, bytes) and chosen.random() < 0.7:
        return chosen.choice(DAMAGES)(value, chosen)
    if isinstance(value, str) and chosen.random() < 0.7:
        return chosen.choice(DAMAGES)(value.encode(), chosen).decode("latin-1")
    if isinstance(value, int) and chosen.random() < 0.5:
        return value + chosen.choice((-1, 1, 7, 1 << 40))
    return chosen.choice((None, "", b"", -1, 0, 2**63 - 1, 0.5, "a\0b", "[", "{}", chosen.randbytes(30), bytes(5000)))


def test_any_value_in_any_row_of_the_index(kept: Kept) -> None:
    """What decoders of rows are given, in one row or in several."""
    chosen = random.Random(6)
    tables = tables_of(kept.sound / "index.db")
    for _case in range(ROWS):
        kept.restore()
        with closing(sqlite3.connect(kept.folder / "index.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = OFF")
            for _change in range(chosen.randrange(1, 4)):
                table = chosen.choice(tables)
                columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
                keys = ", ".join(row[1] for row in columns if row[5])
                column = chosen.choice(columns)[1]
                rows = connection.execute(f"SELECT {column}, {keys} FROM {table} ORDER BY {keys}").fetchall()
                if rows:
                    value, *key = chosen.choice(rows)
                    places = ", ".join("?" * len(key))
                    statement = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE ({keys}) = ({places})"
                    with suppress(sqlite3.IntegrityError):
                        connection.execute(statement, (made_up(value, chosen), *key))
        kept.check()


def test_entries_of_other_files_and_swapped_entries(kept: Kept) -> None:
    """Every frame under the key of every other one: a frame is taken under its own key only."""
    for shift in range(1, 4):
        kept.restore()
        (kept.folder / "index.db").unlink()
        database = next((kept.folder / "cache").rglob("cache.db"))
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            rows = connection.execute("SELECT rowid, value FROM Cache ORDER BY rowid").fetchall()
            for number, (rowid, _value) in enumerate(rows):
                other = rows[(number + shift) % len(rows)][1]
                connection.execute("UPDATE Cache SET value = ? WHERE rowid = ?", (other, rowid))
        kept.check()
        tally(4, len(rows) - 1)


# -- older and newer versions ------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        *((index_file, "SCHEMA", index_file.SCHEMA + change) for change in (-1, 1, 1000)),
        *((entries, "SCHEMA", entries.SCHEMA + change) for change in (-1, 1, 100)),
        *((versions, "TABLE_VERSION", f"metta-table-{number}") for number in (0, 999)),
        *((versions, "TREE_VERSION", f"metta-tree-{number}") for number in (0, 999)),
    ],
)
def test_what_another_version_wrote(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, module: object, name: str, value: object
) -> None:
    """Written by the one, read by the other, and back again."""
    kept.restore()
    with monkeypatch.context() as patched:
        patched.setattr(module, name, value)
        for _round in range(2):
            assert kept.program("build", "--root", kept.root).code == 0
            assert kept.program("export", "jsonl", "--root", kept.root).out == kept.expected
    kept.check(8)


# -- a cache that someone forged -----------------------------------------------------------


class Trap:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


def test_a_forged_cache_never_executes_reads_or_deletes(program: Program, built: Path, tmp_path: Path) -> None:
    import pickle

    victim, sprung = tmp_path / "victim", tmp_path / "sprung"
    victim.write_text("precious")
    expected = fresh(program, built)
    database = next((built / ".metta-index" / "cache").rglob("cache.db"))
    rows = [
        ("mode = 4, value = ?", pickle.dumps(Trap(sprung))),
        ("mode = 2, value = NULL, filename = ?", str(victim)),
        ("mode = 1, value = NULL, filename = ?", os.path.relpath(victim, database.parent)),
        ("mode = 3, value = NULL, filename = ?", str(victim)),
        ("value = ?", b"MICE" + bytes(4) + b"\xff\xff\xff\xff" + bytes(16)),
        ("value = zeroblob(? * (rowid = 1))", 50_000_000),
        ("value = ?", "text"),
        ("key = CAST(? AS TEXT) || rowid", b"\xff\xfe"),
    ]
    sound = database.read_bytes()
    for assignment, value in rows:
        database.write_bytes(sound)
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute(f"UPDATE Cache SET {assignment}", (value,))
        (built / ".metta-index" / "index.db").unlink(missing_ok=True)
        assert program.export(built) == expected
        assert program("cache", "verify", "--root", built).code in (0, 1)
        assert program("cache", "gc", "--root", built).code == 0
        assert program("cache", "clear", "--root", built).code == 0
        assert victim.read_text() == "precious" and not sprung.exists()
        tally(9)


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", "cache.db-shm", "cache.db-journal"])
def test_a_cache_that_leads_elsewhere(program: Program, workspace: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "cache" / f"v{entries.SCHEMA}"
    folder.mkdir(parents=True)
    (folder / name).symlink_to(victim)
    expected = fresh(program, workspace)
    ended = program("build", "--root", workspace, "--cache-dir", tmp_path / "cache")
    assert ended.code == 0 and "Traceback" not in ended.err
    assert program.export(workspace) == expected
    assert victim.read_text() == "precious"
