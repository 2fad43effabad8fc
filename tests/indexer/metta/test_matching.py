"""Which clauses a call can match, against the reference that really tries."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.languages.metta.matching import fit, list_headed_at, read_atoms


def fits(call: str, head: str, defined: AbstractSet[str] = frozenset()) -> int | None:
    (one,), (other,) = read_atoms(call.encode()), read_atoms(head.encode())
    return fit(one, other, lambda name: name.decode() not in defined)


@pytest.mark.parametrize(
    ("call", "head", "expected"),
    [
        ("(f 0)", "(f 0)", 1),
        ("(f 0)", "(f 0.0)", 1),
        ("(f 0)", "(f 1)", None),
        ("(f 0)", "(f $n)", 0),
        ("(f 0)", '(f "0")', None),
        ("(f 0)", "(f Z)", None),
        ("(f 0)", "(f (S $n))", None),
        ("(f 0 1)", "(f $x $x)", None),
        ("(f 1 1.0)", "(f $x $x)", 0),
        ("(f (g) 1)", "(f $x $x)", 0),
        ("(f 0 1)", "(f 0)", None),
        ("(f A)", "(f A)", 1),
        ("(f A)", "(f B)", None),
        ("(f $x)", "(f 1)", 0),
        ("(f (S Z))", "(f Z)", 0),
        ("(f (g 1))", "(f 7)", 0),
        ("(f &self)", "(f A)", 0),
        (r'(f "a\nb")', r'(f "a\x0ab")', 1),
        ("(f ; 1\n 2)", "(f 2)", 1),
    ],
)
def test_fit(call: str, head: str, expected: int | None) -> None:
    assert fits(call, head) == expected


def test_a_symbol_that_something_defines_may_become_anything() -> None:
    assert fits("(f A)", "(f B)", {"A"}) == 0
    assert fits("(f A)", "(f B)", {"B"}) == 0


def test_list_headed_at_finds_the_innermost_and_no_other() -> None:
    source = b"!(g ; (f 1)\n (f 2 (f 3)) f)"
    assert [found.text if (found := list_headed_at(source, at)) else None for at in (2, 14, 19, 24)] == [
        source[1:],
        b"(f 2 (f 3))",
        b"(f 3)",
        None,
    ]


_atoms = st.recursive(
    st.sampled_from(["0", "1", "1.0", '"a"', "A", "B", "$x", "$y"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=5,
)
_operands = st.sampled_from(["0", "1", "1.0", '"a"', "A", "B", "(S 1)", "(id 1)", "(id A)"])


@given(st.lists(_operands, min_size=1, max_size=2), st.lists(_atoms, min_size=1, max_size=2))
def test_no_clause_that_the_reference_takes_is_dropped(operands: list[str], patterns: list[str]) -> None:
    hyperon = pytest.importorskip("hyperon", reason="the reference has no wheel for this Python")
    call, head = f"(f {' '.join(operands)})", f"(f {' '.join(patterns)})"
    result = hyperon.MeTTa().run(f"(= (id $a) $a) (= {head} taken) !{call}")
    if "taken" in str(result):
        assert fits(call, head, {"id", "f"}) is not None
