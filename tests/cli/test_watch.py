"""`check --watch` and `watch`: what they say when files change, in processes of their own, and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from program import COMMAND, environment, run

from metta_index.cli import watching
from metta_index.cli.exits import UsageError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a signal")

#: Far more than anything here takes: what it bounds is how long a failing test waits.
PATIENCE_S = 30
TWICE = "(= (f) 1)\n(= (f) 1)\n"


class Watching:
    """A running command, with the lines that it writes as it writes them."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=root,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, is_wanted: Callable[[str], bool]) -> list[str]:
        """What comes until there is such a line, that one included."""
        found = [self._lines.get(timeout=PATIENCE_S)]
        while not is_wanted(found[-1]):
            found.append(self._lines.get(timeout=PATIENCE_S))
        return found

    def objects(self, is_last: Callable[[Any], bool]) -> list[Any]:
        """The JSON objects that come until such a one; other lines are left out."""
        lines = self.until(lambda line: line.startswith("{") and is_last(json.loads(line)))
        return [json.loads(line) for line in lines if line.startswith("{")]

    def end(self) -> tuple[int, list[str]]:
        """Its exit code after Ctrl-C, and what else it said."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE_S)
        return code, self.until(lambda line: line == "no longer watching")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []
    (tmp_path / "metta-index.toml").write_text("")

    def start(*arguments: str) -> Watching:
        started.append(Watching(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def summary(found: Any) -> bool:
    return found.get("type") == "summary"


def test_check_looks_again_when_files_change(tmp_path: Path, watch: Callable[..., Watching]) -> None:
    (tmp_path / "a.metta").write_text("(= (f) 1)\n")
    (tmp_path / "b.metta").write_text("(= (g) (f))\n")
    check = watch("check", "--watch", "--format", "jsonl")
    assert [(one["type"], one["files"]) for one in check.objects(summary)] == [("summary", 2)]
    check.until(lambda line: line.startswith("watching "))

    (tmp_path / "a.metta").write_text(TWICE)
    assert [one.get("code") for one in check.objects(summary)] == ["MI303", None]

    os.utime(tmp_path / "b.metta")  # not a report: no text is another one
    (tmp_path / "a.metta").unlink()
    assert [one.get("files") for one in check.objects(summary)] == [1]
    assert check.end() == (0, ["", "no longer watching"])


def test_a_configuration_that_is_wrong_for_a_while(tmp_path: Path, watch: Callable[..., Watching]) -> None:
    (tmp_path / "a.metta").write_text(TWICE)
    check = watch("check", "--watch")
    check.until(lambda line: line.startswith("watching "))
    (tmp_path / "metta-index.toml").write_text('ignore = ["MI3')
    check.until(lambda line: line.startswith("error: ") and "TOML" in line)
    (tmp_path / "metta-index.toml").write_text("")
    assert any("MI303" in line for line in check.until(lambda line: "warning in 1" in line)), (
        "shown again after an error"
    )
    (tmp_path / "metta-index.toml").write_text('ignore = ["MI303"]')
    check.until(lambda line: line == "nothing found in 1 file")
    assert check.end()[0] == 0


def test_watch_builds_when_files_change(tmp_path: Path, watch: Callable[..., Watching]) -> None:
    build = watch("watch", "--format", "json")
    assert build.objects(lambda one: True)[-1]["files"]["total"] == 0
    (tmp_path / "a.metta").write_text("(= (f) 1)\n")
    assert build.objects(lambda one: True)[-1]["files"]["indexed"] == 1
    answer = run("def", "f", "--no-refresh", cwd=tmp_path)
    assert (answer.returncode, answer.stdout[:7]) == (0, b"a.metta"), answer
    assert build.end()[0] == 0


def test_the_first_error_ends_it(tmp_path: Path) -> None:
    for command in ("check", "watch"):
        (tmp_path / "metta-index.toml").write_text("unknown = 1")
        arguments = ("--watch",) if command == "check" else ()
        ended = run(command, *arguments, cwd=tmp_path)
        assert ended.returncode == 2 and b"unknown key" in ended.stderr, ended


@pytest.mark.parametrize("other", ["--fix", "--diff", "-"])
def test_what_watching_does_not_go_with(tmp_path: Path, other: str) -> None:
    ended = run("check", "--watch", other, "--stdin-filename", "a.metta", cwd=tmp_path)
    assert ended.returncode == 2 and ended.stderr.startswith(b"error: --watch only looks"), ended


# -- when it acts, by a clock of its own --------------------------------------------


class Clock:
    """Time that passes only in sleep, and what a look sees at each second of it."""

    def __init__(self, seen: str) -> None:
        self.seen = seen
        self.seconds = 0.0
        self.acted: list[float] = []

    def sleep(self, _seconds: float) -> None:
        self.seconds += 1
        if self.seconds >= len(self.seen):
            raise KeyboardInterrupt

    def monotonic(self) -> float:
        return self.seconds

    perf_counter = monotonic

    def look(self) -> tuple[object, ...]:
        return (self.seen[int(self.seconds)],)


@pytest.mark.parametrize(
    ("seen", "acted"),
    [
        ("aaaaaaaa", [0, 2]),  # once more when the files have settled, then not again
        ("aaaaabbbbbbb", [0, 2, 6, 8]),  # a change is over when two looks in turn see the same
        ("aaaaabcdefffffff", [0, 2, 10, 12]),
        ("aaaaabcdefghijklmnopqrstuvw", [0, 2, 16]),  # a change that does not end is not waited for
        ("aaaaabaaaaaaa", [0, 2]),  # it was as it was
    ],
)
def test_when_it_acts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: str, acted: list[float]) -> None:
    clock = Clock(seen)
    monkeypatch.setattr(watching, "time", clock)
    monkeypatch.setattr(watching.Looks, "now", lambda looks: clock.look())
    watching.watch_files(tmp_path, lambda news: clock.acted.append(clock.seconds), quiet=True)
    assert clock.acted == acted


def test_a_workspace_that_goes_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clock = Clock("abbbbb")
    monkeypatch.setattr(watching, "time", clock)
    monkeypatch.setattr(watching.Looks, "now", lambda looks: clock.look())

    def act(_news: watching.News) -> None:
        if clock.seconds:
            raise UsageError("is not there")

    with pytest.raises(UsageError):
        watching.watch_files(tmp_path / "gone", act, quiet=True)
