"""Who imports whom: what a document reaches and what reaches it, circles and duplicates."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

#: The space of the importing document itself.
SELF = "&self"

_INCLUDE = "include"
#: How many steps the search for circles may take for each edge of a component; see `cycles`.
_STEPS_PER_EDGE = 32


class Edge(NamedTuple):
    """One import that leads to a document. `into`: the space as written, "" where the form has none.

    `start`: the byte of the form in `source`. `module`: the name as written. `has_global_spaces`:
    in the dialect of the source a name of a space means the same in every document: PeTTa's
    `&self` is that of the program that runs, not of the document.
    Imports that do nothing, for want of a `!`, are no edges.
    """

    source: str
    target: str
    form: str
    into: str
    start: int
    module: str = ""
    has_global_spaces: bool = False

    @property
    def space(self) -> str:
        """Where atoms of the target go in the source; "" if it is loaded apart."""
        return SELF if self.is_included else self.into

    @property
    def is_included(self) -> bool:
        """Whether the target's text is read as part of the source; CeTTa also includes into a space, which loads it."""
        return self.form == _INCLUDE and self.into in ("", SELF)


class Reached(NamedTuple):
    """A document that is loaded with another one.

    `space`: the space of that one in which its atoms are; "" if it is loaded, and
    its atoms are in none of them. `is_included`: its text is read as part of that
    document, so that what `bind!` names in it is known there. `edge`: the import by
    which it is reached first.
    """

    path: str
    space: str
    is_included: bool
    edge: Edge


class Cycle(NamedTuple):
    """Documents that import each other in a circle, from the least path on, and all edges along it."""

    paths: tuple[str, ...]
    edges: tuple[Edge, ...]


class Duplicate(NamedTuple):
    """One document that is imported several times by another, into one space; `edges` in order of the text."""

    source: str
    target: str
    space: str
    edges: tuple[Edge, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(edge.module for edge in self.edges))


