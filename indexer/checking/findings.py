"""Findings of the symbol check: what a rule says of a place, apart from how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

import msgspec
import msgspec.structs

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.digest import blake2b
from metta_index.indexer.text.positions import LineMap, Position

#: Changes whenever the bytes of encoded findings do.
FINDINGS_SCHEMA = 1

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

#: A line may be megabytes long and hold thousands of findings: each carries this much of it at most.
TEXT_BYTES = 400
_BYTES_BEFORE = 120


class RuleInfo(NamedTuple):
    """What there is to say of a rule. `summary`: one sentence; `why`: Markdown, what happens at run time."""

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    url: str | None = None


class Failure(NamedTuple):
    """A file that could not be checked, and why."""

    path: str
    message: str


class RunInfo(NamedTuple):
    """What a report says of the run. `files`: how many were checked; `left_out`: findings not handed to the report."""

    version: str
    files: int
    failed: tuple[Failure, ...] = ()
    left_out: int = 0


class Related(msgspec.Struct, frozen=True, array_like=True):
    """Another place that a finding speaks of."""

    path: str
    start: Position
    end: Position
    message: str


class Edit(msgspec.Struct, frozen=True, array_like=True):
    """Bytes to replace in a file; where `path` is None, in the file of the finding."""

    path: str | None
    start_byte: int
    end_byte: int
    start: Position
    end: Position
    replacement: str


class Fix(msgspec.Struct, frozen=True, array_like=True):
    """Edits that certainly mend what was found; they do not overlap."""

    description: str
    edits: tuple[Edit, ...]


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """One thing that a rule found.

    `path`: relative to the workspace, with "/"; bytes that are not UTF-8 as
    surrogates, which no other text here has (`printable`). Bytes are offsets into the
    file, ends exclusive. `text`: the source around it, whole lines where they are
    short, and at least a part of the line it starts in; it starts at byte
    `text_start` of the file. `suppressed`: what keeps it from being shown, and
    `reason` what was said of that.
    """

    code: str
    rule: str
    severity: Severity
    message: str
    path: str
    start_byte: int
    end_byte: int
    start: Position
    end: Position
    text: bytes
    text_start: int
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    suppressed: Literal["inline", "baseline"] | None = None
    reason: str = ""


class SourceText(NamedTuple):
    """A file that findings are made of."""

    path: str
    source: bytes
    lines: LineMap

    @classmethod
    def of(cls, path: str, source: bytes) -> SourceText:
        return cls(path, source, LineMap.of(source))

    def finding(
        self,
        rule: RuleInfo,
        message: str,
        start: int,
        end: int,
        *,
        severity: Severity | None = None,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """What `rule` found in bytes [start, end); `severity` where it is not the rule's own."""
        place = self.lines.position(start)
        text_start, text_end = self._window(start, end, start - place.byte_column)
        return Finding(
            rule.code,
            rule.name,
            severity or rule.severity,
            printable(message),
            self.path,
            start,
            end,
            place,
            self.lines.position(end),
            self.source[text_start:text_end],
            text_start,
            related,
            fix,
        )

    def related(self, start: int, end: int, message: str) -> Related:
        return Related(self.path, self.lines.position(start), self.lines.position(end), printable(message))

    def edit(self, start: int, end: int, replacement: str, *, elsewhere: bool = False) -> Edit:
        """`elsewhere`: this is not the file of the finding that the edit is for."""
        path = self.path if elsewhere else None
        return Edit(path, start, end, self.lines.position(start), self.lines.position(end), replacement)

    def _window(self, start: int, end: int, line_start: int) -> tuple[int, int]:
        """The bytes that a finding carries: its lines, cut between characters where they are long."""
        if start - line_start > _BYTES_BEFORE:
            line_start = self._boundary(start - _BYTES_BEFORE)
        limit = line_start + TEXT_BYTES
        line_end = self.source.find(b"\n", max(start, end - 1), limit)
        if line_end < 0:
            line_end = self._boundary(limit) if limit < len(self.source) else len(self.source)
        return line_start, line_end

    def _boundary(self, byte: int) -> int:
        """The start of the character at a byte. Bytes of no character at all are cut anywhere."""
        for start in range(byte, max(byte - 4, 0), -1):
            if self.source[start] & 0xC0 != 0x80:
                return start
        return byte


