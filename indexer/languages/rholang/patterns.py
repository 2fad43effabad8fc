"""What patterns bind, by the rules of the reference resolver: connectives, references, processes in patterns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.scopes import Group, Scopes
from metta_index.indexer.text.symbols import Role, Use

Task = tuple[Callable[..., None], *tuple[Any, ...]]

BINDS = frozenset({Node.linear_bind, Node.persistent_bind, Node.peek_bind})
SENDS = frozenset({Node.send, Node.persistent_send, Node.sync_send, Node.method_send})
SOURCES = frozenset({Node.receive_send, Node.send_receive, Node.method_receive})
_NAMES = frozenset({Node.quote, Node.variable, Node.wildcard})

#: What a pattern only matches as the process that it is: nothing is computed in it.
_COMPUTED = frozenset(
    {
        Node.logic,
        Node.not_,
        Node.matches,
        Node.comparison,
        Node.concat,
        Node.difference,
        Node.interpolation,
        Node.arithmetic,
        Node.method_call,
        Node.if_,
    }
)


class Patterns:
    """Reads patterns into groups of binders.

    Every method takes a row and does a part of the work; what is to be done below the
    row goes on the stack `todo`, because texts nest deeper than calls may.
    """

    def __init__(self, nodes: Nodes, scopes: Scopes, todo: list[Task]) -> None:
        self.nodes = nodes
        self.scopes = scopes
        self.todo = todo

    def then(self, *tasks: Task) -> None:
        """Puts tasks on the stack: the first is done first."""
        self.todo.extend(reversed(tasks))

    def names(self, row: int, group: Group) -> None:
        """The patterns of one message: the children of `parameters` or `patterns`."""
        self.then(*((self.name, child, group) for child in self.nodes.children(row)))

    def name(self, row: int, group: Group) -> None:
        kind = self.nodes.kinds[row]
        if kind == Node.variable:
            self._variable(row, group, is_process=False)
        elif kind == Node.quote:
            self.then(*((self.process, child, group) for child in self.nodes.children(row)))
        elif kind == Node.name_remainder:
            self._remainder(row, group)
        elif kind != Node.wildcard:
            self.then((self.process, row, group))

    def process(self, row: int, group: Group) -> None:
        kind = self.nodes.kinds[row]
        if kind == Node.variable:
            self._variable(row, group, is_process=True)
            return
        children = self.nodes.children(row)
        if not children:
            return
        if kind in _COMPUTED and not group.inner:
            self.scopes.problem(
                "expression-in-pattern",
                "nothing is computed in a pattern: this matches only an expression that reads the same",
                self.nodes.starts[row],
                self.nodes.ends[row],
            )
        if kind == Node.eval:
            self.then((self.name, children[0], group))
        elif kind in (Node.remainder, Node.name_remainder):
            self._remainder(row, group)
        elif kind == Node.variable_reference:
            self._reference(row, children[0], group)
        elif kind == Node.conjunction:
            self.then(*(task for child in children for task in self._apart(group, child)))
        elif kind == Node.disjunction:
            self._disjunction(row, group)
        elif kind == Node.negation:
            self.then(*self._apart(group, *children))
        elif kind == Node.matches:
            self.then((self.process, children[0], group), *self._apart(group, *children[1:]))
        elif kind in SENDS or kind in SOURCES:
            self.then((self.name, children[0], group), *((self.process, child, group) for child in children[1:]))
        elif kind == Node.for_:
            self._for(row, children, group)
        elif kind == Node.contract:
            self._within(group, row, [(self.name, children[0])], [(self.names, children[1])], children[2:])
        elif kind in (Node.let, Node.concurrent_let):
            self._let(row, children, group)
        elif kind == Node.match:
            self.then((self.process, children[0], group), *((self._case, child, group) for child in children[1:]))
        elif kind == Node.new:
            self._within(group, row, [], [(self._declaration, child) for child in children[:-1]], children[-1:])
        elif kind == Node.bundle:
            self.scopes.problem(
                "bundle-in-pattern",
                "a pattern cannot hold a bundle",
                self.nodes.starts[row],
                self.nodes.ends[row],
            )
            self.then(*((self.process, child, group) for child in children))
        elif kind == Node.quote:
            self.then((self.name, row, group))
        elif kind != Node.method_name:
            self.then(*((self.process, child, group) for child in children))

    def _apart(self, group: Group, *children: int) -> list[Task]:
        """Reads parts of a pattern without the binders before them: a name in both is bound twice."""
        outer: list[int] = []

        def begin() -> None:
            outer.append(group.guard)
            group.guard = len(group.binders)

        def end() -> None:
            group.guard = outer.pop()

        return [(begin,), *((self.process, child, group) for child in children), (end,)]

    def _disjunction(self, row: int, group: Group) -> None:
        """`a \\/ b \\/ c`: each side has to bind the same names, or what follows could not use them."""
        nodes = self.nodes
        sides: list[int] = []
        while nodes.kinds[row] == Node.disjunction and len(children := nodes.children(row)) > 1:
            sides.append(children[1])
            row = children[0]
        sides.append(row)
        sides.reverse()
        variables = [self._variables(side) for side in sides]
        common = set.intersection(*map(set, variables))
        for side in variables:
            for name, start in side.items():
                if name not in common:
                    message = f"`{name.decode()}` is bound on one side of `\\/` only"
                    self.scopes.problem("unmatched-variable", message, start, start + len(name))
        self.then(*self._apart(group, *sides))

    def _variables(self, row: int) -> dict[bytes, int]:
        """The variables of a pattern, each with where it stands first."""
        nodes = self.nodes
        found: dict[bytes, int] = {}
        for inner in range(row, nodes.tails[row]):
            if nodes.kinds[inner] == Node.variable and nodes.kinds[inner - 1] != Node.variable_reference:
                found.setdefault(nodes.bytes_of(inner), nodes.starts[inner])
        return found

    def _variable(self, row: int, group: Group, is_process: bool) -> None:
        name, start = self.nodes.bytes_of(row), self.nodes.starts[row]
        known = group.find(name, guarded=True)
        if known is None:
            self.scopes.bind(group, name, start, is_process)
        else:
            known.is_used = True
            self.scopes.bound[start] = known
            self.scopes.note(name, start, Role.REFERENCE, Use.PATTERN)

    def _remainder(self, row: int, group: Group) -> None:
        self.then(
            *((self.process, child, group) for child in self.nodes.children(row)),
        )

    def _reference(self, row: int, variable: int, group: Group) -> None:
        """`=x` and `=*x`: the value that a name around the pattern has, or one before it in the pattern."""
        nodes = self.nodes
        is_process = b"*" not in nodes.source[nodes.starts[row] : nodes.starts[variable]]
        name, start = nodes.bytes_of(variable), nodes.starts[variable]
        self.scopes.note(name, start, Role.REFERENCE, Use.PATTERN)
        self.scopes.refer(name, start, is_process, group)

    def _within(
        self,
        group: Group,
        row: int,
        before: list[tuple[Callable[..., None], int]],
        binding: list[tuple[Callable[..., None], int]],
        body: list[int],
    ) -> None:
        """A process in a pattern that binds names of its own: they hold in its body only."""
        nested = Group(self.nodes.starts[row], self.nodes.ends[row])

        def open_() -> None:
            for binder in nested.binders:
                group.inner.setdefault(binder.name, []).append(binder)

        def close() -> None:
            for binder in nested.binders:
                group.inner[binder.name].pop()
            self.scopes.finish(nested)

        self.then(
            *((task, child, group) for task, child in before),
            *((task, child, nested) for task, child in binding),
            (open_,),
            *((self.process, child, group) for child in body),
            (close,),
        )

    def _for(self, row: int, children: list[int], group: Group) -> None:
        sources, patterns, rest = [], [], []
        for child in children:
            if self.nodes.kinds[child] != Node.receipt:
                rest.append(child)
                continue
            for bind in self.nodes.children(child):
                parts = self.nodes.children(bind)
                if self.nodes.kinds[bind] not in BINDS:
                    rest.append(bind)
                    continue
                patterns += [(self.names, part) for part in parts if self.nodes.kinds[part] == Node.patterns]
                sources += [(self.name, part) for part in parts if self.nodes.kinds[part] != Node.patterns]
        self._within(group, row, sources, patterns, rest)

    def _let(self, row: int, children: list[int], group: Group) -> None:
        values, patterns = [], []
        for child in children[:-1]:
            left, *right = self.nodes.children(child) or [child]
            reads_value = self.nodes.kinds[child] == Node.let_value
            patterns.append((self.process if reads_value else self.names, left))
            values += [(self.process, part) for part in right]
        self._within(group, row, values, patterns, children[-1:])

    def _case(self, row: int, group: Group) -> None:
        children = self.nodes.children(row)
        self._within(group, row, [], [(self.process, child) for child in children[:1]], children[1:])

    def _declaration(self, row: int, group: Group) -> None:
        for child in self.nodes.children(row):
            if self.nodes.kinds[child] == Node.variable:
                self.scopes.bind(group, self.nodes.bytes_of(child), self.nodes.starts[child], is_process=False)
