"""A parsed Python file: its calls and functions, and what its names are bound to."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from metta_index.indexer.languages.hosts import providers
from metta_index.indexer.languages.hosts.walking import nodes_of

_SCOPES = ("function_definition", "lambda", "class_definition")
_BINDINGS = ("assignment", "augmented_assignment", "named_expression", "for_statement", "for_in_clause")
_OTHERS = ("call", "string", "decorated_definition", "return_statement")
_FUNCTIONS = ("function_definition", "lambda")
#: Methods that put something into a list, and the place of the argument that is put there.
_GROWING = {"append": 0, "extend": 0, "insert": 1, "add": 0}


@dataclass(frozen=True, slots=True)
class Binding:
    """One value that a name gets: `block` is the byte range of the statements it stands among.

    `each`: the name gets every element of the value in turn. `adds`: `+=`, which keeps what was there.
    """

    value: Node
    start: int
    block: tuple[int, int]
    each: bool = False
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a name gets of a value that is taken apart: `path`, places of the name in nested tuples; `each` as above."""

    value: Node
    path: tuple[int, ...]
    each: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """What is put into a list: one element, or with `several` all elements of another."""

    value: Node
    several: bool


@dataclass(frozen=True, slots=True)
class Item:
    """`name[key] = value`."""

    key: Node
    value: Node
    form: Node


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function, by its place."""

    function: Node
    position: int


@dataclass(slots=True, eq=False)
class _Scope:
    node: Node
    start: int
    end: int
    parent: int
    bindings: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    items: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))
    updates: dict[str, list[Node]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[str, list[Part]] = field(default_factory=lambda: defaultdict(list))
    growths: dict[str, list[Growth]] = field(default_factory=lambda: defaultdict(list))
    returned: list[Node] = field(default_factory=list)


class PythonModule:
    """What the other modules for Python ask of a file. Nothing of it outlives the file's indexing."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.root = providers.parser("python").parse(source).root_node
        nodes = nodes_of(
            self.root, ("call", "string", "decorated_definition", "return_statement", *_SCOPES, *_BINDINGS)
        )
        self.calls = nodes["call"]
        self.strings = nodes["string"]
        self.decorated = nodes["decorated_definition"]
        self._scopes = [_Scope(self.root, 0, len(source) + 1, -1)]
        self._starts = [0]
        self._methods: dict[str, list[Node]] = defaultdict(list)
        scopes = (node for kind in _SCOPES for node in nodes[kind])
        for node in sorted(scopes, key=lambda node: (node.start_byte, -node.end_byte)):
            parent = self._scope_at(node.start_byte)
            self._scopes.append(_Scope(node, node.start_byte, node.end_byte, parent))
            self._starts.append(node.start_byte)
            name = node.child_by_field_name("name")
            if node.type == "function_definition" and name is not None:
                block = node.parent or self.root
                binding = Binding(node, node.start_byte, (block.start_byte, block.end_byte))
                self._scopes[parent].bindings[self.text(name)].append(binding)
                self._methods[self.text(name)].append(node)
        bindings = (node for kind in _BINDINGS for node in nodes[kind])
        for node in sorted(bindings, key=lambda node: node.start_byte):
            self._bind(node)
        for call in self.calls:
            receiver = receiver_of(call)
            if receiver is not None and receiver.type in ("identifier", "attribute"):
                self._change(call, called_name(self, call), receiver)
        for node in nodes["return_statement"]:
            self._scopes[self._scope_at(node.start_byte)].returned += node.named_children[:1]

    def text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _scope_at(self, byte: int) -> int:
        """The innermost scope that holds a byte; a function's name and parameters are in its own."""
        index = bisect_right(self._starts, byte) - 1
        while byte >= self._scopes[index].end:
            index = self._scopes[index].parent
        return index

    def _bind(self, node: Node) -> None:
        target = node.child_by_field_name("name" if node.type == "named_expression" else "left")
        value = node.child_by_field_name("value" if node.type == "named_expression" else "right")
        if target is None or value is None:
            return
        each = node.type.startswith("for_")
        index = self._scope_at(node.start_byte)
        statement = node.parent if node.parent is not None and node.parent.type == "expression_statement" else node
        block = statement.parent or self.root
        adds = node.type == "augmented_assignment"
        binding = Binding(value, node.start_byte, (block.start_byte, block.end_byte), each, adds)
        for name, path in _taken_apart(target):
            self._scopes[index].parts[self.text(name)].append(Part(value, path, each))
        if target.type == "identifier":
            self._scopes[index].bindings[self.text(target)].append(binding)
        elif target.type == "subscript":
            held, key = target.child_by_field_name("value"), target.child_by_field_name("subscript")
            if held is not None and key is not None and held.type == "identifier":
                self._scopes[index].items[self.text(held)].append(Item(key, value, node))
        elif target.type == "attribute" and self._is_own(target):
            owner = self._class_around(index)
            self._scopes[owner].bindings[self.text(target).partition(".")[2]].append(binding)

    def _change(self, call: Node, name: str, receiver: Node) -> None:
        """Notes a call that puts something into a list or a dictionary."""
        scope = self._scopes[self._scope_at(call.start_byte)]
        if name == "update" and receiver.type == "identifier":
            scope.updates[self.text(receiver)].append(call)
        given = argument(self, call, _GROWING[name]) if name in _GROWING else None
        if given is None:
            return
        growth = Growth(given, name == "extend")
        if receiver.type == "identifier":
            scope.growths[self.text(receiver)].append(growth)
        elif self._is_own(receiver):
            owner = self._scopes[self._class_around(self._scope_at(call.start_byte))]
            owner.growths[self.text(receiver).partition(".")[2]].append(growth)

    def _is_own(self, node: Node) -> bool:
        """Whether an attribute is one of `self` or `cls`."""
        holder = node.child_by_field_name("object")
        return holder is not None and self.text(holder) in ("self", "cls")

    def _class_around(self, index: int) -> int:
        while index and self._scopes[index].node.type != "class_definition":
            index = self._scopes[index].parent
        return index

    def lookup(self, node: Node) -> list[Binding] | Parameter:
        """What a name, or an attribute of `self`, may be bound to where it stands.

        In the scope of the use those are the bindings before it, back to one that is made
        whenever the use is reached; elsewhere all of them.
        """
        at = node.start_byte
        index = self._scope_at(at)
        if node.type == "attribute":
            name = self.text(node).rpartition(".")[2]
            return self._scopes[self._class_around(index)].bindings.get(name, []) if self._is_own(node) else []
        name = self.text(node)
        first = index
        while index >= 0:
            scope = self._scopes[index]
            if scope.node.type != "class_definition" or index == first:
                bindings = scope.bindings.get(name)
                if bindings:
                    return _reaching(bindings, at) if index == first else bindings
                position = self._parameter(scope.node, name)
                if position is not None:
                    return Parameter(scope.node, position)
            index = scope.parent
        return []

    def _parameter(self, node: Node, name: str) -> int | None:
        if node.type not in _FUNCTIONS:
            return None
        for position, parameter in enumerate(parameters_of(node)):
            if self.text(parameter_name(parameter)) == name:
                return position
        return None

    def items(self, name: Node) -> Iterator[Item]:
        """What is stored in a dictionary by `name[key] = value`, in the function of the use."""
        yield from self._scopes[self._scope_at(name.start_byte)].items.get(self.text(name), [])

    def updates(self, name: Node) -> Iterator[Node]:
        """What `name.update(…)` adds to it, in the function of the use."""
        for call in self._scopes[self._scope_at(name.start_byte)].updates.get(self.text(name), []):
            yield from arguments_of(call)

    def _around(self, name: Node) -> Iterator[_Scope]:
        """The scopes from a use of a name, or of an attribute of `self`, to that which binds it."""
        index = self._scope_at(name.start_byte)
        if name.type == "attribute":
            if self._is_own(name):
                yield self._scopes[self._class_around(index)]
            return
        text = self.text(name)
        while index >= 0:
            yield self._scopes[index]
            if text in self._scopes[index].bindings or self._parameter(self._scopes[index].node, text) is not None:
                return
            index = self._scopes[index].parent

    def parts(self, name: Node) -> list[Part]:
        """What a name gets of values that are taken apart."""
        key = self.text(name).rpartition(".")[2]
        return [part for scope in self._around(name) for part in scope.parts.get(key, ())]

    def growths(self, name: Node) -> list[Growth]:
        """What is put into the list of a name, wherever the name is known, in the order of the text."""
        key = self.text(name).rpartition(".")[2]
        return [growth for scope in self._around(name) for growth in scope.growths.get(key, ())]

    def results(self, function: Node) -> list[Node]:
        """What a function gives back."""
        return next((scope.returned for scope in self._scopes if scope.node == function), [])

    def method(self, name: str) -> Node | None:
        """The one function of a name, wherever it is defined; None where there are several or none."""
        found = self._methods.get(name, [])
        return found[0] if len(found) == 1 else None

    def is_method(self, function: Node) -> bool:
        index = self._scope_at(function.start_byte)
        return self._scopes[self._scopes[index].parent].node.type == "class_definition"

    def function_at(self, byte: int) -> tuple[int, int]:
        """The byte range of the innermost scope that holds a byte."""
        scope = self._scopes[self._scope_at(byte)]
        return scope.start, scope.end


