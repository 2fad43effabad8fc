"""`metta-index check`, `rules` and `explain`: what is reported, where, and how it ends."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from program import Ended, Program, run

from metta_index.cli.check_reports import FORMATS
from metta_index.indexer.checking.baseline import decode_baseline

LIB = "(: add (-> Number Number Number))\n(= (add $x $y) (+ $x $y))\n"
MAIN = """(import! &self lib)
!(add 1)
(= (double $x) (* $x 2))
(= (double $y) (* $y 2))
(= (area $width $height) (* $width $heigth))
"""
CODES = ["MI201", "MI303", "MI411"]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two files, one with three faults that can be fixed; the current folder."""
    root = tmp_path / "workspace"
    write(root, {"lib.metta": LIB, "main.metta": MAIN, "metta-index.toml": ""})
    monkeypatch.chdir(root)
    return root


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())


def found(ended: Ended) -> list[str]:
    """The codes that a report in JSON has, in order."""
    return [finding["code"] for finding in json.loads(ended.out)["findings"]]


def git(root: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *settings, *arguments], cwd=root, check=True, capture_output=True)


# -- verdicts -----------------------------------------------------------------------


def test_findings_end_with_1(program: Program, workspace: Path) -> None:
    ended = program("check")
    assert (ended.code, ended.err) == (1, "")
    assert "1:1  warning MI201 missing-bang:" in ended.out
    assert ended.out.endswith(
        "3 warnings in 1 of 2 files\n3 can be fixed: `metta-index check --fix`, or `--diff` to see how\n"
    )


def test_nothing_found_ends_with_0(program: Program, workspace: Path) -> None:
    (workspace / "main.metta").unlink()
    assert program("check") == (0, "nothing found in 1 file\n", "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--fail-on", "error"), 0),
        (("--fail-on", "warning"), 1),
        (("--fail-on", "info"), 1),
        (("--exit-zero",), 0),
        (("lib.metta",), 0),
        (("main.metta",), 1),
        (("--select", "MI405"), 0),
        (("--ignore", "MI2,duplicate-rule,MI411"), 0),
        (("--ignore", "MI2", "--ignore", "MI3"), 1),
    ],
)
def test_what_the_verdict_is_about(program: Program, workspace: Path, arguments: tuple[str, ...], code: int) -> None:
    assert program("check", *arguments).code == code


def test_a_file_that_cannot_be_read_makes_the_check_incomplete(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any) -> None:
        raise OSError(5, "Input/output error") if arguments[1] == "lib.metta" else NotImplementedError

    monkeypatch.setattr("metta_index.indexer.building.build.read_document", refuse)
    (workspace / "main.metta").unlink()
    ended = program("check", "--exit-zero")
    assert ended.code == 2
    assert "not checked lib.metta: cannot be read: Input/output error" in ended.out
    assert ended.err.splitlines()[-1] == "error: the check is not complete"


def test_a_folder_without_metta(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    ended = program("check", "--root", ".")
    assert (ended.code, ended.out) == (0, "nothing found in no files\n")
    assert ended.err.startswith("no MeTTa file was found in ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--select", "MI9999"), "no rule is called `MI9999`; "),
        (("--ignore", "missing-bank"), "did you mean `missing-bang`?"),
        (("--fail-on", "worse"), "--fail-on worse: give error or warning or info"),
        (("--format", "xml"), "--format xml: give one of text, json,"),
        (("--output-file", "sarif"), "--output-file sarif: give a format and a file"),
        (("--output", "a", "--output-file", "json=./a"), "two reports are to go to the same file"),
        (("--baseline", "none.json"), "none.json does not exist; make it with --update-baseline"),
        (("--baseline", "lib.metta"), "lib.metta: it is not a baseline"),
        (("--update-baseline",), "--update-baseline needs the file"),
        (("missing.metta",), "missing.metta does not exist"),
        (("lib.metta", "/"), "/ is outside the workspace"),
        (("-",), "with --stdin-filename NAME"),
        (("-", "--stdin-filename", "a.metta", "--fix"), "need files, not stdin"),
        (("--changed", "HEAD"), "--changed"),
    ],
)
def test_usage_errors(program: Program, workspace: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in program.usage_error("check", *arguments)


def test_a_reader_that_goes_away(workspace: Path) -> None:
    write(workspace, {f"{number}.metta": MAIN for number in range(200)})
    command = f"'{sys.executable}' -m metta_index.cli check | head -n 1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=workspace, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_checkout_gives_the_same_verdict(program: Program, workspace: Path) -> None:
    expected = program("check")
    workspace.chmod(0o500)
    ended = program("check")
    workspace.chmod(0o700)
    assert (ended.code, ended.out) == (expected.code, expected.out)


# -- what is configured ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "codes"),
    [
        ('select = ["MI2"]', ["MI201"]),
        ('ignore = ["MI2", "misspelt-variable"]', ["MI303"]),
        ('[per-file-ignores]\n"main.*" = ["MI3"]', ["MI201", "MI411"]),
        ('[per-file-ignores]\n"lib/**" = ["ALL"]', CODES),
        ('[severity]\nMI3 = "off"', ["MI201", "MI411"]),
        ('select = ["MI201"]\n[severity]\nmissing-doc = "info"', ["MI201", "MI703", "MI703", "MI703"]),
    ],
)
def test_configured_rules(program: Program, workspace: Path, configuration: str, codes: list[str]) -> None:
    write(workspace, {"metta-index.toml": configuration})
    assert sorted(found(program("check", "--format", "json"))) == sorted(codes)


