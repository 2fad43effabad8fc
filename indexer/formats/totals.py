"""What a report counts, and which findings it shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from metta_index.indexer.checking.findings import SEVERITIES, Finding, Severity


class Totals(NamedTuple):
    """`severities`: findings shown, by severity; `suppressed`: those that are not, by what suppresses them."""

    severities: Counter[str]
    suppressed: Counter[str]
    files: int
    fixable: int

    @property
    def shown(self) -> int:
        return self.severities.total()


def totals_of(findings: Iterable[Finding]) -> Totals:
    severities: Counter[str] = Counter()
    suppressed: Counter[str] = Counter()
    files = set()
    fixable = 0
    for finding in findings:
        if finding.suppressed is not None:
            suppressed[finding.suppressed] += 1
            continue
        severities[finding.severity] += 1
        files.add(finding.path)
        fixable += finding.fix is not None
    return Totals(severities, suppressed, len(files), fixable)


def shown(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.suppressed is None]


def most_severe(findings: Sequence[Finding], limit: int) -> list[Finding]:
    """At most `limit` findings, errors first; those that are kept stay in the order of the text."""
    if len(findings) <= limit:
        return list(findings)
    room = limit
    kept: dict[Severity, int] = {}
    counts = Counter(finding.severity for finding in findings)
    for severity in SEVERITIES:
        kept[severity] = min(room, counts[severity])
        room -= kept[severity]
    result = []
    for finding in findings:
        if kept[finding.severity] > 0:
            kept[finding.severity] -= 1
            result.append(finding)
    return result


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`, `no errors`."""
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def summary(totals: Totals, checked: int, failed: int, left_out: int) -> str:
    """One sentence on a whole run."""
    kinds = [
        counted(totals.severities[severity], {"info": "remark"}.get(severity, severity))
        for severity in SEVERITIES
        if totals.severities[severity]
    ]
    parts = [
        f"{' and '.join([', '.join(kinds[:-1]), kinds[-1]] if len(kinds) > 1 else kinds)} "
        f"in {totals.files} of {counted(checked, 'file')}"
        if kinds
        else f"nothing found in {counted(checked, 'file')}"
    ]
    if totals.suppressed:
        by = {"inline": "by comments", "baseline": "by the baseline"}
        parts.append("suppressed: " + ", ".join(f"{n} {by[kind]}" for kind, n in sorted(totals.suppressed.items())))
    if left_out:
        parts.append(f"{counted(left_out, 'more finding')} left out")
    if failed:
        parts.append(f"{counted(failed, 'file')} could not be checked, so this is not the whole truth")
    return "; ".join(parts)
