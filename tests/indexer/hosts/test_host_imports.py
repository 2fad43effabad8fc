"""What the files mean that host programs name."""

from __future__ import annotations

import pytest

from metta_index.indexer.languages.hosts import imports, python
from metta_index.indexer.languages.metta.modules import FileSet, ImportSite, Resolution, Status, Workspace, resolve

FILES = (
    "src/lib.rs",
    "src/space.metta",
    "data/facts.metta",
    "app/run.py",
    "app/start.metta",
    "pkg/__init__.py",
    "pkg/ops.py",
    "pkg/inner/__init__.py",
    "pkg/inner/more.py",
)


def meaning(path: str, dialect: str, form: str, module: str) -> Resolution:
    return resolve(ImportSite(path, dialect, form, module), Workspace(FileSet(FILES)))


@pytest.mark.parametrize(
    ("written", "status", "target"),
    [
        ("space.metta", Status.RESOLVED, "src/space.metta"),
        ("./../data/facts.metta", Status.RESOLVED, "data/facts.metta"),
        # rustc looks nowhere else, though a file of that name is there
        ("facts.metta", Status.UNRESOLVED, ""),
        ("../../other/facts.metta", Status.EXTERNAL, ""),
        ("/usr/share/facts.metta", Status.EXTERNAL, ""),
    ],
)
def test_rust_includes_files_by_the_path_from_its_own(written: str, status: Status, target: str) -> None:
    found = meaning("src/lib.rs", "rust", "include_str!", written)
    assert (found.status, found.target) == (status, target)


def test_an_include_depends_on_the_file_it_names() -> None:
    without = resolve(ImportSite("src/lib.rs", "rust", "include_str!", "new.metta"), Workspace(FileSet(FILES)))
    assert without.lookups == {"new"}


def test_python_loads_files_from_wherever_it_is_run() -> None:
    assert meaning("app/run.py", "python", "load_module_at_path", "start.metta").target == "app/start.metta"
    assert meaning("app/run.py", "python", "load_module_at_path", "data/facts.metta").target == "data/facts.metta"
    assert meaning("app/run.py", "python", "run_script", "nowhere.metta").status is Status.UNRESOLVED


@pytest.mark.parametrize(
    ("path", "written", "target"),
    [
        ("pkg/__init__.py", ".ops", "pkg/ops.py"),
        ("pkg/__init__.py", ".inner", "pkg/inner/__init__.py"),
        ("pkg/__init__.py", ".inner.more", "pkg/inner/more.py"),
        ("pkg/inner/__init__.py", "..ops", "pkg/ops.py"),
    ],
)
def test_modules_of_a_package(path: str, written: str, target: str) -> None:
    found = meaning(path, "python", imports.RELATIVE, written)
    assert (found.status, found.target) == (Status.RESOLVED, target)


def test_a_module_that_is_no_file_here_is_none_of_the_workspace() -> None:
    assert meaning("pkg/__init__.py", "python", imports.RELATIVE, "._native").status is Status.EXTERNAL


def test_relative_imports_are_found_without_a_trace_of_metta() -> None:
    source = b"import os\nfrom .ops import *\ntry:\n    from ..a.b import (\n        c,\n    )\nexcept:\n    pass\n"
    found = python.find(source).imports
    assert [(each.module, source[each.module_start : each.module_end]) for each in found] == [
        (".ops", b".ops"),
        ("..a.b", b"..a.b"),
    ]
    # a submodule is no name that the package registers, and other packages are other people's
    assert python.find(b"from . import ops\nfrom hyperon import *\nx = 'from .a import b'\n").imports == ()


def test_only_packages_pass_on_what_their_modules_register() -> None:
    assert imports.is_followed(imports.RELATIVE, "pkg/__init__.py")
    assert not imports.is_followed(imports.RELATIVE, "pkg/ops.py")
    assert imports.is_followed("load_module_at_path", "pkg/ops.py")
