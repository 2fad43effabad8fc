"""Warm equals cold: after any edits and builds the index is that of a fresh build without a cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from incremental import build, lines

from metta_index.indexer.building.build import Options
from metta_index.indexer.discovery.manifest import SETTLED_NS
from metta_index.indexer.execution.plan import Wanted

TEXTS = [
    "(= (f $x) (g $x))\n",
    "(: f (-> A B))\n(= (f $x) $x) (edge a b)\n",
    "!(import! &self lib:b)\n!(f 1)\n",
    "!(import! &self ../c.metta)\n(= (p) (progn (a) (b)))\n",
    "(= (broken $x) (foo\n(= (sound) 1)\n",
    '(@doc f (@desc "größe"))\n; λ\n',
    "",
    "\ufeff(a)",
    "(a \0 b)",
]
NAMES = ["a.metta", "b.metta", "lib/a.metta", "lib/b.metta", "petta/a.metta", "old/x.metta"]


def fresh_lines(root: Path) -> list[str]:
    """What a build without cache says of a copy at another place."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "elsewhere"
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".metta-index"))
        build(copy, Options(force=True), use_cache=False)
        return lines(copy)


class Edits(RuleBasedStateMachine):
    """Random edits of a workspace, with builds in between."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())

    def path(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        return path

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def write(self, name: str, text: str) -> None:
        self.path(name).write_text(text, encoding="utf-8")

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def write_and_restore_the_time(self, name: str, text: str) -> None:
        path = self.path(name)
        before = path.stat() if path.exists() else None
        path.write_text(text, encoding="utf-8")
        if before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if self.path(old).exists():
            self.path(old).replace(self.path(new))

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def copy(self, old: str, new: str) -> None:
        if self.path(old).exists() and old != new:
            shutil.copy2(self.path(old), self.path(new))

    @rule(name=st.sampled_from(NAMES), seconds=st.integers(-(10**6), 10**6))
    def touch(self, name: str, seconds: int) -> None:
        path = self.path(name)
        if path.exists():
            now = path.stat().st_mtime
            os.utime(path, (now + seconds, now + seconds))

    @rule(patterns=st.sampled_from(["", "old/\n", "*.metta\n!b.metta\n", "lib/a.metta\n"]))
    def ignore(self, patterns: str) -> None:
        (self.root / ".git").mkdir(exist_ok=True)
        (self.root / ".gitignore").write_text(patterns)

    @rule(
        text=st.sampled_from(["", 'dialect = "petta"\n', '[dialects]\n"petta/**" = "petta"\n', 'exclude = ["old"]\n'])
    )
    def configure(self, text: str) -> None:
        (self.root / "metta-index.toml").write_text(text)

    @rule()
    def forget_the_index(self) -> None:
        (self.root / ".metta-index" / "index.db").unlink(missing_ok=True)

    @rule(force=st.booleans(), verify=st.booleans(), use_cache=st.booleans())
    def build_differently(self, force: bool, verify: bool, use_cache: bool) -> None:
        build(self.root, Options(verify, force), use_cache)

    @invariant()
    def warm_equals_cold(self) -> None:
        build(self.root)
        assert lines(self.root) == fresh_lines(self.root)

    def teardown(self) -> None:
        shutil.rmtree(self.root)


TestEdits = Edits.TestCase
TestEdits.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for number, text in enumerate(TEXTS):
        (tmp_path / f"file-{number}.metta").write_text(text, encoding="utf-8")
    return tmp_path


def settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets file times count as settled, as they do two seconds later."""
    from metta_index.indexer.building import build as module

    real = module.time.time_ns
    monkeypatch.setattr(module.time, "time_ns", lambda: real() + 2 * SETTLED_NS)


def test_a_build_without_changes_reads_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch)
    first = build(workspace)
    assert (first.files.indexed, first.work.parsed) == (len(TEXTS), len(TEXTS))
    second = build(workspace)
    assert second.files.unchanged == len(TEXTS)
    assert (second.work.scanned, second.work.read, second.work.hashed, second.work.parsed) == (len(TEXTS), 0, 0, 0)


def test_files_that_have_not_settled_are_read_but_not_parsed(workspace: Path) -> None:
    build(workspace)
    again = build(workspace)
    assert (again.work.read, again.work.parsed, again.files.unchanged) == (len(TEXTS), 0, len(TEXTS))


