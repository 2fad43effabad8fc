"""Text that reaches a channel which takes MeTTa: through names, messages, contracts, `let` and `match`.

Every process of a text may run, in any order and any number of times, so the
analysis asks for each name what it can ever be: the literals, channels and
collections that reach it by any way. A message goes to everything that listens on a
channel that its name can be, if the number of parts and the literals agree. A name
is one name wherever it is used, however often its scope is entered (Shivers, 0-CFA). All of
it is one list of things to do whenever a name gets a value; it ends, because there are
finitely many names and values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from metta_index.indexer.languages.hosts.shape import is_metta
from metta_index.indexer.languages.rholang.channels import Channels, uris
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.messages import (
    Answer,
    Listener,
    Message,
    Pattern,
    further,
    listeners,
    messages,
    split,
)
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.scopes import Binder, Scopes
from metta_index.indexer.languages.rholang.texts import known_text, operands, segments
from metta_index.indexer.languages.rholang.values import (
    COLLECTIONS,
    Channel,
    Items,
    Origin,
    Origins,
    Text,
    Value,
    item_rows,
)
from metta_index.indexer.text.regions import text_of

#: Values that get somewhere and messages that meet a receiver. Programs have some thousands; generated ones where
#: everything is sent to everything have millions: there what comes after this many, and some a node, is not followed.
_MOST_STEPS = 300_000
_MOST_STEPS_A_NODE = 4

#: Methods of collections that give an item.
_ITEM_METHODS = frozenset({b"get", b"getOrElse", b"nth"})

_IN_PATTERN = frozenset({Node.quote, Node.eval, Node.block, Node.parenthesized, Node.conjunction, Node.disjunction})

_Action = Callable[[Value], None]


def flowing_texts(nodes: Nodes, scopes: Scopes, channels: Channels) -> list[int]:
    """The rows of texts that reach a channel which takes MeTTa and hold a list, in their order.

    A word without a list says nothing, and where one contract serves many callers it is most often a label.
    """
    flow = Flow(nodes, scopes, channels)
    flow.run()
    return sorted(row for row in flow.found if b"(" in known_text(segments(nodes, row)))


class Flow:
    """The values of names. `found`: the rows of texts that reach MeTTa; `steps`: how much was looked at."""

    def __init__(self, nodes: Nodes, scopes: Scopes, channels: Channels) -> None:
        self.nodes = nodes
        self.scopes = scopes
        self.channels = channels
        self.origins = Origins(nodes, scopes.bound)
        self.found: set[int] = set()
        self.steps = 0
        self.most_steps = _MOST_STEPS + _MOST_STEPS_A_NODE * len(nodes.kinds)
        self._values: defaultdict[Binder | int, dict[Value, None]] = defaultdict(dict)
        self._watchers: defaultdict[Binder | int, list[_Action]] = defaultdict(list)
        self._todo: list[tuple[_Action, Value]] = []
        self._sent: defaultdict[object, dict[Message, None]] = defaultdict(dict)
        self._listening: defaultdict[object, dict[Listener, None]] = defaultdict(dict)
        self._bindings: set[tuple[Pattern, Origin]] = set()
        self._taken: set[Value] = set()

    def run(self) -> None:
        nodes, origins = self.nodes, self.origins
        for binder, uri in uris(nodes, self.scopes.bound):
            self._add(binder, Channel(b"`" + uri + b"`" if uri is not None else binder))
        for listener in listeners(nodes, self.scopes, origins):
            self._watch(listener.name, partial(self._listen, listener))
        for message in messages(nodes, origins):
            self._watch(message.name, partial(self._send, message))
        for row, kind in enumerate(nodes.kinds):
            if kind in (Node.let_binding, Node.let_value):
                self._let(nodes.children(row))
            elif kind == Node.match:
                self._match(nodes.children(row))
            elif kind == Node.method_call:
                self._method_call(row, nodes.children(row))
            elif kind == Node.agent:
                for binder in self.scopes.unwritten.get(row, ()):
                    self._add(binder, Channel(binder))
        while self._todo and self.steps < self.most_steps:
            action, value = self._todo.pop()
            action(value)

    def _watch(self, origin: Origin, action: _Action) -> None:
        """Has something done with each value that an origin has or gets."""
        if isinstance(origin, Binder | int):
            self._watchers[origin].append(action)
            self._plan((action, value) for value in self._values[origin])
        elif origin is not None:
            self._plan([(action, origin)])

    def _add(self, name: Binder | int, value: Value) -> None:
        values = self._values[name]
        if value not in values:
            values[value] = None
            self._plan((action, value) for action in self._watchers[name])

    def _plan(self, tasks: Iterable[tuple[_Action, Value]]) -> None:
        before = len(self._todo)
        self._todo.extend(tasks)
        self.steps += len(self._todo) - before

    def _let(self, children: list[int]) -> None:
        if len(children) < 2:
            return
        left, *right = children
        if self.nodes.kinds[left] != Node.patterns:
            self._bind(left, self.origins.of(right[0]))
            return
        patterns, rest = split(self.nodes, left)
        for pattern, value in zip(patterns, self.nodes.children(right[0]), strict=False):
            self._bind(pattern, self.origins.of(value))
        if rest >= 0:
            self._rest(rest, Items(right[0], len(patterns)))

    def _match(self, children: list[int]) -> None:
        for case in children[1:]:
            if self.nodes.kinds[case] == Node.case and (parts := self.nodes.children(case)):
                self._bind(parts[0], self.origins.of(children[0]))

    def _method_call(self, row: int, children: list[int]) -> None:
        """`xs.nth(0)`, `map.getOrElse(key, otherwise)`: any item, or what is given for none."""
        nodes = self.nodes
        if len(children) != 3 or nodes.bytes_of(children[1]) not in _ITEM_METHODS:
            return
        self._watch(self.origins.of(children[0]), partial(self._items, partial(self._add, row)))
        for otherwise in nodes.children(children[2])[1:]:
            self._watch(self.origins.of(otherwise), partial(self._add, row))

    def _items(self, action: _Action, value: Value) -> None:
        """Does something with each item of a collection, of a map with each value."""
        if isinstance(value, Items):
            for item in item_rows(self.nodes, value):
                is_pair = self.nodes.kinds[item] == Node.pair
                self._watch(self.origins.of(self.nodes.children(item)[-1] if is_pair else item), action)

    def _listen(self, listener: Listener, value: Value) -> None:
        channel = self.origins.channel(value)
        if channel is None or listener in (listening := self._listening[channel.key]):
            return
        listening[listener] = None
        for message in self._sent[channel.key]:
            self._deliver(message, listener)

    def _send(self, message: Message, value: Value) -> None:
        channel = self.origins.channel(value)
        if channel is None or message in (sent := self._sent[channel.key]):
            return
        sent[message] = None
        if isinstance(channel.key, bytes) and self.channels.takes_metta(channel.key.strip(b'`"')):
            for part in message.parts:
                self._watch(part, self._take)
        for listener in self._listening[channel.key]:
            self._deliver(message, listener)

    def _deliver(self, message: Message, listener: Listener) -> None:
        patterns = listener.patterns
        left = len(message.parts) - len(patterns)
        self.steps += 1
        if left < 0 or (left > 0 and listener.rest < 0):
            return
        if not all(map(self._may_match, patterns, message.parts)):
            return
        for pattern, part in zip(patterns, message.parts, strict=False):
            self._bind(pattern, part)
        if listener.rest >= 0 and (items := further(message, len(patterns))) is not None:
            self._rest(listener.rest, items)

    def _may_match(self, pattern: Pattern, part: Origin) -> bool:
        """Whether literals on both sides are the same."""
        expected = self._literal(self.origins.of(pattern) if isinstance(pattern, int) else pattern)
        if expected is None:
            return True
        given = self._literal(part)
        return given == expected or (given is None and not isinstance(part, Items))

    def _literal(self, origin: Origin | Answer) -> bytes | None:
        """What a literal is; None for what may be anything, and for collections."""
        if isinstance(origin, Text):
            return self.origins.ground(origin.row)
        return origin.key if isinstance(origin, Channel) and isinstance(origin.key, bytes) else None

    def _bind(self, pattern: Pattern, origin: Origin) -> None:
        """Gives the names of a pattern the values that match there."""
        if origin is None or (pattern, origin) in self._bindings:
            return
        self._bindings.add((pattern, origin))
        if isinstance(pattern, Answer):
            self._watch(origin, partial(self._send, Message(None, (pattern.this,), -1, 0)))
        elif isinstance(pattern, Binder):
            self._watch(origin, partial(self._add, pattern))
        elif isinstance(pattern, int):
            self._bind_rows(pattern, origin)

    def _bind_rows(self, pattern: int, origin: Origin) -> None:
        todo = [pattern]
        while todo:
            row = todo.pop()
            kind = self.nodes.kinds[row]
            if kind == Node.variable:
                binder = self.scopes.bound.get(self.nodes.starts[row])
                if binder is not None:
                    self._watch(origin, partial(self._add, binder))
            elif kind in COLLECTIONS:
                self._watch(origin, partial(self._take_apart, row))
            elif kind in _IN_PATTERN:
                todo += self.nodes.children(row)

    def _rest(self, remainder: int, items: Items) -> None:
        """Gives a remainder, `...xs`, what it takes."""
        for name in self.nodes.children(remainder):
            self._bind(name, items)

    def _take_apart(self, pattern: int, value: Value) -> None:
        """Matches a collection with a pattern of one."""
        nodes = self.nodes
        if not isinstance(value, Items) or not self._is_alike(nodes.kinds[pattern], nodes.kinds[value.row]):
            return
        patterns, rest = split(nodes, pattern)
        items = item_rows(nodes, value)
        if nodes.kinds[pattern] in (Node.list, Node.tuple):
            # What is left of a list that is gone through item by item ends with it.
            if len(patterns) > len(items) or (len(patterns) < len(items) and rest < 0):
                return
            for one, item in zip(patterns, items, strict=False):
                self._bind(one, self.origins.of(item))
            if rest >= 0:
                self._rest(rest, Items(value.row, value.skipped + len(patterns)))
            return
        for one in patterns:
            for item in items:
                self._bind_unordered(one, item)
        if rest >= 0:
            self._rest(rest, value)

    def _is_alike(self, pattern: int, value: int) -> bool:
        return pattern == value or (pattern == Node.list and value in (Node.arguments, Node.values))

    def _bind_unordered(self, pattern: int, item: int) -> None:
        """Matches an item of a set with a pattern of any, or a pair of a map with that of the same key."""
        nodes = self.nodes
        if nodes.kinds[pattern] != Node.pair or nodes.kinds[item] != Node.pair:
            self._bind(pattern, self.origins.of(item))
            return
        wanted, given = nodes.children(pattern), nodes.children(item)
        if self._may_match(wanted[0], self.origins.of(given[0])):
            for one, part in zip(wanted, given, strict=False):
                self._bind(one, self.origins.of(part))

    def _take(self, value: Value) -> None:
        """What reaches MeTTa: a text, or texts in a collection."""
        if value in self._taken:
            return
        self._taken.add(value)
        self._items(self._take, value)
        if isinstance(value, Text):
            self.found.add(value.row)
            for operand in operands(self.nodes, value.row):
                if self.nodes.kinds[operand.row] != Node.string:
                    self._watch(self.origins.of(operand.row), self._take_part)

    def _take_part(self, value: Value) -> None:
        """What is joined to a text of MeTTa may be anything that stands in MeTTa: whole forms are of interest."""
        if isinstance(value, Text) and is_metta(text_of(segments(self.nodes, value.row))):
            self.found.add(value.row)
