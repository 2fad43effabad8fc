"""Findings as SARIF 2.1.0 (OASIS), within what GitHub code scanning asks for and takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import quote

from metta_index.indexer.checking.findings import Finding, Fix, RuleInfo, RunInfo, Severity, numbered, path_bytes
from metta_index.indexer.formats.escaping import json_items, json_line, visible
from metta_index.indexer.formats.line_hashes import line_hashes
from metta_index.indexer.formats.totals import counted, most_severe, shown
from metta_index.indexer.text.positions import Position

#: GitHub's limits: results of a run, characters of a rule's texts and names, locations of a result.
_MOST_RESULTS = 25_000
_MOST_CHARACTERS = 1_024
_MOST_NAME = 255
_MOST_LOCATIONS = 1_000

_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
_PROBLEM_SEVERITIES: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "recommendation"}
_SUPPRESSIONS = {"inline": "inSource", "baseline": "external"}

SourceOf = Callable[[str], bytes | None]


def render(
    findings: Sequence[Finding],
    rules: Sequence[RuleInfo],
    run: RunInfo,
    *,
    source_of: SourceOf | None = None,
    category: str = "",
) -> Iterator[str]:
    """One JSON object; each result is in a line of its own. `findings` are sorted, `rules` has all of theirs.

    `source_of`: the bytes of a file, or None; with it, results carry the same
    fingerprint that GitHub's upload would compute, which it asks of them when it can
    see the files. `category`: what tells several analyses of one commit apart.
    """
    # Where there is no room for all, what is suppressed goes first.
    kept = most_severe(findings if len(findings) <= _MOST_RESULTS else shown(findings), _MOST_RESULTS)
    indexes = {rule.code: index for index, rule in enumerate(rules)}
    yield '{"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",'
    yield '"version": "2.1.0", "runs": [{'
    yield f'"tool": {json_line({"driver": _driver(rules, run.version)})},'
    # Text before the last slash is the category.
    identifier = "/".join(part for part in ("metta-index", category) if part) + "/"
    yield f'"automationDetails": {json_line({"id": identifier})},'
    yield '"columnKind": "unicodeCodePoints",'
    yield f'"originalUriBaseIds": {json_line({"%SRCROOT%": {"description": _text("The root of the workspace.")}})},'
    yield f'"invocations": {json_line([_invocation(run, len(findings) - len(kept))])},'
    yield '"results": ['
    yield from json_items(_results(kept, indexes, source_of))
    yield "]}]}"


def _text(text: str) -> dict[str, str]:
    # Empty texts are refused.
    return {"text": text or "-"}


def _driver(rules: Sequence[RuleInfo], version: str) -> dict[str, Any]:
    return {
        "name": "metta-index",
        "semanticVersion": version,
        "informationUri": "https://metta-lang.dev",
        "rules": [_rule(rule) for rule in rules],
    }


def _rule(rule: RuleInfo) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name[:_MOST_NAME],
        "shortDescription": _text(_cut(rule.summary)),
        "fullDescription": _text(_cut(rule.why or rule.summary)),
        "help": {
            **_text(f"{rule.summary}\n\n{rule.why}".strip()),
            "markdown": f"**{rule.code} {rule.name}**: {rule.summary}\n\n{rule.why}\n\n"
            f"Comment that accepts it in one line: `; metta-index: ignore[{rule.code}] reason`\n",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"problem.severity": _PROBLEM_SEVERITIES[rule.severity], "tags": ["metta"]},
    }
    if rule.url is not None:
        described["helpUri"] = rule.url
    return described


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


def _invocation(run: RunInfo, cut: int) -> dict[str, Any]:
    notifications: list[dict[str, Any]] = [
        {
            "level": "error",
            "message": _text(f"{visible(failure.path)}: {failure.message}"),
            "locations": [{"physicalLocation": {"artifactLocation": _artifact(failure.path)}}],
        }
        for failure in run.failed
    ]
    left_out = run.left_out + cut
    if left_out:
        text = f"{counted(left_out, 'finding')} left out, the least severe ones; see the other formats for all of them"
        notifications.append({"level": "warning", "message": _text(text)})
    return {"executionSuccessful": not run.failed, "toolExecutionNotifications": notifications}


def _results(
    findings: Sequence[Finding], indexes: dict[str, int], source_of: SourceOf | None
) -> Iterator[dict[str, Any]]:
    for path, group in groupby(numbered(findings), key=lambda pair: pair[0].path):
        pairs = list(group)
        source = source_of(path) if source_of is not None else None
        hashes = line_hashes(source, {finding.start.row + 1 for finding, _ in pairs}) if source is not None else {}
        for finding, fingerprint in pairs:
            # 16 digits and a number, as GitHub's own.
            line_hash = hashes.get(finding.start.row + 1, f"{fingerprint[:16]}:1")
            yield _result(finding, indexes[finding.code], fingerprint, line_hash)


def _result(finding: Finding, index: int, fingerprint: str, line_hash: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": _text(finding.message),
        "locations": [{"physicalLocation": _physical(finding.path, finding.start, finding.end)}],
        "partialFingerprints": {"primaryLocationLineHash": line_hash, "mettaIndex/v1": fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _physical(one.path, one.start, one.end),
                "message": _text(one.message),
            }
            for number, one in enumerate(finding.related[: _MOST_LOCATIONS - 1], 1)
        ]
    if finding.fix is not None:
        result["fixes"] = [_fix(finding.path, finding.fix)]
    if finding.suppressed is not None:
        suppression = {"kind": _SUPPRESSIONS[finding.suppressed]}
        if finding.reason:
            suppression["justification"] = finding.reason
        result["suppressions"] = [suppression]
    return result


def _fix(path: str, fix: Fix) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        replacement: dict[str, Any] = {"deletedRegion": _region(edit.start, edit.end)}
        if edit.replacement:
            replacement["insertedContent"] = {"text": edit.replacement}
        changes.setdefault(path if edit.path is None else edit.path, []).append(replacement)
    return {
        "description": _text(fix.description),
        "artifactChanges": [
            {"artifactLocation": _artifact(changed), "replacements": replacements}
            for changed, replacements in changes.items()
        ],
    }


def _physical(path: str, start: Position, end: Position) -> dict[str, Any]:
    return {"artifactLocation": _artifact(path), "region": _region(start, end)}


def _artifact(path: str) -> dict[str, str]:
    """A relative URI reference: all bytes but letters, digits and `/._-~` percent-encoded (RFC 3986)."""
    return {"uri": quote(path_bytes(path), safe="/"), "uriBaseId": "%SRCROOT%"}


def _region(start: Position, end: Position) -> dict[str, int]:
    return {
        "startLine": start.row + 1,
        "startColumn": start.column + 1,
        "endLine": end.row + 1,
        "endColumn": end.column + 1,
    }
