"""The README shows what a user sees: its tour is run, and its output compared, times apart."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def steps() -> list[tuple[str, list[str]]]:
    """Every command of the tour, with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def without_times(lines: list[str]) -> list[str]:
    """Times differ from run to run, and with them the milliseconds that a plan estimates."""
    return [re.sub(r"[\d.,]+ (ms|s)\b", "N ms", line) for line in lines]


@pytest.mark.skipif(shutil.which("git") is None, reason="the tour uses git")
def test_the_tour_shows_what_a_user_sees(tmp_path: Path) -> None:
    workspace = tmp_path / "examples" / "workspace"
    shutil.copytree(ROOT / "examples" / "workspace", workspace, ignore=shutil.ignore_patterns(".metta-index"))
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "metta-index").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m metta_index.cli "$@"\n')
    (tools / "metta-index").chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("METTA_INDEX_")}
    environment |= {"PATH": f"{tools}{os.pathsep}{environment['PATH']}", "HOME": str(tmp_path)}

    def run(command: str, folder: Path) -> list[str]:
        done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done
        return done.stdout.splitlines()

    identity = "git -c user.name=tour -c user.email=tour@example.org"
    run(f"git init -q . && git add . && {identity} commit -qm tour", workspace)
    time.sleep(2.1)  # file times settle: until then a build reads what it would not have to
    folder = tmp_path
    assert len(steps()) >= 5
    for command, shown in steps():
        if command.startswith("cd "):
            folder = folder / command[3:]
            continue
        printed = without_times(run(command, folder))
        expected = without_times(shown)
        if expected and expected[-1].strip() == "…":
            printed, expected = printed[: len(expected) - 1], expected[:-1]
        assert printed[: len(expected)] == expected, command


def test_the_first_two_code_blocks_are_the_two_commands() -> None:
    assert re.findall(r"^    (\S.*)$", README, re.M)[:2] == [
        "pip install . && metta-index build examples/workspace",
        "pip install '.[test]' && pytest",
    ]


def test_every_configuration_key_is_documented() -> None:
    from metta_index.indexer.configuration import Settings

    for field in Settings._fields:
        if field not in ("source", "prefix"):  # these are found, not written
            key = field.replace("_", "-")
            assert re.search(rf"^(\[{key}\]|{key} = )", README, re.M), key


def test_every_test_that_is_named_exists() -> None:
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(test_\w+)`", README))
    assert len(named) > 25
    assert [
        name for name in named if name not in texts and not any(f"def {name}(" in text for text in texts.values())
    ] == []
