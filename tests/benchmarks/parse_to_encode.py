"""A command: indexes every file below a folder in one or two processes, drops the results, prints milliseconds.

As a build does, it has workers start while it reads the files; the time begins after that.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

from metta_index.indexer.building.documents import read_document
from metta_index.indexer.building.work import Item, index_item_to_bytes
from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.manifest import Stat
from metta_index.indexer.execution.plan import Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure, execute
from metta_index.indexer.execution.worker_processes import Workers

_ROOM = 32 << 20


def main(folder: str, jobs: str) -> None:
    root = Path(folder)
    paths = sorted(root.rglob("*.metta"))
    wanted = Wanted(int(jobs), "sequential" if jobs == "1" else "loky")
    with closing(Workers()) as workers:
        sizes = [Load("metta", path.stat().st_size) for path in paths]
        workers.start(plan_execution(sizes, Rates(), int(jobs), wanted), index_item_to_bytes)
        items = items_in(root, paths)
        loads = [Load(item.language, item.size) for item in items]
        started = time.perf_counter()
        plan = plan_execution(loads, Rates(), int(jobs), wanted)
        results = execute(plan, items, index_item_to_bytes, workers=workers)
        done = sum(not isinstance(outcome, Failure) for _number, outcome in results)
        elapsed = time.perf_counter() - started
    assert done == len(items)
    print(elapsed * 1000)


def items_in(root: Path, paths: list[Path]) -> list[Item]:
    """The files, and pieces of large ones, as a build plans them."""
    items = []
    room = _ROOM
    for path in paths:
        name = path.relative_to(root).as_posix()
        status = path.stat()
        stat = Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        document = read_document(root, name, stat, Settings(), None, room)
        assert document is not None
        room -= document.kept
        items += [
            Item(str(path), piece.start, piece.size, piece.digest, "metta", None, True, None, piece.text)
            for piece in document.pieces
        ]
    return items


if __name__ == "__main__":
    main(*sys.argv[1:])
