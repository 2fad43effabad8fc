"""Checking documents: the rules run, what comments suppress is marked, what it depends on is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from metta_index.indexer.checking.findings import (
    FINDINGS_SCHEMA,
    Finding,
    SourceText,
    sort_key,
)
from metta_index.indexer.configuration import Settings
from metta_index.indexer.languages import LANGUAGES, language_of
from metta_index.indexer.languages.metta.versions import TABLE_VERSION, TREE_VERSION
from metta_index.indexer.rules.versions import RULES_VERSION

if TYPE_CHECKING:
    from metta_index.indexer.checking.region_checking import RegionText
    from metta_index.indexer.rules.code import Code
    from metta_index.indexer.rules.linked import Knowledge
    from metta_index.indexer.text.symbols import Region, SymbolTable
    from metta_index.indexer.text.syntax import SyntaxTree


class CheckOptions(NamedTuple):
    """`codes`: the rules that run, those about suppressions included. `known`: names that count as defined.

    `settings`: say which names and files are entry points.
    """

    codes: frozenset[str]
    known: tuple[bytes, ...] = ()
    settings: Settings = Settings()

    def fingerprint(self) -> str:
        """All but the workspace that findings depend on."""
        versions = (RULES_VERSION, *LANGUAGES, FINDINGS_SCHEMA, TREE_VERSION, TABLE_VERSION)
        entries = (self.settings.entry_points, self.settings.suffixes, self.settings.prefix)
        return repr((*versions, sorted(self.codes), sorted(self.known), entries))


class Text(NamedTuple):
    """A document as it is read to be checked: its pieces with their trees and tables, in order.

    `is_dialect_set`: its dialect is configured, not guessed. `regions`: the texts of other
    languages inside it.
    """

    source: bytes
    pieces: Sequence[tuple[SyntaxTree, SymbolTable]]
    is_dialect_set: bool
    regions: Sequence[RegionText] = ()


class Checked(NamedTuple):
    """What was found in a document, sorted, and the keys (`rules.linked`) of all that this depends on."""

    findings: tuple[Finding, ...]
    keys: frozenset[bytes]


class UnreadableError(Exception):
    """A document cannot be checked; the text says why."""


def check_document(path: str, dialect: str, text: Text, knowledge: Knowledge, options: CheckOptions) -> Checked:
    """What the rules find in one document, and in the regions of it."""
    from metta_index.indexer.rules.code import Code
    from metta_index.indexer.rules.linked import Linked
    from metta_index.indexer.rules.registry import rules_of

    source = SourceText.of(path, text.source)
    keys: set[bytes] = set()

    def look(code: Code, codes: frozenset[str], within: tuple[int, int] | None) -> list[Finding]:
        is_entry_point = options.settings.is_entry_point
        linked = Linked(knowledge, path, code.dialect, text.is_dialect_set, options.known, within, is_entry_point)
        found = [finding for rule in rules_of(codes, code.dialect) for finding in rule.findings(code, linked)]
        if b"metta-index" in text.source:
            found = _suppressed(source, code.comments(), found, codes)
        keys.update(linked.keys)
        return found

    found = look(Code.of(source, dialect, text.pieces), options.codes, None)
    if text.regions:
        from metta_index.indexer.checking.region_checking import region_findings

        for region in text.regions:
            found += region_findings(source, language_of(path), region, look, options.codes)
    language = language_of(path)
    if language != "metta" and b"metta-index" in text.source:
        from metta_index.indexer.checking.comments import comments_in

        regions = [region.region for region in text.regions]
        found = _suppressed(source, comments_in(language, text.source), found, options.codes, regions)
    return Checked(tuple(sorted(found, key=sort_key)), frozenset(keys))


def _suppressed(
    source: SourceText,
    comments: Iterable[tuple[int, int]],
    found: list[Finding],
    codes: frozenset[str],
    regions: Sequence[Region] = (),
) -> list[Finding]:
    """Findings marked as comments say, and what is wrong with these.

    What is found in a region is also meant by a comment for the line that opens it.
    """
    from metta_index.indexer.checking.suppressions import read_suppressions, suppress
    from metta_index.indexer.rules.registry import MALFORMED_SUPPRESSION, UNUSED_SUPPRESSION, all_infos

    openings = [(region.start, region.end, _opening_row(source, region)) for region in regions]

    def rows_of(finding: Finding) -> list[int]:
        around = [row for start, end, row in openings if start <= finding.start_byte < end]
        return [finding.start.row, *around]

    suppressions = read_suppressions(source, comments)
    about = UNUSED_SUPPRESSION, MALFORMED_SUPPRESSION
    marked = suppress(source, found, suppressions, all_infos(), codes, *about, rows_of)
    return [finding for finding in marked if finding.code in codes]


def _opening_row(source: SourceText, region: Region) -> int:
    """The line that a region begins in, or, where it has its lines to itself, the one before that is not empty."""
    row = source.lines.position(region.start).row
    text = source.source
    before = text[: region.start]
    line_start = before.rfind(b"\n") + 1
    if before[line_start:].strip():
        return row
    return source.lines.position(len(before.rstrip())).row
