"""Findings for GitHub, GitLab, reviewdog, and readers of JUnit and Checkstyle: read back as each of them reads."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Literal, NamedTuple

import junitparser
import msgspec
import pytest
from finding_samples import FAILED_RUN, MISSING, NEAR, ODD_PATHS, RULES, RUN, UNCLOSED, finding_of, many, samples
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from metta_index.indexer.checking.findings import Failure, Finding, RuleInfo, RunInfo, SourceText
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.formats import checkstyle, github, gitlab, junit, rdjson
from metta_index.indexer.formats.totals import shown

Render = Callable[[Sequence[Finding], Sequence[RuleInfo], RunInfo], Iterator[str]]

TEXTS = st.text(st.characters())


def written(render: Render, findings: Sequence[Finding], run: RunInfo = RUN) -> bytes:
    lines = list(render(findings, RULES, run))
    assert not any("\n" in line for line in lines)
    return "\n".join(lines).encode()


def with_message(text: str) -> Finding:
    return msgspec.structs.replace(finding_of("(f)", "f"), message=text)


# GitHub


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def run_command(line: str) -> Command | None:
    """What the runner understands of a line of a log (actions/runner, ActionCommand)."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    name, _, rest = line[2:end].partition(" ")
    properties = {}
    for pair in rest.split(","):
        key, equals, value = pair.strip().partition("=")
        if equals:
            for written_as, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
                value = value.replace(written_as, char)
            properties[key] = value
    message = line[end + 2 :]
    for written_as, char in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        message = message.replace(written_as, char)
    return Command(name, properties, message)


def commands(findings: Sequence[Finding], run: RunInfo = RUN) -> list[Command]:
    # The runner takes "\r" and "\n" for ends of lines.
    lines = written(github.render, findings, run).decode().replace("\r", "\n").split("\n")
    found = [run_command(line) for line in lines if line]
    assert None not in found
    return [one for one in found if one is not None]


def test_github_shows_nothing_of_nothing() -> None:
    assert commands([]) == []


def test_github_gets_places_in_one_line_with_columns() -> None:
    assert commands([finding_of("(f)\n(é xy)\n", "xy")]) == [
        Command(
            "warning",
            {
                "file": "a.metta",
                "line": "2",
                "endLine": "2",
                "col": "4",
                "endColumn": "6",
                "title": "MI203 missing-bang",
            },
            "wrong",
        )
    ]


@pytest.mark.parametrize(("end", "last"), [(12, "3"), (9, "2"), (8, "2")])
def test_github_gets_places_in_several_lines_without(end: int, last: str) -> None:
    (found,) = commands([SourceText.of("a.metta", b"(a\n (bcd\n (e))").finding(UNCLOSED, "", 0, end)])
    assert (found.properties["line"], found.properties["endLine"]) == ("1", last)
    assert "col" not in found.properties
    assert "endColumn" not in found.properties


def test_github_gets_every_odd_name() -> None:
    # One at a time: there would be too many.
    for path in ODD_PATHS:
        (found,) = commands([finding_of("(f)", "f", path=path)])
        assert found.properties["file"] == path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


@given(TEXTS)
def test_github_reads_any_message_in_one_command(text: str) -> None:
    (found,) = commands([with_message(text)])
    assert found.properties["file"] == "a.metta"
    assert found.message.count("\n") == text.count("\n")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_github_reads_a_printable_message_as_it_was(text: str) -> None:
    assert commands([with_message(text)])[0].message == text


@pytest.mark.parametrize("run", [RUN, FAILED_RUN, RunInfo("1.2.3", 9, (), 12)], ids=["fine", "failed", "left out"])
def test_github_gets_what_it_shows_the_most_severe_first_and_is_told_of_the_rest(run: RunInfo) -> None:
    found = many(300)
    told = commands(found, run)
    counts = Counter(one.name for one in told)
    assert max(counts.values()) == 10
    assert [one.name for one in told] == sorted((one.name for one in told), key=["error", "warning", "notice"].index)
    annotated = len(told) - 1
    assert told[-1].message.startswith(f"{300 + len(run.failed) + run.left_out - annotated} more findings")


