"""Every command, as people and scripts use it: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from program import COMMAND, Program, environment, run

from metta_index.cli import output as output_module
from metta_index.indexer.building import build as build_module

ROOT = Path(__file__).parents[2]
COMMANDS = [
    ("build",),
    ("deps",),
    ("callers",),
    ("callees",),
    ("unused",),
    ("rename",),
    ("outline",),
    ("tree",),
    ("export",),
    ("stats",),
    ("config", "show"),
    ("cache", "info"),
    ("cache", "verify"),
    ("cache", "gc"),
    ("cache", "clear"),
]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three sound files and one with an error, two files that are skipped; the current folder."""
    root = tmp_path / "workspace"
    texts = {
        "main.metta": "!(import! &self lib:pairs)\n(= (main) (swap (Pair 1 2)))\n",
        "lib/pairs.metta": '(@doc swap (@desc "größer"))\n(: swap (-> Pair Pair))\n(= (swap (Pair $a $b)) (P $b $a))\n',
        "lib/λ.metta": "(= (λ $x) $x)\n",
        "broken.metta": "(= (sound) 1)\n(= (open (\n",
        "out/made.metta": "(made)\n",
        ".hidden.metta": "(hidden)\n",
        "notes.txt": "no MeTTa\n",
        "metta-index.toml": 'exclude = ["out/"]\n',
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


# -- build -------------------------------------------------------------------------


def test_build_says_how_it_went(program: Program, workspace: Path) -> None:
    ended = program("build")
    assert (ended.code, ended.err) == (0, "")
    first, second, third, fourth = ended.out.splitlines()
    assert first.startswith("4 files in ") and first.endswith(": 4 indexed")
    assert second.startswith("5 definitions, 1 declarations, ")
    assert third.startswith("1 syntax error; ")
    assert fourth.startswith("1 files were skipped; ")
    assert "4 unchanged" in program("build").out


def test_build_json_has_what_is_documented(program: Program, workspace: Path) -> None:
    ended = program("build", "--format", "json")
    assert (ended.code, ended.err, ended.out.count("\n")) == (0, "", 1)
    (found,) = ended.objects()
    assert found["schema"] == 1
    assert found["root"] == str(workspace)
    assert found["files"] == {"total": 4, "indexed": 4, "cached": 0, "unchanged": 0, "removed": 0, "failed": 0}
    assert found["bytes"] == sum(path.stat().st_size for path in workspace.glob("**/[a-zλ]*.metta")) - len("(made)\n")
    assert set(found["symbols"]) == {"definitions", "declarations", "references"}
    assert found["syntax_errors"] == 1
    assert found["plan"]["backend"] == "sequential" and found["plan"]["workers"] == 1 and found["plan"]["reason"]
    assert found["plan"]["estimated_ms"] > 0 and found["plan"]["actual_ms"] > 0
    assert found["cache"] == {"hits": 0, "misses": 4, "hit_rate": 0.0}
    assert found["work"] == {"scanned": 4, "read": 4, "hashed": 4, "parsed": 4, "extracted": 4, "linked": 1}
    assert found["elapsed_ms"] > 0


def test_build_stats_say_how_it_was_planned(program: Program, workspace: Path) -> None:
    lines = program("build", "--stats").out.splitlines()
    assert any(line.startswith("plan: sequential, 1 worker(s): ") for line in lines)
    assert "work: 4 scanned, 4 read, 4 hashed, 4 parsed, 4 extracted, 1 linked" in lines
    assert "cache: 0 hits, 4 misses (0.0% of look-ups)" in lines


def test_quiet_says_errors_only(program: Program, workspace: Path) -> None:
    assert program("build", "--quiet") == (0, "", "")
    (workspace / "gone.metta").symlink_to("nowhere")
    names = workspace.parent / "names"
    names.write_bytes(b"main.metta\0missing.metta\0")
    ended = program("build", "--quiet", "--files-from", names)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: missing.metta: cannot be looked at: No such file or directory\n"


def test_verbose_names_what_is_skipped_and_why(program: Program, workspace: Path) -> None:
    ended = program("build", "--verbose")
    assert ended.err.splitlines() == [
        "skipped .hidden.metta: hidden file",
        "skipped .metta-index/: hidden folder",
        "skipped out/: excluded by the configuration",
    ]


def test_files_from_takes_names_from_a_file_or_stdin(program: Program, workspace: Path) -> None:
    names = workspace.parent / "names"
    names.write_bytes("lib/λ.metta\0main.metta\0notes.txt\0".encode())
    (found,) = program("build", "--files-from", names, "--format", "json").objects()
    assert found["files"]["total"] == 2
    done = run("build", "--files-from", "-", "--format", "json", cwd=workspace, stdin=b"broken.metta\0out/made.metta\0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["files"] == {
        "total": 2,
        "indexed": 2,
        "cached": 0,
        "unchanged": 0,
        "removed": 2,
        "failed": 0,
    }
    # a build of the whole workspace takes what the configuration says, and no more
    assert '"made"' not in program.export(workspace)


def test_verify_content_reads_what_looks_unchanged(program: Program, workspace: Path) -> None:
    program("build")
    (found,) = program("build", "--verify", "content", "--format", "json").objects()
    assert (found["work"]["read"], found["work"]["parsed"], found["files"]["unchanged"]) == (4, 0, 4)


def test_force_indexes_everything_and_refreshes_the_cache(program: Program, workspace: Path) -> None:
    program("build")
    (found,) = program("build", "--force", "--format", "json").objects()
    assert (found["work"]["parsed"], found["cache"]["hits"], found["files"]["indexed"]) == (4, 0, 4)


def test_no_cache_neither_reads_nor_writes_one(program: Program, workspace: Path) -> None:
    (found,) = program("build", "--no-cache", "--format", "json").objects()
    assert found["work"]["parsed"] == 4
    assert not (workspace / ".metta-index" / "cache").exists()
    (found,) = program("build", "--no-cache", "--format", "json").objects()
    assert (found["work"]["parsed"], found["cache"]["hit_rate"]) == (4, None)


def test_the_cache_can_be_elsewhere(program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = workspace.parent / "elsewhere"
    program("build", "--cache-dir", elsewhere)
    assert elsewhere.is_dir() and not (workspace / ".metta-index" / "cache").exists()
    shutil.rmtree(workspace / ".metta-index")
    monkeypatch.setenv("METTA_INDEX_CACHE_DIR", str(elsewhere))
    (found,) = program("build", "--format", "json").objects()
    assert (found["work"]["parsed"], found["files"]["cached"]) == (0, 4)


@pytest.mark.parametrize("command", [("outline", "main.metta"), ("stats",), ("export", "jsonl"), ("cache", "info")])
def test_every_command_keeps_its_cache_where_the_environment_says(
    program: Program, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("METTA_INDEX_CACHE_DIR", str(elsewhere))
    assert program(*command).code == 0
    assert elsewhere.is_dir()
    assert not (workspace / ".metta-index" / "cache").exists()


@pytest.mark.parametrize(
    ("variables", "arguments", "backend", "workers"),
    [
        ({"METTA_INDEX_BACKEND": "loky", "METTA_INDEX_JOBS": "2"}, (), "loky", 2),
        ({"METTA_INDEX_JOBS": "2", "METTA_INDEX_PARALLEL_THRESHOLD_MS": "0"}, (), "loky", 2),
        ({"METTA_INDEX_BACKEND": "loky"}, ("--backend", "sequential"), "sequential", 1),
        ({"METTA_INDEX_PARALLEL_THRESHOLD_MS": "1e9"}, ("--jobs", "4"), "sequential", 1),
        ({"METTA_INDEX_JOBS": ""}, ("-j", "auto"), "sequential", 1),
    ],
)
def test_the_environment_plans_and_flags_win(
    program: Program,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    arguments: tuple[str, ...],
    backend: str,
    workers: int,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (found,) = program("build", "--format", "json", *arguments).objects()
    assert (found["plan"]["backend"], found["plan"]["workers"]) == (backend, workers)


def test_a_file_that_cannot_be_indexed_costs_itself_only(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "huge.metta").write_text("(larger than memory)\n")
    read = build_module.read_document

    def fail(root: Path, path: str, *rest: Any) -> Any:
        if path == "huge.metta":
            raise MemoryError
        return read(root, path, *rest)

    monkeypatch.setattr(build_module, "read_document", fail)
    ended = program("build", "--format", "json")
    (found,) = ended.objects()
    assert ended.code == 1
    assert (found["files"]["failed"], found["files"]["indexed"]) == (1, 4)
    (failure,) = found["failures"]
    assert failure == {
        "path": "huge.metta",
        "message": "cannot be read: there is not enough memory for its 21 bytes",
    }


# -- outline, tree, export, stats ----------------------------------------------------


def test_outline_shows_the_symbols_of_a_file(program: Program, workspace: Path) -> None:
    ended = program("outline", "lib/pairs.metta")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[1:] == [
        "  function swap/1",
        "    : (-> Pair Pair)  line 2",
        "    ; größer",
        "    = (swap (Pair $a $b))  line 3",
    ]


def test_outline_json_is_one_object_a_line(program: Program, workspace: Path) -> None:
    found = program("outline", workspace / "lib" / "pairs.metta", "--format", "json").objects()
    assert [(one["type"], one["role"], one["line"]) for one in found] == [
        ("symbol", "declaration", 2),
        ("symbol", "definition", 3),
    ]
    assert {one["path"] for one in found} == {"lib/pairs.metta"}


def test_outline_names_the_errors_of_a_file(program: Program, workspace: Path) -> None:
    ended = program("outline", "broken.metta")
    assert ended.code == 0
    assert "sound" in ended.out and "2:" in ended.out


def test_tree_shows_an_expression_a_node(program: Program, workspace: Path) -> None:
    ended = program("tree", "lib/λ.metta")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[:2] == ["(source_file [1:1]", "  (expression [1:1]"]
    assert '"λ"' in ended.out
    assert ended.out.count("(") - ended.out.count(")") == 0


def test_tree_json_is_one_object_a_file(program: Program, workspace: Path) -> None:
    first, second = program("tree", "--format", "json", "main.metta", "broken.metta").objects()
    assert (first["schema"], first["path"], first["language"], first["errors"]) == (1, "main.metta", "metta", [])
    kind, start, end, depth = first["nodes"][0]
    assert (kind, start, end, depth) == ("source_file", 0, (workspace / "main.metta").stat().st_size, 0)
    assert ["evaluation", 0, 26, 1] in first["nodes"]
    assert second["errors"] and set(second["errors"][0]) >= {"message", "start_byte", "end_byte"}


def test_tree_of_a_missing_file_shows_the_others(program: Program, workspace: Path) -> None:
    ended = program("tree", "--format", "json", "missing.metta", "lib", "main.metta")
    assert ended.code == 1
    assert [found["path"] for found in ended.objects()] == ["main.metta"]
    assert ended.err.splitlines() == [
        "error: missing.metta: cannot be read: No such file or directory",
        "error: lib: cannot be read: Is a directory",
    ]


def test_export_is_sorted_and_the_same_for_every_checkout(program: Program, workspace: Path) -> None:
    here = program.export(workspace)
    elsewhere = workspace.parent / "another" / "checkout"
    shutil.copytree(workspace, elsewhere, ignore=shutil.ignore_patterns(".metta-index"))
    assert program.export(elsewhere) == here
    assert str(workspace) not in here and "/checkout" not in here
    objects = [json.loads(line) for line in here.splitlines()]
    documents = [found["path"] for found in objects if found["type"] == "document"]
    assert documents == ["broken.metta", "lib/pairs.metta", "lib/λ.metta", "main.metta"]
    paths = [found["path"] for found in objects]
    assert paths == sorted(paths, key=os.fsencode)
    assert {found["type"] for found in objects} == {"document", "import", "symbol", "occurrence"}
    document = objects[0]
    assert set(document) == {"type", "path", "language", "dialect", "bytes", "digest", "atoms", "syntax_errors"}


def test_export_writes_a_file_whole_or_not_at_all(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = workspace.parent / "index.jsonl"
    assert program("export", "jsonl", "--output", target) == (0, "", "")
    assert target.read_text(encoding="utf-8") == program("export", "jsonl").out
    before = target.read_bytes()
    monkeypatch.setattr(output_module.os, "fsync", _full_disk)
    error = program.usage_error("export", "jsonl", "--output", target)
    assert "No space left on device" in error and "untouched" in error
    assert target.read_bytes() == before
    assert {path.name for path in target.parent.iterdir()} <= {target.name, "workspace", "home"}


def _full_disk(*_arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_export_to_a_place_that_is_not_there_is_refused(program: Program, workspace: Path) -> None:
    assert "No such file" in program.usage_error("export", "jsonl", "--output", workspace / "no" / "where.jsonl")
    assert "Is a directory" in program.usage_error("export", "jsonl", "--output", workspace / "lib")


def test_export_follows_a_link_and_leaves_devices_alone(program: Program, workspace: Path) -> None:
    target, link = workspace.parent / "real.jsonl", workspace.parent / "link.jsonl"
    link.symlink_to(target)
    program("export", "jsonl", "--output", link)
    assert link.is_symlink() and target.stat().st_size
    pipe = workspace.parent / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    program("export", "jsonl", "--output", pipe)
    assert reader.communicate()[0] == target.read_bytes()
    assert pipe.is_fifo()


def test_stats_say_what_the_index_holds(program: Program, workspace: Path) -> None:
    (found,) = program("stats", "--format", "json").objects()
    assert (found["schema"], found["root"], found["documents"], found["definitions"]) == (1, str(workspace), 4, 5)
    assert sum(found["dialects"].values()) == 4
    program("build", "--force")
    assert "last build: sequential, 1 worker(s)" in program("stats").out
    assert program("stats").out.startswith(f"4 documents in {workspace}\n")


def test_stats_count_imports_and_name_the_workspace(program: Program, workspace: Path) -> None:
    (found,) = program("stats", "--format", "json").objects()
    assert found["imports"] == {"resolved": {"exact": 1}}
    assert found["alias"] == {"names": ["workspace"], "source": "folder"}
    out = program("stats").out
    assert "1 imports: 1 resolved (1 exact)\n" in out
    assert "the workspace is also called: workspace (from its folder; set `alias` to be independent of it)\n" in out
    (workspace / "metta-index.toml").write_text('alias = ["one", "two"]\n')
    (workspace / "main.metta").write_text(
        "(import! &self lib:pairs)\n!(import! &self gone)\n!(import! &self two:lib:pairs)\n"
    )
    (found,) = program("stats", "--format", "json").objects()
    assert found["imports"] == {"inert": {"exact": 1}, "resolved": {"alias": 1}, "unresolved": {"": 1}}
    assert found["alias"] == {"names": ["one", "two"], "source": "configured"}
    assert "3 imports: 1 inert, 1 resolved (1 alias), 1 unresolved\n" in program("stats").out
    (workspace / "metta-index.toml").unlink()
    (workspace / ".git").mkdir()
    (workspace / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (workspace / ".git" / "config").write_text('[remote "origin"]\n\turl = git@example.org:x/pairs.git\n')
    assert "the workspace is also called: pairs (from its git remote)\n" in program("stats").out


# -- cache ---------------------------------------------------------------------------


def test_cache_info_counts_entries(program: Program, workspace: Path) -> None:
    program("build")
    (found,) = program("cache", "info", "--format", "json").objects()
    assert (found["schema"], found["state"], found["path"]) == (1, "open", str(workspace / ".metta-index" / "cache"))
    assert found["entries"] >= 8 and 0 < found["bytes"] <= found["max_bytes"]
    assert f"{found['entries']:,} of at most" in program("cache", "info").out


def test_cache_verify_gc_and_clear(program: Program, workspace: Path) -> None:
    program("build")
    assert program("cache", "verify").out.endswith(" entries verify, 0 do not\n")
    before = program("cache", "info").out
    assert program("cache", "gc", "--max-age-days", "0", "--dry-run").code == 0
    assert program("cache", "info").out == before
    cleared = program("cache", "clear")
    assert cleared.code == 0 and "entries removed from" in cleared.out
    assert "\n0 of at most" in program("cache", "info").out
    program("build", "--force")
    gone = program("cache", "gc", "--max-age-days", "0")
    assert gone.code == 0 and " entries removed, " in gone.out


def test_cache_verify_finds_damage(program: Program, workspace: Path) -> None:
    program("build")
    import sqlite3

    (database,) = (workspace / ".metta-index" / "cache").glob("v*/cache.db")
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE Cache SET value = substr(value, 1, 40) WHERE key LIKE 'tree:%'")
    connection.close()
    ended = program("cache", "verify", "--keep")
    assert ended.code == 1 and ", 4 do not" in ended.out
    assert program("cache", "verify").code == 1
    assert program("cache", "verify").code == 0


# -- help, usage errors, endings -------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_has_help_with_an_example(program: Program, command: tuple[str, ...], flag: str) -> None:
    ended = program(*command, flag)
    assert (ended.code, ended.err) == (0, "")
    assert f"metta-index {' '.join(command)}" in ended.out.partition("Example")[2]


def test_the_program_has_help_and_a_version(program: Program) -> None:
    shown = program("--help")
    assert shown.code == 0 and "metta-index build" in shown.out
    for name in ("build", "outline", "tree", "export", "stats", "cache"):
        assert f"\n  {name} " in shown.out
    assert program("--version").out.startswith("metta-index 0.")
    assert program().code == 2


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (("build", "missing"), "missing does not exist; name the folder of a workspace"),
        (("build", "main.metta"), "main.metta is not a folder"),
        (("build", "x" * 300), "does not exist"),
        (("build", "--root", "missing"), "missing does not exist"),
        (("build", ".", "--root", "lib"), "once"),
        (("build", "--jobs", "0"), "--jobs 0: give a number"),
        (("build", "--jobs", "²"), "--jobs ²: give a number"),
        (("build", "--jobs", "many"), "--jobs many: give a number"),
        (("build", "--backend", "threads"), "--backend threads: give auto, sequential, loky or dask"),
        (("build", "--verify", "mtime"), "--verify mtime: give stat or content"),
        (("build", "--format", "xml"), "--format xml: give text or json"),
        (("build", "--files-from", "missing"), "--files-from missing: No such file"),
        (("build", "--frob"), "No such option: --frob"),
        (("stats", "lib"), "unexpected extra argument"),
        (("export", "xml"), "cannot export 'xml'; the formats there are: jsonl, ctags"),
        (("export",), "Missing argument 'FORMAT'; see `metta-index export --help`"),
        (("stats", "--format", "xml"), "--format xml"),
        (("cache", "info", "--format", "xml"), "--format xml"),
        (("cache", "gc", "--max-age-days", "-1"), "--max-age-days"),
        (("tree", "--format", "dot", "main.metta"), "--format dot"),
        (("outline", "--format", "dot", "main.metta"), "--format dot"),
        (("outline", "../outside.metta"), "is outside the workspace"),
        (("outline", "notes.txt"), "notes.txt is not in the index; `metta-index build --verbose` says"),
        (("outline", "missing.metta"), "missing.metta does not exist"),
        (("outline", "--no-refresh", "main.metta"), "has no index yet; run `metta-index build` first"),
        (("export", "jsonl", "--no-refresh"), "has no index yet"),
        (("frob",), "No such command 'frob'"),
    ],
)
def test_a_usage_error_is_one_line_that_says_why(
    program: Program, workspace: Path, arguments: tuple[str, ...], cause: str
) -> None:
    if arguments[0] == "outline" and "outside" in arguments[-1]:
        arguments = (*arguments, "--root", ".")
    assert cause in program.usage_error(*arguments)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("METTA_INDEX_JOBS", "-1"),
        ("METTA_INDEX_BACKEND", "dusk"),
        ("METTA_INDEX_PARALLEL_THRESHOLD_MS", "soon"),
        ("METTA_INDEX_PARALLEL_THRESHOLD_MS", "-5"),
        ("METTA_INDEX_PARALLEL_THRESHOLD_MS", "nan"),
    ],
)
def test_a_wrong_variable_is_named(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert f"{name}={value}: give" in program.usage_error("build")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('exlude = ["out/"]\n', "unknown key `exlude`; did you mean `exclude`?"),
        ("exclude = [\n", "is not valid TOML"),
        ('dialect = "metta"\n', "`dialect` must be one of"),
        ("exclude = 1\n", "`exclude` must be a list"),
    ],
)
def test_a_broken_configuration_is_one_line(program: Program, workspace: Path, text: str, cause: str) -> None:
    (workspace / "metta-index.toml").write_text(text)
    for command in (("build",), ("stats",), ("cache", "info"), ("outline", "main.metta")):
        error = program.usage_error(*command)
        assert cause in error and "metta-index.toml" in error


def test_a_reader_that_had_enough_is_no_error(workspace: Path) -> None:
    (workspace / "large.metta").write_text("(edge a b)\n" * 20_000)
    for command in (["export", "jsonl"], ["tree", "large.metta"]):
        writer = subprocess.Popen(
            [*COMMAND, *command], cwd=workspace, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert writer.stdout is not None and writer.stderr is not None
        writer.stdout.readline()
        writer.stdout.close()
        assert (writer.stderr.read(), writer.wait()) == (b"", 0)
        writer.stderr.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_output_that_cannot_be_written_is_one_line(workspace: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "build"], cwd=workspace, env=environment(), stdout=full, stderr=subprocess.PIPE
        )
    assert (done.returncode, done.stderr) == (2, b"error: No space left on device\n")


def test_output_is_utf_8_whatever_the_terminal_says(workspace: Path) -> None:
    done = run("export", "jsonl", cwd=workspace, PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and "λ".encode() in done.stdout


def test_closed_output_is_no_traceback(workspace: Path) -> None:
    done = subprocess.run(
        f'"{sys.executable}" -m metta_index.cli build >&-',
        shell=True,
        cwd=workspace,
        env=environment(),
        stderr=subprocess.PIPE,
    )
    assert b"Traceback" not in done.stderr


def test_a_removed_current_folder_is_one_line(program: Program, workspace: Path) -> None:
    gone = workspace / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    assert "the current folder was removed" in program.usage_error("build")


def test_shell_completion_knows_the_commands(workspace: Path) -> None:
    done = run(cwd=workspace, _METTA_INDEX_COMPLETE="complete_bash", COMP_WORDS="metta-index ", COMP_CWORD="1")
    assert done.returncode == 0
    assert {"build", "outline", "tree", "export", "stats", "cache"} <= set(done.stdout.decode().split())
    done = run(
        cwd=workspace, _METTA_INDEX_COMPLETE="complete_bash", COMP_WORDS="metta-index build --no", COMP_CWORD="2"
    )
    assert b"--no-cache" in done.stdout


def test_several_workspaces_are_built_one_after_the_other(program: Program, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.metta").write_text("(= (f) 1)\n")
    ended = program("build", tmp_path / "one", tmp_path / "two", "--format", "json")
    assert [found["root"] for found in ended.objects()] == [str(tmp_path / "one"), str(tmp_path / "two")]
    assert (ended.code, [found["files"]["indexed"] for found in ended.objects()]) == (0, [1, 1])
    assert "give one PATH" in program.usage_error("build", tmp_path / "one", tmp_path / "two", "--files-from", "-")


def test_a_backend_that_is_not_installed_is_told_with_the_next_step(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert program.usage_error("build", "--backend", "dask") == (
        "error: --backend dask: Dask is not installed; run: pip install 'metta-index[dask]'\n"
    )
