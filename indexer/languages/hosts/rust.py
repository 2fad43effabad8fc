"""MeTTa in Rust: programs in strings, the macros `metta!` and `expr!`, registered names, included files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from tree_sitter import Node

from metta_index.indexer.languages.hosts import has_trace
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings, Registration
from metta_index.indexer.languages.hosts.names import registered_name
from metta_index.indexer.languages.hosts.rust_flow import RustFlow
from metta_index.indexer.languages.hosts.rust_text import COMMENTS, RustFile, Text, is_string, string, tokens
from metta_index.indexer.languages.hosts.shape import is_list_text, is_metta
from metta_index.indexer.text.regions import (
    PositionMap,
    Segment,
    SegmentKind,
    escape,
    hole,
    make_region,
    text_of,
    verbatim,
)
from metta_index.indexer.text.symbols import Confidence, Import, Kind, Region

#: Functions whose first argument is MeTTa: those of the crate `hyperon` and of its tests.
_TAKES_METTA = re.compile(rb"\b(?:run_program|metta_atom|metta_space|SExprParser::new)\s*\(")
#: MORK's, which take the atoms of a program as bytes.
_TAKES_ATOMS = re.compile(rb"\b(?:add_all_sexpr|add_sexpr|load_all_sexpr_impl|load_sexpr_impl)\s*\(")
#: Those of programs around MORK: which argument has atoms, only the argument itself tells.
_TAKES_ATOMS_SOMEWHERE = re.compile(rb"\b(?:mork_\w+|(?:\w+_)?parse_single_expr|\w*remove_sexpr)\s*\(")
#: MeTTaTron's, whose names others have, too.
_MAY_TAKE_METTA = re.compile(rb"\b(?:compile|compile_safe)\s*\(")
_PARSE = re.compile(rb"\b(\w+)\s*\.\s*parse\s*\(")
_PARSER = re.compile(rb"metta|sexpr", re.IGNORECASE)
_METTA_MACRO = re.compile(rb"\bmetta!\s*[(\[{]")
_EXPR_MACRO = re.compile(rb"\bexpr!\s*[(\[{]")
_INCLUDE = re.compile(rb"\binclude_(?:str|bytes)!\s*[(\[{]")
_REGISTER = re.compile(rb"\b(?:register_token(?:_with_\w+)?|GroundedFunctionAtom::new)\s*\(")
_OPERATION = re.compile(rb"\bgrounded_op!\s*\(")
_WORD = re.compile(rb'[^\s();"]+')


def find(source: bytes) -> HostFindings:
    if not has_trace("rust", source):
        return NOTHING
    file = RustFile(source)
    finder = _Finder(file)
    finder.follow_calls()
    finder.read_macros()
    finder.look_at_bindings()
    regions = sorted(finder.found, key=lambda region: (region.start, region.end))
    return HostFindings(tuple(regions), tuple(_registrations(file)), tuple(_imports(file)))


class _Taker(NamedTuple):
    """What takes MeTTa: calls, and the place of the argument; None where any can be it.

    `looks_right`: what text has to be to be taken for MeTTa, where others have functions of that name, too.
    """

    pattern: re.Pattern[bytes]
    place: int | None
    confidence: Confidence
    looks_right: Callable[[bytes], bool] | None = None


class _Finder:
    def __init__(self, file: RustFile) -> None:
        self.file = file
        self.flow = RustFlow(file)
        self.found: list[Region] = []
        self._claimed: set[int] = set()

    def follow_calls(self) -> None:
        """Calls that take MeTTa, and calls of the file's functions that pass a parameter on to one."""
        pending = [
            _Taker(_TAKES_METTA, 0, Confidence.CERTAIN),
            _Taker(_TAKES_ATOMS, 0, Confidence.LIKELY),
            _Taker(_TAKES_ATOMS_SOMEWHERE, None, Confidence.LIKELY, is_list_text),
            _Taker(_MAY_TAKE_METTA, 0, Confidence.LIKELY, _opens_a_list),
            _Taker(_PARSE, 0, Confidence.LIKELY, is_list_text),
        ]
        followed: set[tuple[bytes, int]] = set()
        while pending:
            taker = pending.pop(0)
            for found, group in self.file.calls(taker.pattern):
                if taker.pattern is _PARSE and not self._is_parser(found):
                    continue
                arguments = self.file.arguments(group)
                given = arguments if taker.place is None else arguments[taker.place : taker.place + 1]
                for argument in given:
                    self._take(argument, taker)
                    for piece, is_whole in [
                        (argument, True),
                        *((piece, False) for piece in self.flow.pieces(argument)),
                    ]:
                        passing = self._parameter(piece)
                        if passing is not None and passing not in followed:
                            followed.add(passing)
                            again = re.compile(rb"\b" + re.escape(passing[0]) + rb"\s*\(")
                            looks_right = taker.looks_right if is_whole else is_list_text
                            pending.append(_Taker(again, passing[1], Confidence.LIKELY, looks_right))

    def _take(self, argument: Sequence[Node], taker: _Taker) -> None:
        direct = any(map(is_string, argument))
        for text in self.flow.texts(argument):
            if taker.looks_right is None or taker.looks_right(text_of(text)):
                confidence = taker.confidence if direct else Confidence.LIKELY
                self._add(text, "call" if direct else "flow", confidence)

    def _is_parser(self, found: re.Match[bytes]) -> bool:
        """Whether what `.parse(` is called on is called, or bound to, something of MeTTa."""
        name = self.file.root.descendant_for_byte_range(found.start(1), found.end(1))
        bound = self.file.binding(name) if name is not None and name.type == "identifier" else None
        value = bound.child_by_field_name("value") if bound is not None else None
        return _PARSER.search(found[1] if value is None else self.file.text(value)) is not None

    def read_macros(self) -> None:
        for group in _outermost(self.file.calls(_METTA_MACRO)):
            self._add(tuple(_metta_macro(self.file.source, group)), "macro", Confidence.CERTAIN)
        for group in _outermost(self.file.calls(_EXPR_MACRO)):
            if any(token.type == "," for token in group.children):
                continue  # another macro of that name: Hyperon's takes items without commas
            text = tuple(expression(self.file.source, group))
            if b"(" in text_of(text):
                self._add(text, "macro", Confidence.LIKELY)

    def look_at_bindings(self) -> None:
        for node in self.file.valued:
            value = node.child_by_field_name("value")
            text = string(self.file.source, value) if value is not None else None
            if text is not None and text_of(text).count(b"\n") > 1 and is_metta(text_of(text)):
                self._add(text, "shape", Confidence.POSSIBLE)

    def _parameter(self, given: Sequence[Node]) -> tuple[bytes, int] | None:
        """The function and the place of the parameter that an argument is."""
        names = [token for token in given if token.type == "identifier"]
        function = self.file.function_around(names[0].start_byte) if len(names) == 1 else None
        if function is None or self.file.binding(names[0]) is not None:
            return None
        name, parameters = function.child_by_field_name("name"), function.child_by_field_name("parameters")
        if name is None or parameters is None:
            return None
        place = 0
        for parameter in parameters.named_children:
            if parameter.type == "parameter":
                pattern = parameter.child_by_field_name("pattern")
                if pattern is not None and self.file.text(pattern) == self.file.text(names[0]):
                    return self.file.text(name), place
                place += 1
        return None

    def _add(self, text: Text, detector: str, confidence: Confidence) -> None:
        literal = [segment for segment in text if segment.kind != SegmentKind.HOLE]
        starts = {segment.start for segment in literal if segment.start < segment.end}
        if any(segment.text.strip(b" \t\r\n()") for segment in literal) and starts.isdisjoint(self._claimed):
            self._claimed |= starts
            self.found.append(make_region("metta", detector, confidence, text))


