"""MeTTa in Rholang: what is found, what is not, and where each byte of it stands."""

from __future__ import annotations

import re

import pytest
from tables import table_of

from metta_index.indexer.languages.rholang.channels import Channels
from metta_index.indexer.languages.rholang.extract import extract
from metta_index.indexer.languages.rholang.flow import Flow
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.options import DEFAULT_CHANNELS, decode_channels, encode_channels
from metta_index.indexer.languages.rholang.parse import parse
from metta_index.indexer.languages.rholang.regions import DETECTORS, Reading, regions
from metta_index.indexer.languages.rholang.resolve import Resolver
from metta_index.indexer.text.regions import HOLE, SegmentKind, decode_positions
from metta_index.indexer.text.symbols import Confidence, Region

COMPILE = "new m(`rho:metta:compile`), r, s, t in {{ {} }}"


def found(text: str, detector: str | None = None) -> list[str]:
    """The texts of the regions, in their order; of one detector alone where it is named."""
    if detector is None:
        given: tuple[Region, ...] = table_of(text).regions
    else:
        nodes, scopes, _channels = reading_of(text)
        given = regions(nodes, scopes, detectors=[one for one in DETECTORS if one.name == detector])
    for region in given:
        check_places(text.encode(), region)
    return [region.text.decode() for region in given]


def reading_of(text: str) -> Reading:
    source = text.encode()
    resolver = Resolver(Nodes(source, parse(source)))
    resolver.run()
    return Reading(resolver.nodes, resolver.scopes, Channels(DEFAULT_CHANNELS))


def check_places(source: bytes, region: Region) -> None:
    """Every byte of the text is where the map says, and back."""
    positions = decode_positions(region)
    assert positions.host_range(0, len(region.text)) == (region.start, region.end)
    for kind, text, start, end in positions.segments(region.text):
        assert kind != SegmentKind.VERBATIM or source[start:end] == text
        assert kind != SegmentKind.HOLE or text == HOLE
        assert kind != SegmentKind.ESCAPE or source[start:end].startswith(b"\\")
    for byte in range(len(region.text)):
        start, end = positions.host_range(byte, byte + 1)
        back = positions.virtual_byte(start)
        assert back is not None and positions.host_range(back, back + 1) == (start, end)


# ---- comments


@pytest.mark.parametrize(
    "comment",
    [
        "// @metta\n",
        "//@MeTTa\n",
        "/// @metta\n",
        "// @language: metta\n",
        "/* @metta */",
        "/** @lang: metta */\n",
        "// @metta\n// a word about it\n",
    ],
)
def test_directives(comment: str) -> None:
    assert found(f'new c in {{ {comment} c!("(f)") }}', "directive") == ["(f)"]


@pytest.mark.parametrize(
    "comment",
    ["// @todo: fix", "// @param metta", "// see @metta", "// @metta rules", "// @meta", "// metta", "// @rust: metta"],
)
def test_what_is_no_directive(comment: str) -> None:
    assert found(f'// @metta is spoken here\nnew c in {{ {comment}\n c!("(f)") }}') == []


def test_a_directive_speaks_of_the_next_text_and_no_other() -> None:
    assert found('// @metta\nc!("(a)", "label") | d!("(b)")', "directive") == ["(a)"]
    assert found('c!("label", /* @metta */ "(a)", "end")', "directive") == ["(a)"]
    assert found('// @metta\n@"name"!(\n  *r,\n  "(a)")', "directive") == ["(a)"]
    assert found('// @metta\nlet x = "(a)" in c!(x)', "directive") == ["(a)"]
    assert found('// @metta\ncontract f(@"(a)") = {\n  c!("(b)") }', "directive") == []
    assert found('// @metta\n!("(f " ++ x ++ ")")', "directive") == []
    assert found('// @metta\nc!("(f " ++ x ++ ")")', "directive") == [f"(f {HOLE.decode()})"]
    assert found("c!(1) // @metta", "directive") == []


def test_what_an_earlier_detector_found_a_later_one_leaves() -> None:
    text = COMPILE.format('// @metta\n m!("(a)") | m!("(b)") | r!("(c)") | for (@x <- r) { m!(x) }')
    given = table_of(text).regions
    assert [(one.text, one.detector, Confidence(one.confidence)) for one in given] == [
        (b"(a)", "directive", Confidence.CERTAIN),
        (b"(b)", "semantic", Confidence.CERTAIN),
        (b"(c)", "flow", Confidence.LIKELY),
    ]
    # by itself each finds all that it can
    assert found(text, "flow") == ["(a)", "(b)", "(c)"]


# ---- sends


