"""MeTTa in Rust: programs in strings, the macros `metta!` and `expr!`, registered names, included files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from metta_index.indexer.languages.hosts import has_trace
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings, Registration
from metta_index.indexer.languages.hosts.names import registered_name
from metta_index.indexer.languages.hosts.rust_text import COMMENTS, RustFile, Text, is_string, string, tokens
from metta_index.indexer.languages.hosts.shape import is_metta
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
#: One of MeTTaTron's, whose name others have, too.
_MAY_TAKE_METTA = re.compile(rb"\bcompile\s*\(")
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


class _Finder:
    def __init__(self, file: RustFile) -> None:
        self.file = file
        self.found: list[Region] = []
        self._claimed: set[int] = set()

    def follow_calls(self) -> None:
        """Calls that take MeTTa, and calls of the file's functions that pass a parameter on to one."""
        pending = [(_TAKES_METTA, 0, Confidence.CERTAIN), (_TAKES_ATOMS, 0, Confidence.LIKELY)]
        followed: set[tuple[bytes, int]] = set()
        while pending:
            pattern, place, confidence = pending.pop()
            for _found, group in self.file.calls(pattern):
                arguments = self.file.arguments(group)
                if place >= len(arguments):
                    continue
                given = arguments[place]
                direct = any(map(is_string, given))
                for text in self.file.texts(given):
                    self._add(text, "call" if direct else "flow", confidence if direct else Confidence.LIKELY)
                passing = self._parameter(given)
                if passing is not None and passing not in followed:
                    followed.add(passing)
                    again = re.compile(rb"\b" + re.escape(passing[0]) + rb"\s*\(")
                    pending.append((again, passing[1], Confidence.LIKELY))
        for _found, group in self.file.calls(_MAY_TAKE_METTA):
            for text in self.file.texts(self.file.arguments(group)[0]):
                if is_metta(text_of(text)) or text_of(text).lstrip().startswith(b"("):
                    self._add(text, "call", Confidence.LIKELY)

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
        for node in (*self.file.constants, *self.file.variables):
            value = node.child_by_field_name("value")
            text = string(self.file.source, value) if value is not None else None
            if text is not None and text_of(text).count(b"\n") > 1 and is_metta(text_of(text)):
                self._add(text, "shape", Confidence.POSSIBLE)

    def _parameter(self, given: Sequence[Node]) -> tuple[bytes, int] | None:
        """The function and the place of the parameter that an argument is."""
        names = [token for token in given if token.type == "identifier"]
        function = self.file.function_around(names[0].start_byte) if len(names) == 1 else None
        if function is None or self.file.values(names[0]):
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
