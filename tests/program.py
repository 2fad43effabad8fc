"""The program as its users see it: run in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from metta_index.cli import __main__ as entry

COMMAND = [sys.executable, "-m", "metta_index.cli"]


def environment(**variables: str) -> dict[str, str]:
    """That of the test run, without what configures the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METTA_INDEX_")}
    return kept | variables


def run(*arguments: str | Path, cwd: Path, stdin: bytes = b"", **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Runs the program in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(os.fspath, arguments)], cwd=cwd, env=environment(**variables), input=stdin, capture_output=True
    )


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    def objects(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


class Program:
    """Runs commands in this process, in the current folder of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Ended:
        texts = [os.fspath(argument) for argument in arguments]
        self._monkeypatch.setattr(sys, "argv", ["metta-index", *texts])
        self._capsys.readouterr()
        code = entry._run(texts)
        return Ended(code, *self._capsys.readouterr())

    def usage_error(self, *arguments: str | Path) -> str:
        """The one line by which a command is refused."""
        ended = self(*arguments)
        assert (ended.code, ended.out) == (2, ""), ended
        assert ended.err.count("\n") == 1 and ended.err.startswith("error: "), ended.err
        return ended.err

    def export(self, root: Path) -> str:
        ended = self("export", "jsonl", "--root", root)
        assert (ended.code, ended.err) == (0, ""), ended
        return ended.out
