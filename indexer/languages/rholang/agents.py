"""Agents: what is in scope in their members, and which members they must have.

An agent is written for a persistent `for` on its name that takes the constructor's
parameters, makes the names `this` and `private`, and answers messages to them by
matching: so the constructor's parameters hold in all members, and every member has
names that nobody wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.patterns import Patterns, Task
from metta_index.indexer.languages.rholang.scopes import Binder, Group
from metta_index.indexer.text.symbols import Role, Use

MEMBERS = frozenset({Node.constructor, Node.method, Node.private_method, Node.default})


class Agents:
    def __init__(self, patterns: Patterns, process: Callable[[int, Use], None]) -> None:
        self.patterns = patterns
        self.nodes = patterns.nodes
        self.scopes = patterns.scopes
        self.process = process

    def read(self, row: int, members: list[int]) -> None:
        """The members of the agent at a row. The name of the agent is not among them."""
        nodes = self.nodes
        self._check(row, [member for member in members if nodes.kinds[member] in MEMBERS])
        whole, unwritten = self._groups(row, Binder(b"this", -1, False), Binder(b"private", -1, False))
        constructors = [member for member in members if nodes.kinds[member] == Node.constructor]
        self.patterns.then(
            *((self.patterns.names, parameters, whole) for one in constructors for parameters in self._parameters(one)),
            (self.scopes.enter, unwritten),
            (self.scopes.enter, whole),
            *((self._member, member) for member in members),
            (self.scopes.leave, whole),
            (self.scopes.leave, unwritten),
        )

    def _groups(self, row: int, *unwritten: Binder) -> tuple[Group, Group]:
        """A group for what is written as parameters, and one around it for the names that nobody wrote."""
        start, end = self.nodes.starts[row], self.nodes.ends[row]
        self.scopes.unwritten[row] = list(unwritten)
        return Group(start, end), Group(start, end, list(unwritten))

    def _parameters(self, member: int) -> list[int]:
        return [child for child in self.nodes.children(member) if self.nodes.kinds[child] == Node.parameters]

    def _member(self, row: int) -> None:
        nodes = self.nodes
        kind = nodes.kinds[row]
        if kind not in MEMBERS:
            self.patterns.then((self.process, row, Use.EVALUATED))
            return
        group, unwritten = self._groups(row, Binder(b"args", -1, True), Binder(b"return", -1, False))
        parameters: list[Task] = []
        bodies: list[Task] = []
        for child in nodes.children(row):
            if nodes.kinds[child] == Node.method_name:
                self.scopes.note(nodes.bytes_of(child), nodes.starts[child], Role.DEFINITION, Use.DATA)
            elif nodes.kinds[child] != Node.parameters:
                bodies.append((self.process, child, Use.EVALUATED))
            elif kind != Node.constructor:
                parameters.append((self.patterns.names, child, group))
        self.patterns.then(
            *parameters,
            (self.scopes.enter, unwritten),
            (self.scopes.enter, group),
            *bodies,
            (self.scopes.leave, group),
            (self.scopes.leave, unwritten),
        )

    def _check(self, row: int, members: list[int]) -> None:
        """One constructor, a default for each sort of method, no method twice."""
        nodes = self.nodes
        counts: Counter[str] = Counter()
        seen: set[tuple[int, bytes]] = set()
        for member in members:
            kind = nodes.kinds[member]
            is_private = nodes.source.startswith(b"private", nodes.starts[member])
            label = "private default" if kind == Node.default and is_private else Node(kind).name.replace("_", " ")
            counts[label] += 1
            for child in nodes.children(member):
                if nodes.kinds[child] == Node.method_name:
                    key = kind, nodes.bytes_of(child)
                    if key in seen:
                        self._problem("duplicate-member", "this agent has such a method already", child, child)
                    seen.add(key)
            if counts[label] == 2 and label not in ("method", "private method"):
                self._problem("duplicate-member", f"an agent has one {label}", member, member)
        wanted = ["constructor", "default"] + (["private default"] if counts["private method"] else [])
        for label in wanted:
            if not counts[label]:
                name = nodes.children(row)[0]
                self._problem("missing-member", f"this agent has no {label}", name, name)

    def _problem(self, code: str, message: str, first: int, last: int) -> None:
        self.scopes.problem(code, message, self.nodes.starts[first], self.nodes.ends[last])
