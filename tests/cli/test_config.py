"""`config show`: every setting and where it comes from, and what decides for a file; the walk itself is the oracle."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from program import Program

from metta_index.indexer.configuration import Settings, load_settings
from metta_index.indexer.configuration_places import ConfigurationPlaces
from metta_index.indexer.discovery.outside import discover_with_roots
from metta_index.indexer.discovery.reasons import verdict_on

CONFIGURATION = """\
# exclude = ["not this one"]
include = ["**/*.metta", "*.py"]
exclude = [
    "drafts/",
    "*.bak.metta",
]

[dialects]
"petta/**" = "petta"

[severity]
missing-doc = "info"
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a file for each reason to leave one out, apart from the user's git; the current folder."""
    root = tmp_path / "workspace"
    texts = {
        "metta-index.toml": CONFIGURATION,
        ".gitignore": "# made\n/out/\n*.tmp.metta\n!kept.tmp.metta\n",
        "main.metta": "(= (main) 1)\n",
        "big.metta": "(fact one)\n" * 40_000 + "\n; progn\n!(progn 1 2)\n",
        "shown.metta": "(= (f) 1)\n!(import! &self lib/pairs)\n",
        "petta/a.metta": "(a)\n",
        "drafts/deep/old.metta": "(old)\n",
        "lib/x.bak.metta": "(x)\n",
        "lib/y.tmp.metta": "(y)\n",
        "lib/kept.tmp.metta": "(kept)\n",
        "lib/.gitignore": "z.metta\n",
        "lib/z.metta": "(z)\n",
        "lib/app.rho": "Nil\n",
        "out/made.metta": "(made)\n",
        ".hidden.metta": "(hidden)\n",
        ".dot/inside.metta": "(inside)\n",
        "node_modules/theirs.metta": "(theirs)\n",
        "app.py": "x = 1\n",
        "notes.txt": "no MeTTa\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "link.metta").symlink_to("main.metta")
    (root / "linked").symlink_to("lib")
    os.mkfifo(root / "pipe.metta")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name in [name for name in os.environ if name.startswith("METTA_INDEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(root)
    return root


def shown(program: Program, *arguments: str | Path) -> dict[str, Any]:
    ended = program("config", "show", "--format", "json", *arguments)
    assert (ended.code, ended.err) == (0, ""), ended
    (found,) = ended.objects()
    assert found["schema"] == 1
    return found  # type: ignore[no-any-return]


def origins(found: dict[str, Any]) -> dict[str, tuple[Any, dict[str, Any]]]:
    return {one["name"]: (one["value"], one["origin"]) for one in found["settings"]}


def written(line: int) -> dict[str, Any]:
    return {"kind": "file", "name": "metta-index.toml", "line": line, "table": None}


def test_every_setting_is_shown_with_its_origin(program: Program, workspace: Path) -> None:
    found = shown(program)
    settings = origins(found)
    fields = [name.replace("_", "-") for name in Settings._fields if name not in ("source", "prefix")]
    assert set(fields) < set(settings)
    assert found["configuration"] == str(workspace / "metta-index.toml")
    assert settings["root"] == (str(workspace), {"kind": "found", "name": "it holds metta-index.toml"})
    assert settings["include"] == (["**/*.metta", "*.py"], written(2))
    assert settings["exclude"] == (["drafts/", "*.bak.metta"], written(3))
    assert settings["dialects"] == ({"petta/**": "petta"}, written(8))
    assert settings["severity"] == ({"missing-doc": "info"}, written(11))
    assert settings["dialect"] == ("auto", {"kind": "default"})
    assert settings["alias"] == (["workspace"], {"kind": "found", "name": "its folder"})
    assert settings["max-cache-bytes"] == (1 << 30, {"kind": "default"})
    assert not (workspace / ".metta-index").exists()


def test_environment_and_flags_win_as_they_do_in_a_build(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METTA_INDEX_JOBS", "3")
    monkeypatch.setenv("METTA_INDEX_BACKEND", "loky")
    monkeypatch.setenv("METTA_INDEX_CACHE_DIR", "/elsewhere")
    settings = origins(shown(program, "--backend", "sequential", "--root", workspace))
    assert settings["jobs"] == ("3", {"kind": "environment", "name": "METTA_INDEX_JOBS"})
    assert settings["backend"] == ("sequential", {"kind": "flag", "name": "--backend"})
    assert settings["cache-dir"] == ("/elsewhere", {"kind": "environment", "name": "METTA_INDEX_CACHE_DIR"})
    assert settings["root"][1] == {"kind": "flag", "name": "--root"}
    settings = origins(shown(program, "--cache-dir", "here"))
    assert settings["cache-dir"] == ("here", {"kind": "flag", "name": "--cache-dir"})


def test_a_scheduler_is_shown_where_it_is_asked_for(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert origins(shown(program))["scheduler"] == (None, {"kind": "default"})
    monkeypatch.setenv("METTA_INDEX_SCHEDULER", "tcp://a:8786")
    assert origins(shown(program))["scheduler"] == (
        "tcp://a:8786",
        {"kind": "environment", "name": "METTA_INDEX_SCHEDULER"},
    )


@pytest.mark.parametrize("key", ["scheduler", "backend"])
def test_a_checkout_cannot_name_a_scheduler(program: Program, workspace: Path, key: str) -> None:
    """Who is named there could run programs here."""
    (workspace / "metta-index.toml").write_text(f'{key} = "tcp://a:8786"\n')
    assert f"unknown key `{key}`" in program.usage_error("build")


def test_text_names_the_table_of_a_shared_file(program: Program, workspace: Path) -> None:
    (workspace / "metta-index.toml").unlink()
    text = '[tool.other]\nexclude = []\n[tool.metta-index]\nselect = ["MI1"]\nexclude = []\n'
    (workspace / "pyproject.toml").write_text(text)
    lines = program("config", "show").out.splitlines()
    assert 'select                 ["MI1"]  (pyproject.toml:4 [tool.metta-index])' in lines
    assert "exclude                []  (pyproject.toml:5 [tool.metta-index])" in lines
    assert "ignore                 []  (default)" in lines


def test_what_a_build_refuses_is_refused(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--backend threads: give auto" in program.usage_error("config", "show", "--backend", "threads")
    monkeypatch.setenv("METTA_INDEX_JOBS", "none")
    assert "METTA_INDEX_JOBS=none" in program.usage_error("config", "show")
    monkeypatch.delenv("METTA_INDEX_JOBS")
    assert "does not exist" in program.usage_error("config", "show", "lost.metta")
    assert "is a folder" in program.usage_error("config", "show", "lib")
    (workspace.parent / "other.metta").touch()
    assert "is outside the workspace" in program.usage_error("config", "show", "--root", workspace, "../other.metta")
    (workspace / "metta-index.toml").write_text("excluded = []\n")
    assert "did you mean `exclude`" in program.usage_error("config", "show")


VERDICTS = {
    "main.metta": "main.metta is indexed",
    "drafts/deep/old.metta": "drafts/ is excluded (metta-index.toml:4)",
    "lib/x.bak.metta": "it is excluded (metta-index.toml:5)",
    "lib/app.rho": "it matches no pattern of `include` (metta-index.toml:2)",
    "out/made.metta": "out/ is ignored by git, by `/out/` (.gitignore:2)",
    "lib/y.tmp.metta": "it is ignored by git, by `*.tmp.metta` (.gitignore:3)",
    "lib/kept.tmp.metta": "lib/kept.tmp.metta is indexed",
    "lib/z.metta": "it is ignored by git, by `z.metta` (lib/.gitignore:1)",
    ".hidden.metta": "it is a hidden file",
    ".dot/inside.metta": ".dot/ is a hidden folder",
    "node_modules/theirs.metta": "node_modules/ is left out: folder of other people's code",
    "link.metta": "it is a symbolic link",
    "pipe.metta": "it is left out: named pipe, not a regular file",
    "notes.txt": "it ends in none of .metta, ",
}


@pytest.mark.parametrize("path", VERDICTS)
def test_a_file_is_indexed_or_it_is_said_why_not(program: Program, workspace: Path, path: str) -> None:
    first = program("config", "show", path).out.splitlines()[0]
    if VERDICTS[path].endswith("is indexed"):
        assert first == VERDICTS[path]
    else:
        assert first.startswith(f"{path} is not indexed: {VERDICTS[path]}")


def test_the_verdict_is_that_of_the_walk(workspace: Path) -> None:
    settings = load_settings(workspace)
    files = discover_with_roots(workspace, settings, b"")[0].files
    every = [path.relative_to(workspace).as_posix() for path in workspace.rglob("*") if not path.is_dir()]
    assert len(every) > len(files) > 3
    for path in every:
        verdict = verdict_on(workspace, path, settings)
        assert verdict.is_taken == (path in files), path
        assert verdict.is_taken or verdict.reason


def test_a_path_through_a_linked_folder_is_the_file_it_leads_to(program: Program, workspace: Path) -> None:
    assert shown(program, "linked/kept.tmp.metta")["file"]["path"] == "lib/kept.tmp.metta"


def test_an_import_root_outside_is_judged_by_its_own_patterns(program: Program, workspace: Path) -> None:
    common = workspace.parent / "common"
    common.mkdir()
    (common / ".gitignore").write_text("\nold.*\n")
    (common / "old.metta").write_text("(old)\n")
    (common / "new.metta").write_text("(new)\n")
    (workspace / "metta-index.toml").write_text('roots = ["../common"]\n')
    assert program("config", "show", "--root", ".", "../common/new.metta").out.startswith(
        "../common/new.metta is indexed"
    )
    found = shown(program, "--root", ".", "../common/old.metta")["file"]
    assert found["pattern"] == {"file": ".gitignore", "line": 2, "pattern": "old.*"}


def test_the_excludes_of_a_user_are_named_by_their_file(program: Program, workspace: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    (workspace.parent / ".config" / "git").mkdir(parents=True)
    ignore = workspace.parent / ".config" / "git" / "ignore"
    ignore.write_text("main.*\n")
    assert f"by `main.*` ({ignore}:1)" in program("config", "show", "main.metta").out


DIALECTS = {
    "main.metta": ("hyperon", "its text shows no other, and that is the default"),
    "shown.metta": ("petta", "its text shows it: `import!` in line 2"),
    "big.metta": ("petta", "its text shows it: `progn` in line 40003"),
    "petta/a.metta": ("petta", "it matches `petta/**` of `dialects` (metta-index.toml:9)"),
    "app.py": ("python", "that language has one; the MeTTa inside it has its own"),
}


@pytest.mark.parametrize("path", DIALECTS)
def test_a_dialect_is_said_to_be_shown_or_configured(program: Program, workspace: Path, path: str) -> None:
    found = shown(program, path)["file"]
    assert (found["dialect"]["value"], found["dialect"]["why"]) == DIALECTS[path]
    if path.endswith(".metta"):
        document = next(one for one in map(_object, program.export(workspace).splitlines()) if one.get("path") == path)
        assert document["dialect"] == DIALECTS[path][0]


def _object(line: str) -> dict[str, Any]:
    import json

    return json.loads(line)  # type: ignore[no-any-return]


def test_a_dialect_for_all_files_is_said_to_be(program: Program, workspace: Path) -> None:
    (workspace / "metta-index.toml").write_text('suffixes = [".metta", ".txt"]\ndialect = "mm2"\n')
    assert program("config", "show", "notes.txt").out.splitlines() == [
        "notes.txt is indexed",
        "language: metta, since it ends in .txt, one of `suffixes` (metta-index.toml:1)",
        "dialect: mm2, since `dialect` says so (metta-index.toml:2)",
    ]


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('a = "exclude"\nexclude = []\n', ("exclude",), 2),
        ("x = '''\nexclude = 1\n'''\nexclude = []\n", ("exclude",), 4),
        ('"exclude" = [ # exclude\n "a",\n "a" ]\n', ("exclude", 1), 3),
        ("dialects.a = 1\ndialects.b = 2\n", ("dialects", "b"), 2),
        ("dialects.a = 1\ndialects.b = 2\n", ("dialects",), None),
        ('exclude = ["\\u0061"]\n', ("exclude", 0), None),
        ('\ufeff\r\nexclude = ["é"]\r\n', ("exclude", 0), 2),
    ],
)
def test_lines_are_found_by_what_toml_makes_of_a_change(
    tmp_path: Path, text: str, path: tuple[str | int, ...], line: int | None
) -> None:
    file = tmp_path / "metta-index.toml"
    file.write_bytes(text.encode())
    assert ConfigurationPlaces(file).line(*path) == line
