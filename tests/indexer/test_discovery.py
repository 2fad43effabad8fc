"""Discovery: git judges what is ignored, a scan without memory judges one with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery import patterns
from metta_index.indexer.discovery import walk as discovery
from metta_index.indexer.discovery.ignoring import GitHome
from metta_index.indexer.discovery.walk import Decisions, Discovery, display_path

NOBODY = GitHome(Path("/nonexistent"), (), Path("/nonexistent/ignore"))


def discover(
    root: Path, chosen: Settings | None = None, remembered: Decisions | None = None, home: GitHome = NOBODY
) -> Discovery:
    return discovery.discover(root, chosen or Settings(), remembered, home)


def names(root: Path, chosen: Settings | None = None, home: GitHome = NOBODY) -> list[str]:
    return list(discover(root, chosen, None, home).files)


def skipped(root: Path, chosen: Settings | None = None) -> dict[str, str]:
    return dict(discover(root, chosen).skipped)


def write(path: Path, text: str | bytes = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return path


def make(root: Path, *paths: str) -> None:
    for path in paths:
        write(root / path)


def git(root: Path, *arguments: str, home: Path | None = None) -> bytes:
    if shutil.which("git") is None:
        pytest.skip("git, which judges this test, is not installed")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home or root / "no-home"),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return subprocess.run(["git", *arguments], cwd=root, env=environment, stdout=subprocess.PIPE, check=True).stdout


def not_ignored(root: Path, home: Path | None = None) -> list[str]:
    """What git would add, of what discovery may take."""
    listed = git(root, "ls-files", "--others", "--exclude-standard", "-z", home=home).split(b"\0")
    return sorted(os.fsdecode(path) for path in listed if path.endswith(b".metta"))


# Files and folders ------------------------------------------------------------


def test_files_come_sorted_with_what_the_file_system_says(tmp_path: Path) -> None:
    make(tmp_path, "b.metta", "a/z.metta", "a-b.metta", "notes.txt", "a/deep/er/x.metta")
    write(tmp_path / "b.metta", "12345")
    found = discover(tmp_path)
    assert list(found.files) == ["a-b.metta", "a/deep/er/x.metta", "a/z.metta", "b.metta"]
    status = (tmp_path / "b.metta").stat()
    assert found.files["b.metta"] == (5, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    assert (found.skipped, found.problems) == ([], [])


def test_suffixes_are_the_configured_ones(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "b.mt", "c.METTA", "metta")
    assert names(tmp_path, Settings(suffixes=(".mt", ".METTA"))) == ["b.mt", "c.METTA"]


def test_folders_of_others_are_skipped_and_said_once(tmp_path: Path) -> None:
    signature = b"Signature: 8a477f597d28d172789f06886806bc55\n# by cargo"
    make(tmp_path, ".hidden/a.metta", ".hidden/b.metta", ".file.metta", "node_modules/p/a.metta")
    make(tmp_path, "a/__pycache__/a.metta", "env/pyvenv.cfg", "env/lib/a.metta", "lib/site-packages/a.metta")
    write(tmp_path / "target/CACHEDIR.TAG", signature)
    make(tmp_path, "target/a.metta", "own/a.metta")
    write(tmp_path / "own/CACHEDIR.TAG", "not a signature")
    found = discover(tmp_path)
    assert list(found.files) == ["own/a.metta"]
    assert found.skipped == sorted(found.skipped)
    assert dict(found.skipped) == {
        ".file.metta": "hidden file",
        ".hidden/": "hidden folder",
        "a/__pycache__/": "folder of other people's code",
        "env/": "Python virtual environment",
        "lib/site-packages/": "folder of other people's code",
        "node_modules/": "folder of other people's code",
        "target/": "cache folder (CACHEDIR.TAG)",
    }


def test_root_is_taken_whatever_it_is(tmp_path: Path) -> None:
    root = tmp_path / ".cache/node_modules"
    make(root, "pyvenv.cfg", "a.metta")
    write(tmp_path / ".gitignore", ".cache/\n")
    assert names(root) == ["a.metta"]


def test_what_is_no_regular_file_is_skipped_with_its_kind(tmp_path: Path) -> None:
    make(tmp_path, "real.metta", "folder/a.metta", "dir.metta/a.metta")
    os.mkfifo(tmp_path / "pipe.metta")
    (tmp_path / "link.metta").symlink_to("real.metta")
    (tmp_path / "dangling.metta").symlink_to("nowhere")
    (tmp_path / "linked").symlink_to("folder")
    (tmp_path / "folder/up").symlink_to("..")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "other").symlink_to("notes.txt")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path)  # a socket's path is short
        try:
            server.bind("socket.metta")
        finally:
            os.chdir(here)
    found = discover(tmp_path)
    assert list(found.files) == ["dir.metta/a.metta", "folder/a.metta", "real.metta"]
    assert dict(found.skipped) == {
        "dangling.metta": "symbolic link",
        "folder/up": "symbolic link",
        "link.metta": "symbolic link",
        "linked": "symbolic link",
        "pipe.metta": "named pipe, not a regular file",
        "socket.metta": "socket, not a regular file",
    }
    assert found.problems == []


def test_odd_names_are_kept_and_can_be_printed(tmp_path: Path) -> None:
    odd = ["\udcff.metta", "a\nb.metta", "tab\t.metta", "é.metta", "\udcffdir/x.metta", "back\\slash.metta"]
    make(tmp_path, *odd)
    found = discover(tmp_path)
    assert list(found.files) == sorted(odd)
    assert list(map(display_path, sorted(odd))) == [
        "a\\nb.metta",
        "back\\slash.metta",
        "tab\\t.metta",
        "é.metta",
        "\\xff.metta",
        "\\xffdir/x.metta",
    ]
    assert list(map(os.fsencode, found.files)) == [os.fsencode(name) for name in sorted(odd)]


def test_folders_may_be_nested_deeper_than_the_call_stack(tmp_path: Path) -> None:
    depth = 1500
    write(tmp_path / ".gitignore", "*.tmp.metta\n")
    (tmp_path / "top").mkdir()
    handle = os.open(tmp_path / "top", os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=handle)
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(os.open("x.metta", os.O_CREAT, dir_fd=handle))
    os.close(os.open("x.tmp.metta", os.O_CREAT, dir_fd=handle))
    os.close(handle)
    found = discover(tmp_path)
    assert list(found.files) == ["top/" + "d/" * depth + "x.metta"]
    assert [reason for _path, reason in found.skipped] == ["ignored by git"]
    subprocess.run(["rm", "-rf", tmp_path / "top"], check=True)  # too deep for what clears tmp_path


def test_unreadable_folder_is_a_problem_and_the_rest_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/x.metta", "b/x.metta", "c/x.metta")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.rstrip("/").endswith("/b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = discover(tmp_path)
    assert list(found.files) == ["a/x.metta", "c/x.metta"]
    assert found.problems == [("b/", "cannot be listed: Permission denied")]


def test_root_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    found = discover(tmp_path / "gone")
    assert found.files == {}
    assert found.problems == [(".", "cannot be listed: No such file or directory")]


def test_file_that_vanishes_during_the_scan_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a.metta", "b.metta")
    taken = discovery._Scan._take

    def vanish(*arguments: object) -> object:
        (tmp_path / "a.metta").unlink()
        return taken(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(discovery._Scan, "_take", vanish)
    found = discover(tmp_path)
    assert list(found.files) == ["b.metta"]
    assert found.problems == [("a.metta", "cannot be looked at: No such file or directory")]


# What git ignores -------------------------------------------------------------

LINES = [
    *("*.metta", "!*.metta", "a", "!a", "a/", "!a/", "/a", "!/a/", "b.metta", "!b.metta", "/b.metta", "a/b.metta"),
    *("!a/b.metta", "a/*", "!a/a/", "**/b.metta", "a/**", "!a/**", "a/**/b.metta", "*", "!*/", "/*", "!/a", "*/"),
    *("[ab].metta", "[!a].metta", "![^a].metta", "[a-b]", "[b-a]*", "[]a-].metta", "[[:alpha:]].metta", "[", "a["),
    *("?.metta", "??.metta", "\\a", "a\\", "\\!a.metta", "\\#a.metta", "#a.metta", "a ", " a.metta", "a.metta  "),
    *("a.metta\\ ", "a.metta\t", "\t", "", "/", "//", "!", "**", "**/", "a//b.metta", "é.metta", "[é].metta"),
    *("b.metta\r", "\udcff*", "a/b/", "/a/a/*.metta", "!/a/a/a.metta", "***/b.metta", "a/b*", "b?", "!b/a.metta"),
    *("\x85.metta", "\xa0.metta\xa0", "{a,b}.metta", "[\\]].metta", "[a\\-c].metta", "*.[m]etta", "[[:foo:]]"),
]
FOLDERS = ["", "a/", "b/", "a/a/", "a/b/", "b/a/", "a/b/a/", "a b/", "a\nb/"]
FILES = [
    *("a.metta", "b.metta", "c.metta", "a", "]", "-.metta", "].metta", "é.metta", "\udcff.metta", "!a.metta"),
    *("#a.metta", " a.metta", "a.metta ", "ab.metta", "a\nb.metta", "\x85.metta", "\xa0.metta", "metta"),
]
PIECES = [
    *(
        "a",
        "b",
        ".metta",
        "*",
        "?",
        "**",
        "/",
        "/",
        "[ab]",
        "[!a]",
        "[^b]",
        "[b-]",
        "[]a]",
        "[!]]",
        "[[:alpha:]]",
        "[a/b]",
    ),
    *("\\a", "\\*", "\\ ", " ", "!", "#", "é", "-", "]", "[", "\t"),
]
composed = st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join)
texts = st.lists(st.one_of(st.sampled_from(LINES), composed), max_size=4).map("\n".join)
trees = st.fixed_dictionaries(
    {
        "files": st.sets(st.tuples(st.sampled_from(FOLDERS), st.sampled_from(FILES)), min_size=1, max_size=14),
        "ignores": st.dictionaries(st.sampled_from(FOLDERS[:6]), texts, max_size=3),
        "exclude": texts,
        "user": texts,
        "root": st.sampled_from(["", "", "a/", "a/b/"]),
    }
)
quick = settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def build_tree(repository: Path, tree: dict[str, object]) -> None:
    """Makes the tree, where a name is not a file and a folder at once."""
    for folder, name in sorted(tree["files"]):  # type: ignore[call-overload]
        if not (repository / folder / name).is_dir() and not any(
            parent.is_file() for parent in (repository / folder / name).parents
        ):
            write(repository / folder / name)
    for folder, text in tree["ignores"].items():  # type: ignore[attr-defined]
        if not any(parent.is_file() for parent in (repository / folder / "x").parents):
            write(repository / folder / ".gitignore", text)


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], Path]:
    count = iter(range(10_000))

    def folder() -> Path:
        path = tmp_path / str(next(count))
        path.mkdir()
        return path

    return folder


def small(ignore: str, *paths: str, user: str = "", root: str = "") -> dict[str, object]:
    """A tree with one file of patterns."""
    files = {(folder + slash, name) for folder, slash, name in (path.rpartition("/") for path in paths)}
    return {"files": files, "ignores": {"": ignore}, "exclude": "", "user": user, "root": root}


@quick
@given(tree=trees)
@example(tree=small("*.metta\n!a", "a/b.metta"))
@example(tree=small("a\n!a/b.metta", "a/b.metta"))
@example(tree=small("a/*\n!a/b.metta", "a/b.metta"))
@example(tree=small("a.metta\n!a.metta\\ ", "a.metta"))
@example(tree=small("a\\  ", "a /b.metta", "a\\/b.metta", "a/b.metta"))
@example(tree=small("[a/b].metta", "a.metta", "a/b.metta"))
@example(tree=small("[!a].metta", "a.metta", "!.metta"))
@example(tree=small("b", "a/b/b.metta", user="!b", root="a/"))
def test_git_agrees(fresh: Callable[[], Path], tree: dict[str, object]) -> None:
    place = fresh()
    repository, home = place / "repository", place / "home"
    repository.mkdir()
    git(repository, "init", "-q", "--template=")
    build_tree(repository, tree)
    write(repository / ".git/info/exclude", str(tree["exclude"]))
    write(home / ".config/git/ignore", str(tree["user"]))
    root = repository / str(tree["root"])
    # Who names a folder as root wants it, ignored or not: git has nothing to say about it then.
    if not root.is_dir() or (root != repository and is_ignored(repository, root, home)):
        root = repository
    found = discover(root, home=GitHome(home, (), home / ".config/git/ignore"))
    assert found.problems == []
    assert list(found.files) == not_ignored(root, home)


def is_ignored(repository: Path, path: Path, home: Path) -> bool:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}
    command = ["git", "check-ignore", "-q", "--no-index", f"{path}/"]
    return subprocess.run(command, cwd=repository, env=environment, check=False).returncode == 0


def test_nested_repository_is_walked_by_its_own_rules(tmp_path: Path) -> None:
    inner = tmp_path / "vendor/inner"
    make(tmp_path, "a.metta", "vendor/a.metta", "vendor/c.metta")
    make(inner, "a.metta", "b.metta", "c.metta", "d.metta", "sub/a.metta", "sub/d.metta")
    for repository in (tmp_path, inner):
        git(repository, "init", "-q", "--template=")
    write(tmp_path / ".gitignore", "a.metta\n/vendor/c.metta\n")
    write(inner / ".gitignore", "b.metta\n")
    write(inner / ".git/info/exclude", "/c.metta\n")
    home = tmp_path / ".home"
    write(home / "ignore", "/d.metta\n")
    write(home / ".gitconfig", f"[core]\n\texcludesFile = {home}/ignore\n")
    user = GitHome(home, (home / ".gitconfig",), NOBODY.excludes)
    assert names(tmp_path, home=user) == [f"vendor/inner/{path}" for path in ("a.metta", "sub/a.metta", "sub/d.metta")]
    assert names(inner, home=user) == not_ignored(inner, home) == ["a.metta", "sub/a.metta", "sub/d.metta"]
    write(tmp_path / ".gitignore", "inner\n")
    assert names(tmp_path, home=user) == ["a.metta", "vendor/a.metta", "vendor/c.metta"]


def test_worktree_is_judged_by_its_repository(tmp_path: Path) -> None:
    repository, tree = tmp_path / "repository", tmp_path / "tree"
    repository.mkdir()
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(repository, "init", "-q")
    git(repository, *identity, "commit", "-q", "--allow-empty", "-m", "x")
    git(repository, "worktree", "add", "-q", str(tree))
    write(repository / ".git/info/exclude", "b.metta\n")
    make(tree, "a.metta", "b.metta")
    assert names(tree) == not_ignored(tree) == ["a.metta"]


@pytest.mark.parametrize(
    ("config", "excludes"),
    [
        ("[core]\nexcludesFile = ~/mine\n", "mine"),
        ('[CORE] ExcludesFile = "~/mine" # here\n', "mine"),
        ("[core]\n  excludesfile = ~/mine ; here\n[user]\n  excludesfile = ~/other\n", "mine"),
        ("[core]\nexcludesfile = ~/other\nexcludesfile = ~/mine\n", "mine"),
        ('[core "x"]\nexcludesfile = ~/other\n', ".config/git/ignore"),
        ("[core]\neditor = vi\n", ".config/git/ignore"),
        ("", ".config/git/ignore"),
    ],
)
def test_excludes_of_the_user_are_where_git_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, excludes: str
) -> None:
    home, repository = tmp_path / "home", tmp_path / "repository"
    write(home / ".gitconfig", config)
    for name in ("mine", "other", ".config/git/ignore"):
        write(home / name, f"{name.replace('/', '-')}.metta\n")
    make(repository, "mine.metta", "other.metta", ".config-git-ignore.metta", "config.metta")
    write(home / ".config/git/ignore", "config.metta\n")
    git(repository, "init", "-q", "--template=")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    found = names(repository, home=GitHome.from_environment())
    gone = "config.metta" if excludes.startswith(".config") else f"{excludes}.metta"
    assert found == sorted({"mine.metta", "other.metta", "config.metta"} - {gone})
    assert found == [path for path in not_ignored(repository, home) if not path.startswith(".")]


def test_xdg_folder_moves_the_excludes_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "repository", "a.metta", "b.metta", ".git/HEAD")
    write(tmp_path / "xdg/git/ignore", "a.metta\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert names(tmp_path / "repository", home=GitHome.from_environment()) == ["b.metta"]


def test_excludes_of_a_repository_s_own_configuration(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=")
    git(tmp_path, "config", "core.excludesFile", "mine")
    write(tmp_path / "mine", "a.metta\n")
    make(tmp_path, "a.metta", "b.metta")
    assert names(tmp_path) == not_ignored(tmp_path) == ["b.metta"]


def test_gitignore_holds_without_a_repository_too(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "b.metta", "sub/a.metta", "sub/c.metta")
    write(tmp_path / ".gitignore", "a.metta\n")
    write(tmp_path / "sub/.gitignore", "!a.metta\nc.metta\n")
    assert names(tmp_path) == ["b.metta", "sub/a.metta"]


def test_folders_between_the_repository_and_the_root_have_their_say(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=")
    root = tmp_path / "a/b/c"
    make(root, "x.metta", "y.metta", "z.metta", "d/x.metta", "d/y.metta")
    write(tmp_path / ".gitignore", "/a/b/c/d/y.metta\n/x.metta\n")
    write(tmp_path / "a/.gitignore", "/b/c/x.metta\n")
    write(tmp_path / "a/b/.gitignore", "c/y.metta\n/z.metta\n")
    assert names(root) == not_ignored(root) == ["d/x.metta", "z.metta"]


def test_byte_order_mark_is_no_part_of_a_pattern(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--template=")
    write(tmp_path / ".gitignore", b"\xef\xbb\xbfa.metta\r\nb.metta\r\n")
    make(tmp_path, "a.metta", "b.metta", "c.metta")
    assert names(tmp_path) == not_ignored(tmp_path) == ["c.metta"]


def test_gitignore_that_is_no_regular_file_is_a_problem(tmp_path: Path) -> None:
    make(tmp_path, "a/x.metta", "b/x.metta", "c/x.metta")
    os.mkfifo(tmp_path / "a/.gitignore")
    (tmp_path / "b/.gitignore").mkdir()
    write(tmp_path / "everything", "*")
    (tmp_path / "c/.gitignore").symlink_to("../everything")
    found = discover(tmp_path)
    assert list(found.files) == ["a/x.metta", "b/x.metta", "c/x.metta"]
    assert [path for path, _message in found.problems] == ["a/.gitignore", "b/.gitignore", "c/.gitignore"]
    assert all(message.startswith("its patterns cannot be read: ") for _path, message in found.problems)


# What the configuration excludes and includes ---------------------------------


def test_exclude_is_on_top_of_what_git_ignores(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "b.metta", "gen/a.metta", "gen/keep.metta", "out/x.metta")
    write(tmp_path / ".gitignore", "out/\n")
    chosen = Settings(exclude=("/gen/*", "!/gen/keep.metta", "b.metta", "!out/"))
    assert names(tmp_path, chosen) == ["a.metta", "gen/keep.metta"]
    assert skipped(tmp_path, chosen) == {
        "b.metta": "excluded by the configuration",
        "gen/a.metta": "excluded by the configuration",
        "out/": "ignored by git",
    }


def test_nothing_below_an_excluded_folder_comes_back(tmp_path: Path) -> None:
    make(tmp_path, "gen/keep.metta", "a.metta")
    assert names(tmp_path, Settings(exclude=("gen/", "!gen/keep.metta"))) == ["a.metta"]


def test_include_takes_only_what_matches(tmp_path: Path) -> None:
    make(tmp_path, "src/a.metta", "src/deep/b.metta", "src/not.metta", "c.metta", "lib/x.metta", "lib/y.metta")
    chosen = Settings(include=("src/", "!not.metta", "/lib/x.*"))
    assert names(tmp_path, chosen) == ["lib/x.metta", "src/a.metta", "src/deep/b.metta"]
    assert skipped(tmp_path, chosen) == dict.fromkeys(
        ["c.metta", "lib/y.metta", "src/not.metta"], "not included by the configuration"
    )


def test_patterns_of_the_configuration_are_seen_from_its_folder(tmp_path: Path) -> None:
    make(tmp_path, "x.metta", "vendor/x.metta", "old/x.metta")
    chosen = Settings(exclude=("/project/vendor/", "/old/"), include=("/project/",), prefix="project/")
    assert names(tmp_path, chosen) == ["old/x.metta", "x.metta"]


def test_configuration_holds_in_nested_repositories(tmp_path: Path) -> None:
    make(tmp_path, "inner/.git/HEAD", "inner/a.metta", "inner/b.metta")
    assert names(tmp_path, Settings(exclude=("a.metta",))) == ["inner/b.metta"]


# Memory -----------------------------------------------------------------------

PLACES = [f"{folder}{name}" for folder in ("", "a/", "a/b/", "c/") for name in ("x.metta", "y.metta")]
SHORT = ["x.metta", "!x.metta", "a/", "/c", "b", "!b/", "*", ""]
edits = st.one_of(
    st.tuples(st.just("write"), st.sampled_from([*PLACES, "a/b", "c.metta", ".git/HEAD", "a/.git/HEAD"]), st.just("")),
    st.tuples(st.just("write"), st.sampled_from(["c/pyvenv.cfg"]), st.just("")),
    st.tuples(
        st.just("write"),
        st.sampled_from([".gitignore", "a/.gitignore", "a/b/.gitignore", ".git/info/exclude", "a/.git/info/exclude"]),
        st.lists(st.sampled_from(SHORT), max_size=2).map("\n".join),
    ),
    st.tuples(st.just("write"), st.just("../.gitignore"), st.sampled_from(["", "root/a/\n"])),
    st.tuples(st.just("remove"), st.sampled_from([*PLACES, "a", "c", ".gitignore", "a/.gitignore", ".git", "a/.git"])),
    st.tuples(st.just("link"), st.sampled_from([*PLACES, "c"])),
    st.tuples(st.just("exclude"), st.sampled_from(SHORT)),
    st.tuples(st.just("include"), st.sampled_from(SHORT)),
)


def edit(root: Path, chosen: Settings, what: tuple[str, ...]) -> Settings:
    match what:
        case ("exclude", pattern):
            return Settings(include=chosen.include, exclude=(pattern,) if pattern else ())
        case ("include", pattern):
            return Settings(include=(pattern,) if pattern else (), exclude=chosen.exclude)
        case (verb, name, *text):
            path = root / name
            if any(parent.is_file() or parent.is_symlink() for parent in path.parents):
                return chosen
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.is_dir() and verb != "write":
                subprocess.run(["rm", "-r", str(path)], check=True)
            if verb == "write" and not path.is_dir():
                write(path, text[0])
            elif verb == "link":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(root)
    return chosen


@quick
@given(rounds=st.lists(st.lists(edits, max_size=4), min_size=2, max_size=5))
def test_memory_changes_nothing(fresh: Callable[[], Path], rounds: list[list[tuple[str, ...]]]) -> None:
    place = fresh()
    write(place / ".git/HEAD")
    root = place / "root"
    make(root, *PLACES)
    chosen = Settings()
    remembered: Decisions | None = None
    for changes in rounds:
        for what in changes:
            chosen = edit(root, chosen, what)
        warm = discover(root, chosen, remembered)
        cold = discover(root, chosen)
        assert warm == cold
        remembered = Decisions.from_bytes(warm.decisions.to_bytes())
        assert remembered == cold.decisions
        assert remembered is not None
        assert remembered.to_bytes() == cold.decisions.to_bytes()


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths that patterns are asked about."""
    asked: list[str] = []
    deciding = patterns.Patterns.deciding

    def ask(self: patterns.Patterns, path: str, is_folder: bool) -> patterns.Rule | None:
        asked.append(path)
        return deciding(self, path, is_folder)

    monkeypatch.setattr(patterns.Patterns, "deciding", ask)
    return asked


