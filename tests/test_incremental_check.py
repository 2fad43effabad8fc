"""Findings after any edits are those of a fresh check, and only documents that something changed for are checked."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from metta_index.cli.checking import refresh_findings
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.checking.check import CheckOptions
from metta_index.indexer.checking.findings import Finding, decode_findings, sort_key
from metta_index.indexer.rules.registry import all_infos

ALL = CheckOptions(frozenset(info.code for info in all_infos()))

NAMES = ["a.metta", "b.metta", "c.metta", "lib/b.metta", "lib/hub.metta"]
TEXTS = [
    "(: f (-> Number Number))\n(= (f $x) $x)\n",
    "\n\n(: f (-> Number Number Number))\n(= (f $x $y) $x)\n",
    "(: f (-> String Number))\n(= (f $x) 1)\n(: g (-> Number A))\n",
    "!(import! &self lib:hub)\n!(f 1)\n(= (h) (+ 1 (g 1 2)))\n",
    "!(import! &self lib:b)\n!(import! &self lib:hub)\n!(f 1 2)\n",
    "!(f 1)\n!(import! &self b)\n!(import! &self a)\n",
    "!(import! &self hub)\n(= (g $x) (+ 1 (k $x)))\n",
    "!(import! &self b.metta)\n!(import! &self c.metta)\n(= (g $x) (progn 1 $x))\n",
    '(@doc f (@desc "F") (@params ((@param "One"))) (@return "It"))\n(= (k $x) $x)\n',
    "!(bind! &kb (new-space))\n!(add-atom &kb (f 1))\n",
    "!(add-atom &kb (f 1))\n!(match &other $x $x)\n(k 1)\n(= (if $a $b) 1)\n",
    "(= (broken $x) (f\n(= (g $a $b) $b)\n(= (g $a $b) $b)\n",
    "(= (distance $x) $x)\n(= (use $x) (distnace $x))\n",
    "(= (distnace $x) $x)\n",
    "; metta-index: ignore-file[MI405]\n!(import! &self lib:hub)\n!(f) ; metta-index: ignore[MI501]\n",
    "(= (lonely $x) $x)\n(= (k $x) $x)\n!(+ 1 (k 2))\n",
    "(lonely 1)\n",
    "",
]


def check(root: Path, use_cache: bool = True) -> tuple[list[Finding], int]:
    """All findings of a workspace, sorted, and how many documents were checked for them."""
    with open_session(root, use_cache=use_cache, quiet=True) as session:
        session.build(Options(force=not use_cache))
        report = refresh_findings(session, ALL)
        assert not report.failures
        found = [finding for data in session.index.findings() for finding in decode_findings(data)]
    return sorted(found, key=sort_key), report.checked


def fresh(root: Path) -> list[Finding]:
    """What a check without anything known says of a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / root.name
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".metta-index"))
        return check(copy, use_cache=False)[0]


class Edits(RuleBasedStateMachine):
    """Random edits of a workspace; after each, findings are what a fresh check finds."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp()) / "workspace"
        (self.root / "lib").mkdir(parents=True)

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    @rule(name=st.sampled_from(NAMES), first=st.sampled_from(TEXTS), second=st.sampled_from(TEXTS))
    def write_two(self, name: str, first: str, second: str) -> None:
        (self.root / name).write_text(first + second, encoding="utf-8")

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        (self.root / name).unlink(missing_ok=True)

    @rule(old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename(self, old: str, new: str) -> None:
        if (self.root / old).exists():
            (self.root / old).replace(self.root / new)

    @rule(text=st.sampled_from(["", 'dialect = "petta"\n', 'dialect = "hyperon"\n', 'roots = ["lib"]\n']))
    def configure(self, text: str) -> None:
        (self.root / "metta-index.toml").write_text(text)

    @rule(name=st.sampled_from(NAMES), text=st.sampled_from(TEXTS))
    def build_between(self, name: str, text: str) -> None:
        self.write(name, text)
        with open_session(self.root, quiet=True) as session:
            session.build(Options())

    @invariant()
    def warm_equals_cold(self) -> None:
        assert check(self.root)[0] == fresh(self.root)
        assert check(self.root)[1] == 0

    def teardown(self) -> None:
        shutil.rmtree(self.root.parent)


TestEdits = Edits.TestCase
TestEdits.settings = settings(
    max_examples=12, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


HUB = "(: f (-> Number Number))\n(= (f $x) $x)\n(= (other $x) $x)\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A hub that ten files use, and ten that do not; one of the users is used by another file."""
    root = tmp_path / "workspace"
    write(root, {"hub.metta": HUB})
    write(root, {f"user{number}.metta": "!(import! &self hub)\n!(f 1)\n" for number in range(10)})
    write(root, {f"alone{number}.metta": f"(= (alone{number} $x) (+ $x 1))\n" for number in range(10)})
    assert check(root)[1] == 21
    assert check(root)[1] == 0
    return root


