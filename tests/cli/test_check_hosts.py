"""The check of MeTTa inside other languages: findings and fixes in the exact places of the host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from program import Program

#: One fault of each kind of rule: of the text, of one form, of the workspace.
FAULTS = {
    "MI105": "(= (hash) $a#b)",
    "MI403": "!(let* (($x 1)))",
    "MI203": "!(import! &self nowhere)",
    "MI305": "(= (helper $a $b) $a)",
    "MI101": "(= (open)",
}
#: What each finding is of.
PLACES = {
    "MI105": "#",
    "MI403": "(let* (($x 1)))",
    "MI203": "nowhere",
    "MI305": "helper",
    "MI101": "(",
}
LIBRARY = "(: helper (-> Number Number))\n(= (helper $x) $x)\n"
PROGRAM = "\n".join(("(: helper (-> Number Number))", *FAULTS.values()))


def cell(source: str) -> str:
    cells = [{"cell_type": "code", "source": source}]
    return json.dumps({"cells": cells, "metadata": {}})


HOSTS = {
    "a.py": f'metta.run("""{PROGRAM}\n""")\n',
    "b.py": f"été = metta.run({json.dumps(PROGRAM)})\n",
    "c.rs": f'use hyperon::*; fn main() {{ run_program("{PROGRAM}\n"); }}\n',
    "d.ipynb": cell(f"%%metta\n{PROGRAM}\n"),
    "e.ipynb": cell(f'metta.run("""{PROGRAM}\n""")\n'),
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "metta-index.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def findings(program: Program, *options: str) -> list[Any]:
    ended = program("check", "--format", "jsonl", *options)
    assert ended.code in (0, 1) and not ended.err, ended
    return [one for one in ended.objects() if "code" in one]


@pytest.mark.parametrize("name", HOSTS)
def test_findings_are_where_the_host_has_them(program: Program, workspace: Path, name: str) -> None:
    (workspace / name).write_text(HOSTS[name])
    raw = HOSTS[name].encode()
    found = findings(program)
    assert {one["code"]: raw[one["start_byte"] : one["end_byte"]].decode() for one in found} == PLACES
    assert len(found) == len(PLACES)
    for one in found:
        before = raw[: one["start_byte"]].decode()
        assert (one["line"], one["column"]) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    (workspace / name).rename(workspace / "old")
    (workspace / "same.metta").write_text(PROGRAM)
    plain = {one["code"]: one["severity"] for one in findings(program)}
    assert plain["MI203"] == "warning"  # of a host, information: it may bring the module itself
    assert plain | {"MI203": "info"} == {one["code"]: one["severity"] for one in found}


def test_places_are_those_of_the_host_in_other_formats(program: Program, workspace: Path) -> None:
    (workspace / "b.py").write_text(HOSTS["b.py"])
    column = HOSTS["b.py"].index("(let*") + 1
    assert f"file=b.py,line=1,endLine=1,col={column}," in program("check", "--format", "github").out
    sarif = json.loads(program("check", "--format", "sarif").out)
    regions = [
        result["locations"][0]["physicalLocation"]["region"]
        for result in sarif["runs"][0]["results"]
        if result["ruleId"] == "MI403"
    ]
    assert [(region["startLine"], region["startColumn"]) for region in regions] == [(1, column)]


def test_a_name_that_is_spelt_with_escapes_is_marked_whole(program: Program, workspace: Path) -> None:
    text = 'metta.run("(: \\u00e9t\\u00e9 (-> Number Number)) (= (\\u00e9t\\u00e9 $a $b) $a)")\n'
    (workspace / "a.py").write_text(text)
    (found,) = findings(program, "--select", "MI305")
    assert text[found["start_byte"] : found["end_byte"]] == "\\u00e9t\\u00e9"


def test_examples_in_documentation_need_only_be_readable(program: Program, workspace: Path) -> None:
    fence = f"```metta\n{PROGRAM}\n```\n"
    (workspace / "a.md").write_text(fence + "\n```\n(= (unmarked) $a#b)\n```\n")
    (workspace / "b.rst").write_text(".. code-block:: metta\n\n   (= (open)\n")
    (workspace / "c.org").write_text("#+BEGIN_SRC metta\n(= (open)\n#+END_SRC\n")
    found = findings(program)
    assert [(one["path"], one["code"], one["severity"], one["line"]) for one in found] == [
        ("a.md", "MI105", "info", 3),
        ("a.md", "MI101", "info", 7),
        ("b.rst", "MI101", "info", 3),
        ("c.org", "MI101", "info", 2),
    ]
    assert program("check").code == 0


def test_text_that_only_looks_like_metta_is_not_judged(program: Program, workspace: Path) -> None:
    (workspace / "a.py").write_text('# metta\nTEXT = """\n(= (f $x)\n  (let* (($y 1))))\n"""\n')
    assert [one["confidence"] for one in program("tree", "a.py", "--format", "json").objects()[0]["regions"]] == [
        "possible"
    ]
    assert findings(program) == []


def test_what_a_program_fills_in_may_mend_what_it_is_in(program: Program, workspace: Path) -> None:
    (workspace / "a.py").write_text(
        'metta.run(f"(= (open) {rest}")\nmetta.run(f"!(let* {bindings}) !(let* (($x 1)))")\nmetta.run(f"!(f {x}) (g")\n'
    )
    assert [(one["code"], one["line"], one["column"]) for one in findings(program)] == [("MI403", 2, 33)]


def test_fixes_are_made_where_the_host_spells_metta_as_metta_does(program: Program, workspace: Path) -> None:
    lib = workspace / "lib.metta"
    lib.write_text("(= (f) 1)\n")
    texts = {
        "plain.py": 'metta.run("(import! &self lib)")\n',
        "escaped.py": 'metta.run("\\x28import! &self lib)")\n',
    }
    for name, text in texts.items():
        (workspace / name).write_text(text)
    found = findings(program, "--select", "MI201")
    assert [(one["path"], one["fix"] is not None) for one in found] == [("escaped.py", False), ("plain.py", True)]
    program("check", "--select", "MI201", "--fix")
    assert (workspace / "plain.py").read_text() == 'metta.run("!(import! &self lib)")\n'
    assert (workspace / "escaped.py").read_text() == texts["escaped.py"]


def test_comments_in_a_region_suppress(program: Program, workspace: Path) -> None:
    (workspace / "a.py").write_text(
        'metta.run("""\n; metta-index: ignore[MI403] on purpose\n!(let* (($x 1)))\n'
        '; metta-index: ignore[MI105]\n(a)\n""")\nmetta.run("!(let* (($x 1)))")\n'
    )
    assert [(one["code"], one["line"]) for one in findings(program)] == [("MI901", 4), ("MI403", 7)]


