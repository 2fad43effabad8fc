"""def, refs, doc and search: by name and by place, what people and programs read, and what is refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from program import Program

MAIN = """\
; the main script
!(import! &self lib)
!(import! &kb facts)
(: twice (-> Number Number))
(@doc twice (@desc "Doubles a number") (@params ((@param "The number"))) (@return "Its double"))
(= (twice $x) (* 2 $x))
(= (step 0) zero)
(= (step 1) one)
(= (step $n) (twice (step (- $n 1))))
!(bind! limit 9)
(= (run $a) (let $b (step 1) (helper $a $b limit)))
!(run (λ! 1))
"""
LIB = """\
(= (helper $x $y $z) ($x $y $z))
(= (helper $x) $x)
!(bind! limit 3)
(= (λ! $x) $x)
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "metta-index.toml").touch()
    (root / "main.metta").write_text(MAIN)
    (root / "lib.metta").write_text(LIB)
    (root / "facts.metta").write_text("(Parent Tom Bob)\n(Parent Bob Ann)\n(Parent Ann)\n")
    (root / "other.metta").write_text("(= (stranger $x) (helper $x))\n(= (helper) nothing)\n")
    monkeypatch.chdir(root)
    return root


def place(text: str, word: str, path: str = "main.metta", after: int = 0) -> str:
    """FILE:LINE:COLUMN of a word in a text."""
    at = text.index(word, after)
    line = text.count("\n", 0, at) + 1
    return f"{path}:{line}:{at - text.rfind(chr(10), 0, at)}"


def answers(program: Program, *arguments: str) -> list[Any]:
    ended = program(*arguments, "--format", "json")
    assert ended.code == 0, ended
    return ended.objects()


def test_def_by_name_gives_every_clause_of_the_workspace(program: Program, workspace: Path) -> None:
    found = answers(program, "def", "helper")
    assert [(one["path"], one["line"], one["arity"], one["role"]) for one in found] == [
        ("lib.metta", 1, 3, "definition"),
        ("lib.metta", 2, 1, "definition"),
        ("other.metta", 2, 0, "definition"),
    ]
    assert found[0]["schema"] == 1 and found[0]["signature"] == "(helper $x $y $z)"
    raw = (workspace / "lib.metta").read_bytes()
    assert all(raw[one["start_byte"] : one["end_byte"]] == b"helper" for one in found[:2])


def test_def_says_declaration_documentation_and_facts(program: Program, workspace: Path) -> None:
    found = answers(program, "def", "twice", "Parent")
    assert [(one["name"], one["role"], one["kind"]) for one in found] == [
        ("twice", "declaration", "function"),
        ("twice", "documentation", "function"),
        ("twice", "definition", "function"),
        ("Parent", "fact", "fact"),
        ("Parent", "fact", "fact"),
    ]
    assert found[0]["type"] == "(-> Number Number)" and found[2]["doc"].startswith("Doubles a number")
    assert [(one["arity"], one["facts"]) for one in found[3:]] == [(2, 2), (1, 1)]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # the same document, the clause that the literal asks for; those that it cannot match are left out
        ("step 1) (helper", [("document", "main.metta", 8), ("document", "main.metta", 9)]),
        # an import; three arguments first
        ("helper $a", [("import", "lib.metta", 1), ("import", "lib.metta", 2)]),
        # what bind! names is not imported
        ("limit)", [("document", "main.metta", 10)]),
        ("λ! 1", [("import", "lib.metta", 4)]),
        # always there, and again in a module that nothing imports
        ("* 2", [("builtin", None, None), ("builtin", None, None)]),
        # a variable: what binds it
        ("$b limit", [("scope", "main.metta", 11)]),
        # into another space
        ("&kb", [("document", "main.metta", 3)]),
    ],
)
def test_def_at_a_place_says_by_which_step(
    program: Program, workspace: Path, word: str, expected: list[tuple[str, str | None, int | None]]
) -> None:
    found = answers(program, "def", place(MAIN, word))
    assert [(one["step"], one["path"], one["line"]) for one in found] == expected


