"""Bringing the index up to date before it is asked."""

from __future__ import annotations

import gc
import posixpath
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metta_index.cache.database import DamagedIndexError
from metta_index.cache.index_file import described
from metta_index.cli.exits import UsageError, say
from metta_index.cli.session import Session, wanted_execution
from metta_index.indexer.building.build import Options
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.errors import DecodeError


def refresh(session: Session, wanted: bool = True) -> int:
    """Indexes what changed. 1 where some file could not be indexed, else 0; says which."""
    if not wanted:
        if session.index.manifest() is None:
            raise UsageError(f"{session.root} has no index yet; run `metta-index build` first")
        return 0
    report = session.build(Options(wanted=wanted_execution(None, None))).report
    for failure in report.failures:
        say(f"error: {display_path(failure.path)}: {failure.message}")
    return report.exit_code


@contextmanager
def whole_index(session: Session) -> Iterator[None]:
    """Turns what cannot be read or does not verify into a UsageError; a damaged index is forgotten."""
    try:
        yield
    except (sqlite3.Error, DamagedIndexError, DecodeError) as error:
        name = session.index.path or "the index"
        if session.index.forget(error):
            raise UsageError(
                f"{name} is damaged: {described(error)}; it was set aside, so run the command again"
            ) from error
        raise UsageError(
            f"{name} cannot be read: {described(error)}; run the command again, or delete the file"
        ) from error


@contextmanager
def answering(session: Session) -> Iterator[None]:
    """As `whole_index`, for queries of a single moment.

    What they find stays until it is shown: Python looks for no garbage meanwhile, nor in it afterwards.
    """
    gc.disable()
    try:
        with whole_index(session), session.index.snapshot():
            yield
    finally:
        gc.freeze()
        gc.enable()


def what_is_left_out(session: Session, path: str | None = None) -> str:
    """In which files names inside of facts are not indexed, or whether this one is among them; "" in none.

    For every answer that would be another one with them. Asks the index, so within `answering` or `whole_index`.
    """
    left_out = session.index.heads_only()
    if path is not None:
        left_out = [path] if path in left_out else []
    if not left_out:
        return ""
    others = f" and {len(left_out) - 1:,} more" if len(left_out) > 1 else ""
    limit = f"{session.settings.exact_bytes:,} bytes (`exact-bytes` in the configuration)"
    why = f"for {'they have' if others else 'it has'} more than {limit}"
    return f"note: names inside the facts of {display_path(left_out[0])}{others} are neither indexed nor checked, {why}"


def relative_path(session: Session, file: Path) -> str:
    """A file as the index names it. Raises UsageError where it is outside the workspace and its import roots."""
    absolute = (file if file.is_absolute() else Path.cwd() / file).resolve()
    folders = {(session.root / name).resolve(): name for name in session.settings.outside_roots()}
    folders[session.root] = ""
    holding = [folder for folder in folders if absolute.is_relative_to(folder)]
    if not holding:
        raise UsageError(f"{file} is outside the workspace {session.root}; choose another with --root")
    folder = max(holding, key=lambda one: len(one.parts))
    return posixpath.join(folders[folder], absolute.relative_to(folder).as_posix())
