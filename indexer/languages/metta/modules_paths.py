"""Paths of files as PeTTa reads them, `(library …)`, repositories, and what register-module! names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import splitext

from metta_index.indexer.languages.metta.modules_files import folder_of, folders_above, join, key_of, normalize
from metta_index.indexer.languages.metta.modules_search import (
    Chain,
    Found,
    Search,
    Status,
    Target,
    TargetKind,
    Told,
    Way,
    folder_module,
    kind_of,
    told_of,
)

Probe = Callable[[Search, str], Target | None]

_ENDINGS = (".metta", ".py", "")


def script(search: Search, path: str) -> Target | None:
    """PeTTa's import!: a Python file, or a MeTTa file whose ending may be left out; then the file as named."""
    files = search.workspace.files.files
    search.keys.update((key_of(path), key_of(path + ".metta")))
    names = (path,) if path.endswith((".py", ".metta")) else (path + ".metta", path)
    return next((Target(name, kind_of(name)) for name in names if name in files), None)


def script_or_module(search: Search, path: str) -> Target | None:
    """What PeTTa's import! finds, else what stands for a module of that name."""
    target = script(search, path)
    if target or not path:
        return target
    files = search.workspace.files.files
    names = (path + ".py", path + "/__init__.py", path + "/module.metta")
    search.keys.update(map(key_of, names))
    return next((Target(name, kind_of(name)) for name in names if name in files), None)


def facts(search: Search, path: str) -> Target | None:
    """PeTTa's static-import!: the MeTTa file that its compiled forms are made from, or one of these."""
    files = search.workspace.files.files
    search.keys.add(key_of(path + ".metta"))
    names = (path + ending for ending in (".metta", ".pl", ".qlf"))
    return next((Target(name, kind_of(name)) for name in names if name in files), None)


def registrable(search: Search, path: str) -> Target | None:
    """What register-module! loads: a Python file beside what is named comes first; `.metta` is never added."""
    files = search.workspace.files
    stem = splitext(path)[0]
    modules = (stem + ".py", join(stem, "__init__.py")) if path else ()
    search.keys.update(map(key_of, (path, join(path, "module.metta"), *modules)))
    for file in modules:
        if file in files.files:
            return Target(file, TargetKind.PYTHON)
    if path in files.files:
        return Target(path, TargetKind.METTA)
    return folder_module(files, path)


def file_path(search: Search, written: str, probe: Probe) -> Told:
    """The file of a path or a word: from the own folder, or wherever the script that is run may lie."""
    parts = _inner(written)
    if not parts:
        return Told(Status.UNRESOLVED, f"`{written}` names no file")
    found = _nearest(search, written, parts, probe)
    leaves = _leaves(search, written)
    if found is None:
        holders = search.holders_of(parts[-1], _ENDINGS)
        found = search.by_name(parts, holders, lambda folder, last: _one(search, folder, "/".join(last), probe))
        is_part = found is not None and found.matched < len(parts)
        if is_part and leaves:
            found = None
        if (found is None or is_part) and len(parts) > 1 and parts[-2] == "lib" and _is_builtin(search, parts[-1]):
            return _in_petta(parts[-1])
    if found:
        return told_of(found)
    if leaves:
        return Told(Status.EXTERNAL, f"`{written}` leads out of the workspace", name=parts[0])
    has_ending = parts[-1].endswith((".py", ".metta"))
    return search.nothing(written, parts[-1], f"`{parts[-1]}`" if has_ending else f"`{parts[-1]}.metta`")


def registration(search: Search, written: str) -> Told:
    """The folder or file that a register-module! names; its name is that of the file or folder without ending."""
    parts = _inner(written)
    found = _nearest(search, written, parts, registrable)
    leaves = _leaves(search, written)
    if found is None and parts and not leaves:
        key = key_of(parts[-1])
        search.keys.add(key)
        folders = search.workspace.files.folders_keyed(key)
        holders = [folder_of(folder) for folder in folders if folder.rpartition("/")[2] == parts[-1]]
        found = search.by_name(parts, holders, lambda folder, last: _one(search, folder, "/".join(last), registrable))
    if found:
        last = parts[-1] if parts else found.chain[-1].resources().rpartition("/")[2]
        return told_of(found, name=splitext(last)[0])
    if leaves:
        return Told(Status.EXTERNAL, f"`{written}` leads out of the workspace", name=parts[-1] if parts else written)
    return search.nothing(written, parts[-1] if parts else written, f"`{written}`")