def test_only_what_is_new_is_decided(tmp_path: Path, evaluated: list[str]) -> None:
    make(tmp_path, "a.metta", "x/b.metta", "x/no.metta", "y/c.metta")
    write(tmp_path / ".gitignore", "no.metta\nz/\n")
    first = discover(tmp_path)
    assert sorted(evaluated) == ["a.metta", "x", "x/b.metta", "x/no.metta", "y", "y/c.metta"]
    evaluated.clear()
    second = discover(tmp_path, remembered=first.decisions)
    assert evaluated == []
    assert second.decisions is first.decisions
    make(tmp_path, "x/new.metta", "z/d.metta")
    third = discover(tmp_path, remembered=second.decisions)
    assert sorted(evaluated) == ["x/new.metta", "z"]
    assert list(third.files) == ["a.metta", "x/b.metta", "x/new.metta", "y/c.metta"]


def test_memory_is_dropped_with_a_file_of_patterns_that_is_gone(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "x/b.metta")
    write(tmp_path / ".gitignore", "a.metta\n")
    write(tmp_path / "x/.gitignore", "b.metta\n")
    remembered = discover(tmp_path).decisions
    (tmp_path / "x/.gitignore").unlink()
    found = discover(tmp_path, remembered=remembered)
    assert list(found.files) == ["x/b.metta"]
    assert found.decisions.sources.keys() == {".gitignore"}


