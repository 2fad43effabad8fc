"""`callers` and `callees`: trees of calls, as people and programs read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import index_of
from program import Program, run

from metta_index.indexer.queries.calls import Mark, callees, callers
from metta_index.indexer.text.symbols import TopKind

MAIN = """\
!(import! &self lib:pairs)
(= (main $x) (swap (twice $x)))
(= (loop $x) (if $x (loop (step $x)) (main $x)))
(= (step $x) (loop $x))
(rule (swap (Duo 1 2)))
!(swap (Duo 3 4))
"""
PAIRS = """\
(@doc swap (@desc "turns a pair"))
(: swap (-> Duo Duo))
(= (swap (Duo $a $b)) (Duo (twice $b) $a))
(= (swap Nothing) Nothing)
(= (twice $x) (+ $x $x))
(= (passes-on) (map-atom (1 2) twice))
(= (makes) (add-atom &self (= (made $x) (twice $x))))
(= ($f nameless) (twice 1))
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    (root / "lib").mkdir(parents=True)
    (root / "main.metta").write_text(MAIN)
    (root / "lib" / "pairs.metta").write_text(PAIRS)
    (root / "metta-index.toml").write_text("")
    monkeypatch.chdir(root)
    return root


def test_callers_are_grouped_by_what_the_calls_stand_in(program: Program, workspace: Path) -> None:
    ended = program("callers", "twice")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "twice",
        "  <- swap",
        "       lib/pairs.metta:3:29: (= (swap (Duo $a $b)) (Duo (twice $b) $a))",
        "  <- made",
        "       lib/pairs.metta:7:42: (= (makes) (add-atom &self (= (made $x) (twice $x))))",
        "  <- a rule without a name",
        "       lib/pairs.metta:8:19: (= ($f nameless) (twice 1))",
        "  <- main",
        "       main.metta:2:21: (= (main $x) (swap (twice $x)))",
    ]


def test_evaluations_and_facts_are_kinds_of_their_own(program: Program, workspace: Path) -> None:
    assert program("callers", "swap").out.splitlines() == [
        "swap",
        "  <- main",
        "       main.metta:2:15: (= (main $x) (swap (twice $x)))",
        "  <- ! at top level",
        "       main.metta:6:3: !(swap (Duo 3 4))",
    ]
    found = program("callers", "swap", "--all-uses", "--format", "json").objects()
    assert [(one["kind"], one["name"], [place["use"] for place in one["places"]]) for one in found] == [
        ("definition", "main", ["call"]),
        ("fact", "rule", ["data"]),
        ("evaluation", None, ["call"]),
    ]


def test_depth_follows_the_callers_and_marks_recursion(program: Program, workspace: Path) -> None:
    found = program("callers", "swap", "--depth", "9", "--format", "json").objects()
    assert [(one["depth"], one["of"], one["name"], one["mark"]) for one in found] == [
        (1, "swap", "main", None),
        (2, "main", "loop", None),
        (3, "loop", "loop", "recursion"),
        (3, "loop", "step", None),
        (4, "step", "loop", "recursion"),
        (1, "swap", None, None),
    ]
    assert "  (recursion)" in program("callers", "step", "--depth", "2").out


def test_a_function_is_expanded_once_and_where_it_is_nearest(program: Program, workspace: Path) -> None:
    found = program("callees", "main", "--depth", "9", "--no-builtins", "--format", "json").objects()
    assert [(one["depth"], one["of"], one["name"], one["mark"]) for one in found] == [
        (1, "main", "swap", None),
        (2, "swap", "Duo", None),
        (2, "swap", "twice", "shown"),
        (1, "main", "twice", None),
    ]
    assert "(shown elsewhere)" in program("callees", "main", "--depth", "2").out


