"""MeTTa in Markdown: fenced blocks, marked as MeTTa or of its forms."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from metta_index.indexer.languages.hosts import has_trace, providers
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings
from metta_index.indexer.languages.hosts.shape import is_metta
from metta_index.indexer.languages.hosts.strings import marks_metta
from metta_index.indexer.languages.hosts.walking import nodes_of
from metta_index.indexer.text.regions import Segment, make_region, text_of, verbatim
from metta_index.indexer.text.symbols import Confidence, Region


def find(source: bytes) -> HostFindings:
    if not has_trace("markdown", source):
        return NOTHING
    root = providers.parser("markdown").parse(source).root_node
    blocks = nodes_of(root, ("fenced_code_block",))["fenced_code_block"]
    regions = (_region(source, block) for block in blocks)
    return HostFindings(tuple(region for region in regions if region is not None))


def _region(source: bytes, block: Node) -> Region | None:
    """The region of a block: `fence`, marked as MeTTa, or `shape`, with no mark at all."""
    info, content = _child(block, "info_string"), _child(block, "code_fence_content")
    if content is None:
        return None
    written = source[info.start_byte : info.end_byte].strip() if info is not None else b""
    if written and not marks_metta(written):
        return None
    text = trimmed(_lines(source, content))
    if not text or not (written or is_metta(text_of(text))):
        return None
    if written:
        return make_region("metta", "fence", Confidence.CERTAIN, text)
    return make_region("metta", "shape", Confidence.POSSIBLE, text)


def _child(node: Node, kind: str) -> Node | None:
    return next((child for child in node.children if child.type == kind), None)


def _lines(source: bytes, content: Node) -> Iterator[Segment]:
    """The content without what continues the blocks around it: indentation of lists, marks of quotes."""
    at = content.start_byte
    for child in content.children:
        if child.type == "block_continuation":
            yield verbatim(source, at, child.start_byte)
            at = child.end_byte
    yield verbatim(source, at, content.end_byte)


def trimmed(segments: Iterator[Segment]) -> list[Segment]:
    """Segments without the blank lines around the text, which mean nothing to MeTTa."""
    kept = [segment for segment in segments if segment.text]
    while kept and not kept[-1].text.strip():
        kept.pop()
    while kept and not kept[0].text.strip():
        kept.pop(0)
    if kept:
        kind, text, start, end = kept[-1]
        short = text.rstrip()
        kept[-1] = Segment(kind, short, start, end - len(text) + len(short))
    return kept
