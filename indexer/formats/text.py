"""Findings for people: grouped by file, each with its line of source and carets under the place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from metta_index.indexer.checking.findings import Finding, RuleInfo, RunInfo
from metta_index.indexer.formats.escaping import visible, visible_lines
from metta_index.indexer.formats.totals import shown, summary, totals_of

#: Columns of source that are shown at most.
_WIDTH = 160
_TAB = 4

#: A character of the source, as `LineMap` counts them.
_CHARACTER = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,3}|[\x00-\xff]")

_STYLES = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan", "path": "bold", "code": "bold"}

Paint = Callable[[str, str], str]


def render(
    findings: Sequence[Finding],
    rules: Sequence[RuleInfo],
    run: RunInfo,
    *,
    color: bool = False,
    statistics: bool = False,
) -> Iterator[str]:
    """Lines of text. `findings` are sorted; `color`: with the codes of a terminal; `statistics`: counts by rule."""
    paint = _painter() if color else _plain
    wanted = shown(findings)
    path = None
    for finding in wanted:
        if finding.path != path:
            path = finding.path
            yield paint("path", visible(path))
        yield from _finding(finding, paint)
        yield ""
    for failure in run.failed:
        yield f"{paint('error', 'not checked')} {visible(failure.path)}: {visible(failure.message)}"
    if statistics:
        yield from _statistics(wanted, rules)
    totals = totals_of(findings)
    yield summary(totals, run.files, len(run.failed), run.left_out)
    if totals.fixable:
        yield f"{totals.fixable} can be fixed: `metta-index check --fix`, or `--diff` to see how"


def _plain(style: str, text: str) -> str:
    return text


def _painter() -> Paint:
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in _STYLES.items()}
    return lambda style, text: styles[style].render(text, color_system=ColorSystem.STANDARD)


def _finding(finding: Finding, paint: Paint) -> list[str]:
    start, end, severity = finding.start, finding.end, finding.severity
    number = str(start.row + 1)
    margin = " " * len(number)
    name = paint("code", f"{finding.code} {finding.rule}")
    first, *others = visible_lines(finding.message)
    source, indent, length = excerpt(finding)
    more = f" to line {end.row + 1}" if end.row > start.row and end.column else ""
    lines = [
        f"  {number}:{start.column + 1}  {paint(severity, severity)} {name}: {first}",
        *[f"      {line}" for line in others],
        f"    {number} | {source}".rstrip(),
        f"    {margin} | {' ' * indent}{paint(severity, '^' * length)}{more}",
    ]
    for related in finding.related:
        where = f"{visible(related.path)}:{related.start.row + 1}:{related.start.column + 1}"
        lines.append(f"    {margin} = {where}: {visible(related.message)}")
    if finding.fix is not None:
        lines.append(f"    {margin} = fix: {visible(finding.fix.description)}")
    return lines


def excerpt(finding: Finding) -> tuple[str, int, int]:
    """The line a finding starts in as a terminal shows it, and where carets go: columns before them, and how many."""
    line = finding.text.partition(b"\n")[0].removesuffix(b"\r")
    start, end = finding.start_byte - finding.text_start, finding.end_byte - finding.text_start
    is_cut = finding.start.byte_column > start  # the text does not start where the line does
    if not is_cut and len(line) <= _WIDTH and line.isascii():
        text = line.decode()
        if text.isprintable():  # as nearly all lines: each byte is a column
            first, last = min(max(start, 0), len(text)), min(max(end, 0), len(text))
            return text, first, max(last - first, 1)
    return _measured(line, start, end, is_cut)


def _measured(line: bytes, start: int, end: int, is_cut: bool) -> tuple[str, int, int]:
    """What `excerpt` gives of a line, character by character."""
    written = ["…"] if is_cut else []
    column = len(written)
    first = last = None
    for found in _CHARACTER.finditer(line):
        if first is None and found.end() > start:
            first = column
        if last is None and found.start() >= end:
            last = column
        shown_as, width = _cell(found.group(), column)
        if column + width > _WIDTH:
            written.append("…")
            column += 1
            break
        written.append(shown_as)
        column += width
    first = column if first is None else first
    last = column if last is None else last
    return "".join(written), first, max(last - first, 1)


def _cell(raw: bytes, column: int) -> tuple[str, int]:
    """How a character is shown in a column, and how many columns it takes."""
    if raw.isascii() and raw.isalnum():
        return raw.decode(), 1
    if raw == b"\t":
        width = _TAB - column % _TAB
        return " " * width, width
    text = visible(raw.decode("utf-8", "backslashreplace"))
    if len(text) > 1:
        return text, len(text)
    import unicodedata

    if unicodedata.combining(text) or unicodedata.category(text) in ("Mn", "Me", "Cf"):
        return text, 0
    return text, 2 if unicodedata.east_asian_width(text) in "WF" else 1


def _statistics(findings: Sequence[Finding], rules: Sequence[RuleInfo]) -> Iterator[str]:
    """How often each rule fired, the most frequent first."""
    counts = Counter(finding.code for finding in findings)
    names = {finding.code: finding.rule for finding in findings}
    summaries = {rule.code: rule.summary for rule in rules}
    width = len(str(max(counts.values(), default=0)))
    for code, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:>{width}}  {code}  {names[code]}  {summaries.get(code, '')}".rstrip()
