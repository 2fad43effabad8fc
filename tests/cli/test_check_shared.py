"""A check in several processes finds what one finds, and what goes wrong there costs one document."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from metta_index.cli import check_workers
from metta_index.cli.checking import CheckReport, refresh_findings
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.checking.check import CheckOptions
from metta_index.indexer.checking.documents import decode_outcome
from metta_index.indexer.checking.findings import decode_findings
from metta_index.indexer.rules.registry import all_infos

FILES = 60
CONFIGURATION = """
dialects = { "petta/**" = "petta" }
known-names = ["given"]
[per-file-ignores]
"quiet-*" = ["MI303"]
[severity]
MI309 = "warning"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    (root / "petta").mkdir(parents=True)
    (root / "metta-index.toml").write_text(CONFIGURATION)
    (root / "base.metta").write_text("(: twice (-> Number Number))\n(= (twice $x) (* 2 $x))\n")
    for number in range(FILES):
        name = f"{('petta/part', 'quiet', 'part')[number % 3]}-{number}"
        text = f'!(import! &self base)\n(= (own-{number} $x) (twice $x 1))\n(= (same) 1)\n(= (same) 1)\n!(twice "a")\n'
        (root / f"{name}.metta").write_text(text)
    (root / "page.md").write_text("```metta\n(= (shown $x) (twic $x)\n```\n")
    monkeypatch.chdir(root)
    return root


def checked(root: Path, backend: str, monkeypatch: pytest.MonkeyPatch) -> tuple[CheckReport, list[object]]:
    """What a check with every rule reports and finds, where nothing is known."""
    monkeypatch.setenv("METTA_INDEX_BACKEND", backend)
    monkeypatch.setenv("METTA_INDEX_JOBS", "2")
    with open_session(root) as session:
        session.build(Options())
        options = CheckOptions(frozenset(info.code for info in all_infos()), (b"given",), session.settings)
        session.index.unchecked("anew")
        session.index.keep_findings()
        report = refresh_findings(session, options)
        found = sorted(repr(decode_findings(data)) for data in session.index.findings())
        keys = sorted(session.index._connection.execute("SELECT document, key FROM dependency"))
    return report, [*found, *keys]


def test_several_processes_find_what_one_does(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, found = checked(workspace, "sequential", monkeypatch)
    shared, found_by_all = checked(workspace, "loky", monkeypatch)
    assert alone.measurement is not None and alone.measurement.backend == "sequential"
    assert shared.measurement is not None and (shared.measurement.backend, shared.measurement.workers) == ("loky", 2)
    assert shared.checked == alone.checked == FILES + 2
    assert len(found) > FILES
    assert found_by_all == found


def test_what_was_changed_meanwhile_is_told_and_the_rest_is_checked(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = workspace / "part-2.metta"
    before = changed.stat()
    with open_session(workspace) as session:
        session.build(Options())
    changed.write_bytes(changed.read_bytes().replace(b"same", b"gone"))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    monkeypatch.setenv("METTA_INDEX_BACKEND", "loky")
    monkeypatch.setenv("METTA_INDEX_JOBS", "2")
    with open_session(workspace) as session:
        session.index.manifest()
        report = refresh_findings(session, CheckOptions(frozenset({"MI303"}), (), session.settings))
    assert [(failure.path, "changed while it was checked" in failure.message) for failure in report.failures] == [
        ("part-2.metta", True)
    ]
    assert report.checked == FILES + 1


def test_what_a_worker_cannot_do_is_done_here(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _report, found = checked(workspace, "sequential", monkeypatch)

    def fail(_item: object) -> bytes:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(check_workers, "check_to_bytes", fail)
    from metta_index.indexer.execution import run

    monkeypatch.setattr(run, "execute", lambda plan, items, work, **more: run.execute_sequential(plan, items, work))
    report, found_here = checked(workspace, "loky", monkeypatch)
    assert report.checked == FILES + 2 and report.failures == ()
    assert found_here == found


def test_a_worker_asks_the_index_of_each_job(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_session(workspace) as session:
        session.build(Options())
        options = CheckOptions(frozenset({"MI303"}), (), session.settings)
        job = check_workers.CheckJob(str(workspace), str(session.index.path), options)
    other = job._replace(options=options._replace(codes=frozenset()))
    outcomes = [
        decode_outcome(check_workers.check_to_bytes(check_workers.CheckItem(one, "part-2.metta")))
        for one in (job, other, job)
    ]
    gone = decode_outcome(check_workers.check_to_bytes(check_workers.CheckItem(job, "gone.metta")))
    check_workers._opened.clear()
    assert [outcome.count for outcome in outcomes] == [1, 0, 1]
    assert "not in the index any more" in gone.unreadable
