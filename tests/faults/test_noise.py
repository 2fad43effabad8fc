"""Noise, chop and slap: texts with a byte missing, a byte too many, or an end cut off never crash."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from workspaces import ALL, tally

from metta_index.indexer.building.work import Item, index_source
from metta_index.indexer.languages import LANGUAGES, language_of, load_language
from metta_index.indexer.text.symbols import decode_table
from metta_index.indexer.text.syntax import SyntaxTree, column, decode_tree

GOLDEN = Path(__file__).parents[1] / "golden"
ENDINGS = tuple(ending for name in ("metta", "rholang") for ending in LANGUAGES[name])
#: Exhaustive on these; of larger ones a sample.
SMALL = 2048
SAMPLE = 200
FILES = sorted(path for path in GOLDEN.rglob("*") if path.suffix in ENDINGS and path.is_file())
INSERTED = bytes(range(33, 48)) + b":;<=>?@[\\]^_`{|}~ \n\t\r\0\xff\xc3"


def chopped(text: bytes) -> Iterator[bytes]:
    return (text[:length] for length in range(len(text)))


def slapped(text: bytes) -> Iterator[bytes]:
    return (text[start:] for start in range(1, len(text)))


def without_a_byte(text: bytes) -> Iterator[bytes]:
    return (text[:at] + text[at + 1 :] for at in range(len(text)))


def with_a_byte(text: bytes) -> Iterator[bytes]:
    return (text[:at] + bytes([byte]) + text[at:] for at in range(len(text)) for byte in INSERTED)


def with_a_flipped_bit(text: bytes) -> Iterator[bytes]:
    return (text[:at] + bytes([text[at] ^ 1 << bit]) + text[at + 1 :] for at in range(len(text)) for bit in range(8))


def check(text: bytes, language: str, kinds: int) -> None:
    item = Item("", 0, len(text), b"", language, None, True, None, text)
    outcome = index_source(text, item)
    table = decode_table(outcome.table)
    assert table.size == len(text) and outcome.tree is not None
    assert all(0 <= one.start < one.end <= len(text) for one in table.definitions)
    assert all(0 <= one.start_byte <= one.end_byte <= len(text) for one in table.problems)
    assert_is_a_tree(decode_tree(outcome.tree, kinds))
    # What comes from the cache is what was just made.
    again = index_source(text, item._replace(tree=outcome.tree))
    assert again.table == outcome.table


def assert_is_a_tree(tree: SyntaxTree) -> None:
    starts, ends, tails = column(tree.starts), column(tree.ends), column(tree.tails)
    for row in range(len(tree)):
        assert 0 <= starts[row] <= ends[row] <= tree.size
        assert row < tails[row] <= len(tree)


@pytest.mark.parametrize("vary", [chopped, slapped, without_a_byte, with_a_byte, with_a_flipped_bit])
def test_every_variation_of_every_golden_file(vary: object) -> None:
    assert callable(vary) and len(FILES) > 20
    chosen = random.Random(13)
    for path in FILES:
        text = path.read_bytes()
        language = language_of(path.name)
        kinds = len(load_language(language).KINDS)
        variants = list(vary(text))
        is_exhaustive = ALL or (len(text) <= SMALL and vary in (chopped, slapped, without_a_byte))
        if not is_exhaustive and len(variants) > SAMPLE:
            variants = chosen.sample(variants, SAMPLE)
        for variant in variants:
            check(variant, language, kinds)
        tally(13, len(variants))