def test_memory_is_dropped_with_other_settings(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "b.metta")
    remembered = discover(tmp_path, Settings(exclude=("/sub/a.metta",))).decisions
    found = discover(tmp_path, Settings(exclude=("/sub/a.metta",), prefix="sub/"), remembered)
    assert list(found.files) == ["b.metta"]


def test_where_no_pattern_holds_none_is_evaluated(tmp_path: Path, evaluated: list[str]) -> None:
    make(tmp_path, "a.metta", "x/b.metta", "x/inner/.git/HEAD", "x/inner/d.metta", "y/c.metta")
    write(tmp_path / "x/.gitignore", "no.metta\n")
    found = discover(tmp_path)
    assert sorted(evaluated) == ["b.metta", "inner"]
    assert found.decisions.accepted == {"x/b.metta", "x/inner/"}


def test_unchanged_tree_needs_no_pathspec(tmp_path: Path) -> None:
    make(tmp_path / "root", "a.metta", "x/b.metta", "x/no.metta")
    write(tmp_path / "root/.gitignore", "no.metta\n")
    code = (
        "import sys; from pathlib import Path;"
        "from metta_index.indexer.configuration import Settings;"
        "from metta_index.indexer.discovery.walk import Decisions, discover;"
        "memory = Path(sys.argv[2]);"
        "known = Decisions.from_bytes(memory.read_bytes()) if memory.exists() else None;"
        "found = discover(Path(sys.argv[1]), Settings(exclude=('nothing',)), known);"
        "memory.write_bytes(found.decisions.to_bytes());"
        "print(*found.files, *{'pathspec', 'metta_index.indexer.discovery.patterns', 'hashlib'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "root"), str(tmp_path / "memory")]
    cold, warm = (subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() for _ in "12")
    assert "pathspec" in cold
    assert warm == ["a.metta", "x/b.metta"]


def test_one_listing_of_each_folder_and_one_look_at_each_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, *(f"d{folder}/f{file}.metta" for folder in range(5) for file in range(4)), "d1/notes.txt")
    write(tmp_path / ".gitignore", "nothing\n")
    remembered = discover(tmp_path).decisions
    listed: list[str] = []
    looked: list[str] = []
    scandir = os.scandir

    class Entry:
        def __init__(self, entry: os.DirEntry[str]) -> None:
            self._entry, self.name = entry, entry.name
            self.is_dir, self.is_symlink = entry.is_dir, entry.is_symlink

        def stat(self, *, follow_symlinks: bool) -> os.stat_result:
            looked.append(self.name)
            return self._entry.stat(follow_symlinks=follow_symlinks)

    class Scan:
        def __init__(self, path: str) -> None:
            listed.append(path)
            self._scan = scandir(path)

        def __enter__(self) -> list[Entry]:
            return [Entry(entry) for entry in self._scan]

        def __exit__(self, *_: object) -> None:
            self._scan.close()

    monkeypatch.setattr(os, "scandir", Scan)
    assert len(discover(tmp_path, remembered=remembered).files) == 20
    assert (len(listed), len(looked)) == (6, 20)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\n", b"{}\n", b"[]\n", b"5\n", b"\xff\n", b"[" * 100_000, b'["k", 1, [], 0, 0]\n'),
        *(b'["k", [], [], 1, 3]\na', b'["k", [], [], 2, 1]\na', b'["k", [], [], 1, 1]', b"[1, [], [], 0, 0]\n"),
        *(b'["k", [["a", 1]], [], 0, 0]\n', b'["k", [], [["a", 1]], 0, 0]\n', b'["k", [[[], ""]], [], 0, 0]\n'),
        *(b'["k", [], [], 0, 0]\na', b'["k", [], [], [], 0]\n', b'["k", [], []]\n'),
    ],
)
def test_bytes_that_are_no_decisions(data: bytes) -> None:
    assert Decisions.from_bytes(data) is None


