"""Every rule fires on its example, and on nothing else of the examples that no rule should fire on."""

from __future__ import annotations

import re

import pytest

from metta_index.indexer.rules.registry import all_infos, all_rules, codes_of, default_codes
from metta_index.indexer.rules.rule import Rule, files_of

RULES = all_rules()


def dialect_of(rule: Rule) -> str | None:
    """Rules of one dialect alone are tried in it; for others the text decides."""
    return next(iter(rule.dialects)) if len(rule.dialects) == 1 else None


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_the_example_fires(rule: Rule, files: type) -> None:
    example = files_of(rule.fires)
    found = files(example, dialect_of(rule)).check(next(iter(example))).findings
    assert rule.code in {finding.code for finding in found}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_the_other_example_does_not_fire(rule: Rule, files: type) -> None:
    example = files_of(rule.silent)
    found = files(example, dialect_of(rule)).check(next(iter(example)), default_codes() | {rule.code}).findings
    assert [(finding.code, finding.message) for finding in found] == []


def test_the_registry() -> None:
    infos = all_infos()
    codes = [info.code for info in infos]
    assert codes == sorted(set(codes))
    assert len({info.name for info in infos}) == len(infos)
    assert all(re.fullmatch(r"MI[1-9][0-9]{2}", code) for code in codes)
    assert all(info.summary.endswith(".") and info.why for info in infos)
    assert codes_of(["MI1", "missing-bang"]) > codes_of(["MI101"]) == {"MI101"}
    assert codes_of(["ALL"]) == set(codes)
