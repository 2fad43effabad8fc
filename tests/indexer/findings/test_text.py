"""Findings as text and as JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata

import msgspec.structs
import pytest
from finding_samples import (
    FAILED_RUN,
    MISSING,
    NEAR,
    ODD_PATHS,
    RULES,
    RUN,
    UNCLOSED,
    finding_of,
    many,
    samples,
)
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.checking.findings import Finding, RunInfo, SourceText
from metta_index.indexer.formats import json as json_format
from metta_index.indexer.formats import text
from metta_index.indexer.formats.text import excerpt
from metta_index.indexer.formats.totals import most_severe, shown, summary, totals_of


def lines(findings: list[Finding], run: RunInfo = RUN, **options: bool) -> list[str]:
    return list(text.render(findings, RULES, run, **options))


def test_a_whole_report() -> None:
    source = SourceText.of("lib/é.metta", b"(a)\n(import! &self b)\n")
    found = [
        source.finding(MISSING, "this does nothing", 4, 21),
        source.finding(NEAR, "`b`?\nOr not", 19, 20, related=(source.related(1, 2, "like this"),)),
        *[one for one in samples() if one.path in ("end.metta", "fix.metta")],
    ]
    assert lines(found, RunInfo("1", 12)) == [
        "lib/é.metta",
        "  2:1  warning MI203 missing-bang: this does nothing",
        "    2 | (import! &self b)",
        "      | ^^^^^^^^^^^^^^^^^",
        "",
        "  2:16  info MI301 near-miss: `b`?",
        "      Or not",
        "    2 | (import! &self b)",
        "      |                ^",
        "      = lib/é.metta:1:2: like this",
        "",
        "end.metta",
        "  1:1  error MI101 unclosed-parenthesis: wrong",
        "    1 | (= (f)",
        "      | ^^^^^^ to line 2",
        "",
        "  1:3  error MI101 unclosed-parenthesis: at the end",
        "    1 | (f",
        "      |   ^",
        "",
        "fix.metta",
        "  1:1  warning MI203 missing-bang: no `!`",
        "    1 | (import! &self a)",
        "      | ^^^^^^^^^^^^^^^^^",
        "      = fix: add `!`",
        "",
        "  2:2  info MI301 near-miss: here and there",
        "    2 | (f)",
        "      |  ^",
        "      = fix.metta:3:2: as here",
        "      = fix: rename",
        "",
        "2 errors, 2 warnings and 2 remarks in 3 of 12 files; suppressed: 1 by the baseline, 1 by comments",
        "2 can be fixed: `metta-index check --fix`, or `--diff` to see how",
    ]


def test_nothing_found() -> None:
    assert lines([]) == ["nothing found in 40 files"]
    assert lines([], RunInfo("1", 1)) == ["nothing found in 1 file"]


def test_what_could_not_be_checked_is_told() -> None:
    told = lines([], FAILED_RUN)
    assert len([line for line in told if line.startswith("not checked ")]) == len(ODD_PATHS)
    assert "5 more findings left out; 12 files could not be checked, so this is not the whole truth" in told[-1]


def columns_of(shown_as: str) -> int:
    """Columns of a terminal, character by character."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in shown_as
    )


@pytest.mark.parametrize(
    ("source", "at", "expected"),
    [
        ("(f x y)", "x", "(f x y)\n   ^"),
        ("\t(f x)", "x", "    (f x)\n       ^"),
        ("(f \tx)", "x", "(f  x)\n    ^"),
        ("(f \t\tx)", "\t", "(f      x)\n   ^"),
        ("(f \t\tx)", "\t\t", "(f      x)\n   ^^^^^"),
        ("(逻辑 x)", "x", "(逻辑 x)\n      ^"),
        ("(逻辑 x)", "逻辑", "(逻辑 x)\n ^^^^"),
        ("(e\u0301 x)", "x", "(e\u0301 x)\n   ^"),
        ("(\x1b[0m x)", "x", "(\\x1b[0m x)\n         ^"),
        ("(\u202e x)", "x", "(\\u202e x)\n        ^"),
        (b"(\xff x)", b"x", "(\\xff x)\n      ^"),
        (b"(\xc3 x)", b"\xc3", "(\\xc3 x)\n ^^^^"),
        ("(f x)\r\n(g)", "x", "(f x)\n   ^"),
        ("(f x)\r\n(g)", "x)\r\n(g)", "(f x)\n   ^^"),
        ("(f\n\n(g", "\n", "(f\n  ^"),
    ],
)
def test_carets_stand_under_the_place(source: str | bytes, at: str | bytes, expected: str) -> None:
    line, indent, length = excerpt(finding_of(source, at))
    assert f"{line}\n{' ' * indent}{'^' * length}" == expected