@pytest.mark.parametrize(
    "process",
    [
        'm!("(f)")',
        'm!!("(f)")',
        'm!?("(f)").',
        'm!?("(f)"); Nil',
        'm!(*r, {"(f)"})',
        'm!compile("(f)").',
        'for (@x <- m!?("(f)")) { Nil }',
        '@"rho:metta:eval"!("(f)")',
        '@`rho:metta:eval`!("(f)")',
        'if (true) m!("(f)") else Nil',
        'for (x <- r where true) { new y in { contract y() = { m!("(f)") } } }',
    ],
)
def test_sends_to_metta(process: str) -> None:
    assert found(COMPILE.format(process), "semantic") == ["(f)"]


@pytest.mark.parametrize(
    "process",
    [
        'new m in { m!("(f)") }',
        'for (m <- r) { m!("(f)") }',
        'contract r(m) = { m!("(f)") }',
        'new n(`rho:io:stdout`) in { n!("(f)") }',
        'r!("(f)")',
        'm!(r!("(f)"))',
        '@"m"!("(f)")',
        "m!(x, 5)",
        'm!("  ")',
    ],
)
def test_what_does_not_go_to_metta(process: str) -> None:
    assert found(COMPILE.format(process)) == []


def test_names_end_with_their_scope() -> None:
    assert found('new m(`rho:metta:compile`) in { Nil } | m!("(f)")') == []
    assert found('for (m <- @"rho:metta:compile") { Nil } | m!("(f)")') == []


def test_a_text_with_an_error_elsewhere() -> None:
    assert found(COMPILE.format('m!("(f)") | ) | r!("(g)") | for (@x <- r) { m!(x) }')) == ["(f)", "(g)"]


# ---- texts


def test_escapes_are_what_they_stand_for() -> None:
    text = COMPILE.format(r'm!("(f \"a\\n\" \955\n\q é)\t")')
    assert found(text) == ['(f "a\\n" λ\n\\q é)\t']


def test_lines_and_unknown_parts() -> None:
    hole = HOLE.decode()
    assert found(COMPILE.format('m!("(a\n  (b))\n")')) == ["(a\n  (b))\n"]
    assert found(COMPILE.format('m!("(f " ++ x ++ " " ++ (y.g("z") ++ ")"))')) == [f"(f {hole} {hole})"]
    assert found(COMPILE.format('m!("(f ${a} $x)" %% {"a": 1})')) == [f"(f {hole} $x)"]
    assert found(COMPILE.format("m!(x ++ y)")) == []
    assert found(COMPILE.format('m!(x ++ "")')) == []


def test_a_part_that_is_metta_by_itself() -> None:
    text = 'let rules = "(= (f) 1)", room = "kitchen" in {{ m!({}) }}'.replace(", room", "; room")
    assert found(COMPILE.format(text.format('rules ++ " !(f " ++ room ++ ")"'))) == [
        "(= (f) 1)",
        f"{HOLE.decode()} !(f {HOLE.decode()})",
    ]


# ---- flow

FLOWS = {
    "contract": 'contract r(k, @code) = { m!(*k, code) } | r!(*s, "(f)")',
    "contract by text": 'contract @"run"(@code) = { for (@x <- m!?(code)) { Nil } } | @"run"!("(f)")',
    "consumer first": 'for (@x <- r) { m!(x) } | r!("(f)")',
    "persistent": 'for (@x <= r) { m!(x) } | r!("(f)")',
    "peek": 'for (@x <<- r) { m!(x) } | r!("(f)")',
    "join": 'for (@x <- r & @y <- s) { m!(y) } | s!("(f)") | r!("no (text)")',
    "sequence": 'for (@x <- r; y <- s) { y!(x) } | s!(*m) | r!("(f)")',
    "select": 'select { @x <- r => m!(x)  y <- s => Nil } | r!("(f)")',
    "name of a text": 'for (x <- r) { m!(*x) } | r!("(f)")',
    "alias": 's!(*m) | for (k <- s) { k!("(f)") }',
    "alias twice": 's!(bundle+{*m}) | for (k <- s) { t!(*k) } | for (k <- t) { k!("(f)") }',
    "let": 'let x = "(f)" in m!(x)',
    "let name": 'let k <- *m in k!("(f)")',
    "let many": 'let @a, ...@b <- 1, "(f)", 2 in match b { [x ...y] => m!(x) }',
    "concurrent let": 'let x = "(f)" & y = 1 in m!(x)',
    "match": 'match "(f)" { x => m!(x) }',
    "list": 'match [1, "(f)"] { [_, x] => m!(x) }',
    "tuple": 'r!(("no (text)", "(f)")) | for (@(_, x) <- r) { m!(x) }',
    "map": 'r!({"code": "(f)", "name": "(no)"}) | for (@{"code": x ...rest} <- r) { m!(x) }',
    "set": 'r!(Set("(f)")) | for (@Set(x) <- r) { m!(x) }',
    "get": 'm!({"code": "(f)"}.get("code"))',
    "otherwise": 'm!({}.getOrElse("code", "(f)"))',
    "batch": 'm!(["(f)"])',
    "remainder": 'contract r(...@all) = { match all { [k, x] => m!(x) } } | r!(1, "(f)")',
    "through a list": 'contract r(@all) = { match all { [] => Nil  [x ...xs] => { m!(x) | r!(xs) } } } | r!(["(f)"])',
    "answer": 'contract r(k) = { k!("(f)") } | for (@x <- r!?()) { m!(x) }',
    "answer to a name": 'contract r(k) = { k!("(f)") } | r!(*s) | for (@x <- s) { m!(x) }',
    "sync send": 'contract r(k, @x) = { m!(x) } | r!?("(f)").',
    "receive and answer": 'for (@x <- r?!) { m!(x) } | r!("(f)", *s)',
    "conjunction": 'for (@{x /\\ String} <- r) { m!(x) } | r!("(f)")',
    "compound name": '@(*r, "a")!("(f)") | for (@x <- @(*r, "a")) { m!(x) } | @(*s, "a")!("(no)")',
    "computed name": 'let n = "run" in @n!("(f)") | for (@x <- @"run") { m!(x) }',
    "overload": 'contract r(@"a", @x) = { m!(x) } | contract r(@"b", @x) = { Nil } | r!("a", "(f)") | r!("b", "(no)")',
    "arity": 'contract r(@x) = { m!(x) } | contract r(@x, @y) = { Nil } | r!("(f)") | r!("(no)", "(no)")',
    "agent": "agent A { constructor(k) { Nil } | method run(@x) { k!(x) } | default() { Nil } } |"
    ' for (a <- A!?(*m)) { a!run("(f)"). | a!stop("(no)"). }',
    "private method": "agent A { constructor() { Nil } | method run(@x) { private!go(x). } |"
    " private method go(@x) { m!(x) } | private default() { Nil } | default() { Nil } } |"
    ' for (a <- A!?()) { a!run("(f)"). | a!go("(no)"). }',
}


