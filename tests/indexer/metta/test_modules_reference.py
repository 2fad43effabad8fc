"""The reference (PyPI `hyperon`) loads modules from small workspaces: it must load what we say that it does.

Circular imports, and inclusion of a file that imports, hang the reference: there are none here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from metta_index.indexer.languages.metta.modules import (
    BUILTIN_MODULES,
    FileSet,
    ImportSite,
    Names,
    Resolution,
    Status,
    TargetKind,
    Way,
    Workspace,
    named_by,
    resolve,
)

pytest.importorskip("hyperon", reason="the reference, PyPI `hyperon`, has no wheel for this platform")

#: Runs each main.metta as the command line of the reference does, with its folder as working directory.
RUNNER = """
import builtins, json, os, sys
from hyperon import MeTTa
from hyperon.runner import Environment

answers = []
for folder in json.load(sys.stdin):
    builtins.loaded = []
    metta = MeTTa(env_builder=Environment.custom_env(working_dir=folder))
    with open(os.path.join(folder, "main.metta")) as file:
        results = metta.run(file.read())
    words = [str(atom) for result in results for atom in result]
    errors = [word for word in words if word.startswith("(Error")]
    facts = [word for word in map(str, metta.run("!(match &self (loaded $x) $x)")[0])]
    answers.append({"errors": errors, "loaded": sorted({*facts, *builtins.loaded})})
print(json.dumps(answers))
"""


class Layout(NamedTuple):
    """A workspace, and what the file `by` imports; other files than main.metta are imported by it."""

    files: str
    module: str
    form: str = "import!"
    by: str = "main.metta"
    first: str = ""  # what main.metta does before


LAYOUTS = (
    Layout("a.metta", "a"),
    Layout("a.metta", '"a"'),
    Layout("a.metta", "a:"),
    Layout("a.metta", "self:a"),
    Layout("a.metta", "top:a"),
    Layout("a/module.metta", "a"),
    Layout("a/x.metta", "a"),
    Layout("a/__init__.metta", "a"),
    Layout("a.py a.metta", "a"),
    Layout("a/__init__.py a.metta a/module.metta", "a"),
    Layout("a a.metta", "a"),
    Layout("a.metta a/module.metta", "a"),
    Layout("sub/a.metta a.metta", "sub:a"),
    Layout("sub/module.metta sub/a.py", "sub:a"),
    Layout("sub/x.metta a.metta", "sub:a"),
    Layout("a.metta sub/b.metta", "a:sub:b"),
    Layout("a/b/c.metta", "a:b:c"),
    Layout("a/b/x.metta c.metta", "a:b:c"),
    Layout("sub/x.metta a.metta", "sub:self:a"),
    Layout("b.metta", "a"),
    Layout("d/a.metta", "a"),
    Layout("a.metta", "a.metta"),
    Layout("a.metta", "./a"),
    Layout("a/b.metta", "a/b"),
    Layout("a.b/c.metta", "a.b:c"),
    Layout("a/b.metta", "a::b"),
    Layout("b.metta", "a::b.c"),
    Layout("ä.metta", "ä"),
    Layout("random.metta", "random"),
    Layout("agents.metta", "agents"),
    Layout("", "py_ops"),
    Layout("", "self"),
    Layout("", "top"),
    Layout("", "top", "mod-space!"),
    Layout("a.metta", "a", "include"),
    Layout("a/module.metta", "a", "include"),
    Layout("sub/a.metta", "sub:a", "include"),
    Layout("a.py a.metta", "a", "include"),
    Layout("a/x.metta", "a", "include"),
    Layout("a.metta", "self:a", "include"),
    # from a file that is imported itself
    Layout("sub/a.metta a.metta", "a", by="sub/r.metta"),
    Layout("a.metta", "a", by="sub/r.metta"),
    Layout("sub/a.metta", "self:a", by="sub/r.metta"),
    Layout("sub/b/a.metta b/a.metta", "b:a", by="sub/r.metta"),
    Layout("sub/b/x.metta a.metta", "b:a", by="sub/r/module.metta"),
    # with names that are registered
    Layout("e/lib/a.metta", "lib:a", first="register-module! e/lib"),
    Layout("e/lib/a.metta", "lib", first="register-module! e/lib"),
    Layout("e/b.metta", "b", first="register-module! e/b.metta"),
    Layout("e/b.metta e/b.py", "b", first="register-module! e/b.metta"),
    Layout("e/b.metta e/c.metta", "b:c", first="register-module! e/b.metta"),
)


def write(folder: Path, layout: Layout) -> None:
    main = ""
    if layout.first:
        main = f"!({layout.first})\n"
    into = "&self " if layout.form == "import!" else ""
    importing = f"!({layout.form} {into}{layout.module})\n"
    if layout.by == "main.metta":
        main += importing
    else:
        name = layout.by.removesuffix(".metta").removesuffix("/module").replace("/", ":")
        main += f"!(import! &self {name})\n"
    texts = {path: importing if path == layout.by else "" for path in (*layout.files.split(), layout.by)}
    texts["main.metta"] = main
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".py"):
            text = f"import builtins\nbuiltins.loaded.append({path!r})\n"
        elif path not in ("main.metta", layout.by):
            text = f"(loaded {path})\n"
        file.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[Layout, Any]:
    """What the reference loads or prints for each layout, from one process."""
    folders = [tmp_path_factory.mktemp("layout") for _ in LAYOUTS]
    for folder, layout in zip(folders, LAYOUTS, strict=True):
        write(folder, layout)
    done = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps([str(folder) for folder in folders]),
        cwd=folders[0],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # what the reference prints itself comes before
    return dict(zip(LAYOUTS, json.loads(done.stdout.splitlines()[-1]), strict=True))


def ours(layout: Layout) -> Resolution:
    workspace = Workspace(FileSet([*layout.files.split(), "main.metta", layout.by]), builtins=BUILTIN_MODULES)
    names = Names({}, {})
    if layout.first:
        form, path = layout.first.split()
        site = ImportSite("main.metta", "hyperon", form, path)
        names = named_by([(site, resolve(site, workspace))])
    workspace = Workspace(workspace.files, (), (), *names, BUILTIN_MODULES)
    return resolve(ImportSite(layout.by, "hyperon", layout.form, layout.module.strip('"')), workspace)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: " ".join(part for part in layout if part))
def test_the_reference_loads_what_we_resolve(layout: Layout, answers: dict[Layout, Any]) -> None:
    theirs, resolution = answers[layout], ours(layout)
    if resolution.status is Status.ILLEGAL:
        told = resolution.reason[resolution.reason.rindex("(") + 1 :].partition(")")[0]
        assert len(theirs["errors"]) == 1
        assert told in theirs["errors"][0]
    elif resolution.status is Status.UNRESOLVED or resolution.way is Way.BY_NAME:
        assert len(theirs["errors"]) == 1
        assert "Failed to resolve module" in theirs["errors"][0]
    elif resolution.status is Status.BUILTIN or resolution.kind is TargetKind.FOLDER:
        assert theirs == {"errors": [], "loaded": []}
    else:
        assert resolution.status is Status.RESOLVED
        is_self = resolution.target == layout.by
        assert theirs == {"errors": [], "loaded": [] if is_self else [resolution.target]}
