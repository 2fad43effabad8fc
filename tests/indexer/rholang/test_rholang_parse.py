"""Parsing never fails: one bad process leaves the rest of a text as it was, and says what is wrong with it."""

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tables import defined, problems_of, table_of

from metta_index.indexer.languages.rholang import grammar, language
from metta_index.indexer.languages.rholang.grammar import KINDS, Node
from metta_index.indexer.languages.rholang.lexical import decode_string
from metta_index.indexer.languages.rholang.parse import parse
from metta_index.indexer.text.occurrences import occurrences, pieces
from metta_index.indexer.text.syntax import decode_tree, encode_tree

PROGRAM = """\
new a, b, c, out(`rho:io:stdout`) in {
  contract a(@x, return) = { for (@y <- b) { return!([x, y]) } } |
  contract b(@x, return) = { match x { [head ...tail] => { return!(head) } _ => Nil } } |
  contract c(@"one", return) = { new tmp in { tmp!("text") | for (@t <- tmp) { return!(t) } } } |
  contract c(@"two", return) = { a!(1, *return) | b!([2], *return) } |
  contract @"global"(@x) = { out!("x is ${x}" %% {"x": x}) } |
  out!("done")
}
"""
BODIES = [line.index("= {") + PROGRAM.index(line) + 2 for line in PROGRAM.splitlines() if " = {" in line]
HEADS = [signature for _name, _arity, signature in defined(PROGRAM)]

#: What may go wrong right after the `{` of a contract's body.
BREAKS = {
    "a parenthesis too few": " out!( |",
    "a parenthesis too many": ") ",
    "a bracket too few": " out!([1, 2) |",
    "operators": " %%% = ",
    "a call that is no send": " out(1) |",
    "words": " foo bar baz ",
    "an operand too few": " out!(1 + ) |",
    "nothing between bars": " | | ",
    "a brace too many": " } ",
    "a character of no token": " # ",
    "a number without a type": " out!(1.5) |",
    "half a receive": " for (@x <- ) { Nil } |",
    "half a match": " match x { 1 => } |",
    "a string that is not closed": ' out!("never closed) |\n',
    "a comment that is not closed": " /* out!(1) |\n",
}


@pytest.mark.parametrize("number", range(1, 4))
@pytest.mark.parametrize("what", [name for name in BREAKS if "comment" not in name])
def test_one_bad_process_does_not_lose_the_file(what: str, number: int) -> None:
    at = BODIES[number] + 1
    broken = PROGRAM[:at] + BREAKS[what] + PROGRAM[at:]
    assert parse(broken.encode()).problems
    found = [signature for _name, _arity, signature in defined(broken)]
    assert [head for head in HEADS if head not in found and head != HEADS[number]] == []
    unbound = [word for code, word in problems_of(broken) if code == "unbound-name"]
    # What is bound in the broken process may be lost; what is bound around it is not.
    assert not {"a", "b", "c", "out"} & set(unbound)


@pytest.mark.parametrize("number", range(4))
def test_a_brace_too_few_loses_no_definition(number: int) -> None:
    end = PROGRAM.index("} |\n", BODIES[number])
    broken = PROGRAM[:end] + PROGRAM[end + 1 :]
    assert parse(broken.encode()).problems
    assert [signature for _name, _arity, signature in defined(broken)] == HEADS


def test_a_comment_that_is_not_closed_takes_the_rest_and_nothing_before() -> None:
    at = BODIES[2] + 1
    found = defined(PROGRAM[:at] + BREAKS["a comment that is not closed"] + PROGRAM[at:])
    assert [signature for _name, _arity, signature in found][:2] == HEADS[:2]


def test_the_string_that_is_not_closed_is_found() -> None:
    text = 'a!("one") |\nb!("two |\nc!("three") |\nd!("four\nfive") |\ne!("six")\n'
    problems = [problem for problem in parse(text.encode()).problems if problem.code == "unclosed-string"]
    assert [problem.start_byte for problem in problems] == [text.index('"two')]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('x!("a\\nb\\"c\\\\d\\0e\\123f\\r\\t")', []),
        ('x!("a\\qb")', [("unknown-escape", "\\q")]),
        ("x!(9223372036854775807, -9223372036854775808, 99999999999999999999n)", []),
        ("x!(9223372036854775809)", [("number-range", "9223372036854775809")]),
        ("x!(255u8, 127i8, 256u8, 129i8)", [("number-range", "256u8"), ("number-range", "129i8")]),
        ("x!(1i7, 1u12, 1.5f16)", [("number-type", "1i7"), ("number-type", "1u12"), ("number-type", "1.5f16")]),
        ("x!(1.5f32, 2f64, 1.25p2, 3r)", []),
        ("new for in { Nil }", [("reserved-word", "for")]),
        ("export Box in { Nil }", [("keyword-as-name", "in")]),
        ("x!(1 2)", [("syntax-error", "2")]),
        ("x!(1", [("syntax-error", "")]),
    ],
)
def test_problems_of_the_text_itself(text: str, expected: list[tuple[str, str]]) -> None:
    source = text.encode()
    found = [(one.code, source[one.start_byte : one.end_byte].decode()) for one in parse(source).problems]
    assert found == expected


def test_bytes_that_are_not_utf_8() -> None:
    (problem,) = parse(b'x!("\xff")').problems
    assert (problem.code, problem.start_byte, problem.end_byte) == ("not-utf-8", 4, 5)


