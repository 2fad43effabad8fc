"""Which files imports mean, rule by rule, and what the answer depends on."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metta_index.indexer.languages.metta.modules import (
    BUILTIN_MODULES,
    REGISTRATIONS,
    FileSet,
    ImportSite,
    Names,
    Resolution,
    Target,
    TargetKind,
    Workspace,
    changed_keys,
    changed_names,
    named_by,
    resolve,
)


class Case(NamedTuple):
    """`module` imported by the file `by`; `answer` is `status way target`, parts that are empty left out."""

    by: str
    module: str
    answer: str
    files: str
    form: str = "import!"
    dialect: str = "hyperon"


def answer(resolution: Resolution) -> str:
    return " ".join(part for part in (resolution.status, resolution.way, resolution.target) if part)


def ask(case: Case, **workspace: object) -> Resolution:
    files = FileSet([*case.files.split(), case.by])
    names = {"aliases": ("repo",), "builtins": BUILTIN_MODULES} | workspace
    return resolve(ImportSite(case.by, case.dialect, case.form, case.module), Workspace(files, **names))  # type: ignore[arg-type]


HYPERON = {
    "own folder": Case("d/m.metta", "a", "resolved exact d/a.metta", "a.metta d/a.metta"),
    "python before metta": Case("m.metta", "a", "resolved exact a.py", "a.py a.metta a/__init__.py a/module.metta"),
    "package before metta": Case("m.metta", "a", "resolved exact a/__init__.py", "a.metta a/__init__.py"),
    "no ending before metta": Case("m.metta", "a", "resolved exact a", "a a.metta"),
    "file before folder": Case("m.metta", "a", "resolved exact a.metta", "a.metta a/module.metta"),
    "main file of a folder": Case("m.metta", "a", "resolved exact a/module.metta", "a/module.metta a/x.metta"),
    "folder without main file": Case("m.metta", "a", "resolved exact a", "a/x.metta"),
    "__init__.metta means nothing": Case("m.metta", "a", "resolved exact a", "a/__init__.metta"),
    "below a folder": Case("m.metta", "a:b", "resolved exact a/b.metta", "a/b.metta b.metta"),
    "below a file is beside it": Case("m.metta", "a:b:c", "resolved exact b/c.metta", "a.metta b/c.metta"),
    "not below, so beside the script": Case("m.metta", "a:b", "resolved exact b.metta", "a/x.metta b.metta"),
    "closing colon": Case("m.metta", "a:b:", "resolved exact a/b.metta", "a/b.metta"),
    "self is relative": Case("d/m.metta", "self:a", "resolved exact d/a.metta", "d/a.metta"),
    "top is the script": Case("d/m.metta", "top:a", "resolved exact d/a.metta", "d/a.metta"),
    "self inside is a name": Case("m.metta", "a:self:b", "resolved by-name b.metta", "a/x.metta b.metta"),
    "itself": Case("d/m.metta", "self", "resolved exact d/m.metta", ""),
    "nothing is itself": Case("d/m.metta", "", "resolved exact d/m.metta", ""),
    "the script that is run": Case("d/m.metta", "top", "builtin", ""),
    "builtin": Case("m.metta", "random", "builtin", ""),
    "preloaded before a file": Case("m.metta", "json", "builtin", "json.metta"),
    "a file before an extension": Case("m.metta", "agents", "resolved exact agents.py", "agents.py"),
    "extension": Case("m.metta", "agents", "builtin", "d/agents.py"),
    "published apart": Case("m.metta", "motto:x", "external", "d/x.metta"),
    "published, but here": Case("m.metta", "motto", "resolved exact motto.metta", "motto.metta"),
    "folder above": Case("d/e/m.metta", "a", "resolved ancestor a.metta", "a.metta f/a.metta"),
    "nearest folder above": Case("d/e/m.metta", "a", "resolved ancestor d/a.metta", "a.metta d/a.metta"),
    "all parts from one folder": Case("d/m.metta", "a:b", "resolved ancestor a/b.metta", "d/a/x.metta a/b.metta"),
    "name of the workspace": Case("d/m.metta", "repo:a:b", "resolved alias a/b.metta", "a/b.metta"),
    "the workspace": Case("d/m.metta", "repo", "resolved alias .", ""),
    "the workspace's main file": Case("d/m.metta", "repo", "resolved alias module.metta", "module.metta"),
    "own folder before workspace": Case("m.metta", "repo:a", "resolved exact repo/a.metta", "repo/a.metta a.metta"),
    "by its name": Case("d/m.metta", "a", "resolved by-name e/f/a.metta", "e/f/a.metta"),
    "by most of its name": Case("m.metta", "x:b:c", "resolved by-name d/b/c.metta", "d/b/c.metta c/c.metta d/c.metta"),
    "by name, several": Case("d/e/m.metta", "a", "ambiguous by-name d/f/a.metta", "b/a.metta d/f/a.metta"),
    "a folder elsewhere is no guess": Case("d/m.metta", "a", "unresolved", "e/a/x.metta"),
    "a file before a folder above": Case("d/m.metta", "a", "resolved by-name e/a.metta", "a/x.metta e/a.metta"),
    "a folder above if nothing else": Case("d/m.metta", "a", "resolved ancestor a", "a/x.metta"),
    "nowhere": Case("m.metta", "a", "unresolved", "b.metta"),
    "capitals count": Case("m.metta", "a", "unresolved", "A.metta"),
    "dots are illegal, yet meant": Case("m.metta", "a.metta", "illegal exact a.metta", "a.metta"),
    "paths are illegal, yet meant": Case("d/m.metta", "../a", "illegal exact a.metta", "a.metta"),
    "letters of ASCII only": Case("m.metta", "ä", "illegal exact ä.metta", "ä.metta"),
    "illegal and nowhere": Case("m.metta", "./a", "illegal", "b.metta"),
    "empty part": Case("m.metta", "a::b", "illegal", "a/b.metta"),
    "nothing before a colon": Case("m.metta", ":a", "illegal", "a.metta"),
    "library is PeTTa's": Case("m.metta", "(library a)", "illegal library lib/a.metta", "lib/a.metta"),
    "computed": Case("m.metta", "$x", "unresolved computed", ""),
    "computed by a call": Case("m.metta", "(f x)", "unresolved computed", ""),
    "include": Case("m.metta", "a:b", "resolved exact a/b.metta", "a/b.metta", "include"),
    "include of Python": Case("m.metta", "a", "illegal exact a.py", "a.py a.metta", "include"),
    "include of a folder": Case("m.metta", "a", "illegal exact a", "a/x.metta", "include"),
    "include of a main file": Case("m.metta", "a", "resolved exact a/module.metta", "a/module.metta", "include"),
    "include does not know self": Case("m.metta", "self:a", "illegal", "a.metta", "include"),
    "space of a module": Case("m.metta", "a", "resolved exact a.metta", "a.metta", "mod-space!"),
    "own space": Case("m.metta", "self", "resolved exact m.metta", "", "mod-space!"),
}

REGISTERING = {
    "folder": Case("d/m.metta", "../lib", "resolved exact lib", "lib/a.metta"),
    "file": Case("m.metta", "d/a.metta", "resolved exact d/a.metta", "d/a.metta"),
    "Python beside the file": Case("m.metta", "d/a.metta", "resolved exact d/a.py", "d/a.metta d/a.py"),
    "no ending is added": Case("m.metta", "d/a", "unresolved", "d/a.metta"),
    "main file": Case("m.metta", "d", "resolved exact d/module.metta", "d/module.metta"),
    "own folder": Case("d/m.metta", ".", "resolved exact d", ""),
    "name of the checkout": Case("d/e/m.metta", "../../../repo", "resolved alias .", ""),
    "too many steps up": Case("d/m.metta", "../../../../repo/e", "resolved alias e", "e/a.metta"),
    "from a script above": Case("d/m.metta", "d/lib", "resolved ancestor d/lib", "d/lib/a.metta"),
    "folder elsewhere": Case("d/m.metta", "lib", "resolved by-name e/lib", "e/lib/a.metta"),
    "outside": Case("d/m.metta", "../../other", "external", "other/a.metta"),
    "nowhere": Case("d/m.metta", "other", "unresolved", ""),
}

PETTA = {
    "own folder": Case("d/m.metta", "a", "resolved exact d/a.metta", "d/a.metta a.metta"),
    "with ending": Case("d/m.metta", "../a.metta", "resolved exact a.metta", "a.metta"),
    "other endings get another": Case("m.metta", "a.b", "resolved exact a.b.metta", "a.b a.b.metta"),
    "other endings": Case("m.metta", "a.mm2", "resolved exact a.mm2", "a.mm2"),
    "Python": Case("m.metta", "d/a.py", "resolved exact d/a.py", "d/a.py"),
    "Python only with its ending": Case("m.metta", "a", "illegal exact a.py", "a.py"),
    "Python by a path without ending": Case("m.metta", "d/a", "illegal exact d/a.py", "d/a.py"),
    "folder with a main file": Case("m.metta", "d/a", "illegal exact d/a/module.metta", "d/a/module.metta"),
    "doubled slash": Case("d/m.metta", "..//a", "resolved exact a.metta", "a.metta"),
    "script above": Case("d/e/m.metta", "../f/a", "resolved ancestor f/a.metta", "f/a.metta"),
    "name of the checkout": Case("d/m.metta", "../../repo/e/a", "resolved alias e/a.metta", "e/a.metta"),
    "absolute": Case("d/m.metta", "/home/me/repo/e/a", "resolved alias e/a.metta", "e/a.metta"),
    "absolute, elsewhere": Case("d/m.metta", "/home/me/e/a", "external", "e/a.metta"),
    "by name": Case("d/m.metta", "x/a", "resolved by-name e/a.metta", "e/a.metta"),
    "outside": Case("d/m.metta", "../../other/a", "external", "a.metta"),
    "outside, yet all of it here": Case("d/m.metta", "../../e/a", "resolved by-name f/e/a.metta", "f/e/a.metta"),
    "missing in the checkout": Case("d/m.metta", "../../repo/e/b", "unresolved", "e/a.metta"),
    "library": Case("m.metta", "(library lib_pln)", "builtin", ""),
    "library of another": Case("m.metta", "(library other)", "external", "other.metta"),
    "library in a checkout of PeTTa": Case(
        "examples/m.metta", "(library lib_pln)", "resolved library lib/lib_pln.metta", "lib/lib_pln.metta"
    ),
    "library by a path into PeTTa": Case("d/m.metta", "../../PeTTa/lib/lib_he", "builtin", ""),
    "library in a repository": Case("m.metta", "(library r a)", "resolved library repos/r/a.metta", "repos/r/a.metta"),
    "library in another repository": Case("m.metta", "(library other a)", "external", "repos/r/a.metta"),
    "name of a module": Case("d/m.metta", "repo:e:a", "illegal alias e/a.metta", "e/a.metta"),
    "name and path": Case("d/m.metta", "repo:e/a.metta", "illegal alias e/a.metta", "e/a.metta"),
    "compiled facts": Case("m.metta", "a", "resolved exact a.metta", "a.metta a.pl", "static-import!"),
    "facts of Prolog": Case("m.metta", "a", "resolved exact a.pl", "a.pl", "static-import!"),
    "repository": Case("m.metta", "https://x.org/me/other.git", "external", "", "git-import!"),
    "repository here": Case("m.metta", "git@x.org:me/r", "resolved exact repos/r", "repos/r/a.metta", "git-import!"),
    "the repository itself": Case("d/m.metta", "https://x.org/me/repo", "resolved alias .", "", "git-import!"),
    "module from git": Case("m.metta", "https://x.org/my_mod.git/", "external", "repos/mymod/a.metta", "git-module!"),
}


@pytest.mark.parametrize("case", HYPERON.values(), ids=HYPERON)
def test_hyperon_reads_names(case: Case) -> None:
    assert answer(ask(case)) == case.answer


@pytest.mark.parametrize("case", REGISTERING.values(), ids=REGISTERING)
def test_register_module_reads_paths(case: Case) -> None:
    assert answer(ask(case._replace(form="register-module!"))) == case.answer


@pytest.mark.parametrize("case", PETTA.values(), ids=PETTA)
def test_petta_reads_paths(case: Case) -> None:
    repositories = {"r": ("repos/r",)}
    assert answer(ask(case._replace(dialect="petta"), repositories=repositories)) == case.answer


def test_mm2_takes_both_and_mettatron_neither() -> None:
    files = "d/a.metta d/b.metta"
    assert answer(ask(Case("m.metta", "d:a", "", files, dialect="mm2"))) == "resolved exact d/a.metta"
    assert answer(ask(Case("m.metta", "d/b", "", files, dialect="mm2"))) == "resolved exact d/b.metta"
    assert answer(ask(Case("m.metta", "d:a", "", files, dialect="mettatron"))) == "unsupported"


def test_parents_are_loaded_in_order() -> None:
    resolution = ask(Case("m.metta", "a:b:c", "", "a/module.metta a/b.py a/c.metta"))
    assert resolution.target == "a/c.metta"
    assert resolution.parents == (Target("a/module.metta", TargetKind.METTA), Target("a/b.py", TargetKind.PYTHON))


def test_names_that_are_registered_come_before_the_workspace_and_the_nearest_first() -> None:
    registered = {"x": ("a/lib", "d/lib"), "repo": ("e",)}
    case = Case("d/e/m.metta", "x:f", "", "a/lib/f.metta d/lib/f.metta f.metta e/f.metta")
    resolution = ask(case, registered=registered)
    assert answer(resolution) == "ambiguous registered d/lib/f.metta"
    assert [target.path for target in resolution.candidates] == ["d/lib/f.metta", "a/lib/f.metta"]
    assert answer(ask(case._replace(module="repo:f"), registered=registered)) == "resolved registered e/f.metta"


def test_what_is_registered_from_outside_is_outside() -> None:
    case = Case("d/m.metta", "other:f", "", "e/f.metta")
    assert answer(ask(case)) == "resolved by-name e/f.metta"
    resolution = ask(case, registered={"other": ()})
    assert (answer(resolution), resolution.name) == ("external", "other")


def test_import_roots_come_before_folders_above_and_may_lie_outside() -> None:
    case = Case("d/e/m.metta", "a:b", "", "d/a/b.metta lib/a/b.metta ../libs/a/b.metta /opt/a/b.metta")
    assert answer(ask(case)) == "resolved ancestor d/a/b.metta"
    assert answer(ask(case, roots=("lib", "../libs"))) == "resolved root lib/a/b.metta"
    assert answer(ask(case, roots=("../libs", "lib"))) == "resolved root ../libs/a/b.metta"
    assert answer(ask(case, roots=("/opt",))) == "resolved root /opt/a/b.metta"
    outside = case._replace(by="../libs/x/y.metta")
    assert answer(ask(outside)) == "resolved ancestor ../libs/a/b.metta"


def test_all_that_scripts_above_would_load_are_candidates() -> None:
    resolution = ask(Case("d/e/m.metta", "a", "", "a.metta d/a.metta"))
    assert [target.path for target in resolution.candidates] == ["d/a.metta", "a.metta"]


def test_files_of_one_name_are_listed_by_steps_then_by_path() -> None:
    files = "c/a.metta b/a.metta d/f/a.metta d/e/g/a.metta d/e/h/i/a.metta"
    resolution = ask(Case("d/e/m.metta", "a", "", files))
    listed = [target.path for target in resolution.candidates]
    assert listed == ["d/e/g/a.metta", "d/e/h/i/a.metta", "d/f/a.metta", "b/a.metta", "c/a.metta"]


def test_no_more_candidates_are_told_than_anyone_reads() -> None:
    files = " ".join(f"d{number:02}/a.metta" for number in range(99))
    resolution = ask(Case("m.metta", "a", "", files))
    assert [target.path for target in resolution.candidates] == files.split()[:20]
    assert "20 or more fit" in resolution.reason


REASONS = {
    "what the reference prints": (Case("m.metta", "a.metta", "", "a.metta"), "Illegal module name: a.metta"),
    "and what is meant": (
        Case("m.metta", "a.metta", "", "a.metta"),
        "meant is `a.metta`, seen from the importing file's own",
    ),
    "what was looked for": (Case("m.metta", "a", "", ""), "`a.py`, `a`, `a.metta`, `a/`"),
    "what differs in capitals": (Case("m.metta", "a", "", "d/A.metta"), "`d/A.metta` differs in capitals"),
    "even if one is found": (Case("d/m.metta", "a", "", "d/A.metta e/a.metta"), "`d/A.metta` differs in capitals"),
    "how many fit": (Case("m.metta", "a", "", "c/a.metta d/a.metta"), "2 fit"),
    "the alias": (Case("m.metta", "repo:a", "", "a.metta"), "`repo` is a name of the workspace"),
    "the folder above": (Case("d/e/m.metta", "a", "", "d/a.metta"), "the folder `d`"),
    "the builtin's neighbour": (Case("d/m.metta", "json", "", "d/json.metta"), "`d/json.metta`"),
}


@pytest.mark.parametrize(("case", "part"), REASONS.values(), ids=REASONS)
def test_reasons_say(case: Case, part: str) -> None:
    assert part in ask(case).reason


def test_registrations_give_names() -> None:
    workspace = Workspace(FileSet(["lib/a.metta", "d/b.metta", "repos/r/c.metta"]), aliases=("repo",))
    forms = [
        ("register-module!", "../lib"),
        ("register-module!", "b.metta"),
        ("register-module!", "../../other"),
        ("register-module!", "."),
        ("register-module!", "nowhere"),
        ("git-module!", "https://x.org/my_module.git"),
        ("git-import!", "https://x.org/r.git"),
        ("git-import!", "https://x.org/s.git"),
        ("import!", "b"),
    ]
    sites = [ImportSite("d/m.metta", "petta", *form) for form in forms]
    assert named_by((site, resolve(site, workspace)) for site in sites) == Names(
        registered={"b": ("d/b.metta",), "d": ("d",), "lib": ("lib",), "mymodule": (), "other": ()},
        repositories={"r": ("repos/r",), "s": ()},
    )


# ---- what an answer depends on ------------------------------------------------

NAMES = ("a", "b", "A", "module", "__init__", "a.b", "json", "repo", "r")
FOLDERS = ("", "a", "b", "a/b", "b/a", "a/a", "lib", "a/lib", "A", "a.b", "repos/r", "a/repos/r", "module", "repo/a")
ENDINGS = (".metta", ".py", "", ".pl")
names = st.sampled_from(NAMES)
paths = st.builds(
    lambda folder, name, ending: f"{folder}/{name}{ending}".lstrip("/"),
    st.sampled_from(FOLDERS),
    names,
    st.sampled_from(ENDINGS),
)
file_sets = st.frozensets(paths, max_size=8)
modules = st.one_of(
    st.lists(names, min_size=1, max_size=3).map(":".join),
    st.builds(
        lambda up, parts, ending: up + "/".join(parts) + ending,
        st.sampled_from(("", "./", "../", "../../", "/")),
        st.lists(names, min_size=1, max_size=3),
        st.sampled_from(("", ".metta", ".py")),
    ),
    st.sampled_from((".", "..", "self", "top:a", "json", "(library a)", "(library r a)", "(library lib_pln)")),
)
FORMS = ("import!", "import!", "include", "mod-space!", "static-import!", "register-module!", "register-module!")
sites = st.one_of(
    st.builds(
        ImportSite,
        paths,
        st.sampled_from(("hyperon", "petta", "mm2")),
        st.sampled_from(FORMS),
        modules,
    ),
    st.builds(ImportSite, paths, st.just("petta"), st.just("git-import!"), st.sampled_from(("u/r.git", "u/a"))),
)


def resolve_all(files: FileSet, sites: list[ImportSite]) -> tuple[Workspace, list[Resolution]]:
    """As a build from nothing does: registrations first, then all, with the names that these give."""
    workspace = Workspace(files, roots=("lib",), aliases=("repo",), builtins=BUILTIN_MODULES)
    given_names = named_by((site, resolve(site, workspace)) for site in sites if site.form in REGISTRATIONS)
    workspace = Workspace(files, ("lib",), ("repo",), *given_names, BUILTIN_MODULES)
    return workspace, [resolve(site, workspace) for site in sites]


def wrongly_kept(before: frozenset[str], after: frozenset[str], sites: list[ImportSite]) -> list[ImportSite]:
    """Imports that mean something else after a change, though their look-ups say that it does not touch them."""
    old_workspace, old = resolve_all(FileSet(before), sites)
    new_workspace, new = resolve_all(FileSet(after), sites)
    changed = changed_keys(new_workspace.files, after - before, before - after)
    changed |= changed_names(old_workspace.registered, new_workspace.registered)
    changed |= changed_names(old_workspace.repositories, new_workspace.repositories)
    rows = zip(sites, old, new, strict=True)
    return [site for site, was, now in rows if was != now and changed.isdisjoint(was.lookups)]


@settings(max_examples=500)
@given(file_sets, st.frozensets(paths, min_size=1, max_size=3), st.lists(sites, min_size=1, max_size=6))
def test_only_imports_that_look_up_what_changed_have_to_be_resolved_anew(
    before: frozenset[str], changes: frozenset[str], sites: list[ImportSite]
) -> None:
    assert not wrongly_kept(before, before ^ changes, sites)


@pytest.mark.parametrize("few", [0, 2, 8])
def test_every_path_that_comes_or_goes_touches_the_imports_that_it_changes(few: int) -> None:
    universe = [f"{folder}/{name}{ending}".lstrip("/") for folder in FOLDERS for name in NAMES for ending in ENDINGS]
    written = ("a", "b:a", "module", "__init__", "a:module", "json", "repo", "repo:a", "r", "top:b", "nowhere:a:b")
    as_paths = ("a.b", "../a", "./a.metta", "a/b.py", "../../repo/a", "/x/repo/module.metta", "..", "repo/a/__init__")
    listed = [
        *(ImportSite(by, "hyperon", "import!", module) for by in ("m", "a/b/m", "a/b") for module in written),
        *(ImportSite("a/b/m", dialect, "import!", module) for dialect in ("petta", "hyperon") for module in as_paths),
        *(ImportSite("b/m", "petta", "import!", module) for module in ("(library a)", "(library r a)", "b:a", "a")),
        *(ImportSite("b/m", "petta", "register-module!", module) for module in ("../a", "r", "a.b.metta", "module")),
        ImportSite("a/m", "petta", "git-import!", "u/r.git"),
        ImportSite("a/m", "petta", "static-import!", "../b/a"),
    ]
    before = frozenset(random.Random(few).sample(universe, few))
    assert [(path, site) for path in universe for site in wrongly_kept(before, before ^ {path}, listed)] == []


@given(st.lists(paths, max_size=12), st.lists(sites, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_files_means_nothing(files: list[str], sites: list[ImportSite], order: random.Random) -> None:
    shuffled = list(files)
    order.shuffle(shuffled)
    assert resolve_all(FileSet(files), sites)[1] == resolve_all(FileSet(shuffled), sites)[1]


def test_a_change_touches_few_imports() -> None:
    files = [f"d{number}/f{number}.metta" for number in range(100)]
    sites = [ImportSite(files[0], "hyperon", "import!", f"d{number}:f{number}") for number in range(100)]
    _workspace, resolutions = resolve_all(FileSet(files), sites)
    changed = changed_keys(FileSet([*files, "e/f7.metta"]), ["e/f7.metta"], [])
    touched = [site.module for site, was in zip(sites, resolutions, strict=True) if not changed.isdisjoint(was.lookups)]
    assert touched == ["d7:f7"]
