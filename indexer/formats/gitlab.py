"""Findings as a Code Quality report of GitLab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo, Severity, numbered, path_bytes
from metta_index.indexer.formats.escaping import json_items, visible
from metta_index.indexer.formats.totals import shown
from metta_index.indexer.text.digest import blake2b
from metta_index.indexer.text.positions import Position

_SEVERITIES: dict[Severity, str] = {"error": "major", "warning": "minor", "info": "info"}


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """One JSON array; each entry is in a line of its own. `findings` are sorted."""
    yield "["
    yield from json_items(_entries(findings, run))
    yield "]"


def _entries(findings: Sequence[Finding], run: RunInfo) -> Iterator[dict[str, Any]]:
    for failure in run.failed:
        # GitLab keeps one of several entries with the same fingerprint.
        yield {
            "description": f"could not be checked: {failure.message}",
            "check_name": "metta-index",
            "fingerprint": blake2b(b"not checked\0" + path_bytes(failure.path), digest_size=16).hexdigest(),
            "severity": "critical",
            "location": {"path": visible(failure.path), "lines": {"begin": 1}},
        }
    for finding, fingerprint in numbered(shown(findings)):
        yield {
            "description": f"{finding.code} {finding.rule}: {finding.message}",
            "check_name": finding.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES[finding.severity],
            "location": {
                "path": visible(finding.path),
                "positions": {"begin": _place(finding.start), "end": _place(finding.end)},
            },
        }


def _place(position: Position) -> dict[str, int]:
    return {"line": position.row + 1, "column": position.column + 1}
