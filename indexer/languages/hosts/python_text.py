"""Python expressions that are put together from literals in place to their text: segments with holes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from metta_index.indexer.languages.hosts.python_module import PythonModule, arguments_of, called_name, receiver_of
from metta_index.indexer.text.regions import Segment, escape, hole, punched, unescaped

#: Language reference, 2.4.1.1; Python reads every line end as "\n".
_ESCAPES = re.compile(
    rb"""\\(?:\r\n?|[\n\\'"abfnrtv]|[0-7]{1,3}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^}\n]*\})|\r\n?"""
)
_LINE_ENDS = re.compile(rb"\r\n?")
_BRACES = re.compile(rb"\{\{|\}\}")
_SIMPLE = {
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}

#: printf-style conversions, and the fields of `str.format`.
_CONVERSION = re.compile(rb"%(?:%|(?:\([^)]*\))?[#0\- +]*(?:\*|[0-9]+)?(?:\.(?:\*|[0-9]+))?[hlL]?[diouxXeEfFgGcrsa])")
_FIELD = re.compile(rb"\{\{|\}\}|\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")

#: Methods and functions that give the text they are called on, but for space around it.
SAME_TEXT = frozenset({"strip", "lstrip", "rstrip", "encode", "decode", "replace", "expandtabs"})

Text = tuple[Segment, ...]


def parts_by_name(module: PythonModule, node: Node) -> Iterator[Node]:
    """The names that are put together with literals in one expression."""
    if node.type == "binary_operator":
        for operand in operands_of(node):
            if operand.type in ("identifier", "attribute"):
                yield operand
            elif operand.type != "binary_operator":
                yield from parts_by_name(module, operand)
    elif node.type == "concatenated_string":
        for string in node.named_children:
            yield from parts_by_name(module, string)
    elif node.type == "string":
        for child in node.named_children:
            value = child.child_by_field_name("expression") if child.type == "interpolation" else None
            if value is not None and value.type in ("identifier", "attribute"):
                yield value


def text_in_place(module: PythonModule, node: Node) -> Text | None:
    """The text of an expression that is put together from literals in place; None of any other."""
    match node.type:
        case "string":
            return _string(module.source, node)
        case "concatenated_string":
            strings = [text_in_place(module, string) for string in node.named_children if string.type != "comment"]
            return tuple(segment for text in strings for segment in text or ())
        case "parenthesized_expression":
            inner = inner_of(node)
            return text_in_place(module, inner[0]) if len(inner) == 1 else None
        case "binary_operator":
            return _operation(module, node)
        case "call":
            receiver = receiver_of(node)
            if receiver is None:
                return None
            match called_name(module, node):
                case "format":
                    text = text_in_place(module, receiver)
                    return None if text is None else tuple(punched(text, _FIELD))
                case "join":
                    return _joined(module, node, receiver)
                case name if name in SAME_TEXT:
                    return text_in_place(module, receiver)
    return None


def inner_of(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def operands_of(node: Node) -> list[Node]:
    """The operands of a chain of `+`, from left to right, without recursion: generated sums are long."""
    operands: list[Node] = []
    at: Node | None = node
    while at is not None and at.type == "binary_operator" and _operator(at) == "+":
        right = at.child_by_field_name("right")
        if right is not None:
            operands.append(right)
        at = at.child_by_field_name("left")
    if at is not None:
        operands.append(at)
    return operands[::-1]


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return operator.type if operator is not None else ""


def _operation(module: PythonModule, node: Node) -> Text | None:
    if _operator(node) == "%":
        left = node.child_by_field_name("left")
        text = text_in_place(module, left) if left is not None else None
        return None if text is None else tuple(punched(text, _CONVERSION))
    if _operator(node) != "+":
        return None
    segments: list[Segment] = []
    known = False
    for operand in operands_of(node):
        text = None if operand is node else text_in_place(module, operand)
        known = known or text is not None
        segments += [hole(operand.start_byte, operand.end_byte)] if text is None else text
    return tuple(segments) if known else None


def _joined(module: PythonModule, call: Node, separator: Node) -> Text | None:
    """`"\\n".join([…])` of a list in place; the separator stands nowhere in particular between two of them."""
    given = arguments_of(call)
    if len(given) != 1 or given[0].type not in ("list", "tuple"):
        return None
    return joined(module, inner_of(given[0]), separator)


def joined(module: PythonModule, elements: Iterable[Node], separator: Node) -> Text | None:
    """The text of elements one after the other; None where the separator is not known."""
    between = text_in_place(module, separator)
    if between is None:
        return None
    segments: list[Segment] = []
    for element in elements:
        if segments and between:
            at = segments[-1].end
            segments.append(escape(b"".join(segment.text for segment in between), at, at))
        text = text_in_place(module, element)
        segments += [hole(element.start_byte, element.end_byte)] if text is None else text
    return tuple(segments)


def _string(source: bytes, node: Node) -> Text | None:
    """The segments of a string literal; None of bytes, which are no text."""
    if len(node.children) < 2 or node.children[0].type != "string_start" or node.children[-1].type != "string_end":
        return None
    opening, closing = node.children[0], node.children[-1]
    written = source[opening.start_byte : opening.end_byte]
    prefix = written.rstrip(b"'\"").lower()
    if b"b" in prefix:
        return None
    special = [] if b"r" in prefix else [_ESCAPES]
    if b"f" in prefix or b"t" in prefix:
        special.append(_BRACES)
    if not special:
        special.append(_LINE_ENDS)
    pattern = re.compile(b"|".join(pattern.pattern for pattern in special)) if len(special) > 1 else special[0]
    segments: list[Segment] = []
    at = opening.end_byte
    for child in node.children[1:-1]:
        if child.type == "interpolation":
            segments += unescaped(source, at, child.start_byte, pattern, _value)
            segments.append(hole(child.start_byte, child.end_byte))
            at = child.end_byte
    # The grammar takes what backslashes a raw string consists of for a part of its closing quotes.
    segments += unescaped(source, at, closing.end_byte - len(written) + len(prefix), pattern, _value)
    return tuple(segments)


def _value(token: bytes) -> bytes:
    """What an escape, a doubled brace or a line end stands for."""
    if token[:1] == b"\r":
        return b"\n"
    if token[:1] != b"\\":
        return token[:1]
    kind = token[1:2]
    if kind in b"\r\n":
        return b""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    try:
        if kind == b"N":
            return unicodedata.lookup(token[3:-1].decode("ascii")).encode()
        code = int(token[2:], 16) if kind in b"xuU" else int(token[1:], 8)
        return chr(code).encode("utf-8", "replace")
    except (ValueError, OverflowError, KeyError, UnicodeDecodeError):
        return token
