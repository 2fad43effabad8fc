"""What the program loads, its short way past Typer, and what its package holds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from program import Program, environment, run

from metta_index.cli import VERSION, app
from metta_index.cli import __main__ as entry

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
TYPER = {"typer", "click"}
#: What only some builds need: pools, a cache that has to be made, progress bars, patterns, and what these bring.
FOR_SOME = {
    "joblib",
    "dask",
    "distributed",
    "multiprocessing",
    "diskcache",
    "rich",
    "pathspec",
    "asyncio",
    "tempfile",
    "pickle",
}
HEAVY = {"tree_sitter", "msgspec"} | TYPER | FOR_SOME
OURS_FOR_WORK = {
    "metta_index.cli.app",
    "metta_index.cache.store",
    "metta_index.indexer.building.indexing",
    "metta_index.indexer.execution.run",
    "metta_index.indexer.execution.plan",
    "metta_index.indexer.discovery.patterns",
    "metta_index.indexer.languages.metta.language",
}


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Modules that a command loads."""
    program = (
        "import sys\n"
        f"sys.argv = {['metta-index', *arguments]!r}\n"
        "from metta_index.cli.__main__ import main\n"
        "try:\n    main()\n"
        "finally:\n    print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=cwd, env=environment(), capture_output=True, check=True)
    return set(done.stderr.decode().split())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Files that settled, patterns that ignore some, and nothing to do."""
    root = tmp_path / "workspace"
    (root / ".git" / "info").mkdir(parents=True)
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (root / ".gitignore").write_text("old/\n*.gen.metta\n")
    (root / "metta-index.toml").write_text('exclude = ["drafts/"]\n')
    for name in ("a.metta", "lib/b.metta", "old/c.metta", "d.gen.metta", "drafts/e.metta"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"(= (f) {len(name)})\n(= (h) (f))\n")
    assert run("build", cwd=root).returncode == 0
    return root


def test_a_build_without_changes_loads_nothing_heavy(workspace: Path) -> None:
    loaded = loaded_by("build", cwd=workspace)
    assert "metta_index.indexer.building.build" in loaded  # the list is that of the build
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert loaded & (OURS_FOR_WORK - {"metta_index.cli.app"}) == set() and "metta_index.cli.app" not in loaded


def test_a_small_build_never_looks_for_garbage_not_even_at_its_end(workspace: Path) -> None:
    program = (
        "import gc, sys\n"
        "from metta_index.cli.__main__ import main\n"
        "gc.collect()\n"
        "seen = []\n"
        "gc.callbacks.append(lambda phase, info: seen.append(phase))\n"
        "sys.argv = ['metta-index', 'build', '--quiet']\n"
        "try:\n    main()\n"
        "finally:\n    print(len(seen), gc.get_freeze_count() > 10_000)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=workspace, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "True"]


@pytest.mark.parametrize("flags", [(), ("--format", "json")])
def test_a_build_of_one_changed_file_loads_no_pool_and_not_what_made_the_cache(
    workspace: Path, flags: tuple[str, ...]
) -> None:
    (workspace / "a.metta").write_text("(= (f) changed)\n")
    loaded = loaded_by("build", *flags, cwd=workspace)
    assert {"metta_index.indexer.execution.run", "metta_index.cache.store", "tree_sitter"} <= loaded  # it did index
    assert {name.partition(".")[0] for name in loaded} & FOR_SOME == set()
    for_pools = {"metta_index.indexer.execution.pool", "metta_index.indexer.execution.workers"}
    assert loaded & (for_pools | {"metta_index.cache.bytes_cache"}) == set()


def test_typer_loads_the_command_that_is_run_and_no_other(workspace: Path) -> None:
    loaded = loaded_by("build", "--format", "json", cwd=workspace)
    assert {name.partition(".")[0] for name in loaded} & (HEAVY - TYPER) == set()
    assert loaded & (OURS_FOR_WORK - {"metta_index.cli.app"}) == set()
    commands = {f"metta_index.cli.{module}" for module, _name in app._COMMANDS.values()}
    assert loaded & commands == {"metta_index.cli.build"}


def test_the_version_loads_nothing_at_all(workspace: Path) -> None:
    assert {name for name in loaded_by("--version", cwd=workspace) if name.startswith("metta_index.")} == {
        "metta_index.cli",
        "metta_index.cli.__main__",
    }


#: What knows the meaning of imports: a question by name alone does without it.
FOR_IMPORTS = {"metta_index.indexer.linking.imports", "metta_index.indexer.languages.metta.modules"}


@pytest.mark.parametrize("options", ["", "--no-refresh "])
@pytest.mark.parametrize("query", ["def f", "refs f", "doc f", "search f", "callers f", "callees h"])
def test_a_query_by_name_loads_what_reads_the_index_and_no_more(workspace: Path, query: str, options: str) -> None:
    command, name = query.split()
    loaded = loaded_by(command, *options.split(), name, cwd=workspace)
    assert "metta_index.indexer.queries.index" in loaded  # it did ask
    without_typer = set() if options else TYPER
    assert {name.partition(".")[0] for name in loaded} & (FOR_SOME | without_typer | {"tree_sitter", "ctypes"}) == set()
    allowed = ({"metta_index.cli.app"} if options else set()) | (FOR_IMPORTS if command == "callees" else set())
    assert loaded & ((OURS_FOR_WORK | FOR_IMPORTS) - allowed) == set()


@pytest.mark.parametrize("names", ["f", "h f", "nothing-of-this-name", "a.metta:2:9", "a.metta:99:1", "$x"])
@pytest.mark.parametrize("command", ["def", "refs", "doc", "search", "callers", "callees"])
def test_a_query_without_options_says_what_it_says_with_them(workspace: Path, command: str, names: str) -> None:
    plain = run(command, *names.split(), cwd=workspace)
    with_typer = run(command, "--format", "text", *names.split(), cwd=workspace)
    if command == "search" and len(names.split()) > 1:
        assert plain.returncode == 2 and b"unexpected extra argument" in plain.stderr
    assert (plain.returncode, plain.stdout, plain.stderr) == (
        with_typer.returncode,
        with_typer.stdout,
        with_typer.stderr,
    )


#: Whether a new name is a name, and whether a problem is an error, the language says, which loads its grammar.
ASKING_THE_LANGUAGE = ("rename", "export jsonl")


@pytest.mark.parametrize(
    "query",
    [
        "deps lib/b.metta",
        "outline a.metta",
        "unused",
        "rename --preview f g",
        "refs a.metta:2:9",
        "stats",
        "export ctags",
        "export jsonl",
    ],
)
def test_a_query_of_another_kind_loads_no_pool_and_no_cache(workspace: Path, query: str) -> None:
    loaded = loaded_by(*query.split(), cwd=workspace)
    assert "metta_index.indexer.building.build" in loaded  # it did look for changes
    grammar: set[str] = set() if query.startswith(ASKING_THE_LANGUAGE) else {"tree_sitter"}
    assert {name.partition(".")[0] for name in loaded} & (FOR_SOME | {"ctypes"} | grammar) == set()
    allowed = {"metta_index.cli.app"} | (set() if grammar else {"metta_index.indexer.languages.metta.language"})
    if query == "export ctags":
        allowed.add("metta_index.cache.store")  # which keeps the tags of what did not change
    assert loaded & (OURS_FOR_WORK - allowed) == set()


# -- the short way ---------------------------------------------------------------------


def fine(root: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return ["build", str(root)]


def from_the_current_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(root / "lib")
    return ["build"]


def missing(root: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return ["build", str(root / "missing")]


def no_folder(root: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    return ["build", str(root / "a.metta")]


def wrong_configuration(root: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    (root / "metta-index.toml").write_text("dialekt = 1\n")
    return ["build", str(root)]


def unreadable(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from metta_index.indexer.building import build as module

    def fail(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "read_document", fail)
    return ["build", str(root)]


def wrong_variable(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("METTA_INDEX_JOBS", "none")
    return ["build", str(root)]


def a_mistake_of_ours(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from metta_index.cli import session

    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("made up")

    monkeypatch.setattr(session, "build", fail)
    return ["build", str(root)]


def interrupted(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from metta_index.cli import session

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "build", interrupt)
    return ["build", str(root)]


@pytest.mark.parametrize(
    ("case", "code"),
    [
        (fine, 0),
        (from_the_current_folder, 0),
        (missing, 2),
        (no_folder, 2),
        (wrong_configuration, 2),
        (unreadable, 1),
        (wrong_variable, 2),
        (a_mistake_of_ours, 2),
        (interrupted, 130),
    ],
)
def test_the_short_way_says_what_typer_says(
    program: Program,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    case: Callable[[Path, pytest.MonkeyPatch], list[str]],
    code: int,
) -> None:
    arguments = case(workspace, monkeypatch)
    before = shutil.copytree(workspace, workspace.parent / "before", symlinks=True)
    app_was_used = []
    original = app.run
    monkeypatch.setattr(app, "run", lambda: app_was_used.append(1) or original())  # type: ignore[func-returns-value]
    short = program(*arguments)
    assert not app_was_used
    shutil.rmtree(workspace)
    before.rename(workspace)
    if case is from_the_current_folder:
        monkeypatch.chdir(workspace / "lib")
    monkeypatch.setattr(sys, "argv", ["metta-index", *arguments])
    long_code = original()
    long = capsys.readouterr()
    assert (short.code, long_code) == (code, code)
    if case is a_mistake_of_ours:  # the ways there differ, what is said at the end does not
        assert short.err.splitlines()[-2:] == long.err.splitlines()[-2:]
        assert "ZeroDivisionError: made up" in short.err
        return
    assert _without_times(short.out) == _without_times(long.out)
    assert short.err == long.err


def _without_times(text: str) -> str:
    return re.sub(r"[\d.]+ m?s\b", "N", text)


def test_options_take_the_long_way(program: Program, workspace: Path) -> None:
    assert program("build", "--help").out.startswith("Usage: metta-index build")
    assert program("build", "-").code == 2


def test_an_interrupt_while_loading_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "_run", interrupt)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130


# -- the package -----------------------------------------------------------------------


def test_the_version_is_that_of_the_project() -> None:
    assert PROJECT["project"]["version"] == VERSION


def test_every_folder_of_the_packages_is_in_the_wheel() -> None:
    setuptools = PROJECT["tool"]["setuptools"]
    folders = {
        f"metta_index.{folder.relative_to(ROOT).as_posix().replace('/', '.')}"
        for package in setuptools["package-dir"].values()
        for folder in [ROOT / package, *(ROOT / package).rglob("*")]
        if folder.is_dir() and any(path.suffix == ".py" for path in folder.iterdir())
    }
    assert folders == set(setuptools["packages"])
    for package, patterns in setuptools["package-data"].items():
        folder = ROOT.joinpath(*package.split(".")[1:])
        for pattern in patterns:
            assert list(folder.glob(pattern)), (package, pattern)


def test_what_python_loads_beside_modules_is_in_the_wheel() -> None:
    data = PROJECT["tool"]["setuptools"]["package-data"]
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        folder = ROOT.joinpath(*package.split(".")[1:])
        for name in ("py.typed", "*.pyi", "*.scm"):
            if list(folder.glob(name)):
                assert name in data.get(package, []), (package, name)


def test_extension_modules_are_built_from_what_is_there() -> None:
    declared = set()
    for module in PROJECT["tool"]["setuptools"]["ext-modules"]:
        for source in [*module["sources"], *module.get("depends", []), *module.get("include-dirs", [])]:
            assert (ROOT / source).exists(), source
        declared |= set(module["sources"])
        package, _dot, _name = module["name"].rpartition(".")
        assert package in PROJECT["tool"]["setuptools"]["packages"]
    folders = PROJECT["tool"]["setuptools"]["package-dir"].values()
    written = {path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.c")}
    assert written == declared


def test_the_entry_point_is_the_module() -> None:
    assert PROJECT["project"]["scripts"] == {"metta-index": f"{entry.__name__}:main"}
    installed = entry.__file__
    assert installed is not None
    assert Path(installed).read_bytes() == (ROOT / "cli" / "__main__.py").read_bytes()


def test_a_check_without_options_loads_no_typer_and_says_what_it_says_with_it(workspace: Path) -> None:
    (workspace / "twice.metta").write_text("(= (g) 1)\n(= (g) 1)\n")
    plain, with_typer = run("check", cwd=workspace), run("check", "--fail-on", "warning", cwd=workspace)
    assert (plain.returncode, plain.stdout, plain.stderr) == (1, with_typer.stdout, with_typer.stderr)
    assert with_typer.returncode == 1 and b"MI303" in plain.stdout
    (workspace / "twice.metta").unlink()
    assert run("check", cwd=workspace).returncode == 0
    loaded = loaded_by("check", cwd=workspace)
    assert {name.partition(".")[0] for name in loaded} & TYPER == set()
    rules = {name for name in loaded if name.startswith("metta_index.indexer.rules.mi")}
    assert rules == set(), "nothing changed"
