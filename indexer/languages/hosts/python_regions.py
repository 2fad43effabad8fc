"""Where a Python file hands MeTTa to an interpreter or a parser, and what text that is."""

from __future__ import annotations

from tree_sitter import Node

from metta_index.indexer.languages.hosts.python_flow import elements, passed, texts
from metta_index.indexer.languages.hosts.python_module import (
    Parameter,
    PythonModule,
    argument,
    called_name,
    receiver_of,
)
from metta_index.indexer.languages.hosts.python_text import Text, parts_by_name, text_in_place
from metta_index.indexer.languages.hosts.shape import is_metta
from metta_index.indexer.text.regions import SegmentKind, make_region, text_of
from metta_index.indexer.text.symbols import Confidence, Region

#: Functions and methods whose first argument is MeTTa, whatever they are called on.
_TAKES_METTA = frozenset({"parse_single", "parse_all", "process_metta_string", "SExprParser"})

#: A method of this name takes MeTTa where it is called on an interpreter.
_RUN = "run"
_KEYWORDS = ("program", "text", "code")

#: What a string is that is no text by itself: a docstring, a part of a longer one.
_NO_VALUE = frozenset({"expression_statement", "concatenated_string", "binary_operator"})
_FEWEST_LINES = 2


def regions(module: PythonModule) -> list[Region]:
    """The MeTTa in a file, in its order.

    Detectors: `call`, text in the call itself; `flow`, text that reaches a call by
    names, or through a parameter of a function of the file; `shape`, text of several lines
    that is bound to a name and has the forms of MeTTa.
    """
    finder = _Finder(module)
    finder.follow_calls()
    finder.look_at_strings()
    return sorted(finder.found, key=lambda region: (region.start, region.end))


class _Finder:
    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.found: list[Region] = []
        self._claimed: set[int] = set()
        #: Functions of the file that pass an argument on to MeTTa, or each element of it: name, place, whether each.
        self._passing: list[tuple[str, int, bool]] = []
        self._followed: set[tuple[str, int, bool]] = set()

    def follow_calls(self) -> None:
        for call in self.module.calls:
            name = called_name(self.module, call)
            given = argument(self.module, call, 0, *_KEYWORDS)
            if given is None:
                continue
            if name in _TAKES_METTA:
                self._take(given, Confidence.CERTAIN)
            elif name == _RUN and (receiver := receiver_of(call)) is not None:
                certain = self._is_interpreter(receiver)
                self._take(given, Confidence.CERTAIN if certain else Confidence.POSSIBLE)
        while self._passing:
            name, place, is_each = self._passing.pop()
            for call in self.module.calls:
                given = argument(self.module, call, place) if called_name(self.module, call) == name else None
                if given is None:
                    continue
                for value in elements(self.module, given) if is_each else [given]:
                    self._take(value, Confidence.LIKELY)
                if is_each:
                    self._pass_on(given, is_each)

    def look_at_strings(self) -> None:
        for node in self.module.strings:
            if self.module.source.count(b"\n", node.start_byte, node.end_byte) < _FEWEST_LINES:
                continue
            if node.parent is None or node.parent.type in _NO_VALUE:
                continue
            for text in texts(self.module, node, 0):
                if is_metta(text_of(text)):
                    self._add(text, "shape", Confidence.POSSIBLE)

    def _is_interpreter(self, receiver: Node) -> bool:
        name = self._last_name(receiver)
        if "metta" in name or name.endswith("runner"):
            return True
        if receiver.type not in ("identifier", "attribute"):
            return False
        bound = self.module.lookup(receiver)
        return not isinstance(bound, Parameter) and any("metta" in self._last_name(each.value) for each in bound)

    def _last_name(self, node: Node) -> str:
        return (
            called_name(self.module, node) if node.type == "call" else self.module.text(node).rpartition(".")[2]
        ).lower()

    def _take(self, node: Node, confidence: Confidence) -> None:
        """The texts that an argument may have."""
        direct = node.type not in ("identifier", "attribute", "subscript", "call")
        direct = direct or text_in_place(self.module, node) is not None
        for text in texts(self.module, node):
            if confidence == Confidence.POSSIBLE and not is_metta(text_of(text)):
                continue
            if direct:
                self._add(text, "call", confidence)
            else:
                self._add(text, "flow", max(confidence, Confidence.LIKELY))
        if confidence == Confidence.POSSIBLE:
            return
        self._pass_on(node)
        for name in parts_by_name(self.module, node):
            self._pass_on(name)
            for text in texts(self.module, name):
                if is_metta(text_of(text)):
                    self._add(text, "flow", Confidence.LIKELY)

    def _pass_on(self, node: Node, is_each: bool = False) -> None:
        for parameter, several in passed(self.module, node):
            function = parameter.function.child_by_field_name("name")
            place = parameter.position - (1 if self.module.is_method(parameter.function) else 0)
            if function is None or place < 0:
                continue
            passing = (self.module.text(function), place, several or is_each)
            if passing not in self._followed:
                self._followed.add(passing)
                self._passing.append(passing)

    def _add(self, text: Text, detector: str, confidence: Confidence) -> None:
        literal = [segment for segment in text if segment.kind != SegmentKind.HOLE]
        if not any(segment.text.strip() for segment in literal):
            return
        if detector == "flow" and not text_of(text).strip(b" \t\r\n()"):
            return  # an empty list that is put into something, as likely as not
        starts = {segment.start for segment in literal if segment.start < segment.end}
        if starts.isdisjoint(self._claimed):
            self._claimed |= starts
            self.found.append(make_region("metta", detector, confidence, text))
