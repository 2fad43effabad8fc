"""Findings as JSON: one object, or one object a line.

Lines and columns are 1-based, columns in code points; bytes are 0-based offsets;
ends are exclusive. What is suppressed is counted, not listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo, numbered
from metta_index.indexer.formats.escaping import json_items, json_line, visible
from metta_index.indexer.formats.totals import shown, totals_of
from metta_index.indexer.text.positions import Position

SCHEMA = 1


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """One JSON object; each finding is in a line of its own. `findings` are sorted."""
    head = json_line({"schema": SCHEMA, "tool": "metta-index", "version": run.version})
    yield f'{head[:-1]}, "findings": ['
    yield from json_items(_objects(findings, rules))
    yield f"], {json_line(_summary(findings, run))[1:]}"


def render_lines(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """JSON Lines: a line for each finding, and last one of type `summary`."""
    for finding in _objects(findings, rules):
        yield json_line({"schema": SCHEMA, "type": "finding"} | finding)
    yield json_line({"schema": SCHEMA, "type": "summary", "version": run.version} | _summary(findings, run))


def _objects(findings: Sequence[Finding], rules: Sequence[RuleInfo]) -> Iterator[dict[str, Any]]:
    urls = {rule.code: rule.url for rule in rules}
    for finding, fingerprint in numbered(shown(findings)):
        fix = finding.fix
        yield {
            "code": finding.code,
            "rule": finding.rule,
            "severity": finding.severity,
            "message": finding.message,
            "path": visible(finding.path),
            **_range(finding.start, finding.end),
            "start_byte": finding.start_byte,
            "end_byte": finding.end_byte,
            "fingerprint": fingerprint,
            "url": urls.get(finding.code),
            "related": [
                {"path": visible(one.path), **_range(one.start, one.end), "message": one.message}
                for one in finding.related
            ],
            "fix": None
            if fix is None
            else {
                "description": fix.description,
                "edits": [
                    {
                        "path": visible(finding.path if edit.path is None else edit.path),
                        **_range(edit.start, edit.end),
                        "start_byte": edit.start_byte,
                        "end_byte": edit.end_byte,
                        "replacement": edit.replacement,
                    }
                    for edit in fix.edits
                ],
            },
        }


def _range(start: Position, end: Position) -> dict[str, int]:
    return {
        "line": start.row + 1,
        "column": start.column + 1,
        "end_line": end.row + 1,
        "end_column": end.column + 1,
    }


def _summary(findings: Sequence[Finding], run: RunInfo) -> dict[str, Any]:
    totals = totals_of(findings)
    return {
        "files": run.files,
        "failed": [{"path": visible(one.path), "message": one.message} for one in run.failed],
        "errors": totals.severities["error"],
        "warnings": totals.severities["warning"],
        "infos": totals.severities["info"],
        "fixable": totals.fixable,
        "suppressed": {"inline": totals.suppressed["inline"], "baseline": totals.suppressed["baseline"]},
        "left_out": run.left_out,
    }
