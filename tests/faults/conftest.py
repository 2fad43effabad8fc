"""The fault tests: `pytest -m faults` runs these and nothing else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from program import Program
from workspaces import TALLY, Damage, write_files

from metta_index.indexer.building import build as build_module
from metta_index.indexer.discovery.manifest import SETTLED_NS

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("faults")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if TALLY:
        terminalreporter.write_line(f"cases in loops, by fault test: {dict(sorted(TALLY.items()))}")
    # What needs a tool or a right that this machine lacks is not passed over.
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"not run: {count}: {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    write_files(root, 12)
    return root


@pytest.fixture
def built(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose index is up to date, and whose files settled: the next build reads nothing."""
    real = time.time_ns
    monkeypatch.setattr(build_module.time, "time_ns", lambda: real() + 2 * SETTLED_NS)
    assert program("build", workspace).code == 0
    return workspace


@pytest.fixture
def damage(program: Program, built: Path) -> Damage:
    return Damage(program, built)
