"""The pre-commit hooks and the CI examples, run as those who copy them run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from program import Program, environment

yaml = pytest.importorskip("yaml")
pytest.importorskip("pre_commit")

ROOT = Path(__file__).parents[1]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder with `metta-index`, as an installation puts it on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "metta-index"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m metta_index.cli "$@"\n')
    program.chmod(0o755)
    return folder


class Repository:
    """A git repository whose commits are checked by our hooks."""

    def __init__(self, root: Path, tools: Path, home: Path) -> None:
        self.root = root
        identity = {
            f"GIT_{who}_{what}": "hook@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        self.environment = environment(PATH=f"{tools}{os.pathsep}{os.environ['PATH']}", HOME=str(home), **identity)
        self.environment |= {"PRE_COMMIT_HOME": str(home / "pre-commit"), "GIT_CONFIG_NOSYSTEM": "1"}
        root.mkdir()
        self.git("init", "--quiet")
        # The same hooks, with the program that is tested instead of an environment that would be built for them.
        local = [{**hook, "language": "system"} for hook in HOOKS]
        config = {"repos": [{"repo": "local", "hooks": local}]}
        self.write({".pre-commit-config.yaml": yaml.safe_dump(config), ".gitignore": ".metta-index/\n"})

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)

    def hooks(self, *arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "run", "--color", "never", *arguments]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path, tools: Path) -> Repository:
    home = tmp_path / "home"
    home.mkdir()
    made = Repository(tmp_path / "repository", tools, home)
    made.write({"lib.metta": "(= (double $x) (* 2 $x))\n", "main.metta": "!(import! &self lib)\n!(double 4)\n"})
    made.git("add", "--all")
    return made


@needs_git
def test_a_sound_workspace_passes_and_a_broken_file_does_not(repository: Repository) -> None:
    code, said = repository.hooks()
    assert code == 0, said
    repository.write({"main.metta": "!(import! &self lib)\n!(double 4\n"})
    repository.git("add", "--all")
    code, said = repository.hooks()
    assert code == 1 and said.count("main.metta") >= 2 and "MI101" in said


@needs_git
def test_a_commit_that_only_deletes_a_module_is_checked(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--no-verify", "--message", "sound")
    repository.git("rm", "--quiet", "lib.metta")
    assert repository.git("diff", "--cached", "--name-only", "--diff-filter=AM") == ""
    _code, said = repository.hooks("metta-index", "--verbose")
    assert "MI203" in said, said


@needs_git
def test_what_is_staged_is_what_is_judged(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--no-verify", "--message", "sound")
    repository.write({"main.metta": "!(import! &self lib)\n!(double 4\n"})
    repository.git("add", "main.metta")
    # mended in the working tree, and not staged: pre-commit puts that aside
    repository.write({"main.metta": "!(import! &self lib)\n!(double 4)\n"})
    code, said = repository.hooks()
    assert code == 1 and "MI101" in said
    assert (repository.root / "main.metta").read_text().endswith("(double 4)\n")


@needs_git
def test_many_files_get_the_verdict_of_a_full_run(repository: Repository, program: Program) -> None:
    files = {f"part/file-{number:04}-{'x' * 120}.metta": f"(= (f{number}) {number})\n" for number in range(1200)}
    files["part/broken.metta"] = "(= (g) 1\n"
    repository.write(files)
    repository.git("add", "--all")
    code, said = repository.hooks("metta-index-syntax")
    full = program("check", "--select", "MI1", "--root", repository.root)
    assert (code, full.code) == (1, 1)
    assert re.findall(r"^.*MI\d+.*$", said, re.M) == re.findall(r"^.*MI\d+.*$", full.out, re.M)


@pytest.mark.parametrize("name", ["github.yml", "gitlab.yml"])
def test_the_commands_of_the_ci_examples_run(name: str, tmp_path: Path, tools: Path) -> None:
    job = yaml.safe_load((ROOT / "examples" / "ci" / name).read_text())
    scripts = (
        [step["run"] for step in job["jobs"]["symbols"]["steps"] if "run" in step]
        if "jobs" in job
        else job["metta"]["script"]
    )
    commands = [script for script in scripts if "pip install" not in script]
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "a.metta").write_text("(= (a) 1)\n!(a)\n")
    output = tmp_path / "output"
    variables = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GITHUB_OUTPUT": str(output)}
    for command in commands:
        done = subprocess.run(command, shell=True, cwd=workspace, env=environment(**variables), capture_output=True)
        assert done.returncode == 0, (command, done)
    made = {path.name for path in workspace.iterdir()} - {"a.metta", ".metta-index"}
    wanted = {"metta-index.sarif"} if name == "github.yml" else {"gl-code-quality-report.json", "metta-index.xml"}
    assert made == wanted
    if name == "github.yml":
        key, prefix = (line.partition("=")[2] for line in output.read_text().splitlines())
        assert key.startswith(prefix) and len(key) > len(prefix) + 16


def test_a_restored_cache_parses_nothing_and_the_key_says_which(program: Program, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
        (root / "a.metta").write_text("(= (a) 1)\n")
        (root / "b.metta").write_text("!(import! &self a)\n!(a)\n")
    assert program("check", "--root", first).code == 0
    assert program("cache", "key", "--root", first).out == program("cache", "key", "--root", second).out
    # asking for the key has made the folder, as in examples/ci/github.yml: what unpacks the cache need not
    assert (second / ".metta-index").stat().st_mode & 0o777 == 0o700
    shutil.copytree(first / ".metta-index" / "cache", second / ".metta-index" / "cache")
    work = program("build", "--root", second, "--format", "json").objects()[0]["work"]
    assert (work["read"], work["parsed"], work["extracted"]) == (2, 0, 0)
    # a folder that the job names, as in examples/ci/gitlab.yml, is taken with whatever mode it was unpacked
    third = shutil.copytree(first, tmp_path / "third", ignore=shutil.ignore_patterns(".metta-index"))
    shutil.copytree(first / ".metta-index" / "cache", third / "kept")
    (third / "kept").chmod(0o755)
    restored = program("build", "--root", third, "--cache-dir", third / "kept", "--format", "json")
    assert (restored.objects()[0]["work"]["parsed"], restored.err) == (0, "")
    (second / "b.metta").write_text("!(b)\n")
    before = program("cache", "key", "--root", first).out
    assert before != program("cache", "key", "--root", second).out
    assert before.startswith(program("cache", "key", "--prefix").out.strip())
