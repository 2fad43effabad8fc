"""MI204: an import that several files answer to."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta.modules import Status, Way
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import ALL, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    for record in linked.imports:
        resolution = record.resolution
        if resolution is None or resolution.status != Status.AMBIGUOUS or record.is_inert:
            continue
        if resolution.way == Way.REGISTERED:
            continue  # which `register-module!` has run before is not known here
        names = [f"`{target.path}`" for target in resolution.candidates]
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        yield Match(record.start_byte, record.end_byte, f"`{record.module}` can be {shown}: {resolution.reason}")


RULE = Rule(
    "MI204",
    "ambiguous-import",
    "info",
    "Several files answer to the name of an import.",
    "Which one is loaded depends on where the program is started, so it may work for one person and not for another.",
    {"main.metta": "!(import! &self lib)\n", "a/lib.metta": "(a)\n", "b/lib.metta": "(b)\n"},
    {"main.metta": "!(import! &self a:lib)\n", "a/lib.metta": "(a)\n", "b/lib.metta": "(b)\n"},
    ALL - {"mettatron"},
    find_linked=_find,
)
