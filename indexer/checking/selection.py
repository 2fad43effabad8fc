"""Selection: which rules count, where, and how gravely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast

import msgspec.structs

from metta_index.indexer.checking.findings import SEVERITIES, Finding, Severity
from metta_index.indexer.configuration import Settings
from metta_index.indexer.rules.registry import codes_of, default_codes


class Selection(NamedTuple):
    """`codes`: the rules whose findings count. `severities`: by code, where it is not the rule's own.

    `ignored`: what is known of files, whose patterns need not be asked again.
    """

    codes: frozenset[str]
    severities: Mapping[str, Severity]
    settings: Settings
    ignored: dict[str, frozenset[str]]

    @classmethod
    def of(cls, settings: Settings, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> Selection:
        """What a configuration and a command line select. Raises UnknownRuleError.

        `select`, if any, stands in place of what is configured. A rule with a severity
        is selected, one whose severity is `off` is not; what is ignored never is.
        """
        levels = {code: level for rule, level in settings.severity.items() for code in codes_of([rule])}
        chosen = tuple(select)
        if chosen:
            codes = codes_of(chosen)
        else:
            codes = codes_of(settings.select) if settings.select is not None else default_codes()
            codes |= {code for code, level in levels.items() if level != "off"}
            codes -= {code for code, level in levels.items() if level == "off"}
        codes -= codes_of((*settings.ignore, *ignore)) if settings.ignore or ignore else frozenset()
        severities = {code: cast(Severity, level) for code, level in levels.items() if level != "off"}
        for rules in settings.per_file_ignores.values():
            codes_of(rules)
        return cls(codes, severities, settings, {})

    def to_run(self) -> frozenset[str]:
        """The rules to run: also those by default, so that selecting some of them checks nothing again."""
        return self.codes | default_codes()

    def counted(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings that count, each as grave as configured."""
        found = []
        for finding in findings:
            if finding.code not in self.codes or finding.code in self.ignored_in(finding.path):
                continue
            severity = self.severities.get(finding.code)
            if severity is not None and severity != finding.severity:
                finding = msgspec.structs.replace(finding, severity=severity)
            found.append(finding)
        return found

    def ignored_in(self, path: str) -> frozenset[str]:
        if not self.settings.per_file_ignores:
            return frozenset()
        ignored = self.ignored.get(path)
        if ignored is None:
            ignored = self.ignored[path] = codes_of(self.settings.ignored_in(path))
        return ignored


def is_at_least(severity: Severity, limit: Severity) -> bool:
    """Whether a severity is as grave as another, or graver."""
    return SEVERITIES.index(severity) <= SEVERITIES.index(limit)