def _taken_apart(target: Node) -> Iterator[tuple[Node, tuple[int, ...]]]:
    """The names in a target such as `name, (a, b)`, each with its places."""
    pending: list[tuple[Node, tuple[int, ...]]] = [(target, ())]
    while pending:
        node, path = pending.pop()
        if node.type in ("pattern_list", "tuple_pattern", "list_pattern"):
            pending += [(child, (*path, place)) for place, child in enumerate(node.named_children)]
        elif node.type == "identifier" and path:
            yield node, path


def _reaching(bindings: list[Binding], at: int) -> list[Binding]:
    reaching = []
    for binding in reversed(bindings):
        if binding.start < at:
            reaching.append(binding)
            if binding.block[0] <= at < binding.block[1] and not binding.each and not binding.adds:
                break
    return reaching or bindings


def called_name(module: PythonModule, call: Node) -> str:
    """The last part of the name of what is called, "" where it has none."""
    function = call.child_by_field_name("function")
    if function is None:
        return ""
    if function.type == "attribute":
        attribute = function.child_by_field_name("attribute")
        return module.text(attribute) if attribute is not None else ""
    return module.text(function) if function.type == "identifier" else ""


def receiver_of(call: Node) -> Node | None:
    """What a method is called on."""
    function = call.child_by_field_name("function")
    return function.child_by_field_name("object") if function is not None and function.type == "attribute" else None


