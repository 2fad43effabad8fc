"""Syntax trees: their columns, their bytes, and pieces that agree with the whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import sources, texts

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages.metta import _binding, cutting, grammar
from metta_index.indexer.languages.metta.language import KINDS, parse
from metta_index.indexer.text.syntax import SyntaxTree, column, decode_tree, encode_tree


@given(sources)
def test_an_encoded_tree_decodes_to_an_equal_one(source: bytes) -> None:
    tree = parse(source)
    assert decode_tree(encode_tree(tree), len(KINDS)) == tree


@given(sources, st.data())
def test_damaged_bytes_never_decode_to_something_that_is_no_tree(source: bytes, data: st.DataObject) -> None:
    encoded = bytearray(encode_tree(parse(source)))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        del encoded[data.draw(st.integers(0, len(encoded) - 1)) :]
    try:
        tree = decode_tree(bytes(encoded), len(KINDS))
    except DecodeError:
        return
    assert_well_formed(tree)


def assert_well_formed(tree: SyntaxTree) -> None:
    starts, ends, tails = column(tree.starts), column(tree.ends), column(tree.tails)
    assert (starts[0], ends[0], tails[0]) == (0, tree.size, len(tree))
    open_rows: list[int] = []
    for row in range(len(tree)):
        while open_rows and tails[open_rows[-1]] <= row:
            open_rows.pop()
        assert starts[row] <= ends[row] and row < tails[row] <= len(tree)
        if open_rows:
            parent = open_rows[-1]
            assert starts[parent] <= starts[row] and ends[row] <= ends[parent] and tails[row] <= tails[parent]
        open_rows.append(row)


@given(sources)
def test_every_tree_is_well_formed(source: bytes) -> None:
    assert_well_formed(parse(source))


@given(sources)
def test_the_tree_is_what_tree_sitter_says_where_there_is_no_error(source: bytes) -> None:
    root = grammar.parser().parse(source).root_node
    if root.has_error or source.startswith(b"\xef\xbb\xbf"):
        return
    expected = []
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        if node.is_named:
            expected.append((KINDS.index(node.type), node.start_byte, node.end_byte, depth))
        stack += [(child, depth + 1) for child in reversed(node.children)]
    expected[0] = (0, 0, len(source), 0)  # ours spans the text, tree-sitter's leaves out white space around it
    assert list(parse(source).rows()) == expected


@given(texts)
def test_tokens_say_what_tree_sitter_says_where_there_is_no_error(text: str) -> None:
    source = text.encode()
    root = grammar.parser().parse(source).root_node
    if root.has_error or text.startswith("\ufeff"):
        return
    codes, leaves = grammar.kind_codes()
    walked = _columns.flatten([(root, 0, len(source))], codes, leaves, 0, grammar.ERROR, grammar.MISSING, len(source))
    found = _binding.columns(source, root.descendant_count)
    assert found is not None and found[:4] == walked
    assert found[4] or not parse(source).problems
    assert _binding.columns(source, root.descendant_count + 1) is None


@pytest.mark.parametrize("text", ["(", ")", "(a))", '"', "a\0b", "(; \0\n)", "! ("])
def test_tokens_of_a_text_with_errors_make_no_tree(text: str) -> None:
    assert all(_binding.columns(text.encode(), count) is None for count in range(12))


@given(sources)
def test_the_cutter_finds_damage_exactly_where_tree_sitter_finds_an_error(source: bytes) -> None:
    pieces = _binding.cut(source, 0, 0, 0)
    assert b"".join(source[start:end] for start, end, *_rest in pieces) == source
    if source.startswith(b"\xef\xbb\xbf"):
        return  # tree-sitter passes over a byte order mark; parse() sees to it
    assert any(damage for _start, _end, damage, _where, _missing in pieces) == (
        grammar.parser().parse(source).root_node.has_error
    )


@contextmanager
def pieces_of(average: int) -> Iterator[None]:
    """Cuts texts of any size, into pieces of about so many bytes."""
    with (
        mock.patch.object(cutting, "ALWAYS_WHOLE", 0),
        mock.patch.object(cutting, "PIECE_SIZES", (average // 2, average, average * 2)),
    ):
        yield


@settings(max_examples=200)
@given(st.lists(texts, min_size=1, max_size=6), st.sampled_from([16, 64]))
def test_pieces_and_whole_agree(parts: list[str], average: int) -> None:
    source = "\n".join(parts).encode()
    whole = parse(source)
    nodes, problems = [], []
    with pieces_of(average):
        pieces = list(cutting.pieces([source]))
    assert b"".join(pieces) == source
    start = 0
    for text in pieces:
        piece = parse(text)
        nodes += [(kind, first + start, last + start, depth) for kind, first, last, depth in list(piece.rows())[1:]]
        problems += [(one.code, one.start_byte + start, one.end_byte + start) for one in piece.problems]
        start += len(text)
    codes_of_the_start = {"byte-order-mark", "not-utf-8"}
    assert nodes == list(whole.rows())[1:]
    assert [one for one in problems if one[0] not in codes_of_the_start] == [
        (one.code, one.start_byte, one.end_byte) for one in whole.problems if one.code not in codes_of_the_start
    ]


@settings(max_examples=300)
@given(st.lists(sources, min_size=1, max_size=8), st.sampled_from([8, 16, 64]), st.integers(1, 60))
def test_the_pieces_of_a_text_are_the_same_however_it_comes(texts: list[bytes], average: int, step: int) -> None:
    source = b"\n".join(texts)
    with pieces_of(average):
        expected = list(cutting.pieces([source]))
        assert list(cutting.pieces(source[at : at + step] for at in range(0, len(source), step))) == expected


def test_of_a_text_that_comes_in_parts_little_is_held() -> None:
    part = b"".join(b"(edge node-%d node-%d)\n" % (number, number * 7919 % 5000) for number in range(40_000))
    given = held = 0

    def parts() -> Iterator[bytes]:
        nonlocal given
        for _ in range(10):
            given += len(part)
            yield part

    for piece in cutting.pieces(parts()):
        held = max(held, given)
        given -= len(piece)
    assert given == 0
    assert held <= len(part) + 2 * cutting.ALWAYS_WHOLE


@pytest.mark.parametrize("line", [b")", b"\0", b"(a))\n", b"(= (f) 1)\n", b"(open\n"])
def test_a_text_that_is_broken_everywhere_has_few_pieces(line: bytes) -> None:
    source = line * (1_000_000 // len(line))
    assert len(list(cutting.pieces([source]))) <= 2 * len(source) / cutting.PIECE_SIZES[1]


@pytest.mark.parametrize(
    ("line", "code"), [(b")", "stray-parenthesis"), (b"\0", "nul-byte"), (b'"\\q"\n', "invalid-escape")]
)
def test_of_a_text_that_is_wrong_everywhere_a_thousand_places_are_told(line: bytes, code: str) -> None:
    problems = parse(line * 1500).problems
    assert len(problems) == 1000
    assert {problem.code for problem in problems} == {code}
    assert problems[-1].message.endswith("(500 more problems of this part of the file are left out)")
    assert "more problems" not in problems[-2].message
    assert len(parse(line * 1000).problems) == 1000 and "more" not in parse(line * 1000).problems[-1].message


def test_what_is_broken_at_every_byte_takes_a_piece_for_many() -> None:
    pieces = _binding.cut(b"\0" * 1_000_000, *cutting.PIECE_SIZES)
    assert len(pieces) == -(-1_000_000 // cutting.PIECE_SIZES[0])
    assert {piece[2] for piece in pieces} == {cutting.Damage.NUL_BYTE}
    assert len(_binding.cut(b"\0" * 1000, 0, 0, 0)) == 1000


def test_an_edit_moves_only_the_cuts_near_it() -> None:
    lines = [f"(edge node-{index} node-{index * 7919 % 5000})\n" for index in range(20_000)]
    sizes = (8 << 10, 16 << 10, 64 << 10)

    def pieces(text: str) -> list[bytes]:
        source = text.encode()
        return [source[start:end] for start, end, *_rest in _binding.cut(source, *sizes)]

    before = pieces("".join(lines))
    edited = [*lines[:9_000], "(edge new one)\n", *lines[9_000:]]
    after = pieces("".join(edited))
    assert len(before) > 20
    assert len(set(after) - set(before)) <= 2


@given(st.lists(st.integers(0, 2**32 - 1)))
def test_columns_survive_packing(values: list[int]) -> None:
    from array import array

    packed = _columns.pack_column(array("I", values).tobytes())
    assert list(column(_columns.unpack_column(packed))) == values


@pytest.mark.parametrize("packed", [b"\x80", b"\xff\xff\xff\xff\xff\x01", b"\xff\xff\xff\xff\x7f"])
def test_what_is_no_packed_column_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="not a packed column"):
        _columns.unpack_column(packed)
