"""Import roots outside the workspace: what is indexed of them, under which paths, and what it costs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from program import Program

from metta_index.indexer.configuration import Settings, load_settings
from metta_index.indexer.discovery.outside import discover_with_roots


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace beside a folder that it has for an import root, and one that it has not."""
    write(
        tmp_path / "all",
        {
            "project/main.metta": "!(import! &self tools)\n!(import! &self tools:more)\n",
            "project/metta-index.toml": 'roots = ["../common"]\n',
            "common/tools.metta": "(= (tool) 1)\n",
            "common/more.metta": "!(import! &self tools)\n",
            "common/.hidden.metta": "",
            "common/node_modules/x.metta": "",
            "unrelated/tools.metta": "",
        },
    )
    return tmp_path / "all" / "project"


def found_in(root: Path) -> list[str]:
    return list(discover_with_roots(root, load_settings(root), b"")[0].files)


def test_files_of_roots_are_those_of_the_workspace(workspace: Path) -> None:
    assert found_in(workspace) == ["../common/more.metta", "../common/tools.metta", "main.metta"]


def test_patterns_of_git_and_exclude_hold_in_roots_but_include_does_not(workspace: Path) -> None:
    write(workspace, {"metta-index.toml": 'roots = ["../common"]\nexclude = ["more.metta"]\ninclude = ["src/**"]\n'})
    assert found_in(workspace) == ["../common/tools.metta"]
    (workspace.parent / "common" / ".git" / "objects").mkdir(parents=True)
    write(workspace.parent / "common", {".git/HEAD": "ref: refs/heads/main\n", ".gitignore": "tools.*\n"})
    assert found_in(workspace) == []


def test_a_root_that_holds_the_workspace_is_taken_without_it(workspace: Path) -> None:
    write(workspace, {"metta-index.toml": 'roots = [".."]\n'})
    assert found_in(workspace) == [
        "../common/more.metta",
        "../common/tools.metta",
        "../unrelated/tools.metta",
        "main.metta",
    ]


def test_each_file_is_taken_once_whatever_roots_hold_each_other(workspace: Path) -> None:
    write(workspace.parent.parent, {"far.metta": ""})
    write(workspace, {"metta-index.toml": 'roots = ["../..", "../common"]\n'})
    assert found_in(workspace) == [
        "../../all/unrelated/tools.metta",
        "../../far.metta",
        "../common/more.metta",
        "../common/tools.metta",
        "main.metta",
    ]


def test_roots_within_others_are_walked_once(workspace: Path) -> None:
    write(workspace, {"metta-index.toml": f'roots = ["../common", "..", "{workspace}", "../common/", "."]\n'})
    settings = load_settings(workspace)
    assert settings.outside_roots() == ("..",)
    assert settings.workspace_roots() == ("../common", "..", ".", "../common", ".")


@pytest.mark.parametrize(
    ("prefix", "root", "seen"),
    [
        ("", "lib", "lib"),
        ("", "./lib/", "lib"),
        ("", "../x", "../x"),
        ("a/b/", "lib", "../../lib"),
        ("a/b/", "a/lib", "../lib"),
        ("a/b/", "a/b/lib", "lib"),
        ("a/b/", "a", ".."),
        ("a/b/", "../x", "../../../x"),
        ("", "/top/lib", "lib"),
        ("a/", "/top/lib", "../lib"),
        ("", "/topmost", "/topmost"),
        ("", "/opt/x/../y", "/opt/y"),
    ],
)
def test_roots_are_seen_from_the_workspace_wherever_the_program_runs(
    prefix: str, root: str, seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    settings = Settings(roots=(root,), source=Path("/top/metta-index.toml"), prefix=prefix)
    assert settings.workspace_roots() == (seen,)
    assert settings.outside_roots() == ((seen,) if seen.startswith(("..", "/")) else ())


def test_patterns_see_files_of_roots_from_the_folder_of_the_configuration(workspace: Path) -> None:
    (workspace / "metta-index.toml").unlink()
    write(workspace.parent, {"metta-index.toml": 'roots = ["common"]\n[dialects]\n"common/**" = "petta"\n'})
    settings = load_settings(workspace)
    assert settings.dialect_of("../common/tools.metta") == "petta"
    assert settings.dialect_of("main.metta") is None
    write(workspace.parent, {"metta-index.toml": 'roots = ["common"]\nexclude = ["/common/more.metta"]\n'})
    assert found_in(workspace) == ["../common/tools.metta", "main.metta"]


def test_a_root_that_is_not_there_is_a_failure_that_says_so(program: Program, workspace: Path) -> None:
    write(workspace, {"metta-index.toml": 'roots = ["../missing"]\n'})
    ended = program("build", "--quiet", workspace)
    assert ended.code == 1
    assert ended.err == (
        "error: ../missing: this folder, one of the configured `roots`, cannot be listed: No such file or directory\n"
    )


def imports_of(program: Program, root: Path) -> list[tuple[str, str, str, str]]:
    objects = map(json.loads, program.export(root).splitlines())
    return [(one["path"], one["target"], one["status"], one["way"]) for one in objects if one["type"] == "import"]


def test_imports_lead_into_roots_and_nothing_of_the_machine_is_exported(program: Program, workspace: Path) -> None:
    assert imports_of(program, workspace) == [
        ("../common/more.metta", "../common/tools.metta", "resolved", "exact"),
        ("main.metta", "../common/tools.metta", "resolved", "root"),
        ("main.metta", "../common/more.metta", "resolved", "root"),
    ]
    export = program.export(workspace)
    assert str(workspace.parent) not in export and "project" not in export
    assert '"name":"tool"' in export


def test_an_absolute_root_is_named_as_it_is_written(program: Program, workspace: Path) -> None:
    common = workspace.parent / "common"
    write(workspace, {"metta-index.toml": f'roots = ["{common}"]\n'})
    assert ("main.metta", f"{common}/tools.metta", "resolved", "root") in imports_of(program, workspace)


def test_a_change_in_a_root_is_seen_and_costs_what_it_changes(program: Program, workspace: Path) -> None:
    def work() -> dict[str, int]:
        (report,) = program("build", workspace, "--format", "json").objects()
        return {name: report["work"][name] for name in ("scanned", "parsed", "linked")}

    assert work() == {"scanned": 3, "parsed": 3, "linked": 3}
    assert work() == {"scanned": 3, "parsed": 0, "linked": 0}
    write(workspace.parent, {"common/tools.metta": "(= (tool) 2)\n"})
    assert work() == {"scanned": 3, "parsed": 1, "linked": 0}
    (workspace.parent / "common" / "more.metta").unlink()
    assert work() == {"scanned": 2, "parsed": 0, "linked": 1}
    assert imports_of(program, workspace)[1][2:] == ("unresolved", None)


def test_what_was_decided_in_roots_is_remembered(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(workspace, {"metta-index.toml": 'roots = ["../common", "../unrelated"]\nexclude = ["more.metta"]\n'})
    settings = load_settings(workspace)
    found, known = discover_with_roots(workspace, settings, b"")
    monkeypatch.setattr("metta_index.indexer.discovery.walk._patterns", lambda lines: pytest.fail("patterns were read"))
    again, known_again = discover_with_roots(workspace, settings, known)
    assert (again.files, known_again) == (found.files, known)
    for damaged in (b"", b"[1,2,3]\nabc", known[:-1], b"x"):
        monkeypatch.undo()
        assert discover_with_roots(workspace, settings, damaged)[0].files == found.files