@pytest.mark.parametrize(
    ("token", "value"),
    [
        (b'"a"', "a"),
        (b'"\\n\\t\\\\\\""', '\n\t\\"'),
        (b'"\\65\\233"', "Aé"),
        (b'"\\0"', "\0"),
        (b'"\\q"', "\\q"),
        (b'"\\\\n"', "\\n"),
        ('"λ"'.encode(), "λ"),
    ],
)
def test_values_of_strings(token: bytes, value: str) -> None:
    assert decode_string(token) == value


WORDS = r"""new in contract for match let select if else { } ( ) [ ] | ! !! !? ? <- <= <<- & ; , . = => @ * x y a'
_ "s" `rho:x` 1 1i8 Nil Set true + ++ %% // /* */ \/ /\ ~ where agent method default bundle+ ... : " \ λ"""
words = st.lists(st.sampled_from([*WORDS.split(), "\n", "\0"]), max_size=40).map(" ".join)


@given(words)
@example('{ "')
def test_any_text_gives_a_tree_and_a_table_that_fit(text: str) -> None:
    source = text.encode()
    tree = parse(source)
    assert decode_tree(encode_tree(tree), len(KINDS)) == tree
    rows = list(tree.rows())
    assert rows[0][:3] == (Node.source_file, 0, len(source))
    assert all(start <= end <= len(source) for _kind, start, end, _depth in rows)
    assert all(0 <= one.start_byte <= one.end_byte <= len(source) for one in tree.problems)
    (piece,) = pieces([table_of(text)])
    last = 0
    for one in occurrences(piece):
        assert last <= one.start_byte
        written = source[one.start_byte : one.end_byte]
        assert written == one.name or (written.startswith(b"@") and one.name[1:] in written)
        last = one.start_byte


@pytest.mark.parametrize(
    "text",
    [
        "{" * 20_000 + "Nil" + "}" * 20_000,
        "{" * 20_000,
        "new x in " * 10_000 + "x!(1)",
        "for (x <- x) { " * 5_000 + "Nil" + " }" * 5_000,
        "x!(" * 10_000 + ")" * 10_000,
        "@" * 10_000 + "x!()",
        " ++ ".join(["a"] * 10_000),
        "for (@" + "[" * 5_000 + "x" + "]" * 5_000 + " <- c) { Nil }",
        " \\/ ".join(["match x { a"] + ["a"] * 5_000) + " => Nil }",
        "}" * 20_000,
    ],
    ids=["blocks", "open blocks", "new", "for", "sends", "quotes", "sum", "pattern", "either", "closed blocks"],
)
def test_deep_texts(text: str) -> None:
    assert table_of(text).size == len(text)


def test_a_par_is_flat() -> None:
    text = " | ".join(["x!(1)"] * 50_000)
    assert max(depth for _kind, _start, _end, depth in parse(text.encode()).rows()) == 4


def test_a_text_is_one_piece() -> None:
    assert list(language.pieces([b"Nil" * 500_000, b"Nil"])) == [b"Nil" * 500_001]


def _work(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """What a text costs: reports of the parser, bytes of what is parsed without reports, and lines that we run."""
    real = grammar.parser()
    work = 0

    class Counting:
        def parse(self, source: Any, progress_callback: Any = None) -> Any:
            nonlocal work
            if progress_callback is None:
                work += len(source)
                return real.parse(source)

            def report(byte: int, has_error: bool) -> bool:
                nonlocal work
                work += 1
                return bool(progress_callback(byte, has_error))

            return real.parse(source, progress_callback=report)

        def reset(self) -> None:
            real.reset()

    def count(_frame: FrameType, _event: str, _argument: object) -> Any:
        nonlocal work
        work += 1
        return count

    before = sys.gettrace()
    with monkeypatch.context() as patched:
        patched.setattr(grammar, "parser", Counting)
        sys.settrace(count)
        try:
            table_of(text)
        finally:
            sys.settrace(before)
    return work


@pytest.mark.parametrize(
    "unit",
    ["{", "(", "f(", "{}(", "not %%=>", "matches let x<-y in }", "{if(/*", "1=", "a => ", "x{x:", "**~", "new x in {"],
)
def test_work_grows_with_the_length_of_what_is_broken(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 12_000 // len(unit)
    assert _work(unit * (2 * count), monkeypatch) < 2.2 * _work(unit * count, monkeypatch) + 4_096


def test_many_binders_take_work_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def declared(count: int) -> str:
        names = ", ".join(f"x{number}" for number in range(count))
        return f"new {names} in {{ for (@[{names}] <- x0) {{ Nil }} }}"

    assert _work(declared(800), monkeypatch) < 2.2 * _work(declared(400), monkeypatch)


def test_a_text_that_is_too_broken_is_read_in_parts() -> None:
    text = (
        'contract @"first"(x) = { Nil } |\n'
        + "not %%=>é\n" * 3_000
        + "// quiet\n" * 1_000
        + '\ncontract @"last"(x) = { Nil }\n'
    )
    tree = parse(text.encode())
    assert tree.problems[0].message == "too much is broken to read this as one text: it is read in parts"
    assert next(iter(tree.rows()))[:3] == (Node.source_file, 0, len(text.encode()))
    assert {name for name, _arity, _signature in defined(text)} == {'@"first"', '@"last"'}


@pytest.mark.parametrize(
    ("text", "where"),
    [("Nil /* x", 4), ("Nil /*/ x", 4), ("{ Nil } /*", 8), ("/**/ Nil", None), ('x!("/*")', None), ("Nil // /*", None)],
)
def test_comments_that_are_never_closed(text: str, where: int | None) -> None:
    found = [one.start_byte for one in parse(text.encode()).problems if one.message == "this comment is never closed"]
    assert found == ([] if where is None else [where])
