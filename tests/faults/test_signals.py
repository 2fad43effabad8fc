"""Signals and kills leave the index whole, and no process behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from program import COMMAND, Ended, Program, environment, run
from workspaces import INSIDE, fresh, write_files


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
