"""Linking warm equals linking cold: whatever happens to modules, imports mean what they do in a fresh build."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from incremental import QUICK_FOLDER, assert_fresh, build

IMPORTS = [
    "!(import! &self a)",
    "!(import! &self A)",
    "!(import! &kb b)",
    "!(import! &self lib)",
    "!(import! &self lib:a)",
    "!(import! &self top:lib:b)",
    "!(import! &self self:a)",
    "!(import! &self project:lib:a)",
    "!(import! &self tools:a)",
    "!(import! &self ../lib/a.metta)",
    "!(import! &self lib/a)",
    "!(import! &self ../../common/a)",
    "!(import! &self common)",
    "!(import! &self (library tools a))",
    "!(import! &self json)",
    "!(include b)",
    "!(register-module! lib)",
    "!(register-module! ../lib)",
    "!(register-module! ../deep/tools)",
    '!(git-import! "https://example.org/tools.git")',
    "(import! &self a)",
    "(= (f $x) (g $x))",
    "(= (p) (progn (a) (b)))",
    "from .a import names",
]
NAMES = [
    "m.metta",
    "a.metta",
    "A.metta",
    "lib.metta",
    "lib/a.metta",
    "lib/b.metta",
    "lib/module.metta",
    "deep/m.metta",
    "deep/tools/a.metta",
    "repos/tools/a.metta",
    "petta/m.metta",
    "a.py",
    "lib/__init__.py",
]
FOLDERS = ["lib", "deep", "deep/tools", "Lib", "repos"]
CONFIGURATIONS = [
    "",
    'alias = ["project"]\n',
    'alias = ["tools", "lib"]\n',
    'roots = ["lib"]\n',
    'roots = ["deep", "."]\n',
    '[dialects]\n"petta/**" = "petta"\n',
    'exclude = ["lib/"]\n',
    'roots = ["../common"]\nexclude = ["b.metta"]\n',
    'roots = ["../common", ".."]\n',
]
BESIDE = ["common/a.metta", "common/common.metta", "common/b.metta", "other/a.metta"]

names = st.sampled_from(NAMES)
texts = st.lists(st.sampled_from(IMPORTS), max_size=3).map("\n".join)


class ImportEdits(RuleBasedStateMachine):
    """Random edits of modules and of what imports them, and switches between branches."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp(dir=QUICK_FOLDER))
        self.root = self.top / "project"
        self.root.mkdir()
        self.branches: dict[str, dict[str, str]] = {"main": {}, "other": {}}
        self.branch = "main"

    def path(self, name: str) -> Path:
        """Where a file of this name can be put: what is in its way is removed."""
        path = self.root / name
        for folder in [*path.parents][::-1]:
            if folder.is_file():
                folder.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @initialize(files=st.dictionaries(names, texts, min_size=4))
    def begin(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            self.write(name, text)

    @rule(name=names, text=texts)
    def write(self, name: str, text: str) -> None:
        self.path(name).write_text(text)

    @rule(name=names, line=st.sampled_from(IMPORTS))
    def append(self, name: str, line: str) -> None:
        with self.path(name).open("a") as file:
            file.write(f"\n{line}")

    @rule(name=names)
    def delete(self, name: str) -> None:
        self.path(name).unlink(missing_ok=True)

    @rule(old=names, new=names)
    def move(self, old: str, new: str) -> None:
        if self.path(old).is_file():
            self.path(old).replace(self.path(new))

    @rule(old=names, new=names)
    def copy(self, old: str, new: str) -> None:
        if self.path(old).is_file() and old != new:
            shutil.copy2(self.path(old), self.path(new))

    @rule(old=st.sampled_from(FOLDERS), new=st.sampled_from(FOLDERS))
    def move_a_folder(self, old: str, new: str) -> None:
        source, target = self.root / old, self.root / new
        if source.is_dir() and not target.exists() and source not in target.parents:
            target.parent.mkdir(exist_ok=True)
            source.rename(target)

    @rule(folder=st.sampled_from(FOLDERS))
    def delete_a_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    @rule(name=st.sampled_from(BESIDE), text=texts)
    def write_beside_the_workspace(self, name: str, text: str) -> None:
        (self.top / name).parent.mkdir(exist_ok=True)
        (self.top / name).write_text(text)

    @rule(name=st.sampled_from(BESIDE))
    def delete_beside_the_workspace(self, name: str) -> None:
        (self.top / name).unlink(missing_ok=True)

    @rule(text=st.sampled_from(CONFIGURATIONS))
    def configure(self, text: str) -> None:
        (self.root / "metta-index.toml").write_text(text)

    @rule(url=st.sampled_from(["", "git@example.org:x/tools.git", "https://example.org/lib"]))
    def name_a_remote(self, url: str) -> None:
        (self.root / ".git" / "objects").mkdir(parents=True, exist_ok=True)
        (self.root / ".git" / "refs").mkdir(exist_ok=True)
        (self.root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (self.root / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {url}\n' if url else "")

    @rule(branch=st.sampled_from(["main", "other"]))
    def switch_the_branch(self, branch: str) -> None:
        files = [path for path in self.root.rglob("*.*") if path.suffix in (".metta", ".py") and path.is_file()]
        self.branches[self.branch] = {str(path.relative_to(self.root)): path.read_text() for path in files}
        self.branch = branch
        wanted = self.branches[branch]
        for path in files:
            if str(path.relative_to(self.root)) not in wanted:
                path.unlink()
        for folder in sorted((path for path in self.root.rglob("*") if path.is_dir()), reverse=True):
            if not any(folder.iterdir()):
                folder.rmdir()
        for name, text in wanted.items():
            if not (self.root / name).is_file() or (self.root / name).read_text() != text:
                self.path(name).write_text(text)

    @invariant()
    def warm_equals_cold(self) -> None:
        assert_fresh(self.root)

    def teardown(self) -> None:
        shutil.rmtree(self.top)


TestImportEdits = ImportEdits.TestCase
# What fails is not shrunk: that would take minutes.
TestImportEdits.settings = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


# ---- what it costs, counted ---------------------------------------------------------


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def linked(root: Path) -> int:
    """How many imports a build looks up again; what comes of it is that of a fresh build."""
    count = build(root, use_cache=False).work.linked
    assert_fresh(root)
    return count


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A hundred files that import a common one; one waits for a module that is not there, one registers a folder."""
    root = tmp_path / "all" / "project"
    many = {f"many/f{number}.metta": "!(import! &self top:common)\n(= (f) 1)\n" for number in range(100)}
    others = {
        "common.metta": "(= (common) 1)\n",
        "waiting.metta": "!(import! &self missing)\n!(import! &self common)\n",
        "deep/tools/a.metta": "(= (a) 1)\n",
        "naming.metta": "!(register-module! deep/tools)\n",
        "named.metta": "!(import! &self tools:a)\n",
        "metta-index.toml": 'alias = ["project"]\n',
    }
    write(root, many | others)
    assert build(root, use_cache=False).work.linked == 104
    return root


EDITS = {
    "nothing": (lambda root: None, 0),
    "a leaf": (lambda root: write(root, {"many/f1.metta": "!(import! &self top:common)\n(= (g) 1)\n"}), 0),
    "a hub": (lambda root: write(root, {"common.metta": "(= (common) 2)\n"}), 0),
    "an import moves down": (lambda root: write(root, {"named.metta": "\n(x)\n!(import! &self tools:a)\n"}), 0),
    "an import more": (lambda root: write(root, {"common.metta": "!(import! &self waiting)\n"}), 1),
    "an import is another": (lambda root: write(root, {"named.metta": "!(import! &self common)\n"}), 1),
    "an import less": (lambda root: write(root, {"named.metta": ""}), 0),
    "a file that none imports": (lambda root: write(root, {"many/new.metta": "(= (n) 1)\n"}), 0),
    "a module that one waits for": (lambda root: write(root, {"missing.metta": ""}), 1),
    "a module of a name that others have": (lambda root: write(root, {"many/common.metta": ""}), 101),
    "a module is gone": (lambda root: (root / "deep" / "tools" / "a.metta").unlink(), 2),
    "a module that all import is gone": (lambda root: (root / "common.metta").unlink(), 101),
    "a module is named otherwise": (lambda root: (root / "missing2.metta").write_text(""), 0),
    "a file that imports is moved": (lambda root: (root / "named.metta").rename(root / "many" / "named.metta"), 1),
    "a folder is moved": (lambda root: (root / "deep").rename(root / "deeper"), 2),
    "a name is given no more": (lambda root: (root / "naming.metta").unlink(), 1),
    "a name is given to another": (lambda root: write(root, {"naming.metta": "!(register-module! many)\n"}), 2),
    "the roots": (lambda root: write(root, {"metta-index.toml": 'alias = ["project"]\nroots = ["deep"]\n'}), 104),
    "the alias": (lambda root: write(root, {"metta-index.toml": 'alias = ["other"]\n'}), 104),
}


@pytest.mark.parametrize(("edit", "expected"), EDITS.values(), ids=EDITS)
def test_imports_are_linked_again_only_where_they_may_mean_something_else(
    edit: Callable[[Path], object], expected: int, workspace: Path
) -> None:
    edit(workspace)
    assert linked(workspace) == expected
    assert build(workspace, use_cache=False).work.linked == 0


def test_work_does_not_grow_with_the_workspace(workspace: Path) -> None:
    write(workspace, {f"more/g{number}.metta": f"!(import! &self top:many:f{number % 100})\n" for number in range(200)})
    assert linked(workspace) == 200
    write(workspace, {"missing.metta": ""})
    assert linked(workspace) == 1


# ---- a git history ------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("git") is None, reason="git makes the history")
def test_at_each_commit_of_a_history_the_index_is_that_of_a_fresh_build(tmp_path: Path) -> None:
    root = tmp_path / "all" / "project"
    root.mkdir(parents=True)

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=history", "-c", "user.email=history@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, "-c", "core.hooksPath=/dev/null", *arguments]
        return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout

    def commit(message: str, **files: str) -> None:
        write(root, {f"{name.replace('__', '/')}.metta": text for name, text in files.items()})
        git("add", "--all")
        git("commit", "--quiet", "--message", message)
        assert_fresh(root)

    git("init", "--quiet", "--initial-branch", "main")
    commit("begin", main="!(import! &self lib:a)\n!(import! &self b)\n", lib__a="(= (a) 1)\n")
    commit("a module that was missing", b="!(import! &self lib:a)\n(= (b) (a))\n")
    git("switch", "--quiet", "--create", "tools")
    commit("name a folder", tools__c="(= (c) 1)\n", main="!(register-module! tools)\n!(import! &self tools:c)\n")
    git("mv", "tools", "instruments")
    commit("move the folder that is named")
    git("switch", "--quiet", "main")
    assert_fresh(root)
    git("mv", "lib/a.metta", "lib/A.metta")
    commit("change a letter to a capital")
    commit("what imports each other", lib__A="!(import! &self top:b)\n", b="!(import! &self lib:A)\n")
    git("merge", "--quiet", "--strategy-option", "ours", "--message", "bring the tools", "tools")
    assert_fresh(root)
    git("mv", "b.metta", "lib/b.metta")
    commit("move what is imported")
    git("mv", "lib", "library")
    commit("move the whole folder", main="!(import! &self library:b)\n!(include library:A)\n")
    git("remote", "add", "origin", "https://example.org/x/renamed.git")
    commit("by the name of the repository", main="!(import! &self renamed:library:b)\n")
    git("rm", "--quiet", "-r", "library")
    commit("remove it")
    git("revert", "--no-edit", "HEAD")
    assert_fresh(root)

    commits = git("rev-list", "--reverse", "--all").split()
    assert len(commits) == 12
    for one in [*commits, *commits[::-1], "tools", "main", "tools~1", "main"]:
        git("checkout", "--quiet", one)
        assert_fresh(root)