@pytest.mark.parametrize("name", FLOWS)
def test_text_is_followed(name: str) -> None:
    text = COMPILE.replace(" in", ", A in").format(FLOWS[name])
    assert not [problem for problem in table_of(text).problems if problem.code.startswith("syntax")]
    assert found(text) == ["(f)"]


@pytest.mark.parametrize("name", FLOWS)
def test_a_program_that_lacks_a_word_is_read(name: str) -> None:
    """Whatever is missing, what is found has its places, and is nothing but the texts that there are."""
    words = re.findall(r'"[^"]*"|`[^`]*`|\w+|\S', COMPILE.replace(" in", ", A in").format(FLOWS[name]))
    for index in range(len(words)):
        text = " ".join(words[:index] + words[index + 1 :])
        assert {f'"{one}"' for one in found(text)} <= set(words), text


def test_a_label_without_a_list_is_not_taken() -> None:
    assert found(COMPILE.format('contract r(k, @x) = { k!(x) } | r!(*m, "(f)") | r!(*s, "hello")')) == ["(f)"]


def test_many_senders_and_receivers_end() -> None:
    """Where everything is sent to everything, what is looked at is bounded."""
    many = " | ".join(['r!("(f)")'] * 900 + ["for (@x <- r) { r!(x) }"] * 900)
    reading = reading_of(COMPILE.format(f'm!("(g)") | {many}'))
    flow = Flow(*reading)
    flow.run()
    assert flow.most_steps <= flow.steps < flow.most_steps + len(many)


def test_depth_costs_no_stack() -> None:
    deep = 20_000
    joined = ' ++ x ++ "b"' * 500
    assert found(COMPILE.format(f'm!("(a"{joined})'))[0].startswith("(a")
    assert found(COMPILE.format("{ " * deep + 'm!("(f)")' + " }" * deep)) == ["(f)"]
    nested = "[" * deep + '"(f)"' + "]" * deep
    assert found(COMPILE.format(f"m!({nested})")) == ["(f)"]


# ---- which channels


def test_channels_can_be_configured() -> None:
    names = b"new a(`rho:metta:compile`), b(`rho:own:run`), c in "
    text = names + b'{ a!("(a)") | b!("(b)") | for (@x <- c) { b!(x) } | c!("(c)") }'

    def texts(*channels: str) -> list[bytes]:
        return [region.text for region in extract(text, parse(text), encode_channels(channels)).regions]

    assert [region.text for region in extract(text, parse(text)).regions] == [b"(a)"]
    assert texts("rho:own:*") == [b"(b)", b"(c)"]
    assert texts("rho:metta:compile", "rho:*:run") == [b"(a)", b"(b)", b"(c)"]
    assert texts("rho:metta:eval") == texts() == []
    assert encode_channels(["rho:metta:*"]) is None
    assert decode_channels(encode_channels(["b", "a", "b"])) == ("a", "b")
