"""The baseline: what it takes for known, what is new, what is stale, and its file."""

from __future__ import annotations

import difflib
import json
import subprocess
from pathlib import Path

import msgspec.structs
import pytest
from finding_samples import MISSING, NEAR, finding_of, many, samples
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.checking.baseline import Baseline, decode_baseline, encode_baseline, key_of
from metta_index.indexer.checking.findings import Finding, SourceText
from metta_index.indexer.errors import DecodeError

EMPTY = Baseline({})


def found_in(text: str, path: str = "a.metta") -> list[Finding]:
    """A finding at each `x` of a text."""
    source = SourceText.of(path, text.encode())
    return [source.finding(MISSING, "wrong", at, at + 1) for at, char in enumerate(source.source) if char == ord("x")]


def new_in(baseline: Baseline, findings: list[Finding]) -> list[Finding]:
    return [one for one in baseline.match(findings)[0] if one.suppressed is None]


def test_what_it_was_made_of_is_known() -> None:
    found = samples()
    baseline = EMPTY.updated(found)
    marked, stale = decode_baseline(encode_baseline(baseline)).match(found)
    assert (new_in(baseline, found), stale) == ([], [])
    assert {one.suppressed for one in marked} == {"inline", "baseline"}
    assert len(marked) == len(found)


@pytest.mark.parametrize(
    "edited",
    [
        "(new)\n\n(f x)\n(g x)\n",
        "(g x)\n(h)\n(f x)\n",
        "  (f  x)  \r\n(g\tx)\n",
    ],
    ids=["edited above", "moved", "white space"],
)
def test_it_survives(edited: str) -> None:
    baseline = EMPTY.updated(found_in("(f x)\n(g x)\n"))
    assert (new_in(baseline, found_in(edited)), baseline.match(found_in(edited))[1]) == ([], [])


def test_one_more_of_the_same_is_new() -> None:
    baseline = EMPTY.updated(found_in("(f x)\n(f x)\n"))
    (new,) = new_in(baseline, found_in("(f x)\n" * 3))
    assert new.start.row == 2


@pytest.mark.parametrize("other", [finding_of("(f x)", "x", NEAR), finding_of("(f x)", "x", path="b.metta")])
def test_another_rule_or_file_is_new(other: Finding) -> None:
    assert new_in(EMPTY.updated(found_in("(f x)\n")), [other]) == [other]


def test_what_is_gone_is_stale() -> None:
    baseline = EMPTY.updated(found_in("(f x)\n(f x)\n(g x)\n"))
    _, stale = baseline.match(found_in("(f x)\n"))
    assert sorted((one.text, one.excess) for one in stale) == [("(f x)", 1), ("(g x)", 1)]


def test_what_was_not_looked_for_is_not_stale_and_is_kept() -> None:
    baseline = EMPTY.updated([*found_in("(f x)\n", "a.metta"), *found_in("(f x)\n", "b.metta")])

    def only_b(key: object) -> bool:
        return "b.metta" in str(key)

    _, stale = baseline.match([], only_b)
    assert [one.key.path for one in stale] == ["b.metta"]
    assert [key.path for key in baseline.updated([], only_b).entries] == ["a.metta"]


def test_update_prunes_and_extends() -> None:
    baseline = EMPTY.updated(found_in("(f x)\n(g x)\n"))
    after = found_in("(g x)\n(h x)\n(h x)\n")
    marked, _ = baseline.match(after)
    updated = baseline.updated(marked)
    assert updated == EMPTY.updated(after)
    assert sorted((entry.text, entry.count) for entry in updated.entries.values()) == [("(g x)", 1), ("(h x)", 2)]


def test_what_a_comment_suppresses_needs_no_entry() -> None:
    (finding,) = found_in("(f x)\n")
    gone = msgspec.structs.replace(finding, suppressed="inline")
    assert EMPTY.updated([gone]) == EMPTY
    _, stale = EMPTY.updated([finding]).match([gone])
    assert len(stale) == 1


