"""A parsed Rust file as tokens, and its strings as text.

Arguments of macros are tokens without structure, and most of the MeTTa in Rust stands in
`assert_eq!(…)`. So everything here reads tokens, of macros and of calls alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from metta_index.indexer.languages.hosts import providers
from metta_index.indexer.languages.hosts.walking import nodes_of
from metta_index.indexer.text.regions import Segment, hole, punched, unescaped

_STRINGS = frozenset({"string_literal", "raw_string_literal"})
_WHOLE = _STRINGS | {"char_literal", "line_comment", "block_comment", "lifetime"}
COMMENTS = frozenset({"line_comment", "block_comment"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")

#: The Rust Reference, "Tokens": escapes, and the line end that takes the space after it with it.
_ESCAPES = re.compile(rb"""\\(?:[nrt\\0'"]|x[0-7][0-9A-Fa-f]|u\{[0-9A-Fa-f_]{1,12}\}|\r?\n[ \t\r\n]*)|\r\n""")
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b"'": b"'", b'"': b'"'}
_RAW = re.compile(rb'r(#*)"')
_LINE_ENDS = re.compile(rb"\r\n")
_FIELD = re.compile(rb"\{\{|\}\}|\{[^{}]*\}")

Text = tuple[Segment, ...]


class RustFile:
    """What the detectors ask of a file."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root = providers.parser("rust").parse(source).root_node
        nodes = nodes_of(self.root, ("const_item", "static_item", "let_declaration", "function_item"))
        self.constants = [*nodes["const_item"], *nodes["static_item"]]
        self.variables = nodes["let_declaration"]
        self.functions = nodes["function_item"]

    def text(self, node: Node) -> bytes:
        return self.source[node.start_byte : node.end_byte]

    def calls(self, pattern: re.Pattern[bytes]) -> Iterator[tuple[re.Match[bytes], Node]]:
        """Matches of a pattern that ends with an opening delimiter, each with the node that the delimiter opens.

        Matches in comments and strings are none.
        """
        for found in pattern.finditer(self.source):
            name = self.root.descendant_for_byte_range(found.start(), found.start() + 1)
            opening = self.root.descendant_for_byte_range(found.end() - 1, found.end())
            if name is None or opening is None or name.type in _WHOLE or name.type == "string_content":
                continue
            group = opening.parent
            if opening.type in _OPENING and group is not None and group.type in ("arguments", "token_tree"):
                yield found, group

    def arguments(self, group: Node) -> list[list[Node]]:
        """The tokens between a group's delimiters, by argument, without comments."""
        arguments: list[list[Node]] = [[]]
        depth = 0
        for token in tokens(group)[1:-1]:
            if token.type in COMMENTS:
                continue
            depth += (token.type in _OPENING) - (token.type in _CLOSING)
            if token.type == "," and not depth:
                arguments.append([])
            else:
                arguments[-1].append(token)
        return arguments

    def function_around(self, byte: int) -> Node | None:
        """The innermost function that holds a byte."""
        around = [node for node in self.functions if node.start_byte <= byte < node.end_byte]
        return max(around, key=lambda node: node.start_byte, default=None)

    def values(self, name: Node) -> list[Node]:
        """What a name may be bound to: the last `let` before the use in its function, else constants of the file."""
        function = self.function_around(name.start_byte)
        last: Node | None = None
        for node in self.variables:
            pattern = node.child_by_field_name("pattern")
            if function is None or pattern is None or self.text(pattern) != self.text(name):
                continue
            if function.start_byte <= node.start_byte and node.end_byte <= name.start_byte:
                last = node
        found = [last] if last is not None else []
        for node in () if found else self.constants:
            named = node.child_by_field_name("name")
            if named is not None and self.text(named) == self.text(name):
                found.append(node)
        values = [node.child_by_field_name("value") for node in found]
        return [value for value in values if value is not None]

    def texts(self, argument: Sequence[Node], steps: int = 4) -> Iterator[Text]:
        """Every text that an argument may have: a literal, what `format!` or `concat!` makes of some, a constant."""
        given = [token for token in argument if token.type not in ("&", "*", "mut", "mutable_specifier")]
        while given and given[0].type == "(":
            given.pop(0)
        if not given:
            return
        if given[0].type in _STRINGS:
            text = string(self.source, given[0])
            if text is not None:
                yield text
            return
        words = [self.text(token) for token in given[:4]]
        if words[:3] == [b"format", b"!", b"("]:
            text = string(self.source, given[3]) if len(given) > 3 else None
            if text is not None:
                yield tuple(punched(text, _FIELD))
        elif words[:3] == [b"concat", b"!", b"("]:
            yield tuple(self._concatenated(given[3:-1]))
        elif words == [b"String", b"::", b"from", b"("]:
            yield from self.texts(given[4:], steps - 1)
        elif given[0].type == "identifier" and steps and (len(given) == 1 or words[1] == b"."):
            for value in self.values(given[0]):
                yield from self.texts(tokens(value), steps - 1)

    def _concatenated(self, given: Sequence[Node]) -> Iterator[Segment]:
        for token in given:
            if token.type in _STRINGS:
                yield from string(self.source, token) or ()
            elif token.type not in (",", *_OPENING, *_CLOSING):
                yield hole(token.start_byte, token.end_byte)


def tokens(node: Node) -> list[Node]:
    """The tokens of a node, strings and comments whole, without recursion."""
    found: list[Node] = []
    pending = [node]
    while pending:
        at = pending.pop()
        if at.type in _WHOLE or not at.child_count:
            found.append(at)
        else:
            pending += reversed(at.children)
    return found


def is_string(token: Node) -> bool:
    return token.type in _STRINGS


def string(source: bytes, token: Node) -> Text | None:
    """The segments of a string literal; None of a byte or C string, and of any other token."""
    start, end = token.start_byte, token.end_byte
    if token.type == "raw_string_literal":
        raw = _RAW.match(source, start, end)
        if raw is None:
            return None
        return tuple(unescaped(source, raw.end(), end - 1 - len(raw[1]), _LINE_ENDS, _value))
    if token.type != "string_literal" or source[start : start + 1] != b'"':
        return None
    return tuple(unescaped(source, start + 1, end - 1, _ESCAPES, _value))


def _value(token: bytes) -> bytes:
    if token == b"\r\n":
        return b"\n"
    kind = token[1:2]
    if kind in (b"\n", b"\r"):
        return b""
    if kind in _SIMPLE and len(token) == 2:
        return _SIMPLE[kind]
    code = int(token[2:].strip(b"{}").replace(b"_", b"") or b"0", 16)
    return chr(code).encode("utf-8", "replace") if code <= 0x10FFFF else token
