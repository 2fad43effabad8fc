"""`unused`: what is reported, how sure it is, and why; and what is not reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import index_of
from program import Program

from metta_index.indexer.queries.reaching import is_library, is_test, words_in_strings
from metta_index.indexer.queries.unused import Unused, unused
from metta_index.indexer.text.symbols import Confidence


def found_in(texts: dict[str, str], *entry_points: str, strings: dict[str, str] | None = None) -> list[Unused]:
    in_strings = {name.encode(): path for name, path in (strings or {}).items()}
    return unused(
        index_of(texts),
        lambda name, _path: name.decode() in entry_points,
        lambda names: {name: path for name, path in in_strings.items() if name in names},
    )


def reasons(texts: dict[str, str], *entry_points: str, strings: dict[str, str] | None = None) -> dict[str, str]:
    """What is reported, by name: the confidence and the reason."""
    found = found_in(texts, *entry_points, strings=strings)
    assert Confidence.CERTAIN not in {one.confidence for one in found}
    return {one.name.decode(): f"{one.confidence.name.lower()}: {one.reason}" for one in found}


MAIN = "!(import! &self lib)\n(= (main) (used 1))\n!(main)\n"


def test_what_evaluations_reach_is_used() -> None:
    lib = "(= (used $x) (deeper $x))\n(= (deeper $x) $x)\n(= (dead $x) $x)\n"
    assert reasons({"main.metta": MAIN, "lib.metta": lib}) == {"dead": "likely: nothing else mentions it"}


def test_what_only_unused_definitions_mention_is_unused_and_so_are_circles() -> None:
    text = "!(main)\n(= (main) 1)\n(= (a) (b))\n(= (b) (a))\n(= (c) (b))\n(= (own) (own))\n"
    assert reasons({"main.metta": text}) == {
        "a": "likely: mentioned only by `b`, which nothing reaches",
        "b": "likely: mentioned only by `a` and 1 more, which nothing reaches",
        "c": "likely: nothing else mentions it",
        "own": "likely: nothing else mentions it",
    }


@pytest.mark.parametrize(
    "use",
    [
        "!(f)",
        "!(map-atom (1 2) $x (f $x))",
        "!(apply f 1)",
        "!(quote (f))",
        "!(match &self (f $x) $x)",
        "!(let (f $x) (g) $x)",
        "!(add-atom &self (= (made) (f)))\n!(made)",
        "(= ($any head) (f))",
        "(assertEqual (f) 1)",
        "(test (f) 1)",
        "!(bind! &name (f))\n!(get-atoms &name)",
    ],
)
def test_whatever_mentions_a_name_where_something_runs_uses_it(use: str) -> None:
    assert reasons({"main.metta": f"(= (f) 1)\n{use}\n"}) == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("(handler on-click f)\n!(go)", "named in facts or declarations of main.metta"),
        ("(: x (-> f Atom))\n!(go)", "named in facts or declarations of main.metta"),
        ("!(match &self (= ($rule $x) $y) $y)", "rules with any head are matched in main.metta"),
        ("!(match &self (= $head $y) $y)", "rules with any head are matched in main.metta"),
        ("", "nothing imports main.metta, which may be a library"),
        ("!(import! &self other)\n!(pragma! type-check auto)", "nothing imports main.metta, which may be a library"),
    ],
)
def test_what_may_be_reached_in_other_ways_is_possible(text: str, reason: str) -> None:
    assert reasons({"main.metta": f"(= (f) 1)\n{text}\n"}) == {"f": f"possible: {reason}"}


def test_what_something_makes_while_it_runs_is_possible() -> None:
    text = "!(go)\n(= (go) (add-atom &self (= (made) (helper))))\n(= (helper) 1)\n"
    assert reasons({"main.metta": text}) == {"made": "possible: made while a program runs"}


def test_names_in_strings_are_possible() -> None:
    text = "!(go)\n(= (f) 1)\n(= (g) 1)\n"
    assert reasons({"main.metta": text}, strings={"f": "run.py", "go": "run.py"}) == {
        "f": "possible: named in a string of run.py",
        "g": "likely: nothing else mentions it",
    }


def test_documents_that_nothing_connects_are_worlds_apart() -> None:
    texts = {"a.metta": "(= (f) 1)\n!(f)\n", "b.metta": "(= (f) 2)\n!(g)\n(= (g) 1)\n(= (h) 1)\n"}
    assert reasons(texts) == {
        "f": "possible: used in files that neither import b.metta nor are imported with it",
        "h": "likely: nothing else mentions it",
    }
    assert "f" not in reasons(texts | {"both.metta": "!(import! &self a)\n!(import! &self b)\n"})
    assert "f" not in reasons({"a.metta": "!(f)\n", "b.metta": texts["b.metta"]})  # where else could it be?


def test_public_names_of_a_library_are_possible_and_only_those_that_it_does_not_use_itself() -> None:
    texts = {
        "index.metta": "!(import! &self part)\n",
        "part.metta": "(= (public) (private))\n(= (private) 1)\n",
        "tests/part-test.metta": "!(import! &self index)\n!(assertEqual 1 1)\n",
    }
    assert reasons(texts) == {"public": "possible: nothing imports index.metta, which may be a library"}
    texts["app.metta"] = "!(import! &self index)\n!(println! 1)\n"
    assert reasons(texts) == {
        "private": "likely: mentioned only by `public`, which nothing reaches",
        "public": "likely: nothing else mentions it",
    }
    texts = {f"lib/{name}" if name == "part.metta" else name: text for name, text in texts.items()}
    texts["index.metta"] = "!(import! &self lib:part)\n"
    assert reasons(texts) == {"public": "possible: lib/part.metta is in a folder of libraries"}


def test_long_chains_are_followed_without_recursion() -> None:
    length = 5000
    chain = "".join(f"(= (f{number}) (g (f{number + 1})))\n" for number in range(length))
    assert len(found_in({"main.metta": f"!(println! 1)\n{chain}"})) == length
    assert found_in({"main.metta": f"!(f0)\n{chain}"}) == []


def test_tests_use_what_they_mention_and_are_used_themselves() -> None:
    texts = {"test_f.metta": "!(import! &self f)\n(= (case-1) (f))\n", "f.metta": "!(main)\n(= (f) 1)\n(= (main) 1)\n"}
    assert reasons(texts) == {}


def test_spaces_and_tokens_are_reported() -> None:
    text = "!(bind! &used (new-space))\n!(bind! &idle (new-space))\n!(bind! width 80)\n!(add-atom &used (f))\n"
    found = found_in({"main.metta": text})
    assert [(one.name, one.kind.name, one.position.row, one.arity) for one in found] == [
        (b"&idle", "SPACE", 1, None),
        (b"width", "TOKEN", 2, None),
    ]


def test_what_is_only_declared_documented_or_stated_is_not_reported() -> None:
    assert reasons({"main.metta": '(: T Type)\n(@doc d (@desc "d"))\n(fact 1)\n(:< A B)\n!(go)\n'}) == {}


def test_a_declaration_or_documentation_of_a_name_does_not_use_it() -> None:
    text = '(: f (-> Atom))\n(@doc f (@desc "f"))\n(= (f) 1)\n!(go)\n'
    assert reasons({"main.metta": text}) == {"f": "likely: nothing else mentions it"}


def test_clauses_are_counted_and_the_first_is_the_place() -> None:
    (found,) = found_in({"main.metta": "!(go)\n (= (f 1) 1)\n(= (f $x) (f 1))\n"})
    assert (found.clauses, found.signature, found.position.row, found.position.column) == (2, "(f 1)", 1, 5)
    assert (found.start_byte, found.end_byte) == (11, 12)


# -- paths and strings -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.metta",
        "a/test/b.metta",
        "test_a.metta",
        "a-test.metta",
        "a_tests.metta",
        "ListTest.metta",
        "a.test.metta",
    ],
)
def test_paths_of_tests(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["latest.metta", "contest/a.metta", "testing-ground.metta", "attest.metta", "a.metta"])
def test_paths_that_are_none_of_tests(path: str) -> None:
    assert not is_test(path)


def test_paths_of_libraries() -> None:
    assert is_library("lib/a.metta") and is_library("x/Libs/y/a.metta")
    assert not is_library("lib.metta") and not is_library("library-of-babel/a.metta")


def test_words_in_strings() -> None:
    text = b'; "not this"\n(f "a (b c)" "es\\"cape d" e) ; "nor this\n"multi\nline"'
    assert words_in_strings(text, "metta") == {b"a", b"b", b"c", b"es\\", b"cape", b"d", b"multi", b"line"}
    assert words_in_strings(b"run('f', g)", "python") == {b"run", b"f", b"g"}


# -- the command ---------------------------------------------------------------------------


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "main.metta").write_text(
        '!(go "by-name")\n(= (go $x) 1)\n(= (dead $x) 1)\n(= (by-name) 1)\n(= (api-f) 1)\n'
    )
    (root / "scripts").mkdir()
    (root / "scripts" / "run.metta").write_text("!(go 1)\n(= (alone) 1)\n")
    (root / "metta-index.toml").write_text("")
    monkeypatch.chdir(root)
    return root


def test_the_command_names_places_and_reasons(program: Program, workspace: Path) -> None:
    ended = program("unused")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "main.metta:3:5: function/1 (dead $x)  (likely: nothing else mentions it)",
        "main.metta:5:5: function/0 (api-f)  (likely: nothing else mentions it)",
        "scripts/run.metta:2:5: function/0 (alone)  (likely: nothing else mentions it)",
        "main.metta:4:5: function/0 (by-name)  (possible: named in a string of main.metta)",
    ]
    assert ended.err == "4 definitions seem to be unused: 3 likely, 1 possible\n"


def test_json_has_one_object_a_definition(program: Program, workspace: Path) -> None:
    found = program("unused", "--format", "json", "--confidence", "likely").objects()
    assert [one["name"] for one in found] == ["dead", "api-f", "alone"]
    assert found[0] == {
        "schema": 1,
        "name": "dead",
        "kind": "function",
        "path": "main.metta",
        "line": 3,
        "column": 5,
        "start_byte": 34,
        "end_byte": 38,
        "arity": 1,
        "signature": "(dead $x)",
        "clauses": 1,
        "confidence": "likely",
        "reason": "nothing else mentions it",
    }


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ('["dead"]', ["api-f", "alone", "by-name"]),
        ('["api-*", "dead"]', ["alone", "by-name"]),
        ('["scripts/*.metta"]', ["dead", "api-f", "by-name"]),
        ('["scripts/"]', ["dead", "api-f", "by-name"]),
        ('["run.metta"]', ["dead", "api-f", "by-name"]),
        ('["*"]', []),
        ('["?ead", "[a]lone"]', ["api-f", "by-name"]),
    ],
)
def test_entry_points_are_configured(program: Program, workspace: Path, entries: str, left: list[str]) -> None:
    (workspace / "metta-index.toml").write_text(f"entry-points = {entries}\n")
    assert [one["name"] for one in program("unused", "--format", "json").objects()] == left


def test_entry_points_are_names_or_patterns(program: Program, workspace: Path) -> None:
    (workspace / "metta-index.toml").write_text('entry-points = "main"\n')
    assert "`entry-points` must be a list of strings" in program.usage_error("unused")


def test_a_stale_index_is_refreshed(program: Program, workspace: Path) -> None:
    assert "no index yet" in program.usage_error("unused", "--no-refresh")
    program("build")
    with (workspace / "main.metta").open("a") as file:
        file.write("!(dead 1)\n")
    assert "dead" in program("unused", "--no-refresh").out
    assert "dead" not in program("unused", "--root", workspace).out


def test_nothing_unused_is_said(program: Program, workspace: Path) -> None:
    (workspace / "main.metta").write_text("!(go 1)\n(= (go $x) (alone))\n")
    ended = program("unused")
    assert (ended.code, ended.out, ended.err) == (0, "", "nothing seems to be unused\n")


def test_names_registered_by_host_programs_are_used(program: Program, workspace: Path) -> None:
    (workspace / "ops.py").write_text(
        "from hyperon.ext import register_atoms\nfrom hyperon import OperationAtom\n\n\n@register_atoms\n"
        "def ops():\n    return {'host-op': OperationAtom('host-op', lambda: 1)}\n"
    )
    assert "host-op" not in program("unused").out


def test_wrong_options_are_refused(program: Program, workspace: Path) -> None:
    assert "--confidence certain" in program.usage_error("unused", "--confidence", "certain")
    assert "--format xml" in program.usage_error("unused", "--format", "xml")


# -- any graph -----------------------------------------------------------------------------

NAMES = [f"f{number}" for number in range(8)]


@settings(max_examples=100)
@given(
    calls=st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=3)),
    roots=st.lists(st.sampled_from(NAMES), max_size=2),
    files=st.lists(st.sampled_from(["a", "b", "c"]), min_size=len(NAMES), max_size=len(NAMES)),
)
def test_in_one_program_what_a_search_does_not_reach_is_likely(
    calls: dict[str, list[str]], roots: list[str], files: list[str]
) -> None:
    texts = {f"{name}.metta": "" for name in "abc"}
    texts["main.metta"] = "!(import! &self a)!(import! &self b)!(import! &self c)!(println! 1)" + "".join(
        f"!({root})" for root in roots
    )
    for name, called in calls.items():
        texts[f"{files[NAMES.index(name)]}.metta"] += f"(= ({name}) (+ {' '.join(f'({one})' for one in called)}))\n"
    reached, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += calls.get(name, [])
    found = found_in(texts)
    assert {one.name.decode() for one in found} == calls.keys() - reached
    assert {one.confidence for one in found} <= {Confidence.LIKELY}
    assert [(one.path, one.start_byte) for one in found] == sorted((one.path, one.start_byte) for one in found)
