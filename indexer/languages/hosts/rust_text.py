"""A parsed Rust file as tokens, and its strings as text.

Arguments of macros are tokens without structure, and most of the MeTTa in Rust stands in
`assert_eq!(…)`. So everything here reads tokens, of macros and of calls alike.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from metta_index.indexer.languages.hosts import providers
from metta_index.indexer.languages.hosts.walking import nodes_of
from metta_index.indexer.text.regions import Segment, unescaped

_STRINGS = frozenset({"string_literal", "raw_string_literal"})
_WHOLE = _STRINGS | {"char_literal", "line_comment", "block_comment", "lifetime"}
COMMENTS = frozenset({"line_comment", "block_comment"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")

#: The Rust Reference, "Tokens": escapes, and the line end that takes the space after it with it.
_ESCAPES = re.compile(rb"""\\(?:[nrt\\0'"]|x[0-7][0-9A-Fa-f]|u\{[0-9A-Fa-f_]{1,12}\}|\r?\n[ \t\r\n]*)|\r\n""")
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\", b"'": b"'", b'"': b'"'}
_RAW = re.compile(rb'b?r(#*)"')
_PLAIN = re.compile(rb'b?"')
_LINE_ENDS = re.compile(rb"\r\n")
FIELD = re.compile(rb"\{\{|\}\}|\{[^{}]*\}")
_KINDS = (
    "const_item",
    "static_item",
    "let_declaration",
    "for_expression",
    "function_item",
    "return_expression",
    "compound_assignment_expr",
)
#: What makes a text or a vector grow: `write!(text, …)` and its methods.
_GROWING = (
    rb"\b(?:(write(?:ln)?)!\s*\((?=\s*(?:&mut\s+)?%s\s*,)|%s\s*\.\s*(?:push_str|extend_from_slice|extend|push)\s*\()"
)

Text = tuple[Segment, ...]


class RustFile:
    """What the detectors ask of a file."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root = providers.parser("rust").parse(source).root_node
        nodes = nodes_of(self.root, _KINDS)
        self.functions = nodes["function_item"]
        self.returns = nodes["return_expression"]
        self.assignments = nodes["compound_assignment_expr"]
        constants = [*nodes["const_item"], *nodes["static_item"]]
        self.valued = [*constants, *nodes["let_declaration"]]
        self.constants: dict[bytes, list[Node]] = defaultdict(list)
        for node in constants:
            name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
            if name is not None and value is not None:
                self.constants[self.text(name)].append(value)
        self.bindings: dict[bytes, list[Node]] = defaultdict(list)
        binding = [*nodes["let_declaration"], *nodes["for_expression"]]
        for node in sorted(binding, key=lambda node: node.start_byte):
            pattern = node.child_by_field_name("pattern")
            for token in tokens(pattern) if pattern is not None else ():
                if token.type == "identifier" and (node.type == "for_expression" or token == pattern):
                    self.bindings[self.text(token)].append(node)

    def text(self, node: Node) -> bytes:
        return self.source[node.start_byte : node.end_byte]

    def calls(
        self, pattern: re.Pattern[bytes], start: int = 0, end: int | None = None
    ) -> Iterator[tuple[re.Match[bytes], Node]]:
        """Matches of a pattern that ends with an opening delimiter, each with the node that the delimiter opens.

        Matches in comments and strings are none.
        """
        for found in pattern.finditer(self.source, start, len(self.source) if end is None else end):
            name = self.root.descendant_for_byte_range(found.start(), found.start() + 1)
            opening = self.root.descendant_for_byte_range(found.end() - 1, found.end())
            if name is None or opening is None or name.type in _WHOLE or name.type == "string_content":
                continue
            group = opening.parent
            if opening.type in _OPENING and group is not None and group.type in ("arguments", "token_tree"):
                yield found, group

    def arguments(self, group: Node) -> list[list[Node]]:
        """The tokens between a group's delimiters, by argument, without comments."""
        return split(tokens(group))

    def function_around(self, byte: int) -> Node | None:
        """The innermost function that holds a byte."""
        around = [node for node in self.functions if node.start_byte <= byte < node.end_byte]
        return max(around, key=lambda node: node.start_byte, default=None)

    def binding(self, name: Node) -> Node | None:
        """The last `let` or the innermost `for` that binds a name where it stands, within its function."""
        function = self.function_around(name.start_byte)
        last: Node | None = None
        for node in self.bindings.get(self.text(name), ()) if function is not None else ():
            if function is None or node.start_byte < function.start_byte or node.start_byte > name.start_byte:
                continue
            body = node.child_by_field_name("body") if node.type == "for_expression" else None
            reached = node.end_byte <= name.start_byte
            if body is not None:
                reached = body.start_byte <= name.start_byte < body.end_byte
            if reached:
                last = node
        return last

    def constant(self, name: Node) -> list[Node]:
        """The values of the constants of a name, wherever in the file they stand."""
        return self.constants.get(self.text(name), [])

    def results(self, name: Node) -> Iterator[list[Node]]:
        """What a function of the file gives: the end of its body, and what it returns before; nothing of several."""
        functions = [each for each in self.functions if self._is_named(each, name)]
        body = functions[0].child_by_field_name("body") if len(functions) == 1 else None
        if body is None:
            return
        for node in self.returns:
            if (
                body.start_byte <= node.start_byte < body.end_byte
                and self.function_around(node.start_byte) == functions[0]
            ):
                yield tokens(node)[1:]
        ends = [child for child in body.named_children if child.type not in COMMENTS]
        if ends and not ends[-1].type.endswith(("_statement", "_item", "_declaration")):
            yield tokens(ends[-1])

    def _is_named(self, function: Node, name: Node) -> bool:
        named = function.child_by_field_name("name")
        return named is not None and self.text(named) == self.text(name)

    def additions(self, name: Node, bound: Node) -> Iterator[tuple[list[Node], bool]]:
        """What is added to a text or a vector in the function that makes it, and whether that is a format."""
        function = self.function_around(bound.start_byte)
        if function is None:
            return
        start, end, word = bound.end_byte, function.end_byte, re.escape(self.text(name))
        for found, group in self.calls(re.compile(_GROWING % (word, word)), start, end):
            arguments = self.arguments(group)
            if found[1] is None:
                yield arguments[0], False
            elif len(arguments) > 1:
                yield arguments[1], True
        for node in self.assignments:
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if left is None or right is None or not start <= node.start_byte < end:
                continue
            if self.text(left) == self.text(name):
                yield tokens(right), False


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


def split(given: Sequence[Node]) -> list[list[Node]]:
    """What stands between the delimiter that comes first and its counterpart, at commas, without comments."""
    parts: list[list[Node]] = [[]]
    depth = 0
    for token in given:
        depth += (token.type in _OPENING) - (token.type in _CLOSING)
        if not depth:
            break
        if token.type == "," and depth == 1:
            parts.append([])
        elif token.type not in COMMENTS and not (depth == 1 and token.type in _OPENING and token == given[0]):
            parts[-1].append(token)
    return parts


def is_string(token: Node) -> bool:
    return token.type in _STRINGS


def string(source: bytes, token: Node) -> Text | None:
    """The segments of a literal of text or of bytes; None of a C string, and of any other token."""
    start, end = token.start_byte, token.end_byte
    if token.type == "raw_string_literal":
        raw = _RAW.match(source, start, end)
        if raw is None:
            return None
        return tuple(unescaped(source, raw.end(), end - 1 - len(raw[1]), _LINE_ENDS, _value))
    plain = _PLAIN.match(source, start, end) if token.type == "string_literal" else None
    return tuple(unescaped(source, plain.end(), end - 1, _ESCAPES, _value)) if plain is not None else None


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
