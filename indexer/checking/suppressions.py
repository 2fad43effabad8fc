"""Comments that keep findings from being shown: `; metta-index: ignore[MI203] reason`, in other languages as theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches

import msgspec
import msgspec.structs

from metta_index.indexer.checking.findings import Finding, Fix, RuleInfo, SourceText, sort_key
from metta_index.indexer.text.symbols import name_text

#: Where a suppression starts: at the start of a comment, or after a mark that starts another one inside it.
_MARK = re.compile(rb"(?:^(?:<!--|[;#/*!\s]*)\s*|(?:[;#]|//)\s*)metta-index[ \t]*:[ \t]*")
#: How comments end that begin in such a way; others end with their lines.
_CLOSED = {b"/*": b"*/", b"<!--": b"-->"}
_FORM = re.compile(rb"(ignore-file|ignore)\[([^\[\]]*)\](.*)", re.S)
#: What was surely meant to suppress, and is not prose about this program.
_MEANT = re.compile(rb"[A-Za-z-]+[ \t]*\[|(?:ignore|disable|suppress|noqa)\b")
_NAME = re.compile(rb"[^\s,]+")

_WHOLE_FILE = -1
_USE = "write `; metta-index: ignore[CODE] reason`, or `ignore-file[CODE]` for the whole file"


class Mention(msgspec.Struct, frozen=True, array_like=True):
    """A rule as a suppression names it, by code or by name; bytes of the file."""

    name: str
    start: int
    end: int


class Suppression(msgspec.Struct, frozen=True, array_like=True):
    """One comment that suppresses. `row`: the line whose findings are meant; -1: the whole file.

    `start`, `end`: the comment; from `removal_start` to `removal_end` is what to
    delete when it is not needed. `error`: why it suppresses nothing.
    """

    row: int
    mentions: tuple[Mention, ...]
    reason: str
    start: int
    end: int
    removal_start: int
    removal_end: int
    error: str = ""


def read_suppressions(source: SourceText, comments: Iterable[tuple[int, int]]) -> tuple[Suppression, ...]:
    """The suppressions in the comments of a file: byte ranges within one line each, in the order of the text.

    One beside code means findings that start in its line. One that has its line to
    itself means the next line that is neither empty nor another comment alone.
    """
    text = source.source
    marks: list[tuple[int, re.Match[bytes]]] = []
    alone: set[int] = set()
    for start, end in comments:
        line = start - source.lines.position(start).byte_column
        if not text[line:start].strip() and not _follows(text, end):
            alone.add(line)
        if text.find(b"metta-index", start, end) >= 0:
            comment = text[start:end].rstrip()
            mark = _MARK.search(comment)
            if mark is not None and (not mark.start() or not _closing(comment)):
                marks.append((start, mark))
    # From the end: what a stack of comments stands above is looked for once.
    below: dict[int, int] = {}
    found = [_read(source, start, mark, alone, below) for start, mark in reversed(marks)]
    return tuple(one for one in reversed(found) if one is not None)


def _follows(text: bytes, end: int) -> bool:
    """Whether something stands in the line after a comment that ends at a byte."""
    line_end = text.find(b"\n", end)
    return bool(text[end : line_end if line_end >= 0 else len(text)].strip())


def _closing(comment: bytes) -> bytes:
    """What ends a comment before its line ends; nothing where it goes to the end."""
    return next((end for begin, end in _CLOSED.items() if comment.startswith(begin)), b"")


def _read(
    source: SourceText, start: int, mark: re.Match[bytes], alone: Collection[int], below: dict[int, int]
) -> Suppression | None:
    """The suppression in the comment at byte `start`; None where it only speaks of this program."""
    text, comment = source.source, mark.string
    place = source.lines.position(start)
    line, row, end = start - place.byte_column, place.row, start + len(comment)
    first, last = start + mark.start(), end
    # What stands before the mark in the same comment is somebody's note, and stays.
    while first > line and text[first - 1 : first].isspace():
        first -= 1
    if first == line and not _follows(text, end):
        last = source.lines.line_starts[row] if row < len(source.lines.line_starts) else len(text)
    here = (start + mark.start(), end, first, last)
    form = _FORM.match(comment.removesuffix(_closing(comment)), mark.end())
    if form is None:
        if _MEANT.match(comment, mark.end()) is None:
            return None
        return Suppression(row, (), "", *here, f"this suppresses nothing; {_USE}")
    offset = start + form.start(2)
    mentions = tuple(
        Mention(name_text(name.group()), offset + name.start(), offset + name.end())
        for name in _NAME.finditer(form.group(2))
    )
    error = "" if mentions else f"this names no rule, so it suppresses nothing; {_USE}"
    if form.group(1) == b"ignore-file":
        row = _WHOLE_FILE
    elif line in alone:
        below[row] = _next_row(source, row, alone, below)
        row = below[row]
    return Suppression(row, mentions, name_text(form.group(3)).strip(), *here, error)


def _next_row(source: SourceText, row: int, alone: Collection[int], below: dict[int, int]) -> int:
    """The first row after this one with more than white space and a comment alone; `below`: what is known."""
    starts, text = source.lines.line_starts, source.source
    for following in range(row + 1, len(starts) + 1):
        if following in below:
            return below[following]
        start = starts[following - 1]
        end = starts[following] if following < len(starts) else len(text)
        if start not in alone and text[start:end].strip():
            return following
    return row


def suppress(
    source: SourceText,
    findings: Iterable[Finding],
    suppressions: Sequence[Suppression],
    rules: Iterable[RuleInfo],
    active: Collection[str],
    unused: RuleInfo,
    malformed: RuleInfo,
    rows_of: Callable[[Finding], Iterable[int]] = lambda finding: (finding.start.row,),
) -> list[Finding]:
    """All findings of a file, marked where they are suppressed, and what is wrong with its suppressions.

    `rules`: all that there are; `active`: codes of those that ran, as only what ran
    can show that a suppression is not needed. Findings of `unused` and `malformed`
    can be suppressed too. `rows_of`: the rows that a comment may be for to mean a
    finding. What is suppressed already stays so. Sorted.
    """
    known: dict[str, str] = {}
    for rule in rules:
        known[rule.code.lower()] = known[rule.name.lower()] = rule.code
    table = _Table(suppressions, known, rows_of)
    result = [table.marked(finding) for finding in findings]
    for suppression in suppressions:
        wrong = _malformed(source, suppression, malformed, known)
        needless = _unused(source, suppression, table, unused, {*active} - {unused.code, malformed.code})
        result += [table.marked(finding) for finding in (*wrong, *needless)]
    return sorted(result, key=sort_key)


class _Table:
    """Which mention of a rule answers for a line, and which ones were needed."""

    def __init__(
        self,
        suppressions: Iterable[Suppression],
        known: dict[str, str],
        rows_of: Callable[[Finding], Iterable[int]],
    ) -> None:
        self._rows_of = rows_of
        self.codes: dict[Mention, str] = {}
        self.used: set[Mention] = set()
        self._by_place: dict[tuple[int, str], tuple[Mention, str]] = {}
        for suppression in suppressions:
            for mention in suppression.mentions:
                code = known.get(mention.name.lower())
                if code is not None:
                    self.codes[mention] = code
                    self._by_place.setdefault((suppression.row, code), (mention, suppression.reason))

    def marked(self, finding: Finding) -> Finding:
        if finding.suppressed is not None:
            return finding
        for row in (*self._rows_of(finding), _WHOLE_FILE):
            answer = self._by_place.get((row, finding.code))
            if answer is not None:
                mention, reason = answer
                self.used.add(mention)
                return msgspec.structs.replace(finding, suppressed="inline", reason=reason)
        return finding


def _malformed(
    source: SourceText, suppression: Suppression, rule: RuleInfo, known: dict[str, str]
) -> Iterator[Finding]:
    if suppression.error:
        yield source.finding(rule, suppression.error, suppression.start, suppression.end)
    for mention in suppression.mentions:
        if mention.name.lower() not in known:
            close = get_close_matches(mention.name.lower(), known, 2, 0.6)
            fix = None
            if close:
                name = known[close[0]] if close[0] == known[close[0]].lower() else close[0]
                message = f"no rule is called `{mention.name}`; did you mean `{name}`?"
                # Only where one rule is meant is it certain what to write.
                if len({known[one] for one in close}) == 1:
                    fix = Fix(f"write `{name}`", (source.edit(mention.start, mention.end, name),))
            else:
                message = f"no rule is called `{mention.name}`; `metta-index rules` lists them"
            yield source.finding(rule, message, mention.start, mention.end, fix=fix)


def _unused(
    source: SourceText, suppression: Suppression, table: _Table, rule: RuleInfo, active: Collection[str]
) -> Iterator[Finding]:
    needless = [
        mention for mention in suppression.mentions if mention not in table.used and table.codes.get(mention) in active
    ]
    if not needless:
        return
    where = "in this file" if suppression.row == _WHOLE_FILE else f"in line {suppression.row + 1}"
    names = ", ".join(f"`{mention.name}`" for mention in needless)
    message = f"nothing {where} is suppressed by {names}"
    if len(needless) == len(suppression.mentions):
        edit = source.edit(suppression.removal_start, suppression.removal_end, "")
        start, end, description = suppression.start, suppression.end, "delete the comment"
    else:
        first, last = suppression.mentions[0], suppression.mentions[-1]
        kept = ", ".join(mention.name for mention in suppression.mentions if mention not in needless)
        edit = source.edit(first.start, last.end, kept)
        start, end, description = needless[0].start, needless[-1].end, f"keep only `{kept}`"
    yield source.finding(rule, message, start, end, fix=Fix(description, (edit,)))
