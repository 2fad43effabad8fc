"""Clocks that stand still, run backwards or are set: a change of content is always seen."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Program
from workspaces import fresh

from metta_index.indexer.building import build as build_module

FILE = "part-0/file-0.metta"
YEAR_NS = 365 * 86_400 * 10**9


def same_size(path: Path) -> None:
    """Another text of the same length."""
    path.write_text(path.read_text(encoding="utf-8").replace("in-0", "on-0"), encoding="utf-8")


def at(nanoseconds: int) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        same_size(path)
        os.utime(path, ns=(nanoseconds, nanoseconds))

    return change


def time_restored(path: Path) -> None:
    before = path.stat()
    same_size(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def written_in_place_with_its_time(path: Path) -> None:
    """As `rsync --inplace --times` does: the inode stays."""
    before = path.stat()
    with path.open("r+b") as file:
        file.write(path.read_bytes().replace(b"in-0", b"on-0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    before = path.stat()
    same_size(other)
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


def swapped(path: Path) -> None:
    """Two files change their names, and both keep their times."""
    other, aside = path.parent / "file-7.metta", path.parent / "aside"
    path.rename(aside)
    other.rename(path)
    aside.rename(other)


def linked(path: Path) -> None:
    """The name of one file becomes a second name of another."""
    path.unlink()
    path.hardlink_to(path.parent / "file-7.metta")


def written_twice(path: Path) -> None:
    """Twice within the resolution of any clock."""
    same_size(path)
    path.write_text(path.read_text(encoding="utf-8").replace("on-0", "an-0"), encoding="utf-8")


def written_through_a_mapping(path: Path) -> None:
    import mmap

    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        place = mapped.find(b"in-0")
        mapped[place : place + 4] = b"on-0"
        mapped.flush()


CHANGES = [
    same_size,
    time_restored,
    written_in_place_with_its_time,
    replaced,
    swapped,
    linked,
    written_twice,
    written_through_a_mapping,
    at(0),
    at(1),
    at(-20 * YEAR_NS),
    at(time.time_ns() + YEAR_NS),
    at(time.time_ns() + 100 * YEAR_NS),
]


@pytest.fixture(params=["just written", "settled", "seen from the future", "seen from the past"])
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the clock of the builds says beside the times of the files."""
    shift = {"just written": 0, "settled": 10 * 10**9, "seen from the future": YEAR_NS, "seen from the past": -YEAR_NS}
    real = time.time_ns
    by = shift[request.param]
    monkeypatch.setattr(build_module.time, "time_ns", lambda: real() + by)


@pytest.mark.usefixtures("seen")
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_of_content_is_seen(program: Program, workspace: Path, change: Callable[[Path], None]) -> None:
    before = program.export(workspace)
    change(workspace / FILE)
    after = program.export(workspace)
    assert after != before
    assert after == fresh(program, workspace)


@pytest.mark.parametrize("first_ns", [YEAR_NS, -YEAR_NS])
def test_a_clock_that_is_set_between_builds(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, first_ns: int
) -> None:
    real = time.time_ns
    shifts = [first_ns]
    monkeypatch.setattr(build_module.time, "time_ns", lambda: real() + shifts[-1])
    program.export(workspace)
    for number, shift in enumerate((-first_ns, 0, first_ns)):
        shifts.append(shift)
        before = (workspace / FILE).stat()
        (workspace / FILE).write_text(f"(= (edited {number}) 1)\n")
        os.utime(workspace / FILE, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert program.export(workspace) == fresh(program, workspace)


@pytest.mark.parametrize("change", [lambda path: path.chmod(0o600), lambda path: path.touch()], ids=["chmod", "touch"])
def test_a_change_of_times_or_rights_alone_parses_nothing(
    program: Program, workspace: Path, change: Callable[[Path], object]
) -> None:
    before = program.export(workspace)
    change(workspace / FILE)
    report = program("build", "--root", workspace, "--format", "json").objects()[0]
    assert (report["work"]["parsed"], report["files"]["unchanged"]) == (0, 12)
    assert program.export(workspace) == before
