"""The store: what it gives is what was put; whatever happens to its files, the run goes on."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metta_index.cache import access, entries, files, store
from metta_index.cache.reports import GcReport
from metta_index.cache.store import Limits, Store

DAY = 86400.0


def names(count: int, prefix: str = "key") -> list[str]:
    return [f"{prefix}:{number:04}" for number in range(count)]


def payload(key: str, size: int = 300) -> bytes:
    return random.Random(key).randbytes(size)


def filled(folder: Path, keys: Sequence[str], size: int = 300, limits: Limits | None = None) -> Path:
    """Puts a payload under each key; the folder of the store, closed again."""
    with Store.open(folder, warn=pytest.fail, limits=limits or Limits()) as opened:
        opened.put_many([(key, payload(key, size)) for key in keys])
        assert opened.stats().puts == len(keys)
        return opened.folder


@contextmanager
def database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "cache.db", isolation_level=None)) as connection:
        yield connection


def age(folder: Path, last_use: dict[str, float]) -> None:
    """Makes entries look as if they had last been used so many seconds ago."""
    with database(folder) as connection:
        for key, seconds in last_use.items():
            connection.execute("UPDATE Cache SET access_time = ? WHERE key = ?", (time.time() - seconds, key))


def run(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )


# -- what a cache is for --------------------------------------------------------

short_keys = st.sampled_from(names(6))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.dictionaries(short_keys, st.binary(max_size=40000))),
        st.tuples(st.just("get"), st.lists(short_keys)),
        st.tuples(st.just("invalidate"), short_keys),
        st.tuples(st.just("reopen"), st.none()),
        st.tuples(st.just("clear"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_it_behaves_like_a_dictionary(tmp_path: Path, actions: list[tuple[str, object]]) -> None:
    folder = tmp_path / "cache"
    shutil.rmtree(folder, ignore_errors=True)
    model: dict[str, bytes] = {}
    opened = Store.open(folder, warn=pytest.fail)
    for action, value in actions:
        if action == "put" and isinstance(value, dict):
            opened.put_many(value.items())
            model |= value
        elif action == "get" and isinstance(value, list):
            assert opened.get_many(value) == {key: model[key] for key in value if key in model}
        elif action == "invalidate" and isinstance(value, str):
            opened.invalidate(value)
            model.pop(value, None)
        elif action == "reopen":
            opened.close()
            opened = Store.open(folder, warn=pytest.fail)
        elif action == "clear":
            assert opened.clear() == len(model)
            model.clear()
        assert opened.contains_many(names(6)) == model.keys()
    assert opened.get_many(names(6)) == model
    assert opened.stats().entries == len(model)
    opened.close()


def test_more_keys_than_one_statement_takes(tmp_path: Path) -> None:
    keys = names(2100)
    filled(tmp_path, keys, 20)
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.contains_many([*keys, "absent"]) == set(keys)
        assert opened.get_many([*keys, *keys, "absent"]) == {key: payload(key, 20) for key in keys}
        stats = opened.stats()
        assert (stats.hits, stats.misses, stats.entries) == (2100, 1, 2100)


def test_an_empty_store_is_not_asked(tmp_path: Path) -> None:
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        asked: list[str] = []
        opened._access._connection.set_trace_callback(asked.append)  # type: ignore[union-attr]
        assert opened.get_many(["a", "b"]) == {}
        assert opened.contains_many(["a"]) == set()
        assert asked == []
        assert opened.stats().misses == 2
        opened.put_many([("a", b"1")])
        assert opened.get_many(["a"]) == {"a": b"1"}


def test_reading_writes_nothing_until_the_end(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(3))
    age(folder, dict.fromkeys(names(3), DAY))
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        asked: list[str] = []
        opened._access._connection.set_trace_callback(asked.append)  # type: ignore[union-attr]
        opened.get_many(names(2))
        opened.get_many(names(2))
        assert [one.split()[0] for one in asked] == ["SELECT", "SELECT"]
        before = time.time()
    assert [one.split()[0] for one in asked[2:]] == ["BEGIN", "UPDATE", "COMMIT"]
    with database(folder) as connection:
        times = [row[0] for row in connection.execute("SELECT access_time FROM Cache ORDER BY key")]
    assert times[0] == times[1] > before - 60
    assert times[2] < before - DAY + 60


def test_diskcache_is_imported_only_to_make_or_mend(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from metta_index.cache.store import Path, Store\n"
        "with Store.open(Path(sys.argv[1]), warn=sys.exit) as store:\n"
        "    if store.get_many(['key']): store.put_many([('other', b'payload')])\n"
        "    else: store.put_many([('key', b'payload')])\n"
        "    print('diskcache' in sys.modules, store.stats().entries)\n"
    )

    def open_again() -> list[str]:
        with run(program, str(tmp_path)) as process:
            output, _errors = process.communicate(timeout=20)
        return output.split()

    assert open_again() == ["True", "1"]
    assert open_again() == ["False", "2"]
    with closing(sqlite3.connect(tmp_path / f"v{entries.SCHEMA}" / "cache.db", isolation_level=None)) as connection:
        connection.execute("INSERT OR REPLACE INTO Settings VALUES ('cull_limit', 10)")
    assert open_again() == ["True", "2"]
    assert open_again() == ["False", "2"]


def test_a_closed_store_is_off(tmp_path: Path) -> None:
    opened = Store.open(tmp_path, warn=pytest.fail)
    opened.put_many([("a", b"1")])
    opened.close()
    opened.close()
    opened.put_many([("b", b"1")])
    assert opened.get_many(["a"]) == {}
    assert opened.stats().state == "off"
    with Store.open(tmp_path, warn=pytest.fail) as again:
        assert again.get_many(["a", "b"]) == {"a": b"1"}


def test_another_thread_is_a_mistake_not_damage(tmp_path: Path) -> None:
    filled(tmp_path, names(1))
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        raised: list[Exception] = []

        def use() -> None:
            try:
                opened.get_many(names(1))
            except sqlite3.ProgrammingError as error:
                raised.append(error)

        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        assert len(raised) == 1
        assert len(opened.get_many(names(1))) == 1


def test_an_error_of_the_caller_stores_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise KeyError("of the caller")

    with Store.open(tmp_path, warn=pytest.fail) as opened:
        with pytest.raises(KeyError):
            opened.put_many(broken())
        opened.put_many([("b", b"2")])
        assert opened.get_many(["a", "b"]) == {"b": b"2"}


# -- limits ----------------------------------------------------------------------


def test_the_least_recently_used_tenth_goes(tmp_path: Path) -> None:
    keys = names(20)
    limits = Limits(max_entries=20)
    # Not in the order in which they were stored.
    folder = filled(tmp_path, keys[::-1], limits=limits)
    age(folder, {key: (100 - at) * DAY for at, key in enumerate(keys)})
    with Store.open(tmp_path, warn=pytest.fail, limits=limits) as opened:
        assert len(opened.get_many(keys[:2])) == 2
        opened.put_many([("new:0", b"new")])
        assert opened.contains_many([*keys, "new:0"]) == {*keys, "new:0"} - {keys[2], keys[3]}
        assert opened.stats().evictions == 2
        opened.put_many([("new:1", b"new"), ("new:2", b"new")])
        assert opened.contains_many(keys) == {*keys} - {keys[2], keys[3], keys[4], keys[5]}
    with Store.open(tmp_path, warn=pytest.fail, limits=limits) as opened:
        assert opened.stats().entries == 19


def test_bytes_are_limited_too(tmp_path: Path) -> None:
    limits = Limits(max_bytes=400_000)
    folder = filled(tmp_path, names(30), 10_000, limits)
    age(folder, {key: (100 - at) * DAY for at, key in enumerate(names(30))})
    with Store.open(tmp_path, warn=pytest.fail, limits=limits) as opened:
        opened.put_many([(key, payload(key, 10_000)) for key in names(10, "new")])
        assert opened.contains_many(names(10, "new")) == {*names(10, "new")}
        old = opened.contains_many(names(30))
        assert 0 < len(old) < 30
        assert old == {*names(30)[-len(old) :]}
    assert files.size_of(folder) <= 400_000


def test_no_thrashing_when_one_run_needs_more(tmp_path: Path) -> None:
    limits = Limits(max_entries=50)
    filled(tmp_path, names(50, "old"), limits=limits)
    warnings: list[str] = []
    for turn in range(2):
        with Store.open(tmp_path, warn=warnings.append, limits=limits) as opened:
            hits = opened.get_many(names(100))
            for start in range(0, 100, 10):
                missing = [key for key in names(100)[start : start + 10] if key not in hits]
                opened.put_many([(key, payload(key)) for key in missing])
            assert opened.contains_many(names(100)) == {*names(50)}
            # The second run finds what the first could keep, and replaces none of it.
            assert (len(hits), opened.stats().puts, opened.stats().evictions) == ((0, 50, 50), (50, 0, 0))[turn]
        assert len(warnings) == turn + 1
        assert "`max-cache-entries`" in warnings[turn]


def test_a_payload_beyond_the_limits_is_left_out(tmp_path: Path) -> None:
    with Store.open(tmp_path, warn=pytest.fail, limits=Limits(max_bytes=1 << 20)) as opened:
        opened.put_many([("large", bytes((1 << 20) + 1)), ("small", b"1")])
        assert opened.get_many(["large", "small"]) == {"small": b"1"}


def test_gc_by_age_and_its_dry_run(tmp_path: Path) -> None:
    keys = names(200)
    folder = filled(tmp_path, keys, 5000)
    age(folder, dict.fromkeys(keys[:150], 40 * DAY) | dict.fromkeys(keys[150:], 20 * DAY))
    (folder.with_name(folder.name + ".bad")).mkdir()
    (folder.with_name(folder.name + ".bad") / "cache.db").write_bytes(bytes(1000))
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        before = files.size_of(folder)
        dry = opened.gc(max_age_days=30, dry_run=True)
        assert (dry.removed, dry.kept, dry.dry_run) == (150, 50, True)
        assert opened.contains_many(keys) == {*keys}
        assert files.aside_of(folder).exists()
        assert opened.gc(max_age_days=50, dry_run=True).removed == 0
        wet = opened.gc(max_age_days=30)
        assert wet == GcReport(150, 50, dry.freed_bytes, False)
        assert opened.get_many(keys) == {key: payload(key, 5000) for key in keys[150:]}
        assert not files.aside_of(folder).exists()
        assert dry.freed_bytes > 150 * 5000
    assert before - files.size_of(folder) > 150 * 5000


def test_gc_keeps_to_the_limits(tmp_path: Path) -> None:
    filled(tmp_path, names(100))
    with Store.open(tmp_path, warn=pytest.fail, limits=Limits(max_entries=50)) as opened:
        report = opened.gc(max_age_days=None, dry_run=False)
        assert report.kept == opened.stats().entries <= 50
        assert report.removed + report.kept == 100


# -- damage -----------------------------------------------------------------------


def test_an_altered_entry_is_a_miss_and_goes(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(4))
    with database(folder) as connection:
        connection.execute("UPDATE Cache SET value = CAST(value || x'00' AS BLOB) WHERE key = ?", (names(4)[0],))
        # Two entries trade places.
        first, second = (
            connection.execute("SELECT value FROM Cache WHERE key = ?", (key,)).fetchone()[0] for key in names(4)[1:3]
        )
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (second, names(4)[1]))
        connection.execute("UPDATE Cache SET value = ? WHERE key = ?", (first, names(4)[2]))
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.get_many(names(4)) == {names(4)[3]: payload(names(4)[3])}
        stats = opened.stats()
        assert (stats.hits, stats.misses, stats.verify_failures, stats.entries) == (1, 3, 3, 1)


def test_verify_counts_and_removes(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(6))
    with database(folder) as connection:
        for change, key in [
            ("value = CAST('text' AS TEXT)", names(6)[0]),
            ("value = zeroblob(300)", names(6)[1]),
            ("mode = 4", names(6)[2]),
            ("key = CAST(x'ff' AS TEXT)", names(6)[3]),
        ]:
            connection.execute(f"UPDATE Cache SET {change} WHERE key = ?", (key,))
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        kept = opened.verify(remove=False)
        assert (kept.good, kept.bad, kept.problems) == (2, 4, ())
        assert opened.stats().entries == 6
        assert opened.verify().bad == 4
        assert (opened.verify().good, opened.verify().bad, opened.stats().entries) == (2, 0, 2)


def test_verify_sees_a_damaged_structure(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(300), 100)
    with database(folder) as connection:
        # An index that no longer names what the table holds.
        connection.execute("PRAGMA writable_schema = ON")
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'Cache_key_raw'").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    page = (root - 1) * 8192
    with (folder / "cache.db").open("r+b") as file:
        file.seek(page + 3)
        file.write(b"\0\0")
    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        report = opened.verify(remove=False)
        assert report.good == 300
        assert report.problems
        assert warnings == []
        assert opened.verify().problems
        assert len(warnings) == 1
        assert opened.stats().entries == 0
        assert "set aside" in warnings[0]
        assert files.aside_of(folder).exists()


def damages(data: bytes) -> Iterator[bytes]:
    """A database file, damaged in many ways."""
    pick = random.Random(7)
    size = len(data)
    for cut in (0, 1, 15, 16, 100, 1000, 4096, 8191, 8192, 8193, size // 2, size - 8192, size - 1):
        yield data[:cut]
        yield data[:cut] + bytes(size - cut)
        yield data[cut + 1 :]
    for _ in range(40):
        at, length = pick.randrange(size), pick.choice([1, 8, 100, 5000])
        yield data[:at] + pick.randbytes(length) + data[at + length :]
        yield data[:at] + bytes(length) + data[at + length :]
    # The header and the schema are read first; every bit of them counts.
    for at in (*range(110), *(pick.randrange(size) for _ in range(150))):
        flipped = bytearray(data)
        flipped[at] ^= 1 << pick.randrange(8)
        yield bytes(flipped)
    yield b"not a database, but long enough to be one" * 1000
    yield pick.randbytes(size)


def test_damage_is_never_an_error_nor_a_wrong_value(tmp_path: Path) -> None:
    keys = names(40)
    sound = filled(tmp_path / "sound", keys)
    right = {key: payload(key) for key in keys}
    data = (sound / "cache.db").read_bytes()
    intact = rebuilt = 0
    folder = tmp_path / "cache"
    for damaged in damages(data):
        shutil.rmtree(folder, ignore_errors=True)
        (folder / sound.name).mkdir(parents=True)
        (folder / sound.name / "cache.db").write_bytes(damaged)
        warnings: list[str] = []
        with Store.open(folder, warn=warnings.append) as opened:
            found = opened.get_many(keys)
            assert found.items() <= right.items()
            opened.put_many([(key, value) for key, value in right.items() if key not in found])
            again = opened.get_many(keys)
            assert again.items() <= right.items()
            opened.verify()
            opened.gc(max_age_days=1)
            opened.stats()
        assert len(warnings) <= 2, warnings
        if warnings:
            rebuilt += 1
        else:
            intact += 1
            assert again == right
        with Store.open(folder, warn=pytest.fail) as opened:
            assert opened.get_many(keys).items() <= right.items()
    assert intact > 50
    assert rebuilt > 50


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_garbage_beside_the_database(tmp_path: Path, suffix: str) -> None:
    folder = filled(tmp_path, names(5))
    (folder / f"cache.db{suffix}").write_bytes(random.Random(1).randbytes(40_000))
    with Store.open(tmp_path, warn=lambda _text: None) as opened:
        assert opened.get_many(names(5)).items() <= {key: payload(key) for key in names(5)}.items()
        opened.put_many([("new", b"1")])
        assert opened.get_many(["new"]) == {"new": b"1"}


def test_what_was_set_aside_is_kept_once(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(2))
    for content in (b"first" * 1000, b"second" * 1000):
        (folder / "cache.db").write_bytes(content)
        warnings: list[str] = []
        with Store.open(tmp_path, warn=warnings.append) as opened:
            opened.put_many([("new", b"1")])
            assert opened.stats().state == "open"
            assert "damaged" in opened.stats().reason
        assert len(warnings) == 1
        assert (files.aside_of(folder) / "cache.db").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v1", "v1.bad"]
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.clear() == 1
    assert [path.name for path in tmp_path.iterdir()] == ["v1"]


def test_damage_during_a_run(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(300), 3000)
    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        data = (folder / "cache.db").read_bytes()
        with (folder / "cache.db").open("r+b") as file:
            file.seek(8192 * 6)
            file.write(b"\xff" * (len(data) - 8192 * 6))
        assert opened.get_many(names(300)).items() <= {key: payload(key, 3000) for key in names(300)}.items()
        opened.put_many([("new", b"1")])
        assert opened.get_many(["new"]) == {"new": b"1"}
        assert len(warnings) == 1
        assert opened.stats().state == "open"


def test_one_of_two_sets_aside(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(300), 3000)
    with Store.open(tmp_path, warn=pytest.fail) as late:
        (folder / "cache.db").rename(folder / "lost")
        shutil.rmtree(folder)
        filled(tmp_path, ["anew"])
        late._access.fail(sqlite3.DatabaseError("malformed"))
        # The new store of the other process is used, not thrown away.
        assert late.get_many(["anew"]) == {"anew": payload("anew")}
    assert not files.aside_of(folder).exists()


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_no_folder_where_the_store_should_be(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    (tmp_path / "cache").mkdir()
    place = tmp_path / "cache" / f"v{entries.SCHEMA}"
    match kind:
        case "file":
            place.write_text("a file")
        case "link":
            target.mkdir()
            place.symlink_to(target)
        case "dangling":
            place.symlink_to(target)
    warnings: list[str] = []
    with Store.open(tmp_path / "cache", warn=warnings.append) as opened:
        opened.put_many([("new", b"1")])
        assert opened.get_many(["new"]) == {"new": b"1"}
    assert len(warnings) == 1
    assert not target.exists() or list(target.iterdir()) == []


def test_another_version_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = filled(tmp_path, names(3))
    before = {path.name: path.read_bytes() for path in old.iterdir()}
    monkeypatch.setattr(store, "SCHEMA", entries.SCHEMA + 1)
    monkeypatch.setattr(entries, "SCHEMA", entries.SCHEMA + 1)
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.folder != old
        assert opened.get_many(names(3)) == {}
        opened.put_many([("a", b"1")])
        opened.gc(max_age_days=0)
        opened.clear()
    assert {path.name: path.read_bytes() for path in old.iterdir()} == before


# -- what cannot be written ---------------------------------------------------------


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes every database read-only; with True, SQLite cannot even keep its files beside it.

    Permissions would not do: tests may run as root.
    """
    connect = sqlite3.connect

    def make(is_folder_too: bool) -> None:
        def limited(path: str | Path, timeout: float = 5, uri: bool = False, **options: object) -> sqlite3.Connection:
            name = str(path) if uri else f"{Path(path).as_uri()}?mode=ro"
            if is_folder_too and "immutable" not in name:
                error = sqlite3.OperationalError("unable to open database file")
                error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
                raise error
            return connect(name, timeout=timeout, uri=True, isolation_level=None)

        monkeypatch.setattr(sqlite3, "connect", limited)

    return make