def test_callees_say_what_each_name_means(program: Program, workspace: Path) -> None:
    assert program("callees", "main", "twice").out.splitlines() == [
        "main",
        "  -> swap  import: lib/pairs.metta:3:5 and 3 more",
        "       main.metta:2:15: (= (main $x) (swap (twice $x)))",
        "  -> twice  import: lib/pairs.metta:5:5",
        "       main.metta:2:21: (= (main $x) (swap (twice $x)))",
        "twice",
        "  -> +  builtin: hyperon:corelib",
        "       lib/pairs.metta:5:16: (= (twice $x) (+ $x $x))",
    ]
    (pair, twice) = program("callees", "swap", "--format", "json").objects()
    assert (pair["name"], pair["step"], pair["confidence"], pair["meanings"]) == ("Duo", None, None, [])
    assert (twice["step"], twice["confidence"]) == ("document", "certain")
    assert twice["meanings"][0]["path"] == "lib/pairs.metta" and twice["meanings"][0]["line"] == 5
    assert twice["places"] == [
        {
            "path": "lib/pairs.metta",
            "line": 3,
            "column": 29,
            "start_byte": PAIRS.index("(twice $b)") + 1,
            "end_byte": PAIRS.index("(twice $b)") + 6,
            "use": "call",
            "arguments": 1,
        }
    ]
    assert "  -> Duo  not defined" in program("callees", "swap").out


def test_what_a_definition_makes_is_not_its_own_call(program: Program, workspace: Path) -> None:
    assert [one["name"] for one in program("callees", "makes", "--format", "json").objects()] == ["add-atom"]
    assert [one["name"] for one in program("callees", "made", "--format", "json").objects()] == ["twice"]


def test_what_touches_a_definition_inside_is_outside_of_it(program: Program, workspace: Path) -> None:
    (workspace / "main.metta").write_text("!(add-atom &self (= (f) (g))h)\n(= (o) (add-atom &self (= (i) (g))(g)))\n")
    found = program("callers", "g", "h", "--all-uses", "--format", "json").objects()
    assert [(one["of"], one["name"], len(one["places"])) for one in found] == [
        ("g", "f", 1),
        ("g", "i", 1),
        ("g", "o", 1),
        ("h", None, 1),
    ]


def test_an_imported_function_is_followed_into_its_own_document_only(program: Program, workspace: Path) -> None:
    (workspace / "other.metta").write_text("(= (swap $x) (elsewhere $x))\n")
    found = program("callees", "main", "--depth", "2", "--no-builtins", "--format", "json").objects()
    assert "elsewhere" not in {one["name"] for one in found}
    assert "elsewhere" in {one["name"] for one in program("callees", "swap", "--format", "json").objects()}


def test_nothing_found_ends_with_1(program: Program, workspace: Path) -> None:
    ended = program("callers", "nothing", "passes-on", "Nothing", "swap")
    assert (ended.code, ended.out.splitlines()[0]) == (1, "swap")
    assert ended.err.splitlines() == [
        "nothing is known of nothing; `metta-index search` finds names that are like it",
        "nothing calls passes-on",
        "nothing calls Nothing; 2 other uses are there: `metta-index callers --all-uses Nothing`",
    ]
    ended = program("callees", "rule", "Nothing", "unheard-of")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines() == [
        "rule has no definition in the workspace",
        "nothing is known of Nothing; `metta-index search` finds names that are like it",
        "nothing is known of unheard-of; `metta-index search` finds names that are like it",
    ]


def test_places_stand_for_the_names_there(program: Program, workspace: Path) -> None:
    assert program("callers", "main.metta:2:16").out.splitlines()[1] == "  <- main"
    assert "is a variable" in program.usage_error("callers", "main.metta:2:11")
    assert "no word" in program.usage_error("callees", "main.metta:2:1")


def test_a_stale_index_is_refreshed_unless_that_is_not_wanted(program: Program, workspace: Path) -> None:
    assert "no index yet" in program.usage_error("callers", "swap", "--no-refresh")
    program("build")
    with (workspace / "main.metta").open("a") as file:
        file.write("(= (new) (swap 1))\n")
    assert "<- new" not in program("callers", "swap", "--no-refresh").out
    assert "<- new" in program("callers", "swap").out
    assert "<- new" in program("callers", "swap", "--root", workspace).out


@pytest.mark.parametrize("name", ["λ→", 'a"b', "[x", "-->", "a:1:2", "%"])
def test_names_may_hold_any_characters(program: Program, workspace: Path, name: str) -> None:
    (workspace / "odd.metta").write_text(f"(= (odd) ({name} 1))\n(= ({name} $x) $x)\n", encoding="utf-8")
    (found,) = program("callers", "--format", "json", "--", name).objects()
    assert (found["query"], found["of"], found["name"]) == (name, name, "odd")