@pytest.mark.parametrize(("start", "expected"), [(0, "(f)\n^"), (3, "(f)\n   ^"), (4, "\n^"), (5, "\n^")])
def test_a_place_without_length_has_one_caret(start: int, expected: str) -> None:
    line, indent, length = excerpt(SourceText.of("a.metta", b"(f)\n\n").finding(UNCLOSED, "", start, start))
    assert f"{line}\n{' ' * indent}{'^' * length}" == expected


@given(st.text("a\té逻e\u0301👍\x1b\u202e \n", max_size=600), st.data())
def test_carets_are_where_the_text_is(source: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(source)))
    end = data.draw(st.integers(start, len(source)))
    places = [len(source[:one].encode()) for one in (start, end)]
    finding = SourceText.of("a.metta", source.encode()).finding(MISSING, "", *places)
    line, indent, length = excerpt(finding)
    assert line.isprintable()
    assert length >= 1
    width = columns_of(line)
    assert indent <= width
    assert width <= 165
    marked = source[start:end].split("\n")[0]
    if marked.isalpha() and "…" not in line:
        # What stands above the carets is what was found.
        before = max(at for at in range(len(line) + 1) if columns_of(line[:at]) == indent)
        assert line[before:].startswith(marked)
        assert length == max(columns_of(marked), 1)


def test_lines_of_any_length_are_cut_around_the_place() -> None:
    for finding in samples():
        if finding.path == "long.metta":
            line, indent, length = excerpt(finding)
            assert columns_of(line) < 170
            assert (line[0], line[-1], line[indent], length) == ("…", "…", "x", 1)


def test_colors_are_asked_for_and_change_nothing_else() -> None:
    found = samples()
    colored = lines(found, FAILED_RUN, color=True)
    assert any("\x1b[1;31merror\x1b[0m" in line for line in colored)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in colored] == lines(found, FAILED_RUN)


def test_statistics_count_by_rule() -> None:
    told = lines(many(29), statistics=True)
    assert told[-5:-1] == [
        "",
        "10  MI101  unclosed-parenthesis  A form is not closed.",
        "10  MI203  missing-bang  `!` is missing.",
        " 9  MI301  near-miss  A name is nearly another one.",
    ]
    assert lines([], statistics=True) == lines([])


def test_terminals_get_nothing_that_moves_them() -> None:
    assert all(line.isprintable() for line in lines(samples(), FAILED_RUN))


