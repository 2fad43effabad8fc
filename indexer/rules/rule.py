"""Rule: all that there is to say of one rule, and the function that looks for what it is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from metta_index.indexer.checking.findings import Finding, Fix, Related, RuleInfo, Severity

if TYPE_CHECKING:
    from metta_index.indexer.rules.code import Code
    from metta_index.indexer.rules.linked import Linked

Level = Literal["error", "warning", "info", "off"]

ALL = frozenset({"hyperon", "petta", "mm2", "mettatron"})
#: Dialects that read a program as the reference implementation does, or nearly so.
HYPERON = frozenset({"hyperon"})
PETTA = frozenset({"petta"})

#: The file of an example that is a single text.
EXAMPLE = "example.metta"


class Match(NamedTuple):
    """A place that a rule says something of: bytes of the document, the end exclusive."""

    start: int
    end: int
    message: str
    fix: Fix | None = None
    related: tuple[Related, ...] = ()


Example = str | Mapping[str, str]


class Rule(NamedTuple):
    """One rule.

    `level`: how grave its findings are where nothing else is configured. `dialects`:
    those of the documents it looks at. `summary`: one sentence; `why`: Markdown, what
    happens at run time. `fires`, `silent`: examples, a text or the files of a
    workspace by path; the first file is the one that is looked at. `find` is given the
    document, `find_linked` also what may be asked of the workspace; one of them is set.
    """

    code: str
    name: str
    level: Level
    summary: str
    why: str
    fires: Example
    silent: Example
    dialects: frozenset[str] = ALL
    find: Callable[[Code], Iterator[Match]] | None = None
    find_linked: Callable[[Code, Linked], Iterator[Match]] | None = None

    @property
    def severity(self) -> Severity:
        """How grave a finding is once the rule is selected: `off` rules give information."""
        return "info" if self.level == "off" else self.level

    def info(self) -> RuleInfo:
        return RuleInfo(self.code, self.name, self.severity, self.summary, self.why)

    def findings(self, code: Code, linked: Linked) -> Iterator[Finding]:
        """What the rule finds in a document, whose dialect is one of those it holds in."""
        if self.find is not None:
            matches = self.find(code)
        elif self.find_linked is not None:
            matches = self.find_linked(code, linked)
        else:
            return
        for match in matches:
            yield code.source.finding(
                self.info(), match.message, match.start, match.end, related=match.related, fix=match.fix
            )


def files_of(example: Example) -> dict[str, str]:
    """The files of an example by path; the first is the one that is looked at."""
    return {EXAMPLE: example} if isinstance(example, str) else dict(example)
