"""Which files an import means: the rules of each dialect, and what people do beside them.

Sources: of the reference, `mod_names.rs`, `catalog.rs`, `load_module` in `runner/mod.rs` and
`hyperon/runner.py`; of PeTTa, `import!` in `src/metta.pl` and `lib/lib_import.pl`. Both resolve
from the folder of the script that is run, which no file tells. What they do when the importing
file is that script is `exact`; a script in a folder above is `ancestor`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.languages.hosts import HOSTS
from metta_index.indexer.languages.hosts.imports import tell as tell_of_host
from metta_index.indexer.languages.metta import modules_names, modules_paths
from metta_index.indexer.languages.metta.builtins import modules_of
from metta_index.indexer.languages.metta.modules_files import FileSet, changed_keys, changed_names, folder_of, key_of
from metta_index.indexer.languages.metta.modules_search import Search, Status, Target, TargetKind, Told, Way, Workspace

__all__ = [
    "BUILTIN_MODULES",
    "REGISTRATIONS",
    "FileSet",
    "ImportSite",
    "Names",
    "Resolution",
    "Status",
    "Target",
    "TargetKind",
    "Way",
    "Workspace",
    "changed_keys",
    "changed_names",
    "key_of",
    "named_by",
    "resolve",
]

#: Modules that come with an implementation, by dialect.
BUILTIN_MODULES = {dialect: frozenset(modules_of(dialect)) for dialect in ("hyperon", "petta")}

_REGISTERING = frozenset({"register-module!"})
_REPOSITORIES = frozenset({"git-import!", "git-module!"})

#: Forms that give a name to a folder or a repository: resolved first, for `named_by`.
REGISTRATIONS = _REGISTERING | _REPOSITORIES


class ImportSite(NamedTuple):
    """One import: the file it stands in, that file's dialect, the form, the module as written."""

    path: str
    dialect: str
    form: str
    module: str


class Resolution(NamedTuple):
    """What an import means, and how that was found out.

    `target` is chosen from `candidates`, which are in order of preference; both are
    empty where there is none. `parents` are loaded on the way, in order. `name`:
    what a registration or a repository is called, or what is external. `reason`: a
    clause for people. `lookups`: keys (`key_of`) of everything the answer depends
    on, failed look-ups and registered names included: it can change only if a file
    or folder of one of these keys comes or goes, or `registered` or `repositories`
    change for a name of such a key, or the configuration changes.
    """

    status: Status
    way: Way
    target: str
    kind: TargetKind | None
    candidates: tuple[Target, ...]
    parents: tuple[Target, ...]
    name: str
    reason: str
    lookups: frozenset[str]


class Names(NamedTuple):
    """`registered` and `repositories` of a workspace."""

    registered: dict[str, tuple[str, ...]]
    repositories: dict[str, tuple[str, ...]]


def resolve(site: ImportSite, workspace: Workspace) -> Resolution:
    """What one import means in a workspace. Depends on its arguments only."""
    search = Search(workspace, folder_of(site.path), set())
    told = _tell(search, site)
    keys = frozenset(search.keys)
    if told.found is None:
        return Resolution(told.status, told.way, "", None, (), (), told.name, told.reason, keys)
    way, chain, _where, others, _matched = told.found
    target = chain[-1]
    candidates = (target, *others)
    return Resolution(told.status, way, target.path, target.kind, candidates, chain[:-1], told.name, told.reason, keys)


def _tell(search: Search, site: ImportSite) -> Told:
    written = site.module
    if site.dialect in HOSTS:
        return tell_of_host(search, site.form, written)
    if site.dialect == "mettatron":
        return Told(Status.UNSUPPORTED, "MeTTaTron has no imports")
    if site.form in _REPOSITORIES:
        return modules_paths.repository(search, site.form, written)
    library = modules_paths.library_parts(written)
    if library:
        told = modules_paths.library(search, library)
        return _refused(told, "Hyperon has no (library …)") if site.dialect == "hyperon" else told
    if written.startswith(("(", "$", "&")):
        return Told(Status.UNRESOLVED, f"what `{written}` stands for is known only when it runs", way=Way.COMPUTED)
    if site.form in _REGISTERING:
        return modules_paths.registration(search, written)
    if site.form == "static-import!":
        return modules_paths.file_path(search, written, modules_paths.facts)
    refusal = modules_names.refusal(written)
    if site.dialect == "petta":
        return _petta(search, site, refusal)
    if refusal is None:
        return modules_names.module(search, site.path, site.form, written)
    told = modules_paths.file_path(search, written, modules_paths.script_or_module)
    return told if site.dialect == "mm2" else _refused(told, f"the reference refuses it ({refusal})")


def _petta(search: Search, site: ImportSite, refusal: str | None) -> Told:
    written = site.module
    told = modules_paths.file_path(search, written, modules_paths.script)
    by_name = told.found is not None and told.found.way is Way.BY_NAME
    if told.status is not Status.UNRESOLVED and not (by_name and ":" in written):
        return told
    # Files that are on their way to PeTTa, or run by several implementations, also name modules.
    if refusal is None:
        meant = modules_names.module(search, site.path, site.form, written)
    else:
        meant = modules_paths.file_path(search, written.replace(":", "/"), modules_paths.script_or_module)
    if meant.status is Status.UNRESOLVED or (by_name and meant.found is None):
        return told
    return _refused(meant, f"PeTTa looks for a file `{written}.metta`, which is nowhere")


def _refused(told: Told, refusal: str) -> Told:
    meant = f"meant is `{told.found.chain[-1].path}`, {told.reason}" if told.found else told.reason
    return told._replace(status=Status.ILLEGAL, reason=f"{refusal}; {meant}")


def named_by(resolved: Iterable[tuple[ImportSite, Resolution]]) -> Names:
    """The names that a workspace's REGISTRATIONS give; these are resolved without any such names.

    What is registered, but lies outside the workspace, is a name without paths.
    """
    registered: dict[str, set[str]] = {}
    repositories: dict[str, set[str]] = {}
    for site, resolution in resolved:
        if site.form in REGISTRATIONS and resolution.name:
            names = repositories if site.form == "git-import!" else registered
            paths = names.setdefault(resolution.name, set())
            if resolution.target:
                paths.add(resolution.target)
    return Names(_sorted_paths(registered), _sorted_paths(repositories))


def _sorted_paths(names: dict[str, set[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(paths)) for name, paths in sorted(names.items())}
