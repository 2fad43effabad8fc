"""The baseline of a check: read, applied, brought up to date."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from metta_index.cli.exits import UsageError, say
from metta_index.cli.output import write_encoded_lines
from metta_index.indexer.checking.baseline import Baseline, Key, decode_baseline, encode_baseline
from metta_index.indexer.checking.findings import Finding
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.errors import DecodeError


def apply_baseline(
    file: Path, root: Path, findings: Sequence[Finding], paths: Collection[str], update: bool, quiet: bool
) -> list[Finding]:
    """The findings, marked where the baseline has them. Says what it has too much. Raises UsageError.

    `paths`: the documents that were asked for. What the baseline has of others is left
    alone; what it has of files that are gone is too much.
    """
    known = _read(file, update)
    scope = {display_path(path) for path in paths}

    def in_scope(key: Key) -> bool:
        return key.path in scope or not os.path.lexists(os.path.join(root, key.path))  # noqa: PTH118 - any name

    if update:
        known = known.updated(findings, in_scope)
        write_encoded_lines([encode_baseline(known).removesuffix(b"\n")], file)
        if not quiet:
            say(f"{file} has {sum(entry.count for entry in known.entries.values())} findings now")
    marked, stale = known.match(findings, in_scope)
    if stale and not quiet:
        say(f"notice: {len(stale)} entries of {file} are no longer found; prune them with --update-baseline")
        for entry in stale[:3]:
            say(f"  {entry.key.path}: {entry.key.rule} {entry.text}")
    return marked


def _read(file: Path, update: bool) -> Baseline:
    try:
        return decode_baseline(file.read_bytes())
    except FileNotFoundError:
        if update:
            return Baseline({})
        raise UsageError(f"{file} does not exist; make it with --update-baseline") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror or error}") from error
    except DecodeError as error:
        raise UsageError(f"{file}: {error}") from error
