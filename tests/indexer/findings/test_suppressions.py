"""Comments that suppress findings: which ones, which for nothing, and which are not understood."""

from __future__ import annotations

import re

import pytest
from finding_samples import MALFORMED, MISSING, NEAR, RULES, UNUSED

from metta_index.indexer.checking import suppressions
from metta_index.indexer.checking.findings import Finding, SourceText
from metta_index.indexer.checking.suppressions import Suppression, read_suppressions, suppress


def read(text: str) -> tuple[SourceText, tuple[Suppression, ...]]:
    source = SourceText.of("a.metta", text.encode())
    return source, read_suppressions(source, [found.span() for found in re.finditer(rb";[^\n]*", source.source)])


def check(text: str, active: set[str] | None = None) -> tuple[list[Finding], list[Finding], SourceText]:
    """Findings of MISSING at each `x` and of NEAR at each `y`: what is left, and what is suppressed."""
    source, found = read(text)
    raw = [
        source.finding(MISSING if char.group() == b"x" else NEAR, "wrong", *char.span())
        for char in re.finditer(rb"\b[xy]\b", re.sub(rb";[^\n]*", lambda one: b" " * len(one.group()), source.source))
    ]
    ran = {rule.code for rule in RULES} if active is None else active
    result = suppress(source, raw, found, RULES, ran, UNUSED, MALFORMED)
    assert len(result) >= len(raw)
    return [one for one in result if not one.suppressed], [one for one in result if one.suppressed], source


def fixed(text: str) -> str:
    """A text after the fixes of what is wrong with its suppressions."""
    left, _, source = check(text)
    data = source.source
    edits = [edit for one in left if one.fix is not None for edit in one.fix.edits]
    for edit in sorted(edits, key=lambda one: one.start_byte, reverse=True):
        data = data[: edit.start_byte] + edit.replacement.encode() + data[edit.end_byte :]
    return data.decode()


def places(findings: list[Finding]) -> list[tuple[str, int]]:
    return [(one.code, one.start.row + 1) for one in findings]


def test_beside_code_it_means_its_line() -> None:
    left, gone, _ = check("(x) ; metta-index: ignore[MI203] as Bob said\n(x)\n")
    assert places(left) == [("MI203", 2)]
    assert places(gone) == [("MI203", 1)]
    assert (gone[0].suppressed, gone[0].reason) == ("inline", "as Bob said")


@pytest.mark.parametrize("between", ["", "\n", "  \n; a comment\n\n", "; metta-index: ignore[MI301]\n"])
def test_alone_it_means_the_next_line_with_code(between: str) -> None:
    left, gone, _ = check(f"(x)\n  ; metta-index: ignore[MI203]\n{between}(f x y)\n(x)\n")
    row = 3 + between.count("\n")
    assert places([one for one in left if one.code == "MI203"]) == [("MI203", 1), ("MI203", row + 1)]
    assert ("MI203", row) in places(gone)


def test_alone_inside_a_form_it_means_the_next_line_of_the_form() -> None:
    left, gone, _ = check("(f x\n  ; metta-index: ignore[MI203]\n  x\n  x)\n")
    assert (places(left), places(gone)) == ([("MI203", 1), ("MI203", 4)], [("MI203", 3)])


def test_the_whole_file() -> None:
    left, gone, _ = check("(x y)\n(x)\n; metta-index: ignore-file[missing-bang] generated\n")
    assert (places(left), places(gone)) == ([("MI301", 1)], [("MI203", 1), ("MI203", 2)])


def test_several_rules_by_code_and_by_name_in_any_case() -> None:
    left, gone, _ = check("(x y) ;;metta-index:ignore[ near-miss,mi203 ]\n")
    assert (places(left), places(gone)) == ([], [("MI203", 1), ("MI301", 1)])


def test_after_another_comment() -> None:
    left, gone, _ = check("(x) ; see below ; metta-index: ignore[MI203]\n")
    assert (places(left), places(gone)) == ([], [("MI203", 1)])


@pytest.mark.parametrize(
    "comment", ["metta-index: a tool", "metta-index build . (see docs)", "run metta-index: it is fast", "ignore[MI203]"]
)
def test_prose_is_no_suppression(comment: str) -> None:
    left, gone, _ = check(f"(x) ; {comment}\n")
    assert (places(left), gone) == ([("MI203", 1)], [])


@pytest.mark.parametrize(
    "comment", ["ignore", "ignore MI203", "ignore[MI203", "ignroe[MI203]", "ignore [MI203]", "noqa", "disable[MI203]"]
)
def test_what_was_meant_to_suppress_and_does_not_is_reported(comment: str) -> None:
    left, gone, _ = check(f"(x) ; metta-index: {comment}\n")
    assert (places(left), gone) == ([("MI203", 1), ("MI902", 1)], [])
    assert "ignore[CODE]" in left[1].message