def _opens_a_list(text: bytes) -> bool:
    return text.lstrip().startswith(b"(") or is_metta(text)


def _outermost(calls: Iterator[tuple[re.Match[bytes], Node]]) -> Iterator[Node]:
    """The groups that are in no other: what one macro holds is its own."""
    end = 0
    for _found, group in calls:
        if group.start_byte >= end:
            end = group.end_byte
            yield group


def _metta_macro(source: bytes, group: Node) -> Iterator[Segment]:
    """The tokens of `metta!(…)` are MeTTa as they stand, except that `{…}` is an expression of Rust."""
    at = group.start_byte + 1
    pending = list(reversed(group.children[1:-1]))
    while pending:
        node = pending.pop()
        if node.type == "token_tree" and source[node.start_byte : node.start_byte + 1] == b"{":
            yield verbatim(source, at, node.start_byte)
            yield hole(node.start_byte, node.end_byte)
            at = node.end_byte
        elif node.type == "token_tree":
            pending += reversed(node.children)
    yield verbatim(source, at, group.end_byte - 1)


def expression(source: bytes, group: Node) -> Iterator[Segment]:
    """What `expr!(…)` builds: strings are symbols, names are variables, `{…}` is an expression of Rust.

    More than one item are a list; so is one in parentheses.
    """
    items = group.children[1:-1]
    in_list = len(items) != 1
    last, first = group.start_byte + 1, True
    if in_list:
        yield escape(b"(", group.start_byte, last)
    pending = list(reversed(items))
    while pending:
        node = pending.pop()
        if node.type in COMMENTS:
            continue
        if last < node.start_byte and not source[last : node.start_byte].strip():
            yield verbatim(source, last, node.start_byte)
        elif not first and node.type != ")":
            yield escape(b" ", last, last)
        first = node.type == "("
        if node.type == "token_tree" and source[node.start_byte : node.start_byte + 1] == b"(":
            pending += reversed(node.children)
            last, first = node.start_byte, True
            continue
        yield from _item(source, node)
        last = node.end_byte
    if in_list:
        yield escape(b")", group.end_byte - 1, group.end_byte)