def test_github_is_told_nothing_of_a_rest_that_is_not_there() -> None:
    found = [finding_of("(f)", "f", rule) for rule in (UNCLOSED, MISSING, NEAR) for _ in range(10)]
    told = commands(found)
    assert Counter(one.name for one in told) == {"error": 10, "warning": 10, "notice": 10}
    assert told[-1].properties["title"] == "MI301 near-miss"


def test_github_keeps_to_what_is_shown() -> None:
    gone = msgspec.structs.replace(finding_of("(f)", "f"), suppressed="baseline")
    assert commands([gone]) == []


def summary_rows(findings: Sequence[Finding], run: RunInfo = RUN) -> tuple[list[list[str]], str]:
    """The cells of the table in a step summary as a reader of Markdown sees them, and all texts."""
    text = "\n".join(github.step_summary(findings, RULES, run))
    assert len(text.encode()) <= github.SUMMARY_BYTES
    rows: list[list[str]] = []
    texts: list[str] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            shown_text = "".join(
                one.content for one in token.children or [] if one.type in ("text", "text_special", "code_inline")
            )
            tags = {one.content for one in token.children or [] if one.type == "html_inline"}
            assert tags <= {"<code>", "</code>"}
            assert not any(one.type in ("image", "em_open", "strong_open", "s_open") for one in token.children or [])
            if token.level == 4 and rows:
                rows[-1].append(shown_text)
            texts.append(shown_text)
    return rows[1:], "\n".join(texts)


def test_the_step_summary_has_every_finding() -> None:
    found = samples()
    rows, text = summary_rows(found, FAILED_RUN)
    assert [row[0] for row in rows] == [
        f"{display_path(one.path)}:{one.start.row + 1}:{one.start.column + 1}" for one in shown(found)
    ]
    assert {len(row) for row in rows} == {4}
    assert "`not" not in text
    assert sum(line.startswith("not checked") for line in text.splitlines()) == len(FAILED_RUN.failed)


def test_the_step_summary_links_to_what_there_is_to_say_of_a_rule() -> None:
    text = "\n".join(github.step_summary([finding_of("(f)", "f")], RULES, RUN))
    assert f"[MI203]({MISSING.url})" in text


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_the_step_summary_shows_a_message_as_it_was(text: str) -> None:
    rows, _ = summary_rows([with_message(text)])
    assert rows[0][3] == text


def test_the_step_summary_ends_where_there_is_no_room() -> None:
    found = many(30_000)
    rows, text = summary_rows(found)
    assert text.endswith(f"{30_000 - len(rows)} more findings: the summary of a step has no room for them.")
    assert len(rows) > 5_000
    failed = tuple(Failure(f"{number}.metta", "x" * 500) for number in range(3000))
    _, text = summary_rows(found, RunInfo("1.2.3", 0, failed))
    assert "more files" in text


# GitLab


class Begin(msgspec.Struct, forbid_unknown_fields=True):
    line: Annotated[int, msgspec.Meta(ge=1)]
    column: Annotated[int, msgspec.Meta(ge=1)] = 1


class Lines(msgspec.Struct, forbid_unknown_fields=True):
    begin: Annotated[int, msgspec.Meta(ge=1)]


class Positions(msgspec.Struct, forbid_unknown_fields=True):
    begin: Begin
    end: Begin


class Where(msgspec.Struct, forbid_unknown_fields=True):
    path: Annotated[str, msgspec.Meta(min_length=1, pattern="^(?!/|[.]/)")]
    lines: Lines | None = None
    positions: Positions | None = None


class Degradation(msgspec.Struct, forbid_unknown_fields=True):
    """An entry as GitLab wants it: its own schema, and what its documentation asks for beside that."""

    description: Annotated[str, msgspec.Meta(min_length=1)]
    check_name: Annotated[str, msgspec.Meta(min_length=1)]
    fingerprint: Annotated[str, msgspec.Meta(min_length=1)]
    severity: Literal["info", "minor", "major", "critical", "blocker"]
    location: Where