def test_a_definition_that_nothing_imports_is_marked(program: Program, workspace: Path) -> None:
    found = answers(program, "def", place("(= (stranger $x) (helper $x))", "helper", "other.metta"))
    assert {(one["step"], one["confidence"]) for one in found} == {("document", "certain")}
    (workspace / "other.metta").write_text("(= (stranger $x) (helper $x))\n")
    found = answers(program, "def", place("(= (stranger $x) (helper $x))", "helper", "other.metta"))
    assert [(one["step"], one["confidence"], one["arity"]) for one in found] == [
        ("workspace", "possible", 1),
        ("workspace", "possible", 3),
    ]
    assert all(one["note"] for one in found)


def test_a_use_before_its_import_or_its_bind_is_noted(program: Program, workspace: Path) -> None:
    (workspace / "early.metta").write_text("!(helper 1)\n!(token)\n!(import! &self lib)\n!(bind! token 1)\n")
    (first,) = [one for one in answers(program, "def", "early.metta:1:3") if one["arity"] == 1]
    assert (first["step"], first["note"]) == ("import", "imported after this place")
    (token,) = answers(program, "def", "early.metta:2:3")
    assert token["confidence"] == "possible" and "plain symbol" in token["note"]


@pytest.mark.parametrize(("dialect", "space"), [("petta", "&self"), ("hyperon", "&kb")])
def test_the_own_space_of_an_imported_document_is_that_of_the_program_in_petta(
    program: Program, workspace: Path, dialect: str, space: str
) -> None:
    (workspace / "metta-index.toml").write_text(f'dialect = "{dialect}"\n')
    text = "!(import! &kb rules)\n!(go)\n"
    (workspace / "program.metta").write_text(text)
    (workspace / "rules.metta").write_text("!(import! &self more)\n")
    (workspace / "more.metta").write_text("(= (go) 1)\n")
    (found,) = answers(program, "def", place(text, "go", "program.metta"))
    assert (found["step"], found["path"], found["space"]) == ("import", "more.metta", space)


def test_refs_covers_who_does_not_import_and_tells_uses_apart(program: Program, workspace: Path) -> None:
    found = answers(program, "refs", "helper")
    assert [(one["path"], one["use"], one["arguments"], one["within"]) for one in found] == [
        ("main.metta", "call", 3, "run"),
        ("other.metta", "call", 1, "stranger"),
    ]
    assert [one["use"] for one in answers(program, "refs", "twice")] == ["documentation", "call"]
    assert [one["use"] for one in answers(program, "refs", "--use", "call", "twice")] == ["call"]


def test_refs_of_a_variable_are_those_of_its_scope(program: Program, workspace: Path) -> None:
    found = answers(program, "refs", place(MAIN, "$x) (* 2"))
    assert [(one["line"], one["name"]) for one in found] == [(6, "$x"), (6, "$x")]
    assert "by a place" in program.usage_error("refs", "$x")


def test_of_facts_the_first_is_shown_and_how_many_there_are(program: Program, workspace: Path) -> None:
    done = program("def", "Parent")
    assert done.out.splitlines() == [
        "facts.metta:1:1: fact/2 (Parent Tom Bob)  (the first of 2)",
        "facts.metta:3:1: fact/1 (Parent Ann)",
    ]


def test_text_is_one_line_an_answer_and_names_the_place(program: Program, workspace: Path) -> None:
    ended = program("def", "step")
    assert ended.out.splitlines() == [
        "main.metta:7:5: function/1 (= (step 0) zero)",
        "main.metta:8:5: function/1 (= (step 1) one)",
        "main.metta:9:5: function/1 (= (step $n) (twice (step (- $n 1))))",
    ]
    ended = program("refs", "step")
    assert ended.out.splitlines()[0] == "main.metta:9:22: call (= (step $n) (twice (step (- $n 1))))"
    assert ended.err == "2 in 1 file: 2 call\n"


