"""The Python API: its own examples, and what it says where there is no index."""

from __future__ import annotations

import doctest
import shutil
from pathlib import Path

import pytest
from program import Program

from metta_index.cache import opening

EXAMPLE = Path(__file__).parents[1] / "examples" / "workspace"


def test_the_examples_of_the_api_are_true(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    root = tmp_path / "examples" / "workspace"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".metta-index"))
    monkeypatch.chdir(tmp_path)
    assert program("build", root).code == 0
    result = doctest.testmod(opening)
    assert result.attempted > 5 and result.failed == 0


def test_a_workspace_without_an_index_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="metta-index build"), opening.open_index(tmp_path):
        pass