def test_names_that_are_no_utf_8(workspace: Path) -> None:
    (workspace / "odd.metta").write_bytes(b"(= (odd) (\xff 1))\n")
    done = run("callers", b"\xff".decode("utf-8", "surrogateescape"), "--format", "json", cwd=workspace)
    assert done.returncode == 0 and b'"of": "\\\\xff"' in done.stdout


def test_wrong_options_are_refused(program: Program, workspace: Path) -> None:
    assert "--format xml" in program.usage_error("callers", "swap", "--format", "xml")
    assert "--depth" in program.usage_error("callees", "swap", "--depth", "0")


# -- the trees -------------------------------------------------------------------------

NAMES = [f"f{number}" for number in range(6)]
CALLS = st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=4), max_size=6)
WRAPS = st.lists(st.sampled_from(["{}", "(let $y {} $y)", "(if True {} 1)", "(case {} ((1 2)))"]), min_size=1)


def reachable(calls: dict[str, list[str]], start: str, depth: int) -> dict[str, int]:
    """How many calls away everything is that is called from a function; a plain breadth-first search."""
    steps, level = {}, [start]
    for step in range(1, depth + 1):
        level = [name for caller in level for name in calls.get(caller, ())]
        steps.update({name: step for name in level if name not in steps})
        level = sorted(set(level))
    return steps


@settings(max_examples=100)
@given(calls=CALLS, wraps=WRAPS, depth=st.integers(1, 5))
def test_trees_hold_what_a_search_of_the_graph_finds(calls: dict[str, list[str]], wraps: list[str], depth: int) -> None:
    """In whatever forms the calls stand, and over whatever files the functions are spread."""
    texts = {"all.metta": "".join(f"!(import! &self {name})\n" for name in calls)}
    for number, (name, called) in enumerate(calls.items()):
        body = " ".join(wraps[at % len(wraps)].format(f"({one} 1)") for at, one in enumerate([*called, "car-atom"]))
        texts[f"{name}.metta"] = f"!(import! &self all)\n(= ({name} $x) (superpose ({body})))\n" * (1 + number % 2)
    index = index_of(texts)
    backwards = {name: [caller for caller, called in calls.items() if name in called] for name in NAMES}
    for name in NAMES:
        down = [one for one in callees(index, name.encode(), depth) if not one.is_builtin]
        up = callers(index, name.encode(), depth)
        assert {one.name.decode(): one.depth for one in reversed(down)}.keys() == reachable(calls, name, depth).keys()
        assert {one.name: 1 for one in up if one.name}.keys() == {
            found.encode() for found in reachable(backwards, name, depth)
        }
        for one in up:
            assert one.kind == TopKind.RULE and one.name is not None
            assert one.of.decode() in calls[one.name.decode()]
            assert one.depth >= reachable(backwards, name, depth)[one.name.decode()]
        expanded = [(one.depth, one.name) for one in up if one.mark == Mark.NONE]
        nearest = {found: min(one.depth for one in up if one.name == found) for _depth, found in expanded}
        assert all(nearest[found] == level for level, found in expanded)


def test_only_documents_that_mention_a_name_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {f"{number}.metta": f"(= (f{number}) (g{number % 10}))\n" for number in range(40)}
    index = index_of(texts)
    read: list[str] = []
    each, one = index.reader.tables_of_each, index.reader.tables_of

    def note_each(paths: Iterable[str]) -> Iterator[tuple[str, list[bytes]]]:
        wanted = list(paths)
        read.extend(wanted)
        return each(wanted)

    def note_one(path: str) -> Iterator[bytes]:
        read.append(path)
        return one(path)

    monkeypatch.setattr(index.reader, "tables_of_each", note_each)
    monkeypatch.setattr(index.reader, "tables_of", note_one)
    assert len(callers(index, b"g3")) == 4
    assert sorted(read) == ["13.metta", "23.metta", "3.metta", "33.metta"]
    read.clear()
    assert [found.name for found in callees(index, b"f7")] == [b"g7"]
    assert read == ["7.metta"]


def test_a_long_chain_of_calls_is_followed_without_recursion() -> None:
    length = 1500
    index = index_of({"chain.metta": "".join(f"(= (c{n}) (c{n + 1}))\n" for n in range(length))})
    found = callers(index, f"c{length}".encode(), length)
    assert [one.depth for one in found] == list(range(1, length + 1))
    assert found[-1].name == b"c0"
