"""Which names a text binds and which it uses, where: the scopes of Rholang's processes.

The rules are those of the reference resolver (rholang-rs, rholang-lib/src/sem/resolver):
a contract's name and the sources of a `for` belong to what is around, each receipt
sees the ones before it, all guards see all of them; the values of a sequential `let`
see the bindings before them, those of a concurrent one do not.
"""

from __future__ import annotations

from metta_index.indexer.languages.rholang.agents import Agents
from metta_index.indexer.languages.rholang.definitions import arity_of
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.names import quoted_name
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.patterns import BINDS, SOURCES, Task
from metta_index.indexer.languages.rholang.scopes import Group
from metta_index.indexer.languages.rholang.walk import Walker
from metta_index.indexer.text.symbols import Role, Use

_LETS = frozenset({Node.let_binding, Node.let_value})


class Resolver(Walker):
    """Reads what binds names."""

    def __init__(self, nodes: Nodes) -> None:
        super().__init__(nodes)
        self.agents = Agents(self.patterns, self.process)
        self.readers = {
            Node.new: self._new,
            Node.contract: self._contract,
            Node.for_: self._for,
            Node.select: self._select,
            Node.match: self._match,
            Node.let: self._let,
            Node.concurrent_let: self._let,
            Node.matches: self._matches,
            Node.if_: self._if,
            Node.agent: self._agent,
        }

    def group(self, first: int, last: int) -> Group:
        """A group whose names hold from the start of one row to the end of another."""
        return Group(self.nodes.starts[first], self.nodes.ends[last])

    def _new(self, row: int, children: list[int]) -> None:
        nodes = self.nodes
        group = self.group(row, row)
        declarations = [child for child in children if nodes.kinds[child] == Node.declaration]
        for declaration in declarations:
            for part in nodes.children(declaration):
                if nodes.kinds[part] == Node.variable:
                    self.scopes.bind(group, nodes.bytes_of(part), nodes.starts[part], is_process=False)
                    self.scopes.refuse_duplicates(group, len(group.binders) - 1, "by this `new`")
                elif nodes.kinds[part] == Node.uri:
                    self.scopes.note(nodes.bytes_of(part)[1:-1], nodes.starts[part] + 1, Role.IMPORT, Use.DATA)
        self.scopes.enter(group)
        body = children[len(declarations) :]
        self.then(*((self.process, child, Use.EVALUATED) for child in body), (self.scopes.leave, group))

    def _contract(self, row: int, children: list[int]) -> None:
        name, rest = children[0], children[1:]
        has_head = bool(rest) and self.nodes.kinds[rest[0]] == Node.parameters
        self._defined_name(name, arity_of(self.nodes, rest[0]) if has_head else -1)
        if not has_head:
            self.then(*((self.recovered, child) for child in rest))
            return
        group = self.group(rest[0], row)
        self.then(
            (self.patterns.names, rest[0], group),
            (self.scopes.enter, group),
            *((self.process, child, Use.EVALUATED) for child in rest[1:]),
            (self.scopes.leave, group),
        )

    def _defined_name(self, row: int, parts: int = -1) -> None:
        """The name that a contract or an agent listens to: its definition, and a use of what binds it."""
        nodes = self.nodes
        if nodes.kinds[row] == Node.variable:
            name, start = nodes.bytes_of(row), nodes.starts[row]
            self.scopes.note(name, start, Role.DEFINITION, Use.DATA, parts)
            self.scopes.refer(name, start, is_process=False)
        elif nodes.kinds[row] == Node.quote and (named := quoted_name(nodes, row)) is not None:
            self.scopes.note(named.name, named.start, Role.DEFINITION, Use.DATA, parts, named.width)
            if named.inner is not None:
                self.then((self.process, named.inner, Use.DATA))
        else:
            self.name(row, Use.EVALUATED)

    def _for(self, row: int, children: list[int]) -> None:
        receipts = [child for child in children if self.nodes.kinds[child] == Node.receipt]
        rest = [child for child in children if self.nodes.kinds[child] != Node.receipt]
        groups = [self.group(receipt, row) for receipt in receipts]
        guards = [
            guard
            for receipt in receipts
            for guard in self.nodes.children(receipt)
            if self.nodes.kinds[guard] == Node.guard
        ]
        self.then(
            *((self._receipt, receipt, group) for receipt, group in zip(receipts, groups, strict=True)),
            *((self.process, guard, Use.DATA) for guard in guards),
            *((self.process, child, Use.EVALUATED) for child in rest),
            *((self.scopes.leave, group) for group in reversed(groups)),
        )

    def _receipt(self, row: int, group: Group) -> None:
        """Sources, then patterns; then what they bind holds."""
        nodes = self.nodes
        sources: list[Task] = []
        patterns: list[Task] = []
        for bind in nodes.children(row):
            if nodes.kinds[bind] == Node.guard:
                continue
            for part in nodes.children(bind) if nodes.kinds[bind] in BINDS else [bind]:
                if nodes.kinds[part] == Node.patterns:
                    patterns.append((self._joined, part, group))
                else:
                    sources.append((self._source, part))
                    group.gaps += (nodes.starts[part], nodes.ends[part])
        self.then(*sources, *patterns, (self.scopes.enter, group))

    def _joined(self, row: int, group: Group) -> None:
        """The patterns of one message among those that are received together: they share no names."""
        before = len(group.binders)
        self.then(
            (setattr, group, "guard", before),
            (self.patterns.names, row, group),
            (setattr, group, "guard", 0),
            (self.scopes.refuse_duplicates, group, before, "by what is received together"),
        )

    def _source(self, row: int) -> None:
        kind, children = self.nodes.kinds[row], self.nodes.children(row)
        if kind in SOURCES:
            self.send(kind, children)
        elif kind == Node.ERROR:
            self.then((self.process, row, Use.EVALUATED))
        else:
            self.then((self.name, row, Use.EVALUATED))

    def _select(self, row: int, children: list[int]) -> None:
        for branch in reversed(children):
            parts = self.nodes.children(branch)
            if self.nodes.kinds[branch] == Node.branch:
                self._for(branch, parts)
            else:
                self.then((self.recovered, branch))

    def _match(self, row: int, children: list[int]) -> None:
        self.then((self.process, children[0], Use.DATA), *((self._case, child) for child in children[1:]))

    def _case(self, row: int) -> None:
        children = self.nodes.children(row)
        if self.nodes.kinds[row] != Node.case:
            self.then((self.recovered, row))
            return
        group = self.group(row, row)
        self.then(
            (self.patterns.process, children[0], group),
            (self.scopes.enter, group),
            *((self.process, child, Use.EVALUATED) for child in children[1:]),
            (self.scopes.leave, group),
        )

    def _matches(self, row: int, children: list[int]) -> None:
        tasks: list[Task] = [(self.process, children[0], Use.DATA)]
        for pattern in children[1:]:
            # What the pattern binds holds nowhere else; that it is not used is no fault.
            group = self.group(pattern, pattern)
            tasks += [(self.patterns.process, pattern, group), (self._forget, group)]
        self.then(*tasks)

    def _forget(self, group: Group) -> None:
        for binder in group.binders:
            binder.is_used = True
        self.scopes.finish(group)

    def _let(self, row: int, children: list[int]) -> None:
        nodes = self.nodes
        bindings = [child for child in children if nodes.kinds[child] in _LETS]
        body: list[Task] = [
            (self.process, child, Use.EVALUATED) for child in children if nodes.kinds[child] not in _LETS
        ]
        values: list[list[Task]] = []
        patterns: list[list[Task]] = []
        groups: list[Group] = []
        is_concurrent = nodes.kinds[row] == Node.concurrent_let
        shared = self.group(bindings[0] if bindings else row, row)
        for binding in bindings:
            left, *right = nodes.children(binding)
            group = shared if is_concurrent else self.group(binding, row)
            for part in right:
                group.gaps += (nodes.starts[part], nodes.ends[part])
            values.append([(self.process, part, Use.DATA) for part in right])
            if nodes.kinds[left] == Node.patterns:
                patterns.append([(self._joined, left, group)])
            else:
                patterns.append([(self.patterns.process, left, group)])
            self._compare_arity(binding, left, right)
            groups.append(group)
        if is_concurrent:
            before = [task for tasks in (*values, *patterns) for task in tasks]
            self.then(*before, (self.scopes.enter, shared), *body, (self.scopes.leave, shared))
            return
        tasks: list[Task] = []
        for value, pattern, group in zip(values, patterns, groups, strict=True):
            tasks += [*value, *pattern, (self.scopes.enter, group)]
        self.then(*tasks, *body, *((self.scopes.leave, group) for group in reversed(groups)))

    def _compare_arity(self, binding: int, left: int, right: list[int]) -> None:
        nodes = self.nodes
        if nodes.kinds[left] != Node.patterns or not right or nodes.kinds[right[0]] != Node.values:
            return
        patterns, values = nodes.children(left), nodes.children(right[0])
        is_open = bool(patterns) and nodes.kinds[patterns[-1]] == Node.name_remainder
        wanted = len(patterns) - is_open
        if len(values) < wanted or (len(values) > wanted and not is_open):
            message = f"{wanted} names for {len(values)} values"
            self.scopes.problem("let-arity", message, nodes.starts[binding], nodes.ends[binding])

    def _if(self, row: int, children: list[int]) -> None:
        self.then(
            (self.process, children[0], Use.DATA), *((self.process, child, Use.EVALUATED) for child in children[1:])
        )

    def _agent(self, row: int, children: list[int]) -> None:
        self._defined_name(children[0])
        self.agents.read(row, children[1:])
