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
    postings.change(1, None, Mentions(offered, frozenset(names)))
    postings.change(12, None, Mentions(frozenset(), frozenset(names)))
    postings.flush()

    def is_wanted(name: bytes) -> bool:
        return part in (name.lower() if is_folded else name)

    found = list(postings.names(is_wanted, part, is_folded))
    assert sorted(found) == sorted((name, 1, 2) for name in offered if is_wanted(name))


def test_a_name_that_does_not_verify_is_not_found() -> None:
    connection = connect(":memory:")
    postings = Postings(connection)
    postings.change(1, None, Mentions(frozenset({b"known"}), frozenset({b"known"})))
    postings.flush()
    connection.execute("UPDATE name SET used = '[1,2]'")
    with pytest.raises(DamagedIndexError, match="known"):
        list(postings.names(lambda _name: True, b"no"))
