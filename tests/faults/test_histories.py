"""Histories replayed: after every commit the warm index is that of a fresh build without a cache."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from program import Program
from workspaces import ALL, TEXTS, fresh, tally

COMMITS = 200 if ALL else 60
PUBLIC = os.environ.get("FAULT_TESTS_HISTORY")
PUBLIC_COMMITS = int(os.environ.get("FAULT_TESTS_COMMITS", "200"))

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false"]
    ended = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return ended.stdout


def make_history(root: Path, commits: int, seed: int) -> None:
    """Edits, additions, removals, renames, moves, reverts, merges of branches, and changes of what is ignored."""
    chosen = random.Random(seed)
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for number in range(commits):
        known = sorted(path for path in root.rglob("*.metta") if path.is_file())
        deed = chosen.randrange(10) if len(known) > 3 else 0
        path = root / f"part-{chosen.randrange(4)}" / f"file-{chosen.randrange(12)}.metta"
        if deed < 4:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{chosen.choice(TEXTS)}(= (commit) {number})\n", encoding="utf-8")
        elif deed == 4:
            chosen.choice(known).unlink()
        elif deed == 5:
            path.parent.mkdir(exist_ok=True)
            chosen.choice(known).replace(path)
        elif deed == 6:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(chosen.choice(known).read_bytes())
        elif deed == 7:
            (root / ".gitignore").write_text(chosen.choice(["", "part-1/\n", "*-3.metta\n", "!file-3.metta\n"]))
        elif deed == 8:
            (root / "metta-index.toml").write_text(chosen.choice(["", 'dialect = "petta"\n', 'exclude = ["part-2"]\n']))
        else:
            git(root, "checkout", "-q", f"HEAD~{chosen.randrange(min(3, number))}", "--", ".")
        git(root, "add", "-A", "-f", ".", ":!.metta-index")
        git(root, "commit", "-q", "--allow-empty", "-m", f"{number}")


def replay(program: Program, root: Path, commits: list[str]) -> None:
    for commit in commits:
        git(root, "checkout", "-q", "--force", commit)
        ended = program("export", "jsonl", "--root", root)
        assert ended.out == fresh(program, root), commit
        tally(1)


@needs_git
@pytest.mark.parametrize("seed", [1, 2])
def test_a_made_history(program: Program, tmp_path: Path, seed: int) -> None:
    root = tmp_path / "workspace"
    make_history(root, COMMITS, seed)
    commits = git(root, "rev-list", "--reverse", "HEAD").split()
    assert len(commits) == COMMITS
    jumps = random.Random(seed).sample(commits, COMMITS // 3)
    replay(program, root, commits + jumps)


@needs_git
@pytest.mark.skipif(not PUBLIC, reason="FAULT_TESTS_HISTORY names no folder of git repositories")
def test_public_histories(program: Program, tmp_path: Path) -> None:
    """The last commits of each repository in the folder that change MeTTa, FAULT_TESTS_COMMITS of them."""
    assert PUBLIC is not None
    for number, repository in enumerate(sorted(path.parent for path in Path(PUBLIC).glob("*/.git"))):
        root = tmp_path / f"workspace-{number}"
        git(tmp_path, "clone", "-q", "--shared", str(repository), str(root))
        limit = f"--max-count={PUBLIC_COMMITS}"
        commits = git(root, "rev-list", "--reverse", limit, "HEAD", "--", "*.metta").split()
        replay(program, root, commits)
        print(f"{repository.name}: {len(commits):,} commits")
        shutil.rmtree(root)
