"""What the graph of imports answers, against small tables and against slow definitions of the same."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.linking.import_diamonds import diamonds, ways_of
from metta_index.indexer.linking.import_graph import SELF, Edge, ImportGraph


def edges_of(text: str) -> list[Edge]:
    """`a>b` imports into &self, `a>b@&s` into &s, `a+b` includes, `a-b` loads apart; later ones stand later.

    `a*b` is `a>b` in PeTTa.
    """
    edges = []
    for start, word in enumerate(text.split()):
        path, _, into = word.partition("@")
        sign = next(sign for sign in ">+-*" if sign in path)
        source, target = path.split(sign)
        form = {"+": "include", "-": "mod-space!"}.get(sign, "import!")
        space = into or (SELF if form == "import!" else "")
        edges.append(Edge(source, target, form, space, start, f"m:{target}", has_global_spaces=sign == "*"))
    return edges


def graph_of(text: str) -> ImportGraph:
    return ImportGraph(edges_of(text))


def path_of(edges: Iterable[Edge]) -> str:
    edges = list(edges)
    return edges[0].source + "".join(edge.target for edge in edges)


CLOSURES = {
    "in order of loading": ("a>b a>c b>d", "b& d& c&"),
    "each once": ("a>b a>c b>d c>d", "b& d& c&"),
    "in circles": ("a>b b>c c>a", "b& c& a&"),
    "itself only if it is reached": ("a>b", "b&"),
    "into a space": ("a>b@&s b>c", "b&s c&s"),
    "into two": ("a>b a>b@&s", "b& b&s"),
    "spaces of others are theirs": ("a>b b>c@&s c>d", "b& c- d-"),
    "loaded apart": ("a-b b>c", "b- c-"),
    "included": ("a+b b>c b>d@&s b+e", "b+ c& d&s e+"),
    "included into a space": ("a+b@&s b>c b+d", "b&s c&s d&s"),
    "included into its own": ("a+b@&self", "b+"),
    "included by what is imported": ("a>b b+c", "b& c&"),
    "spaces of PeTTa are those of the program": ("a*b@&s b*c b*d@&t d*e", "b&s c& d&t e&"),
    "PeTTa's in others": ("a>b@&s b*c", "b&s c&"),
    "nothing": ("b>a", ""),
}


@pytest.mark.parametrize(("text", "expected"), CLOSURES.values(), ids=CLOSURES)
def test_closure(text: str, expected: str) -> None:
    shown = []
    for reached in graph_of(text).closure("a"):
        assert reached.edge.target == reached.path
        space = {SELF: "&", "": "-"}.get(reached.space, reached.space)
        shown.append(reached.path + ("+" if reached.is_included else space))
    assert " ".join(shown) == expected


def test_connected_in_whatever_direction() -> None:
    graph = graph_of("a>b c>b c>d@&s e+f f-e a>folder e>folder")
    documents = set("abcdefx")
    for path in "abcd":
        assert graph.connected(path, documents) == set("abcd")
    assert graph.connected("f", documents) == set("ef")
    assert graph.connected("x", documents) == {"x"}
    assert sorted(graph.importers_of("b")) == ["a", "c"] and list(graph.importers_of("a")) == []


CYCLES = {
    "none": ("a>b a>c b>c", ""),
    "two": ("a>b b>a", "aba"),
    "from the least path on": ("c>b b>a a>c", "acba"),
    "each once": ("a>b b>a b>c c>b", "aba bcb"),
    "shared edge": ("a>b b>c c>a b>d d>a", "abca abda"),
    "the shorter inside": ("a>b b>c c>d d>a c>b", "abcda bcb"),
    "includes and spaces too": ("a+b b>a@&s", "aba"),
    "apart": ("a>b b>a c>d d>c e>a", "aba cdc"),
    "a self import is another thing": ("a>a", ""),
}


@pytest.mark.parametrize(("text", "expected"), CYCLES.values(), ids=CYCLES)
def test_cycles(text: str, expected: str) -> None:
    assert " ".join(path_of(cycle.edges) for cycle in graph_of(text).cycles()) == expected


def test_a_cycle_has_every_import_along_it() -> None:
    (cycle,) = graph_of("a>b b>a a>b").cycles()
    assert [(edge.source, edge.start) for edge in cycle.edges] == [("a", 0), ("a", 2), ("b", 1)]


def test_self_imports() -> None:
    assert [edge.start for edge in graph_of("b>b a>b a+a").self_imports()] == [2, 0]


DUPLICATES = {
    "none": ("a>b a>c b>c", []),
    "twice": ("a>b a>c a>b", ["ab& 0 2"]),
    "included and imported": ("a+b a>b", ["ab& 0 1"]),
    "into different spaces": ("a>b a>b@&s", []),
    "into the same other space": ("a>b@&s a>b@&s", ["ab&s 0 1"]),
    "loaded apart": ("a-b a>b a-b", []),
}


@pytest.mark.parametrize(("text", "expected"), DUPLICATES.values(), ids=DUPLICATES)
def test_duplicates(text: str, expected: list[str]) -> None:
    shown = [
        f"{one.source}{one.target}{one.space.replace(SELF, '&')} " + " ".join(str(edge.start) for edge in one.edges)
        for one in graph_of(text).duplicates()
    ]
    assert shown == expected


def test_duplicates_know_by_what_names() -> None:
    edges = [Edge("a", "b", "import!", SELF, start, name) for start, name in enumerate(("b", "../d/b", "b"))]
    (duplicate,) = ImportGraph(edges).duplicates()
    assert duplicate.names == ("b", "../d/b")


DIAMONDS = {
    "none": ("a>b b>c", ""),
    "by two": ("a>b a>c b>d c>d", "abd/acd"),
    "directly and by another": ("a>b b>c a>c", "ac/abc"),
    "longer": ("a>b b>c c>d a>e e>d", "aed/abcd"),
    "only where the ways part": ("a>b b>c b>d c>e d>e", ""),
    "behind one": ("a>b a>c b>d c>d d>e", "abd/acd"),
    "in a space": ("a>b@&s a>c@&s b>d c>d", "abd/acd"),
    "in different spaces": ("a>b a>c@&s b>d c>d", ""),
    "in a space of another": ("a>b a>c b>d@&s c>d", ""),
    "by inclusion": ("a+b a>c b+d c>d", "abd/acd"),
    "back to the top": ("a>b b>a a>c c>a", ""),
    "a circle is none": ("a>b b>c c>b", ""),
    "through a circle": ("a>b b>c c>b a>d d>c", "ab/adcb abc/adc"),
}


@pytest.mark.parametrize(("text", "expected"), DIAMONDS.values(), ids=DIAMONDS)
def test_diamonds(text: str, expected: str) -> None:
    graph = graph_of(text)
    shown = ["/".join(path_of(way) for way in ways_of(graph, diamond)) for diamond in diamonds(graph, "a")]
    assert " ".join(sorted(shown)) == " ".join(sorted(expected.split()))


def test_dependents() -> None:
    graph = graph_of("a>b b>c d>c e>d x>y c>f f>c")
    assert graph.dependents(["c"]) == {"a", "b", "c", "d", "e", "f"}
    assert graph.dependents(["b"]) == {"a"}
    assert graph.dependents(["y", "b"]) == {"a", "x"}
    assert graph.dependents(["nowhere"]) == frozenset()


# ---- against definitions ------------------------------------------------------

nodes = st.sampled_from("abcdef")
graphs = st.lists(
    st.builds(
        lambda source, target, start: Edge(source, target, "import!", SELF, start, target),
        nodes,
        nodes,
        st.integers(0, 3),
    ),
    max_size=14,
)


def reachable(edges: list[Edge], start: str, without: str = "") -> set[str]:
    """What is reached from a document by at least one import, not passing another one."""
    found: set[str] = set()
    while True:
        more = {edge.target for edge in edges if edge.source in found | {start}} - {without} - found
        if not more:
            return found
        found |= more


@given(graphs)
def test_closure_and_dependents_are_what_is_reached(edges: list[Edge]) -> None:
    graph = ImportGraph(edges)
    for path in "abcdef":
        assert {reached.path for reached in graph.closure(path)} == reachable(edges, path)
        assert graph.dependents([path]) == {other for other in "abcdef" if path in reachable(edges, other)}


@given(graphs)
def test_components_reach_each_other_and_circles_cover_them(edges: list[Edge]) -> None:
    graph = ImportGraph(edges)
    reached = {path: reachable(edges, path) for path in "abcdef"}
    together = {
        tuple(sorted({path} | {other for other in reached[path] if path in reached[other]})) for path in "abcdef"
    }
    assert graph.components() == tuple(sorted(component for component in together if len(component) > 1))
    cycles = graph.cycles()
    assert len(set(cycles)) == len(cycles)
    for cycle in cycles:
        assert cycle.paths[0] == min(cycle.paths)
        assert len(set(cycle.paths)) == len(cycle.paths) > 1
        steps = [*pairwise(cycle.paths), (cycle.paths[-1], cycle.paths[0])]
        assert list(dict.fromkeys((edge.source, edge.target) for edge in cycle.edges)) == steps
    in_cycles = {edge for cycle in cycles for edge in cycle.edges}
    assert in_cycles == {edge for edge in edges if edge.source != edge.target and edge.source in reached[edge.target]}


@given(graphs)
def test_diamonds_have_no_document_that_all_ways_pass(edges: list[Edge]) -> None:
    graph = ImportGraph(edges)
    for top in "abcdef":
        inside = reachable(edges, top) - {top}
        expected = set()
        for target in inside:
            # ways that come back to the top begin anew there
            onward = [edge for edge in edges if edge.target != top]
            importing = {edge.source for edge in onward if edge.target == target}
            sources = importing & ({top} | reachable(onward, top, without=target))
            gates = {other for other in inside - {target} if target not in reachable(onward, top, without=other)}
            if len(sources) > 1 and not gates:
                expected.add(target)
        found = diamonds(graph, top)
        assert {diamond.target for diamond in found} == expected
        for diamond in found:
            ways = ways_of(graph, diamond)
            for way in ways:
                assert (way[0].source, way[-1].target) == (top, diamond.target)
                assert all(one.target == other.source != diamond.target for one, other in pairwise(way))
            assert ways[0][-1].source != ways[1][-1].source


@given(graphs, st.randoms(use_true_random=False))
def test_the_order_of_edges_means_nothing(edges: list[Edge], order: random.Random) -> None:
    shuffled = list(edges)
    order.shuffle(shuffled)
    one, other = ImportGraph(edges), ImportGraph(shuffled)
    assert (one.cycles(), one.duplicates(), one.self_imports()) == (
        other.cycles(),
        other.duplicates(),
        other.self_imports(),
    )
    for path in "abcdef":
        assert one.closure(path) == other.closure(path)
        assert diamonds(one, path) == diamonds(other, path)


# ---- large graphs -------------------------------------------------------------

MANY = 10_000


def name(number: int) -> str:
    return f"{number % MANY:05}"


def test_chains_deeper_than_the_stack() -> None:
    edges = [
        Edge(name(number), name(number + step), "import!", SELF, step) for number in range(MANY) for step in (1, 2)
    ]
    ring = ImportGraph(edges)
    assert [len(component) for component in ring.components()] == [MANY]
    assert len(ring.closure(name(0))) == MANY
    chain = ImportGraph(edge for edge in edges if edge.target > edge.source)
    assert chain.components() == ()
    assert len(chain.dependents([name(MANY - 1)])) == MANY - 1
    merged = diamonds(chain, name(0))
    assert [diamond.target for diamond in merged] == [name(number) for number in range(2, MANY)]
    assert [len(way) for way in ways_of(chain, merged[-1])] == [MANY // 2, MANY // 2]


def test_the_search_for_circles_ends_in_a_tangle(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ring with a long way back from everywhere: without a bound, each edge would cost a walk around it."""
    count = 600
    edges = [Edge(name(number), name((number + 1) % count), "import!", SELF, 0) for number in range(count)]
    edges += [Edge(name(number), name((number * 7 + 3) % count), "import!", SELF, 1) for number in range(count)]
    unbounded = ImportGraph(edges)
    monkeypatch.setattr("metta_index.indexer.linking.import_graph._STEPS_PER_EDGE", 10_000)
    every = unbounded.cycles()
    monkeypatch.setattr("metta_index.indexer.linking.import_graph._STEPS_PER_EDGE", 8)
    some = ImportGraph(edges).cycles()
    assert 0 < len(some) < len(every)
    assert some == every[: len(some)]