def test_regions_are_checked_again_when_what_they_use_changes(program: Program, workspace: Path) -> None:
    (workspace / "lib.metta").write_text(LIBRARY)
    (workspace / "a.py").write_text('metta.run("!(import! &self lib)")\nmetta.run("!(helper 1 2)")\n')
    (workspace / "b.py").write_text('metta.run("!(import! &self gone)")\n')
    first = findings(program)
    assert [(one["path"], one["code"], one["line"]) for one in first] == [("a.py", "MI405", 2), ("b.py", "MI203", 1)]
    (workspace / "lib.metta").write_text(LIBRARY.replace("-> Number Number", "-> Number Number Number"))
    (workspace / "gone.metta").write_text("")
    assert [one["path"] for one in findings(program)] == ["lib.metta"]
    (workspace / "lib.metta").write_text(LIBRARY)
    assert [one["path"] for one in findings(program)] == ["a.py"]


def test_an_unsaved_text_is_checked_with_its_regions(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io
    import sys

    (workspace / "a.py").write_text("metta = 1\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(HOSTS["a.py"].encode())))
    found = findings(program, "-", "--stdin-filename", "a.py")
    assert {one["code"] for one in found} == PLACES.keys()


# -- comments that suppress ---------------------------------------------------------------

BROKEN = "new x in { x!(1 }"
#: A file with a fault that `@` may keep quiet, the fault, and how such a comment looks there.
QUIET = {
    "line.rho": (f"@\n{BROKEN}\n", "MI109", "// {}"),
    "block.rho": (f"{BROKEN} @\n", "MI109", "/* {} */"),
    "before.rho": (f"@ {BROKEN}\n", "MI109", "/* {} */"),
    "above.py": ('@\nmetta.run("""\n(= (hash) $a#b)\n""")\n', "MI105", "# {}"),
    "beside.py": ('metta.run("(= (hash) $a#b)")  @\n', "MI105", "# {}"),
    "noted.py": ('metta.run("(= (hash) $a#b)")  # type: ignore @\n', "MI105", "# {}"),
    "a.rs": ('use hyperon::*; fn main() {\n    @\n    run_program("(= (hash) $a#b)"); }\n', "MI105", "// {}"),
    "b.rs": ('use hyperon::*; fn main() { run_program("(= (hash) $a#b)" @); }\n', "MI105", "/* {} */"),
    "a.md": ("# Hash\n\n@\n\n```metta\n(= (good) 1)\n(= (hash) $a#b)\n```\n", "MI105", "<!-- {} -->"),
    "list.md": ("* Hash\n\n  @\n\n  ```metta\n  (= (hash) $a#b)\n  ```\n", "MI105", "<!-- {} -->"),
}


@pytest.mark.parametrize("name", QUIET)
def test_comments_of_the_host_keep_findings_quiet(program: Program, workspace: Path, name: str) -> None:
    text, code, comment = QUIET[name]
    plain = text.replace("@", "")
    (workspace / name).write_text(plain)
    assert [one["code"] for one in findings(program)] == [code]

    (workspace / name).write_text(text.replace("@", comment.format(f"metta-index: ignore[{code}] as it is")))
    assert findings(program) == []
    sarif = json.loads(program("check", "--format", "sarif").out)
    (result,) = sarif["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "as it is"

    (workspace / name).write_text(text.replace("@", comment.format("metta-index: ignore-file[MI1, MI105, MI109]")))
    assert sorted(one["code"] for one in findings(program)) == ["MI901", "MI902"], "one is not needed, one is no rule"


@pytest.mark.parametrize("name", QUIET)
def test_a_comment_of_the_host_that_is_not_needed_is_reported_and_removed(
    program: Program, workspace: Path, name: str
) -> None:
    text, _code, comment = QUIET[name]
    text = text.replace("$a#b", "$a").replace(BROKEN, "Nil")
    (workspace / name).write_text(text.replace("@", comment.format("metta-index: ignore[MI303]")))
    assert [one["code"] for one in findings(program)] == ["MI901"]
    program("check", "--fix")
    assert findings(program) == []
    left = (workspace / name).read_text()
    assert "metta-index" not in left and "".join(left.split()) == "".join(text.replace("@", "").split())


def test_comments_over_several_lines_and_strings_suppress_nothing(program: Program, workspace: Path) -> None:
    (workspace / "a.rho").write_text(f"/* metta-index:\n ignore[MI109] */\n{BROKEN}\n")
    (workspace / "b.py").write_text('x = "# metta-index: ignore-file[MI105]"\nmetta.run("(= (hash) $a#b)")\n')
    assert [one["code"] for one in findings(program)] == ["MI109", "MI105"]
