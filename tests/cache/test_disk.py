"""What lies in the database may have been written by anyone: it is refused, not obeyed."""

from __future__ import annotations

import os
import pickle
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import diskcache  # type: ignore[import-untyped]
import pytest

from metta_index.cache import files
from metta_index.cache.bytes_cache import BytesCache, BytesDisk
from metta_index.cache.disk import cause_of
from metta_index.cache.entries import seal
from metta_index.cache.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a closed store that holds `key`."""
    with Store.open(tmp_path / "cache", warn=pytest.fail) as store:
        store.put_many([("key", b"payload")])
        return store.folder


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        yield connection


def opened(folder: Path) -> BytesCache:
    return BytesCache(folder, 1.0)


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, (str(self.path), "w")


def plant(folder: Path, mode: int, filename: str | None, value: bytes | None) -> None:
    with database(folder) as connection:
        connection.execute("UPDATE Cache SET mode = ?, filename = ?, value = ?", (mode, filename, value))


def test_a_pickle_is_not_executed(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "executed"
    plant(folder, diskcache.core.MODE_PICKLE, None, pickle.dumps(Touch(victim)))
    with closing(opened(folder)) as cache, pytest.raises(files.RefusedError):
        cache.get("key")
    with Store.open(folder.parent, warn=pytest.fail) as store:
        assert store.get_many(["key"]) == {}
        assert store.stats().verify_failures == 1
    assert not victim.exists()
    # The plant is live: diskcache as shipped runs it.
    plant_again = tmp_path / "shipped"
    with closing(diskcache.Cache(str(plant_again))) as shipped:
        shipped.set("key", Touch(victim))
        shipped.get("key").close()
    assert victim.exists()


def test_a_pickled_key_is_not_executed(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "executed"
    with database(folder) as connection:
        connection.execute("UPDATE Cache SET raw = 0, key = ?", (pickle.dumps(Touch(victim)),))
    with closing(opened(folder)) as cache, pytest.raises(files.RefusedError):
        list(cache)
    with Store.open(folder.parent, warn=pytest.fail) as store:
        report = store.verify()
        assert (report.good, report.bad) == (0, 1)
        assert store.stats().entries == 0
    assert not victim.exists()


@pytest.mark.parametrize("mode", [diskcache.core.MODE_RAW, diskcache.core.MODE_BINARY, diskcache.core.MODE_TEXT])
def test_a_named_file_is_neither_read_nor_deleted(folder: Path, tmp_path: Path, mode: int) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(seal("key", b"secret"))
    for name in (str(victim), f"../../{victim.name}"):
        for act in ("get", "put", "invalidate", "clear", "gc", "delete", "set"):
            with Store.open(folder.parent, warn=pytest.fail) as store:
                store.put_many([("key", b"payload")])
            plant(folder, mode, name, seal("key", b"forged") if mode == diskcache.core.MODE_RAW else None)
            with Store.open(folder.parent, warn=pytest.fail) as store:
                match act:
                    case "get":
                        assert store.get_many(["key"]) == {}
                    case "put":
                        store.put_many([("key", b"payload")])
                        assert store.get_many(["key"]) == {"key": b"payload"}
                    case "invalidate":
                        store.invalidate("key")
                    case "clear":
                        assert store.clear() == 1
                    case "gc":
                        assert store.gc(max_age_days=-1).removed == 1
            with closing(opened(folder)) as cache:
                if act == "delete":
                    assert cache.delete("key")
                elif act == "set":
                    assert cache.set("key", b"value")
            assert victim.exists(), (name, act)


def test_only_bytes_under_text_keys() -> None:
    disk = BytesDisk("/nowhere")
    for key in (b"key", 1, 1.5, None, ("a",)):
        with pytest.raises(TypeError):
            disk.put(key)
    values: list[object] = ["text", 1, None, bytearray(b"x"), ["list"]]
    for value in values:
        with pytest.raises(TypeError):
            disk.store(value, False)
    with pytest.raises(TypeError):
        disk.store(b"bytes", True)
    assert disk.fetch(diskcache.core.MODE_RAW, None, b"x", False) == b"x"
    for mode, filename, value, read in [(4, None, b"x", False), (1, "f", b"x", False), (1, None, "x", False)]:
        with pytest.raises(files.RefusedError):
            disk.fetch(mode, filename, value, read)
    with pytest.raises(files.RefusedError):
        disk.filename()


def test_settings_cannot_change_the_disk() -> None:
    disk = BytesDisk("/nowhere", compress_level=9, min_file_size=0)
    before = dict(vars(disk))
    for name in ("_directory", "min_file_size", "pickle_protocol", "fetch", "remove", "anything"):
        setattr(disk, name, 0)
    assert vars(disk) == before


SETTINGS = [
    ("disk__directory", "/etc"),
    ("disk_min_file_size", 0),
    ("disk_fetch", "x"),
    ("_con", 1),
    ("_disk", None),
    ("close", "x"),
    ("connection", "x"),
    ("sqlite_locking_mode", "exclusive"),
    ("sqlite_writable_schema", 1),
    ("sqlite_mmap_size", 1 << 30),
    ("sqlite_no such thing = 1; DROP TABLE", 1),
    ("eviction_policy", "least-recently-stored"),
    ("eviction_policy", "nonsense"),
    ("cull_limit", 10),
    ("size_limit", 0),
    ("count", "many"),
    (b"bytes", 1),
    ("", None),
]


@pytest.mark.parametrize(("name", "value"), SETTINGS)
def test_settings_in_the_file_are_inert(folder: Path, name: str | bytes, value: object) -> None:
    with database(folder) as connection:
        connection.execute("INSERT OR REPLACE INTO Settings VALUES (?, ?)", (name, value))
    with Store.open(folder.parent, warn=pytest.fail) as store:
        assert store.get_many(["key"]) == {"key": b"payload"}
        store.put_many([("other", b"value")])
    with closing(opened(folder)) as cache:
        assert cache.get("other") == seal("other", b"value")
        assert cache.connection.execute("PRAGMA locking_mode").fetchone() == ("normal",)
        assert cache.connection.execute("PRAGMA mmap_size").fetchone() in (None, (0,))
        assert cache.eviction_policy == "none"
        assert cache.cull_limit == 0
    with database(folder) as connection:
        rows = connection.execute("SELECT key FROM Settings").fetchall()
    assert {row[0] for row in rows} == {*diskcache.DEFAULT_SETTINGS, "count", "size", "hits", "misses"}


FOREIGN = [
    "CREATE TRIGGER t AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TABLE t (a)",
    "DROP TABLE Settings",
    "DROP INDEX Cache_key_raw",
    "ALTER TABLE Cache RENAME COLUMN value TO worth",
    "ALTER TABLE Cache ADD COLUMN more",
    "ALTER TABLE Cache ADD COLUMN more GENERATED ALWAYS AS (zeroblob(1000000)) VIRTUAL",
    "DROP TABLE Cache; CREATE TABLE Cache (rowid INTEGER PRIMARY KEY, key BLOB, raw INTEGER, store_time REAL,"
    " expire_time REAL, access_time REAL, access_count INTEGER, tag BLOB, size INTEGER, mode INTEGER,"
    " filename TEXT AS (key), value BLOB); CREATE UNIQUE INDEX Cache_key_raw ON Cache (key, raw);"
    " CREATE INDEX Cache_access_time ON Cache (access_time)",
]


@pytest.mark.parametrize("statement", FOREIGN)
def test_other_tables_are_set_aside(folder: Path, statement: str) -> None:
    with database(folder) as connection:
        connection.executescript(statement)
    warnings: list[str] = []
    with Store.open(folder.parent, warn=warnings.append) as store:
        assert store.get_many(["key"]) == {}
        store.put_many([("key", b"anew")])
        assert store.get_many(["key"]) == {"key": b"anew"}
    assert len(warnings) == 1
    assert (folder.with_name(folder.name + ".bad") / "cache.db").exists()


@pytest.mark.parametrize("name", ["cache.db", "cache.db-wal", "cache.db-shm", "cache.db-journal"])
def test_a_link_is_not_followed(folder: Path, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    with closing(sqlite3.connect(victim)) as other:
        other.execute("CREATE TABLE diary (text)")
        other.commit()
    before = victim.read_bytes()
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    warnings: list[str] = []
    with Store.open(folder.parent, warn=warnings.append) as store:
        store.put_many([("key", b"anew")])
        assert store.get_many(["key"]) == {"key": b"anew"}
        store.clear()
    assert victim.read_bytes() == before
    assert len(warnings) == 1


def test_opening_a_sound_cache_writes_nothing(folder: Path) -> None:
    before = (folder / "cache.db").read_bytes()
    opened(folder).close()
    assert (folder / "cache.db").read_bytes() == before
    with closing(opened(folder)) as cache:
        assert (folder / "cache.db-wal").stat().st_size == 0
        assert cache.get("key") == seal("key", b"payload")


def test_no_triggers_are_needed(folder: Path) -> None:
    # They do not compile where SQLite was built with SQLITE_DQS=0.
    with database(folder) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall() == []


def test_a_path_is_not_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METTA_INDEX_TEST", str(tmp_path / "elsewhere"))
    odd = tmp_path / "$METTA_INDEX_TEST" / "~" / "a?mode=memory#%41"
    with Store.open(odd, warn=pytest.fail) as store:
        store.put_many([("key", b"payload")])
    assert (store.folder / "cache.db").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["$METTA_INDEX_TEST"]


def test_causes() -> None:
    assert cause_of(sqlite3.DatabaseError("malformed")) is None
    assert cause_of(files.RefusedError("not ours")) is None
    assert cause_of(PermissionError(13, "Permission denied")) is not None
    full = cause_of(OSError(os.strerror(28)))
    assert full is not None
    assert full.advice
