"""Findings that are hard to report: odd names, odd places, odd texts."""

from __future__ import annotations

import msgspec.structs

from metta_index.indexer.checking.findings import Failure, Finding, Fix, RuleInfo, RunInfo, SourceText, sort_key

UNCLOSED = RuleInfo("MI101", "unclosed-parenthesis", "error", "A form is not closed.", "The file *cannot* be read.")
MISSING = RuleInfo(
    "MI203", "missing-bang", "warning", "`!` is missing.", "Nothing happens.", "https://example.org/MI203"
)
NEAR = RuleInfo("MI301", "near-miss", "info", "A name is nearly another one.", "x" * 2000)
UNUSED = RuleInfo("MI901", "unused-suppression", "warning", "A suppression suppresses nothing.", "It misleads.")
MALFORMED = RuleInfo("MI902", "malformed-suppression", "warning", "A suppression cannot be read.", "It misleads.")
RULES = (UNCLOSED, MISSING, NEAR, UNUSED, MALFORMED)

RUN = RunInfo("1.2.3", 40)

#: Names that some format has no way to write, or reads as something else.
ODD_PATHS = (
    "a b.metta",
    "50%.metta",
    "%2e.metta",
    "#1.metta",
    "c,d:e::f.metta",
    "line\nbreak\r.metta",
    "q\"'<&>|`.metta",
    "逻辑/模块.metta",
    "\udcff\udc80.metta",
    "-/~+é?.metta",
    "bell\x07\x1b[31m.metta",
    "\u202egnp.metta",
)

ODD_TEXTS = (
    "two\nlines\r\nthree",
    "100% of ::error:: ##[error], [link](1) {0}",
    "\x00\x08\x1b[31m\x7f\x85\ufffe\uffff",
    "]]> <!-- & \"quoted\" 'text'",
    "half \ud800 and byte \udcfe",
    "",
)


def finding_of(
    text: bytes | str, at: bytes | str, rule: RuleInfo = MISSING, path: str = "a.metta", message: str = "wrong"
) -> Finding:
    """A finding at the first place where `at` stands in a text."""
    source = text.encode() if isinstance(text, str) else text
    wanted = at.encode() if isinstance(at, str) else at
    start = source.index(wanted)
    return SourceText.of(path, source).finding(rule, message, start, start + len(wanted))


def samples() -> list[Finding]:
    """Findings with everything that can be odd about one, sorted."""
    found = [finding_of(f"(f {path!r})\n", "f", path=path) for path in ODD_PATHS]
    found += [
        msgspec.structs.replace(finding_of("(f)\n", "f", NEAR, path="messages.metta"), message=text)
        for text in ODD_TEXTS
    ]
    found += [
        finding_of("(= (f)\n   (g", "(= (f)\n   (g", UNCLOSED, "end.metta"),
        SourceText.of("end.metta", b"(f").finding(UNCLOSED, "at the end", 2, 2),
        SourceText.of("empty.metta", b"").finding(UNCLOSED, "nothing", 0, 0),
        SourceText.of("zero.metta", b"(f)\n\n(g)\n").finding(UNCLOSED, "an empty line", 4, 4),
        finding_of("\t(逻辑 \t👍🏽 e\u0301 x)\r\n", "x", path="wide.metta"),
        finding_of(b"(\xff\xfe \xc3 x)\n", b"x", path="bytes.metta"),
        finding_of("(" + "é" * 300_000 + " x " + "y" * 300_000, "x", path="long.metta"),
    ]
    source = SourceText.of("fix.metta", b"(import! &self a)\n(f)\n(f)\n")
    fix = Fix("add `!`", (source.edit(0, 0, "!"),))
    wide = Fix("rename", (source.edit(19, 20, "g"), SourceText.of("é .metta", b"(f)\n").edit(1, 2, "", elsewhere=True)))
    found += [
        source.finding(MISSING, "no `!`", 0, 17, fix=fix),
        source.finding(NEAR, "here and there", 19, 20, fix=wide, related=(source.related(23, 24, "as here"),)),
        msgspec.structs.replace(source.finding(NEAR, "known", 19, 20), suppressed="baseline"),
        msgspec.structs.replace(source.finding(NEAR, "meant", 23, 24), suppressed="inline", reason='so "it" is\x01'),
    ]
    return sorted(found, key=sort_key)


FAILED_RUN = RunInfo(
    "1.2.3", 52, tuple(Failure(path, text) for path, text in zip(ODD_PATHS, ODD_TEXTS * 2, strict=True)), 5
)


def many(count: int) -> list[Finding]:
    """As many findings in files of a thousand lines."""
    found = []
    for number in range(0, count, 1000):
        source = SourceText.of(f"src/{number:06}.metta", b"(f x)\n" * min(1000, count - number))
        for line in range(min(1000, count - number)):
            rule = RULES[line % 3]
            found.append(source.finding(rule, f"wrong {line}", 6 * line + 1, 6 * line + 2))
    return found
