"""What whoever controls a workspace can do: waste bounded time, and have its files reported one by one."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from children import forked
from program import Program
from workspaces import ALL, fresh, tally

from metta_index.indexer.languages.metta.language import parse

#: Seconds of processor time that any of this may take here, many times what it does take.
SECONDS = 30
MILLION = 10**6 if ALL else 10**5


@pytest.fixture(autouse=True)
def bounded() -> object:
    before = time.process_time()
    yield
    assert time.process_time() - before < SECONDS


def texts() -> dict[str, bytes]:
    n = MILLION
    return {
        "nothing": b"",
        "a mark of byte order": b"\xef\xbb\xbf",
        "a mark of byte order and text": b"\xef\xbb\xbf(= (f) 1)",
        "UTF-16": "(= (f) 1)\n".encode("utf-16"),
        "UTF-32": "(= (f) 1)\n".encode("utf-32"),
        "Latin-1": "(= (größe) 1)".encode("latin-1"),
        "NUL": b"(= (f\0g) \0)\0",
        "only NUL": bytes(n),
        "only 0xff": b"\xff" * n,
        "carriage returns": b"(= (f) 1)\r(= (g) 2)\r; x\r(= (h) 3)",
        "both": b"(= (f) 1)\r\n; x\r\n(= (h) 3)\r\n",
        "line separators": "(= (f) 1)\u2028; x\u2029(= (g) 2)\x85\x0b\x0c(h)".encode(),
        "surrogates": "(= (f) \ud800)".encode("utf-8", "surrogatepass"),
        "overlong": b"(= (f) \xc0\xaf \xf8\x88\x80\x80\x80)",
        "bidirectional": "(= (f) \u202e1\u2066)".encode(),
        "open parentheses": b"(" * n,
        "closed parentheses": b"(" * n + b")" * n,
        "stray parentheses": b")" * n,
        "nested rules": b"(= (f) " * (n // 10) + b"1" + b")" * (n // 10),
        "open evaluations": b"!(" * n,
        "open strings": b'"' * (n + 1),
        "a string without end": b'(= (f) "' + b"x" * n,
        "a word": b"x" * n,
        "a word of quotes": b'a"' * n,
        "a variable": b"$" + b"x" * n,
        "a comment": b";" * n,
        "exclamation marks": b"!" * n,
        "lines": b"\n" * n,
        "forms": b"(= (f) 1)\n" * (n // 10),
        "facts of many heads": b"".join(b"(h%d a)\n" % number for number in range(n // 20)),
        "many parameters": b"(= (f " + b" ".join(b"$v%d" % number for number in range(n // 20)) + b") 1)",
        "many lambdas": b"(\\ ($x) " * (n // 20) + b"$x" + b")" * (n // 20),
        "nested lets": b"(let $x 1 " * (n // 20) + b"$x" + b")" * (n // 20),
        "imports": b"!(import! &self a:b)\n" * (n // 50),
        "an import of itself": b"!(import! &self hostile)\n",
        "an import from above": b"!(import! &self ../../../../../../etc/passwd)\n!(include /etc/passwd)\n",
        "a long import": b"!(import! &self " + b"a:" * (n // 10) + b"b)\n",
        "dots of an import": b"!(import! &self " + b"../" * (n // 10) + b"b)\n",
    }


TEXTS = texts()


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("ending", ["metta", "rho"])
def test_hostile_contents(program: Program, workspace: Path, name: str, ending: str) -> None:
    # Recovery from errors takes more than linear time in Rholang's grammar.
    text = TEXTS[name] if ending == "metta" else TEXTS[name][:10_000]
    (workspace / f"hostile.{ending}").write_bytes(text)
    cold = program("export", "jsonl", "--root", workspace)
    assert cold.code == 0 and "Traceback" not in cold.err, cold.err[:1000]
    assert cold.out == fresh(program, workspace)
    for query in (("outline", workspace / f"hostile.{ending}"), ("deps",), ("def", "f"), ("build", "--force")):
        ended = program(*query, "--root", workspace)
        assert ended.code in (0, 1) and "Traceback" not in ended.err, ended.err[:1000]


@pytest.mark.parametrize("factor", [2, 4])
def test_work_grows_with_the_text(factor: int) -> None:
    """Counted in nodes: a text as long again has as many again, whatever it is made of."""
    for unit in (b"(", b"(a ", b"!(", b'"a" ', b"(= (f $x) 1)\n", b"$x ", b"; c\n"):
        small, large = len(parse(unit * 1000)), len(parse(unit * 1000 * factor))
        assert large <= factor * small + 2
        tally(11)


PATTERNS = [
    "*a" * 40 + "b",
    "a*" * 40 + "b",
    "**/" * 60 + "x",
    "**/a/" * 30 + "x",
    "/**/*a*/**/*b*/**/" * 8 + "x",
    "[a-z]*" * 40 + "!",
    "*" * 5000 + "x",
    "?" * 5000,
    "[" * 5000,
    "\\" * 5001,
    "!" * 5000 + "a",
    "*a" * 2000,
    "[!" + "a-z" * 1000 + "]",
    "(a+)+" * 20,
    "{" + "a," * 1000 + "}",
]


@pytest.mark.parametrize("number", range(len(PATTERNS)))
@pytest.mark.parametrize("place", [".gitignore", "metta-index.toml"])
def test_patterns_that_backtrack(workspace: Path, tmp_path: Path, number: int, place: str) -> None:
    """In a child of its own, which its processor time would end."""
    pattern = PATTERNS[number]
    folder = workspace / ("a" * 200) / ("a" * 200)
    folder.mkdir(parents=True)
    (folder / f"{'a' * 200}.metta").write_text("(= (deep) 1)\n")
    if place == ".gitignore":
        (workspace / ".git").mkdir()
        (workspace / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (workspace / place).write_text(pattern + "\n")
    else:
        text = pattern.replace("\\", "\\\\")
        (workspace / "metta-index.toml").write_text(f'exclude = ["{text}"]\n')
    ended = forked(
        "build",
        "--root",
        workspace,
        scratch=tmp_path,
        prepare=lambda: resource.setrlimit(resource.RLIMIT_CPU, (5, 5)),
    )
    assert ended.code in (0, 2) and "Traceback" not in ended.err, ended.err[:1000]


# -- file trees ----------------------------------------------------------------------------


def deep_folders(root: Path) -> None:
    here = os.getcwd()  # noqa: PTH109
    os.chdir(root)
    try:
        for _ in range(600):
            os.mkdir("d" * 20)  # noqa: PTH102
            os.chdir("d" * 20)
        Path("deep.metta").write_text("(= (deep) 1)\n")
    finally:
        os.chdir(here)


def a_socket(root: Path) -> None:
    here = os.getcwd()  # noqa: PTH109
    os.chdir(root)
    try:
        socket.socket(socket.AF_UNIX).bind("socket.metta")
    finally:
        os.chdir(here)


def many_links(root: Path) -> None:
    (root / "a").mkdir()
    for number in range(40):
        (root / "a" / f"{number}").symlink_to("..")


def sparse(path: Path, size: int) -> None:
    path.touch()
    os.truncate(path, size)


TREES: dict[str, Callable[[Path], object]] = {
    "folders deeper than a path may be long": deep_folders,
    "a socket": a_socket,
    "a named pipe": lambda root: os.mkfifo(root / "pipe.metta"),
    "a device": lambda root: (root / "zero.metta").symlink_to("/dev/zero"),
    "a link to a secret": lambda root: (root / "secret.metta").symlink_to("/etc/passwd"),
    "a link to a folder outside": lambda root: (root / "outside").symlink_to("/etc"),
    "links in circles": many_links,
    "a link to nothing": lambda root: (root / "nothing.metta").symlink_to("nowhere"),
    "one inode by two names": lambda root: (root / "second.metta").hardlink_to(root / "part-0" / "file-0.metta"),
    "names that differ in case": lambda root: [(root / name).write_text("(a)") for name in ("A.metta", "a.metta")],
    "a folder with the name of a file": lambda root: (root / "folder.metta").mkdir(),
    "a sparse file of 1 GB of no language": lambda root: sparse(root / "large.bin", 1 << 30),
    "a sparse file of MeTTa": lambda root: sparse(root / "large.metta", 1 << (20 if ALL else 17)),
    "a folder of git that is a pipe": lambda root: os.mkfifo(root / ".git"),
    "patterns that are a pipe": lambda root: os.mkfifo(root / ".gitignore"),
    "a configuration that is a folder": lambda root: (root / "part-0" / "metta-index.toml").mkdir(),
    "many files": lambda root: [(root / f"{number}.metta").write_text(f"(a {number})") for number in range(1000)],
    "names of formats": lambda root: [
        (root / name).write_text("(= (odd) 1)")
        for name in (
            "a,b.metta",
            "a%0Ab.metta",
            "a::b.metta",
            "::error::x.metta",
            "a\tb.metta",
            "-rf.metta",
            "'\".metta",
        )
    ],
    "names that end lines": lambda root: [
        (root / name).write_text("(= (odd) 1)")
        for name in ("a\nb.metta", "a\rb.metta", "a\u2028.metta", "\x1b[2J.metta")
    ],
}


@pytest.mark.parametrize("name", TREES)
def test_hostile_trees(program: Program, workspace: Path, name: str) -> None:
    before = set(workspace.parent.iterdir())
    TREES[name](workspace)
    inside = set(os.listdir(workspace))  # noqa: PTH208
    ended = program("build", workspace)
    assert ended.code in (0, 1) and "Traceback" not in ended.err, ended
    assert ended.code == 0 or all(line.startswith(("error: ", "warning: ")) for line in ended.err.splitlines())
    first = program("export", "jsonl", "--root", workspace)
    again = program("export", "jsonl", "--root", workspace)
    assert first.out == again.out and "root:x:0" not in first.out
    assert "in-0" in first.out and "in-11" in first.out
    (workspace / ".metta-index").rename(workspace.parent / "index")
    assert set(os.listdir(workspace)) == inside  # noqa: PTH208
    cold = program("export", "jsonl", "--root", workspace, "--no-cache")
    assert (cold.code, cold.out) == (again.code, again.out)
    shutil.rmtree(workspace / ".metta-index")
    (workspace.parent / "index").rename(workspace / ".metta-index")
    assert set(workspace.parent.iterdir()) - before <= {workspace.parent / "home"}
    for command in (("export", "ctags"), ("deps",), ("search", "odd"), ("stats",)):
        shown = program(*command, "--root", workspace)
        assert shown.code in (0, 1) and "\x1b[2J" not in shown.out and "Traceback" not in shown.err, shown


def without_rights() -> None:
    """Root gives up its capabilities: what is closed to its owner is closed to it, too."""
    if os.geteuid() == 0:
        import ctypes

        header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None).capset(header, none):
            raise OSError("capabilities cannot be given up")


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux's")
@pytest.mark.parametrize("what", ["file", "folder", "root"])
def test_what_may_not_be_read(program: Program, workspace: Path, tmp_path: Path, what: str) -> None:
    place = {"file": workspace / "part-1" / "file-1.metta", "folder": workspace / "part-1", "root": workspace}[what]
    mode = place.stat().st_mode
    place.chmod(0)
    ended = forked("build", "--root", workspace, scratch=tmp_path, prepare=without_rights)
    place.chmod(mode)
    assert "Traceback" not in ended.err, ended
    assert ended.err.startswith(("error: ", "warning: ")) and ended.err.count("\n") == 1, ended
    if what == "root":
        assert ended.code == 2
    else:
        assert ended.code == 1 and ("11 indexed, 1 failed" in ended.out or "10 indexed" in ended.out), ended
    assert program.export(workspace) == fresh(program, workspace)


def test_a_file_that_becomes_a_folder_between_scan_and_reading(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from metta_index.indexer.building import build as build_module

    read = build_module.read_document
    path = workspace / "part-2" / "file-2.metta"

    def read_late(root: Path, name: str, *rest: object) -> object:
        if path.is_file():
            path.unlink()
            path.mkdir()
        return read(root, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(build_module, "read_document", read_late)
    ended = program("build", workspace)
    assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
    assert ended.err == "error: part-2/file-2.metta: cannot be read: Is a directory\n"
