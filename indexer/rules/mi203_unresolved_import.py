"""MI203: an import that leads nowhere."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta.modules import REGISTRATIONS, Status, Way
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import ALL, Match, Rule

#: Endings of files that programs of PeTTa and its kin make and load as they run.
_DATA = (".act", ".mork", ".qlf", ".pl", ".so")


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    elsewhere = {
        record.module.rstrip("/").rpartition("/")[2]
        for record in linked.imports
        if record.form in REGISTRATIONS and record.resolution and record.resolution.status == Status.UNRESOLVED
    }
    for record in linked.imports:
        resolution = record.resolution
        if (
            resolution is not None
            and resolution.status == Status.UNRESOLVED
            and resolution.way != Way.COMPUTED
            and record.form not in REGISTRATIONS
            and not record.is_inert
            and not linked.may_be_python(record)
            and not record.module.endswith(_DATA)
            and record.module.partition(":")[0] not in elsewhere  # a folder that is not in the workspace
        ):
            yield Match(record.start_byte, record.end_byte, f"`{record.module}` is not found: {resolution.reason}")


RULE = Rule(
    "MI203",
    "unresolved-import",
    "warning",
    "An import names a module that is found neither in the workspace nor among those of the language.",
    "Hyperon gives an error, which ends the script. PeTTa goes on without a word: what was to be imported is missing, "
    "and calls of it stay as they are written. Name folders that are "
    "searched besides with `roots` in the configuration.",
    "!(import! &self no/such/file.metta)\n",
    {"main.metta": "!(import! &self lib)\n!(import! &self random)\n", "lib.metta": "(a)\n"},
    ALL - {"mettatron"},
    find_linked=_find,
)
