"""Import roots outside the workspace: their files belong to the index, under paths that begin with `../` or `/`."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from json import dumps, loads
from pathlib import Path

from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.walk import Decisions, Discovery, PathProblem, Skipped, discover


def discover_with_roots(root: Path, settings: Settings, known: bytes) -> tuple[Discovery, bytes]:
    """Walks a workspace and its import roots outside; also gives what the next walk is to know of this one.

    In these git's patterns and `exclude` hold as in the workspace, `include` does not.
    A root that holds the workspace, or another root, is walked without it. `known`: of the walk before.
    """
    roots = settings.outside_roots()
    if not roots:
        found = discover(root, settings, Decisions.from_bytes(known))
        return found, found.decisions.to_bytes()
    remembered = _parts(known, 1 + len(roots))
    own = discover(root, settings, remembered[0])
    files, skipped, problems = dict(own.files), [*own.skipped], [*own.problems]
    decisions = [own.decisions]
    folders = [Path(os.path.normpath(root / name)) for name in roots]
    for name, folder, before in zip(roots, folders, remembered[1:], strict=True):
        inside = (other for other in (root, *folders) if other != folder and other.is_relative_to(folder))
        without = {f"{other.relative_to(folder).as_posix()}/" for other in inside}
        found = discover(folder, settings.within(name), before, without=without)
        files |= {posixpath.join(name, path): stat for path, stat in found.files.items()}
        skipped += [Skipped(posixpath.join(name, one.path), one.reason) for one in found.skipped]
        problems += [_seen_from_the_workspace(name, one) for one in found.problems]
        decisions.append(found.decisions)
    every = Discovery({path: files[path] for path in sorted(files)}, sorted(skipped), sorted(problems), own.decisions)
    return every, _framed([one.to_bytes() for one in decisions])


def _seen_from_the_workspace(name: str, problem: PathProblem) -> PathProblem:
    if problem.path == ".":
        return PathProblem(name, f"this folder, one of the configured `roots`, {problem.message}")
    return PathProblem(posixpath.join(name, problem.path), problem.message)


def _framed(parts: Sequence[bytes]) -> bytes:
    return dumps([len(part) for part in parts]).encode() + b"\n" + b"".join(parts)


def _parts(data: bytes, count: int) -> list[Decisions | None]:
    """The parts of what `_framed` gave; None for each where it is something else."""
    nothing: list[Decisions | None] = [None] * count
    head, _newline, rest = data.partition(b"\n")
    try:
        sizes = loads(head)
    except ValueError:
        return nothing
    if not isinstance(sizes, list) or len(sizes) != count or not all(type(size) is int for size in sizes):
        return nothing
    parts: list[Decisions | None] = []
    for size in sizes:
        parts.append(Decisions.from_bytes(rest[:size]))
        rest = rest[size:]
    return parts