def _item(source: bytes, node: Node) -> Iterator[Segment]:
    match node.type:
        case "string_literal" | "raw_string_literal":
            text = string(source, node) or ()
            yield from text if _WORD.fullmatch(text_of(text)) else (hole(node.start_byte, node.end_byte),)
        case "identifier":
            yield escape(b"$", node.start_byte, node.start_byte)
            yield verbatim(source, node.start_byte, node.end_byte)
        case "token_tree":
            yield hole(node.start_byte, node.end_byte)
        case _:
            yield verbatim(source, node.start_byte, node.end_byte)


def _registrations(file: RustFile) -> list[Registration]:
    operations = set()
    for _found, group in file.calls(_OPERATION):
        operations |= {text_of(string(file.source, token) or ()) for token in tokens(group) if is_string(token)}
    found = []
    for match, group in file.calls(_REGISTER):
        arguments = file.arguments(group)
        literal = next((token for token in arguments[0] if is_string(token)), None)
        registered = registered_name(string(file.source, literal) or ()) if literal is not None else None
        if registered is None:
            continue
        name, start, end, flags = registered
        is_function = match[0].startswith(b"Grounded")
        arity, type_text = _function_type(file, group) if is_function else (-1, "")
        kind = Kind.FUNCTION if is_function or name in operations else Kind.TOKEN
        shown = name.decode("utf-8", "replace")
        found.append(
            Registration(name, kind, arity, start, end, match.start(), group.end_byte, flags, shown, type_text)
        )
    return sorted(found, key=lambda each: (each.name_start, each.name))


def _function_type(file: RustFile, group: Node) -> tuple[int, str]:
    """The arity and the type that the second argument of `GroundedFunctionAtom::new` gives as `expr!("->" …)`."""
    arguments = file.arguments(group)
    given = arguments[1] if len(arguments) > 1 else []
    if len(given) < 3 or [file.text(token) for token in given[:2]] != [b"expr", b"!"] or given[2].parent is None:
        return -1, ""
    segments = list(expression(file.source, given[2].parent))
    text = text_of(segments).decode("utf-8", "replace")
    items = len(given[2].parent.children) - 2
    if not text.startswith("(-> "):
        return -1, ""
    known = all(segment.kind != SegmentKind.HOLE for segment in segments)
    return items - 2, " ".join(text.split()) if known else ""


def _imports(file: RustFile) -> Iterator[Import]:
    for match, group in file.calls(_INCLUDE):
        literal = next((token for token in file.arguments(group)[0] if is_string(token)), None)
        text = string(file.source, literal) or () if literal is not None else ()
        written = text_of(text)
        if written.endswith(b".metta"):
            start, end = PositionMap.of(text).host_range(0, len(written))
            form = match[0].partition(b"!")[0].decode() + "!"
            yield Import(form, written.decode("utf-8", "replace"), start, end, "", match.start(), group.end_byte, 0)
