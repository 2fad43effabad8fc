"""`deps` of Rholang: files lean on those whose contracts listen to the names that they send on."""

from __future__ import annotations

from pathlib import Path

import pytest
from program import Program

FILES = {
    "cell.rho": 'contract @"Cell"(@init, return) = { @"Log"!("made") } | contract @{"Many"}(...@all) = { Nil }\n',
    "log.rho": 'new stdout(`rho:io:stdout`) in { contract @"Log"(@text) = { stdout!(text) } }\n',
    "other/log.rho": 'agent @"Logger" { default(@text) { Nil } } | contract @"Log"(@text, @level) = { Nil }\n',
    "use.rho": (
        "new r, lookup(`rho:registry:lookup`), compile(`rho:metta:compile`), Cell in {\n"
        '  for (c <- @"Cell"!?(3)) { Nil } | @"Cell"!(1, *r) | @"Many"!(1, 2, 3) |\n'
        '  @"Cell"!(1) | @"Nobody"!(1) | Cell!(1, *r) |\n'
        "  lookup!(`rho:id:abc`, *r) | lookup!(`rho:id:abc`, *r) |\n"
        '  @"Own"!(1) | contract @"Own"(x) = { Nil } | @"Log"!("in words", 3) |\n'
        '  compile!("!(import! &self rules)")\n'
        "}\n"
    ),
    "own.rho": 'contract @"Own"(x) = { Nil }\n',
    "rules.metta": "(= (f) 1)\n",
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_leans_on_those_that_can_take_its_messages(program: Program, workspace: Path) -> None:
    """Once for a name; not where the parts are too many, the name is private, or the file takes the message itself."""
    ended = program("deps", "use.rho")
    assert ended.out.splitlines() == [
        "use.rho",
        "├── rules.metta  line 6, exact",
        "├── rho:registry:lookup  line 1, new  builtin: the node gives this channel",
        "├── rho:metta:compile  line 1, new  builtin: the node gives this channel",
        '├── cell.rho  line 2, contract @"Cell", exact',
        '│   └── log.rho  line 1, contract @"Log", exact',
        "│       └── rho:io:stdout  line 1, new  builtin: the node gives this channel",
        '├── cell.rho  line 2, contract @"Many", exact  (see above)',
        "├── rho:id:abc  line 4, registry  external: the registry knows it, when this runs",
        '└── other/log.rho  line 5, contract @"Log", exact',
    ]


def test_what_leans_on_a_file(program: Program, workspace: Path) -> None:
    assert program("deps", "--reverse", "log.rho").out.splitlines() == [
        "log.rho",
        '└── cell.rho  line 1, contract @"Log", exact',
        '    ├── use.rho  line 2, contract @"Cell", exact',
        '    └── use.rho  line 2, contract @"Many", exact',
    ]
    assert program("deps", "--reverse", "other/log.rho").out.splitlines() == [
        "other/log.rho",
        '└── use.rho  line 5, contract @"Log", exact',
    ]
    assert program("deps", "--reverse", "own.rho").out.splitlines() == ["own.rho"]


def test_the_whole_graph_and_a_new_contract(program: Program, workspace: Path) -> None:
    lines = program("deps").out.splitlines()
    assert [line for line in lines if line[0] not in "├│└ "] == ["use.rho"]
    (workspace / "nobody.rho").write_text('contract @"Nobody"(@one) = { @"Log"!(one) | @"Own"!(1) }\n')
    (workspace / "log.rho").unlink()
    assert program("deps", "nobody.rho").out.splitlines() == [
        "nobody.rho",
        '├── own.rho  line 1, contract @"Own", exact',
        '└── use.rho  line 1, contract @"Own", exact',
        "    ├── rules.metta  line 6, exact",
        "    ├── rho:registry:lookup  line 1, new  builtin: the node gives this channel",
        "    ├── rho:metta:compile  line 1, new  builtin: the node gives this channel",
        '    ├── cell.rho  line 2, contract @"Cell", exact',
        '    ├── cell.rho  line 2, contract @"Many", exact',
        '    ├── nobody.rho  line 3, contract @"Nobody", exact',
        "    ├── rho:id:abc  line 4, registry  external: the registry knows it, when this runs",
        '    └── other/log.rho  line 5, contract @"Log", exact',
    ]


def test_json_and_dot(program: Program, workspace: Path) -> None:
    (found,) = program("deps", "use.rho", "--format", "json").objects()
    edges = [one for one in found["edges"] if one["path"] == "use.rho" and one["form"] != "import!"]
    source = (workspace / "use.rho").read_bytes()
    assert [source[one["start_byte"] : one["end_byte"]].decode() for one in edges] == [one["module"] for one in edges]
    assert {(one["form"], one["status"]) for one in edges} == {
        ("new", "builtin"),
        ("contract", "resolved"),
        ("registry", "external"),
    }
    assert found["cycles"] == found["duplicates"] == []
    dot = program("deps", "use.rho", "--format", "dot").out
    assert '"use.rho" -> "cell.rho"' in dot and '"cell.rho" -> "log.rho"' in dot
