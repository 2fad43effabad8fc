"""What changes of the working tree brought: findings in files that changed, and in those that depend on them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from metta_index.cli.exits import UsageError
from metta_index.cli.session import Session
from metta_index.indexer.checking.findings import Finding
from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.languages.metta.modules import key_of
from metta_index.indexer.rules.changes import changed_keys
from metta_index.indexer.rules.keys import imports_key
from metta_index.indexer.rules.registry import all_rules
from metta_index.indexer.text.symbols import SymbolTable, decode_table


def caused_by_changes(session: Session, findings: Iterable[Finding], ref: str) -> list[Finding]:
    """The findings in files that differ from a commit, and those that others have because of that.

    Another file counts if it depends on a name whose definitions differ, or on an import
    that leads elsewhere; what rules find in it alone is left out. Raises UsageError.
    """
    changed = _changed_paths(session.root, ref)
    keys = _changed_keys(session, ref, changed)
    affected = session.index.finding_rows.depending_on(keys) - changed
    linked = {rule.code for rule in all_rules() if rule.find_linked is not None}
    return [
        finding
        for finding in findings
        if finding.path in changed or (finding.path in affected and finding.code in linked)
    ]


def _changed_paths(root: Path, ref: str) -> set[str]:
    """The files below the root that differ from a commit, those that are gone or new included."""
    _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    differing = _git(root, "diff", "--name-only", "--no-renames", "--relative", "-z", ref, "--")
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return {os.fsdecode(name) for name in (differing + untracked).split(b"\0") if name}


def _git(root: Path, *arguments: str) -> bytes:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise UsageError(f"--changed needs git, which cannot be run: {error.strerror or error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        if arguments[0] == "rev-parse" and not said:
            ref = arguments[-1].removesuffix("^{commit}")
            raise UsageError(f"--changed {ref}: there is no such commit here; fetch it first (`git fetch origin`)")
        raise UsageError(f"--changed: git says: {said[-1] if said else f'exit code {done.returncode}'}")
    return done.stdout


def _changed_keys(session: Session, ref: str, changed: Iterable[str]) -> set[bytes]:
    """The keys of what changed files say otherwise than they did in a commit."""
    keys: set[bytes] = set()
    for path in changed:
        if language_of(path) != "metta" or not path.endswith(session.settings.suffixes):
            continue
        document = session.index.document(path)
        tables = [decode_table(data) for data in session.index.tables(document)] if document is not None else []
        before = _tables_before(session, ref, path)
        keys |= changed_keys(path, before, tables)
        if _imported(tables) != _imported(before):
            keys.add(imports_key(path))
        if not tables or not before:
            leading_there = session.index.imports.depending_on([key_of(path)])
            keys.update(imports_key(record.path) for _number, record in leading_there)
    return keys


def _tables_before(session: Session, ref: str, path: str) -> list[SymbolTable]:
    """The tables of a file as it was in a commit; none where it was not there."""
    try:
        source = _git(session.root, "show", f"{ref}:./{path}")
    except UsageError:
        return []
    language = load_language("metta")
    return [language.extract(source, language.parse(source), session.settings.dialect_of(path))]


def _imported(tables: Sequence[SymbolTable]) -> list[tuple[object, ...]]:
    return [(one.form, one.module, one.into, one.flags) for table in tables for one in table.imports]
