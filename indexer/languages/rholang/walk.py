"""Walking the processes of a text: names and processes that are used, whatever binds them."""

from __future__ import annotations

from collections.abc import Callable

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.names import quoted_name
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.patterns import BINDS, SENDS, SOURCES, Patterns, Task
from metta_index.indexer.languages.rholang.scopes import Group, Scopes
from metta_index.indexer.text.symbols import Role, Use

#: What only patterns may hold.
_PATTERN_ONLY = frozenset(
    {
        Node.simple_type,
        Node.wildcard,
        Node.negation,
        Node.conjunction,
        Node.disjunction,
        Node.variable_reference,
        Node.remainder,
        Node.name_remainder,
    }
)

#: What a message has beside the arguments: where to answer, and the name of the method.
_SENT_UNSEEN = {Node.sync_send: 1, Node.send_receive: 1, Node.method_send: 2, Node.method_receive: 2}

#: What runs what is in it, if it runs itself.
_TRANSPARENT = frozenset({Node.source_file, Node.par, Node.block, Node.parenthesized})


class Walker:
    """Walks a text's processes. What is found is in `scopes`.

    `readers`: by kind of node, what reads the processes that bind names; the rest is here.
    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.scopes = Scopes()
        self.todo: list[Task] = []
        self.patterns = Patterns(nodes, self.scopes, self.todo)
        self.then = self.patterns.then
        self.readers: dict[int, Callable[[int, list[int]], None]] = {}

    def run(self) -> None:
        self.then((self.process, 0, Use.EVALUATED))
        todo = self.todo
        while todo:
            function, *arguments = todo.pop()
            function(*arguments)

    def process(self, row: int, use: Use) -> None:
        """A process; `use`: EVALUATED where it runs, DATA where it is sent or computed with."""
        nodes = self.nodes
        kind = nodes.kinds[row]
        if kind == Node.variable:
            self.scopes.use(nodes.bytes_of(row), nodes.starts[row], True, use)
            return
        if kind in _PATTERN_ONLY:
            message = "this means something only in a pattern"
            self.scopes.problem("pattern-outside-pattern", message, nodes.starts[row], nodes.ends[row])
        if kind == Node.uri:
            self.scopes.note(nodes.bytes_of(row)[1:-1], nodes.starts[row] + 1, Role.REFERENCE, Use.DATA)
        children = nodes.children(row)
        if not children:
            return
        if (reader := self.readers.get(kind)) is not None:
            reader(row, children)
        elif kind in SENDS:
            self.send(kind, children)
        elif kind == Node.eval:
            self.then((self.name, children[0], use))
        elif kind == Node.quote:
            self.then((self.name, row, use))
        elif kind == Node.ERROR:
            self.then(*((self.recovered, child) for child in children))
        else:
            inner = use if kind in _TRANSPARENT else Use.EVALUATED if kind == Node.bundle else Use.DATA
            self.then(*((self.process, child, inner) for child in children if nodes.kinds[child] != Node.method_name))

    def send(self, kind: int, children: list[int]) -> None:
        """The name that is sent to, or received from by `c?!`; then what is sent, and what happens next."""
        if not children:  # in a broken text
            return
        nodes = self.nodes
        parts = sum(len(nodes.children(child)) for child in children if nodes.kinds[child] == Node.arguments)
        parts += _SENT_UNSEEN.get(Node(kind), 0)
        use = Use.EVALUATED if kind == Node.receive_send else Use.CALL
        self.then(
            (self.name, children[0], use, -1 if kind == Node.receive_send else parts),
            *((self.rest_of_send, child) for child in children[1:]),
        )

    def name(self, row: int, use: Use, parts: int = -1) -> None:
        """What stands where a name is wanted, as before `!`; `parts`: of the message that is sent to it."""
        nodes = self.nodes
        kind = nodes.kinds[row]
        if kind == Node.variable:
            self.scopes.use(nodes.bytes_of(row), nodes.starts[row], False, use, parts)
        elif kind == Node.quote:
            named = quoted_name(nodes, row)
            if named is not None:
                self.scopes.note(named.name, named.start, Role.REFERENCE, use, parts, named.width)
                if named.inner is not None:
                    self.then((self.process, named.inner, Use.DATA))
            else:
                self.then(*((self.process, child, use) for child in nodes.children(row)))
        else:
            self.then((self.process, row, use))

    def rest_of_send(self, row: int) -> None:
        """What follows the name in a send: a method's name, arguments, and what happens next."""
        kind = self.nodes.kinds[row]
        if kind == Node.method_name:
            self.scopes.note(self.nodes.bytes_of(row), self.nodes.starts[row], Role.REFERENCE, Use.CALL)
        elif kind == Node.arguments:
            self.then(*((self.process, child, Use.DATA) for child in self.nodes.children(row)))
        else:
            self.then((self.process, row, Use.EVALUATED))

    def recovered(self, row: int) -> None:
        """A part of what could not be parsed. What looks like a binder binds, to the end of the text."""
        kind, children = self.nodes.kinds[row], self.nodes.children(row)
        if kind in (Node.patterns, Node.parameters):
            self.then(*((self._stray_name, child) for child in children))
        elif kind == Node.declaration:
            for child in children:
                self._stray_name(child)
        elif kind == Node.receipt or kind in BINDS:
            self.then(*((self.recovered, child) for child in children))
        elif kind in SOURCES:
            self.send(kind, children)
        elif kind == Node.variable:
            # Whether it was a name or a process nobody can say.
            name, start = self.nodes.bytes_of(row), self.nodes.starts[row]
            self.scopes.note(name, start, Role.REFERENCE, Use.DATA)
            for binder in self.scopes.in_force.get(name, ())[-1:]:
                binder.is_used = True
                self.scopes.bound[start] = binder
        elif kind not in (Node.wildcard, Node.method_name, Node.remainder, Node.name_remainder):
            self.then((self.process, row, Use.EVALUATED))

    def _stray_name(self, row: int) -> None:
        group = Group(0, 0)

        def keep() -> None:
            for binder in group.binders:
                binder.is_used = True
                self.scopes.in_force.setdefault(binder.name, []).append(binder)

        if self.nodes.kinds[row] != Node.uri:
            self.then((self.patterns.name, row, group), (keep,))
