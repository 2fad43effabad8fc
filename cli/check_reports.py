"""Where the reports of a check go, and in which formats."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from metta_index.cli import VERSION
from metta_index.cli.exits import UsageError
from metta_index.cli.output import write_lines
from metta_index.indexer.checking.findings import Failure, Finding, RuleInfo, RunInfo

#: Formats by name, and the module of each; jsonl is the other function of json's.
FORMATS = ("text", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "rdjson")


class Reports(NamedTuple):
    """The reports that are asked for: a format and a file each; None: stdout."""

    wanted: tuple[tuple[str, Path | None], ...]
    statistics: bool

    @classmethod
    def of(cls, name: str, output: Path | None, more: Sequence[str], statistics: bool) -> Reports:
        """Raises UsageError for formats that there are not, and files that are named twice."""
        wanted = [(_format("--format", name), output)]
        for text in more:
            other, equals, file = text.partition("=")
            if not equals or not file:
                raise UsageError(f"--output-file {text}: give a format and a file, as in sarif=check.sarif")
            wanted.append((_format("--output-file", other), None if file == "-" else Path(file)))
        files = [os.path.realpath(file) for _name, file in wanted if file is not None]
        if len(set(files)) < len(files):
            raise UsageError("two reports are to go to the same file")
        return cls(tuple(wanted), statistics)

    @property
    def is_screen(self) -> bool:
        """Whether stdout is for people only."""
        return all(name == "text" for name, file in self.wanted if file is None)

    def write(self, findings: Sequence[Finding], files: int, failures: Sequence[Failure]) -> None:
        run = RunInfo(VERSION, files, tuple(failures))
        for name, file in self.wanted:
            write_lines(self._lines(name, file, findings, run), file)
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary and any(name == "github" for name, _file in self.wanted):
            from metta_index.indexer.formats.github import step_summary

            with Path(summary).open("a", encoding="utf-8", errors="backslashreplace") as out:
                out.writelines(f"{line}\n" for line in step_summary(findings, (), run))

    def _lines(self, name: str, file: Path | None, findings: Sequence[Finding], run: RunInfo) -> Iterator[str]:
        if name == "text":
            from metta_index.indexer.formats.text import render

            # All there is to say of rules is their summaries, for the statistics.
            rules = _rules() if self.statistics else ()
            return render(findings, rules, run, color=file is None and _is_colored(), statistics=self.statistics)
        module = import_module(f"metta_index.indexer.formats.{'json' if name == 'jsonl' else name}")
        lines: Iterator[str] = getattr(module, "render_lines" if name == "jsonl" else "render")(findings, _rules(), run)
        return lines


def _rules() -> tuple[RuleInfo, ...]:
    from metta_index.indexer.rules.registry import all_infos

    return all_infos()


def _format(option: str, name: str) -> str:
    if name not in FORMATS:
        raise UsageError(f"{option} {name}: give one of {', '.join(FORMATS)}")
    return name


def _is_colored() -> bool:
    return not os.environ.get("NO_COLOR") and sys.stdout is not None and sys.stdout.isatty()
