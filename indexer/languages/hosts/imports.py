"""What the files that host programs name are: those they include, those they load, modules of their own package."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.languages.metta import modules_paths
from metta_index.indexer.languages.metta.modules_files import folder_of, join, key_of, normalize
from metta_index.indexer.languages.metta.modules_search import (
    Found,
    Search,
    Status,
    Target,
    Told,
    Way,
    kind_of,
    told_of,
)
from metta_index.indexer.text.symbols import Import

#: A module of Python that takes names of another one of its package.
RELATIVE = "from"
#: Macros of Rust whose path leads from the file they stand in, and from nowhere else.
_INCLUDING = frozenset({"include_str!", "include_bytes!"})

_RELATIVE_IMPORT = re.compile(rb"^[ \t]*from[ \t]+(\.+\w[\w.]*)[ \t]+import\b[^\n]*", re.MULTILINE)


def relative_imports(source: bytes) -> Iterator[Import]:
    """The modules of its own package that a Python file takes names from; nothing is parsed for them.

    What a package registers with MeTTa is often told by its modules, and
    `from .operations import my_atoms` makes it the package's. Names go where those of the
    package go, hence the space.
    """
    if b"from" not in source or b" ." not in source:
        return
    for found in _RELATIVE_IMPORT.finditer(source):
        yield Import(RELATIVE, found[1].decode(), *found.span(1), "&self", found.start(), found.end(), 0)


def is_followed(form: str, path: str) -> bool:
    """Whether an import counts in the file at a path: packages pass names on, other modules of Python do not."""
    return form != RELATIVE or path.rpartition("/")[2] == "__init__.py"


def tell(search: Search, form: str, written: str) -> Told:
    """What is meant by what a host program names."""
    if form in _INCLUDING:
        return _included(search, form, written)
    if form == RELATIVE:
        return _module(search, written)
    return modules_paths.file_path(search, written, modules_paths.script_or_module)


def _included(search: Search, form: str, written: str) -> Told:
    path = normalize(join(search.folder, written)) if not written.startswith("/") else normalize(written)
    search.keys.add(key_of(path))
    if path in search.workspace.files.files:
        return told_of(Found(Way.EXACT, (Target(path, kind_of(path)),), "seen from the including file's own folder"))
    if path.startswith(("/", "../")):
        return Told(Status.EXTERNAL, f"`{written}` leads out of the workspace", name=written)
    reason = f"nothing is there for `{written}`: {form} looks for `{path}` and nowhere else"
    return Told(Status.UNRESOLVED, reason)


def _module(search: Search, written: str) -> Told:
    """A module of Python: `.a.b` from the package that the file is in, `..a` from the one around it."""
    name = written.lstrip(".")
    folder = search.folder
    for _dot in range(len(written) - len(name) - 1):
        folder = folder_of(folder)
    path = join(folder, name.replace(".", "/"))
    for file in (join(path, "__init__.py"), path + ".py"):
        search.keys.add(key_of(file))
        if file in search.workspace.files.files:
            return told_of(Found(Way.EXACT, (Target(file, kind_of(file)),), "a module of the same package"))
    return Told(Status.EXTERNAL, f"the package's `{written}` is no Python file of the workspace", name=written)
