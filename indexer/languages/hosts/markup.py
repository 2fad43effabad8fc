"""MeTTa in reStructuredText and Org: blocks marked as MeTTa, found line by line without a grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.languages.hosts import has_trace
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings
from metta_index.indexer.languages.hosts.markdown import trimmed
from metta_index.indexer.languages.hosts.strings import marks_metta
from metta_index.indexer.text.regions import Segment, make_region, verbatim
from metta_index.indexer.text.symbols import Confidence

_DIRECTIVE = re.compile(rb"^([ \t]*)\.\.[ \t]+(?:code-block|code|sourcecode)::[ \t]*([^\r\n]*)")
_OPTION = re.compile(rb"[ \t]+:[\w-]+:")
_BEGIN = re.compile(rb"^[ \t]*#\+begin_src[ \t]+([^\r\n]*)", re.IGNORECASE)
_END = re.compile(rb"^[ \t]*#\+end_src\b", re.IGNORECASE)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


def find(source: bytes) -> HostFindings:
    if not has_trace("markup", source):
        return NOTHING
    regions = []
    for block in _blocks(source):
        text = trimmed(iter(block))
        if text:
            regions.append(make_region("metta", "block", Confidence.CERTAIN, text))
    return HostFindings(tuple(regions))


def _blocks(source: bytes) -> Iterator[list[Segment]]:
    """The lines of every marked block: to `#+end_src`, or as far as lines are indented more than the directive."""
    block: list[Segment] | None = None
    margin: int | None = None  # of the directive; None in a block of Org
    for line in _LINE.finditer(source):
        text = line[0]
        if block is not None:
            if margin is None:
                ended = _END.match(text) is not None
            else:
                ended = bool(text.strip()) and _indentation(text) <= margin
            if not ended:
                if margin is None or block or not _OPTION.match(text):
                    block.append(verbatim(source, line.start(), line.end()))
                continue
            yield block
            block = None
        if (begin := _BEGIN.match(text)) is not None and marks_metta(begin[1]):
            block, margin = [], None
        elif (directive := _DIRECTIVE.match(text)) is not None and marks_metta(directive[2]):
            block, margin = [], len(directive[1])
    if block and margin is not None:
        yield block


def _indentation(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))