def test_no_rule_at_all_is_reported() -> None:
    left, _, _ = check("(x) ; metta-index: ignore[ , ]\n")
    assert places(left) == [("MI203", 1), ("MI902", 1)]
    assert "names no rule" in left[1].message


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("missing-bnag", "missing-bang"), ("unclosed-parentheses", "unclosed-parenthesis"), ("M1203", "MI203")],
)
def test_an_unknown_rule_is_reported_with_the_nearest(wrong: str, right: str) -> None:
    text = f"(x) ; metta-index: ignore[{wrong}] r\n"
    left, _, source = check(text)
    finding = next(one for one in left if one.code == "MI902")
    assert f"`{wrong}`" in finding.message
    assert f"`{right}`" in finding.message
    assert source.source[finding.start_byte : finding.end_byte].decode() == wrong


def test_the_name_is_mended_where_one_rule_is_meant() -> None:
    assert fixed("(x) ; metta-index: ignore[missing-bnag] r\n") == "(x) ; metta-index: ignore[missing-bang] r\n"


def test_a_rule_like_no_other_has_no_fix() -> None:
    left, _, _ = check("(x) ; metta-index: ignore[zzz]\n")
    assert "metta-index rules" in left[1].message
    assert left[1].fix is None


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("(f) ; metta-index: ignore[MI203]\n(g)\n", "(f)\n(g)\n"),
        ("(f) ; metta-index: ignore[MI203]\r\n(g)\n", "(f)\r\n(g)\n"),
        ("(f) ; metta-index: ignore[MI203]", "(f)"),
        ("(f) ; a note ; metta-index: ignore[MI203]\n", "(f) ; a note\n"),
        ("(f)\n  ; metta-index: ignore[MI203] why\n(g)\n", "(f)\n(g)\n"),
        ("; metta-index: ignore-file[MI203]\n(g)\n", "(g)\n"),
        ("(x) ; metta-index: ignore[MI203, MI301] r\n", "(x) ; metta-index: ignore[MI203] r\n"),
        ("(x y) ; metta-index: ignore[MI203, MI101, MI301]\n", "(x y) ; metta-index: ignore[MI203, MI301]\n"),
        ("(x) ; metta-index: ignore[MI203, missing-bang]\n", "(x) ; metta-index: ignore[MI203]\n"),
        ("(x) ; metta-index: ignore[MI203]\n", "(x) ; metta-index: ignore[MI203]\n"),
    ],
)
def test_what_suppresses_nothing_is_reported_and_removed(text: str, after: str) -> None:
    assert fixed(text) == after
    left, _, _ = check(after)
    assert places(left) == []
    assert ("MI901" in {one.code for one in check(text)[0]}) == (text != after)


def test_rules_that_did_not_run_say_nothing_of_their_suppressions() -> None:
    left, _, _ = check("(f) ; metta-index: ignore[MI203]\n", active={"MI301"})
    assert left == []


def test_the_line_is_asked_before_the_file() -> None:
    _, gone, _ = check("; metta-index: ignore-file[MI203] file\n(x) ; metta-index: ignore[MI203] line\n(x)\n")
    assert [one.reason for one in gone] == ["line", "file"]


def test_reports_on_suppressions_can_be_suppressed_and_need_not_be() -> None:
    left, gone, _ = check("; metta-index: ignore-file[MI901, MI902]\n(f) ; metta-index: ignore[MI203]\n")
    assert (places(left), places(gone)) == ([], [("MI901", 2)])


def test_bytes_of_no_character_are_shown() -> None:
    source = SourceText.of("a.metta", b"; metta-index: ignore[\xff] \xfe\n(f)")
    (found,) = read_suppressions(source, [(0, 27)])
    assert (found.mentions[0].name, found.reason) == ("\\xff", "\\xfe")


def test_a_stack_of_comments_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    class Counting(dict[int, int]):
        def __contains__(self, key: object) -> bool:
            nonlocal looked_at
            looked_at += 1
            return super().__contains__(key)

    original = suppressions._next_row

    def counting(source: SourceText, row: int, alone: set[int], below: dict[int, int]) -> int:
        return original(source, row, alone, Counting(below))

    monkeypatch.setattr(suppressions, "_next_row", counting)
    _, found = read("; metta-index: ignore[MI203]\n" * 500 + "(x)\n")
    assert {one.row for one in found} == {500}
    assert looked_at <= 1000
