"""MeTTa inside other languages, from the command line: found, linked, placed in the host, and done once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from program import Program

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
