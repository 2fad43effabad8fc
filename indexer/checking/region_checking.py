"""Checking the MeTTa inside other languages: what rules find in a region, in places of its host.

In documentation only what keeps a marked example from being read is reported, and as
information: examples leave out what they are not about, are shown beside their results, and
nobody runs them. Of texts that only look like MeTTa nothing is reported at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec.structs

from metta_index.indexer.checking.findings import Edit, Finding, SourceText
from metta_index.indexer.languages.hosts import DOCUMENTATION
from metta_index.indexer.rules.code import Code, RegionPart
from metta_index.indexer.rules.registry import all_rules
from metta_index.indexer.text.occurrences import numbers
from metta_index.indexer.text.regions import PositionMap, decode_positions
from metta_index.indexer.text.symbols import Confidence, Region, SymbolTable
from metta_index.indexer.text.syntax import SyntaxTree

#: What stands for itself in a string of every host.
_PLAIN = re.compile(r"[^\"'`\\\r\n\t{}]*")
#: How the codes of rules start that say what is wrong with the text itself.
_SYNTAX = "MI1"
#: What a host program may bring itself, modules that it makes or registers: it is said as information.
_BROUGHT = frozenset({"MI203"})


class RegionText(NamedTuple):
    """A region as it is read to be checked: the tree of its own text, its table in bytes of the host."""

    region: Region
    tree: SyntaxTree
    table: SymbolTable


#: Looks for what some rules find in code that spans bytes [start, end) of the host.
Look = Callable[[Code, frozenset[str], tuple[int, int]], Sequence[Finding]]


def region_findings(
    source: SourceText, host: str, text: RegionText, look: Look, codes: frozenset[str]
) -> Iterator[Finding]:
    """What is to be said of a region in a file of a host. Raises DecodeError where its parts do not fit."""
    region, tree, table = text
    if region.language != "metta" or region.confidence == Confidence.POSSIBLE:
        return
    is_documentation = host in DOCUMENTATION
    if is_documentation:
        codes = codes & _unreadable()
    positions = decode_positions(region)
    code = Code(source, table.dialect, (RegionPart(region.text, positions, tree, table),))
    holes = [positions.host_range(*hole) for hole in positions.holes()]
    for finding in look(code, codes, (region.start, region.end)):
        if holes and _may_be_filled(finding, table, holes):
            continue
        if finding.fix is not None and not all(_is_plain(edit, positions) for edit in finding.fix.edits):
            finding = msgspec.structs.replace(finding, fix=None)
        if is_documentation or finding.code in _BROUGHT:
            finding = msgspec.structs.replace(finding, severity="info")
        yield finding


def _unreadable() -> frozenset[str]:
    """The rules about what no program can hold."""
    return frozenset(rule.code for rule in all_rules() if rule.code.startswith(_SYNTAX) and rule.level == "error")


def _may_be_filled(finding: Finding, table: SymbolTable, holes: Sequence[tuple[int, int]]) -> bool:
    """Whether what a program puts into holes may mend what was found: it may close lists, and be several atoms."""
    if finding.code.startswith(_SYNTAX):
        return True
    start, end = finding.start_byte, finding.end_byte
    for first, last in zip(numbers(table.top_starts), numbers(table.top_ends), strict=True):
        if first <= finding.start_byte < last:
            start, end = first, max(last, end)
    return any(hole_start < end and start < hole_end for hole_start, hole_end in holes)


def _is_plain(edit: Edit, positions: PositionMap) -> bool:
    """Whether an edit can be made in the host as it is made in MeTTa."""
    return (
        edit.path is None
        and positions.is_verbatim(edit.start_byte, edit.end_byte)
        and _PLAIN.fullmatch(edit.replacement) is not None
    )
