"""`deps`: the import graph as a tree, as JSON and for Graphviz, of everything, from files and towards them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from program import Program, environment

from metta_index.cli import colours

DOT = shutil.which("dot")
FILES = {
    "main.metta": "!(import! &self lib:a)\n!(import! &self b)\n!(import! &self b.metta)\n!(import! &kb other)\n",
    "b.metta": "!(import! &self lib:a)\n!(import! &self nowhere)\n",
    "lib/a.metta": "!(import! &self c)\n!(import! &self json)\n",
    "lib/c.metta": "!(import! &self a)\n(import! &self a)\n",
    "x/other.metta": "!(import! &self other)\n",
    "y/other.metta": "",
    "alone.metta": "(= (alone) 1)\n",
    'q"uo\\te/λ \\n.metta': "!(import! &self a)\n",
    "metta-index.toml": 'alias = ["project"]\ndialect = "hyperon"\n',
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Imports of every kind; the current folder."""
    root = tmp_path / "workspace"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


# ---- the tree -----------------------------------------------------------------------


def test_the_tree_of_a_file(program: Program, workspace: Path) -> None:
    ended = program("deps", "main.metta")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "main.metta",
        "├── lib/a.metta  line 1, exact",
        "│   ├── lib/c.metta  line 1, exact  circular",
        "│   │   ├── lib/a.metta  line 1, exact  circular",
        "│   │   └── a  line 2, exact  does nothing without `!`",
        "│   └── json  line 2  builtin: `json` comes with the implementation",
        "├── b.metta  line 2, exact",
        "│   ├── lib/a.metta  line 1, exact  (see above)",
        "│   └── nowhere  line 2  unresolved: nothing is there for `nowhere`; looked for `nowhere.py`, `nowhere`,"
        " `nowhere.metta`, `nowhere/` in …",
        "├── b.metta  line 3, exact  duplicate  illegal: the reference refuses it (Illegal module name: b.metta);"
        " meant is `b.metta`, seen from the importin…  (see above)",
        "└── x/other.metta  line 4, into &kb, by-name  ambiguous: or y/other.metta",
        "    └── x/other.metta  line 1, exact  circular: it imports itself",
    ]
    assert ended.err == (
        "11 imports: 6 resolved (6 exact), 1 ambiguous (1 by-name), 1 builtin, 1 illegal (1 exact), 1 inert,"
        " 1 unresolved; 1 circle; 1 self-import; 1 duplicate; 1 diamond\n"
    )


def test_the_tree_of_what_imports_a_file(program: Program, workspace: Path) -> None:
    ended = program("deps", "--reverse", "lib/c.metta")
    assert ended.out.splitlines() == [
        "lib/c.metta",
        "└── lib/a.metta  line 1, exact  circular",
        "    ├── b.metta  line 1, exact",
        "    │   ├── main.metta  line 2, exact",
        "    │   └── main.metta  line 3, exact  duplicate  illegal: the reference refuses it (Illegal module name:"
        " b.metta); meant is `b.metta`, seen from the importin…",
        "    ├── lib/c.metta  line 1, exact  circular",
        "    ├── main.metta  line 1, exact",
        '    └── q"uo\\te/λ \\n.metta  line 1, by-name',
    ]
    assert ended.err.startswith("7 imports: 6 resolved (5 exact, 1 by-name), 1 illegal (1 exact); 1 circle; ")


def test_the_whole_tree_begins_where_nothing_leads_to(program: Program, workspace: Path) -> None:
    ended = program("deps")
    tops = [line for line in ended.out.splitlines() if line[0] not in "├└│ "]
    assert tops == ["main.metta", 'q"uo\\te/λ \\n.metta']
    assert "; 2 documents neither import nor are imported" in ended.err
    tops = [line for line in program("deps", "-r").out.splitlines() if line[0] not in "├└│ "]
    assert tops == ["lib/a.metta", "x/other.metta"]


def test_a_circle_that_nothing_leads_into_begins_at_its_least_file(program: Program, tmp_path: Path) -> None:
    for name, other in ("cb", "ac", "ba"):
        (tmp_path / f"{name}.metta").write_text(f"!(import! &self {other})\n")
    ended = program("deps", "--root", tmp_path)
    assert [line[:12].rstrip() for line in ended.out.splitlines()] == [
        "a.metta",
        "└── c.metta",
        "    └── b.me",
        "        └──",
    ]
    assert ended.err == "3 imports: 3 resolved (3 exact); 1 circle\n"


def test_several_files_are_answered_together(program: Program, workspace: Path) -> None:
    ended = program("deps", "b.metta", "alone.metta", "lib/a.metta", "b.metta")
    assert [line for line in ended.out.splitlines() if line[0] not in "├└│ "] == [
        "b.metta",
        "alone.metta",
        "lib/a.metta  (see above)",
    ]


