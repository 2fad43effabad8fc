"""Texts that are hard on a parser: it returns, and nothing recurses or gives up."""

from collections import Counter

import pytest
from tree_sitter import Node, Parser

DEPTH = 100_000


def walk(root: Node) -> tuple[Counter[str], int]:
    """Kinds of the named nodes and the greatest depth, by a loop with a cursor."""
    kinds: Counter[str] = Counter()
    cursor = root.walk()
    depth = deepest = 0
    while True:
        node = cursor.node
        assert node is not None
        if node.is_named:
            kinds["MISSING" if node.is_missing else node.type] += 1
        if cursor.goto_first_child():
            depth += 1
            deepest = max(deepest, depth)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return kinds, deepest
            depth -= 1


def test_deep_nesting(parser: Parser) -> None:
    root = parser.parse(b"(" * DEPTH + b")" * DEPTH).root_node
    assert not root.has_error
    kinds, deepest = walk(root)
    assert kinds == {"source_file": 1, "expression": DEPTH}
    assert deepest == DEPTH + 1


def test_deep_nesting_with_words(parser: Parser) -> None:
    root = parser.parse(b"(= " * DEPTH + b"$x" + b")" * DEPTH).root_node
    assert not root.has_error
    kinds, _ = walk(root)
    assert kinds == {"source_file": 1, "expression": DEPTH, "symbol": DEPTH, "variable": 1}


@pytest.mark.parametrize("text", [b"(" * DEPTH, b"(a " * DEPTH, b"!(" * DEPTH, b"(" * DEPTH + b")" * (DEPTH - 1)])
def test_deep_nesting_that_is_never_closed(parser: Parser, text: bytes) -> None:
    root = parser.parse(text).root_node
    assert root.has_error
    assert root.end_byte == len(text)
    walk(root)


@pytest.mark.parametrize("text", [b")" * DEPTH, b"() )" * DEPTH, b'"' * (DEPTH + 1)])
def test_nothing_but_faults(parser: Parser, text: bytes) -> None:
    root = parser.parse(text).root_node
    assert root.has_error
    walk(root)


def test_a_long_word(parser: Parser) -> None:
    root = parser.parse(b"w" * 1_000_000).root_node
    assert [(node.type, node.end_byte) for node in root.children] == [("symbol", 1_000_000)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"$" + b"v" * 1_000_000, "variable"),
        (b'"' + b"\\n" * 500_000 + b'"', "string"),
        (b"9" * 1_000_000, "number"),
        (b";" * 1_000_000, "comment"),
    ],
)
def test_other_long_tokens(parser: Parser, text: bytes, kind: str) -> None:
    root = parser.parse(text).root_node
    assert [(node.type, node.end_byte) for node in root.children] == [(kind, len(text))]


def test_a_long_list(parser: Parser) -> None:
    root = parser.parse(b"(" + b"a " * DEPTH + b")").root_node
    assert not root.has_error
    assert root.children[0].named_child_count == DEPTH


def test_a_deep_chain_of_evaluations(parser: Parser) -> None:
    root = parser.parse(b"! " * DEPTH + b"(f)").root_node
    assert not root.has_error
    kinds, deepest = walk(root)
    assert kinds == {"source_file": 1, "evaluation": DEPTH, "expression": 1, "symbol": 1}
    assert deepest == DEPTH + 2


def test_a_chain_of_evaluations_of_nothing(parser: Parser) -> None:
    root = parser.parse(b"!\n" * DEPTH).root_node
    assert not root.has_error
    kinds, _ = walk(root)
    assert kinds == {"source_file": 1, "evaluation": DEPTH}
