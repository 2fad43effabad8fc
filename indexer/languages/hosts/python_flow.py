"""Where the values of Python expressions come from: names, lists, loops, functions of the file."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from metta_index.indexer.languages.hosts.python_module import (
    Binding,
    Parameter,
    Part,
    PythonModule,
    argument,
    arguments_of,
    called_name,
    receiver_of,
)
from metta_index.indexer.languages.hosts.python_text import (
    SAME_TEXT,
    Text,
    inner_of,
    joined,
    operands_of,
    text_in_place,
)
from metta_index.indexer.languages.hosts.shape import parses
from metta_index.indexer.text.regions import text_of

_SAME_ARGUMENT = frozenset({"dedent", "cleandoc", "str"})
_SAME_ELEMENTS = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter"})
_LINES = frozenset({"split", "splitlines"})
_LITERAL_LISTS = frozenset({"list", "tuple", "set"})
_COMPREHENSIONS = frozenset({"list_comprehension", "generator_expression", "set_comprehension"})

#: Names that lead to names are followed this far.
_MOST_STEPS = 8


def texts(module: PythonModule, node: Node, steps: int = _MOST_STEPS) -> Iterator[Text]:
    """Every text that an expression may have: one for a literal, one for each value of a name."""
    return _Flow(module).texts(node, steps)


def elements(module: PythonModule, node: Node, steps: int = _MOST_STEPS) -> Iterator[Node]:
    """The elements of a list, tuple or set, as far as they are told."""
    return _Flow(module).elements(node, steps)


class _Flow:
    """One search, in which no name is followed twice where it stands: it ends, and soon."""

    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self._seen: set[tuple[str, int]] = set()

    def _is_new(self, what: str, node: Node) -> bool:
        place = what, node.start_byte
        if place in self._seen:
            return False
        self._seen.add(place)
        return True

    def texts(self, node: Node, steps: int) -> Iterator[Text]:
        module = self.module
        match node.type:
            case "string" | "concatenated_string" | "binary_operator":
                text = text_in_place(module, node)
                if text is not None:
                    yield text
            case "parenthesized_expression" | "await":
                for inner in inner_of(node):
                    yield from self.texts(inner, steps)
            case "named_expression":
                value = node.child_by_field_name("value")
                if value is not None:
                    yield from self.texts(value, steps)
            case "conditional_expression":
                for alternative in (*node.named_children[:1], *node.named_children[2:]):
                    yield from self.texts(alternative, steps)
            case "call":
                text = text_in_place(module, node)
                if text is not None:
                    yield text
                else:
                    yield from self._called(node, steps)
            case "subscript" if steps:
                for element in self._at_key(node, steps - 1):
                    yield from self.texts(element, steps - 1)
            case "identifier" | "attribute" if steps and self._is_new("texts", node):
                yield from self._named(node, steps - 1)

    def _named(self, node: Node, steps: int) -> Iterator[Text]:
        bound = self.module.lookup(node)
        bindings = [] if isinstance(bound, Parameter) else bound
        grows = any(binding.adds for binding in bindings)
        for binding in bindings:
            for value in self.elements(binding.value, steps) if binding.each else [binding.value]:
                for text in self.texts(value, steps):
                    # Of a text that grows, a part is only told to be one that can be read by itself.
                    if not grows or parses(text_of(text)):
                        yield text
        for part in self.module.parts(node):
            for value in self._parts(part, steps):
                yield from self.texts(value, steps)

    def _called(self, call: Node, steps: int) -> Iterator[Text]:
        """What a call gives back nearly as it is; what it joins; what a function of the file gives."""
        module, name, receiver = self.module, called_name(self.module, call), receiver_of(call)
        if name in _SAME_ARGUMENT:
            given = argument(module, call, 0)
            if given is not None:
                yield from self.texts(given, steps)
        elif name == "join" and receiver is not None:
            yield from self._joined(call, receiver, steps)
        elif receiver is not None and (name in SAME_TEXT or name == "format"):
            yield from self.texts(receiver, steps)
        elif steps:
            for result in self._results(call):
                yield from self.texts(result, steps - 1)

    def _results(self, call: Node) -> Iterator[Node]:
        receiver = receiver_of(call)
        if receiver is not None and self.module.text(receiver) not in ("self", "cls"):
            return
        function = self.module.method(called_name(self.module, call))
        if function is not None and self._is_new("results", function):
            yield from self.module.results(function)

    def _joined(self, call: Node, separator: Node, steps: int) -> Iterator[Text]:
        """A list that stands in one place is one text. Of one that grows, what can be read by itself is one."""
        given = argument(self.module, call, 0) or call.child_by_field_name("arguments")
        if given is None:
            return
        if given.type in ("identifier", "attribute") and not self.module.growths(given):
            bound = self.module.lookup(given)
            values = [] if isinstance(bound, Parameter) else [one.value for one in bound if not one.each]
            if len(values) == 1 and values[0].type in ("list", "tuple"):
                text = joined(self.module, inner_of(values[0]), separator)
                if text is not None:
                    yield text
                return
        for element in self.elements(given, steps):
            for text in self.texts(element, steps):
                if parses(text_of(text)):
                    yield text

    def elements(self, node: Node, steps: int) -> Iterator[Node]:
        """The elements of a list, tuple or set; for the lines of a text the text."""
        if node.type in _LITERAL_LISTS:
            yield from inner_of(node)
        elif node.type in _COMPREHENSIONS:
            body = node.child_by_field_name("body")
            if body is not None:
                yield body
        elif node.type == "parenthesized_expression":
            for inner in inner_of(node):
                yield from self.elements(inner, steps)
        elif not steps:
            return
        elif node.type == "binary_operator":
            for operand in operands_of(node):
                if operand.type != "binary_operator":
                    yield from self.elements(operand, steps - 1)
        elif node.type == "call":
            yield from self._elements_of_call(node, steps - 1)
        elif node.type in ("identifier", "attribute") and self._is_new("elements", node):
            bound = self.module.lookup(node)
            for binding in [] if isinstance(bound, Parameter) else bound:
                for value in self.elements(binding.value, steps - 1) if binding.each else [binding.value]:
                    yield from self.elements(value, steps - 1)
            for growth in self.module.growths(node):
                yield from self.elements(growth.value, steps - 1) if growth.several else [growth.value]

    def _elements_of_call(self, call: Node, steps: int) -> Iterator[Node]:
        name, receiver = called_name(self.module, call), receiver_of(call)
        if receiver is None and (name in _SAME_ELEMENTS or name == "enumerate"):
            given = argument(self.module, call, 0)
            if given is not None:
                yield from self.elements(given, steps)
        elif receiver is not None and name in _LINES:
            yield receiver
        elif receiver is not None and name == "values":
            yield from self._values(receiver, steps)
        else:
            for result in self._results(call):
                yield from self.elements(result, steps)

    def _parts(self, part: Part, steps: int) -> Iterator[Node]:
        """The values of a name that stands in a tuple on the left."""
        path = part.path
        if not part.each:
            yield from _at(part.value, path)
            return
        name = called_name(self.module, part.value) if part.value.type == "call" else ""
        receiver = receiver_of(part.value)
        if name == "items" and receiver is not None:
            values = self._values(receiver, steps) if path[0] == 1 else iter(())
            path = path[1:]
        elif name == "enumerate":
            values = self.elements(part.value, steps) if path[0] == 1 else iter(())
            path = path[1:]
        elif name == "zip":
            given = arguments_of(part.value)[path[0] : path[0] + 1]
            values = (value for each in given for value in self.elements(each, steps))
            path = path[1:]
        else:
            values = self.elements(part.value, steps)
        for value in values:
            yield from _at(value, path)

    def _values(self, node: Node, steps: int, key: str = "") -> Iterator[Node]:
        """The values of a dictionary, or those at a key that is written as a literal."""
        if node.type == "dictionary":
            for pair in node.named_children:
                at, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
                if at is None or value is None:
                    continue
                if not key or at.type != "string" or self.module.text(at)[1:-1] == key:
                    yield value
        elif node.type in ("identifier", "attribute") and steps and self._is_new("values" + key, node):
            bound = self.module.lookup(node)
            for binding in [] if isinstance(bound, Parameter) else bound:
                for value in self.elements(binding.value, steps - 1) if binding.each else [binding.value]:
                    yield from self._values(value, steps - 1, key)

    def _at_key(self, node: Node, steps: int) -> Iterator[Node]:
        """What `name[key]` may be."""
        held, key = node.child_by_field_name("value"), node.child_by_field_name("subscript")
        if held is None or key is None:
            return
        yield from self._values(held, steps, self.module.text(key)[1:-1] if key.type == "string" else "")
        yield from self.elements(held, steps)


def passed(module: PythonModule, node: Node) -> Iterator[tuple[Parameter, bool]]:
    """The parameters that an expression is; true with those of which it is each element, or all of them joined."""
    if node.type == "call" and called_name(module, node) == "join":
        given = argument(module, node, 0)
        if given is not None and given.type == "identifier" and isinstance(bound := module.lookup(given), Parameter):
            yield bound, True
        return
    if node.type != "identifier":
        return
    found = module.lookup(node)
    if isinstance(found, Parameter):
        yield found, False
        return
    for binding in found:
        if binding.each and isinstance(several := _parameter(module, binding), Parameter):
            yield several, True


def _parameter(module: PythonModule, binding: Binding) -> Parameter | None:
    bound = module.lookup(binding.value) if binding.value.type == "identifier" else None
    return bound if isinstance(bound, Parameter) else None


def _at(node: Node, path: tuple[int, ...]) -> Iterator[Node]:
    """What stands at places in nested tuples."""
    for place in path:
        inner = inner_of(node) if node.type in ("tuple", "list", "expression_list") else []
        if place >= len(inner):
            return
        node = inner[place]
    yield node
