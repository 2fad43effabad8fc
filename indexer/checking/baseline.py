"""The baseline: findings that were there before the check was, by rule, path and text, not by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from json import dumps
from typing import NamedTuple

import msgspec
import msgspec.structs

from metta_index.indexer.checking.findings import Finding, normalised_text, sort_key
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.formats.escaping import visible
from metta_index.indexer.text.digest import blake2b

#: Changes whenever an older program could misread the file.
BASELINE_SCHEMA = 1

_SHOWN_CHARACTERS = 80


class Key(NamedTuple):
    """What a finding is recognised by. `path`: as it is displayed; `digest`: of the normalised text."""

    path: str
    rule: str
    digest: str


@dataclass(frozen=True, slots=True)
class Entry:
    """How many findings there are under one key. `text`: the start of the normalised text, for people."""

    text: str
    count: int


class Stale(NamedTuple):
    """An entry of the baseline with more findings than there are; `excess`: how many more."""

    key: Key
    text: str
    excess: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """Findings that are accepted."""

    entries: Mapping[Key, Entry]

    def match(
        self, findings: Iterable[Finding], in_scope: Callable[[Key], bool] = lambda key: True
    ) -> tuple[list[Finding], list[Stale]]:
        """The findings, sorted, marked where the baseline has them; and entries that are too many.

        Of several findings with one key, the first ones are the known ones. What a
        comment suppresses needs no entry. `in_scope`: whether a finding with this key
        would have been found by this run; only then is its absence telling.
        """
        left = {key: entry.count for key, entry in self.entries.items()}
        marked = []
        for finding in sorted(findings, key=sort_key):
            if finding.suppressed != "inline":
                key = key_of(finding)
                known = left.get(key, 0) > 0
                if known:
                    left[key] -= 1
                finding = msgspec.structs.replace(finding, suppressed="baseline" if known else None)
            marked.append(finding)
        stale = [
            Stale(key, self.entries[key].text, excess)
            for key, excess in sorted(left.items())
            if excess and in_scope(key)
        ]
        return marked, stale

    def updated(self, findings: Iterable[Finding], in_scope: Callable[[Key], bool] = lambda key: True) -> Baseline:
        """The baseline that accepts these findings, and what it had of all that is not in scope."""
        texts: dict[Key, str] = {}
        counts: Counter[Key] = Counter()
        for finding in findings:
            if finding.suppressed != "inline":
                key = key_of(finding)
                counts[key] += 1
                texts[key] = normalised_text(finding)[:_SHOWN_CHARACTERS]
        entries = {key: entry for key, entry in self.entries.items() if not in_scope(key)}
        return Baseline(entries | {key: Entry(texts[key], count) for key, count in counts.items()})


def key_of(finding: Finding) -> Key:
    digest = blake2b(normalised_text(finding).encode(), digest_size=8).hexdigest()
    return Key(visible(finding.path), finding.code, digest)


def encode_baseline(baseline: Baseline) -> bytes:
    """A JSON file, sorted, one entry a line.

    Every entry's line ends with a comma, and `null` closes the list: so entries that two
    branches add merge without touching each other's lines.
    """
    lines = [
        dumps(
            {"path": key.path, "rule": key.rule, "text": entry.text, "digest": key.digest, "count": entry.count},
            ensure_ascii=False,
        )
        for key, entry in sorted(baseline.entries.items())
    ]
    body = "".join(f"{line},\n" for line in lines)
    return f'{{"schema": {BASELINE_SCHEMA}, "findings": [\n{body}null\n]}}\n'.encode()


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    rule: str
    text: str
    digest: str
    count: int


class _Schema(msgspec.Struct, frozen=True):
    schema: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: int
    findings: Sequence[_Row | None]


def decode_baseline(data: bytes) -> Baseline:
    """The baseline in a file. Raises DecodeError, which says what to do.

    Entries with one key, as a merge of two branches may leave, count as the larger one.
    """
    if any(line.startswith((b"<<<<<<< ", b">>>>>>> ")) for line in data.split(b"\n")):
        raise DecodeError("it has conflict markers of a merge; keep the lines of both sides, or update the baseline")
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        file = msgspec.json.decode(data, type=_File) if schema == BASELINE_SCHEMA else _File(schema, ())
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise DecodeError(f"it is not a baseline: {error}; correct it there, or write a new one") from error
    if schema != BASELINE_SCHEMA:
        raise DecodeError(f"it has schema {schema}, and this version reads {BASELINE_SCHEMA}; write a new one")
    entries: dict[Key, Entry] = {}
    for row in file.findings:
        if row is not None:
            key = Key(row.path, row.rule, row.digest)
            if row.count > entries[key].count if key in entries else row.count > 0:
                entries[key] = Entry(row.text, row.count)
    return Baseline(entries)
