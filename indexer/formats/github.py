"""Findings as workflow commands of GitHub Actions, and as the summary of a step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from metta_index.indexer.checking.findings import SEVERITIES, Finding, RuleInfo, RunInfo, Severity, printable
from metta_index.indexer.formats.escaping import visible, visible_lines
from metta_index.indexer.formats.totals import counted, shown, summary, totals_of

#: Annotations that GitHub shows of one step, for each command; it drops others in silence.
ANNOTATIONS = 10
#: Bytes of a step summary that GitHub takes; it refuses a larger one as a whole.
SUMMARY_BYTES = 1 << 20

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}


def render(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """Workflow commands, errors first, as many as GitHub shows, and a notice of how many there are beside them."""
    wanted = shown(findings)
    left_out = run.left_out
    room = Counter(dict.fromkeys(SEVERITIES, ANNOTATIONS))
    for failure in run.failed[:ANNOTATIONS]:
        room["error"] -= 1
        place = {"file": printable(failure.path), "title": "not checked"}
        yield command("error", place, f"{visible(failure.path)} could not be checked: {failure.message}")
    left_out += len(run.failed[ANNOTATIONS:])
    counts = Counter(finding.severity for finding in wanted)
    # The notice of what is left out takes a place too.
    if left_out or any(counts[severity] > room[severity] for severity in SEVERITIES):
        room["info"] -= 1
    for severity in SEVERITIES:
        of_severity = (finding for finding in wanted if finding.severity == severity)
        for finding in islice(of_severity, max(room[severity], 0)):
            yield command(_COMMANDS[severity], _place(finding), finding.message)
        left_out += max(counts[severity] - max(room[severity], 0), 0)
    if left_out:
        text = f"{counted(left_out, 'more finding')}: GitHub shows {ANNOTATIONS} of a kind; see the summary of the step"
        yield command("notice", {"title": "metta-index"}, text)


def command(name: str, properties: dict[str, str], message: str) -> str:
    """One workflow command, escaped as the runner reads it back (`@actions/core`, command.ts).

    Of the message, everything can be seen; a property, such as the name of a file, is left as it is.
    """
    seen = "\n".join(visible_lines(message))
    written = ",".join(f"{key}={_escape_property(value)}" for key, value in properties.items())
    return f"::{name} {written}::{_escape(seen)}"


def _place(finding: Finding) -> dict[str, str]:
    # The last line that it is in, which is not the one that it ends before.
    last = max(finding.end.row - (finding.end.byte_column == 0), finding.start.row)
    place = {"file": printable(finding.path), "line": str(finding.start.row + 1), "endLine": str(last + 1)}
    # Columns of several lines are refused.
    if finding.start.row == finding.end.row:
        place |= {"col": str(finding.start.column + 1), "endColumn": str(finding.end.column + 1)}
    return place | {"title": f"{finding.code} {finding.rule}"}


def _escape(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def step_summary(findings: Sequence[Finding], rules: Sequence[RuleInfo], run: RunInfo) -> Iterator[str]:
    """Lines of Markdown for `$GITHUB_STEP_SUMMARY`: a table of all findings, as far as GitHub takes it."""
    wanted = shown(findings)
    urls = {rule.code: rule.url for rule in rules}
    head = [
        "### metta-index",
        "",
        f"{summary(totals_of(findings), run.files, len(run.failed), run.left_out)}.",
        "",
    ]
    # Room for what comes after the table.
    left = SUMMARY_BYTES - 4096 - sum(len(line.encode()) + 1 for line in head)
    yield from head
    for index, failure in enumerate(run.failed):
        line = f"- not checked: {_code(visible(failure.path))}: {_cell(failure.message)}"
        left -= len(line.encode()) + 1
        if left < 0:
            yield f"- and {counted(len(run.failed) - index, 'more file')}"
            return
        yield line
    if not wanted:
        return
    if run.failed:
        yield ""
    yield "| place | severity | rule | message |"
    yield "| --- | --- | --- | --- |"
    left -= 80
    for index, finding in enumerate(wanted):
        place = _code(f"{visible(finding.path)}:{finding.start.row + 1}:{finding.start.column + 1}")
        url = urls.get(finding.code)
        code = f"[{finding.code}]({url})" if url else finding.code
        line = f"| {place} | {finding.severity} | {code} {finding.rule} | {_cell(finding.message)} |"
        left -= len(line.encode()) + 1
        if left < 0:
            yield ""
            yield f"{counted(len(wanted) - index, 'more finding')}: the summary of a step has no room for them."
            return
        yield line


def _cell(text: str) -> str:
    """A text in a cell of a table, in which no Markdown, HTML or link comes alive."""
    return "".join(f"&#{ord(char)};" if char in "\\`*_{}[]<>()#+-.!|~&@:/$" else char for char in visible(text))


def _code(text: str) -> str:
    """A text in the type of code: HTML, as Markdown has no way to write a backtick and a bar there."""
    return f"<code>{_cell(text)}</code>"