def arguments_of(call: Node) -> list[Node]:
    """The arguments of a call, with those that are given by keyword."""
    arguments = call.child_by_field_name("arguments")
    if arguments is None or arguments.type != "argument_list":
        return []
    return [argument for argument in arguments.named_children if argument.type != "comment"]


def argument(module: PythonModule, call: Node, position: int, *keywords: str) -> Node | None:
    """The argument at a place or of a keyword."""
    place = 0
    for given in arguments_of(call):
        if given.type == "keyword_argument":
            name = given.child_by_field_name("name")
            if name is not None and module.text(name) in keywords:
                return given.child_by_field_name("value")
        elif given.type in ("list_splat", "dictionary_splat"):
            return None
        else:
            if place == position:
                return given
            place += 1
    return None


def parameters_of(function: Node) -> list[Node]:
    """The parameters of a function or lambda, as nodes, `*` and `/` alone left out."""
    parameters = function.child_by_field_name("parameters")
    if parameters is None:
        return []
    skipped = ("comment", "keyword_separator", "positional_separator")
    return [parameter for parameter in parameters.named_children if parameter.type not in skipped]


def parameter_name(parameter: Node) -> Node:
    """The node of a parameter's name."""
    while parameter.type != "identifier":
        inner = parameter.child_by_field_name("name") or next(iter(parameter.named_children), None)
        if inner is None:
            break
        parameter = inner
    return parameter
