"""Applying fixes to files, and showing what that would change."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from metta_index.cli.exits import say
from metta_index.indexer.checking.findings import Finding
from metta_index.indexer.checking.fixing import Fixed, apply_fixes
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.text.digest import content_digest


def apply_to_files(root: Path, findings: Sequence[Finding], digests: Mapping[str, bytes]) -> int:
    """Fixes files, each whole or not at all; how many fixes that were. Says what was left out.

    `digests`: of the files as they were checked.
    """
    count = 0
    for path, _before, fixed in _fixed_files(root, findings, digests):
        try:
            _replace(Path(root, path), fixed.source)
        except OSError as error:
            say(f"warning: {display_path(path)} is not fixed: {error.strerror or error}")
            continue
        count += len(fixed.findings)
    return count


def diff_lines(root: Path, findings: Sequence[Finding], digests: Mapping[str, bytes]) -> Iterator[bytes]:
    """A unified diff of what `apply_to_files` would do."""
    for path, before, fixed in _fixed_files(root, findings, digests):
        name = os.fsencode(display_path(path))
        names = (b"a/" + name, b"b/" + name)
        for line in difflib.diff_bytes(
            difflib.unified_diff, _lines(before), _lines(fixed.source), *names, lineterm=b""
        ):
            yield line.removesuffix(b"\n")
            if not line.endswith(b"\n") and line[:1] in b"+- " and not line.startswith((b"+++", b"---")):
                yield b"\\ No newline at end of file"


def _lines(text: bytes) -> list[bytes]:
    """Lines as diff and patch know them: only a line feed ends one."""
    lines = [line + b"\n" for line in text.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _fixed_files(
    root: Path, findings: Sequence[Finding], digests: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes, Fixed]]:
    """The files that fixes change, as they are and as they become; not those that changed since they were checked."""
    for path, group in groupby(findings, lambda finding: finding.path):
        fixable = [finding for finding in group if finding.fix is not None and finding.suppressed is None]
        if not fixable:
            continue
        try:
            source = Path(root, path).read_bytes()
        except OSError as error:
            say(f"warning: {display_path(path)} is not fixed: {error.strerror or error}")
            continue
        if content_digest(source) != digests.get(path):
            say(f"warning: {display_path(path)} is not fixed: it was changed meanwhile")
            continue
        fixed = apply_fixes(source, fixable)
        if fixed.source != source and _is_no_worse(path, source, fixed.source):
            yield path, source, fixed


def _is_no_worse(path: str, before: bytes, after: bytes) -> bool:
    """Whether a text still parses as well as before: a fix that breaks it is a mistake of ours, and is not applied."""
    language = load_language(language_of(path))
    return len(language.parse(after).problems) <= len(language.parse(before).problems)


def _replace(file: Path, source: bytes) -> None:
    """Writes a file whole or not at all; links are followed, and the mode stays."""
    target = os.path.realpath(file)
    mode = os.stat(target).st_mode & 0o7777  # noqa: PTH116 - Path refuses some names
    descriptor, temporary = tempfile.mkstemp(prefix=".metta-index-", dir=os.path.dirname(target))  # noqa: PTH120
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(source)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, mode)  # noqa: PTH101
        os.replace(temporary, target)  # noqa: PTH105
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
