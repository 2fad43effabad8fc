"""Whatever bytes come to a decoder, a parser or the configuration reader: a value, or the error it documents."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workspaces import TEXTS, tally

from metta_index.cache.entries import seal, unseal
from metta_index.indexer import _columns
from metta_index.indexer.building.work import Item, decode_outcome, index_item_to_bytes, index_source
from metta_index.indexer.checking.baseline import Baseline, Entry, Key, decode_baseline, encode_baseline
from metta_index.indexer.checking.findings import RuleInfo, SourceText, decode_findings, encode_findings
from metta_index.indexer.configuration import ConfigurationError, load_settings
from metta_index.indexer.discovery.manifest import Manifest, Stat
from metta_index.indexer.discovery.patterns import Patterns
from metta_index.indexer.discovery.walk import Decisions
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.execution.rates import Rates
from metta_index.indexer.languages import load_language
from metta_index.indexer.languages.metta import _binding
from metta_index.indexer.text.regions import Segment, SegmentKind, decode_positions, make_region
from metta_index.indexer.text.symbols import Confidence, decode_table
from metta_index.indexer.text.syntax import decode_tree, encode_tree

#: FUZZ_EXAMPLES: so many inputs for each of the targets; it was run once with 20,000.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))

ALPHABET = st.sampled_from(
    [*'()"\\;!$&@#[]{} \n\t', "=", ":", "->", "import!", "λ", "\x00", "\ufeff", "\u2028", "a", "1.5"]
)
METTA = st.lists(ALPHABET, max_size=80).map(lambda parts: "".join(parts).encode()) | st.sampled_from(
    [text.encode() for text in TEXTS]
)
SOURCES = METTA | st.binary(max_size=200)


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Bytes that were sound once: some changed, cut out, put in or repeated."""
    data = bytearray(sound)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 4)):
            case 0:
                data[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case 1:
                del data[at : at + draw(st.integers(1, 20))]
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=8))
            case 3:
                data[at:at] = data[: draw(st.integers(0, 40))]
            case _:
                del data[at:]
    return bytes(data)


def item(source: bytes, language: str = "metta", tree: bytes | None = None) -> Item:
    return Item("", 0, len(source), b"", language, None, True, tree, source)


SOURCE = "\n".join(TEXTS).encode()
LANGUAGE = load_language("metta")
TREE = encode_tree(LANGUAGE.parse(SOURCE))
TABLE = index_source(SOURCE, item(SOURCE)).table
REGION = make_region(
    "metta",
    "test",
    Confidence.CERTAIN,
    [Segment(SegmentKind.VERBATIM, b"(= (f) 1)", 10, 19), Segment(SegmentKind.VERBATIM, b"(g)", 30, 33)],
)
MANIFEST = Manifest(
    "f",
    {"a": Stat(1, 2, 3, 4), "b": Stat(5, 6, 7, 8)},
    {"a": bytes(32), "b": bytes(32)},
    {"a": 1, "b": 2},
    b"x",
    {"n": 1},
).to_bytes()
OUTCOME = index_item_to_bytes(item(SOURCE))
RULE = RuleInfo("MI101", "unclosed", "error", "A form is not closed.", "It matters.")
FINDINGS = encode_findings(
    SourceText.of("a\udcff.metta", SOURCE).finding(RULE, "text", start, start + 4) for start in (0, 20)
)
BASELINE = encode_baseline(Baseline({Key("a.metta", "MI101", "00" * 8): Entry("text", 2)}))


def entry(data: bytes) -> None:
    assert unseal("another key", data) is None


def tree(data: bytes) -> None:
    decoded = decode_tree(data, len(LANGUAGE.KINDS))
    assert decode_tree(encode_tree(decoded), len(LANGUAGE.KINDS)) == decoded
    # A tree that decodes is one of some text; what is made of it and of this text must not crash.
    index_source(SOURCE, item(SOURCE, tree=data))


