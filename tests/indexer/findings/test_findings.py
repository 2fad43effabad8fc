"""Findings: their places and text, order, fingerprints, and bytes."""

from __future__ import annotations

import msgspec.structs
import pytest
from finding_samples import MISSING, NEAR, finding_of, many, samples
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.checking.findings import (
    TEXT_BYTES,
    SourceText,
    decode_findings,
    encode_findings,
    fingerprint,
    normalised_text,
    numbered,
    printable,
    sort_key,
)
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.positions import Position


def test_places_are_rows_with_columns_in_bytes_and_code_points() -> None:
    finding = finding_of("(f)\n(é 逻 x)\n", "x")
    assert finding.start == Position(1, 8, 5)
    assert finding.end == Position(1, 9, 6)
    assert (finding.start_byte, finding.end_byte) == (12, 13)
    assert (finding.text, finding.text_start) == ("(é 逻 x)".encode(), 4)


def test_text_has_all_lines_and_no_more() -> None:
    source = SourceText.of("a.metta", b"(a)\n(b\n c)\n(d)\n")
    assert source.finding(MISSING, "", 4, 10).text == b"(b\n c)"
    # What ends after a line's end does not reach into the next line.
    assert source.finding(MISSING, "", 4, 11).text == b"(b\n c)"
    assert source.finding(MISSING, "", 15, 15).text == b""


@given(st.text("aé逻👍 \n", max_size=1500), st.data())
def test_text_is_bounded_whole_characters_that_hold_the_start(text: str, data: st.DataObject) -> None:
    encoded = text.encode()
    boundaries = [len(text[:index].encode()) for index in range(len(text) + 1)]
    start = data.draw(st.sampled_from(boundaries))
    end = data.draw(st.sampled_from([one for one in boundaries if one >= start]))
    finding = SourceText.of("a.metta", encoded).finding(MISSING, "", start, end)
    assert len(finding.text) <= TEXT_BYTES
    assert finding.text_start <= start <= finding.text_start + len(finding.text)
    assert encoded[finding.text_start :].startswith(finding.text)
    finding.text.decode()  # raises where a character is cut


def test_bytes_of_no_character_are_cut_anywhere() -> None:
    finding = SourceText.of("a.metta", b"\x80" * 2000).finding(MISSING, "", 1000, 1001)
    assert finding.text_start <= 1000 < finding.text_start + len(finding.text)
    assert len(finding.text) <= TEXT_BYTES


def test_samples_are_decoded_as_they_were() -> None:
    found = [msgspec.structs.replace(one, message=printable(one.message)) for one in samples()]
    assert decode_findings(encode_findings(found)) == tuple(found)
    assert decode_findings(encode_findings([])) == ()


@pytest.mark.parametrize(
    "data",
    [b"", b"\x93\x01", b"\x93\x63\xc0\xc0", b"\x93\x01\x90\x91\x01", encode_findings(many(2))[:-1], b"\xff" * 50],
    ids=["empty", "cut short", "other schema", "no finding", "last byte lost", "noise"],
)
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_findings(data)


def test_a_path_that_is_not_there_is_refused() -> None:
    packed = encode_findings([finding_of("(f)", "f", path="only.metta")])
    with pytest.raises(DecodeError):
        decode_findings(packed.replace(b"\xa10", b"\xa17"))


def test_order_is_that_of_paths_as_bytes_then_of_places() -> None:
    paths = ["b.metta", "a/x.metta", "a.metta", "\udcff.metta", "é.metta"]
    found = [finding_of("(f f)", "f", path=path) for path in paths] + [finding_of("(f f)", "(", NEAR, "b.metta")]
    assert [(one.path, one.start_byte) for one in sorted(found, key=sort_key)] == [
        ("a.metta", 1),
        ("a/x.metta", 1),
        ("b.metta", 0),
        ("b.metta", 1),
        ("é.metta", 1),
        ("\udcff.metta", 1),
    ]


def test_fingerprint_survives_edits_elsewhere_and_moves() -> None:
    before = finding_of("(a)\n(= (f $x)  (g))\n(b)\n", "g")
    for after in ("(new)\n\n(a)\n  (= (f $x)\t(g))\n(changed)\n", "(b)\n(a)\n(= (f $x) (g)) \r\n"):
        assert fingerprint(finding_of(after, "g"), 0) == fingerprint(before, 0)


def test_fingerprint_tells_rules_files_texts_and_occurrences_apart() -> None:
    variants = [
        (finding_of("(f)", "f"), 0),
        (finding_of("(f)", "f"), 1),
        (finding_of("(f)", "f", NEAR), 0),
        (finding_of("(f)", "f", path="b.metta"), 0),
        (finding_of("(f g)", "f"), 0),
        (finding_of(b"(f \xff)", b"f"), 0),
    ]
    assert len({fingerprint(*one) for one in variants}) == len(variants)


def test_equal_findings_of_a_file_are_numbered() -> None:
    found = sorted([*samples(), *samples(), *many(3000)], key=sort_key)
    marks = [mark for _, mark in numbered(found)]
    assert len(set(marks)) == len(marks) == len(found)


def test_a_line_that_comes_before_changes_no_fingerprint_but_those_of_equal_lines() -> None:
    old = SourceText.of("a.metta", b"(f 1)\n(f 2)\n")
    new = SourceText.of("a.metta", b"(f 0)\n(f 1)\n(f 2)\n")
    marks = [
        dict(numbered([text.finding(MISSING, "", at, at + 1) for at in places]))
        for text, places in ((old, (1, 7)), (new, (1, 7, 13)))
    ]
    assert set(marks[0].values()) < set(marks[1].values())


def test_normalised_text_is_the_first_line_without_extra_space() -> None:
    assert normalised_text(finding_of("  (a\t  b)  \n (c)", "(a\t  b)  \n (c)")) == "(a b)"
    assert normalised_text(finding_of(b"(\xff)", b"\xff")) == "(\\xff)"


@given(st.text(st.characters()))
def test_printable_text_can_be_encoded_and_is_left_alone_where_it_could(text: str) -> None:
    printable(text).encode()
    assert printable(printable(text)) == printable(text)
    if not any("\ud800" <= char <= "\udfff" for char in text):
        assert printable(text) == text


def test_a_path_of_halves_of_characters_does_not_end_the_run() -> None:
    finding = msgspec.structs.replace(finding_of("(f)", "f"), path="\ud800.metta")
    assert sorted([finding, finding], key=sort_key) == [finding, finding]
    assert len(fingerprint(finding, 0)) == 32
