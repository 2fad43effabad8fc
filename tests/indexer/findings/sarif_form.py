"""The form of a SARIF 2.1.0 log: the objects we write, as sections 3.13 to 3.58 of the standard have them.

Nothing may stand in an object that is not named here, as in the published schema;
numbers and texts have its bounds, and those that GitHub sets beside them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]
Short = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Index = Annotated[int, msgspec.Meta(ge=0)]
#: Relative: no scheme, no slash at the start, and all characters such that a URI may have (RFC 3986).
Uri = Annotated[str, msgspec.Meta(pattern=r"^(?!/)(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+$")]


class Form(msgspec.Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    pass


class Message(Form):
    text: Text


class MultiformatMessage(Form):
    text: Text
    markdown: Text | None = None


class ShortMessage(Form):
    text: Short


class Configuration(Form):
    level: Literal["none", "note", "warning", "error"]


class RuleProperties(msgspec.Struct, rename={"problem_severity": "problem.severity"}, forbid_unknown_fields=True):
    problem_severity: Literal["error", "warning", "recommendation"]
    tags: Annotated[list[Text], msgspec.Meta(max_length=10)]


class Rule(Form):
    id: Text
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    short_description: ShortMessage
    full_description: ShortMessage
    help: MultiformatMessage
    default_configuration: Configuration
    properties: RuleProperties
    help_uri: Annotated[str, msgspec.Meta(pattern=r"^https?://")] | None = None


class Driver(Form):
    name: Text
    semantic_version: Annotated[str, msgspec.Meta(pattern=r"^\d+\.\d+\.\d+")]
    information_uri: Text
    rules: Annotated[list[Rule], msgspec.Meta(max_length=25_000)]


class Tool(Form):
    driver: Driver


class ArtifactLocation(Form):
    uri: Uri
    uri_base_id: Literal["%SRCROOT%"]


class Region(Form):
    start_line: Count
    start_column: Count
    end_line: Count
    end_column: Count


class PhysicalLocation(Form):
    artifact_location: ArtifactLocation
    region: Region | None = None


class Location(Form):
    physical_location: PhysicalLocation
    id: Index | None = None
    message: Message | None = None


class Fingerprints(msgspec.Struct, rename={"own": "mettaIndex/v1"}, forbid_unknown_fields=True):
    primary_location_line_hash: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{1,16}:[1-9][0-9]*$")] = msgspec.field(
        name="primaryLocationLineHash"
    )
    own: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]


class Content(Form):
    text: str


class Replacement(Form):
    deleted_region: Region
    inserted_content: Content | None = None


class ArtifactChange(Form):
    artifact_location: ArtifactLocation
    replacements: Annotated[list[Replacement], msgspec.Meta(min_length=1)]


class Fix(Form):
    description: Message
    artifact_changes: Annotated[list[ArtifactChange], msgspec.Meta(min_length=1)]


class Suppression(Form):
    kind: Literal["inSource", "external"]
    justification: Text | None = None


class Result(Form):
    rule_id: Text
    rule_index: Index
    level: Literal["none", "note", "warning", "error"]
    message: Message
    locations: Annotated[list[Location], msgspec.Meta(min_length=1, max_length=1)]
    partial_fingerprints: Fingerprints
    related_locations: Annotated[list[Location], msgspec.Meta(max_length=999)] | None = None
    fixes: list[Fix] | None = None
    suppressions: list[Suppression] | None = None


class Notification(Form):
    level: Literal["none", "note", "warning", "error"]
    message: Message
    locations: list[Location] | None = None


class Invocation(Form):
    execution_successful: bool
    tool_execution_notifications: list[Notification]


class AutomationDetails(Form):
    id: Annotated[str, msgspec.Meta(pattern=r"^metta-index/(.+/)?$")]


class Run(Form):
    tool: Tool
    automation_details: AutomationDetails
    column_kind: Literal["unicodeCodePoints", "utf16CodeUnits"]
    original_uri_base_ids: dict[str, dict[Literal["description"], Message]]
    invocations: list[Invocation]
    results: Annotated[list[Result], msgspec.Meta(max_length=25_000)]


class Log(msgspec.Struct, rename={"schema": "$schema"}, forbid_unknown_fields=True):
    schema: Annotated[str, msgspec.Meta(pattern=r"/sarif-schema-2\.1\.0\.json$")]
    version: Literal["2.1.0"]
    runs: Annotated[list[Run], msgspec.Meta(min_length=1, max_length=20)]


_decoder = msgspec.json.Decoder(Log, strict=True)


def read_sarif(data: bytes) -> Run:
    """The one run of a log. Raises where the log is not of this form."""
    log = _decoder.decode(data)
    (run,) = log.runs
    rules = run.tool.driver.rules
    assert len({rule.id for rule in rules}) == len(rules)
    for result in run.results:
        assert rules[result.rule_index].id == result.rule_id
        for region in regions_of(result):
            assert (region.start_line, region.start_column) <= (region.end_line, region.end_column)
    return run


def regions_of(result: Result) -> list[Region]:
    places = [*result.locations, *(result.related_locations or [])]
    found = [place.physical_location.region for place in places]
    edits = [
        replacement.deleted_region
        for fix in result.fixes or []
        for change in fix.artifact_changes
        for replacement in change.replacements
    ]
    return [region for region in found if region is not None] + edits
