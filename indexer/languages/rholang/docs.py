"""What documentation comments say: `/// …` and `/** … */` before what they describe, with @param and @return."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes

_TAG = re.compile(r"@(\w+)\s*(.*)", re.DOTALL)
_PARAMETER_TAGS = frozenset({"param", "arg"})
_RETURN_TAGS = frozenset({"return", "returns"})
_STAR = re.compile(r"^\s*\*(?!/) ?")


class Doc(NamedTuple):
    """A documentation comment. `parameters`: `name: what it is`, as their tags say."""

    start: int
    end: int
    description: str
    parameters: tuple[str, ...]
    returns: str


class Docs:
    """The comments of a text, to be asked by the byte where something starts."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.rows = nodes.comments()
        self.starts = [nodes.starts[row] for row in self.rows]

    def before(self, start: int) -> Doc | None:
        """The documentation that ends right before a byte: nothing but white space is between."""
        nodes = self.nodes
        taken: list[int] = []
        at = start
        index = bisect_right(self.starts, start) - 1
        while index >= 0:
            row = self.rows[index]
            between = nodes.source[nodes.ends[row] : at]
            if between.strip() or not _is_documentation(nodes, row):
                break
            is_block = nodes.kinds[row] == Node.block_comment
            # An empty line or a block ends a run of `///` lines.
            if taken and (is_block or between.count(b"\n") > 1):
                break
            taken.append(row)
            at = nodes.starts[row]
            index -= 1
            if is_block:
                break
        if not taken:
            return None
        taken.reverse()
        lines = [line for row in taken for line in _lines(nodes, row)]
        return _read(nodes.starts[taken[0]], nodes.ends[taken[-1]], lines)


def _is_documentation(nodes: Nodes, row: int) -> bool:
    text = nodes.bytes_of(row)
    if nodes.kinds[row] == Node.line_comment:
        return text.startswith(b"///") and not text.startswith(b"////")
    return text.startswith(b"/**") and not text.startswith((b"/***", b"/**/"))


def _lines(nodes: Nodes, row: int) -> list[str]:
    """The lines of a comment without what marks it as one."""
    text = nodes.bytes_of(row).decode("utf-8", "backslashreplace")
    if nodes.kinds[row] == Node.line_comment:
        return [text[3:].strip()]
    return [_STAR.sub("", line).strip() for line in text[3:-2].split("\n")]


def _read(start: int, end: int, lines: list[str]) -> Doc:
    """Lines to a description and tags. A tag takes the lines after it, up to the next one."""
    sections: list[list[str]] = [[]]
    for line in lines:
        if _TAG.match(line):
            sections.append([])
        sections[-1].append(line)
    description = [" ".join(sections[0]).strip() if len(sections[0]) == 1 else "\n".join(sections[0]).strip()]
    parameters: list[str] = []
    returns = ""
    for section in sections[1:]:
        text = " ".join(line for line in section if line)
        tag = _TAG.match(text)
        name, rest = (tag[1].lower(), tag[2].strip()) if tag else ("", text)
        if name in _PARAMETER_TAGS:
            parameter, _, about = _without_type(rest).partition(" ")
            about = about.strip().lstrip("-:").strip()
            parameters.append(f"{parameter}: {about}" if about else parameter)
        elif name in _RETURN_TAGS:
            returns = _without_type(rest) or rest
        else:
            description.append(text)
    return Doc(start, end, "\n".join(part for part in description if part), tuple(parameters), returns)


def _without_type(text: str) -> str:
    """What follows a type in braces, as JSDoc has it: `{Purse} pledge`."""
    if not text.startswith("{"):
        return text
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return text[at + 1 :].strip()
    return text
