"""Where text in a Rust file comes from: names, loops, strings that grow, functions of the file, formats.

Everything is a list of tokens, because arguments of macros have no other structure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from metta_index.indexer.languages.hosts.rust_text import (
    FIELD,
    RustFile,
    Text,
    is_string,
    split,
    string,
    tokens,
)
from metta_index.indexer.text.regions import Segment, hole, punched

Given = Sequence[Node]

_NOTHING = frozenset({"&", "*", "mut", "mutable_specifier", "move"})
#: What gives a part or a number of a text instead of the text.
_NO_TEXT = frozenset(
    {b"len", b"is_empty", b"contains", b"find", b"chars", b"lines", b"split", b"starts_with", b"parse"}
)


class RustFlow:
    """The texts that arguments of a file may have. Nothing is looked at twice for one argument."""

    def __init__(self, file: RustFile) -> None:
        self.file = file
        self._seen: set[tuple[int, int]] = set()

    def texts(self, given: Given) -> list[Text]:
        """Every text that an argument may have."""
        self._seen = set()
        return list(self._texts(given))

    def pieces(self, given: Given) -> Iterator[Given]:
        """What stands for the fields of `format!("…", …)`."""
        words = self._plain(given)
        if [self.file.text(token) for token in words[:3]] == [b"format", b"!", b"("]:
            yield from split(words[2:])[1:]

    def _texts(self, given: Given) -> Iterator[Text]:
        file = self.file
        given = self._plain(given)
        if not given or not self._is_new(given):
            return
        words = [file.text(token) for token in given[:4]]
        if len(words) > 2 and words[1] == b"." and words[2] in _NO_TEXT:
            return
        if is_string(given[0]):
            text = string(file.source, given[0])
            if text is not None:
                yield text
        elif words[:3] == [b"format", b"!", b"("]:
            yield from self._format(split(given[2:]))
        elif words[:3] == [b"concat", b"!", b"("]:
            yield tuple(self._concatenated(given[3:-1]))
        elif words == [b"String", b"::", b"from", b"("]:
            yield from self._texts(given[4:])
        elif given[0].type == "identifier" and words[1:2] == [b"("]:
            for result in file.results(given[0]):
                yield from self._texts(result)
        elif given[0].type == "identifier" and (len(given) == 1 or words[1] == b"."):
            yield from self._named(given[0])
        elif given[0].type == "[" or words[:3] == [b"vec", b"!", b"["]:
            for element in split(given if given[0].type == "[" else given[2:]):
                yield from self._texts(element)
        else:
            yield from self._collected(given)

    def _plain(self, given: Given) -> Given:
        """Without what only says how a value is passed."""
        at = 0
        while at < len(given):
            is_range = len(given) > at + 2 and given[at + 2].type in ("..", "..=")
            is_wrapper = given[at].type in _NOTHING or self.file.text(given[at]) == b"black_box"
            if not is_wrapper and (given[at].type != "(" or is_range):
                break
            at += 1
        return given[at:]

    def _is_new(self, given: Given) -> bool:
        place = given[0].start_byte, given[-1].end_byte
        if place in self._seen:
            return False
        self._seen.add(place)
        return True

    def _format(self, arguments: Sequence[Given]) -> Iterator[Text]:
        text = string(self.file.source, arguments[0][0]) if arguments and arguments[0] else None
        if text is not None:
            yield tuple(punched(text, FIELD))

    def _concatenated(self, given: Given) -> Iterator[Segment]:
        for token in given:
            if is_string(token):
                yield from string(self.file.source, token) or ()
            elif token.type not in (",", "(", ")", "[", "]", "{", "}"):
                yield hole(token.start_byte, token.end_byte)

    def _named(self, name: Node) -> Iterator[Text]:
        """What the last `let`, loop or constant of a name says; and, of a name that may change, all that is added."""
        bound = self.file.binding(name)
        if bound is None:
            for constant in self.file.constant(name):
                yield from self._texts(tokens(constant))
        elif bound.type == "for_expression":
            for element in self._each(bound, name):
                yield from self._texts(element)
        else:
            value = bound.child_by_field_name("value")
            if value is not None:
                yield from self._texts(tokens(value))
            if any(child.type == "mutable_specifier" for child in bound.children):
                for addition, is_format in self.file.additions(name, bound):
                    yield from self._format([addition]) if is_format else self._texts(addition)

    def _collected(self, given: Given) -> Iterator[Text]:
        """What `(0..9).map(|n| format!(…)).collect()` puts together, one after the other."""
        words = [self.file.text(token) for token in given]
        if b"map" in words or b"flat_map" in words:
            for at, word in enumerate(words[:-3]):
                if word == b"format" and words[at + 1 : at + 3] == [b"!", b"("]:
                    yield from self._format(split(given[at + 2 :]))

    def _each(self, loop: Node, name: Node) -> Iterator[Given]:
        """The values that a `for` gives to a name, one after the other."""
        pattern, value = loop.child_by_field_name("pattern"), loop.child_by_field_name("value")
        if pattern is None or value is None:
            return
        given = tokens(value)
        names = [self.file.text(token) for token in tokens(pattern) if token.type == "identifier"]
        place = names.index(self.file.text(name))
        counted = any(self.file.text(token) == b"enumerate" for token in given)
        for element in self._elements(given):
            if pattern.type != "tuple_pattern" or (counted and len(names) == 2):
                yield element
            elif element and element[0].type == "(":
                yield from split(element)[place : place + 1]

    def _elements(self, given: Given) -> Iterator[Given]:
        """The elements of an array, of `vec![…]`, or of what a name is bound to; a text for all its lines."""
        file = self.file
        given = self._plain(given)
        if not given or not self._is_new(given):
            return
        if given[0].type == "[":
            yield from split(given)
        elif [file.text(token) for token in given[:3]] == [b"vec", b"!", b"["]:
            yield from split(given[2:])
        elif b"lines" in (words := [file.text(token) for token in given]):
            yield given[: words.index(b"lines") - 1]
        elif words[1:2] == [b"("]:
            for result in file.results(given[0]):
                yield from self._elements(result)
        elif given[0].type == "identifier":
            bound = file.binding(given[0])
            if bound is None:
                values = file.constant(given[0])
            else:
                value = bound.child_by_field_name("value")
                values = [value] if value is not None and bound.type == "let_declaration" else []
                if bound.type == "let_declaration":
                    yield from (addition for addition, _is_format in file.additions(given[0], bound))
            for each in values:
                yield from self._elements(tokens(each))