@pytest.mark.parametrize("is_folder_too", [False, True])
def test_read_only(tmp_path: Path, read_only: Callable[[bool], None], is_folder_too: bool) -> None:
    folder = filled(tmp_path, names(3))
    with database(folder) as connection:
        connection.execute("UPDATE Cache SET value = zeroblob(9) WHERE key = ?", (names(3)[0],))
    before = (folder / "cache.db").read_bytes()
    read_only(is_folder_too)
    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        opened.put_many([("new", b"1")])
        assert opened.get_many([*names(3), "new"]) == {key: payload(key) for key in names(3)[1:]}
        stats = opened.stats()
        assert (stats.state, stats.entries, stats.puts, stats.verify_failures) == ("read-only", 3, 0, 1)
        assert stats.reason
        report = opened.verify()
        assert (report.good, report.bad) == (2, 1)
        assert any("nothing is removed" in problem for problem in report.problems)
        assert opened.clear() == 0
        assert opened.gc(max_age_days=-1) == GcReport(0, 3, 0, False)
    assert len(warnings) == 1
    assert "--cache-dir" in warnings[0]
    assert (folder / "cache.db").read_bytes() == before
    assert not files.aside_of(folder).exists()


def test_read_only_and_new(tmp_path: Path, read_only: Callable[[bool], None]) -> None:
    read_only(False)
    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        opened.put_many([("new", b"1")])
        assert opened.get_many(["new"]) == {}
        assert opened.contains_many(["new"]) == set()
        assert opened.stats().state == "off"
        assert opened.verify().good == 0
        assert opened.gc().removed == 0
    assert len(warnings) == 1


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warnings: list[str] = []
    with Store.open(tmp_path / "file" / "cache", warn=warnings.append) as opened:
        opened.put_many([("new", b"1")])
        assert opened.get_many(["new"]) == {}
        assert opened.stats().state == "off"
    assert len(warnings) == 1
    assert (tmp_path / "file").read_text() == ""


