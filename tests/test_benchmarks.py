"""Benchmarks cannot rot: what runs in this process is run, as small as it goes, and gives rows that can be shown."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks import curves, documents, empty_program, flames, floors, measure, page, rows
from benchmarks.run import SUITES, load_suite
from benchmarks.suites import growth, large, peers, profile, queries

from metta_index.cli import app
from metta_index.cli.cache import cache_app
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.languages.metta.parse import parse

#: The others run whole commands.
IN_PROCESS = ("plan", "linking", "cache", "hashing")


@pytest.fixture(scope="module")
def tiny_rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[rows.Row]]]:
    sections = {}
    for name in IN_PROCESS:
        about, suite = load_suite(name)
        sections[name] = about, list(suite(rows.TINY, tmp_path_factory.mktemp(name)))
    return sections


def test_suites_give_rows_that_can_be_shown(tiny_rows: dict[str, tuple[str, list[rows.Row]]]) -> None:
    for _about, found in tiny_rows.values():
        assert len(found) > 5
        assert all(row.figure is not None or row.note for row in found)
    sections = {name: page.section(about, found) for name, (about, found) in tiny_rows.items()}
    text = page.page(sections, "a machine", "tiny")
    tables = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(tables) == sum(len(found) + 1 for _about, found in tiny_rows.values())
    assert len({line.replace("\\|", "").count("|") for line in tables}) == 1
    assert page.sections_of(text) == sections


def test_hit_rates_are_those_that_are_promised(tiny_rows: dict[str, tuple[str, list[rows.Row]]]) -> None:
    """Counted, not timed: these hold on every machine."""
    _about, found = tiny_rows["cache"]
    promised = [row for row in found if row.target and row.target.of == "figure"]
    assert len(promised) > 5
    assert [row.what for row in promised if row.verdict != "met"] == []


def test_every_suite_loads_and_says_what_it_is_about() -> None:
    for name in SUITES:
        about, _suite = load_suite(name)
        assert about


def test_the_empty_program_has_as_many_commands_as_ours() -> None:
    assert {"build", "cache", *empty_program.COMMANDS} == set(app._COMMANDS)
    ours = {command.name for command in cache_app.registered_commands}
    assert set(empty_program.CACHE_COMMANDS) == ours


def test_names_to_ask_for_are_rare_used_by_a_folder_and_used_by_all(tmp_path: Path) -> None:
    workspace = documents.make_linked_workspace(tmp_path / "linked", 81)
    with open_session(workspace.root, quiet=True) as session:
        report = session.build(Options()).report
    rare, middling, used, defined = queries.choose_names(workspace.root)
    assert "defined in 1, mentioned in 40 of" in middling.label
    assert used.name == "hub-rule" and "defined in 1, mentioned in 82 of" in used.label
    assert "defined in 1, mentioned in 1 of" in rare.label
    assert defined.name not in (rare.name, middling.name, used.name)
    assert report.files.total == 83  # the hub, and the program in Python, too


def test_a_verdict_is_about_the_ratio_or_the_figure() -> None:
    assert rows.Row("x", 3, "ms", floor=2, target=rows.Target("≤", 1.5)).verdict == "met"
    assert rows.Row("x", 3, "ms", floor=2, ratio=1.6, target=rows.Target("≤", 1.5)).verdict == "**not met**"
    assert rows.Row("x", 3, "ms", floor=2, target=rows.Target("≥", 3, "figure")).verdict == "met"
    assert rows.Row("x", None, "ms", target=rows.Target("≤", 3), note="no clock").verdict == "not measured"


def test_documents_are_those_of_every_run_and_sound() -> None:
    assert documents.document(3000, 5) == documents.document(3000, 5) != documents.document(3000, 6)
    texts = [documents.SIMPLE, documents.COMPLEX, documents.document(9000, 1), b"".join(documents.facts(50_000))]
    assert [parse(text).problems for text in texts] == [(), (), (), ()]
    assert len(documents.SIMPLE) == 83
    assert abs(sum(documents.file_sizes(10_000, 1900)) / 19e6 - 1) < 0.05


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the memory of children on Linux")
def test_the_memory_of_a_command_includes_its_children() -> None:
    child = "import time; data = b'x' * 40_000_000; time.sleep(0.3)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    peak, how = measure.peak_memory_mb([sys.executable, "-c", parent])
    assert "PSS" in how
    assert peak > 40


def test_flame_graphs_show_what_was_sampled() -> None:
    stacks: flames.Stacks = Counter({("main", "a<b>"): 3, ("main", "joblib:wait"): 1})
    assert flames.read_folded(flames.write_folded(stacks)) == stacks
    assert flames.share_of(stacks, "joblib") == 0.25
    titles = [title.text for title in ElementTree.fromstring(flames.draw(stacks, "x")).iter() if "title" in title.tag]
    assert titles == ["main: 100.0%", "a<b>: 75.0%", "joblib:wait: 25.0%"]


def test_exponents_are_those_that_costs_were_made_with() -> None:
    sizes = (100.0, 316.0, 1000.0)
    assert curves.exponent([(size, 3 * size**1.5) for size in sizes]) == pytest.approx(1.5)
    assert curves.per_item([(size, 40 + 0.25 * size) for size in sizes]) == pytest.approx(0.25)


def test_plots_are_the_same_bytes_for_the_same_curves_and_name_what_they_show(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason=curves.MISSING)
    panel = curves.Panel("time", "files", "s", (curves.Curve("cold", ((10, 1), (100, 9))),))
    written = [path.read_bytes() for _ in range(2) for path in curves.draw([panel, panel], "growth", tmp_path, "g")]
    assert written[:2] == written[2:]
    assert {"growth", "time", "files", "cold"} <= {text.text for text in ElementTree.fromstring(written[0]).iter()}
    assert written[1].startswith(b"\x89PNG")


def test_growth_is_measured_at_every_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "settle", lambda: None)
    monkeypatch.setattr(growth, "can_draw", lambda: False)
    found = list(growth.run(rows.TINY, tmp_path))
    assert [row.what for row in found if row.figure is None] == [found[-1].what]
    assert found[-1].note == curves.MISSING
    assert len(found) == 3 * len(rows.TINY.growth) + 8 + 2 + 1 + 1
    assert len({row.what for row in found}) == len(found)


@pytest.mark.slow
def test_a_line_inserted_into_a_large_file_is_one_piece_to_parse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large, "settle", lambda: None)
    found = {row.what: row for row in large.run(rows.TINY, tmp_path)}
    assert all(row.figure is not None for row in found.values())
    assert found["one line inserted in the middle: 1 MB"].note.startswith("1 of ")
    assert len(found) == 7


@pytest.mark.skipif(bool(peers.missing_ctags()), reason=peers.missing_ctags())
def test_what_ctags_finds_is_compared_with_ours_by_file_line_and_name(tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "a.metta").write_text(
        "(= (f $x) 1)\n(=\n  ((g $x) $y) 2)\n(: T Type)\n!(bind! &s (new-space))\n(= k 2) (= (beside) 1)\n"
        '; (= (no) 1)\n"\n(= (text) 1)"\n  (= (indented) 1)\n'
    )
    tags = tmp_path / "tags"
    found = {}
    for language in ("MeTTa", "Lisp", "Scheme"):
        measure.run_command(peers.ctags_command(root, tags, language), silent=True)
        found[language] = peers.found_by_ctags(tags, root)
    places = {("f", 1), ("g", 3), ("T", 4), ("&s", 5), ("k", 6)}
    assert found["Lisp"] == found["Scheme"] == set()
    assert {(name, line) for _path, line, name in found["MeTTa"]} == places | {("text", 9)}
    ours = peers.found_by_us(root)
    assert {(name, line) for _path, line, name in ours} == places | {("beside", 6), ("indented", 10)}
    assert peers.why_false(root, ("a.metta", 9, "text")) == "in strings"
    assert peers.why_false(root, ("a.metta", 7, "no")) == "in comments"


def test_every_stage_of_a_build_has_a_floor(tmp_path: Path) -> None:
    workspace = documents.make_linked_workspace(tmp_path / "workspace", 5)
    with open_session(workspace.root, quiet=True) as session:
        session.build(Options())
    found = floors.floors_of(workspace.root, workspace.paths, tmp_path)
    assert set(found) == set(profile.ORDER) - {"all else"}
    assert all(floor > 0 for floor, _what in found.values())


def test_a_stack_counts_for_the_stage_of_its_innermost_frame_that_has_one() -> None:
    outer = ("metta_index.cli.build:run", "metta_index.indexer.linking.link:link")
    assert profile.stage_of(outer) == "link"
    assert profile.stage_of((*outer, "metta_index.indexer.text.occurrences:pieces", "array:f")) == "link"
    assert profile.stage_of((*outer, "metta_index.indexer.languages.metta.parse:_parsed")) == "parse"
    assert profile.stage_of(outer[:1]) == "all else"
    folder = Path(profile.__file__).parents[3]
    for prefix in profile.STAGES:  # what was renamed would be counted as something else, unseen
        module, _colon, function = prefix.partition(":")
        path = folder.joinpath(*module.split("."))
        named = [*path.parent.glob(f"{path.name}*")] if not module.endswith(".") else [path]
        assert prefix == "importlib" or any(one.exists() for one in named), prefix
        assert not function or f"def {function}(" in path.with_suffix(".py").read_text(), prefix