def test_doc_shows_what_is_written_and_what_the_language_says(program: Program, workspace: Path) -> None:
    lines = program("doc", "twice").out.splitlines()
    assert lines[:4] == [
        "(: twice (-> Number Number))  main.metta:4",
        "Doubles a number  main.metta:5",
        "  1. The number",
        "  -> Its double",
    ]
    assert "hyperon, module corelib" in program("doc", "car-atom").out


def test_the_index_is_brought_up_to_date_first_unless_that_is_refused(program: Program, workspace: Path) -> None:
    assert program("def", "newcomer").code == 1
    (workspace / "new.metta").write_text("(= (newcomer) 1)\n")
    assert program("def", "newcomer", "--no-refresh").code == 1
    assert answers(program, "def", "newcomer")[0]["path"] == "new.metta"
    (workspace / "new.metta").unlink()
    assert program("def", "newcomer").code == 1


def test_what_is_unknown_is_said_and_the_rest_is_answered(program: Program, workspace: Path) -> None:
    ended = program("def", "nobody", "twice")
    assert ended.code == 1 and "nothing is known of nobody" in ended.err and "main.metta:4" in ended.out


@pytest.mark.parametrize(
    ("query", "said"),
    [("main.metta:1:1", "no word"), ("main.metta:99:1", "no word"), ("metta-index.toml:1:1", "not in the index")],
)
def test_a_place_without_a_word_is_refused(program: Program, workspace: Path, query: str, said: str) -> None:
    assert said in program.usage_error("def", query)


def test_names_of_any_characters(program: Program, workspace: Path) -> None:
    names = ["a:1:2", 'x"y', "x'y", "日本", "-dash", "#1", "a,b"]
    (workspace / "odd.metta").write_text("".join(f"(= ({name} $x) $x)\n" for name in names))
    for name in names:
        ended = program("def", "--format", "json", "--", name)
        assert [(one["name"], one["path"]) for one in ended.objects()] == [(name, "odd.metta")]


def test_search_ranks_and_limits(program: Program, workspace: Path) -> None:
    assert [one["name"] for one in answers(program, "search", "st")] == ["step", "stranger"]
    assert [one["name"] for one in answers(program, "search", "*e?")] == ["helper", "step", "stranger"]
    assert [one["name"] for one in answers(program, "search", "--mode", "subsequence", "hlp")] == ["helper"]
    assert [one["name"] for one in answers(program, "search", "P")] == ["Parent"]
    limited = program("search", "e", "--limit", "1")
    assert limited.out.count("\n") == 1 and "more; --limit 0 shows all" in limited.err
    assert program("search", "nothing-like-this").code == 1


def test_targets_of_the_export_agree_with_the_nearest_step(program: Program, workspace: Path) -> None:
    exported = [one for one in map(dict, program("export", "jsonl").objects()) if one["type"] == "occurrence"]
    checked = 0
    for one in exported:
        if one["role"] != "reference" or one["name"].startswith("$"):
            continue
        found = program("def", f"{one['path']}:{one['line']}:{one['column']}", "--format", "json").objects()
        steps = {answer["step"] for answer in found}
        assert (one["target"] or {}).get("step") in (steps or {None}), one
        checked += 1
    assert checked > 15


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM name WHERE instr(offered, 'helper')",
        "UPDATE name SET offered = replace(offered, 'helper', 'helpes')",
    ],
)
def test_a_name_that_was_taken_from_the_index_is_missed(program: Program, workspace: Path, statement: str) -> None:
    program("build")
    with sqlite3.connect(workspace / ".metta-index" / "index.db") as connection:
        connection.execute(statement)
    connection.close()
    assert "is damaged" in program.usage_error("def", "helper")
    assert len(answers(program, "def", "helper")) == 3
    (workspace / "other.metta").write_text("(= (other) 1)\n")
    (workspace / "new.metta").write_text("(= (new-name) (helper 1))\n")
    assert len(answers(program, "refs", "helper")) == 2
    assert program("def", "nobody").code == 1