def test_a_full_disk(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(3))
    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        opened._access._connection.execute("PRAGMA max_page_count = 20")  # type: ignore[union-attr]
        opened.put_many([(key, payload(key, 5000)) for key in names(100, "new")])
        opened.put_many([("late", b"1")])
        assert opened.get_many([*names(3), *names(100, "new"), "late"]) == {key: payload(key) for key in names(3)}
        assert opened.stats().state == "read-only"
        assert opened.stats().puts == 0
    assert len(warnings) == 1
    assert "full" in warnings[0]
    assert not files.aside_of(folder).exists()
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert len(opened.get_many(names(3))) == 3


def test_a_put_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(tmp_path, names(3))
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR

    def fail(_store: Store, _connection: sqlite3.Connection) -> int:
        raise error

    warnings: list[str] = []
    with Store.open(tmp_path, warn=warnings.append) as opened:
        monkeypatch.setattr(Store, "_evict", fail)
        opened.put_many([("new", b"1")])
        monkeypatch.undo()
        assert opened.get_many([*names(3), "new"]) == {key: payload(key) for key in names(3)}
        # The lock is free for others.
        with Store.open(tmp_path, warn=pytest.fail, wait_s=0.1) as other:
            other.put_many([("other", b"1")])
            assert other.stats().state == "open"
    assert len(warnings) == 1