class ImportGraph:
    """The import edges of a workspace. What it answers depends on the edges, not on their order."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._out: dict[str, list[Edge]] = {}
        self._importers: dict[str, list[str]] = {}
        for edge in edges:
            self._out.setdefault(edge.source, []).append(edge)
            self._importers.setdefault(edge.target, []).append(edge.source)
        for out in self._out.values():
            out.sort(key=lambda edge: (edge.start, *edge))

    def edges_from(self, path: str) -> Sequence[Edge]:
        """The imports of a document, in order of its text."""
        return self._out.get(path, ())

    def importers_of(self, path: str) -> Sequence[str]:
        """The documents that import a document, each as often as it does."""
        return self._importers.get(path, ())

    def connected(self, path: str, documents: AbstractSet[str]) -> frozenset[str]:
        """The documents that imports connect with one, in whatever direction; itself among them.

        A folder that several documents register is none, and connects nothing.
        """
        found: set[str] = set()
        waiting = [path]
        while waiting:
            here = waiting.pop()
            if here not in found and here in documents:
                found.add(here)
                waiting += (edge.target for edge in self.edges_from(here))
                waiting += self.importers_of(here)
        return frozenset(found)

    def closure(self, path: str) -> tuple[Reached, ...]:
        """What is loaded with a document, in the order in which loading begins, each into each space once.

        The document itself is in it only if it is reached again.
        """
        reached: dict[tuple[str, str, bool], Reached] = {}
        stack = [iter([(edge, edge.space, edge.is_included) for edge in self.edges_from(path)])]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            edge, space, is_included = entry
            key = edge.target, space, is_included
            if key in reached:
                continue
            reached[key] = Reached(edge.target, space, is_included, edge)
            stack.append(self._below(edge.target, space, is_included))
        return tuple(reached.values())

    def _below(self, path: str, space: str, is_included: bool) -> Iterator[tuple[Edge, str, bool]]:
        """What a document brings with it: the spaces that it names itself are its own, unless it is included."""
        for edge in self.edges_from(path):
            inner = edge.space
            if is_included or edge.has_global_spaces:
                yield edge, inner, is_included and edge.is_included
            else:
                yield edge, space if inner == SELF else "", False

    def dependents(self, paths: Iterable[str]) -> frozenset[str]:
        """The documents that load any of these, directly or by others; one of these only if another loads it."""
        found: set[str] = set()
        waiting = list(paths)
        while waiting:
            for importer in self._importers.get(waiting.pop(), ()):
                if importer not in found:
                    found.add(importer)
                    waiting.append(importer)
        return frozenset(found)

    def self_imports(self) -> tuple[Edge, ...]:
        return tuple(edge for path in sorted(self._out) for edge in self._out[path] if edge.target == path)

    def duplicates(self) -> tuple[Duplicate, ...]:
        """Documents imported several times by one other into the same space."""
        found = []
        for source in sorted(self._out):
            out = self._out[source]
            if len({edge.target for edge in out}) == len(out):
                continue
            groups: dict[tuple[str, str], list[Edge]] = {}
            for edge in out:
                if edge.space:
                    groups.setdefault((edge.target, edge.space), []).append(edge)
            found += [
                Duplicate(source, target, space, tuple(edges))
                for (target, space), edges in groups.items()
                if len(edges) > 1
            ]
        return tuple(found)

    def components(self) -> tuple[tuple[str, ...], ...]:
        """Sets of several documents that all load each other, each in order of paths (Tarjan 1972, with a stack)."""
        numbers: dict[str, int] = {}
        lowest: dict[str, int] = {}
        open_paths: list[str] = []
        is_open: set[str] = set()
        found = []
        for start in sorted(self._out):
            if start in numbers:
                continue
            numbers[start] = lowest[start] = len(numbers)
            open_paths.append(start)
            is_open.add(start)
            walk = [(start, iter(self.edges_from(start)))]
            while walk:
                path, edges = walk[-1]
                for edge in edges:
                    target = edge.target
                    if target not in numbers:
                        numbers[target] = lowest[target] = len(numbers)
                        open_paths.append(target)
                        is_open.add(target)
                        walk.append((target, iter(self.edges_from(target))))
                        break
                    if target in is_open:
                        lowest[path] = min(lowest[path], numbers[target])
                else:
                    walk.pop()
                    if walk:
                        above = walk[-1][0]
                        lowest[above] = min(lowest[above], lowest[path])
                    if lowest[path] == numbers[path]:
                        component = [open_paths.pop()]
                        while component[-1] != path:
                            component.append(open_paths.pop())
                        is_open.difference_update(component)
                        if len(component) > 1:
                            found.append(tuple(sorted(component)))
        return tuple(sorted(found))

    def cycles(self) -> tuple[Cycle, ...]:
        """Circles of two documents or more, each once, such that every edge that lies on one is in one.

        The number of all circles may be exponential: for each edge that is in none yet, a
        shortest one through it is taken. In a component that is so large and tangled
        that this takes more than a fixed number of steps for each edge, some edges stay without.
        """
        return tuple(cycle for component in self.components() for cycle in self._cycles_in(component))

    def _cycles_in(self, component: tuple[str, ...]) -> Iterator[Cycle]:
        members = set(component)
        inside = {
            path: list(dict.fromkeys(edge.target for edge in self._out[path] if edge.target in members - {path}))
            for path in component
        }
        steps = _STEPS_PER_EDGE * sum(map(len, inside.values()))
        covered: set[tuple[str, str]] = set()
        for source in component:
            for target in inside[source]:
                if (source, target) in covered:
                    continue
                if steps < 0:
                    return
                way, taken = _shortest(inside, target, source)
                steps -= taken
                least = way.index(min(way))
                paths = way[least:] + way[:least]
                pairs = list(zip(paths, [*paths[1:], paths[0]], strict=True))
                covered.update(pairs)
                yield Cycle(tuple(paths), tuple(edge for pair in pairs for edge in self._between(*pair)))

    def _between(self, source: str, target: str) -> list[Edge]:
        return [edge for edge in self._out[source] if edge.target == target]


def _shortest(targets: dict[str, list[str]], start: str, goal: str) -> tuple[list[str], int]:
    """A shortest way from start to goal, which there is, and how many steps it took to find."""
    before = {start: start}
    queue = deque([start])
    steps = 0
    while goal not in before:
        path = queue.popleft()
        for target in targets[path]:
            steps += 1
            if target not in before:
                before[target] = path
                queue.append(target)
    way = [goal]
    while way[-1] != start:
        way.append(before[way[-1]])
    way.reverse()
    return way, steps
