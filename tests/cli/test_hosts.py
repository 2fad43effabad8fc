"""MeTTa inside other languages, from the command line: found, linked, placed in the host, and done once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from program import Program
from tags_reader import parse_tags

APP = '''\
from hyperon import MeTTa, OperationAtom
from hyperon.ext import register_atoms, register_tokens

def twice(x):
    """Doubles."""
    return 2 * x

@register_atoms
def operations():
    return {r"from-python": OperationAtom("from-python", twice, ["Number", "Number"])}

@register_tokens
def numbers():
    return {r"roman-[ivx]+": lambda token: token}

metta = MeTTa()
metta.run("""
  !(import! &self lib)
  (= (in-python $x) (helper $x))
  !(in-python "a\\\\n") (= (después λ) b)
""")
'''
OPERATIONS = """\
from hyperon import OperationAtom
from hyperon.ext import register_atoms

@register_atoms
def my_tokens():
    return {{"{0}": OperationAtom("{0}", lambda: 1)}}
"""
FILES = {
    "app.py": APP,
    "lib.metta": "(: helper (-> Number Number))\n(= (helper $x) (* 2 $x))\n!(from-python 3)\n!(roman-xiv)\n",
    "guide.md": "# Guide\n\n```metta\n(= (documented $x) (helper $x))\n```\n",
    "plain.py": "print('nothing to see')\n",
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "metta-index.toml").touch()
    for name, text in FILES.items():
        (root / name).write_text(text)
    monkeypatch.chdir(root)
    return root


#: A program in each host that spells the name of a function with an escape where it can.
EVERY_HOST = {
    "a.py": 'metta.run("(= (\\u00e9t\\u00e9 $x) (helper $x))")\nmetta.run("(fact 1) (fact 2)")\n',
    "b.rs": 'fn main() { hyperon::run_program("(= (\\u{e9}t\\u{e9} $x) (helper $x))\\n(fact 1)"); }\n',
    "c.md": "> ~~~metta\n> (= (été $x) (helper $x))\n> ~~~\n\n```\n(= (unmarked) 1)\n```\n",
    "d.ipynb": json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": ["%%metta\n", "(= (été $x) (helper $x))"]},
                {"cell_type": "code", "source": 'metta.run("""(= (s)\n\t(helper "\\\\n"))""")'},
            ],
            "metadata": {},
        }
    ),
    "e.rst": ".. code-block:: metta\n\n   (= (été $x) (helper $x))\n",
    "f.org": "#+BEGIN_SRC metta\n(= (été $x) (helper $x))\n#+END_SRC\n",
}


@pytest.fixture
def every_host(workspace: Path) -> Path:
    for name in FILES:
        if name != "lib.metta":
            (workspace / name).unlink()
    for name, text in EVERY_HOST.items():
        (workspace / name).write_text(text)
    return workspace


def build(program: Program, *options: str) -> Any:
    ended = program("build", "--format", "json", *options)
    assert ended.code == 0, ended
    return ended.objects()[0]


def test_every_word_of_a_region_is_where_the_host_has_it(program: Program, workspace: Path) -> None:
    words = 0
    for found in program("export", "jsonl").objects():
        if found["type"] != "occurrence":
            continue
        raw = (workspace / found["path"]).read_bytes()
        assert raw[found["start_byte"] : found["end_byte"]].decode() == found["name"], found
        before = raw[: found["start_byte"]].decode()
        assert found["line"] == before.count("\n") + 1
        assert found["column"] == len(before) - before.rfind("\n")
        words += found["path"] == "app.py"
    assert words == 15


def test_definitions_are_found_from_every_language_and_back(program: Program, workspace: Path) -> None:
    def steps(place: str) -> list[tuple[str, str, int]]:
        found = program("def", place, "--format", "json").objects()
        return [(one["step"], one["path"], one["line"]) for one in found]

    assert steps("app.py:19:22") == [("import", "lib.metta", 1), ("import", "lib.metta", 2)]
    assert steps("guide.md:4:21") == [("workspace", "lib.metta", 1), ("workspace", "lib.metta", 2)]
    registered = [one for one in steps("lib.metta:3:3") if one[2] == 10]
    assert registered == [("registered", "app.py", 10)]
    assert steps("lib.metta:4:3") == [("registered", "app.py", 14)]
    uses = program("refs", "helper", "--format", "json").objects()
    assert [(one["path"], one["line"], one["use"]) for one in uses] == [
        ("app.py", 19, "call"),
        ("guide.md", 4, "call"),
    ]


def test_what_moves_is_not_parsed_again(program: Program, workspace: Path) -> None:
    first = build(program)
    assert (first["files"]["total"], first["files"]["indexed"]) == (4, 4)
    assert build(program)["work"]["parsed"] == 0
    (workspace / "app.py").write_text("# a line above\n" + APP)
    moved = build(program)
    # the host is looked through again, its MeTTa comes from the cache
    assert (moved["work"]["parsed"], moved["cache"]["hits"]) == (1, 1)
    (workspace / "app.py").write_text(APP.replace("(helper $x)", "(helper 7)"))
    changed = build(program)
    assert (changed["work"]["parsed"], changed["cache"]["hits"]) == (2, 0)


def test_warm_equals_cold(program: Program, workspace: Path, tmp_path: Path) -> None:
    program("build")
    edits = [
        ("app.py", APP.replace("lib", "other")),
        ("guide.md", FILES["guide.md"].replace("metta", "text")),
        ("notes.md", FILES["guide.md"]),
        ("app.py", "pass\n"),
        ("app.py", APP),
    ]
    for name, text in edits:
        (workspace / name).write_text(text)
        warm = program.export(workspace)
        assert program("build", "--no-cache", "--force").code == 0
        assert program.export(workspace) == warm


def test_languages_can_be_left_out(program: Program, workspace: Path) -> None:
    assert build(program)["files"]["total"] == 4
    (workspace / "metta-index.toml").write_text('languages = ["markdown"]\n')
    assert build(program)["files"]["total"] == 2
    (workspace / "metta-index.toml").write_text("languages = []\n")
    assert build(program)["files"]["total"] == 1
    (workspace / "metta-index.toml").write_text('languages = ["cobol"]\n')
    assert "list of some of rholang, python" in program.usage_error("build")


def test_the_export_says_what_is_in_which_region(program: Program, every_host: Path) -> None:
    objects = program("export", "jsonl").objects()
    documents = {found["path"]: found for found in objects if found["type"] == "document"}
    assert "regions" not in documents["lib.metta"]
    assert [len(documents[name]["regions"]) for name in EVERY_HOST] == [2, 1, 2, 2, 1, 1]
    assert documents["c.md"]["regions"][1] == {
        "number": 2,
        "language": "metta",
        "detector": "shape",
        "confidence": "possible",
        "start_byte": EVERY_HOST["c.md"].encode().index(b"(= (unm"),
        "end_byte": EVERY_HOST["c.md"].encode().index(b"\n```\n", -5),
    }
    for found in objects:
        assert ("region" in found) == (found["type"] in ("symbol", "occurrence") and found["path"] in EVERY_HOST)
        if "region" in found:
            region = documents[found["path"]]["regions"][found["region"] - 1]
            start = found.get("start_byte", found.get("first_start_byte"))
            assert region["start_byte"] <= start < region["end_byte"]
    facts = [(found["path"], found["region"], found["count"]) for found in objects if found.get("kind") == "fact"]
    assert facts == [("a.py", 2, 2), ("b.rs", 1, 1)]


def test_a_name_ends_where_the_host_ends_it(program: Program, every_host: Path) -> None:
    objects = program("export", "jsonl").objects()
    ends = {}
    for found in objects:
        if found["type"] == "symbol" and found["name"] == "été":
            text = (every_host / found["path"]).read_bytes()[found["start_byte"] : found["end_byte"]]
            ends[found["path"]] = text.decode()
    escaped = "\\u00e9t\\u00e9"
    assert ends == {
        "a.py": escaped,
        "b.rs": "\\u{e9}t\\u{e9}",
        "c.md": "été",
        "d.ipynb": escaped,
        "e.rst": "été",
        "f.org": "été",
    }
    spans = {(one["path"], one["start_byte"], one["end_byte"]) for one in objects if one.get("name") == "été"}
    asked = program("def", "été", "--format", "json").objects()
    assert {(one["path"], one["start_byte"], one["end_byte"]) for one in asked} == spans


@pytest.mark.parametrize("name", EVERY_HOST)
def test_a_place_in_a_host_is_asked_about(program: Program, every_host: Path, name: str) -> None:
    lines = (every_host / name).read_text().splitlines()
    row = next(row for row, line in enumerate(lines) if "helper" in line)
    place = f"{name}:{row + 1}:{lines[row].index('helper') + 2}"
    found = program("def", place, "--format", "json").objects()
    assert [(one["path"], one["line"]) for one in found] == [("lib.metta", 1), ("lib.metta", 2)]
    used = program("refs", place, "--format", "json").objects()
    assert (name, row + 1, lines[row].index("helper") + 1) in {
        (one["path"], one["line"], one["column"]) for one in used
    }


def test_an_outline_has_regions_below_their_host(program: Program, workspace: Path) -> None:
    assert program("outline", "app.py").out.splitlines() == [
        "app.py  (python, python)",
        "  function from-python/1",
        "    ; Doubles.",
        "    = (from-python x)  line 10",
        "  token roman-[ivx]+",
        "    = roman-[ivx]+  line 14",
        "  app.py#metta:1  line 17, call, certain",
        "    import! lib → lib.metta  line 18",
        "    function in-python/1",
        "      = (in-python $x)  line 19",
        "    function después/1",
        "      = (después λ)  line 20",
    ]
    objects = program("outline", "app.py", "--format", "json").objects()
    assert [(one["type"], one.get("region"), one.get("number")) for one in objects] == [
        ("symbol", None, None),
        ("symbol", None, None),
        ("region", None, 1),
        ("import", 1, None),
        ("symbol", 1, None),
        ("symbol", 1, None),
    ]
    assert (objects[2]["line"], objects[2]["column"], objects[2]["dialect"]) == (17, 14, "hyperon")


def test_one_region_is_outlined(program: Program, every_host: Path) -> None:
    (every_host / "c.md").write_text("```metta\n(= (one) 1)\n```\n\n```metta\n(= (two) 2)\n(\n```\n")
    assert program("outline", "c.md#metta:2").out.splitlines() == [
        "c.md  (markdown, markdown)",
        "  c.md#metta:2  line 6, fence, certain",
        "    ! 7:1 unclosed-parenthesis: this parenthesis is never closed",
        "    function two/0",
        "      = (two)  line 6",
    ]
    objects = program("outline", "c.md#metta:2", "--format", "json").objects()
    assert [one["name"] for one in objects if one["type"] == "symbol"] == ["two"]
    refusal = program.usage_error("outline", "c.md#metta:3")
    assert "no region metta:3; it has c.md#metta:1, c.md#metta:2" in refusal
    assert "it has none at all" in program.usage_error("outline", "lib.metta#metta:1")
    (every_host / "c.md#metta:2").write_text("a file of that very name")
    assert "is not in the index" in program.usage_error("outline", "c.md#metta:2")


def test_trees_of_hosts_list_regions_and_regions_have_trees(program: Program, every_host: Path) -> None:
    assert program("tree", "d.ipynb").out.splitlines() == [
        "(source_file [1:1])",
        "; d.ipynb#metta:1  [1:59]  magic, certain",
        "; d.ipynb#metta:2  [1:147]  call, certain",
    ]
    assert program("tree", "d.ipynb#metta:2").out.splitlines() == [
        "(source_file [1:1]",
        "  (expression [1:1]",
        '    (symbol [1:2] "=")',
        "    (expression [1:4]",
        '      (symbol [1:5] "s"))',
        "    (expression [2:2]",
        '      (symbol [2:3] "helper")',
        '      (string [2:10] "\\"\\\\n\\""))))',
    ]
    host = program("tree", "d.ipynb", "--format", "json").objects()[0]
    assert [(one["number"], one["detector"]) for one in host["regions"]] == [(1, "magic"), (2, "call")]
    region = program("tree", "a.py#metta:2", "--format", "json").objects()[0]
    assert (region["path"], region["language"], region["region"]) == ("a.py#metta:2", "metta", 2)
    assert region["text"] == "(fact 1) (fact 2)"
    assert region["nodes"][0] == ["source_file", 0, len(region["text"]), 0]
    assert "regions" not in program("tree", "lib.metta", "--format", "json").objects()[0]
    assert "it has a.py#metta:1, a.py#metta:2" in program.usage_error("tree", "a.py#metta:7")
    (every_host / "d.ipynb").write_text('{"metta": ')
    assert "not-a-notebook" in program("tree", "d.ipynb").out


def test_tags_lead_into_regions(program: Program, every_host: Path) -> None:
    (every_host / "app.py").write_text(APP)
    _pseudo, tags = parse_tags(program("export", "ctags").out.encode())
    found = {(tag.name.decode(), tag.path.decode(), tag.fields[b"language"].decode(), tag.line) for tag in tags}
    assert found >= {
        ("from-python", "app.py", "Python", 10),
        ("roman-[ivx]+", "app.py", "Python", 14),
        ("in-python", "app.py", "MeTTa", 19),
        ("été", "a.py", "MeTTa", 1),
        ("fact", "a.py", "MeTTa", 2),
        ("été", "b.rs", "MeTTa", 1),
        ("été", "c.md", "MeTTa", 2),
        ("unmarked", "c.md", "MeTTa", 6),
        ("été", "d.ipynb", "MeTTa", 1),
        ("s", "d.ipynb", "MeTTa", 1),
        ("été", "e.rst", "MeTTa", 3),
        ("été", "f.org", "MeTTa", 2),
    }
    for tag in tags:
        assert tag.found_in((every_host / tag.path.decode()).read_bytes()) == tag.line, tag


IMPORTS = {
    "d/n.py": OPERATIONS.format("from-module"),
    "d/n.metta": "(= (shadowed) 1)\n",
    "d/pkg/__init__.py": "from .ops import *\nfrom .tokens import my_tokens\n",
    "d/pkg/ops.py": OPERATIONS.format("from-ops"),
    "d/pkg/tokens.py": OPERATIONS.format("from-tokens"),
    "d/pkg/other.py": OPERATIONS.format("from-other") + "from .ops import *\nmetta.run('(= (run-inside) 1)')\n",
    "d/main.metta": "!(import! &self n)\n!(import! &self pkg)\n"
    "!(from-module) !(from-ops) !(from-tokens) !(from-other)\n",
    "d/facts.metta": "(= (included) 1)\n",
    "d/main.rs": 'fn main() { run_program(include_str!("facts.metta")); run_program("!(included)"); }\n',
    "d/notes.md": "```metta\n!(import! &self n)\n!(from-module)\n```\n",
}


@pytest.fixture
def linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "metta-index.toml").touch()
    for name, text in IMPORTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_imports_lead_to_hosts_and_from_them(program: Program, linked: Path) -> None:
    objects = program("export", "jsonl").objects()
    edges = [(one["path"], one["module"], one["target"]) for one in objects if one["type"] == "import"]
    assert edges == [
        ("d/main.metta", "n", "d/n.py"),
        ("d/main.metta", "pkg", "d/pkg/__init__.py"),
        ("d/main.rs", "facts.metta", "d/facts.metta"),
        ("d/notes.md", "n", "d/n.py"),
        ("d/pkg/__init__.py", ".ops", "d/pkg/ops.py"),
        ("d/pkg/__init__.py", ".tokens", "d/pkg/tokens.py"),
    ]
    shown = program("deps", "d/main.metta").out
    for path in ("d/n.py", "d/pkg/__init__.py", "d/pkg/ops.py", "d/pkg/tokens.py"):
        assert path in shown
    assert "other.py" not in shown


def test_what_a_package_passes_on_is_loaded_with_it(program: Program, linked: Path) -> None:
    line = IMPORTS["d/main.metta"].splitlines()[2]

    def told(name: str) -> list[tuple[str, str, str]]:
        place = f"d/main.metta:3:{line.index(name) + 1}"
        found = program("def", place, "--format", "json").objects()
        return [(one["path"], one["confidence"], one["note"] or "") for one in found]

    assert told("from-module") == [("d/n.py", "certain", "")]
    assert told("from-ops") == [("d/pkg/ops.py", "certain", "")]
    assert told("from-tokens") == [("d/pkg/tokens.py", "certain", "")]
    assert told("from-other") == [("d/pkg/other.py", "likely", "registered by a program that nothing here imports")]
    rust = IMPORTS["d/main.rs"]
    found = program("def", f"d/main.rs:1:{rust.index('included)') + 1}", "--format", "json").objects()
    assert [(one["step"], one["path"]) for one in found] == [("import", "d/facts.metta")]


def test_who_loads_a_program_does_not_get_what_it_runs(program: Program, linked: Path) -> None:
    (linked / "d" / "use.metta").write_text("!(import! &self pkg:other)\n!(run-inside)\n!(from-other)\n")
    (found,) = program("def", "d/use.metta:2:3", "--format", "json").objects()
    assert (found["step"], found["path"], found["confidence"]) == ("workspace", "d/pkg/other.py", "possible")
    targets = {
        one["name"]: one["target"]["step"]
        for one in program("export", "jsonl").objects()
        if one["type"] == "occurrence" and one["path"] == "d/use.metta" and one["role"] == "reference" and one["target"]
    }
    assert targets == {"run-inside": "workspace", "from-other": "import", "import!": "builtin", "&self": "builtin"}


SERVICE = r"""new compile(`rho:metta:compile`), own(`rho:own:run`), ask, rules in {
  rules!("
    (= (served $x) (helper $x "a\\955"))
    (: \955 Symbol)
  ") |
  contract ask(@what, ret) = { compile!(*ret, "!(served " ++ what ++ " \955)") | own!("(= (own) 1)") } |
  for (@text <- rules) { for (@_ <- compile!?(text)) { ask!("(ball)", *rules) } }
}
""".replace('"a\\\\955"', '\\"a\\955\\"')
RHOLANG = {
    "service.rho": SERVICE,
    "lib.metta": "(: helper (-> Number Number))\n(= (helper $x $y) (* 2 $x))\n!(served 3)\n",
    "plain.rho": 'new out(`rho:io:stdout`) in { out!("(= (not this) 1)") }\n',
}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "metta-index.toml").touch()
    for name, text in RHOLANG.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_word_in_rholang_is_where_it_stands(program: Program, service: Path) -> None:
    raw = SERVICE.encode()
    words = []
    for found in program("export", "jsonl").objects():
        if found["type"] == "occurrence" and found["path"] == "service.rho":
            written = raw[found["start_byte"] : found["end_byte"]].decode()
            assert written == {"λ": "\\955", "%hole%": "what"}.get(found["name"], found["name"]), found
            before = raw[: found["start_byte"]].decode()
            assert (found["line"], found["column"]) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
            words += [found["name"]] if "region" in found else []
    assert words == ["=", "served", "$x", "helper", "$x", ":", "λ", "Symbol", "served", "%hole%", "λ"]


def test_rholang_and_metta_find_each_other(program: Program, service: Path) -> None:
    def place(name: str, text: str, word: str) -> str:
        before = RHOLANG[name][: RHOLANG[name].index(text) + text.index(word)]
        return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"

    def places(command: str, asked: str) -> list[tuple[str, int, int]]:
        found = program(command, asked, "--format", "json").objects()
        return [(one["path"], one["line"], one["column"]) for one in found]

    assert places("def", place("lib.metta", "!(served", "served")) == [("service.rho", 3, 9)]
    assert places("def", place("service.rho", "!(served", "served")) == [("service.rho", 3, 9)]
    helper = place("service.rho", "(helper $x", "helper")
    assert sorted(places("def", helper)) == [("lib.metta", 1, 4), ("lib.metta", 2, 5)]
    assert places("refs", "helper") == [("service.rho", 3, 21)]
    assert places("refs", "served") == [("lib.metta", 3, 3), ("service.rho", 6, 50)]
    # a name of Rholang is asked about as before
    assert places("def", place("service.rho", "ask!(", "ask")) == [("service.rho", 6, 12), ("service.rho", 1, 55)]
    outline = program("outline", "service.rho").out.splitlines()
    assert [line.strip() for line in outline if "#metta" in line or "served" in line] == [
        "service.rho#metta:1  line 2, flow, likely",
        "function served/1",
        "= (served $x)  line 3",
        "service.rho#metta:2  line 6, semantic, certain",
    ]
    assert "#metta" not in program("outline", "plain.rho").out


def test_channels_of_rholang_are_configured(program: Program, service: Path) -> None:
    def defined() -> set[str]:
        objects = program("export", "jsonl").objects()
        return {one["name"] for one in objects if one["type"] == "symbol" and one.get("region")}

    configured = service / "metta-index.toml"
    assert defined() == {"served", "λ"}
    for text, expected in [
        ('rholang-channels = ["rho:own:*"]\n', {"own"}),
        ('rholang-channels = ["rho:own:run", "rho:metta:*"]\n', {"served", "λ", "own"}),
        ("rholang-channels = []\n", set()),
        ("", {"served", "λ"}),
    ]:
        configured.write_text(text)
        assert defined() == expected
        warm = program.export(service)
        assert program("build", "--no-cache", "--force").code == 0
        assert program.export(service) == warm
    configured.write_text('rholang-channels = "rho:own:run"\n')
    assert "list of strings" in program.usage_error("build")


def test_examples_in_documentation_are_no_syntax_errors_of_the_workspace(program: Program, every_host: Path) -> None:
    first = build(program)
    assert (first["regions"], first["syntax_errors"]) == (9, 0)
    (every_host / "c.md").write_text("```metta\n(= (open)\n```\n")
    (every_host / "e.rst").write_text(".. code-block:: metta\n\n   (= (open)\n")
    documented = build(program)
    assert (documented["regions"], documented["syntax_errors"]) == (8, 0)
    assert "! 2:1 unclosed-parenthesis" in program("outline", "c.md").out
    (every_host / "a.py").write_text('metta.run("(= (open)")\n')
    broken = build(program)
    assert (broken["regions"], broken["syntax_errors"]) == (7, 1)
    assert program("stats", "--format", "json").objects()[0]["regions"] == 7
    assert ", 7 regions inside other languages\n" in program("build").out
    assert build(program, "--no-cache", "--force")["syntax_errors"] == 1
