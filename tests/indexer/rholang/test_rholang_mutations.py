"""What is found in a program stays found when the program is written otherwise, and goes when its channel does."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tables import table_of

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.parse import parse
from metta_index.indexer.languages.rholang.resolve import Resolver

#: Every text of MeTTa in these has `hit` in it, and no other text has. They reach MeTTa by way of `m` only.
PROGRAMS = [
    """new m(`rho:metta:compile`), out(`rho:io:stdout`), run, ack in {
      out!("(= (not this) 1)", *ack) |
      contract run(ret, @code) = { new state in { m!(*state, code) | for (@x <- state) { ret!(x) } } } |
      for (_ <- ack) { new r1, r2 in { run!(*r1, "!(hit 1)") | run!(*r2, "!(hit 2)") | for (@s <- r1) { out!(s) } } }
    }""",
    """new m(`rho:metta:eval`), state, api, file in {
      file!("(= (hit $x) \\"a\\")") |
      for (@code <- file) { for (@c <- m!?(code)) { state!(c) } } |
      contract api(@"one", @who, ret) = {
        for (@s <- state) { new q in { q!("!(hit " ++ who ++ ")") | for (@c <- q) { for (@x <- m!?(c)) { ret!(x) } } } }
      } |
      contract api(@"two", @who, ret) = { ret!(who) } |
      new r in { api!("one", "(ball)", *r) | api!("two", "(room)", *r) }
    }""",
    """new m(`rho:metta:compile:sync`), boxes, done in {
      m!("(hit direct)") |
      let program = ["(hit listed)", "label"] in { boxes!(program) } |
      for (@[first, _] <- boxes) { match (first, 1) { (text, 1) => { m!(text, *done) }  _ => Nil } } |
      contract @"shared"(@{"code": text ...rest}) = { m!?(text). } |
      @"shared"!({"code": "(hit mapped)", "about": "(not this)"}) |
      done!("(nor this)")
    }""",
]

Mutation = Callable[["Program"], None]

_SENDS = (Node.send, Node.persistent_send)


class Program:
    """A text that is rewritten step by step; `seed` decides how."""

    def __init__(self, text: str, seed: int) -> None:
        self.text = text
        self.random = Random(seed)
        self._made = 0

    def read(self) -> Resolver:
        source = self.text.encode()
        resolver = Resolver(Nodes(source, parse(source)))
        resolver.run()
        return resolver

    def replace(self, *changes: tuple[int, int, str]) -> None:
        source = self.text.encode()
        for start, end, text in sorted(changes, reverse=True):
            source = source[:start] + text.encode() + source[end:]
        self.text = source.decode()

    def fresh(self, stem: str) -> str:
        self._made += 1
        return f"{stem}{self._made}'"

    def pick(self, kinds: tuple[Node, ...], nodes: Nodes) -> int:
        return self.random.choice([row for row, kind in enumerate(nodes.kinds) if kind in kinds])

    def rename(self) -> None:
        """Gives every name that is bound another one."""
        bound = self.read().scopes.bound
        names = {binder: self.fresh("name") for binder in dict.fromkeys(bound.values())}
        self.replace(*((at, at + len(binder.name), names[binder]) for at, binder in bound.items()))

    def reorder(self) -> None:
        """Shuffles the processes of one par."""
        nodes = self.read().nodes
        row = self.pick((Node.par,), nodes)
        parts = [nodes.bytes_of(child).decode() for child in nodes.children(row)]
        self.random.shuffle(parts)
        self.replace((nodes.starts[row], nodes.ends[row], " | ".join(parts)))

    def alias(self) -> None:
        """Sends by way of another name for the channel."""
        nodes = self.read().nodes
        row = self.pick(_SENDS, nodes)
        name, arguments = nodes.children(row)
        mark = nodes.source[nodes.ends[name] : nodes.starts[arguments]].decode()
        channel = nodes.bytes_of(name).decode()
        other, via = self.fresh("other"), self.fresh("via")
        send = f"{via}{mark}{nodes.bytes_of(arguments).decode()}"
        ways = [
            f"new {other} in {{ {other}!(*{channel}) | for ({via} <- {other}) {{ {send} }} }}",
            f"new {other} in {{ for ({via} <= {other}) {{ {send} }} | {other}!(bundle+{{*{channel}}}) }}",
            f"let {via} <- *{channel} in {{ {send} }}",
            f"match *{channel} {{ *{via} => {{ {send} }} }}",
            f"new {other} in {{ contract {other}({via}) = {{ {send} }} | {other}!(*{channel}) }}",
            f"new {other} in {{ contract {other}(ret, {via}) = {{ {send} }} | {other}!?(*{channel}). }}",
        ]
        self.replace((nodes.starts[row], nodes.ends[row], self.random.choice(ways)))

    def hold(self) -> None:
        """Sends a part of a message by way of a name for it."""
        nodes = self.read().nodes
        row = self.pick(_SENDS, nodes)
        name, arguments = nodes.children(row)
        parts = nodes.children(arguments)
        if not parts:
            return
        part = self.random.choice(parts)
        value = nodes.bytes_of(part).decode()
        box, held = self.fresh("box"), self.fresh("held")
        source = nodes.source
        before, after = source[nodes.starts[name] : nodes.starts[part]], source[nodes.ends[part] : nodes.ends[row]]
        send = before.decode() + held + after.decode()
        ways = [
            f"let {held} = {value} in {{ {send} }}",
            f"match {value} {{ {held} => {{ {send} }} }}",
            f"match [1, {value}] {{ [_, {held}] => {{ {send} }} }}",
            f"new {box} in {{ for (@{held} <- {box}) {{ {send} }} | {box}!({value}) }}",
            f"new {box} in {{ contract {box}(ret) = {{ ret!({value}) }} | for (@{held} <- {box}!?()) {{ {send} }} }}",
        ]
        self.replace((nodes.starts[row], nodes.ends[row], self.random.choice(ways)))

    def shadow(self) -> None:
        """Hides the channel that takes MeTTa in all of the `new` that makes it."""
        nodes = self.read().nodes
        for row, kind in enumerate(nodes.kinds):
            if kind == Node.new:
                *declared, body = nodes.children(row)
                uris = [child for child in declared if b"`rho:metta:" in nodes.bytes_of(child)]
                for name in uris:
                    hidden = nodes.bytes_of(nodes.children(name)[0]).decode()
                    self.replace((nodes.starts[body], nodes.starts[body], f"new {hidden} in "))


def regions_of(text: str) -> list[str]:
    """The texts found, in alphabetical order; that of a program that is none would show nothing."""
    table = table_of(text)
    assert {problem.code for problem in table.problems} <= {"unused-binder", "shadowed-name"}, text
    return sorted(region.text.decode() for region in table.regions)


MUTATIONS = (Program.rename, Program.reorder, Program.reorder, Program.alias, Program.hold)
programs = st.builds(Program, st.sampled_from(PROGRAMS), st.integers(0, 2**32))


def test_the_programs_hold_what_they_say() -> None:
    assert [regions_of(text) for text in PROGRAMS] == [
        ["!(hit 1)", "!(hit 2)"],
        ["!(hit %hole%)", '(= (hit $x) "a")'],
        ["(hit direct)", "(hit listed)", "(hit mapped)"],
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(programs, st.lists(st.sampled_from(MUTATIONS), min_size=1, max_size=6))
def test_a_program_written_otherwise_holds_the_same(program: Program, mutations: list[Mutation]) -> None:
    expected = regions_of(program.text)
    for mutate in mutations:
        mutate(program)
    assert regions_of(program.text) == expected, program.text


@settings(max_examples=50, deadline=None, derandomize=True)
@given(programs, st.lists(st.sampled_from(MUTATIONS), max_size=4))
def test_a_channel_that_is_hidden_takes_no_metta(program: Program, mutations: list[Mutation]) -> None:
    for mutate in mutations:
        mutate(program)
    program.shadow()
    assert regions_of(program.text) == [], program.text
