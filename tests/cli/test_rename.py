"""`rename --preview`: diffs that git and patch take, and what is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_memory import index_of
from program import Program

from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.renaming import diff_of, mentions_in_text, places_of, word_problem
from metta_index.indexer.queries.symbols import Reference

FILES = {
    "main.metta": '!(import! &self lib:greet)\n; greet in a comment, "greet" in a string\n(= (main) (greet "greet"))\n'
    "!(bind! &kb (new-space))\n!(add-atom &kb (known greet))\n!(match &kb (known $who) ($who 1))",
    "lib/greet.metta": '(@doc greet (@desc "says greet"))\n(: greet (-> Atom Atom))\n(= (greet $x) (hello $x))\n'
    "(= (greets $x) (greet (greet $x)))\n(: friend (-> greet greet))\n",
    "apart/own.metta": "(= (greet) 1)\r\n(= (other) (greet))\r\n",
    "notes.md": "greet them\n",
}


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "workspace"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
    (root / "metta-index.toml").write_text("")
    monkeypatch.chdir(root)
    return root


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".metta-index" not in path.parts
    }


def git_apply(root: Path, diff: str) -> None:
    apply("git", root, diff)


def apply(tool: str, root: Path, diff: str) -> None:
    """Applies a diff where it fits exactly."""
    program = shutil.which(tool)
    if program is None:
        pytest.skip(f"there is no {tool}")
    commands = {
        "git": [["apply", "--check"], ["apply"]],
        "patch": [["-p1", "--binary", "--fuzz=0", "--dry-run"], ["-p1", "--binary", "--fuzz=0"]],
    }
    for arguments in commands[tool]:
        done = subprocess.run(
            [program, *arguments], cwd=root, input=os.fsencode(diff), capture_output=True, check=False
        )
        assert done.returncode == 0 and b"offset" not in done.stdout, done


def test_the_diff_has_every_place_and_nothing_is_written(program: Program, workspace: Path) -> None:
    before = contents(workspace)
    ended = program("rename", "--preview", "greet", "salute")
    assert ended.code == 0 and contents(workspace) == before
    assert ended.err.splitlines() == [
        "11 places in 3 files would change",
        "5 mentions left, in strings, comments and the like; `grep -rn` shows them",
    ]
    assert ended.out.splitlines()[-12:] == [
        "--- a/main.metta",
        "+++ b/main.metta",
        "@@ -1,6 +1,6 @@",
        " !(import! &self lib:greet)",
        ' ; greet in a comment, "greet" in a string',
        '-(= (main) (greet "greet"))',
        '+(= (main) (salute "greet"))',
        " !(bind! &kb (new-space))",
        "-!(add-atom &kb (known greet))",
        "+!(add-atom &kb (known salute))",
        " !(match &kb (known $who) ($who 1))",
        "\\ No newline at end of file",
    ]


@pytest.mark.parametrize("tool", ["git", "patch"])
def test_git_and_patch_take_the_diff(program: Program, workspace: Path, tool: str) -> None:
    apply(tool, workspace, program("rename", "--preview", "greet", "salute").out)
    after = contents(workspace)
    assert after["apart/own.metta"] == b"(= (salute) 1)\r\n(= (other) (salute))\r\n"
    assert after["notes.md"] == FILES["notes.md"].encode()
    assert b"(= (greets $x) (salute (salute $x)))" in after["lib/greet.metta"]
    assert b"(: friend (-> salute salute))" in after["lib/greet.metta"]
    assert b'(@doc salute (@desc "says greet"))' in after["lib/greet.metta"]


def test_json_has_one_object_a_place(program: Program, workspace: Path) -> None:
    found = program("rename", "--preview", "greet", "salute", "--format", "json").objects()
    assert len(found) == 11
    assert found[0] == {
        "schema": 1,
        "path": "apart/own.metta",
        "line": 1,
        "column": 5,
        "start_byte": 4,
        "end_byte": 9,
        "role": "definition",
        "use": "definition",
        "old": "greet",
        "new": "salute",
    }
    roles = {one["role"] for one in found if one["path"] == "lib/greet.metta"}
    assert roles == {"definition", "declaration", "documentation", "reference"}


def test_a_place_means_the_symbol_of_the_files_that_imports_connect(program: Program, workspace: Path) -> None:
    found = program("rename", "--preview", "main.metta:3:12", "salute", "--format", "json").objects()
    assert {one["path"] for one in found} == {"main.metta", "lib/greet.metta"}
    found = program("rename", "--preview", "apart/own.metta:2:13", "salute", "--format", "json").objects()
    assert {one["path"] for one in found} == {"apart/own.metta"}


def test_a_variable_is_renamed_in_its_scope_only(program: Program, workspace: Path) -> None:
    ended = program("rename", "--preview", "lib/greet.metta:4:13", "$name")
    assert ended.err == "2 places in 1 file would change\n"
    assert "+(= (greets $name) (greet (greet $name)))" in ended.out
    assert "every atom has its own" in program.usage_error("rename", "--preview", "$x", "$y")
    assert "not a variable" in program.usage_error("rename", "--preview", "lib/greet.metta:4:13", "name")
    (workspace / "two.metta").write_text("(= (two $a $b) $a)\n(= (one $b) $b)\n")
    assert "$b is there already (two.metta:1:12)" in program.usage_error("rename", "--preview", "two.metta:1:9", "$b")
    forced = program("rename", "--preview", "--force", "two.metta:1:9", "$b")
    assert forced.err.startswith("warning: $b is there already") and "+(= (two $b $b) $b)" in forced.out


@pytest.mark.parametrize(
    ("new", "why"),
    [
        ("two words", "not one word"),
        ("", "not one word"),
        ("a(b", "not one word"),
        ("a;b", "not one word"),
        ('"text"', "is a string"),
        ("12", "is a number"),
        ("-1.5e3", "is a number"),
        ("$x", "is a variable"),
        ("!", "a meaning of its own"),
        ("True", "a meaning of its own"),
        ("; greet", "not one word"),
        ("greet", "called so already"),
        ("hello", "is there already (lib/greet.metta:3:16)"),
        ("greets", "is there already (lib/greet.metta:4:5)"),
        ("car-atom", "is a builtin of hyperon"),
    ],
)
def test_names_that_cannot_be_given_are_refused(program: Program, workspace: Path, new: str, why: str) -> None:
    assert why in program.usage_error("rename", "--preview", "--", "greet", new)


def test_what_has_another_meaning_is_shown_by_force(program: Program, workspace: Path) -> None:
    ended = program("rename", "--preview", "--force", "greet", "hello")
    assert ended.code == 0 and ended.err.startswith("warning: hello is there already (lib/greet.metta:3:16)")
    assert program("rename", "--preview", "--force", "greet", "car-atom").code == 0
    assert "builtin" in program.usage_error("rename", "--preview", "--force", "match", "find")
    (workspace / "own.metta").write_text("(= (match $a) $a)\n")
    assert "--force renames" in program.usage_error("rename", "--preview", "match", "find")
    assert "+(= (find $a) $a)" in program("rename", "--preview", "--force", "match", "find").out


def test_an_unknown_name_ends_with_1_and_suggests_others(program: Program, workspace: Path) -> None:
    ended = program("rename", "--preview", "gret", "salute")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "nothing is known of gret; did you mean greet or greets?\n"


def test_without_preview_nothing_is_done(program: Program, workspace: Path) -> None:
    assert "add --preview" in program.usage_error("rename", "greet", "salute")


def test_modules_keep_their_names(program: Program, workspace: Path) -> None:
    (workspace / "greet.metta").write_text("(= (g) 1)\n")
    (workspace / "user.metta").write_text("!(import! &self greet)\n!(register-module! greet)\n!(greet 1)\n")
    ended = program("rename", "--preview", "greet", "salute")
    assert "2 places left, where it names a module: user.metta:1:17, user.metta:2:20" in ended.err
    assert "-!(greet 1)" in ended.out and "-!(import!" not in ended.out
    (workspace / "only.metta").write_text("!(import! &self only-a-module)\n")
    assert "are modules, which are files" in program.usage_error("rename", "--preview", "only-a-module", "x")


def test_names_of_other_languages_are_left(program: Program, workspace: Path) -> None:
    (workspace / "hello.rho").write_text("new greet, other in { greet!(1) | other!(2) }\n")
    ended = program("rename", "--preview", "greet", "salute")
    assert "2 places left, in another language: hello.rho:1:5, hello.rho:1:23" in ended.err
    assert "hello.rho" not in ended.out
    assert "each of its own scope" in program.usage_error("rename", "--preview", "hello.rho:1:12", "salute")


def test_import_destinations_change_with_their_spaces(program: Program, workspace: Path) -> None:
    (workspace / "space.metta").write_text("!(import! &lib lib:greet)\n!(match &lib (= $a $b) $a)\n")
    ended = program("rename", "--preview", "&lib", "&greetings")
    assert "+!(import! &greetings lib:greet)" in ended.out and "+!(match &greetings " in ended.out


def test_a_file_that_changed_is_refreshed_or_refused(program: Program, workspace: Path) -> None:
    program("build")
    text = "(= (other) 1)\n(= (late) (greet))\n"
    (workspace / "apart" / "own.metta").write_text(text)
    assert "apart/own.metta has changed since it was indexed" in program.usage_error(
        "rename", "--preview", "--no-refresh", "greet", "salute"
    )
    ended = program("rename", "--preview", "greet", "salute")
    git_apply(workspace, ended.out)
    assert (workspace / "apart" / "own.metta").read_text() == text.replace("greet", "salute")
    (workspace / "apart" / "own.metta").unlink()
    assert "has changed" in program.usage_error("rename", "--preview", "--no-refresh", "late", "later")


def test_what_is_written_in_another_way_is_left(program: Program, workspace: Path) -> None:
    (workspace / "host.py").write_text('from hyperon import MeTTa\nMeTTa().run("(= (a) (gre\\x65t 1)) !(greet 2)")\n')
    ended = program("rename", "--preview", "greet", "salute")
    assert '+MeTTa().run("(= (a) (gre\\x65t 1)) !(salute 2)")' in ended.out
    assert "1 place left, as written in another way there: host.py:2:" in ended.err


@pytest.mark.parametrize("tool", ["git", "patch"])
@pytest.mark.parametrize(
    "name", ["with space.metta", 'quo"te.metta', "back\\slash.metta", "tab\there.metta", "λ.metta"]
)
def test_paths_with_any_characters(program: Program, workspace: Path, name: str, tool: str) -> None:
    folder = workspace / "odd folder"
    folder.mkdir()
    (folder / name).write_text("(only-here)\n")
    apply(tool, workspace, program("rename", "--preview", "only-here", "there").out)
    assert (folder / name).read_text() == "(there)\n"


def test_the_root_may_be_elsewhere(
    program: Program, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = program("rename", "--preview", "greet", "salute", "--root", workspace)
    git_apply(workspace, ended.out)
    assert b"(= (salute) 1)" in contents(workspace)["apart/own.metta"]


# -- any texts -------------------------------------------------------------------------

WORDS = [
    "f",
    "ff",
    "g",
    "f-g",
    "λ",
    "$f",
    "f1",
    '"f"',
    "&f",
    "(f)",
    "((f f) f)",
    "12",
    "; f\n",
    "\r\n",
    "\n\n\n\n\n\n",
    " ",
]
FORMS = [
    "(= (f $x) {})",
    "(: f {})",
    '(@doc f (@desc "{}"))',
    "!({})",
    "({})",
    "!(import! &f {})",
    "!(bind! f {})",
    "{}",
]
TEXTS = st.lists(
    st.tuples(st.sampled_from(FORMS), st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)).map(
        lambda pair: pair[0].replace("{}", pair[1])
    ),
    max_size=8,
).flatmap(
    lambda forms: st.sampled_from(["\n", "\r\n", " ", "\n\n\n\n\n\n\n\n"]).map(lambda end: end.join(forms) + end[:1])
)


@settings(max_examples=150)
@given(
    texts=st.dictionaries(st.sampled_from(["a.metta", "b/c.metta"]), TEXTS, min_size=1),
    name=st.sampled_from([b"f", "λ".encode(), b"&f"]),
)
def test_renaming_back_gives_the_same_bytes_and_the_index_differs_by_the_name(
    texts: dict[str, str], name: bytes
) -> None:
    new = (b"&" if name.startswith(b"&") else b"") + b"\xc3\xbcbrig"
    renamed = renamed_texts(texts, name, new)
    assert renamed_texts(renamed, new, name) == texts
    before, after = index_of(texts), index_of(renamed)
    modules = {(one.path, one.line, one.column) for one in places_of(before, name).modules}
    for path in texts:
        described = [
            [
                (
                    word.name if word.name != name or (path, word.line, word.column) in modules else new,
                    word.role,
                    word.use,
                    word.arguments,
                )
                for word in every_word(index, path)
            ]
            for index in (before, after)
        ]
        assert described[0] == described[1]


def every_word(index: Index, path: str) -> list[Reference]:
    names = {name for piece in index.pieces(path) for name in piece.table.names}
    return sorted((one for name in names for one in index.references_in(path, name)), key=lambda one: one.start_byte)


def renamed_texts(texts: dict[str, str], old: bytes, new: bytes) -> dict[str, str]:
    """The texts with the diffs of renaming applied, by a reader of diffs that knows only lines."""
    index = index_of(texts)
    results = dict(texts)
    for path, text in texts.items():
        changes = [one for one in places_of(index, old).changing if one.path == path]
        if changes:
            results[path] = patched(text.encode(), list(diff_of(path.encode(), text.encode(), changes, new))).decode()
    return results


def patched(source: bytes, diff: list[bytes]) -> bytes:
    """What a unified diff makes of a text. Every line of the diff must be what the text has there."""
    lines = source.split(b"\n")
    done: list[bytes] = []
    at = 0
    for line in diff[2:]:
        if line.startswith(b"@@"):
            start = int(line.split()[1].split(b",")[0][1:]) - 1
            assert start >= at
            done += lines[at:start]
            at = start
        elif line[:1] in b" -":
            assert lines[at] == line[1:]
            at += 1
            done += [line[1:]] if line[:1] == b" " else []
        elif line[:1] == b"+":
            done.append(line[1:])
        else:
            assert line == b"\\ No newline at end of file" and at == len(lines)
    return b"\n".join(done + lines[at:])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_git_takes_the_diff_of_any_text(tmp_path: Path, text: str) -> None:
    index = index_of({"a.metta": text})
    changes = places_of(index, b"f").changing
    if changes:
        (tmp_path / "a.metta").write_bytes(text.encode())
        diff = b"".join(line + b"\n" for line in diff_of(b"a.metta", text.encode(), changes, b"new"))
        git_apply(tmp_path, os.fsdecode(diff))
        assert (tmp_path / "a.metta").read_bytes().decode() == renamed_texts({"a.metta": text}, b"f", b"new")["a.metta"]


def test_far_changes_are_hunks_of_their_own() -> None:
    text = "".join(f"(line {number})\n" if number not in (0, 7, 15) else "(f)\n" for number in range(20))
    changes = places_of(index_of({"a.metta": text}), b"f").changing
    hunks = [line for line in diff_of(b"a.metta", text.encode(), changes, b"g") if line.startswith(b"@@")]
    assert hunks == [b"@@ -1,11 +1,11 @@", b"@@ -13,7 +13,7 @@"]


def test_mentions_in_text_are_whole_words_that_the_index_does_not_have() -> None:
    text = '(f f-g "f") ; f, not ff or f-g\n("say f" ff)\n'
    assert mentions_in_text(index_of({"a.metta": text}), "a.metta", text.encode(), b"f") == 3
    text = "; ====== == =, `==`\n(== (1 == 1)) ; a==b\n"
    assert mentions_in_text(index_of({"a.metta": text}), "a.metta", text.encode(), b"==") == 2


@pytest.mark.parametrize("name", ["a", "λ→", 'a"b', "[x", "-->", "!a", "a!", "'", "%", ".5", "true"])
def test_words_may_hold_nearly_any_characters(name: str) -> None:
    assert word_problem(name.encode(), False) is None
    assert word_problem(f"${name}".encode(), True) is None
