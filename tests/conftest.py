"""Options of the test run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import settings
from program import Program

# The same made-up inputs every time; HYPOTHESIS_PROFILE=random looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


HERE = Path(__file__).parent
#: Fault tests that stand beside what they test; those in `faults/` are marked there.
FAULT_TESTS = (
    "cache/test_disk.py",
    "cache/test_folder.py",
    "cache/test_store.py",
    "cli/test_ctags.py",
    "indexer/findings/test_ci_formats.py",
    "indexer/findings/test_sarif.py",
    "indexer/test_dask.py",
    "indexer/test_run.py",
    "indexer/test_tags.py",
    "test_hooks.py",
    "test_incremental.py",
)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    places = {HERE / name for name in FAULT_TESTS}
    for item in items:
        if item.path in places:
            item.add_marker("faults")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is extracted today into the golden files; read the diff before you commit it",
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program, run in this process with a home of its own and nothing configured by the environment."""
    for name in os.environ:
        if name.startswith("METTA_INDEX_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    return Program(monkeypatch, capsys)
