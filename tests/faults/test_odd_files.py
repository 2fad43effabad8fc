"""Odd files cost themselves, and hide no other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from program import Program
from workspaces import fresh

from metta_index.indexer.building import build as build_module
from metta_index.indexer.building import indexing as indexing_module


def test_files_that_vanish_before_they_are_read(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = workspace / "part-2" / "file-2.metta"
    read = build_module.read_document

    def vanish(root: Path, path: str, *rest: Any) -> Any:
        if path == "part-2/file-2.metta":
            gone.unlink()
        return read(root, path, *rest)

    monkeypatch.setattr(build_module, "read_document", vanish)
    ended = program("build", workspace)
    assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
    assert ended.err == "error: part-2/file-2.metta: cannot be read: No such file or directory\n"
    assert program.export(workspace) == fresh(program, workspace)


@pytest.mark.parametrize("backend", ["sequential", "loky"])
@pytest.mark.parametrize("change", [lambda path: path.write_text("(= (other) 2)\n"), lambda path: path.unlink()])
@pytest.mark.parametrize("is_kept", [True, False], ids=["small", "large"])
def test_files_that_change_while_they_are_indexed(
    program: Program,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: str,
    change: Callable[[Path], object],
    is_kept: bool,
) -> None:
    plan = indexing_module.plan_execution
    changing = workspace / "part-2" / "file-2.metta"
    if not is_kept:  # read again by who indexes it
        changing.write_text("(fact of some length)\n" * 5000)

    def change_first(*arguments: Any, **options: Any) -> Any:
        change(changing)
        return plan(*arguments, **options)

    monkeypatch.setattr(indexing_module, "plan_execution", change_first)
    ended = program("build", "--root", workspace, "--backend", backend, "--jobs", "2")
    if is_kept:
        assert (ended.code, ended.err) == (0, "") and "12 indexed" in ended.out
    else:
        assert ended.code == 1 and "11 indexed, 1 failed" in ended.out
        assert ended.err.startswith("error: part-2/file-2.metta: ") and ended.err.count("\n") == 1
    monkeypatch.undo()
    assert program("export", "jsonl", "--root", workspace).out == fresh(program, workspace)


def test_odd_names_and_things_that_are_no_files(program: Program, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe.fifo.metta")
    (workspace / "loop").symlink_to(".")
    (workspace / "self.metta").symlink_to("self.metta")
    (workspace / "file.metta").symlink_to("part-0/file-0.metta")
    (workspace / "folder.metta").mkdir()
    long = "λ" * 124 + "x.metta"
    assert len(long.encode()) == 255
    names = [
        b"new\nline.metta",
        b"not-utf-8-\xff.metta",
        long.encode(),
        b"tab\t'\"\\.metta",
        b" .metta",
        b"\x1b[31m.metta",
    ]
    for name in names:
        Path(os.fsdecode(os.fsencode(workspace) + b"/" + name)).write_text("(= (odd) 1)\n")
    ended = program("build", workspace)
    assert (ended.code, ended.err) == (0, ""), ended
    assert "18 indexed" in ended.out
    said = program("build", "--root", workspace, "--verbose").err.splitlines()
    assert "skipped pipe.fifo.metta: named pipe" in said or any("pipe.fifo.metta" in line for line in said)
    assert {line.split()[1] for line in said} >= {"file.metta:", "loop:", "self.metta:", "pipe.fifo.metta:"}
    exported = program.export(workspace)
    assert exported == fresh(program, workspace)
    paths = [found["path"] for found in map(json.loads, exported.splitlines()) if found["type"] == "document"]
    assert len(paths) == 18 and all(path.isprintable() for path in paths)
    for name in names:
        outline = program("outline", "--root", workspace, workspace / os.fsdecode(name))
        assert outline.code == 0 and "odd" in outline.out, outline
    for name in names:
        Path(os.fsdecode(os.fsencode(workspace) + b"/" + name)).unlink()
    assert "6 removed" in program("build", workspace).out


def test_a_folder_that_cannot_be_listed_costs_what_is_in_it(
    program: Program, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if str(path).rstrip("/").endswith("part-2"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    ended = program("build", workspace)
    assert ended.code == 1 and "10 indexed, 1 failed" in ended.out
    assert ended.err == "error: part-2/: cannot be listed: Permission denied\n"
