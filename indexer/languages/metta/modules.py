"""Which files an import means: the rules of each dialect, and what people do beside them.

Sources: of the reference, `mod_names.rs`, `catalog.rs`, `load_module` in `runner/mod.rs` and
`hyperon/runner.py`; of PeTTa, `import!` in `src/metta.pl` and `lib/lib_import.pl`. Both resolve
from the folder of the script that is run, which no file tells. What they do when the importing
file is that script is `exact`; a script in a folder above is `ancestor`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.languages.metta import modules_names, modules_paths
from metta_index.indexer.languages.metta.modules_files import FileSet, changed_keys, folder_of
from metta_index.indexer.languages.metta.modules_search import Search, Status, Target, TargetKind, Told, Way, Workspace

__all__ = [
    "BUILTIN_MODULES",
    "REGISTRATIONS",
    "FileSet",
    "ImportSite",
    "Resolution",
    "Status",
    "Target",
    "TargetKind",
    "Way",
    "Workspace",
    "changed_keys",
    "named_by",
    "resolve",
]

#: Modules that come with an implementation, by dialect.
BUILTIN_MODULES = {
    "hyperon": modules_names.PRELOADED | {"agents", "py_ops", "snet_io"},
    "petta": frozenset(
        {
            "lib_builtin_types",
            "lib_combinatorics",
            "lib_datastructures",
            "lib_datetime",
            "lib_he",
            "lib_import",
            "lib_llm",
            "lib_memo",
            "lib_mm2",
            "lib_nars",
            "lib_patrick",
            "lib_pln",
            "lib_roman",
            "lib_spaces",
            "lib_tabling",
            "lib_vector",
            "lib_zar",
        }
    ),
}

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
    if site.dialect == "mettatron":
        return Told(Status.UNSUPPORTED, "MeTTaTron has no imports")
    if site.form in _REPOSITORIES:
        return modules_paths.repository(search, site.form, written)
    library = modules_paths.library_parts(written)
    if library:
        told = modules_paths.library(search, library)
        return _refused(told, "Hyperon has no (library …)") if site.dialect == "hyperon" else told
    if written.startswith(("(", "$", "&")):
        return Told(Status.UNRESOLVED, f"what `{written}` names is known only when it runs", way=Way.COMPUTED)
    if site.form in _REGISTERING:
        return modules_paths.registration(search, written)
    if site.form == "static-import!":
        return modules_paths.file_path(search, written, modules_paths.facts)
    refusal = modules_names.refusal(written)
    if site.dialect == "petta":
        told = modules_paths.file_path(search, written, modules_paths.script)
        if refusal is None and told.status is Status.UNRESOLVED:
            # Some files of that dialect are run by implementations that also read names of modules.
            meant = modules_names.module(search, site.path, site.form, written)
            if meant.status is not Status.UNRESOLVED:
                return _refused(meant, f"PeTTa looks for a file {written}.metta only")
        return told
    if refusal is None:
        return modules_names.module(search, site.path, site.form, written)
    told = modules_paths.file_path(search, written, modules_paths.script)
    return told if site.dialect == "mm2" else _refused(told, f"the reference refuses it: {refusal}")


def _refused(told: Told, refusal: str) -> Told:
    return told._replace(status=Status.ILLEGAL, reason=f"{refusal}; meant is what is {told.reason}")


def named_by(resolved: Iterable[tuple[ImportSite, Resolution]]) -> tuple[dict[str, tuple[str, ...]], ...]:
    """`registered` and `repositories` of a workspace, from its registrations that were resolved without either."""
    registered: dict[str, set[str]] = {}
    repositories: dict[str, set[str]] = {}
    for site, resolution in resolved:
        names = registered if site.form in _REGISTERING else repositories if site.form in _REPOSITORIES else None
        if names is not None and resolution.target and resolution.name:
            names.setdefault(resolution.name, set()).add(resolution.target)
    return tuple(
        {name: tuple(sorted(paths)) for name, paths in sorted(one.items())} for one in (registered, repositories)
    )
