"""Linking warm equals linking cold: whatever happens to modules, imports mean what they do in a fresh build."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from incremental import assert_fresh, build

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
    "!(import! &self ../../shared/a)",
    "!(import! &self shared)",
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
    'roots = ["../shared"]\nexclude = ["b.metta"]\n',
    'roots = ["../shared", ".."]\n',
]
BESIDE = ["shared/a.metta", "shared/shared.metta", "shared/b.metta", "other/a.metta"]

names = st.sampled_from(NAMES)
texts = st.lists(st.sampled_from(IMPORTS), max_size=3).map("\n".join)


class ImportEdits(RuleBasedStateMachine):
    """Random edits of modules and of what imports them, and switches between branches."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
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
        files = [path for path in self.root.rglob("*.metta") if path.is_file()]
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
