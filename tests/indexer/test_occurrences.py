"""What is looked for in columns is what going through all of them finds."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer import _columns
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import load_language
from metta_index.indexer.text.occurrences import Piece, end_of_top, occurrences, pieces, tops, tops_around

METTA = load_language("metta")


NUMBERS = st.sampled_from([0, 1, 127, 128, 255, 65536, 2**31, 2**32 - 1])


def packed(column: Iterable[int]) -> bytes:
    return _columns.pack_column(array("I", column).tobytes())


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), max_size=40), NUMBERS, st.integers(1, 3))
def test_rows_with_a_value_are_found_in_packed_columns(rows: list[tuple[int, ...]], value: int, width: int) -> None:
    columns = tuple(packed(row[number] for row in rows) for number in range(width))
    expected = [(number, *row[1:width]) for number, row in enumerate(rows) if row[0] == value]
    assert _columns.rows_with(value, columns) == (expected, len(rows))


@given(st.lists(st.integers(0, 50), max_size=12, unique=True), st.lists(st.integers(-5, 60), max_size=8))
def test_the_row_around_a_place_is_the_one_whose_span_holds_it(bounds: list[int], places: list[int]) -> None:
    spans = list(zip(*[iter(sorted(bounds))] * 2, strict=False))
    found, count = _columns.rows_around(packed(one[0] for one in spans), packed(one[1] for one in spans), places)
    assert count == len(spans)
    for place, row in zip(places, found, strict=True):
        holding = [(number, *span) for number, span in enumerate(spans) if span[0] <= place < span[1]]
        assert row == (holding[0] if holding else None)


@pytest.mark.parametrize("others", [(packed([1]),), (packed([1, 2, 3]),), (packed([1, 2]) + b"\x80",), (b"\xff" * 6,)])
def test_columns_that_do_not_fit_are_refused(others: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="columns"):
        _columns.rows_with(1, (packed([1, 2]), *others))
    with pytest.raises(ValueError, match="column"):
        _columns.rows_around(packed([1, 2]), *others, [1])
    with pytest.raises(TypeError):
        _columns.rows_with(1, (packed([1, 2]), "text"))  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        _columns.rows_with(1, ())


@pytest.fixture(scope="module")
def parts() -> list[Piece]:
    """A document in two pieces, of more names than a byte can count, in atoms and between them."""
    dice = random.Random(3)
    words = [f"w{number}" for number in range(600)]
    forms = [f"(= ({dice.choice(words)} $x) ({dice.choice(words)} $x (é {dice.choice(words)})))\n" for _ in range(900)]
    texts = ["".join(forms[:400]) + "stray \n", "".join(forms[400:])]
    sources = [text.encode() for text in texts]
    return list(pieces([METTA.extract(source, METTA.parse(source), None) for source in sources]))


def test_occurrences_of_one_name_are_those_among_all(parts: list[Piece]) -> None:
    for piece in parts:
        every = list(occurrences(piece))
        assert len(piece.table.names) > 300
        for name in piece.table.names:
            assert list(occurrences(piece, name)) == [found for found in every if found.name == name]
        assert list(occurrences(piece, b"nowhere")) == []


def test_the_atom_around_a_byte_is_the_one_that_holds_it(parts: list[Piece]) -> None:
    for piece in parts:
        every = list(tops(piece))
        places = range(piece.offset, piece.offset + piece.table.size, 7)
        holding = [next((top for top in every if top.start_byte <= byte < top.end_byte), None) for byte in places]
        assert list(tops_around(piece, places)) == holding
        assert None in holding


def test_the_end_of_an_atom_is_asked_for_by_its_start(parts: list[Piece]) -> None:
    for piece in parts:
        every = list(tops(piece))
        assert [end_of_top(piece, top.start_byte) for top in every] == [top.end_byte for top in every]
        for byte in (every[1].start_byte + 1, every[-1].end_byte):
            with pytest.raises(DecodeError, match="no top-level atom"):
                end_of_top(piece, byte)
