"""What was measured in public repositories: the page is current, enough was judged, each rule keeps its promise."""

from __future__ import annotations

import data
import pytest
import table

from metta_index.indexer.rules.registry import all_infos, all_rules

RULES = {info.code for info in all_infos()}
LINES = {line.rule: line for line in table.lines()}


def test_the_page_is_made_of_the_data() -> None:
    assert (data.FOLDER / "README.md").read_text(encoding="utf-8") == table.render()


@pytest.mark.parametrize("rule", [rule.code for rule in all_rules() if rule.level in table.NEEDED])
def test_a_rule_is_right_as_often_as_its_level_promises(rule: str) -> None:
    line = LINES[rule]
    assert line.holds, f"{line.gate}: improve the rule or make it information, and say so in decisions.tsv"


@pytest.mark.parametrize("rule", LINES)
def test_thirty_findings_of_a_rule_were_judged_or_all(rule: str) -> None:
    line = LINES[rule]
    assert line.all.judged >= min(30, sum(line.findings.values()))


def test_judgements_are_of_findings_in_known_repositories() -> None:
    commits = {one.repository: one.commit for one in data.repositories()}
    judged = data.judgements()
    assert len({one[:6] for one in judged}) == len(judged)
    for one in judged:
        assert commits[one.repository] == one.commit
        assert one.rule in RULES
        assert one.verdict in ("true", "false", "debatable")
        assert one.fires in ("yes", "no", "info")
        assert one.why.strip()


def test_decisions_are_about_rules_that_there_are() -> None:
    assert {one.rule for one in data.decisions()} <= RULES
