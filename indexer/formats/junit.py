"""Findings as JUnit XML: a suite for each file, a failed case for each finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo
from metta_index.indexer.formats.escaping import visible, xml_element, xml_text
from metta_index.indexer.formats.text import excerpt
from metta_index.indexer.formats.totals import counted, most_severe, shown

#: Keeps a report below the 30 MB that GitLab reads of a file.
MOST_CASES = 30_000


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """Lines of XML. `findings` are sorted; with none, there is one case, which passes."""
    wanted = shown(findings)
    kept = most_severe(wanted, MOST_CASES)
    left_out = run.left_out + len(wanted) - len(kept)
    clean = not kept and not run.failed
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    cases = len(kept) + len(run.failed) + clean
    counts = [("tests", cases), ("failures", len(kept)), ("errors", len(run.failed))]
    yield xml_element("testsuites", [("name", "metta-index"), *counts])
    for failure in run.failed:
        path = visible(failure.path)
        yield xml_element("testsuite", [("name", path), ("tests", 1), ("failures", 0), ("errors", 1), ("file", path)])
        yield xml_element("testcase", [("name", "could be checked"), ("classname", path)])
        yield xml_element("error", [("message", failure.message), ("type", "not checked")], close=True)
        yield "</testcase>"
        yield "</testsuite>"
    for path, group in groupby(kept, key=lambda finding: finding.path):
        yield from _suite(visible(path), list(group))
    if clean:
        yield xml_element("testsuite", [("name", "metta-index"), ("tests", 1), ("failures", 0), ("errors", 0)])
        text = f"{counted(run.files, 'file')} without findings"
        yield xml_element("testcase", [("name", text), ("classname", "metta-index")], close=True)
        yield "</testsuite>"
    if left_out:
        yield xml_element("testsuite", [("name", "metta-index"), ("tests", 0), ("failures", 0), ("errors", 0)])
        yield f"<system-out>{xml_text(counted(left_out, 'more finding'))} left out</system-out>"
        yield "</testsuite>"
    yield "</testsuites>"


def _suite(path: str, findings: Sequence[Finding]) -> Iterator[str]:
    counts = [("tests", len(findings)), ("failures", len(findings)), ("errors", 0)]
    yield xml_element("testsuite", [("name", path), *counts, ("file", path)])
    seen: Counter[str] = Counter()
    for finding in findings:
        line = finding.start.row + 1
        name = f"{finding.code} {finding.rule} {line}:{finding.start.column + 1}"
        # GitLab keeps one of several cases with the same name and class.
        seen[name] += 1
        if seen[name] > 1:
            name += f" ({seen[name]})"
        yield xml_element("testcase", [("name", name), ("classname", path)])
        start = xml_element("failure", [("message", finding.message), ("type", finding.severity)])
        source, indent, length = excerpt(finding)
        yield f"{start}{xml_text(path)}:{line}: {xml_text(finding.message)}"
        yield f"{line} | {xml_text(source)}"
        yield f"{' ' * len(str(line))} | {' ' * indent}{'^' * length}"
        yield "</failure>"
        yield "</testcase>"
    yield "</testsuite>"
