"""`metta-index rules` and `explain`: what the check looks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

import typer

from metta_index.cli.exits import UsageError, one_of
from metta_index.cli.options import FORMAT_OPTION
from metta_index.cli.output import write_lines
from metta_index.indexer.rules.registry import SUPPRESSIONS, UnknownRuleError, all_rules, codes_of
from metta_index.indexer.rules.rule import EXAMPLE, Example, files_of


def rules_command(output_format: Annotated[str, FORMAT_OPTION] = "text") -> int:
    """List the rules of `metta-index check`.

    `off` rules run where they are selected, or have a severity in the configuration.
    """
    one_of("--format", output_format, "text", "json")
    rows = [(rule.code, rule.name, str(rule.level), rule.summary) for rule in all_rules()]
    rows += [(info.code, info.name, info.severity, info.summary) for info in SUPPRESSIONS]
    if output_format == "json":
        keys = ("code", "name", "level", "summary")
        lines = [json.dumps({"schema": 1} | dict(zip(keys, row, strict=True)), ensure_ascii=False) for row in rows]
    else:
        width = max(len(row[1]) for row in rows)
        lines = [f"{code}  {name:<{width}}  {level:<7}  {summary}" for code, name, level, summary in rows]
    write_lines(lines, None)
    return 0


def explain_command(
    rule: Annotated[str, typer.Argument(help="The code or the name of a rule.", metavar="RULE")],
) -> int:
    """Say what a rule finds, why it matters, and show an example.

    Examples:

      metta-index explain MI201

      metta-index explain missing-bang
    """
    try:
        codes = codes_of([rule])
    except UnknownRuleError as error:
        raise UsageError(str(error)) from error
    if len(codes) > 1:
        raise UsageError(f"{rule} means several rules: {', '.join(sorted(codes))}")
    write_lines(_explained(next(iter(codes))), None)
    return 0


def _explained(code: str) -> Iterator[str]:
    for info in SUPPRESSIONS:
        if info.code == code:
            yield from (f"{info.code} {info.name} ({info.severity})", "", info.summary, "", info.why)
            return
    rule = next(rule for rule in all_rules() if rule.code == code)
    yield from (f"{rule.code} {rule.name} ({rule.level})", "", rule.summary, "", rule.why, "")
    yield f"Dialects: {', '.join(sorted(rule.dialects))}."
    yield from ("", "It fires on:", "", *_example(rule.fires), "", "It does not fire on:", "", *_example(rule.silent))
    yield from ("", f"To keep it quiet in one place: `; metta-index: ignore[{rule.code}] why`.")


def _example(example: Example) -> Iterator[str]:
    for path, text in files_of(example).items():
        if path != EXAMPLE:
            yield f"    ; {path}"
        yield from (f"    {line}".rstrip() for line in text.splitlines())
