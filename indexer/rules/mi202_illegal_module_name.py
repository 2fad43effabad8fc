"""MI202: a module name that Hyperon refuses."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta.modules import Status
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    if not linked.is_dialect_set:
        return  # the dialect is a guess, and such a name speaks for another one
    for record in linked.imports:
        resolution = record.resolution
        if resolution is not None and resolution.status == Status.ILLEGAL and not record.is_inert:
            yield Match(record.start_byte, record.end_byte, f"`{record.module}` is no module name: {resolution.reason}")


RULE = Rule(
    "MI202",
    "illegal-module-name",
    "error",
    "An import names a file, or has characters that no module name has.",
    "Hyperon takes names of ASCII letters, digits, `_` and `-`, joined by `:`; for `./lib.metta` or `lib/a` the import "
    "gives `(Error … Illegal module name)`, which ends the script. Reported only where the dialect is configured as "
    "`hyperon`: other implementations import files by their paths.",
    {"main.metta": "!(import! &self lib/a.metta)\n", "lib/a.metta": "(a)\n"},
    {"main.metta": "!(import! &self lib:a)\n", "lib/a.metta": "(a)\n"},
    HYPERON,
    find_linked=_find,
)
