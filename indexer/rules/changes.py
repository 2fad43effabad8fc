"""Which keys a document changes by what it says now: what depends on them is to be checked again."""

from __future__ import annotations

from collections.abc import Sequence

from metta_index.indexer.linking.postings import mentions
from metta_index.indexer.rules.keys import mention_key, name_key, near_keys, text_key
from metta_index.indexer.text.offers import signatures
from metta_index.indexer.text.symbols import SymbolTable


def changed_keys(
    path: str, before: Sequence[SymbolTable], now: Sequence[SymbolTable], with_mentions: bool = True
) -> set[bytes]:
    """The keys that the tables of a document change, its imports apart; without tables it is, or was, not there."""
    was, offered = signatures(before), signatures(now)
    keys = {name_key(name) for name in was.keys() | offered.keys() if was.get(name) != offered.get(name)}
    # A name that comes or goes is, or was, what others were nearly called.
    keys.update(key for name in was.keys() ^ offered.keys() for key in near_keys(name))
    if with_mentions:
        keys.update(mention_key(name) for name in mentions(before).used ^ mentions(now).used)
    keys.add(text_key(path))
    return keys