def test_neither_rich_nor_an_xml_reader_is_loaded_for_plain_text() -> None:
    code = (
        "import sys, metta_index.indexer.formats.text as text\n"
        "from metta_index.indexer.checking.findings import RunInfo\n"
        "list(text.render([], [], RunInfo('1', 0)))\n"
        "print([name for name in ('rich', 'xml', 'joblib', 'tree_sitter', 'pathspec') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_most_severe_are_kept_in_order() -> None:
    found = many(9)
    assert most_severe(found, 9) == found
    assert most_severe(found, 4) == [found[0], found[1], found[3], found[6]]
    assert most_severe(found, 0) == []


def test_summaries_count_in_words() -> None:
    one = finding_of("(f)", "f", UNCLOSED)
    assert summary(totals_of([one]), 1, 0, 0) == "1 error in 1 of 1 file"
    assert summary(totals_of([one, finding_of("(f)", "f")]), 2, 1, 1) == (
        "1 error and 1 warning in 1 of 2 files; 1 more finding left out; "
        "1 file could not be checked, so this is not the whole truth"
    )


# JSON


def test_json_is_one_object_with_every_finding() -> None:
    found = samples()
    told = json.loads("\n".join(json_format.render(found, RULES, FAILED_RUN)).encode())
    assert (told["schema"], told["version"], told["files"], told["left_out"]) == (1, "1.2.3", 52, 5)
    assert len(told["findings"]) == len(shown(found)) == told["errors"] + told["warnings"] + told["infos"]
    assert len(told["failed"]) == len(FAILED_RUN.failed)
    assert told["suppressed"] == {"inline": 1, "baseline": 1}
    assert json.loads("\n".join(json_format.render([], RULES, RUN)))["findings"] == []


def test_json_says_all_of_a_finding() -> None:
    found = [one for one in samples() if one.path == "fix.metta"]
    (told, *_) = json.loads("\n".join(json_format.render(found, RULES, RUN)))["findings"]
    assert re.fullmatch("[0-9a-f]{32}", told.pop("fingerprint"))
    place = {"line": 1, "column": 1, "end_line": 1}
    assert told == place | {
        "code": "MI203",
        "rule": "missing-bang",
        "severity": "warning",
        "message": "no `!`",
        "path": "fix.metta",
        "end_column": 18,
        "start_byte": 0,
        "end_byte": 17,
        "url": MISSING.url,
        "related": [],
        "fix": {
            "description": "add `!`",
            "edits": [
                place | {"path": "fix.metta", "end_column": 1, "start_byte": 0, "end_byte": 0, "replacement": "!"}
            ],
        },
    }


def test_json_lines_are_the_same_findings_and_a_summary() -> None:
    found = samples()
    told = [json.loads(line) for line in json_format.render_lines(found, RULES, RUN)]
    assert all(one["schema"] == 1 for one in told)
    assert [one["type"] for one in told] == ["finding"] * len(shown(found)) + ["summary"]
    whole = json.loads("\n".join(json_format.render(found, RULES, RUN)))
    assert [{key: one[key] for key in one if key not in ("schema", "type")} for one in told[:-1]] == whole["findings"]
    assert json.loads(next(json_format.render_lines([], RULES, RUN)))["files"] == 40


@given(st.text(st.characters()))
def test_json_has_any_message(message: str) -> None:
    finding = msgspec.structs.replace(finding_of("(f)", "f"), message=message)
    data = "\n".join(json_format.render([finding], RULES, RUN)).encode()
    told = msgspec.json.decode(data)["findings"][0]["message"]
    if not any("\ud800" <= char <= "\udfff" for char in message):
        assert told == message


def test_work_grows_with_the_findings_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each finding is looked at the same number of times, however many there are."""
    counts = []
    for number in (100, 1000):
        seen = 0

        def counting(raw: bytes, column: int) -> tuple[str, int]:
            nonlocal seen
            seen += 1
            return raw.decode(), 1

        monkeypatch.setattr(text, "_cell", counting)
        tabbed = [msgspec.structs.replace(one, text=one.text.replace(b" ", b"\t", 1)) for one in many(number)]
        assert len(lines(tabbed)) > number
        counts.append(seen)
    assert counts[1] == 10 * counts[0] > 0


@given(st.text("aZ( $;~", max_size=170), st.integers(0, 180), st.integers(0, 180))
def test_lines_of_plain_characters_are_shown_as_those_that_are_measured(line: str, start: int, end: int) -> None:
    source = line.encode()
    start, end = sorted((min(start, len(source)), min(end, len(source))))
    finding = SourceText.of("a.metta", source).finding(RULES[0], "wrong", start, end)
    cut = finding.start.byte_column > finding.start_byte - finding.text_start
    measured = text._measured(finding.text, start - finding.text_start, end - finding.text_start, cut)
    assert excerpt(finding) == measured
