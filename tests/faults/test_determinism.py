"""The same files give the same bytes, wherever, whenever, in whatever order and by whatever number of processes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from program import Program, run
from workspaces import fresh, tally, write_files

ENVIRONMENTS: list[dict[str, str]] = [
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1"},
    {"PYTHONHASHSEED": "4294967295"},
    {"TZ": "Asia/Kathmandu"},
    {"TZ": "America/St_Johns", "LC_ALL": "C.UTF-8"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"},
    {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
    {"PYTHONOPTIMIZE": "2"},
    {"PYTHONMALLOC": "debug"},
    {"METTA_INDEX_BACKEND": "loky", "METTA_INDEX_JOBS": "1"},
    {"METTA_INDEX_BACKEND": "loky", "METTA_INDEX_JOBS": "2", "PYTHONHASHSEED": "7"},
    {"METTA_INDEX_BACKEND": "loky", "METTA_INDEX_JOBS": "8", "LC_ALL": "C", "PYTHONUTF8": "0"},
    {"METTA_INDEX_BACKEND": "sequential", "METTA_INDEX_JOBS": "1"},
    {"METTA_INDEX_PARALLEL_THRESHOLD_MS": "0"},
]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with names that locales read differently."""
    root = tmp_path_factory.mktemp("odd") / "workspace"
    write_files(root, 24)
    for name in ("größe.metta", "ı-İ-i-I.metta", "日本.metta", "e\u0301.metta", "é.metta"):
        (root / name).write_text("(= (größe $x) (ı İ))\n!(größe λ)\n", encoding="utf-8")
    return root


@pytest.mark.parametrize("variables", ENVIRONMENTS, ids=lambda value: " ".join(map("=".join, value.items())))
def test_environments(program: Program, odd: Path, tmp_path: Path, variables: dict[str, str]) -> None:
    root = tmp_path / "a path with blanks and ö" / "workspace"
    shutil.copytree(odd, root, ignore=shutil.ignore_patterns(".metta-index"))
    expected = fresh(program, odd)
    cold = run("export", "jsonl", "--root", root, cwd=tmp_path, **variables)
    assert (cold.returncode, cold.stderr) == (0, b"")
    assert cold.stdout.decode() == expected
    warm = run("export", "jsonl", cwd=root, **variables)
    assert (warm.returncode, warm.stdout, warm.stderr) == (0, cold.stdout, b"")
    tally(14, 2)


def test_an_index_made_in_one_locale_is_read_in_another(program: Program, odd: Path, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    shutil.copytree(odd, root, ignore=shutil.ignore_patterns(".metta-index"))
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert run("build", "--root", root, cwd=tmp_path, **ascii_only).returncode == 0
    report = program("build", "--root", root, "--format", "json").objects()[0]
    assert (report["work"]["parsed"], report["files"]["removed"]) == (0, 0)
    assert program.export(root) == fresh(program, odd)


@pytest.mark.parametrize("seed", range(8))
def test_files_named_in_any_order_and_more_than_once(
    program: Program, odd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """As hooks do that name files."""
    root = tmp_path / "workspace"
    shutil.copytree(odd, root, ignore=shutil.ignore_patterns(".metta-index"))
    chosen = random.Random(seed)
    names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.metta"))]
    chosen.shuffle(names)
    named = names + names[: seed * 2]
    listed = tmp_path / "names"
    monkeypatch.chdir(root)
    listed.write_bytes("\0".join(named).encode())
    ended = program("build", "--root", root, "--files-from", listed)
    assert (ended.code, ended.err) == (0, "")
    assert program("export", "jsonl", "--no-refresh", "--root", root).out == fresh(program, odd)
    tally(17)


def test_the_index_does_not_depend_on_its_past(program: Program, odd: Path, tmp_path: Path) -> None:
    """Files that came one after the other, in any order, and went again."""
    chosen = random.Random(3)
    names = sorted(path.relative_to(odd) for path in odd.rglob("*.metta"))
    for _attempt in range(4):
        root = tmp_path / f"{_attempt}" / "workspace"
        chosen.shuffle(names)
        for start in range(0, len(names), 5):
            for name in names[start : start + 5]:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(odd / name, root / name)
            (root / "passing.metta").write_text(f"(= (größe) {start})\n")
            program("build", "--root", root)
            (root / "passing.metta").unlink()
        assert program.export(root) == fresh(program, odd)
        tally(14)
