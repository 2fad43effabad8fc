"""SARIF, judged by the form of the standard and by what GitHub takes."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import msgspec
import pytest
from finding_samples import FAILED_RUN, MISSING, NEAR, ODD_PATHS, RULES, RUN, UNCLOSED, finding_of, many, samples
from hypothesis import given
from hypothesis import strategies as st
from sarif_form import Result, Run, read_sarif

from metta_index.indexer.checking.findings import Finding, RunInfo, SourceText, path_bytes, sort_key
from metta_index.indexer.formats import sarif
from metta_index.indexer.formats.line_hashes import line_hashes


def written(findings: list[Finding], run: RunInfo = RUN, **options: object) -> bytes:
    return "\n".join(sarif.render(findings, RULES, run, **options)).encode()  # type: ignore[arg-type]


def read(findings: list[Finding], run: RunInfo = RUN, **options: object) -> Run:
    return read_sarif(written(findings, run, **options))


def uri_of(result: Result) -> str:
    return result.locations[0].physical_location.artifact_location.uri


def test_no_findings() -> None:
    run = read([])
    assert run.results == []
    assert run.invocations[0].execution_successful
    assert [rule.id for rule in run.tool.driver.rules] == [rule.code for rule in RULES]


def test_every_odd_finding_is_there() -> None:
    found = samples()
    run = read(found)
    assert [result.rule_id for result in run.results] == [one.code for one in found]
    assert [unquote_to_bytes(uri_of(result)) for result in run.results] == [path_bytes(one.path) for one in found]
    kinds = [result.suppressions[0].kind for result in run.results if result.suppressions]
    assert kinds == ["external", "inSource"]


def test_places_are_in_code_points_from_one_with_ends_exclusive() -> None:
    (result,) = read([finding_of("(f)\n(逻👍 xy)\n", "xy")]).results
    region = result.locations[0].physical_location.region
    assert region is not None
    assert msgspec.structs.astuple(region) == (2, 5, 2, 7)


def test_fixes_and_related_places() -> None:
    found = [one for one in samples() if one.path == "fix.metta"]
    first, second = read(found).results[:2]
    assert first.fixes is not None
    (change,) = first.fixes[0].artifact_changes
    (replacement,) = change.replacements
    assert replacement.inserted_content is not None
    assert replacement.inserted_content.text == "!"
    assert msgspec.structs.astuple(replacement.deleted_region) == (1, 1, 1, 1)
    assert second.fixes is not None
    assert [one.artifact_location.uri for one in second.fixes[0].artifact_changes] == ["fix.metta", "%C3%A9%20.metta"]
    assert second.fixes[0].artifact_changes[1].replacements[0].inserted_content is None
    assert second.related_locations is not None
    assert [(one.id, one.message and one.message.text) for one in second.related_locations] == [(1, "as here")]


def test_files_that_failed_are_told() -> None:
    (invocation,) = read([], FAILED_RUN).invocations
    assert not invocation.execution_successful
    told = [one for one in invocation.tool_execution_notifications if one.level == "error"]
    assert len(told) == len(ODD_PATHS)
    (left_out,) = [one for one in invocation.tool_execution_notifications if one.level == "warning"]
    assert left_out.message.text.startswith("5 findings left out")


def test_limits_are_kept_and_what_is_left_out_is_told() -> None:
    found = many(30_000)
    data = written(found)
    run = read_sarif(data)
    assert len(run.results) == 25_000
    levels = [result.level for result in run.results]
    # The least severe ones go.
    assert (levels.count("error"), levels.count("warning"), levels.count("note")) == (10_020, 9_990, 4_990)
    (told,) = run.invocations[0].tool_execution_notifications
    assert told.message.text.startswith("5000 findings left out")
    places = [(uri_of(result), result.locations[0].physical_location.region) for result in run.results]
    assert places == sorted(places, key=lambda one: (one[0], one[1].start_line if one[1] else 0))


def test_what_is_suppressed_leaves_first() -> None:
    found = many(25_002)
    found[0] = msgspec.structs.replace(found[0], suppressed="baseline")
    results = read(found).results
    assert len(results) == 25_000
    assert all(result.suppressions is None for result in results)


def test_a_finding_is_a_line_so_that_a_change_is_a_small_one() -> None:
    few, more = (written(many(count)).splitlines() for count in (9, 10))
    # The comma after what was the last line.
    assert len(set(more) - set(few)) == 2


def test_fingerprints_survive_shifts() -> None:
    texts = (b"(f x)\n" + b"(g)\n" * 200, b"(new)\n\n(f x)\n" + b"(g)\n" * 200)
    pairs = []
    for text in texts:
        finding = finding_of(text, "x")
        (result,) = read([finding], source_of={"a.metta": text}.get).results
        (without,) = read([finding]).results
        pairs.append((result.partial_fingerprints, without.partial_fingerprints))
    assert pairs[0] == pairs[1]


def test_the_line_hash_is_that_of_the_upload_where_the_source_is_at_hand() -> None:
    text = b"(f x)\n(g y)\n"
    (result,) = read([finding_of(text, "y")], source_of=lambda path: text if path == "a.metta" else None).results
    assert result.partial_fingerprints.primary_location_line_hash == hashes_by_rolling(text)[1]


def test_equal_lines_have_fingerprints_of_their_own() -> None:
    text = b"(f x)\n" * 300
    source = SourceText.of("a.metta", text)
    found = [source.finding(MISSING, "", at, at + 1) for at in range(3, len(text), 6)]
    results = read(found, source_of=lambda path: text).results
    for marks in (
        {one.partial_fingerprints.primary_location_line_hash for one in results},
        {one.partial_fingerprints.own for one in results},
    ):
        assert len(marks) == 300


@pytest.mark.parametrize(("category", "identifier"), [("", "metta-index/"), ("linux", "metta-index/linux/")])
def test_a_category_tells_analyses_apart(category: str, identifier: str) -> None:
    assert read([], category=category).automation_details.id == identifier


@given(st.binary(min_size=1, max_size=20).filter(lambda name: b"\0" not in name and not name.startswith(b"/")))
def test_any_name_comes_back_from_its_uri(name: bytes) -> None:
    (result,) = read([finding_of("(f)", "f", path=name.decode("utf-8", "surrogateescape"))]).results
    assert unquote_to_bytes(uri_of(result)) == name


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_message_is_taken(message: str, replacement: str) -> None:
    finding = msgspec.structs.replace(finding_of("(f)", "f"), message=message, reason=replacement, suppressed="inline")
    assert len(read([finding]).results) == 1


@pytest.mark.parametrize(
    ("text", "hashes"),
    [
        ("", ["c129715d7a2bc9a3:1"]),
        # The example of codeql-action's own test.
        (" a\nb\n  \t\tc\n d", ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]),
    ],
)
def test_published_line_hashes(text: str, hashes: list[str]) -> None:
    assert list(line_hashes(text.encode(), range(1, len(hashes) + 1)).values()) == hashes


@given(st.text(st.sampled_from("ab \t\r\né👍\0\uffff"), max_size=300))
def test_line_hashes_are_those_of_a_rolling_hash(text: str) -> None:
    expected = hashes_by_rolling(text.encode())
    assert line_hashes(text.encode(), range(1, 1000)) == dict(enumerate(expected, 1))


def test_bytes_of_no_character_have_line_hashes() -> None:
    assert len(line_hashes(b"\xff\xfe\n\x80", {1, 2})) == 2


def hashes_by_rolling(data: bytes) -> list[str]:
    """The hash of every line, read off a window of 100 units that is moved over the text unit by unit."""
    encoded = data.decode("utf-8", "replace").encode("utf-16-le")
    units = [int.from_bytes(encoded[at : at + 2], "little") for at in range(0, len(encoded), 2)]
    kept: list[int] = []
    starts = []
    after_return, at_start = False, True
    for unit in [*units, 0xFFFF]:
        if unit in (0x20, 0x09) or (after_return and unit == 0x0A):
            after_return = False
            continue
        after_return = unit == 0x0D
        if at_start:
            starts.append(len(kept))
        at_start = unit in (0x0A, 0x0D)
        kept.append(0x0A if after_return else unit)
    value, window = 0, [0] * 100
    values = []
    for unit in kept + [0] * 100:
        value = (value * 37 + unit - window.pop(0) * pow(37, 100)) % 2**64
        window.append(unit)
        values.append(value)
    seen: dict[int, int] = {}
    result = []
    for start in starts:
        found = values[start + 99]
        seen[found] = seen.get(found, 0) + 1
        result.append(f"{found:x}:{seen[found]}")
    return result


def test_rules_are_described_within_bounds() -> None:
    by_code = {rule.id: rule for rule in read([]).tool.driver.rules}
    assert len(by_code[NEAR.code].full_description.text) == 1024
    assert NEAR.why in by_code[NEAR.code].help.text
    assert by_code[MISSING.code].help_uri == MISSING.url
    assert by_code[UNCLOSED.code].help.markdown is not None
    assert "ignore[MI101]" in by_code[UNCLOSED.code].help.markdown


def test_the_form_refuses_what_the_standard_refuses() -> None:
    data = written([finding_of("(f)", "f")])
    for old, new in [
        (b'"startLine": 1', b'"startLine": 0'),
        (b'"uri": "a.metta"', b'"uri": "/a.metta"'),
        (b'"uri": "a.metta"', b'"uri": "a b.metta"'),
        (b'"level": "warning"', b'"level": "fatal"'),
        (b'"ruleIndex"', b'"rule_index"'),
        (b'"text": "wrong"', b'"text": ""'),
        (b'"version": "2.1.0"', b'"version": "2.2"'),
    ]:
        assert old in data
        with pytest.raises(msgspec.ValidationError):
            read_sarif(data.replace(old, new))


def test_order_is_that_of_the_findings() -> None:
    found = sorted(many(50) + samples(), key=sort_key)
    assert [unquote_to_bytes(uri_of(one)) for one in read(found).results] == [path_bytes(one.path) for one in found]