def degradations(findings: Sequence[Finding], run: RunInfo = RUN) -> list[Degradation]:
    data = written(gitlab.render, findings, run)
    assert data.startswith(b"[")  # and no byte order mark
    found = msgspec.json.decode(data, type=list[Degradation])
    assert all((one.location.lines is None) != (one.location.positions is None) for one in found)
    assert len({one.fingerprint for one in found}) == len(found)
    return found


def test_gitlab_gets_every_finding() -> None:
    assert degradations([]) == []
    found = samples()
    assert len(degradations(found)) == len(shown(found))
    assert len(degradations(found, FAILED_RUN)) == len(shown(found)) + len(FAILED_RUN.failed)
    assert len(degradations(many(30_000))) == 30_000


def test_gitlab_gets_place_rule_and_severity() -> None:
    (found,) = degradations([finding_of("(f)\n(é x)\n", "x")])
    assert (found.check_name, found.severity, found.location.path) == ("MI203", "minor", "a.metta")
    assert found.location.positions == Positions(Begin(2, 4), Begin(2, 5))


@given(TEXTS)
def test_gitlab_reads_any_message(text: str) -> None:
    assert len(degradations([with_message(text)])) == 1


# reviewdog


class Code(msgspec.Struct, forbid_unknown_fields=True):
    value: str
    url: str | None = None


class RdRange(msgspec.Struct, forbid_unknown_fields=True):
    start: Begin
    end: Begin


