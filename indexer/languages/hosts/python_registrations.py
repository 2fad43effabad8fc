"""The names that a Python file registers with MeTTa, as `hyperon.ext` and `hyperon.runner` define it."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import NamedTuple

from tree_sitter import Node

from metta_index.indexer.languages.hosts.findings import Registration
from metta_index.indexer.languages.hosts.names import plain_name, registered_name
from metta_index.indexer.languages.hosts.python_flow import texts
from metta_index.indexer.languages.hosts.python_module import (
    Parameter,
    PythonModule,
    argument,
    called_name,
    parameter_name,
    parameters_of,
    receiver_of,
)
from metta_index.indexer.languages.hosts.python_types import arrow_type, only_text
from metta_index.indexer.text.regions import verbatim
from metta_index.indexer.text.symbols import Flag, Kind

_RETURNING = frozenset({"register_atoms", "register_tokens"})
_CALLED = frozenset({"register_atom", "register_token"})
_OPERATIONS = frozenset({"OperationAtom", "OperationObject"})
_WRAPPERS = frozenset({"G", "GroundedAtom"})

#: Names and helper functions that lead to names and functions are followed this far.
_MOST_STEPS = 6


class _Function(NamedTuple):
    """What a Python function says of the operation that it implements."""

    arity: int = -1
    parameters: tuple[str, ...] = ()
    description: str = ""
    doc_start: int = 0
    doc_end: int = 0


class _Operation(NamedTuple):
    kind: Kind = Kind.TOKEN
    function: _Function = _Function()
    arity: int = -1
    type: str = ""


def registrations(module: PythonModule) -> list[Registration]:
    """All names that a file registers, in its order."""
    reader = _Reader(module)
    for decorated in module.decorated:
        reader.read_decorated(decorated)
    for call in module.calls:
        if called_name(module, call) in _CALLED and receiver_of(call) is not None:
            key, value = (
                argument(module, call, 0, "regex", "regexp", "name"),
                argument(module, call, 1, "symbol", "constr"),
            )
            if key is not None and value is not None:
                reader.add(key, value, call)
    for call in module.calls:
        if called_name(module, call) == "OperationAtom" and call.start_byte not in reader.used:
            name = argument(module, call, 0, "name")
            if name is not None:
                reader.add(name, call, call, is_regex=False)
    return sorted(reader.found.values(), key=lambda found: (found.name_start, found.name))


class _Reader:
    def __init__(self, module: PythonModule) -> None:
        self.module = module
        self.found: dict[tuple[int, bytes], Registration] = {}
        #: Where the operations start that a key registers: their own names are for printing only.
        self.used: set[int] = set()

    def read_decorated(self, decorated: Node) -> None:
        function = decorated.child_by_field_name("definition")
        if function is None or function.type != "function_definition":
            return
        for decorator in decorated.named_children:
            if decorator.type != "decorator" or not decorator.named_children:
                continue
            marker = decorator.named_children[0]
            if marker.type == "call":
                marker = marker.child_by_field_name("function") or marker
            name = self.module.text(marker).rpartition(".")[2]
            if name in _RETURNING:
                for key, value, form in self._returned(function, _MOST_STEPS):
                    self.add(key, value, form)
            elif name == "grounded":
                self._add_grounded(function, decorated)

    def add(self, key: Node, value: Node, form: Node, *, is_regex: bool = True) -> None:
        """One name for every text that the key may have."""
        names = []
        if key.type == "attribute" and self.module.text(key).endswith(".__name__"):
            holder = key.child_by_field_name("object")
            names = [[verbatim(self.module.source, *span)] for span in self._function_names(holder)]
        for text in [*names, *texts(self.module, key)]:
            registered = registered_name(text) if is_regex else plain_name(text)
            if registered is not None:
                name, start, end, flags = registered
                operation = self._operation(value, _MOST_STEPS) or _Operation()
                self._store(name, start, end, flags, form, operation)

    def _add_grounded(self, function: Node, form: Node) -> None:
        name = function.child_by_field_name("name")
        if name is not None:
            text = self.module.source[name.start_byte : name.end_byte]
            operation = _Operation(Kind.FUNCTION, self._function(function, _MOST_STEPS))
            self._store(text, name.start_byte, name.end_byte, Flag.REGISTERED, form, operation)

    def _store(self, name: bytes, start: int, end: int, flags: Flag, form: Node, operation: _Operation) -> None:
        function = operation.function
        arity = operation.arity if operation.arity >= 0 else function.arity
        shown = name.decode("utf-8", "replace")
        if operation.kind == Kind.FUNCTION and arity >= 0 and len(function.parameters) == arity:
            shown = f"({' '.join((shown, *function.parameters))})"
        self.found.setdefault(
            (start, name),
            Registration(
                name,
                operation.kind,
                arity,
                start,
                end,
                form.start_byte,
                form.end_byte,
                flags,
                shown,
                operation.type,
                function.description,
                function.doc_start,
                function.doc_end,
            ),
        )

    def _returned(self, function: Node, steps: int) -> Iterator[tuple[Node, Node, Node]]:
        """The entries of the dictionaries that a function returns."""
        pending = [function.child_by_field_name("body")]
        while pending:
            node = pending.pop()
            if node is None or node.type in ("function_definition", "class_definition", "lambda"):
                continue
            if node.type == "return_statement":
                for value in node.named_children:
                    yield from self._entries(value, steps)
            elif node.type.endswith(("block", "statement", "clause")) or node.type == "decorated_definition":
                pending += reversed(node.named_children)

    def _entries(self, node: Node, steps: int) -> Iterator[tuple[Node, Node, Node]]:
        """(key, value, entry) of a dictionary: a literal, a name, a union, or what a function of the file returns."""
        if not steps:
            return
        module = self.module
        match node.type:
            case "dictionary":
                for entry in node.named_children:
                    key, value = entry.child_by_field_name("key"), entry.child_by_field_name("value")
                    if entry.type == "pair" and key is not None and value is not None:
                        yield key, value, entry
                    elif entry.type == "dictionary_splat":
                        yield from self._entries(entry.named_children[0], steps - 1)
            case "identifier":
                bound = module.lookup(node)
                for binding in [] if isinstance(bound, Parameter) else bound:
                    yield from self._entries(binding.value, steps - 1)
                for item in module.items(node):
                    yield item.key, item.value, item.form
                for given in module.updates(node):
                    yield from self._entries(given, steps - 1)
            case "binary_operator" | "conditional_expression" | "parenthesized_expression" | "boolean_operator":
                for part in node.named_children:
                    yield from self._entries(part, steps - 1)
            case "call":
                callee = node.child_by_field_name("function")
                if callee is not None and callee.type == "identifier":
                    for function in self._functions(callee):
                        yield from self._returned(function, steps - 1)

    def _operation(self, node: Node, steps: int) -> _Operation | None:
        """The operation that an expression makes; None where it makes none that the file shows."""
        if not steps:
            return None
        module = self.module
        match node.type:
            case "call":
                name = called_name(module, node)
                if name in _OPERATIONS:
                    self.used.add(node.start_byte)
                    return self._operation_of_call(node)
                if name in _WRAPPERS and (wrapped := argument(module, node, 0)) is not None:
                    return self._operation(wrapped, steps - 1)
            case "lambda" if (body := node.child_by_field_name("body")) is not None:
                return self._operation(body, steps - 1)
            case "identifier" | "attribute":
                bound = module.lookup(node)
                for binding in [] if isinstance(bound, Parameter) else bound:
                    operation = self._operation(binding.value, steps - 1)
                    if operation is not None:
                        return operation
            case "parenthesized_expression" if node.named_children:
                return self._operation(node.named_children[0], steps - 1)
        return None

    def _operation_of_call(self, call: Node) -> _Operation:
        implementation = argument(self.module, call, 1, "op")
        function = _Function() if implementation is None else self._function(implementation, _MOST_STEPS)
        types = argument(self.module, call, 2, "type_names")
        if types is None or called_name(self.module, call) != "OperationAtom":
            return _Operation(Kind.FUNCTION, function)
        count, text = arrow_type(self.module, types)
        return _Operation(Kind.FUNCTION, function, count - 1, text)

    def _functions(self, name: Node) -> list[Node]:
        bound = self.module.lookup(name)
        if isinstance(bound, Parameter):
            return []
        return [binding.value for binding in bound if binding.value.type == "function_definition"]

    def _function_names(self, name: Node | None) -> Iterator[tuple[int, int]]:
        for function in self._functions(name) if name is not None and name.type == "identifier" else []:
            named = function.child_by_field_name("name")
            if named is not None:
                yield named.start_byte, named.end_byte

    def _function(self, node: Node, steps: int) -> _Function:
        module = self.module
        if not steps:
            return _Function()
        match node.type:
            case "function_definition":
                return self._signature(node, 1 if module.is_method(node) and not self._is_static(node) else 0)
            case "lambda":
                return self._signature(node, 0)
            case "identifier":
                bound = module.lookup(node)
                if not isinstance(bound, Parameter) and bound:
                    return self._function(bound[0].value, steps - 1)
            case "attribute":
                method = module.method(module.text(node).rpartition(".")[2])
                return _Function() if method is None else self._function(method, steps - 1)
        return _Function()

    def _is_static(self, function: Node) -> bool:
        around = function.parent
        return (
            around is not None
            and around.type == "decorated_definition"
            and any(self.module.text(child) == "@staticmethod" for child in around.named_children)
        )

    def _signature(self, function: Node, skipped: int) -> _Function:
        """Parameters after the first `skipped`; of optional ones and `*args` the number is not known."""
        parameters = parameters_of(function)[skipped:]
        names = tuple(self.module.text(parameter_name(parameter)) for parameter in parameters)
        open_ended = any("default" in parameter.type or _is_splat(parameter) for parameter in parameters)
        return _Function(-1 if open_ended else len(names), names, *self._docstring(function))

    def _docstring(self, function: Node) -> tuple[str, int, int]:
        body = function.child_by_field_name("body")
        first = next((child for child in body.named_children if child.type != "comment"), None) if body else None
        if function.type != "function_definition" or first is None or not first.named_children:
            return "", 0, 0
        string = first.named_children[0]
        if first.type != "expression_statement" or string.type not in ("string", "concatenated_string"):
            return "", 0, 0
        text = only_text(self.module, string)
        return (cleandoc(text), string.start_byte, string.end_byte) if text else ("", 0, 0)


def _is_splat(parameter: Node) -> bool:
    if parameter.type == "typed_parameter":
        parameter = parameter.named_children[0]
    return parameter.type in ("list_splat_pattern", "dictionary_splat_pattern")