def test_a_configured_severity_decides_the_verdict(program: Program, workspace: Path) -> None:
    write(workspace, {"metta-index.toml": '[severity]\nALL = "info"'})
    ended = program("check")
    assert ended.code == 0
    assert ended.out.count("  info MI") >= 3


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ('select = ["MI2", "nothing"]', "no rule is called `nothing`"),
        ('[per-file-ignores]\n"a" = ["nothing"]', "no rule is called `nothing`"),
        ('[severity]\nMI201 = "fatal"', "`severity.MI201` must be one of error, warning, info, off"),
        ('sellect = ["MI2"]', "unknown key `sellect`; did you mean `select`?"),
        ("known-names = 5", "`known-names` must be a list of strings"),
    ],
)
def test_configurations_that_are_wrong(program: Program, workspace: Path, configuration: str, message: str) -> None:
    write(workspace, {"metta-index.toml": configuration})
    assert message in program.usage_error("check")


def test_known_names(program: Program, workspace: Path) -> None:
    write(workspace, {"main.metta": "(= (f $x) (+ 1 (host-function $x)))\n"})
    assert found(program("check", "--format", "json")) == ["MI408"]
    write(workspace, {"metta-index.toml": 'known-names = ["host-function"]'})
    assert found(program("check", "--format", "json")) == []


def test_comments_suppress(program: Program, workspace: Path) -> None:
    text = (
        MAIN.replace("(import!", "; metta-index: ignore[MI201] on purpose\n(import!")
        + "(a) ; metta-index: ignore[MI101]\n"
    )
    write(workspace, {"main.metta": text})
    ended = program("check")
    assert "MI201" not in ended.out and "suppressed: 1" in ended.out
    assert "MI901 unused-suppression" in ended.out


# -- reports ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_every_finding(program: Program, workspace: Path, name: str) -> None:
    ended = program("check", "--format", name)
    assert (ended.code, ended.err) == (1, "")
    assert all(ended.out.count(code) for code in CODES)


