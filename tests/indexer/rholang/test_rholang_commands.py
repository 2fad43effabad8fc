"""The commands speak Rholang as they speak MeTTa."""

import json
from pathlib import Path

import pytest
from program import Program

from metta_index.indexer.languages.rholang.globals import is_private

CELL = """\
/// A cell that holds one value.
/// @param init what it holds first
contract @"Cell"(@init, return) = {
  new state, cell, out(`rho:io:stdout`) in {
    state!(init) |
    contract cell(@"get", ret) = { for (@v <<- state) { ret!(v) } } |
    contract cell(@"set", @v) = { for (_ <- state) { state!(v) } } |
    return!(*cell)
  }
}
"""


def test_build_outline_tree_and_export(program: Program, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    (root / "cell.rho").write_text(CELL)
    (root / "broken.rho").write_text('@"Cell"!(1, missing) | cell!(state) |')
    (root / "rules.metta").write_text("(= (f) 1)\n")
    built = program("build", "--root", root, "--format", "json").objects()[0]
    assert built["files"]["indexed"] == 3 and built["symbols"]["definitions"] == 4
    again = program("build", "--root", root, "--format", "json").objects()[0]
    assert again["files"]["unchanged"] == 3 and again["work"]["parsed"] == 0

    outline = program("outline", root / "cell.rho", "--root", root).out
    assert "cell.rho  (rholang, rholang)" in outline
    assert '  contract @"Cell"/2\n    ; A cell that holds one value.\n    = @"Cell"(@init, return)  line 3\n' in outline
    assert '    = cell(@"get", ret)  line 6\n' in outline
    assert "  name out\n    : rho:io:stdout  line 4\n" in outline
    assert "  name state\n    : new  line 4\n" in outline

    (tree,) = program("tree", "--format", "json", root / "cell.rho").objects()
    assert tree["language"] == "rholang" and tree["nodes"][0] == ["source_file", 0, len(CELL), 0]
    assert {"contract", "for", "peek_bind", "uri"} <= {node[0] for node in tree["nodes"]}
    assert '(string [3:11] "\\"Cell\\"")' in program("tree", root / "cell.rho").out

    lines = [json.loads(line) for line in program("export", "jsonl", "--root", root).out.splitlines()]
    broken = next(one for one in lines if one["type"] == "document" and one["path"] == "broken.rho")
    assert broken["language"] == broken["dialect"] == "rholang"
    assert [one["code"] for one in broken["syntax_errors"]] == ["unbound-name"] * 3 + ["syntax-error"]
    cell = [one for one in lines if one["type"] == "symbol" and one["name"] == '@"Cell"']
    assert [(one["kind"], one["arity"], one["doc"]) for one in cell] == [
        ("contract", 2, "A cell that holds one value.")
    ]
    assert all(
        one["target"] is None or one["target"]["path"] == one["path"]
        for one in lines
        if one["type"] == "occurrence" and one["path"].endswith(".rho") and is_private(one["name"].encode())
    )
    calls = [one for one in lines if one["type"] == "occurrence" and one["use"] == "call" and one["name"] == '@"Cell"']
    assert [(one["path"], one["line"], one["target"]["path"]) for one in calls] == [("broken.rho", 1, "cell.rho")]


def test_a_new_version_of_the_rholang_extractor_indexes_again(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.rho").write_text("Nil")
    program("build", "--root", tmp_path)
    monkeypatch.setattr("metta_index.indexer.languages.rholang.versions.TABLE_VERSION", "another")
    built = program("build", "--root", tmp_path, "--format", "json").objects()[0]
    assert built["files"]["unchanged"] == 0 and built["work"]["extracted"] == 1


def test_a_send_leads_to_the_contracts_that_can_take_its_message(program: Program, tmp_path: Path) -> None:
    (tmp_path / "cell.rho").write_text(CELL)
    (tmp_path / "use.rho").write_text(
        'new cell, r in {\n'
        '  for (c <- @"Cell"!?(1)) { c!("get", *r) } |\n'
        '  contract cell(@"a") = { Nil } | contract cell(@"b") = { Nil } |\n'
        '  cell!("a") | cell!(*r) |\n'
        '  @"Cell"!(1)\n'
        '}\n'
    )  # fmt: skip
    program("build", "--root", tmp_path)

    def places(command: str, place: str) -> list[tuple[str, int, int]]:
        found = program(command, f"{tmp_path}/{place}", "--root", tmp_path, "--format", "json").objects()
        return [(one["path"], one["line"], one["column"]) for one in found]

    # by the word, by the scope (there is another `cell` in the other file), by the hidden name to answer to
    assert places("def", "use.rho:4:3") == [("use.rho", 3, 12), ("use.rho", 1, 5)]
    assert places("def", "use.rho:4:16") == [("use.rho", 3, 12), ("use.rho", 3, 44), ("use.rho", 1, 5)]
    assert places("def", "use.rho:2:13") == [("cell.rho", 3, 10)]
    assert places("refs", "use.rho:1:5") == [("use.rho", 1, 5), ("use.rho", 4, 3), ("use.rho", 4, 16)]
    assert places("refs", "cell.rho:6:42") == [("cell.rho", 6, 42), ("cell.rho", 6, 62)]
    assert ("use.rho", 5, 3) in places("refs", "cell.rho:3:10")
