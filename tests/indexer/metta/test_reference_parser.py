"""The reference parser (PyPI `hyperon`) judges the grammar.

Wherever the reference reads a text, the tree must have the same words, strings,
variables, comments and lists at the same bytes; wherever it fails, we must report
an error, and agree on all that stands before it. (After an error the reference
gives up; we go on.) A reported error is an ERROR or MISSING node, or a problem
that `lexical` finds in a token.

What the reference does and we do not, or the other way round:

* A byte order mark is a word character. Tree-sitter passes over one at the very
  start of a text, so there we do not see it: the indexer has to look at the bytes.
* A white-space node is one byte long, however wide the space is: not compared.
* NUL ends the text, since the Python binding hands it over as a C string. To us
  it is an error.
* It recurses, and nesting of about 8,000 crashes it: it is never given that.
* The node of an invalid escape starts at the backslash and parsing goes on right
  after it, in the middle of the string. Only what stands before it is compared.
* `\\d` in its number tokens takes the digits of every script, and then fails to
  convert them: `٣` is an error where we have a symbol. The syntax tree, which is
  compared here, has a word for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from corpus_format import read_corpus
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tree_sitter import Node, Parser

from metta_index.indexer.languages.metta.lexical import decode_string, lexical_problems

hyperon: Any = pytest.importorskip(
    "hyperon", reason="the reference parser, PyPI `hyperon`, has no wheel for this platform"
)

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").rglob("*.metta"))
GOLDEN = sorted((ROOT / "tests" / "golden").rglob("*.metta"))
FILES = EXAMPLES + GOLDEN


Span = tuple[int, int]
Token = tuple[str, int, int]


@dataclass(slots=True)
class Reading:
    """What a parser made of a text, in bytes; `error` is where it first went wrong."""

    tokens: list[Token] = field(default_factory=list)
    lists: list[Span] = field(default_factory=list)
    evaluations: list[Span] = field(default_factory=list)
    error: int | None = None


# ---- the reference's reading ------------------------------------------------

REFERENCE_KINDS = {
    "OPEN_PAREN": "(",
    "CLOSE_PAREN": ")",
    "WORD_TOKEN": "word",
    "STRING_TOKEN": "string",
    "VARIABLE_TOKEN": "variable",
    "COMMENT": "comment",
}


def read_with_reference(text: str) -> Reading:
    source = text.encode()
    reading = Reading()
    parser = hyperon.SExprParser(text)
    depth = 0
    while reading.error is None and (node := parser.parse_to_syntax_tree()) is not None:
        for leaf in node.unroll():
            kind, start, end = leaf.get_type().name, leaf.src_range().start, leaf.src_range().stop
            if kind == "WHITESPACE":
                continue
            depth += (kind == "OPEN_PAREN") - (kind == "CLOSE_PAREN")
            broken_string = kind == "STRING_TOKEN" and not is_whole_string(source[start:end])
            if kind == "LEFTOVER_TEXT" or broken_string or depth < 0:
                reading.error = start
                break
            reading.tokens.append((REFERENCE_KINDS[kind], start, end))
        else:
            if node.get_type().name == "ERROR_GROUP":
                reading.error = len(source)  # a parenthesis that is never closed
    if reading.error is None:
        imply_lists(reading, source)
    return reading


def is_whole_string(token: bytes) -> bool:
    """Whether a string node is complete; the binding does not say."""
    if not token.startswith(b'"'):
        return False
    try:
        hyperon.SExprParser(token.decode()).parse(hyperon.Tokenizer())
    except SyntaxError:
        return False
    return True


def imply_lists(reading: Reading, source: bytes) -> None:
    """Adds the lists and evaluations of a sound text, which its tokens imply.

    A top-level word `!` evaluates the next top-level atom (hyperon-experimental,
    lib/src/metta/runner/mod.rs, `step`).
    """
    opens: list[int] = []
    marks: list[int] = []
    for kind, start, end in reading.tokens:
        if kind == "(":
            opens.append(start)
        elif kind == ")":
            reading.lists.append((opens.pop(), end))
        if opens or kind == "comment":
            continue
        if source[start:end] == b"!":
            marks.append(start)
        else:
            reading.evaluations += [(mark, end) for mark in marks]
            marks.clear()
    reading.evaluations += [(mark, marks[-1] + 1) for mark in marks]


# ---- ours -------------------------------------------------------------------

OUR_KINDS = {
    "(": "(",
    ")": ")",
    "!": "word",
    "symbol": "word",
    "number": "word",
    "string": "string",
    "variable": "variable",
    "comment": "comment",
}


def read_with_tree_sitter(parser: Parser, text: str) -> Reading:
    source = text.encode()
    root = parser.parse(source).root_node
    reading = Reading(error=0 if root.has_error else None)
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        stack += reversed(node.children)
        kind, span = node.type, (node.start_byte, node.end_byte)
        if kind == "expression":
            reading.lists.append(span)
        elif kind == "evaluation":
            reading.evaluations.append(span)
        elif kind in OUR_KINDS and not node.is_missing:
            reading.tokens.append((OUR_KINDS[kind], *span))
            if kind in ("string", "variable") and lexical_problems(source, kind, *span):
                reading.error = 0
    return reading


# ---- the comparison ---------------------------------------------------------


def check_agreement(parser: Parser, text: str) -> None:
    if text.startswith("\ufeff"):
        text = " " + text  # the first quirk of the list above
    reference, ours = read_with_reference(text), read_with_tree_sitter(parser, text)
    assert (ours.error is None) == (reference.error is None)
    if reference.error is None:
        assert ours.tokens == reference.tokens
        assert sorted(ours.lists) == sorted(reference.lists)
        assert sorted(ours.evaluations) == sorted(reference.evaluations)
    else:
        limit = reference.error
        assert [token for token in ours.tokens if token[2] <= limit] == reference.tokens


# ---- texts ------------------------------------------------------------------

SPACES = list("\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2007\u200a\u2028\u2029\u202f\u205f\u3000")
ODD_CHARACTERS = list("\"\\'`,#!$;|[]{}().+-0e1xu@&λ😀\ufeff\u200b\u001c\u180e\u2060\u007f\u0001") + SPACES
# fmt: off
WORDS = [
    "a", "=", "->", "!", "!!", "!a", "foo?", "import!", "&self", "@doc", 'a"b', "it's", "'q", ",", "a#b",
    "[x]", "{y}", "\\", "\\x", "λ", "数", "\ufeffz", "a\u200bb", "\x1c", "True",
    "0", "-1", "+7", "1.5", "2e-3", ".5", "5.", "1_000", "1x", "1e", "0x1F", "--1", "1$x",
]
VARIABLES = ["$x", "$", "$_", "$x;c", '$x"y', "$$", "$é", "$x'", "$[i]", "$!"]
STRINGS = [
    '""', '"text"', '"( ; $ !"', '"two\nlines"', '"\\"q\\""', '"\\\\"', '"\\n\\t\\r\\\'"',
    '"\\x41\\x7f"', '"\\u{1F600}\\u{}\\u{{41}"', '"é\u2028"',
]
FAULTS = [
    '"', '"open', ")", "(", '"\\q"', '"\\x80"', '"\\x4"', '"\\u{d800}"', '"\\u{41"', '"\\u{123456789}"',
    '"\\\n"', '"\\', "$x#1", "$#",
]
# fmt: on
SEPARATORS = [*SPACES, " ", " ", "\n", '; comment ) " $\n', ";\n", ";c\r(\n"]

separators = st.lists(st.sampled_from(SEPARATORS), max_size=2).map("".join)
tokens = st.sampled_from(WORDS + VARIABLES + STRINGS)
atoms = st.recursive(
    tokens,
    lambda inner: st.lists(st.tuples(inner, st.sampled_from(SEPARATORS)), max_size=5).map(
        lambda parts: "(" + "".join(atom + separator for atom, separator in parts) + ")"
    ),
    max_leaves=12,
)
programs = st.lists(st.tuples(separators, st.sampled_from(["", "!", "! "]), atoms), max_size=6).map(
    lambda parts: "\n".join("".join(part) for part in parts)
)
soups = st.lists(
    st.sampled_from(["(", ")", *WORDS, *VARIABLES, *STRINGS, *FAULTS, *SEPARATORS])
    | st.text(st.sampled_from(ODD_CHARACTERS), max_size=5)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
    max_size=14,
).map("".join)
faults = st.sampled_from(FAULTS)
broken_programs = st.tuples(programs, faults, st.sampled_from(["", " ", "\n"]), programs).map("".join)

made_up = settings(max_examples=300, derandomize=True, database=None, deadline=None)


@made_up
@given(text=programs)
def test_programs(parser: Parser, text: str) -> None:
    check_agreement(parser, text)


@made_up
@given(text=broken_programs)
def test_programs_with_one_fault(parser: Parser, text: str) -> None:
    check_agreement(parser, text)


@made_up
@given(text=soups)
def test_token_soup(parser: Parser, text: str) -> None:
    check_agreement(parser, text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files(parser: Parser, path: Path) -> None:
    check_agreement(parser, path.read_bytes().decode())


def test_there_are_files_to_judge() -> None:
    assert EXAMPLES
    assert GOLDEN


@pytest.mark.parametrize("case", read_corpus("metta"), ids=lambda case: f"{case.file}: {case.name}")
def test_corpus_inputs(parser: Parser, case: Any) -> None:
    check_agreement(parser, case.source.decode())


# ---- what tokens mean -------------------------------------------------------

number_like = st.text(st.sampled_from(list("0123456789+-.eE_x")), min_size=1, max_size=24)


@made_up
@given(word=number_like)
@example("9223372036854775807")
@example("9223372036854775808")
@example("-9223372036854775808")
@example("-9223372036854775809")
@example("+0000000000000000000000000000001")
@example("1e999")
@example("100000000000000000000.0")
def test_numbers(parser: Parser, tokenizer: Any, word: str) -> None:
    node = parser.parse(word.encode()).root_node.children[0]
    try:
        atom = hyperon.SExprParser(word).parse(tokenizer)
    except SyntaxError as error:
        assert "Could not parse integer" in str(error)
        assert node.type == "number"
        assert [problem[0] for problem in lexical_problems(word.encode(), "number", 0, len(word))] == [
            "integer-too-large"
        ]
    else:
        is_grounded = atom.get_metatype() == hyperon.AtomKind.GROUNDED
        is_number = is_grounded and str(atom.get_grounded_type()) == "Number"
        assert (node.type == "number") == is_number
        assert lexical_problems(word.encode(), node.type, 0, len(word)) == []


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return hyperon.MeTTa().tokenizer()


ESCAPES = ["\\n", "\\r", "\\t", "\\\\", '\\"', "\\'", "\\x7F", "\\u{41}", "\\u{{1F600}", "\\u{10ffff}"]
string_bodies = st.lists(
    st.sampled_from(ESCAPES)
    | st.text(st.sampled_from(list('\\xuqn{}0184dF+é"')), max_size=6)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3),
    max_size=6,
).map("".join)


@made_up
@given(body=string_bodies)
def test_strings(parser: Parser, tokenizer: Any, body: str) -> None:
    text = f'"{body}"'
    check_agreement(parser, text)
    reference = read_with_reference(text)
    if reference.error is None and reference.tokens == [("string", 0, len(text.encode()))]:
        atom = hyperon.SExprParser(text).parse(tokenizer)
        value = decode_string(text.encode())
        # The binding cuts what it hands over at a NUL.
        assert str(atom.get_object().content) == value.split("\0")[0]


@pytest.mark.parametrize("fault", ['"\\q"', '"a\\x80b"', '"\\u{d800}"', '"\\\n"', '("é\\é")', "(a $x#1)"])
def test_a_lexical_problem_starts_where_the_reference_stops(parser: Parser, fault: str) -> None:
    source = fault.encode()
    problems = []
    stack = [parser.parse(source).root_node]
    while stack:
        node = stack.pop()
        stack += node.children
        problems += lexical_problems(source, node.type, node.start_byte, node.end_byte)
    [(code, _, start, end)] = problems
    stop = read_with_reference(fault).error
    assert stop is not None
    if code == "hash-in-variable":
        assert source[start:end] == b"#"
        assert source[stop:start] == b"$x"
    else:
        assert start == stop


# ---- quirks -----------------------------------------------------------------


def test_a_byte_order_mark_at_the_start_is_a_word_only_to_the_reference(parser: Parser) -> None:
    text = "\ufeff!(f)"
    assert read_with_reference(text).tokens[0] == ("word", 0, 4)
    ours = read_with_tree_sitter(parser, text)
    assert ours.tokens[0] == ("word", 3, 4)
    assert ours.evaluations == [(3, 7)]


def test_the_reference_stops_at_nul_and_we_report_it(parser: Parser) -> None:
    for text in ["a \0 b", "a \0", "a \0b", "a ;\0\nb", 'a "\0"', 'a "\\\0"', "a $\0"]:
        reference, ours = read_with_reference(text.partition("\0")[0]), read_with_tree_sitter(parser, text)
        assert ours.error is not None, text
        assert ours.tokens[0] == reference.tokens[0] == ("word", 0, 1)
        assert read_with_reference(text).tokens == reference.tokens


def test_digits_of_other_scripts_fail_in_the_reference(parser: Parser, tokenizer: Any) -> None:
    check_agreement(parser, "1٣")
    with pytest.raises(SyntaxError, match="Could not parse integer"):
        hyperon.SExprParser("1٣").parse(tokenizer)
    assert parser.parse("1٣".encode()).root_node.children[0].type == "symbol"