def test_the_file_is_sorted_json_with_an_entry_a_line() -> None:
    baseline = EMPTY.updated([*found_in("(逻 x)\n", "b.metta"), *found_in("(f x)\n", "a.metta")])
    data = encode_baseline(baseline).decode()
    assert json.loads(data)["schema"] == 1
    lines = data.splitlines()
    assert len(lines) == 2 + 2 + 1
    assert [json.loads(line.rstrip(","))["path"] for line in lines[1:3]] == ["a.metta", "b.metta"]
    assert "(逻 x)" in data
    assert encode_baseline(decode_baseline(data.encode())) == data.encode()


def test_an_entry_more_is_a_line_more() -> None:
    few, more = (encode_baseline(EMPTY.updated(found_in(text))) for text in ("(f x)\n", "(f x)\n(g x)\n(h x)\n"))
    changes = [
        line for line in difflib.ndiff(few.decode().splitlines(), more.decode().splitlines()) if line[0] in "+-?"
    ]
    assert [line[0] for line in changes] == ["+", "+"]


def test_branches_that_add_entries_merge(tmp_path: Path) -> None:
    texts = {"base": "mmm", "ours": "mmmaaa", "theirs": "mmmzzz"}
    for name, letters in texts.items():
        # Files apart, as entries between the same neighbours would be for git to decide.
        found = [one for at, letter in enumerate(letters) for one in found_in(f"(f {at} x)\n", f"{letter}.metta")]
        (tmp_path / name).write_bytes(encode_baseline(EMPTY.updated(found)))
    merged = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    assert len(decode_baseline(merged).entries) == 9


def test_equal_entries_of_a_merge_count_as_the_larger_one() -> None:
    one, two = (encode_baseline(EMPTY.updated(found_in("(f x)\n" * n))) for n in (1, 2))
    for lines in (one.splitlines()[1:2] + two.splitlines()[1:], two.splitlines()[1:2] + one.splitlines()[1:]):
        merged = decode_baseline(b"\n".join([one.splitlines()[0], *lines]))
        assert [entry.count for entry in merged.entries.values()] == [2]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a baseline"),
        (b"[]", "not a baseline"),
        (b"\xff", "not a baseline"),
        (b"[" * 200_000, "not a baseline"),
        (b'{"findings": []}', "schema"),
        (b'{"schema": 1, "findings": [{}]}', "path"),
        (b'{"schema": 1, "findings": [], "extra": 1}', "extra"),
        (b'{"schema": 1, "findings": [{"path":"a","rule":"M","text":"","digest":"","count":"2"}]}', "count"),
        (b'{"schema": 2, "findings": {}}', "schema 2"),
        (b'{"schema": 1, "findings": [\n<<<<<<< HEAD\nnull\n]}', "merge"),
    ],
)
def test_another_file_is_refused_with_one_line(data: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said) as raised:
        decode_baseline(data)
    assert "\n" not in str(raised.value)


@given(st.binary(max_size=60), st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=10))
def test_any_text_and_name_comes_back(text: bytes, path: str) -> None:
    finding = SourceText.of(path, text).finding(NEAR, "", 0, 0)
    baseline = decode_baseline(encode_baseline(EMPTY.updated([finding])))
    assert list(baseline.entries) == [key_of(finding)]
    assert new_in(baseline, [finding]) == []


def test_thirty_thousand_findings_are_matched_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    found = many(30_000)
    baseline = EMPTY.updated(found)
    made = 0

    def counted(finding: Finding) -> object:
        nonlocal made
        made += 1
        return key_of(finding)

    monkeypatch.setattr("metta_index.indexer.checking.baseline.key_of", counted)
    marked, stale = baseline.match(found)
    assert (made, stale) == (30_000, [])
    assert all(one.suppressed == "baseline" for one in marked)
