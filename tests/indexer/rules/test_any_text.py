"""Rules stand whatever they are given, and fixes mend what they were offered for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metta_index.indexer.checking.fixing import apply_fixes
from metta_index.indexer.rules.registry import all_rules
from metta_index.indexer.rules.rule import Rule, files_of

NAMES = """
! = : :< -> @doc @params @param @desc let let* match case switch if unify chain map-atom filter-atom foldl-atom
import! bind! include register-module! mod-space! add-atom superpose quote Error assertEqual progn |-> exec , O
+ < and not f g $x $y $xs $width $wdith $a#b $c;d &self &kb lib lib:a ./b.metta 1 2.5 99999999999999999999 True
False a.b a? !word !! ... Number String (->) () λ
"""
ODD = ['"text"', '"\\q"', "; a comment\n", "; metta-index: ignore[MI303]\n", "\n", "\ufeff", "\0", '"open', ")", "("]
WORDS = st.sampled_from([*NAMES.split(), *ODD])
TEXTS = st.recursive(
    WORDS, lambda inner: st.lists(inner, max_size=6).map(lambda items: f"({' '.join(items)})"), max_leaves=24
)
DOCUMENTS = st.lists(st.one_of(TEXTS, TEXTS.map(lambda text: "!" + text)), max_size=8).map("\n".join)


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(DOCUMENTS, DOCUMENTS, st.sampled_from([None, "hyperon", "petta", "mm2", "mettatron"]))
def test_rules_stand_any_text(files: type, main: str, lib: str, dialect: str | None) -> None:
    workspace = files({"main.metta": main, "lib.metta": lib}, dialect)
    source = workspace.sources["main.metta"]
    for finding in workspace.check("main.metta").findings:
        assert 0 <= finding.start_byte <= finding.end_byte <= len(source), finding
        assert finding.message and "\n" not in finding.message
        if finding.fix is not None:
            edits = sorted((edit.start_byte, edit.end_byte) for edit in finding.fix.edits)
            assert all(0 <= start <= end <= len(source) for start, end in edits)
    workspace.index.close()


def test_rules_stand_what_is_deeply_nested(files: type) -> None:
    deep = "(" * 20_000 + "f" + ")" * 20_000
    workspace = files({"main.metta": f"!{deep}\n(= (g $x) {deep})\n(= (g $x) {deep})\n(import! &self {deep})\n"})
    assert "MI303" in {finding.code for finding in workspace.check("main.metta").findings}


FIXABLE = ["MI110", "MI111", "MI201", "MI303", "MI409", "MI411"]


@pytest.mark.parametrize(
    "rule", [rule for rule in all_rules() if rule.code in FIXABLE], ids=lambda rule: str(rule.code)
)
def test_a_fix_mends_what_it_is_for(files: type, rule: Rule) -> None:
    example = files_of(rule.fires)
    path = next(iter(example))
    found = [one for one in files(example).check(path).findings if one.code == rule.code]
    fixed = apply_fixes(example[path].encode(), found)
    assert fixed.findings
    after = files(example | {path: fixed.source.decode()}).check(path).findings
    assert rule.code not in {finding.code for finding in after}


def test_fixes_that_touch_are_applied_one_by_one(files: type) -> None:
    text = "(import! &self a)(import! &self b)\n(= (f) 1)\n(= (f) 1)\n(= (f) 1)\n"
    found = files({"a.metta": text}).check("a.metta").findings
    fixed = apply_fixes(text.encode(), found)
    assert fixed.source == b"!(import! &self a)!(import! &self b)\n(= (f) 1)\n(= (f) 1)\n"
    assert [finding.code for finding in fixed.findings] == ["MI201", "MI201", "MI303"]
