"""A process whose workers are busy for ever, to see what becomes of them when it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PARENT = """
import sys
from worker_functions import linger
from metta_index.indexer.execution.plan import Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import execute, install_termination_handlers

install_termination_handlers()
items = [sys.argv[1]] * 8
plan = plan_execution([Load("metta", 1)] * 8, Rates(), 2, Wanted(jobs=2, backend=sys.argv[2]))
print("ready", flush=True)
for _ in execute(plan, items, linger):
    pass
"""


@contextlib.contextmanager
def started_parent(folder: Path, backend: str = "loky") -> Iterator[subprocess.Popen[str]]:
    """Give a process that says `ready`, and then starts two workers that never end; its output is one pipe.

    Each worker leaves a file called as its process in the folder.
    """
    path = os.pathsep.join([*filter(None, sys.path), str(Path(__file__).parent)])
    # What a killed process leaves in its folder for passing files goes with those of the tests.
    environment = {**os.environ, "PYTHONPATH": path, "TMPDIR": str(folder.parent)}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder), backend],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        start_new_session=True,
    )
    try:
        yield parent
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


@contextlib.contextmanager
def parent_at_work(folder: Path, backend: str = "loky") -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Give such a process, and its workers once both are at work."""
    with started_parent(folder, backend) as parent:
        deadline = time.monotonic() + 20
        while len(workers := [int(file.name) for file in folder.iterdir()]) < 2:
            assert parent.poll() is None, parent.communicate()[0]
            assert time.monotonic() < deadline, "the workers did not start"
            time.sleep(0.01)
        yield parent, workers


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie that nobody waited for does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def wait_until_gone(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
