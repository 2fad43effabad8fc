"""What is looked for in columns is what going through all of them finds."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import load_language
from metta_index.indexer.text.occurrences import Piece, _rows_of, end_of_top, occurrences, pieces, tops, tops_around

METTA = load_language("metta")


@given(st.lists(st.sampled_from([0, 1, 255, 256, 257, 65535, 65536, 2**24, 2**32 - 1]), max_size=40), st.data())
def test_a_number_is_found_where_it_stands_and_not_across_two(column: list[int], data: st.DataObject) -> None:
    value = data.draw(st.sampled_from([*column, 0, 256]))
    found = _rows_of(array("I", column).tobytes(), value)
    assert found == [row for row, number in enumerate(column) if number == value]


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
