"""Mentions: what a document contributes to the postings, and what of that an edit changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import texts

from metta_index.indexer.languages import load_language
from metta_index.indexer.linking import postings
from metta_index.indexer.linking.postings import Mentions, changed_mentions, mentions
from metta_index.indexer.text.symbols import SymbolTable


def table_of(text: str) -> SymbolTable:
    language = load_language("metta")
    source = text.encode()
    return language.extract(source, language.parse(source), "hyperon")


_PIECES = st.lists(texts, min_size=1, max_size=4)


@given(_PIECES, _PIECES, _PIECES)
def test_names_of_tables_that_stay_are_compared_only_where_others_hold_them(
    kept: list[str], before: list[str], now: list[str]
) -> None:
    stay = [table_of(text) for text in kept]
    was, is_now = stay + [table_of(text) for text in before], [table_of(text) for text in now] + stay
    for some, whole in zip(changed_mentions(was, is_now), (mentions(was), mentions(is_now)), strict=True):
        assert some.defined == whole.defined & some.used
        assert frozenset(some.others) == some.used - whole.defined
    left_out = (mentions(was).used | mentions(is_now).used) - changed_mentions(was, is_now)[0].used
    left_out -= changed_mentions(was, is_now)[1].used
    for whole in (mentions(was), mentions(is_now)):
        assert left_out <= whole.used
    assert mentions(was).defined & left_out == mentions(is_now).defined & left_out


def test_tables_that_stay_are_read_only_where_they_hold_names_of_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [table_of("".join(f"(edge n{piece}-{fact})\n" for fact in range(50))) for piece in range(40)]
    edited = [*tables[:20], table_of("(edge new)\n"), *tables[21:]]
    read: list[int] = []
    real = postings.mentions

    def counted(tables: Sequence[SymbolTable]) -> Mentions:
        read.append(len(tables))
        return real(tables)

    monkeypatch.setattr(postings, "mentions", counted)
    before, now = changed_mentions(tables, edited)
    # The two that differ, and one that says what `edge` is.
    assert sum(read) == 3
    assert before.used ^ now.used == {b"new"} | {b"n20-%d" % fact for fact in range(50)}
