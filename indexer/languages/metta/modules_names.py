"""Names of modules as Hyperon reads them: `a:b:c`, `self:a`, `top:a`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.languages.metta.modules_files import FOLDER_STEMS, join, key_of
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
    steps,
    told_of,
)

#: Loaded before a script is run: no file of the same name is looked for from there.
PRELOADED = frozenset({"corelib", "stdlib", "random", "skel", "fileio", "json", "catalog", "das"})

#: Modules that are published apart from the implementation, and usually installed.
_PUBLISHED = {"motto": "metta-motto"}

_ENDINGS = (".metta", ".py")

_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")


def refusal(written: str) -> str | None:
    """What the reference says of a name that no module can have, to a script; None for one that may be."""
    parts = _relative(written.removesuffix(":")).split(":")
    if len(parts) > 1 and "" in parts:
        before = ":".join(("top", *parts[: parts.index("")]))
        return f"Invalid module name format: {before}:" if parts[0] else "nothing stands before its first colon"
    illegal = next(filter(_ILLEGAL.search, parts), None)
    return f"Illegal module name: {illegal}" if illegal else None


def _relative(name: str) -> str:
    """A name without the prefix for the importing or the top module; "" for these themselves."""
    for prefix in ("self", "top"):
        if name == prefix:
            return ""
        if name.startswith(prefix + ":"):
            return name[len(prefix) + 1 :]
    return name


def module(search: Search, path: str, form: str, written: str) -> Told:
    """The module of a name that `refusal` has nothing to say of, imported by the file at `path`."""
    name = written.removesuffix(":")
    names = tuple(_relative(name).split(":"))
    if names == ("",):
        if name == "top":
            return Told(Status.BUILTIN, "`top` is the script that is run")
        own = Found(Way.EXACT, (Target(path, kind_of(path)),), "")
        return told_of(own, f"`{written}` is the importing module itself")
    if form == "include" and name.startswith("self:"):
        return Told(Status.ILLEGAL, "include reads no `self:` (Failed to resolve module top:self)")
    if len(names) == 1 and names[0] in search.workspace.builtins.get("hyperon", ()):
        return _builtin(search, names[0])

    def attempt(folder: str) -> Chain | None:
        return _chain(search, folder, names)

    special = _by_registration_or_alias(search, names)
    found = search.nearest(attempt, special, lambda folder: _file_chain(search, folder, names))
    if found is None:
        found = search.by_name(names, search.holders_of(names[-1], _ENDINGS), lambda *last: _file_chain(search, *last))
        outside = _outside(search, names[0])
        if outside and (found is None or found.matched < len(names)):
            return Told(Status.EXTERNAL, outside, name=names[0])
    found = found or search.farther(attempt)
    if found is None:
        tried = ", ".join(f"`{names[-1]}{ending}`" for ending in (".py", "", ".metta", "/"))
        return search.nothing(written, names[-1], tried)
    if form == "include":
        refused = _include_refusal(found.chain[-1])
        if refused:
            return Told(Status.ILLEGAL, f"{found.where}, but {refused}", found)
    return told_of(found)


def _builtin(search: Search, name: str) -> Told:
    """A builtin module. The folder's own file of that name comes before those that are not preloaded."""
    own = _chain(search, search.folder, (name,))
    if own is None:
        return Told(Status.BUILTIN, f"`{name}` comes with the implementation", name=name)
    if name not in PRELOADED:
        return told_of(Found(Way.EXACT, own, f"seen from the importing file's own folder, before the builtin `{name}`"))
    reason = f"`{name}` comes with the implementation; only a file that another one imports gets `{own[-1].path}`"
    return Told(Status.BUILTIN, reason, name=name)


def _include_refusal(target: Target) -> str | None:
    if target.kind is TargetKind.PYTHON:
        return "include reads no Python module (resource not found)"
    if target.kind is TargetKind.FOLDER:
        return f"include finds nothing in the folder `{target.path}` (no module.metta file found)"
    return None


def _chain(search: Search, folder: str, names: tuple[str, ...]) -> Chain | None:
    """Each name looked for beside or in the one before it, then in the folder again."""
    chain: list[Target] = []
    at = folder
    for name in names:
        target = _module_in(search, at, name)
        if target is None and at != folder:
            target = _module_in(search, folder, name)
        if target is None:
            return None
        chain.append(target)
        at = target.resources()
    return tuple(chain)


def _file_chain(search: Search, folder: str, names: tuple[str, ...]) -> Chain | None:
    """A chain that ends in a MeTTa or Python file by its ending.

    A folder or a program that happens to have the name is one for the reference
    too, but where the folder itself is a guess it is not what anyone means.
    """
    chain = _chain(search, folder, names)
    return chain if chain and chain[-1].path.endswith(_ENDINGS) else None


def _module_in(search: Search, folder: str, name: str) -> Target | None:
    """The module of a name in a folder: the first of five paths that is there."""
    files = search.workspace.files
    path = join(folder, name)
    if name in FOLDER_STEMS:
        search.keys.update((key_of(path), key_of(path + ".py"), key_of(path + ".metta")))
    else:
        key = name.casefold()  # that of all five: what `refusal` has nothing to say of holds no dot
        search.keys.add(key)
        if not files.has_key(key):
            return None
    for file in (path + ".py", path + "/__init__.py"):
        if file in files.files:
            return Target(file, TargetKind.PYTHON)
    for file in (path, path + ".metta"):
        if file in files.files:
            return Target(file, TargetKind.METTA)
    return folder_module(files, path)


def _by_registration_or_alias(search: Search, names: tuple[str, ...]) -> Iterator[Found]:
    workspace = search.workspace
    first, rest = names[0], names[1:]
    targets: list[Chain] = []
    for path in sorted(workspace.registered.get(first, ()), key=lambda path: (steps(search.folder, path), path)):
        target = Target(path, TargetKind.FOLDER if _is_folder(search, path) else kind_of(path))
        below = _chain(search, target.resources(), rest)
        if below is not None:
            targets.append((target, *below))
    if targets:
        others = tuple(chain[-1] for chain in targets[1:])
        yield Found(Way.REGISTERED, targets[0], f"as a register-module! names `{first}`", others)
    if first in workspace.aliases:
        search.depend_on("module.metta")
        top = folder_module(workspace.files, "")
        below = _chain(search, "", rest)
        if top is not None and below is not None:
            yield Found(Way.ALIAS, (top, *below), f"as `{first}` is a name of the workspace")


def _outside(search: Search, name: str) -> str | None:
    """Why a first name stands for something outside the workspace, if it does."""
    if name in _PUBLISHED:
        return f"`{name}` is the package {_PUBLISHED[name]}, not in the workspace"
    if search.workspace.registered.get(name) == ():
        return f"`{name}` is registered from outside the workspace"
    return None


def _is_folder(search: Search, path: str) -> bool:
    return path == "." or path in search.workspace.files.folders