class RdLocation(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    range: RdRange | None = None


class Suggestion(msgspec.Struct, forbid_unknown_fields=True):
    range: RdRange
    text: str


class Diagnostic(msgspec.Struct, forbid_unknown_fields=True):
    """The message `Diagnostic` of reviewdog.proto, whose decoder refuses what it does not know."""

    message: str
    location: RdLocation
    severity: Literal["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]
    code: Code | None = None
    suggestions: list[Suggestion] = []


class RdSource(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    url: str


class DiagnosticResult(msgspec.Struct, forbid_unknown_fields=True):
    source: RdSource
    diagnostics: list[Diagnostic]


def diagnostics(findings: Sequence[Finding], run: RunInfo = RUN) -> list[Diagnostic]:
    return msgspec.json.decode(written(rdjson.render, findings, run), type=DiagnosticResult).diagnostics


def test_reviewdog_gets_every_finding() -> None:
    assert diagnostics([]) == []
    found = samples()
    assert len(diagnostics(found, FAILED_RUN)) == len(shown(found)) + len(FAILED_RUN.failed)


def test_reviewdog_counts_columns_in_bytes() -> None:
    (found,) = diagnostics([finding_of("(f)\n(é𐐀 x)\n", "x")])
    assert found.location.range == RdRange(Begin(2, 9), Begin(2, 10))
    assert found.code == Code("MI203", MISSING.url)


def test_reviewdog_gets_suggestions_of_one_edit_in_the_same_file() -> None:
    first, second, *_ = diagnostics([one for one in samples() if one.path == "fix.metta"])
    assert first.suggestions == [Suggestion(RdRange(Begin(1, 1), Begin(1, 1)), "!")]
    assert second.suggestions == []


@given(TEXTS)
def test_reviewdog_reads_any_message(text: str) -> None:
    assert len(diagnostics([with_message(text)])) == 1


# XML

#: Elements: the attributes each must have, those it may have, and what may stand in it.
JUNIT = {
    "testsuites": ({"name"}, {"tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors"}, {"file"}, {"testcase", "system-out"}),
    "testcase": ({"name", "classname"}, set(), {"failure", "error"}),
    "failure": ({"message", "type"}, set(), set()),
    "error": ({"message", "type"}, set(), set()),
    "system-out": (set(), set(), set()),
}
CHECKSTYLE = {
    "checkstyle": ({"version"}, set(), {"file"}),
    "file": ({"name"}, set(), {"error"}),
    "error": ({"line", "severity", "message", "source"}, {"column"}, set()),
}


def read_xml(data: bytes, form: dict[str, tuple[set[str], set[str], set[str]]]) -> ET.Element:
    root = ET.fromstring(data)
    assert root.tag == next(iter(form))
    for element in root.iter():
        needed, allowed, inside = form[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed
        assert {child.tag for child in element} <= inside
    return root


@pytest.mark.parametrize("run", [RUN, FAILED_RUN], ids=["fine", "failed"])
def test_junit_is_of_the_form_and_adds_up(run: RunInfo) -> None:
    found = samples()
    root = read_xml(written(junit.render, found, run), JUNIT)
    for element in (root, *root):
        cases = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(cases)
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))
    names = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(set(names)) == len(names) == len(shown(found)) + len(run.failed)


def test_junit_is_read_by_a_reader_of_junit() -> None:
    read = junitparser.JUnitXml.fromroot(ET.fromstring(written(junit.render, many(100), FAILED_RUN)))
    read.update_statistics()
    assert (read.tests, read.failures, read.errors) == (100 + len(FAILED_RUN.failed), 100, len(FAILED_RUN.failed))


def test_junit_of_nothing_is_one_case_that_passes() -> None:
    root = read_xml(written(junit.render, []), JUNIT)
    (case,) = root.iter("testcase")
    assert (list(case), case.attrib["name"]) == ([], "40 files without findings")


def test_junit_shows_the_place() -> None:
    failure = next(read_xml(written(junit.render, [finding_of("(f)\n(é <x>)\n", "<x>")]), JUNIT).iter("failure"))
    assert failure.text == "a.metta:2: wrong\n2 | (é <x>)\n  |    ^^^\n"


def test_junit_stays_below_what_is_read_and_tells_so() -> None:
    data = written(junit.render, many(30_010))
    assert len(data) < 30 << 20
    root = read_xml(data, JUNIT)
    assert len(list(root.iter("testcase"))) == 30_000
    assert [one.text for one in root.iter("system-out")] == ["10 more findings left out"]


def test_checkstyle_is_of_the_form() -> None:
    assert len(read_xml(written(checkstyle.render, []), CHECKSTYLE)) == 0
    found = samples()
    root = read_xml(written(checkstyle.render, found, FAILED_RUN), CHECKSTYLE)
    assert len(list(root.iter("error"))) == len(shown(found)) + len(FAILED_RUN.failed)
    names = [one.attrib["name"] for one in root]
    assert names[len(FAILED_RUN.failed) :] == list(dict.fromkeys(display_path(one.path) for one in found))


def test_checkstyle_says_where_and_what() -> None:
    (error,) = read_xml(written(checkstyle.render, [finding_of("(é x)", "x")]), CHECKSTYLE).iter("error")
    assert error.attrib == {
        "line": "1",
        "column": "4",
        "severity": "warning",
        "message": "wrong",
        "source": "metta-index.MI203.missing-bang",
    }


def legal_in_xml(char: str) -> bool:
    return char in "\t\n\r" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"


@given(TEXTS)
def test_xml_has_any_message_and_keeps_what_xml_can_say(text: str) -> None:
    for render, form, tag in ((junit.render, JUNIT, "failure"), (checkstyle.render, CHECKSTYLE, "error")):
        (element,) = read_xml(written(render, [with_message(text)]), form).iter(tag)
        if all(map(legal_in_xml, text)):
            assert element.attrib["message"] == text


def test_xml_is_read_by_a_parser_that_streams() -> None:
    data = written(checkstyle.render, many(3000))
    assert sum(1 for _, element in ET.iterparse(io.BytesIO(data)) if element.tag == "error") == 3000


@pytest.mark.parametrize(
    "render", [github.render, github.step_summary, gitlab.render, rdjson.render, junit.render, checkstyle.render]
)
def test_the_same_findings_give_the_same_bytes_without_times(render: Render) -> None:
    first, second = (written(render, samples(), FAILED_RUN) for _ in range(2))
    assert first == second
    assert b"time" not in first


def test_json_of_a_line_each_can_be_compared_line_by_line() -> None:
    for render in (gitlab.render, rdjson.render):
        lines = written(render, many(20)).splitlines()[1:-1]
        assert all(json.loads(line.removesuffix(b",")) for line in lines)
