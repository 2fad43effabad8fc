"""Who sends what on which name, and who receives it: the processes of a text, agents' sugar taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from metta_index.indexer.languages.rholang.agents import MEMBERS
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.patterns import BINDS, SENDS, SOURCES
from metta_index.indexer.languages.rholang.scopes import Scopes
from metta_index.indexer.languages.rholang.values import Channel, Items, Origin, Origins, text_key

_ANSWERED = frozenset({Node.sync_send, Node.method_send, Node.send_receive, Node.method_receive})
_REMAINDERS = frozenset({Node.remainder, Node.name_remainder})


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """What is sent on a name. `arguments`: the row of the parts that are written; `hidden`: how many precede them."""

    name: Origin
    parts: tuple[Origin, ...]
    arguments: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The place of the name to answer to, in what a constructor receives; `this`: what it answers."""

    this: Channel


#: A pattern: its row, or a name that nobody wrote, or the value that it has to be.
Pattern = int | Origin | Answer


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """What waits for messages on a name. `rest`: the row of the remainder that takes further parts; -1 without one."""

    name: Origin
    patterns: tuple[Pattern, ...]
    rest: int


def messages(nodes: Nodes, origins: Origins) -> Iterator[Message]:
    """Every send of a text. What waits for an answer sends along a name of its own, called by its row."""
    for row, kind in enumerate(nodes.kinds):
        if kind not in SENDS and kind not in SOURCES:
            continue
        hidden: list[Origin] = [answer_to(row)] if kind in _ANSWERED else []
        name, *rest = nodes.children(row) or [row]
        for part in rest:
            if nodes.kinds[part] == Node.method_name:
                hidden.append(Channel(text_key(nodes.bytes_of(part))))
            elif nodes.kinds[part] == Node.arguments:
                written = [origins.of(argument) for argument in nodes.children(part)]
                yield Message(origins.of(name), (*hidden, *written), part, len(hidden))


def answer_to(row: int) -> Channel:
    """The name that the answer to a send comes back on."""
    return Channel(row)


def listeners(nodes: Nodes, scopes: Scopes, origins: Origins) -> Iterator[Listener]:
    """Everything that receives and binds something, in the order of the text."""
    for row, kind in enumerate(nodes.kinds):
        if kind == Node.contract:
            children = nodes.children(row)
            if len(children) > 1 and nodes.kinds[children[1]] == Node.parameters:
                yield _listener(nodes, origins.of(children[0]), (), children[1])
        elif kind in BINDS:
            yield from _bind(nodes, origins, nodes.children(row))
        elif kind == Node.agent and row in scopes.unwritten:
            yield from _agent(nodes, scopes, origins, row)


def _listener(nodes: Nodes, name: Origin, before: tuple[Pattern, ...], row: int, after: int = 0) -> Listener:
    """What takes the patterns that are the children of a row, with others before and after them."""
    patterns, rest = split(nodes, row)
    return Listener(name, (*before, *patterns, *(None for _ in range(after))), rest)


def split(nodes: Nodes, row: int) -> tuple[list[int], int]:
    """The children of a row, and that which takes what is left; -1 where none does."""
    children = nodes.children(row)
    if children and nodes.kinds[children[-1]] in _REMAINDERS:
        return children[:-1], children[-1]
    return children, -1


def _bind(nodes: Nodes, origins: Origins, parts: list[int]) -> Iterator[Listener]:
    if len(parts) != 2 or nodes.kinds[parts[0]] != Node.patterns:
        return
    patterns, source = parts
    kind = nodes.kinds[source]
    if kind in _ANSWERED:
        yield _listener(nodes, answer_to(source), (), patterns)
    elif kind == Node.receive_send:
        # The name to answer to comes with the message, and nobody wrote a pattern for it.
        for name in nodes.children(source):
            yield _listener(nodes, origins.of(name), (), patterns, after=1)
    else:
        yield _listener(nodes, origins.of(source), (), patterns)


def _agent(nodes: Nodes, scopes: Scopes, origins: Origins, row: int) -> Iterator[Listener]:
    """A `for` on the agent's name, which answers with `this`; and what listens to `this` and `private`."""
    name, *members = nodes.children(row)
    this, private = scopes.unwritten[row]
    for member in members:
        kind = nodes.kinds[member]
        parts = {nodes.kinds[part]: part for part in nodes.children(member)}
        if kind not in MEMBERS or Node.parameters not in parts:
            continue
        if kind == Node.constructor:
            yield _listener(nodes, origins.of(name), (Answer(Channel(this)),), parts[Node.parameters])
        elif Node.method_name in parts:
            called = Channel(text_key(nodes.bytes_of(parts[Node.method_name])))
            _arguments, answer = scopes.unwritten[member]
            listens_to = Channel(private if kind == Node.private_method else this)
            yield _listener(nodes, listens_to, (answer, called), parts[Node.parameters])


def further(message: Message, taken: int) -> Items | None:
    """The parts of a message after the first `taken`; None where they are not all written in one place."""
    return Items(message.arguments, taken - message.hidden) if taken >= message.hidden else None