def test_a_chain_deeper_than_the_stack(program: Program, tmp_path: Path) -> None:
    for number in range(1500):
        (tmp_path / f"f{number:04}.metta").write_text(f"!(import! &self f{number + 1:04})\n")
    ended = program("deps", "--root", tmp_path)
    lines = ended.out.splitlines()
    assert len(lines) == 1501
    assert lines[-2].endswith("f1499.metta  line 1, exact") and max(map(len, lines)) < 500
    (found,) = program("deps", "--root", tmp_path, "--format", "json").objects()
    assert (len(found["nodes"]), len(found["edges"])) == (1500, 1500)


def test_colour_is_for_terminals(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = program("deps").out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    colours._has_colour.cache_clear()
    coloured = program("deps").out
    colours._has_colour.cache_clear()
    assert "\x1b[35mmain.metta\x1b[0m\n" in coloured and "\x1b[31mcircular\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


# ---- JSON ---------------------------------------------------------------------------


def test_json_is_one_object_of_nodes_edges_and_what_is_odd(program: Program, workspace: Path) -> None:
    ended = program("deps", "main.metta", "--format", "json")
    assert (ended.code, ended.err) == (0, "")
    (found,) = ended.objects()
    assert list(found) == [
        "schema",
        "files",
        "reverse",
        "nodes",
        "edges",
        "counts",
        "cycles",
        "duplicates",
        "diamonds",
        "self_imports",
    ]
    assert (found["schema"], found["files"], found["reverse"]) == (1, ["main.metta"], False)
    assert found["nodes"] == [
        {"path": path, "document": True}
        for path in ("b.metta", "lib/a.metta", "lib/c.metta", "main.metta", "x/other.metta")
    ]
    edges = {(edge["path"], edge["line"]): edge for edge in found["edges"]}
    assert edges["main.metta", 4] == {
        "path": "main.metta",
        "form": "import!",
        "module": "other",
        "into": "&kb",
        "inert": False,
        "dynamic": False,
        "start_byte": 81,
        "end_byte": 86,
        "line": 4,
        "column": 15,
        "target": "x/other.metta",
        "status": "ambiguous",
        "way": "by-name",
        "candidates": ["x/other.metta", "y/other.metta"],
        "reason": "elsewhere in the workspace, as its path ends in `other`; 2 fit, the nearest is taken",
        "circular": False,
        "duplicate": False,
        "self_import": False,
    }
    unresolved = edges["b.metta", 2]
    assert (unresolved["target"], unresolved["status"], unresolved["way"]) == (None, "unresolved", None)
    assert [place for place, edge in edges.items() if edge["circular"]] == [("lib/a.metta", 1), ("lib/c.metta", 1)]
    assert [place for place, edge in edges.items() if edge["duplicate"]] == [("main.metta", 3)]
    assert [place for place, edge in edges.items() if edge["inert"]] == [("lib/c.metta", 2)]
    (cycle,) = found["cycles"]
    assert cycle["paths"] == ["lib/a.metta", "lib/c.metta"]
    assert [place["path"] for place in cycle["imports"]] == ["lib/a.metta", "lib/c.metta"]
    (duplicate,) = found["duplicates"]
    assert duplicate["modules"] == ["b", "b.metta"] and [place["line"] for place in duplicate["imports"]] == [2, 3]
    (diamond,) = found["diamonds"]
    assert (diamond["path"], diamond["target"]) == ("main.metta", "lib/a.metta")
    assert found["self_imports"] == [{"path": "x/other.metta", "line": 1, "column": 17}]
    assert found["counts"]["resolved"] == {"exact": 6}


def test_json_of_a_part_is_part_of_the_whole(program: Program, workspace: Path) -> None:
    def edges(*arguments: str) -> list[str]:
        (found,) = program("deps", "--format", "json", *arguments).objects()
        return [json.dumps(edge) for edge in found["edges"]]

    whole = edges()
    assert len(whole) == 12
    for arguments in (["main.metta"], ["lib/a.metta", "alone.metta"], ["-r", "lib/c.metta"], ["-r"]):
        part = edges(*arguments)
        assert part == [edge for edge in whole if edge in part]


def test_the_export_says_the_same_of_imports(program: Program, workspace: Path) -> None:
    (found,) = program("deps", "--format", "json").objects()
    exported = [json.loads(line) for line in program.export(workspace).splitlines()]
    assert [one for one in exported if one["type"] == "import"] == [
        {"type": "import"} | edge for edge in found["edges"]
    ]
    facts: dict[str, list[Any]] = {"cycle": [], "duplicate": [], "diamond": []}
    for one in exported:
        if one["type"] == "import_fact":
            facts[one["fact"]].append({key: value for key, value in one.items() if key not in ("type", "fact")})
    assert (facts["cycle"], facts["duplicate"], facts["diamond"]) == (
        found["cycles"],
        found["duplicates"],
        found["diamonds"],
    )


# ---- Graphviz -----------------------------------------------------------------------

_STRING = r'"((?:[^"\\]|\\.)*)"'
_VALUE = rf"(?:{_STRING}|[\w.]+)"
_ATTRIBUTES = rf"(?: \[(\w+={_VALUE}(?:, \w+={_VALUE})*)\])?"
_NODE = re.compile(rf"  {_STRING}{_ATTRIBUTES};")
_ARROW = re.compile(rf"  {_STRING} -> {_STRING}{_ATTRIBUTES};")


def parsed(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Nodes and arrows with their attributes; fails where a line is none. Names as Graphviz shows them."""
    first, *lines, last = text.splitlines()
    assert (first, last) == ("digraph imports {", "}")
    nodes: dict[str, str] = {}
    arrows: list[tuple[str, str, str]] = []
    for line in lines:
        if re.fullmatch(r"  (rankdir=LR|node \[shape=box\]);", line):
            continue
        if arrow := _ARROW.fullmatch(line):
            arrows.append((_name(arrow[1]), _name(arrow[2]), arrow[3] or ""))
        else:
            node = _NODE.fullmatch(line)
            assert node is not None, line
            nodes[_name(node[1])] = node[2] or ""
    return nodes, arrows


def _name(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted)


def test_dot_has_every_document_and_every_import(program: Program, workspace: Path) -> None:
    nodes, arrows = parsed(program("deps", "--format", "dot").out)
    documents = {name for name in FILES if name.endswith(".metta")}
    assert set(nodes) == documents | {"//unresolved/nowhere", "//builtin/json"}
    assert {end for start, end, _attributes in arrows for end in (start, end)} <= set(nodes)
    assert len(arrows) == 12
    assert 'label="nowhere"' in nodes["//unresolved/nowhere"] and "color=red" in nodes["//unresolved/nowhere"]
    assert "color=gray" in nodes["//builtin/json"]
    styles = {(start, end): attributes for start, end, attributes in arrows}
    assert "color=red" in styles["lib/a.metta", "lib/c.metta"]
    assert "color=red" in styles["x/other.metta", "x/other.metta"]
    assert "style=dashed" in styles["main.metta", "x/other.metta"]
    assert styles["main.metta", "lib/a.metta"] == 'label="line 1"'


def test_dot_shows_the_files_asked_for(program: Program, workspace: Path) -> None:
    nodes, _arrows = parsed(program("deps", "--format", "dot", "-r", "lib/c.metta").out)
    assert [name for name, attributes in nodes.items() if "style=bold" in attributes] == ["lib/c.metta"]


@pytest.mark.skipif(DOT is None, reason="Graphviz is not installed")
def test_graphviz_draws_it(program: Program, workspace: Path) -> None:
    text = program("deps", "--format", "dot").out
    assert DOT is not None
    done = subprocess.run([DOT, "-Tjson0"], input=text.encode(), capture_output=True, env=environment(), check=True)
    drawn = json.loads(done.stdout)
    assert done.stderr == b"" and len(drawn["edges"]) == 12
    assert len(drawn["objects"]) == len(parsed(text)[0])


# ---- what is refused ----------------------------------------------------------------


def test_refusals_say_what_to_do(program: Program, workspace: Path) -> None:
    assert "notes.txt does not exist" in program.usage_error("deps", "notes.txt")
    (workspace / "notes.txt").write_text("")
    assert "notes.txt is not in the index" in program.usage_error("deps", "notes.txt")
    assert "outside the workspace" in program.usage_error("deps", "--root", workspace, "/etc/hostname")
    assert "give text or json or dot" in program.usage_error("deps", "--format", "svg")
    shutil.rmtree(workspace / ".metta-index")
    assert "has no index yet" in program.usage_error("deps", "--no-refresh")


def test_a_file_of_an_import_root_is_asked_for_by_where_it_is(program: Program, workspace: Path) -> None:
    (workspace.parent / "common").mkdir()
    (workspace.parent / "common" / "s.metta").write_text("")
    (workspace / "alone.metta").write_text("!(import! &self s)\n")
    (workspace / "metta-index.toml").write_text('roots = ["../common"]\n')
    ended = program("deps", "--root", workspace, "-r", workspace.parent / "common" / "s.metta")
    assert ended.out.splitlines() == ["../common/s.metta", "└── alone.metta  line 1, root"]


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_of_files_need_not_be_text(program: Program, workspace: Path) -> None:
    name = os.fsdecode(b"\xff.metta")
    (workspace / name).write_text("!(import! &self alone)\n")
    assert program("deps", "-r", name).out == "\\xff.metta\n"
    assert program("deps", "-r", "alone.metta").out == "alone.metta\n└── \\xff.metta  line 1, exact\n"
    assert '"\\\\xff.metta" [label="\\\\xff.metta"];' in program("deps", "--format", "dot").out
    (found,) = program("deps", name, "--format", "json").objects()
    assert found["files"] == ["\\xff.metta"]
