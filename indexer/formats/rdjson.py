"""Findings in the Diagnostic Format of reviewdog, as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo, Severity
from metta_index.indexer.formats.escaping import json_items, visible
from metta_index.indexer.formats.totals import shown
from metta_index.indexer.text.positions import Position

_SEVERITIES: dict[Severity, str] = {"error": "ERROR", "warning": "WARNING", "info": "INFO"}


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """One JSON object; each diagnostic is in a line of its own. Columns count bytes from 1."""
    yield '{"source": {"name": "metta-index", "url": "https://metta-lang.dev"}, "diagnostics": ['
    yield from json_items(_diagnostics(findings, rules, run))
    yield "]}"


def _diagnostics(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[dict[str, Any]]:
    urls = {rule.code: rule.url for rule in rules}
    for failure in run.failed:
        yield {
            "message": f"could not be checked: {failure.message}",
            "location": {"path": visible(failure.path)},
            "severity": "ERROR",
        }
    for finding in shown(findings):
        code = {"value": finding.code}
        url = urls.get(finding.code)
        if url is not None:
            code["url"] = url
        diagnostic: dict[str, Any] = {
            "message": f"{finding.rule}: {finding.message}",
            "location": {"path": visible(finding.path), "range": _range(finding.start, finding.end)},
            "severity": _SEVERITIES[finding.severity],
            "code": code,
        }
        # Suggestions are alternatives: what takes several edits, or another file, is none.
        if finding.fix is not None and len(finding.fix.edits) == 1 and finding.fix.edits[0].path is None:
            edit = finding.fix.edits[0]
            diagnostic["suggestions"] = [{"range": _range(edit.start, edit.end), "text": edit.replacement}]
        yield diagnostic


def _range(start: Position, end: Position) -> dict[str, dict[str, int]]:
    return {"start": _place(start), "end": _place(end)}


def _place(position: Position) -> dict[str, int]:
    return {"line": position.row + 1, "column": position.byte_column + 1}