def test_one_edit_is_one_parse(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch)
    build(workspace)
    (workspace / "file-3.metta").write_text("(= (new) 1)\n")
    report = build(workspace)
    assert (report.work.read, report.work.parsed, report.files.indexed) == (1, 1, 1)
    assert report.files.unchanged == len(TEXTS) - 1


def test_a_rename_and_a_copy_parse_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(monkeypatch)
    build(workspace)
    (workspace / "file-0.metta").rename(workspace / "renamed.metta")
    shutil.copy(workspace / "file-1.metta", workspace / "copied.metta")
    report = build(workspace)
    assert (report.work.parsed, report.files.cached, report.files.removed) == (0, 2, 1)


def test_reverting_an_edit_is_answered_from_the_cache(workspace: Path) -> None:
    build(workspace)
    path = workspace / "file-0.metta"
    before = path.read_bytes()
    path.write_text("(= (other) 1)\n")
    build(workspace)
    path.write_bytes(before)
    report = build(workspace)
    assert (report.work.parsed, report.files.cached, report.cache.hits) == (0, 1, 1)


def test_a_restored_cache_serves_a_fresh_checkout(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    build(workspace)
    checkout = tmp_path_factory.mktemp("checkout")
    for path in workspace.glob("*.metta"):
        (checkout / path.name).write_bytes(path.read_bytes())
    (checkout / ".metta-index").mkdir(mode=0o700)
    shutil.copytree(workspace / ".metta-index" / "cache", checkout / ".metta-index" / "cache")
    report = build(checkout)
    assert (report.work.parsed, report.files.cached) == (0, len(TEXTS))


def test_identical_texts_are_parsed_once(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.metta").write_text("(= (same) 1)\n")
    report = build(tmp_path)
    assert (report.files.indexed, report.work.parsed) == (5, 1)
    assert lines(tmp_path) == fresh_lines(tmp_path)


@pytest.mark.parametrize(
    "wanted", [Wanted(backend="sequential"), Wanted(jobs=2, backend="loky"), Wanted(jobs=3, backend="loky")]
)
def test_the_backend_changes_nothing(workspace: Path, wanted: Wanted) -> None:
    report = build(workspace, Options(wanted=wanted))
    assert report.plan is not None and report.plan.backend == wanted.backend
    assert lines(workspace) == fresh_lines(workspace)


def large_text(edges: int, extra: str = "") -> str:
    middle = edges // 2
    facts = [f"(edge node-{number} node-{number * 7919 % edges})" for number in range(edges)]
    return "\n".join([*facts[:middle], extra, *facts[middle:]]) + "\n"


def test_an_edit_of_a_large_file_parses_the_pieces_it_touches(tmp_path: Path) -> None:
    path = tmp_path / "facts.metta"
    path.write_text(large_text(40_000))
    whole = build(tmp_path)
    assert whole.work.parsed > 5
    path.write_text(large_text(40_000, "(edge new one)"))
    report = build(tmp_path)
    assert 1 <= report.work.parsed <= 3
    assert report.cache.hits >= whole.work.parsed - 3
    assert lines(tmp_path) == fresh_lines(tmp_path)


def test_a_large_file_is_of_one_dialect(tmp_path: Path) -> None:
    path = tmp_path / "facts.metta"
    path.write_text(large_text(20_000, "(= (chained) (progn (chain (f) $x $x)))") + "!(chain (f) $y $y)\n")
    report = build(tmp_path)
    assert report.work.extracted > report.work.parsed / 2
    found = lines(tmp_path)
    assert '"dialect":"petta"' in found[0]
    # in PeTTa the second argument of chain is a value, in Hyperon it is bound
    (first, second) = [line for line in found if '"name":"$y"' in line]
    assert '"role":"reference"' in first and '"role":"reference"' in second
    assert found == fresh_lines(tmp_path)


def test_changing_only_the_extractor_parses_nothing(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from metta_index.indexer.languages.metta import versions

    build(workspace)
    monkeypatch.setattr(versions, "TABLE_VERSION", "another")
    report = build(workspace)
    assert (report.work.parsed, report.work.extracted) == (0, len(TEXTS))


def test_every_option_that_changes_a_table_equals_a_fresh_build_with_it(workspace: Path) -> None:
    build(workspace)
    for text in ('dialect = "petta"\n', 'dialect = "mm2"\n', '[dialects]\n"file-2*" = "mettatron"\n', ""):
        (workspace / "metta-index.toml").write_text(text)
        build(workspace)
        assert lines(workspace) == fresh_lines(workspace)
