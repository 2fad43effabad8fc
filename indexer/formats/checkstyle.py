"""Findings as the XML of Checkstyle, which many tools read, reviewdog among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo
from metta_index.indexer.formats.escaping import visible, xml_element
from metta_index.indexer.formats.totals import shown


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """Lines of XML; columns count code points from 1. `findings` are sorted."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<checkstyle version="4.3">'
    for failure in run.failed:
        yield xml_element("file", [("name", visible(failure.path))])
        message = f"could not be checked: {failure.message}"
        yield "  " + xml_element(
            "error",
            [("line", 1), ("severity", "error"), ("message", message), ("source", "metta-index")],
            close=True,
        )
        yield "</file>"
    for path, group in groupby(shown(findings), key=lambda finding: finding.path):
        yield xml_element("file", [("name", visible(path))])
        for finding in group:
            yield "  " + xml_element(
                "error",
                [
                    ("line", finding.start.row + 1),
                    ("column", finding.start.column + 1),
                    ("severity", finding.severity),
                    ("message", finding.message),
                    ("source", f"metta-index.{finding.code}.{finding.rule}"),
                ],
                close=True,
            )
        yield "</file>"
    yield "</checkstyle>"
