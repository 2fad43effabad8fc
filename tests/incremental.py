"""What incremental builds are judged by: a fresh build of a copy at another place, without a cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from metta_index.cli.export import index_lines
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.building.report import BuildReport

#: Where there is one, a folder in memory: hundreds of small indexes are written, and disks are waited for.
QUICK_FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def build(root: Path, options: Options | None = None, use_cache: bool = True) -> BuildReport:
    with open_session(root, use_cache=use_cache, quiet=True) as session:
        return session.build(options or Options()).report


def lines(root: Path) -> list[str]:
    """What `export jsonl` says."""
    with open_session(root, quiet=True) as session:
        return list(index_lines(session.index))


def import_rows(root: Path) -> list[str]:
    """All that is kept of imports: more than is exported, such as what their meaning depends on."""
    with open_session(root, quiet=True) as session, session.index.snapshot():
        found = []
        for record in session.index.all_imports():
            assert record.resolution is not None, record
            resolution = record.resolution._asdict() | {"lookups": sorted(record.resolution.lookups)}
            found.append(repr((record._replace(resolution=None), resolution)))
        return found


def assert_fresh(root: Path) -> None:
    """Builds, and compares with what a fresh build says of a copy in another folder of the same name."""
    build(root, use_cache=False)
    with tempfile.TemporaryDirectory(dir=QUICK_FOLDER) as folder:
        # Import roots may lie beside the workspace: what it is in is copied.
        copy = Path(folder) / root.parent.name / root.name
        shutil.copytree(root.parent, copy.parent, ignore=shutil.ignore_patterns(".metta-index", ".git"))
        if (root / ".git" / "config").exists():
            shutil.copytree(root / ".git", copy / ".git")
        build(copy, Options(force=True), use_cache=False)
        assert lines(root) == lines(copy)
        assert import_rows(root) == import_rows(copy)