def findings(data: bytes) -> None:
    decoded = decode_findings(data)
    assert decode_findings(encode_findings(decoded)) == decoded


def outcome(data: bytes) -> None:
    """What a worker sends, perhaps one of another machine."""
    decode_outcome(data, "metta")


def region(data: bytes) -> None:
    import msgspec

    positions = decode_positions(msgspec.structs.replace(REGION, segments=data))
    for byte in range(len(REGION.text)):
        start, end = positions.host_range(byte, byte + 1)
        assert REGION.start <= start <= end <= REGION.end


def configuration(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "metta-index.toml").write_bytes(data)
        load_settings(Path(folder))


def patterns(data: bytes) -> None:
    Patterns(data).covers("a/b.metta")


def rates(data: bytes) -> None:
    import json

    Rates.from_json(json.loads(data))


CONFIGURATION = (
    b'include = ["a"]\nexclude = ["b/"]\ndialect = "petta"\nmax-cache-bytes = 5\n[dialects]\n"a/**" = "mm2"\n'
)
TARGETS: list[tuple[Callable[[bytes], object], bytes, tuple[type[Exception], ...]]] = [
    (entry, seal("key", b"payload"), ()),
    (tree, TREE, (DecodeError,)),
    (decode_table, TABLE, (DecodeError,)),
    (Manifest.from_bytes, MANIFEST, (ValueError,)),
    (Decisions.from_bytes, b'["x", [], [], 0, 0]\n', ()),
    (findings, FINDINGS, (DecodeError,)),
    (outcome, OUTCOME, (DecodeError,)),
    (decode_baseline, BASELINE, (DecodeError,)),
    (region, REGION.segments, (DecodeError,)),
    (configuration, CONFIGURATION, (ConfigurationError,)),
    (patterns, b"*.metta\n!a/**/b\n[a-z]?\\ \n", ()),
    (rates, b'{"per_file_ms": 1}', (ValueError,)),
    (_columns.unpack_column, _columns.pack_column(bytes(range(40))), (ValueError,)),
]


@pytest.mark.parametrize(("target", "sound", "errors"), TARGETS, ids=lambda value: getattr(value, "__name__", ""))
def test_any_bytes_are_a_value_or_the_documented_error(
    target: Callable[[bytes], object], sound: bytes, errors: tuple[type[Exception], ...]
) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=300) | damaged(sound))
    def feed(data: bytes) -> None:
        tally(13)
        with suppress(*errors):
            target(data)

    feed()


@settings(max_examples=4 * EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SOURCES | damaged(SOURCE), st.sampled_from(["metta", "rholang"]))
def test_any_text_has_a_tree_and_a_table(source: bytes, language: str) -> None:
    tally(13)
    outcome = index_source(source, item(source, language))
    table = decode_table(outcome.table)
    assert table.size == len(source)
    assert outcome.tree is not None
    again = index_source(source, item(source, language, outcome.tree))
    assert (again.table, again.parsed) == (outcome.table, False)


@settings(max_examples=2 * EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SOURCES, damaged(TREE))
def test_a_tree_of_another_text_or_none_never_crashes(source: bytes, data: bytes) -> None:
    """What a forged cache can bring to the extension modules."""
    tally(13)
    index_source(source, item(source, tree=data))
    with suppress(DecodeError):
        decoded = decode_tree(data, len(LANGUAGE.KINDS))
        index_source(bytes(decoded.size), item(bytes(decoded.size), tree=data))


@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SOURCES.map(lambda text: text * 7), st.integers(1, 40), st.integers(1, 200), st.integers(1, 900))
def test_pieces_are_the_whole(source: bytes, smallest: int, average: int, largest: int) -> None:
    tally(13)
    smallest, average, largest = sorted((smallest, average, largest))
    with suppress(ValueError):
        pieces = _binding.cut(source, smallest, average, largest)
        at = 0
        for start, end, *_rest in pieces:
            assert start == at <= end
            at = end
        assert at == len(source)