# -- other processes ------------------------------------------------------------------

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(sys.argv[2])
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_another_process_is_writing(tmp_path: Path, lock: str) -> None:
    folder = filled(tmp_path, names(3))
    with run(HOLD, str(folder / "cache.db"), lock) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            warnings: list[str] = []
            begun = time.monotonic()
            with Store.open(tmp_path, warn=warnings.append, wait_s=0.3) as opened:
                # diskcache as shipped waits a minute.
                assert time.monotonic() - begun < 10
                opened.put_many([("new", b"1")])
                assert opened.get_many([*names(3), "new"]) == {key: payload(key) for key in names(3)}
                assert opened.stats().state == "read-only"
            assert len(warnings) == 1
            assert "another process" in warnings[0]
        finally:
            process.kill()
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.stats().entries == 3


def test_a_short_wait_is_waited(tmp_path: Path) -> None:
    folder = filled(tmp_path, names(3))
    with run(HOLD, str(folder / "cache.db"), "BEGIN IMMEDIATE") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "held\n"
        release = threading.Timer(0.2, lambda: process.stdin and process.stdin.close())
        release.start()
        with Store.open(tmp_path, warn=pytest.fail, wait_s=20) as opened:
            assert opened.stats().state == "open"
        release.join()


def test_a_put_waits_for_another_writer(tmp_path: Path) -> None:
    with Store.open(tmp_path, warn=pytest.fail, wait_s=20) as opened:
        other = sqlite3.connect(opened.folder / "cache.db", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, lambda: other.execute("COMMIT"))
        release.start()
        opened.put_many([("a", b"1")])
        release.join()
        other.close()
        assert opened.get_many(["a"]) == {"a": b"1"}


