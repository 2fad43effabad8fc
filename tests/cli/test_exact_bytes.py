"""Files of facts that are larger than `exact-bytes`: what is known of them, and that every answer says what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from incremental import assert_fresh
from program import Program

FACTS = "".join(f"(edge node-{number} (near node-{number * 7919 % 5000}))\n" for number in range(16_000))
LIMIT = 300_000
NOTE = "note: names inside the facts of facts.metta are neither indexed nor checked"


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    configure(root, LIMIT)
    (root / "facts.metta").write_text(FACTS + "(= (start) (edge node-1 node-2))\n")
    (root / "main.metta").write_text("!(import! &self facts)\n(= (used-in-a-fact $x) $x)\n!(start)\n")
    monkeypatch.chdir(root)
    return root


def configure(root: Path, limit: int) -> None:
    (root / "metta-index.toml").write_text(f"exact-bytes = {limit}\n")


def built(program: Program) -> dict[str, Any]:
    done = program("build", "--format", "json")
    assert done.code == 0, done.err
    report: dict[str, Any] = json.loads(done.out)
    return report


def exported(program: Program) -> str:
    done = program("export", "jsonl")
    assert done.code == 0, done.err
    return done.out


def test_facts_are_known_by_head_and_arity_and_all_else_exactly(program: Program, workspace: Path) -> None:
    built(program)
    objects = [json.loads(line) for line in exported(program).splitlines()]
    (document,) = [one for one in objects if one["type"] == "document" and one["path"] == "facts.metta"]
    assert document["heads_only"] is True and document["atoms"] == 16_001
    (fact,) = [one for one in objects if one["type"] == "symbol" and one["name"] == "edge"]
    assert (fact["count"], fact["arity"]) == (16_000, 2)
    assert [one["name"] for one in objects if one["type"] == "symbol" and one["kind"] == "function"] == [
        "start",
        "used-in-a-fact",
    ]
    inside = {one["name"] for one in objects if one["type"] == "occurrence" and one["path"] == "facts.metta"}
    assert inside == {"=", "start", "edge", "node-1", "node-2"}
    assert all("heads_only" not in one for one in objects if one["path"] == "main.metta")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("refs near", 1),
        ("refs edge", 0),
        ("callers node-1 --all-uses", 0),
        ("callers start", 0),
        ("unused", 0),
        ("rename --preview near far", 1),
        ("rename --preview edge rim", 0),
        ("outline facts.metta", 0),
        ("stats", 0),
        ("export jsonl", 0),
        ("export ctags", 0),
        ("check", 0),
        ("check --select MI310", 0),
    ],
)
@pytest.mark.parametrize("is_exact", [False, True])
def test_an_answer_that_rests_on_such_a_file_says_so(
    program: Program, workspace: Path, command: str, code: int, is_exact: bool
) -> None:
    if is_exact:
        configure(workspace, 10 * LIMIT)
    built(program)
    done = program(*command.split())
    assert (NOTE in done.err) == (not is_exact), done.err
    assert done.err.count("note:") <= 1
    if not is_exact:
        assert done.code == code, done.err


@pytest.mark.parametrize(
    "command", ["def edge", "doc start", "search edge", "deps", "outline main.metta", "callees start"]
)
def test_an_answer_that_does_not_rest_on_it_does_not(program: Program, workspace: Path, command: str) -> None:
    built(program)
    done = program(*command.split())
    assert (done.code, "note:" in done.err) == (0, False), done.err


def test_a_build_after_an_edit_is_what_a_first_one_is(program: Program, workspace: Path) -> None:
    report = built(program)
    pieces = report["work"]["parsed"]
    assert pieces > 5
    facts = workspace / "facts.metta"
    middle = len(FACTS) // 2
    start = FACTS.index("\n", middle) + 1
    facts.write_text(FACTS[:start] + "(one more (fact))\n" + FACTS[start:])
    report = built(program)
    assert 1 <= report["work"]["parsed"] <= 2
    assert_fresh(workspace)
    # Below the limit, and above it again: what the cache has of both is told apart.
    for text in (FACTS[: LIMIT // 2], FACTS, FACTS[:LIMIT], FACTS + FACTS):
        facts.write_text(text[: text.rindex("\n") + 1])
        built(program)
        assert_fresh(workspace)


def test_another_limit_holds_at_once(program: Program, workspace: Path) -> None:
    built(program)
    summarized = exported(program)
    for limit, is_exact in ((10 * LIMIT, True), (LIMIT, False)):
        configure(workspace, limit)
        built(program)
        assert_fresh(workspace)
        assert (exported(program) == summarized) != is_exact
        assert (program("refs", "near").code == 0) == is_exact


def test_the_rules_and_the_syntax_of_such_a_file_are_checked(program: Program, workspace: Path) -> None:
    rule = "(= (twice $x) (* 2 $x))\n"
    (workspace / "facts.metta").write_text(FACTS + rule + FACTS + rule + "(edge open\n")
    done = program("check", "--format", "jsonl")
    found = [one for one in done.objects() if one["type"] == "finding"]
    lines = FACTS.count("\n")
    assert [(one["code"], one["path"], one["line"]) for one in found] == [
        ("MI303", "facts.metta", 2 * lines + 2),
        ("MI101", "facts.metta", 2 * lines + 3),
    ]


def test_several_such_files_are_one_note(program: Program, workspace: Path) -> None:
    (workspace / "more.metta").write_text(FACTS)
    done = program("refs", "near")
    assert "facts.metta and 1 more are neither indexed nor checked, for they have more than 300,000 bytes" in done.err