def test_no_part_of_decisions_passes_for_the_whole(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "x/b.metta", "x/no.metta", "\udcff.metta")
    write(tmp_path / ".gitignore", "no.metta\n")
    data = discover(tmp_path).decisions.to_bytes()
    assert Decisions.from_bytes(data) == discover(tmp_path).decisions
    assert [Decisions.from_bytes(data[:size]) for size in range(len(data))] == [None] * len(data)


# Given files ------------------------------------------------------------------


def test_given_files_are_taken_though_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    make(root, "a.metta", "out/b.metta", ".hidden/c.metta", "notes.txt", "\udcff.metta", "sub/x.metta")
    write(root / ".gitignore", "out/\n")
    make(tmp_path, "outside.metta")
    (root / "link.metta").symlink_to("a.metta")
    (tmp_path / "alias").symlink_to("root")
    monkeypatch.chdir(root / "sub")
    given_names = [
        *("../out/b.metta", "x.metta", str(root / ".hidden/c.metta"), "../notes.txt", "../link.metta", "../gone.metta"),
        *("../\udcff.metta", str(tmp_path / "alias/a.metta"), "../../outside.metta", "..", "../..", "x.metta"),
    ]
    found = discovery.discover_paths(root, given_names, Settings())
    assert list(found.files) == [".hidden/c.metta", "a.metta", "out/b.metta", "sub/x.metta", "\udcff.metta"]
    assert found.files["a.metta"] == discover(root).files["a.metta"]
    assert dict(found.skipped) == {
        ".": "folder, not a regular file",
        "link.metta": "symbolic link",
        "notes.txt": f"ends in none of {', '.join(Settings().endings())}",
    }
    assert dict(found.problems) == {
        "../..": f"is outside the workspace {root}",
        "../../outside.metta": f"is outside the workspace {root}",
        "gone.metta": "cannot be looked at: No such file or directory",
    }


def test_memory_of_given_files_is_of_no_use_to_a_walk(tmp_path: Path) -> None:
    make(tmp_path, "a.metta", "b.metta")
    some = discovery.discover_paths(tmp_path, [str(tmp_path / "a.metta")], Settings())
    assert list(discover(tmp_path, remembered=some.decisions).files) == ["a.metta", "b.metta"]