def library_parts(written: str) -> tuple[str, ...]:
    """The parts of `(library X)` or `(library repository X)`; () for anything else."""
    if not written.startswith("(library ") or not written.endswith(")"):
        return ()
    parts = tuple(part.strip('"') for part in written[len("(library ") : -1].split())
    return parts if len(parts) in (1, 2) and all(parts) else ()


def library(search: Search, parts: tuple[str, ...]) -> Told:
    """A file of PeTTa's own library, or of a repository that is git-imported."""
    if len(parts) == 2:
        repository, path = parts
        search.depend_on(repository)
        for folder in search.workspace.repositories.get(repository, ()):
            chain = _one(search, "" if folder == "." else folder, path, script)
            if chain:
                return told_of(Found(Way.LIBRARY, chain, f"in the repository `{repository}`"))
        reason = f"the repository `{repository}` is not in the workspace, or has no such file"
        return Told(Status.EXTERNAL, reason, name=repository)
    (path,) = parts
    # A workspace that holds PeTTa, or a copy of its library, means its own.
    folders = (join(folder, "lib") for folder in (search.folder, *folders_above(search.folder)))
    for folder in (*folders, *search.workspace.roots):
        chain = _one(search, folder, path, script)
        if chain:
            return told_of(Found(Way.LIBRARY, chain, f"in the library folder `{folder}`"))
    if _is_builtin(search, path):
        return _in_petta(path)
    reason = f"`{path}` is in no library folder of the workspace, and not among the libraries that PeTTa brings"
    return Told(Status.EXTERNAL, reason, name=path)


def _is_builtin(search: Search, name: str) -> bool:
    return splitext(name)[0] in search.workspace.builtins.get("petta", ())


def _in_petta(name: str) -> Told:
    return Told(Status.BUILTIN, f"`{name}` is in PeTTa's own library", name=splitext(name)[0])


def repository(search: Search, form: str, url: str) -> Told:
    """A git repository: its folder if it is checked out in the workspace, else what is outside."""
    name = url.rstrip("/").removesuffix(".git").replace(":", "/").rpartition("/")[2]
    if form == "git-module!":
        name = name.replace("_", "")
    search.depend_on(name)
    if name in search.workspace.aliases:
        return told_of(Found(Way.ALIAS, (Target(".", TargetKind.FOLDER),), "the workspace itself"), name=name)
    if form == "git-import!":
        found = search.nearest(lambda folder: _folder(search, join(folder, f"repos/{name}")))
        if found:
            return told_of(found, f"checked out as `{found.chain[-1].path}`", name)
    return Told(Status.EXTERNAL, f"the repository {url}", name=name)


def _folder(search: Search, path: str) -> Chain | None:
    search.keys.add(key_of(path))
    return (Target(path, TargetKind.FOLDER),) if path in search.workspace.files.folders else None


def _nearest(search: Search, written: str, parts: tuple[str, ...], probe: Probe) -> Found | None:
    """What a path leads to from a folder; of an absolute one, only what an alias in it leads to."""
    if written.startswith("/"):
        path = normalize(written)
        target = probe(search, path)
        if target:
            return Found(Way.ROOT, (target,), f"at `{target.path}`, in an import root")
        return next(_by_alias(search, parts, probe), None)
    return search.nearest(lambda folder: _one(search, folder, written, probe), _by_alias(search, parts, probe))


def _one(search: Search, folder: str, path: str, probe: Probe) -> Chain | None:
    target = probe(search, normalize(join(folder, path)))
    return (target,) if target else None


def _by_alias(search: Search, parts: tuple[str, ...], probe: Probe) -> Iterator[Found]:
    """`../../NAME/a/b` with the name that the workspace has where others check it out."""
    for at, part in enumerate(parts):
        if part in search.workspace.aliases:
            target = probe(search, "/".join(parts[at + 1 :]))
            if target:
                yield Found(Way.ALIAS, (target,), f"as `{part}` is a name of the workspace")


def _inner(written: str) -> tuple[str, ...]:
    """The names in a path after all `.` and `..` that it begins with."""
    parts = [part for part in normalize(written).split("/") if part]
    return tuple(parts[parts.count("..") :])


def _leaves(search: Search, written: str) -> bool:
    """Whether a path leads out of the workspace, whatever names that has, from every folder it may be seen from."""
    if any(part in search.workspace.aliases for part in _inner(written)):
        return False
    if written.startswith("/"):
        return True
    depth = 1 + sum(1 for _ in folders_above(search.folder)) if search.folder else 0
    return normalize(written).split("/").count("..") >= max(depth, 1)