def path_bytes(path: str) -> bytes:
    """The bytes of a path as the file system has them."""
    try:
        return path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves of a character, which names on Windows may have
        return path.encode("utf-8", "surrogatepass")


def printable(text: str) -> str:
    """A text that every encoder takes: bytes that are not UTF-8 become \\xNN, halves of characters \\uNNNN."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(_escaped(one) if "\ud800" <= one <= "\udfff" else one for one in text)
    return text


def _escaped(surrogate: str) -> str:
    code = ord(surrogate)
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def sort_key(finding: Finding) -> tuple[bytes, int, int, str, str]:
    """Findings are in the order of paths (as bytes), then of places, then of codes."""
    return path_bytes(finding.path), finding.start_byte, finding.end_byte, finding.code, finding.message


def normalised_text(finding: Finding) -> str:
    """The line a finding starts in, white space folded: what it is recognised by when lines around it change."""
    line, _, _ = finding.text.partition(b"\n")
    return " ".join(line.decode("utf-8", "backslashreplace").split())


def fingerprint(finding: Finding, occurrence: int) -> str:
    """32 hexadecimal digits that stay the same while the file is edited elsewhere.

    Made of the rule, the path, the normalised text, and `occurrence`: how many
    findings with the same three the file has before this one (`numbered`).
    """
    parts = (finding.code.encode(), path_bytes(finding.path), normalised_text(finding).encode(), b"%d" % occurrence)
    return blake2b(b"\0".join(parts), digest_size=16).hexdigest()


def numbered(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Each finding with its fingerprint. `findings` are sorted; no two fingerprints are the same."""
    seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        key = finding.code, finding.path, normalised_text(finding)
        yield finding, fingerprint(finding, seen[key])
        seen[key] += 1


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, tuple[bytes, ...], tuple[Finding, ...]])


def encode_findings(findings: Iterable[Finding]) -> bytes:
    """Bytes for a cache. Paths are kept apart as bytes: not all of them are text."""
    paths: dict[str, int] = {}
    rows = [_with_paths(finding, lambda path: str(paths.setdefault(path, len(paths)))) for finding in findings]
    return _encoder.encode((FINDINGS_SCHEMA, [path_bytes(path) for path in paths], rows))


def decode_findings(data: bytes) -> tuple[Finding, ...]:
    """The findings that `encode_findings` encoded. Raises DecodeError for bytes of any other form."""
    try:
        schema, names, rows = _decoder.decode(data)
        paths = {str(number): name.decode("utf-8", "surrogateescape") for number, name in enumerate(names)}
        findings = tuple([_named(row, paths) for row in rows])
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise DecodeError(f"not encoded findings: {error}") from error
    if schema != FINDINGS_SCHEMA:
        raise DecodeError(f"findings of schema {schema}, not {FINDINGS_SCHEMA}")
    return findings


def _named(finding: Finding, paths: Mapping[str, str]) -> Finding:
    """A finding that was just decoded, with the paths that are meant."""
    # Nobody has seen it yet: copies would cost more than to decode it.
    name = msgspec.structs.force_setattr
    name(finding, "path", paths[finding.path])
    for related in finding.related:
        name(related, "path", paths[related.path])
    for edit in finding.fix.edits if finding.fix is not None else ():
        if edit.path is not None:
            name(edit, "path", paths[edit.path])
    return finding


def _with_paths(finding: Finding, replaced: Callable[[str], str]) -> Finding:
    """A finding with every path in it replaced."""
    related = tuple(msgspec.structs.replace(one, path=replaced(one.path)) for one in finding.related)
    fix = finding.fix
    if fix is not None:
        edits = tuple(
            edit if edit.path is None else msgspec.structs.replace(edit, path=replaced(edit.path)) for edit in fix.edits
        )
        fix = Fix(fix.description, edits)
    return msgspec.structs.replace(finding, path=replaced(finding.path), related=related, fix=fix)
