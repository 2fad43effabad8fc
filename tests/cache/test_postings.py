"""Names of an index: those that hold a part, whatever bytes they are made of, and nothing that does not verify."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.cache.index_file import DamagedIndexError, connect
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
    postings.change(1, None, Mentions(offered, frozenset(names) - offered))
    postings.change(12, None, Mentions(frozenset(), frozenset(names)))
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
    postings.change(1, None, Mentions(frozenset({b"known"}), []))
    postings.flush(is_first=True)
    assert postings.defining(b"known") == [1]
    connection.execute(damage)
    for ask in (postings.defining, postings.mentioning, lambda name: list(postings.names(lambda _name: True, name))):
        with pytest.raises(DamagedIndexError, match="name"):
            ask(b"known")
    postings.change(2, None, Mentions(frozenset(), frozenset({b"known"})))
    with pytest.raises(DamagedIndexError):
        postings.flush(is_first=False)


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
