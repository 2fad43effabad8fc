"""Faults that are put into programs without any are found: in the example workspace, and in the golden files."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import mutate
import pytest

from metta_index.cli.session import open_session

TESTS = Path(__file__).parents[1]
EXAMPLE = TESTS.parent / "examples" / "workspace"

#: Shares that must be found. What is not here cannot always be known, or is no fault in every dialect.
FOUND = {
    "a parenthesis dropped": 1,
    "a parenthesis too many": 1,
    "a quote dropped": 0.8,
    "the `!` of an import or binding dropped": 1,
    "an import of another name": 1,
    "an import of the file itself": 1,
    "a rule doubled": 0.95,
    "a rule without a body": 1,
    "a rule with a parameter more than its type": 1,
    "a core form with an argument less": 0.7,
    "half of a pair of `let*` or `case` dropped": 1,
    "a call of a declared function with an argument less": 0.9,
    "a name of a function misspelt": 0.9,
    "a variable misspelt": 0.5,
    "a parameter of `@doc` dropped": 1,
}


def golden_files(folder: Path) -> Path:
    """The texts of the golden files, each in a folder of its own."""
    for path in (TESTS / "golden").glob("*/*.metta"):
        target = folder / path.parent.name / path.name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)
    return folder


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, list[str]]]:
    """Of each kind of fault: how many were tried, and those that nothing was found of."""
    example = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("example") / "workspace")
    tried: Counter[str] = Counter()
    missed: dict[str, list[str]] = {kind: [] for kind in mutate.KINDS}
    for root in (example, golden_files(tmp_path_factory.mktemp("golden"))):
        with open_session(root, use_cache=False, quiet=True) as session:
            for mutant, path, is_found in mutate.seed(session, 1000, 2):
                tried[mutant.kind] += 1
                if not is_found:
                    missed[mutant.kind].append(f"{path}:{mutant.start} {mutant.text!r}")
    return {kind: (tried[kind], missed[kind]) for kind in mutate.KINDS}


@pytest.mark.parametrize("kind", FOUND)
def test_faults_of_a_kind_are_found(results: dict[str, tuple[int, list[str]]], kind: str) -> None:
    tried, missed = results[kind]
    assert tried >= 2
    assert 1 - len(missed) / tried >= FOUND[kind], missed


def test_the_same_faults_are_made_every_time() -> None:
    path = EXAMPLE / "garden" / "taxa.metta"
    first, second = (mutate.mutants("taxa.metta", path.read_bytes(), None, 2) for _time in range(2))
    assert first == second
    assert len({mutant.kind for mutant in first}) > 5
