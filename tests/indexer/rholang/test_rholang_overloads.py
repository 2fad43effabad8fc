"""Sends reach the contracts that can take their message, and only those."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.languages.rholang.extract import extract
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.overloads import Formals, call_at, calls, candidates, reached, read_formals
from metta_index.indexer.languages.rholang.parse import parse


def nodes_of(text: str) -> Nodes:
    return Nodes(text.encode(), parse(text.encode()))


def formals(signature: str) -> Formals:
    found = read_formals(signature)
    assert found is not None, signature
    return found


def reaches(send: str, *signatures: str) -> list[str]:
    (call,) = calls(nodes_of(send))
    return [signatures[number] for number in candidates(call.arguments, [formals(one) for one in signatures])]


def can_reach(argument: str, pattern: str) -> bool:
    return bool(reaches(f"f!({argument})", f"f({pattern})"))


def test_by_the_number_of_parts() -> None:
    heads = ("f()", "f(a)", "f(@a, b)", "f(a, ...@rest)", "f(...@all)")
    assert reaches("f!()", *heads) == ["f()", "f(...@all)"]
    assert reaches("f!(1)", *heads) == ["f(a)", "f(a, ...@rest)", "f(...@all)"]
    assert reaches("f!!(1, 2)", *heads) == ["f(@a, b)", "f(a, ...@rest)", "f(...@all)"]


def test_what_a_send_adds_counts() -> None:
    assert reaches("f!?(1).", "f(@x)", "f(return, @x)") == ["f(return, @x)"]
    assert reaches("for (x <- f!?(1)) { Nil }", "f(@x)", "f(return, @x)") == ["f(return, @x)"]
    assert reaches("f!get(1).", 'f(r, @"get", @x)', 'f(r, @"set", @x)') == ['f(r, @"get", @x)']


def test_by_the_word_that_comes_first() -> None:
    heads = ('f(@"get", ret)', 'f(@"set", ret)', "f(@other, ret)")
    assert reaches('f!("get", *r)', *heads) == ['f(@"get", ret)', "f(@other, ret)"]
    assert reaches('f!("delete", *r)', *heads) == ["f(@other, ret)"]
    assert reaches("f!(what, *r)", *heads) == list(heads)


@pytest.mark.parametrize(
    ("argument", "pattern", "possible"),
    [
        ("1", "@1", True),
        ("1", "@2", False),
        ("1", "@1i64", True),
        ("1", "@1u8", False),
        ("-1", "@-1", True),
        ("-1", "@1", False),
        ("-1", "@-2", False),
        ("1 - 2", "@-1", True),
        ("1n", "@BigInt(1)", True),
        ("1.50p2", "@1.5p2", True),
        ('"a"', "@1", False),
        ('"\\n"', '@"\n"', True),
        ('"a" ++ b', '@"xyz"', True),
        ("`rho:a`", "@`rho:b`", False),
        ("`rho:a`", '@"rho:a"', False),
        ("true", "@false", False),
        ("Nil", "@Nil", True),
        ("Nil", "@1", False),
        ("{ 1 }", "@{1}", True),
        ("(1)", "@2", False),
        ("[1, 2]", "@[1, x]", True),
        ("[1, 2]", "@[1]", False),
        ("[1, 2]", "@[1 ...t]", True),
        ("[]", "@[h ...t]", False),
        ("[]", "@[]", True),
        ("(1, 2)", "@[1, 2]", False),
        ("(1, 2)", "@(1, _)", True),
        ("(1,)", "@(1, _)", False),
        ("()", "@()", True),
        ("Set(1, 2)", "@Set(2, 1)", True),
        ("Set(1, 2)", "@Set(1)", False),
        ("Set(1, 2)", "@Set(1 ...r)", True),
        ("Set(1, 2)", "@Set(3 ...r)", False),
        ("Set(1, 1)", "@Set(1)", True),
        ("Set(a, b)", "@Set(1)", True),
        ("Set(a, b)", "@Set(1, 2, 3)", False),
        ("Set([1, x], [2, y])", "@Set([2, _], [1, _])", True),
        ("Set([1, x], [1, y])", "@Set([2, _] ...r)", False),
        ('{"a": 1, "b": 2}', '@{"b": x, "a": y}', True),
        ('{"a": 1, "b": 2}', '@{"a": x}', False),
        ('{"a": 1, "b": 2}', '@{"a": x ...r}', True),
        ('{"a": 1}', '@{"b": x ...r}', False),
        ('{"a": 1}', '@{"a": 2 ...r}', False),
        ("{k: 1}", '@{"a": 1}', True),
        ('{"a": 1, "a": 2}', '@{"a": x}', True),
        ("{}", "@{}", True),
        ("{}", '@{"a": 1 ...r}', False),
        ("{| 1, 2 |}", "@{| 2, x |}", True),
        ("{| 1 |}", "@Set(1)", False),
        ("1", "@{x /\\ Int}", True),
        ('"a"', "@{x /\\ Int}", False),
        ('"a"', "@{Int \\/ String}", True),
        ("true", "@{Int \\/ String}", False),
        ("[1]", "@String", False),
        ("x", "@String", True),
        ("`rho:a`", "@Uri", True),
        ('"00".hexToBytes()', "@ByteArray", True),
        ("1", "@{~1}", False),
        ("2", "@{~1}", True),
        ('"a"', "@{~String}", False),
        ("1", "@{~_}", False),
        ("x", "@{~_}", False),
        ("[1]", "@{~[1]}", False),
        ("[1]", "@{~[x]}", True),
        ("*x", '@"get"', True),
        ("new x in { Nil }", "@{p}", True),
        ("1 + 1", "@3", True),
        ("1", "_", True),
        ("1", "x", True),
        ("1", "@=y", True),
    ],
)
def test_what_can_match(argument: str, pattern: str, possible: bool) -> None:
    assert can_reach(argument, pattern) == possible


@st.composite
def matching(draw: st.DrawFn, depth: int = 0) -> tuple[str, str]:
    """An argument and a pattern that matches it, as text. What only a run tells may stand for any part of either."""
    sort = draw(st.sampled_from(["ground"] if depth > 2 else ["ground", "list", "tuple", "set", "map", "path map"]))
    if sort == "ground":
        value = draw(st.sampled_from(["0", "1", "-3", "7u8", '"a"', '"b"', "true", "Nil", "`rho:a`", "()"]))
        pattern = value
    else:
        size = draw(st.integers(1 if sort == "tuple" else 0, 3))
        parts = [draw(matching(depth + 1)) for _ in range(size)]
        if sort == "map":
            parts = [
                (f'"k{number}": {value}', f'"k{number}": {pattern}') for number, (value, pattern) in enumerate(parts)
            ]
        values, patterns = [value for value, _ in parts], [pattern for _, pattern in parts]
        rest = ""
        if sort in ("set", "map", "path map"):
            # A set that holds what may be equal is not sure to have as many items.
            if sort != "map":
                values, patterns = (
                    [f"[{number}, {v}]" for number, v in enumerate(values)],
                    [f"[{number}, {p}]" for number, p in enumerate(patterns)],
                )
            patterns = draw(st.permutations(patterns))
        if sort != "tuple" and draw(st.booleans()):
            rest = " ...r"
            patterns = patterns[: draw(st.integers(0, len(patterns)))]
            rest = rest if patterns else "...r"
        opening, closing = {
            "list": ("[", "]"),
            "tuple": ("(", ",)" if size == 1 else ")"),
            "set": ("Set(", ")"),
            "map": ("{", "}"),
            "path map": ("{|", "|}"),
        }[sort]
        value = opening + ", ".join(values) + closing
        pattern = opening + ", ".join(patterns) + rest + closing
    match draw(st.integers(0, 9)):
        case 0:
            pattern = "_"
        case 1:
            pattern = "x"
        case 2:
            pattern = f"{{ {pattern} /\\ x }}"
        case 3:
            pattern = f'{{ "other" \\/ {pattern} }}'
        case 4:
            pattern = '{ ~"other" }'
        case 5:
            value = draw(st.sampled_from(["*x", "y", "m.get(1)", "{ *x | Nil }"]))
        case 6:
            value = f"{{ {value} }}"
    return value, pattern


@given(st.lists(matching(), max_size=4), st.data())
def test_no_contract_is_dropped_that_can_match(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    values = [value for value, _ in parts]
    patterns = ["@" + pattern for _, pattern in parts]
    if data.draw(st.booleans()):
        patterns = [*patterns[: data.draw(st.integers(0, len(patterns)))], "...@rest"]
    send, head = f"f!({', '.join(values)})", f"f({', '.join(patterns)})"
    assert not parse(send.encode()).problems and not parse(f"contract {head} = {{ Nil }}".encode()).problems
    assert reaches(send, head) == [head], (send, head)


def test_sends_of_a_text_by_scope_and_pattern() -> None:
    text = """new f in {
  contract f(@"a", r) = { Nil } |
  contract f(@"b", r) = { f!("a", *r) } |
  new f in {
    contract f(@"a", r) = { Nil } | f!("a", *f) | f!("c", *f)
  } |
  f!("b", *f) | g!("a") | @"h"!(1)
} | contract @"h"(@x) = { Nil } | f!("a", 1)"""
    source = text.encode()
    tree = parse(source)
    table = extract(source, tree)
    lines = {
        (text[:start].count("\n") + 1, text[start:].split(")")[0]): [
            text[: table.definitions[number].start].count("\n") + 1 for number in numbers
        ]
        for start, numbers in reached(Nodes(source, tree), table).items()
    }
    assert lines == {
        (3, 'f!("a", *r'): [2],
        (5, 'f!("a", *f'): [5],
        (5, 'f!("c", *f'): [],
        (7, 'f!("b", *f'): [3],
        (7, '@"h"!(1'): [8],
    }


def test_the_send_at_a_byte() -> None:
    text = 'x!(1) | @{"n"}!(2, 3)'
    nodes = nodes_of(text)
    assert [len(call.arguments) for call in calls(nodes)] == [1, 2]
    call = call_at(nodes, text.index('@{"n"'))
    assert call is not None and len(call.arguments) == 2
    assert call_at(nodes, 1) is None


def test_a_head_that_cannot_be_read_is_none() -> None:
    assert read_formals("f") is None
    assert read_formals("f(@") is None or read_formals("f(@") == read_formals("f(@")


def test_deep_and_large_messages() -> None:
    deep = "[" * 3_000 + "]" * 3_000
    assert can_reach(deep, "@" + deep)
    wide = "Set(" + ", ".join(map(str, range(400))) + ")"
    assert can_reach(wide, "@" + wide)
    assert not can_reach(wide, "@Set(1)")
