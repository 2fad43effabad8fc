"""A command: metta-index, its stack noted every millisecond of wall clock; stacks go to the file named first.

A signal waits for the end of a call into C. So each stack counts for the microseconds since the
one before: a long call counts for as long as it took.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from benchmarks.flames import Stacks, write_folded

_EVERY_S = 0.001


def _name(frame: FrameType) -> str:
    code = frame.f_code
    module = frame.f_globals.get("__name__", "?")
    return f"{module}:{code.co_qualname}".replace(";", ",").replace(" ", "_")


def main() -> None:
    output = Path(sys.argv.pop(1))
    stacks: Stacks = Counter()
    noted = time.perf_counter_ns()

    def note(_signal: int, frame: FrameType | None) -> None:
        nonlocal noted
        now = time.perf_counter_ns()
        stack = []
        while frame is not None:
            stack.append(_name(frame))
            frame = frame.f_back
        stacks[tuple(reversed(stack))] += (now - noted) // 1000
        noted = now

    signal.signal(signal.SIGALRM, note)
    signal.setitimer(signal.ITIMER_REAL, _EVERY_S, _EVERY_S)
    try:
        from metta_index.cli.__main__ import main as run_program

        with contextlib.suppress(SystemExit):
            run_program()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        output.write_text(write_folded(stacks))


if __name__ == "__main__":
    main()
