"""Names of an index: those that hold a part, whatever bytes they are made of, and nothing that does not verify."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.cache._names import Names
from metta_index.cache.index_file import DamagedIndexError, connect
from metta_index.cache.name_rows import NameRow, bucket_of, first_rows
from metta_index.cache.postings import Postings
from metta_index.indexer.linking.postings import Mentions

#: Letters that differ in case, one that only Unicode folds, one that is no text, and one that ends it in C.
NAMES = st.lists(st.sampled_from([b"a", b"A", b"b", b"-", "é".encode(), "É".encode(), b"\xff", b"\0", b"%"])).map(
    b"".join
)


@given(st.lists(NAMES.filter(bool), unique=True), NAMES, st.booleans())
def test_names_that_hold_a_part_are_those_that_python_finds(names: list[bytes], part: bytes, is_folded: bool) -> None:
    postings = Postings(connect(":memory:"))
    offered = frozenset(names[::2])
    postings.add(1, Mentions(offered, frozenset(names) - offered))
    postings.add(12, Mentions(frozenset(), frozenset(names)))
    postings.flush(is_first=True)

    def is_wanted(name: bytes) -> bool:
        return part in (name.lower() if is_folded else name)

    found = list(postings.names(is_wanted, part, is_folded))
    assert sorted(found) == sorted((name, 1, 2) for name in offered if is_wanted(name))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE name SET offered = '{}' WHERE offered <> '{}'",
        "UPDATE name SET bucket = 1024 WHERE offered <> '{}'",
        "DELETE FROM name WHERE offered <> '{}'",
    ],
)
def test_a_row_that_does_not_verify_is_not_taken(damage: str) -> None:
    connection = connect(":memory:")
    postings = Postings(connection)
    postings.add(1, Mentions(frozenset({b"known"}), []))
    postings.flush(is_first=True)
    assert postings.defining(b"known") == [1]
    connection.execute(damage)
    postings.forget_rows()  # as who reads the index later has
    for ask in (postings.defining, postings.mentioning, lambda name: list(postings.names(lambda _name: True, name))):
        with pytest.raises(DamagedIndexError, match="name"):
            ask(b"known")
    postings.change(2, None, Mentions(frozenset(), frozenset({b"known"})))
    with pytest.raises(DamagedIndexError):
        postings.flush(is_first=False)


@given(st.lists(st.tuples(st.sets(st.binary(max_size=6)), st.sets(st.binary(max_size=6)))))
def test_the_rows_of_a_first_build_are_those_that_single_names_make(said: list[tuple[set[bytes], set[bytes]]]) -> None:
    names = Names()
    expected: dict[bytes, list[int]] = {}
    for document, (offered, others) in enumerate(said, 1):
        if document % 2:
            names.add(document, offered, others - offered)
        else:  # in pieces, some of which only mention what others offer
            for piece in (others, offered, others):
                names.add(document, offered & piece, piece)
        for name in offered | others:
            expected.setdefault(name, []).append(-document if name in offered else document)
    assert len(names) == len(expected)
    empty = {bucket: NameRow(*values) for bucket, values in enumerate(first_rows(Names()))}
    for name, numbers in expected.items():
        empty[bucket_of(name)].put(name, numbers)
    for values in first_rows(names):
        assert values[0] in empty
        row, made = NameRow(*values), empty[values[0]]
        assert [row.numbers(name) for name in expected] == [made.numbers(name) for name in expected]
        for text, wanted in zip(values[1:3], made.values()[1:3], strict=True):
            assert json.loads(str(text)) == json.loads(str(wanted))


def test_a_name_of_a_first_build_may_have_any_character() -> None:
    names = Names()
    odd = ["\u00e9\U0001f331\u2028".encode(), b"\xed\xa0\x80", b"\x00\xff\x00"]
    all_names = [bytes([byte]) for byte in range(256)] + odd
    names.add(2**40, all_names, [])
    rows = {values[0]: NameRow(*values) for values in first_rows(names)}
    assert all(rows[bucket_of(name)].numbers(name) == [-(2**40)] for name in all_names)


def test_what_is_no_name_or_no_number_of_rows_is_refused() -> None:
    names = Names()
    for wrong in ([1], ["text"], [None]):
        with pytest.raises(TypeError):
            names.add(1, wrong, [])  # type: ignore[arg-type]
    for row, count in ((0, 0), (1, 1), (-1, 1), (0, -1), (0, 2**40)):
        with pytest.raises(ValueError, match="row"):
            names.row(row, count)


_MENTIONS = st.frozensets(st.sampled_from([b"a", b"b", b"c", b"\xff", b"\0", b'"', b"\\"]))
_STATES = st.none() | st.builds(lambda used, defined: Mentions(used & defined, used - defined), _MENTIONS, _MENTIONS)


@given(st.lists(st.tuples(st.integers(1, 4), _STATES, st.booleans()), max_size=12))
def test_postings_are_those_of_the_documents_whatever_became_of_them(
    changes: list[tuple[int, Mentions | None, bool]],
) -> None:
    postings = Postings(connect(":memory:"))
    postings.flush(is_first=True)
    documents: dict[int, Mentions | None] = {}
    for number, now, is_written in changes:
        before = documents.get(number)
        if before is not None or now is not None:
            postings.change(number, before, now)
        documents[number] = now
        if is_written:
            postings.flush(is_first=False)
    postings.flush(is_first=False)
    there = {number: now for number, now in sorted(documents.items()) if now is not None}
    for name in (b"a", b"b", b"c", b"\xff", b"\0", b'"', b"\\"):
        assert postings.defining(name) == [number for number, now in there.items() if name in now.defined]
        assert postings.mentioning(name) == [number for number, now in there.items() if name in now.used]
