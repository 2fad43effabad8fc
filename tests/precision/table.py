"""Makes README.md, the table of what the rules found in public repositories and how much of it was right.

python tests/precision/table.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import data

from metta_index.indexer.rules.registry import all_rules

#: The sets whose dialects the rules know. MeTTaLog's programs are Hyperon's for them, so these count where others lack.
SETS = ("hyperon", "petta", "mixed", "rholang")
#: So many judgements in SETS are enough to go by them.
ENOUGH = 5
#: Shares of true findings that a rule of a level must have.
NEEDED = {"error": 0.95, "warning": 0.75}


class Rate(NamedTuple):
    """Of findings that were judged."""

    true: int
    judged: int

    @property
    def share(self) -> float:
        return self.true / self.judged

    def __str__(self) -> str:
        return f"{self.true}/{self.judged} = {self.share:.0%}" if self.judged else "-"


class Line(NamedTuple):
    """One rule: its findings by set, those said as information only, and the rates of what was judged.

    `known` is in SETS, `all` everywhere, `info` of what is said as information only.
    """

    rule: str
    name: str
    level: str
    findings: dict[str, int]
    as_info: int
    known: Rate
    all: Rate
    info: Rate

    @property
    def gate(self) -> Rate:
        return self.known if self.known.judged >= ENOUGH else self.all

    @property
    def holds(self) -> bool:
        needed = NEEDED.get(self.level, 0)
        return not self.gate.judged or self.gate.share >= needed


def _rate(judged: list[data.Judgement]) -> Rate:
    return Rate(sum(one.verdict == "true" for one in judged), len(judged))


def lines() -> list[Line]:
    """What is known of each rule that looks at documents."""
    sets = {one.repository: one.set for one in data.repositories()}
    counts: Counter[tuple[str, str]] = Counter()
    as_info: Counter[str] = Counter()
    for one in data.firings():
        counts[one.rule, sets[one.repository]] += one.findings
        as_info[one.rule] += one.as_info
    judged = data.judgements()
    found = []
    for rule in all_rules():
        mine = [one for one in judged if one.rule == rule.code]
        firing = [one for one in mine if one.fires == "yes"]
        found.append(
            Line(
                rule.code,
                rule.name,
                rule.level,
                {name: counts[rule.code, name] for name in (*SETS, "mettalog")},
                as_info[rule.code],
                _rate([one for one in firing if sets[one.repository] in SETS]),
                _rate(firing),
                _rate([one for one in mine if one.fires == "info"]),
            )
        )
    return found


def render() -> str:
    return "\n".join(_text()) + "\n"


def _text() -> Iterator[str]:
    judged = data.judgements()
    found = lines()
    total = sum(sum(line.findings.values()) for line in found)
    default = sum(sum(line.findings.values()) for line in found if line.level in NEEDED)
    yield "# How often the rules are right, and what they miss"
    yield ""
    yield "<!-- Made by `python tests/precision/table.py`. -->"
    yield ""
    yield (
        f"All rules, those included that are off by default, looked at {len(data.repositories())} public repositories "
        f"without any configuration: {total:,} findings, {default:,} of them errors and warnings. "
        f"{len(judged):,} were judged by reading the code around them: as many as there are of a rule, or at least 30, "
        "spread over repositories, in different files first. Where the reference's behaviour was in doubt it was run."
    )
    yield ""
    yield (
        "A finding is true where the code is wrong, or does what its author cannot want when the reference runs it; "
        "a test that holds the very fault on purpose is true, too. What is debatable counts as false. "
        "`judgements.tsv` has each with its place, verdict and reason."
    )
    yield ""
    yield (
        f"Errors must be right in {NEEDED['error']:.0%}, warnings in {NEEDED['warning']:.0%}: of what was judged in "
        "programs of the dialects that the rules know, or everywhere where that is less than "
        f"{ENOUGH}. MeTTaLog is no such dialect; its two repositories, which hold much that was translated from "
        "Prolog, are read as Hyperon's. The rate of errors of syntax is the same everywhere."
    )
    yield ""
    yield "| rule | level | Hyperon | PeTTa | mixed | Rholang | MeTTaLog | true of judged | MeTTaLog included | holds |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|--:|---|"
    for line in found:
        findings = " | ".join(f"{line.findings[name]:,}" for name in ("hyperon", "petta", "mixed", "rholang"))
        holds = ("yes" if line.holds else "**no**") if line.level in NEEDED and line.gate.judged else ""
        yield (
            f"| {line.rule} {line.name} | {line.level} | {findings} | {line.findings['mettalog']:,} | {line.known} "
            f"| {line.all} | {holds} |"
        )
    yield ""
    yield "Rules without any finding look for what does not stand in these repositories."
    yield ""
    yield "## In documentation and host programs, as information"
    yield ""
    yield "| rule | findings | true of judged |"
    yield "|---|--:|--:|"
    for line in found:
        if line.as_info:
            yield f"| {line.rule} {line.name} | {line.as_info:,} | {line.info} |"
    yield ""
    large = sorted(data.large(), key=lambda one: -one.kilobytes)
    yield "## In large files of facts"
    yield ""
    yield (
        f"Of the {len(large)} files of more than {min(one.kilobytes for one in large):,} kB, up to "
        f"{large[0].kilobytes:,} kB, nothing is found in {sum(one.found == 'nothing' for one in large)}; in the others:"
    )
    yield ""
    yield "| file | kB | found |"
    yield "|---|--:|---|"
    for one in large:
        if one.found != "nothing":
            yield f"| {one.repository} `{one.path}` | {one.kilobytes:,} | {one.found} |"
    yield ""
    yield "## What was done about rules that did not hold"
    yield ""
    yield "| rule | done | why |"
    yield "|---|---|---|"
    for decision in data.decisions():
        yield f"| {decision.rule} | {decision.done} | {decision.why} |"
    gone = [one for one in judged if one.fires == "no"]
    kept = sum(one.verdict == "true" for one in gone)
    yield ""
    yield f"Of what was judged, {len(gone)} findings are not reported any more; {kept} of them were true."
    yield ""
    yield "## What is missed"
    yield ""
    yield (
        "`mutate.py` puts one fault at a time into files without findings, and looks whether something new is found "
        "near it (errors, warnings and information of rules that are on). In the repositories of Hyperon, PeTTa and "
        "both, with a fixed seed:"
    )
    yield ""
    yield "| fault | tried | found |"
    yield "|---|--:|--:|"
    for miss in data.misses():
        yield f"| {miss.kind} | {miss.tried:,} | {miss.found / miss.tried:.0%} |"
    yield ""
    yield (
        "Most of what is missed cannot be known: in MeTTa a misspelt name, or a call with another number of arguments "
        "of a function without a declared type, is data like any other. Files that import by path are taken for "
        "PeTTa's, where a call with fewer arguments makes a function. A quote that is missing is found where the next "
        "string ends, and that may be far away."
    )
    yield ""
    yield "## Making it anew"
    yield ""
    yield (
        "Clone the repositories from GitHub as `OWNER/NAME` below one folder, at the commits of `repositories.tsv`, as "
        "the name of a clone stands for its root in imports; then "
        "`python tests/precision/gather.py FOLDER` counts, `python tests/precision/mutate.py FOLDER` seeds faults, and "
        "`python tests/precision/table.py` writes this page."
    )


if __name__ == "__main__":
    (data.FOLDER / "README.md").write_text(render(), encoding="utf-8")
