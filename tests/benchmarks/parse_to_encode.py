"""A command: indexes every file below a folder in one or two processes, drops the results, prints milliseconds."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from metta_index.indexer.building.work import Item, index_item_to_bytes
from metta_index.indexer.execution.plan import Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure, execute
from metta_index.indexer.text.digest import content_digest


def main(folder: str, jobs: str) -> None:
    items = []
    for path in sorted(Path(folder).rglob("*.metta")):
        text = path.read_bytes()
        items.append(Item(str(path), 0, len(text), content_digest(text), "metta", None, True))
    loads = [Load(item.language, item.size) for item in items]
    wanted = Wanted(int(jobs), "sequential" if jobs == "1" else "loky")
    started = time.perf_counter()
    done = sum(
        not isinstance(outcome, Failure)
        for _number, outcome in execute(plan_execution(loads, Rates(), int(jobs), wanted), items, index_item_to_bytes)
    )
    assert done == len(items)
    print((time.perf_counter() - started) * 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