def test_several_reports_at_once(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = workspace.parent / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    arguments = ("--output-file", "sarif=out.sarif", "--output-file", "github=-", "--output", "check.txt")
    ended = program("check", *arguments)
    assert ended.out.count("::warning file=main.metta") == 3
    assert (workspace / "check.txt").read_text().startswith("main.metta\n")
    assert len(json.loads((workspace / "out.sarif").read_bytes())["runs"][0]["results"]) == 3
    assert "MI201" in summary.read_text()


def test_statistics(program: Program, workspace: Path) -> None:
    out = program("check", "--statistics").out
    assert "1  MI201  missing-bang  An import, a binding or another command" in out


def test_a_warm_check_says_the_same(program: Program, workspace: Path) -> None:
    first = program("check", "--format", "json")
    assert program("check", "--format", "json") == first
    assert program("check", "--format", "json", "--no-cache") == first


def test_a_warm_check_imports_no_rules_and_no_parser(workspace: Path) -> None:
    assert run("check", cwd=workspace).returncode == 1
    program = (
        "import sys; sys.argv[1:] = ['check', '--output', 'out.txt'];"
        "from metta_index.cli.__main__ import _run; code = _run(sys.argv[1:]);"
        "print(code, *(name for name in sys.modules if name.startswith(('metta_index.indexer.rules.mi', 'tree_sitter',"
        " 'joblib', 'diskcache', 'metta_index.indexer.rules.code', 'rich'))))"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=workspace, capture_output=True, text=True, check=True)
    assert ended.stdout == "1\n"
    assert "MI201" in (workspace / "out.txt").read_text()


# -- fixes -----------------------------------------------------------------------------


def test_fixes_are_shown_and_applied(program: Program, workspace: Path) -> None:
    (workspace / "main.metta").chmod(0o640)
    shown = program("check", "--diff")
    assert "-(import! &self lib)\n+!(import! &self lib)\n" in shown.out
    assert (workspace / "main.metta").read_text() == MAIN
    ended = program("check", "--fix")
    assert (ended.code, ended.err) == (1, "3 fixes applied\n")
    assert [line.split()[2] for line in ended.out.splitlines() if "  error " in line] == ["MI405"]
    fixed = (workspace / "main.metta").read_text()
    assert fixed == MAIN.replace("(import!", "!(import!").replace("(= (double $y) (* $y 2))\n", "").replace(
        "gth", "ght"
    )
    assert (workspace / "main.metta").stat().st_mode & 0o777 == 0o640
    assert program("check", "--diff").out == ""


def test_the_diff_is_what_patch_takes(program: Program, workspace: Path) -> None:
    write(workspace, {"main.metta": MAIN.replace("\n", "\r\n") + "(import! &self lib)"})
    shown = program("check", "--diff").out
    patched = subprocess.run(
        ["git", "apply", "-"], cwd=workspace, input=shown.replace("\\r", "\r").encode(), capture_output=True
    )
    assert patched.returncode == 0, patched.stderr
    by_patch = (workspace / "main.metta").read_bytes()
    write(workspace, {"main.metta": MAIN.replace("\n", "\r\n") + "(import! &self lib)"})
    program("check", "--fix", "--select", "MI201,MI303,MI411")
    assert (workspace / "main.metta").read_bytes() == by_patch


def test_only_what_is_selected_is_fixed(program: Program, workspace: Path) -> None:
    program("check", "--fix", "--select", "MI201")
    assert (workspace / "main.metta").read_text() == "!" + MAIN


def test_a_file_that_cannot_be_written_is_named(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("metta_index.cli.check_fixes.os.replace", refuse)
    ended = program("check", "--fix")
    assert ended.err == "warning: main.metta is not fixed: Permission denied\n"
    assert sorted(path.name for path in workspace.glob("*.metta")) == ["lib.metta", "main.metta"]
    assert (workspace / "main.metta").read_text() == MAIN


# -- baseline --------------------------------------------------------------------------


def test_a_baseline_accepts_what_is_there(program: Program, workspace: Path) -> None:
    ended = program("check", "--baseline", "known.json", "--update-baseline")
    assert (ended.code, ended.err) == (0, "known.json has 3 findings now\n")
    write(workspace, {"main.metta": "; moved\n\n" + MAIN + "(= (double $z) (* $z 2))\n"})
    ended = program("check", "--baseline", "known.json")
    assert ended.code == 1
    assert ended.out.count("warning MI303") == 1 and "suppressed: 3 by the baseline" in ended.out


def test_stale_entries_are_reported_and_pruned(program: Program, workspace: Path) -> None:
    program("check", "--baseline", "known.json", "--update-baseline")
    program("check", "--fix", "--select", "MI201,MI303")
    ended = program("check", "--baseline", "known.json", "lib.metta")
    assert (ended.code, ended.err) == (0, "")
    ended = program("check", "--baseline", "known.json", "--ignore", "MI405")
    assert ended.err.startswith(
        "notice: 2 entries of known.json are no longer found; prune them with --update-baseline\n"
    )
    program("check", "--baseline", "known.json", "--update-baseline", "--ignore", "MI405")
    assert [key.rule for key in decode_baseline((workspace / "known.json").read_bytes()).entries] == ["MI411"]


# -- changes ----------------------------------------------------------------------------


@pytest.fixture
def repository(workspace: Path) -> Path:
    """The workspace, sound and committed, with a user of the library that has a fault of its own."""
    write(
        workspace,
        {
            "main.metta": "!(import! &self lib)\n!(add 1 2)\n",
            "other.metta": "(= (f) 1)\n(= (f) 1)\n",
            ".gitignore": ".metta-index/\n",
        },
    )
    git(workspace, "init", "-q")
    git(workspace, "add", "-A")
    git(workspace, "commit", "-qm", "first")
    return workspace


def test_nothing_changed(program: Program, repository: Path) -> None:
    assert program("check", "--changed").code == 0
    assert found(program("check", "--format", "json")) == ["MI303"]


def test_breaking_a_callee_shows_at_its_callers(program: Program, repository: Path) -> None:
    write(repository, {"lib.metta": LIB.replace("(-> Number", "(-> Number Number").replace("$x $y)", "$x $y $z)", 1)})
    report = json.loads(program("check", "--changed", "--format", "json").out)
    assert [(finding["path"], finding["code"]) for finding in report["findings"]] == [("main.metta", "MI405")]
    git(repository, "commit", "-qam", "second")
    assert program("check", "--changed").code == 0
    assert program("check", "--changed", "HEAD~1").code == 1
    assert program("check", "--changed=HEAD~1", "--select", "MI405").code == 1
    assert program("check", "--changed", "main.metta").code == 0


def test_deleting_a_module_shows_at_its_importers(program: Program, repository: Path) -> None:
    (repository / "lib.metta").unlink()
    report = json.loads(program("check", "--changed", "--format", "json").out)
    assert [(finding["path"], finding["code"]) for finding in report["findings"]] == [("main.metta", "MI203")]


def test_a_last_mention_that_goes_shows_at_the_definition(program: Program, repository: Path) -> None:
    write(repository, {"program.metta": "(= (lonely) 1)\n!(+ 1 2)\n", "user.metta": "(= (g) (lonely))\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "second")
    arguments = ("check", "--select", "MI310", "--changed", "--format", "json")
    assert found(program(*arguments)) == []
    write(repository, {"user.metta": "(= (g) 1)\n"})
    assert found(program(*arguments)) == ["MI310"]
    write(repository, {"metta-index.toml": 'entry-points = ["lonely"]\n'})
    assert found(program(*arguments)) == []


def test_new_files_count_as_changed(program: Program, repository: Path) -> None:
    write(repository, {"new.metta": "(= (g) 1)\n(= (g) 1)\n"})
    assert found(program("check", "--changed", "--format", "json")) == ["MI303"]


def test_a_commit_that_is_not_there(program: Program, repository: Path) -> None:
    message = program.usage_error("check", "--changed", "no-such-branch")
    assert (
        message
        == "error: --changed no-such-branch: there is no such commit here; fetch it first (`git fetch origin`)\n"
    )


# -- stdin -------------------------------------------------------------------------------


def stdin(workspace: Path, text: str, name: str) -> subprocess.CompletedProcess[bytes]:
    return run("check", "-", "--stdin-filename", name, "--format", "json", cwd=workspace, stdin=text.encode())


def test_a_text_is_checked_in_the_place_of_its_file(workspace: Path) -> None:
    ended = stdin(workspace, "!(add 1)\n!(import! &self lib)\n", "main.metta")
    assert [finding["code"] for finding in json.loads(ended.stdout)["findings"]] == ["MI405", "MI209"]
    assert ended.returncode == 1
    ended = stdin(workspace, "!(import! &self lib)\n!(add 1 2)\n", "new/file.metta")
    assert (ended.returncode, json.loads(ended.stdout)["findings"]) == (0, [])


def test_a_text_from_stdin_leaves_no_trace(program: Program, workspace: Path) -> None:
    before = program("check").out, program("export", "jsonl").out
    stdin(workspace, "(= (add $x) $x)\n(= (new) 1)\n", "lib.metta")
    assert (program("check").out, program("export", "jsonl").out) == before


# -- rules -------------------------------------------------------------------------------


def test_rules_are_listed(program: Program, workspace: Path) -> None:
    lines = program("rules").out.splitlines()
    assert lines[0].split()[:3] == ["MI101", "unclosed-parenthesis", "error"]
    rows = program("rules", "--format", "json").objects()
    assert [row["code"] for row in rows] == [line.split()[0] for line in lines]


def test_every_rule_is_explained(program: Program, workspace: Path) -> None:
    for row in program("rules", "--format", "json").objects():
        ended = program("explain", row["code"])
        assert ended.code == 0
        assert ended.out.startswith(f"{row['code']} {row['name']} (") and row["summary"] in ended.out
        assert program("explain", row["name"]) == ended


def test_what_cannot_be_explained(program: Program, workspace: Path) -> None:
    assert "no rule is called `MI999`" in program.usage_error("explain", "MI999")
    assert "MI2 means several rules: MI201, " in program.usage_error("explain", "MI2")


# -- damage --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE finding SET count = 0",
        "UPDATE finding SET data = zeroblob(40)",
        "UPDATE finding SET data = (SELECT data FROM finding ORDER BY length(data) LIMIT 1)",
        "DELETE FROM finding WHERE count",
        "DELETE FROM finding",
        "UPDATE finding SET document = document + 100",
        "UPDATE meta SET value = 'x' WHERE key = 'finding_totals'",
        "UPDATE meta SET value = 'x' WHERE key = 'findings'",
    ],
)
def test_findings_that_are_damaged_are_never_taken(program: Program, workspace: Path, statement: str) -> None:
    expected = program("check")
    with closing(sqlite3.connect(workspace / ".metta-index" / "index.db", isolation_level=None)) as connection:
        connection.execute(statement)
    ended = program("check")
    assert (ended.code, ended.out) == (expected.code, expected.out)
    assert program("check") == expected
