"""Names that are looked for in the text of all names are those that looking at each finds."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from metta_index.cache.index_file import connect
from metta_index.cache.offered_text import OfferedText
from metta_index.cache.postings import Postings
from metta_index.indexer.linking.postings import Mentions
from metta_index.indexer.rules.keys import folded
from metta_index.indexer.rules.near import NearNames, near_names

LETTERS = [b"a", b"b", b"c", b"A", b"B", b"-", b"_", b"1", b":", b",", b"[", b"\n", b'"', b"\\", b"\xff"]
NAMES = st.lists(st.sampled_from(LETTERS), min_size=1, max_size=9).map(b"".join)


def text_of(names: set[bytes]) -> OfferedText:
    postings = Postings(connect(":memory:"))
    postings.add(1, Mentions(names, [b"mentioned only"]))
    postings.flush(is_first=True)
    return postings.offered_text()


@given(st.sets(NAMES), st.binary(max_size=2) | NAMES, st.binary(max_size=2) | NAMES)
@example({b":[1]", b","}, b":", b"")
@example({b"aa"}, b"aa", b"aa")
@example(set(), b"", b"")
def test_names_are_found_by_what_they_begin_and_end_with(names: set[bytes], start: bytes, end: bytes) -> None:
    found = list(text_of(names).between(start, end))
    assert sorted(found) == sorted(name for name in names if name.startswith(start) and name.endswith(end))


@given(st.sets(NAMES), NAMES)
def test_names_are_found_by_how_they_are_spelt(names: set[bytes], name: bytes) -> None:
    found = list(text_of(names).spelt(folded(name)))
    assert sorted(found) == sorted(other for other in names if folded(other) == folded(name))


WORDS = st.text("abcdeAB", min_size=3, max_size=11).map(str.encode) | NAMES


def edits_of(name: bytes) -> set[bytes]:
    """All that lie one edit from a name, and some that lie a little further."""
    found = set()
    for at in range(len(name) + 1):
        for more in (b"", b"a", b"e", b"-", b"1", b"ab"):
            found |= {name[:at] + more + name[at + less :] for less in (0, 1, 2)}
        found.add(name[:at] + name[at : at + 2][::-1] + name[at + 2 :])
        found.add(name[:at] + name[at : at + 1].swapcase() + name[at + 1 :])
    return found - {b""}


@settings(max_examples=100)
@given(WORDS, st.sets(NAMES, max_size=4))
@example(b"abcdefgh", set())
@example(b"abcde", set())
@example(b"abcd", set())
def test_near_names_are_those_that_hashing_all_finds(name: bytes, others: set[bytes]) -> None:
    names = others | edits_of(name)
    assert near_names(name, text_of(names)) == NearNames(names).of(name)