def write(root: Path, files: Mapping[str, str]) -> None:
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(text)


def test_the_edit_of_a_leaf_checks_the_leaf(workspace: Path) -> None:
    write(workspace, {"alone3.metta": "(= (alone3 $x $y) (+ $x $y))\n"})
    assert check(workspace)[1] == 1


def test_another_arity_in_the_hub_checks_all_users(workspace: Path) -> None:
    write(workspace, {"hub.metta": HUB.replace("(-> Number Number)", "(-> Number Number Number)")})
    found, checked = check(workspace)
    assert checked == 11
    assert [finding.path for finding in found if finding.code == "MI305"] == ["hub.metta"]


def test_another_body_in_the_hub_checks_the_hub(workspace: Path) -> None:
    write(workspace, {"hub.metta": HUB.replace("(= (f $x) $x)", "\n(= (f $y) (+ 1 $y))")})
    assert check(workspace)[1] == 1


def test_another_name_in_the_hub_checks_the_hub(workspace: Path) -> None:
    write(workspace, {"hub.metta": HUB.replace("other", "another")})
    assert check(workspace)[1] == 1


def test_a_name_that_appears_is_found_by_those_who_missed_it(workspace: Path) -> None:
    write(workspace, {"alone1.metta": "(= (alone1 $x) (+ 1 (later $x)))\n"})
    found, checked = check(workspace)
    assert checked == 1
    assert [finding.code for finding in found if finding.severity == "warning"] == ["MI408"]
    write(workspace, {"alone2.metta": "(= (later $x) $x)\n"})
    found, checked = check(workspace)
    assert checked == 2
    assert not [finding for finding in found if finding.severity == "warning"]


def test_a_near_name_that_appears_is_suggested(workspace: Path) -> None:
    write(workspace, {"alone1.metta": "(= (alone1 $x) (pair (distnace $x $x)))\n"})
    assert [finding.code for finding in check(workspace)[0] if finding.code == "MI409"] == []
    write(workspace, {"alone2.metta": "(= (distance $x $y) (- $x $y))\n"})
    found, checked = check(workspace)
    assert checked == 2
    assert [finding.path for finding in found if finding.code == "MI409"] == ["alone1.metta"]
    write(workspace, {"alone2.metta": "(= (distance $x $y) (- $x $y))\n(= (another) 1)\n"})
    assert check(workspace)[1] == 1


def test_a_definition_is_unused_until_another_file_mentions_it(workspace: Path) -> None:
    write(workspace, {"program.metta": "(= (lonely $x) $x)\n!(+ 1 2)\n", "other.metta": "(a fact)\n"})
    found, _checked = check(workspace)
    assert [one.path for one in found if one.code == "MI310"] == ["program.metta"]
    write(workspace, {"other.metta": "(a fact lonely)\n"})
    found, checked = check(workspace)
    assert checked == 2 and "MI310" not in {one.code for one in found}
    assert found == fresh(workspace)
    write(workspace, {"other.metta": "(a fact lonely again)\n"})
    assert check(workspace)[1] == 1, "what mentions it mentions it still"
    (workspace / "other.metta").unlink()
    found, checked = check(workspace)
    assert checked == 1 and "MI310" in {one.code for one in found}
    assert found == fresh(workspace)


def test_a_finding_that_points_elsewhere_follows_what_it_points_to(workspace: Path) -> None:
    write(workspace, {"user1.metta": "!(import! &self hub)\n!(f 1 2)\n"})
    found, _checked = check(workspace)
    (call,) = [finding for finding in found if finding.code == "MI405"]
    assert [related.start.row for related in call.related] == [0]
    write(workspace, {"hub.metta": f"; a comment\n{HUB}"})
    found, checked = check(workspace)
    assert checked == 2
    (call,) = [finding for finding in found if finding.code == "MI405"]
    assert [related.start.row for related in call.related] == [1]


def test_a_file_that_goes_checks_those_who_import_it(workspace: Path) -> None:
    (workspace / "hub.metta").unlink()
    assert check(workspace)[1] == 10


def test_other_rules_check_everything_again(workspace: Path) -> None:
    with open_session(workspace, quiet=True) as session:
        session.build(Options())
        assert refresh_findings(session, CheckOptions(frozenset({"MI101"}))).checked == 21
        assert refresh_findings(session, CheckOptions(frozenset({"MI101"}))).checked == 0
        assert refresh_findings(session, CheckOptions(frozenset({"MI101"}), (b"known",))).checked == 21