KILLED = """
import sys, time
from pathlib import Path
from metta_index.cache.store import Store
store = Store.open(Path(sys.argv[1]), warn=print)
store.put_many([("before", b"1" * 50_000)])
def stop(connection):
    print("written", flush=True)
    time.sleep(60)
store._evict = stop
store.put_many([(f"during:{i}", b"2" * 50_000) for i in range(400)])
"""


def test_a_writer_that_is_killed(tmp_path: Path) -> None:
    for _ in range(2):
        with run(KILLED, str(tmp_path)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            process.send_signal(signal.SIGKILL)
    with Store.open(tmp_path, warn=pytest.fail) as opened:
        assert opened.contains_many(["before", "during:0", "during:399"]) == {"before"}
        assert opened.verify().good == 1
        assert opened.verify().problems == ()
    assert [path.name for path in (tmp_path / "v1").iterdir()] == ["cache.db"]
    assert files.size_of(tmp_path / "v1") < 1_000_000


WRITER = """
import sys
from pathlib import Path
from metta_index.cache.store import Store
sys.stdin.readline()
warnings = []
store = Store.open(Path(sys.argv[1]), warn=warnings.append, wait_s=20)
for start in range(0, 1000, 50):
    keys = [f"{name}:{i}" for i in range(start, start + 50) for name in (sys.argv[2], "shared")]
    store.put_many([(key, key.encode() * 100) for key in keys])
    assert store.get_many(keys) == {key: key.encode() * 100 for key in keys}
store.close()
print(warnings, flush=True)
"""


def test_two_writers_at_once(tmp_path: Path) -> None:
    with run(WRITER, str(tmp_path / "new"), "a") as first, run(WRITER, str(tmp_path / "new"), "b") as second:
        outputs = [process.stdin and process.stdin.write("go\n") for process in (first, second)]
        assert outputs == [3, 3]
        assert [process.communicate(timeout=60)[0] for process in (first, second)] == ["[]\n", "[]\n"]
    keys = [f"{name}:{number}" for name in ("a", "b", "shared") for number in range(1000)]
    with Store.open(tmp_path / "new", warn=pytest.fail) as opened:
        assert opened.get_many(keys) == {key: key.encode() * 100 for key in keys}
        assert opened.stats().entries == 3000
        assert opened.verify().problems == ()


def test_chunks_cover_all_keys() -> None:
    keys = names(1234)
    assert [key for chunk in access.chunks(keys) for key in chunk] == keys
