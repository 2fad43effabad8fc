"""Applying fixes to texts: as many as do not get in each other's way."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.checking.findings import Edit, Finding


class Fixed(NamedTuple):
    """A text after fixes; `findings`: those whose fixes were applied."""

    source: bytes
    findings: tuple[Finding, ...]


def apply_fixes(source: bytes, findings: Iterable[Finding]) -> Fixed:
    """A file with the fixes of its findings, which are of this very text, in the order of the text.

    A fix that overlaps or touches one before it is left for the next run, and so is
    one that edits other files.
    """
    edits: list[Edit] = []
    taken: list[tuple[int, int]] = []
    applied = []
    for finding in findings:
        fix = finding.fix
        if fix is None or finding.suppressed is not None or any(edit.path is not None for edit in fix.edits):
            continue
        wanted = [(edit.start_byte, edit.end_byte) for edit in fix.edits]
        if any(start <= other_end and end >= other for start, end in wanted for other, other_end in taken):
            continue
        taken += wanted
        edits += fix.edits
        applied.append(finding)
    edits.sort(key=lambda edit: edit.start_byte, reverse=True)
    fixed = source
    for edit in edits:
        fixed = fixed[: edit.start_byte] + edit.replacement.encode() + fixed[edit.end_byte :]
    return Fixed(fixed, tuple(applied))
