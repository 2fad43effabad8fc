"""`export ctags`: what is in the file, what an export costs, and where it goes.

`pytest tests/cli/test_ctags.py --update-golden` rewrites the golden file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from program import COMMAND, Program, environment
from tags_reader import NO_READTAGS, READTAGS, lines_found, parse_tags

from metta_index.cli import output as output_module
from metta_index.indexer.formats import ctags_file

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "tags"
ENDINGS = (".metta", ".rho", ".py", ".rs", ".md", ".ipynb")
DOCUMENTS = sum(path.suffix in ENDINGS for path in (ROOT / "examples" / "workspace").rglob("*.*"))
VIM = shutil.which("vim")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example workspace; the current folder."""
    root = tmp_path / "workspace"
    shutil.copytree(ROOT / "examples" / "workspace", root, ignore=shutil.ignore_patterns(".metta-index"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many documents each export of this test rendered."""
    counts: list[int] = []
    make = ctags_file.make_tags_file

    def count(*arguments: Any) -> ctags_file.TagsFile:
        made = make(*arguments)
        counts.append(made.rendered)
        return made

    monkeypatch.setattr(ctags_file, "make_tags_file", count)
    return counts


def export(program: Program, *options: str | Path) -> bytes:
    """The tags file that is written to `tags`, in the current folder."""
    assert program("export", "ctags", "--output", "tags", *options) == (0, "", "")
    return Path("tags").read_bytes()


# -- what is in it -----------------------------------------------------------------------


def test_the_golden_workspace_gives_the_golden_file(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    shutil.copytree(GOLDEN / "workspace", tmp_path / "workspace", ignore=shutil.ignore_patterns(".metta-index"))
    monkeypatch.chdir(tmp_path / "workspace")
    actual = export(program)
    if request.config.getoption("--update-golden"):
        (GOLDEN / "tags").write_bytes(actual)
    else:
        assert actual.decode() == (GOLDEN / "tags").read_bytes().decode()


def test_every_symbol_of_the_index_has_its_tag(program: Program, workspace: Path) -> None:
    """The canonical export is the judge: its symbols, imports and documentation, and nothing else."""
    _, tags = parse_tags(export(program))
    objects = [json.loads(line) for line in program.export(workspace).splitlines()]
    expected = set()
    for found in objects:
        match found:
            case {"type": "symbol", "role": "fact"}:
                text = (workspace / found["path"]).read_bytes()[: found["first_start_byte"]]
                expected.add((found["path"], text.count(b"\n") + 1, found["name"], "def"))
            case {"type": "symbol"}:
                role = "def" if found["role"] == "definition" else "declared"
                expected.add((found["path"], found["line"], found["name"], role))
            case {"type": "import"}:
                role = "inert" if found["inert"] else "imported"
                expected.add((found["path"], found["line"], found["module"], role))
            case {"type": "occurrence", "role": "documentation"}:
                expected.add((found["path"], found["line"], found["name"], "documented"))
    actual = [
        (tag.path.decode(), tag.line, tag.name.decode(), tag.fields[b"roles"].decode())
        for tag in tags
        # Documentation in the manner of another language, as docstrings are, does not say the name.
        if tag.fields[b"roles"] != b"documented" or tag.fields[b"language"] == b"MeTTa"
    ]
    assert len(actual) == len(set(actual)) > 200
    assert set(actual) == expected


def test_every_address_leads_to_its_line(program: Program, workspace: Path) -> None:
    _, tags = parse_tags(export(program))
    assert [tag.found_in(Path(os.fsdecode(tag.path)).read_bytes()) for tag in tags] == [tag.line for tag in tags]


@pytest.mark.skipif(READTAGS is None, reason=NO_READTAGS)
def test_readtags_finds_every_symbol(program: Program, workspace: Path) -> None:
    _, tags = parse_tags(export(program))
    for name in sorted({tag.name for tag in tags}):
        lines = [tag.line for tag in tags if tag.name == name]
        assert sorted(lines_found(workspace / "tags", name)) == sorted(lines), name


@pytest.mark.skipif(VIM is None, reason="vim is not installed")
def test_vim_goes_where_a_tag_is(program: Program, workspace: Path) -> None:
    """Each name of the file, and each of the tags with that name."""
    assert VIM is not None
    _, tags = parse_tags(export(program))
    Path("names").write_text(json.dumps(sorted({tag.name.decode() for tag in tags})))
    Path("go.vim").write_text(
        "set nocompatible tags=tags shortmess+=A encoding=utf-8\n"
        "let places = []\n"
        "for name in json_decode(join(readfile('names')))\n"
        "  let pattern = '\\V\\C\\^' . escape(name, '\\') . '\\$'\n"
        "  for number in range(1, len(taglist(pattern)))\n"
        "    enew!\n"
        "    silent! execute number . 'tag /' . escape(pattern, '|')\n"
        "    call add(places, [name, expand('%:.'), line('.')])\n"
        "  endfor\n"
        "endfor\n"
        "call writefile([json_encode(places)], 'places')\n"
        "qall!\n"
    )
    subprocess.run([VIM, "-u", "NONE", "-i", "NONE", "-n", "-es", "-S", "go.vim"], check=True, timeout=60)
    went = [tuple(place) for place in json.loads(Path("places").read_text())]
    assert sorted(went) == sorted((tag.name.decode(), tag.path.decode(), tag.line) for tag in tags)


def test_paths_lead_from_the_folder_of_the_file(program: Program, workspace: Path) -> None:
    here = parse_tags(export(program))[1]
    (workspace / "build").mkdir()
    assert program("export", "ctags", "--output", "build/tags").code == 0
    there = parse_tags((workspace / "build" / "tags").read_bytes())[1]
    assert [tag.path for tag in there] == [b"../" + tag.path for tag in here]
    # What goes to no file leads from the root, wherever one stands.
    os.chdir("lib")
    assert program("export", "ctags").out.encode() == (workspace / "tags").read_bytes()


def test_names_and_paths_of_any_bytes(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = b"tab\tback\\slash \xff.metta"
    Path(os.fsdecode(path)).write_bytes(
        b'(= (! $a) 1)\n(= (!_TAG_FILE_SORTED) 2)\n(= (\\x21 "\xff") 3)\n(: \xff"|/ T)\n'
    )
    pseudo, tags = parse_tags(export(program))
    assert {tag.path for tag in tags} == {path}
    assert {tag.name: tag.line for tag in tags} == {b"!": 1, b"!_TAG_FILE_SORTED": 2, b"\\x21": 3, b'\xff"|/': 4}
    assert pseudo[b"_TAG_FILE_SORTED"][0][0] == b"0"
    if READTAGS is not None:
        assert [lines_found(folder / "tags", tag.name) for tag in tags] == [[tag.line] for tag in tags]


# -- what it costs -----------------------------------------------------------------------


def test_only_what_changed_is_rendered(program: Program, workspace: Path, rendered: list[int]) -> None:
    first = export(program)
    assert export(program) == first
    with (workspace / "main.metta").open("a") as file:
        file.write("(= (extra) 1)\n")
    (workspace / "lib" / "maybe.metta").rename(workspace / "lib" / "perhaps.metta")
    (workspace / "lib" / "logic.metta").unlink()
    changed = export(program)
    assert b"\nextra\tmain.metta\t" in changed and b"lib/logic.metta" not in changed
    assert export(program) == changed
    assert rendered == [DOCUMENTS, 0, 2, 0]
    shutil.rmtree(workspace / ".metta-index")
    assert export(program) == changed
    assert export(program, "--no-cache") == changed
    assert rendered[4:] == [DOCUMENTS - 1, DOCUMENTS - 1]


def test_a_new_tags_file_beside_an_old_index_costs_what_changed(
    program: Program, workspace: Path, rendered: list[int]
) -> None:
    """A build in between makes no difference, and neither does taking an edit back."""
    first = export(program)
    text = (workspace / "main.metta").read_text()
    (workspace / "main.metta").write_text("; one line more\n" + text)
    program("build")
    assert export(program) != first
    (workspace / "main.metta").write_text(text)
    program("build")
    assert export(program) == first
    assert rendered == [DOCUMENTS, 1, 0]


def test_a_dialect_that_was_set_is_rendered(program: Program, workspace: Path, rendered: list[int]) -> None:
    export(program)
    configuration = workspace / "metta-index.toml"
    settings, table, rest = configuration.read_text().partition("[dialects]\n")
    configuration.write_text(f'{settings}{table}"lib/lists.metta" = "petta"\n{rest}')
    warm = export(program)
    shutil.rmtree(workspace / ".metta-index")
    assert export(program) == warm
    assert rendered == [DOCUMENTS, 1, DOCUMENTS]


def test_a_damaged_fragment_is_rendered_again(program: Program, workspace: Path, rendered: list[int]) -> None:
    import sqlite3

    first = export(program)
    (database,) = (workspace / ".metta-index" / "cache").glob("v*/cache.db")
    with sqlite3.connect(database) as connection:
        damage = "UPDATE Cache SET value = substr(value, 1, length(value) - 1) || 'x' WHERE key LIKE 'ctags:%'"
        assert connection.execute(damage).rowcount == DOCUMENTS
    connection.close()
    assert export(program) == first
    assert rendered == [DOCUMENTS, DOCUMENTS]


def test_a_file_that_is_gone_has_numbers_of_lines(program: Program, workspace: Path) -> None:
    program("build")
    (workspace / "lib" / "logic.metta").unlink()
    (workspace / "main.metta").write_text("; no longer what was indexed\n")
    stale = export(program, "--no-refresh")
    _, tags = parse_tags(stale)
    rows = {path: [tag.row for tag in tags if tag.path == path] for path in (b"lib/logic.metta", b"main.metta")}
    assert all(found and None not in found for found in rows.values())
    assert any(tag.row is None for tag in tags if tag.path == b"lib/lists.metta")
    shutil.copy(ROOT / "examples" / "workspace" / "main.metta", workspace / "main.metta")
    shutil.copy(ROOT / "examples" / "workspace" / "lib" / "logic.metta", workspace / "lib" / "logic.metta")
    # Such tags are not kept.
    assert b"/^(= (prove $space $depth $goal)$/" in export(program)


# -- where it goes -----------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_is_one_line(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = workspace / "closed"
    closed.mkdir()
    if os.access(closed, os.W_OK) and hasattr(os, "geteuid") and os.geteuid() == 0:
        import tempfile

        def refuse(*_arguments: Any, **_options: Any) -> Any:
            raise PermissionError(13, "Permission denied")

        # Nothing is closed to root.
        monkeypatch.setattr(tempfile, "mkstemp", refuse)
    else:
        closed.chmod(0o500)
    error = program.usage_error("export", "ctags", "--output", closed / "tags")
    assert f"{closed / 'tags'} was not written: Permission denied" in error
    assert list(closed.iterdir()) == []


def test_a_full_disk_leaves_the_file_as_it_was(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(program)
    (workspace / "main.metta").write_text("(= (other) 1)\n")

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output_module.os, "fsync", full)
    assert "No space left on device" in program.usage_error("export", "ctags", "--output", "tags")
    assert (workspace / "tags").read_bytes() == before
    assert not list(workspace.glob(".metta-index-*"))


def test_a_reader_that_had_enough_is_no_error(workspace: Path) -> None:
    (workspace / "large.metta").write_text("".join(f"(= (f{number}) 1)\n" for number in range(20_000)))
    writer = subprocess.Popen(
        [*COMMAND, "export", "ctags"],
        cwd=workspace,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writer.stdout is not None and writer.stderr is not None
    assert writer.stdout.readline().startswith(b"!_TAG_")
    writer.stdout.close()
    assert (writer.stderr.read(), writer.wait()) == (b"", 0)
    writer.stderr.close()


def test_a_tags_file_is_no_text(workspace: Path) -> None:
    """Bytes go out as they are, whatever the terminal is."""
    (workspace / "latin.metta").write_bytes(b'(= (\xce\xbb) "\xe9t\xe9")\n')
    done = subprocess.run(
        [*COMMAND, "export", "ctags"], cwd=workspace, env=environment(PYTHONIOENCODING="ascii"), capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    _, tags = parse_tags(done.stdout)
    (tag,) = [tag for tag in tags if tag.path == b"latin.metta"]
    assert (tag.name, tag.pattern) == (b"\xce\xbb", b'(= (\xce\xbb) "\xe9t\xe9")')
