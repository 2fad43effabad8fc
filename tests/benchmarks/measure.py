"""How figures are taken: functions in this process, whole commands, and the memory of a tree of processes."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The folder that this package is imported from; commands run there.
HOME = Path(__file__).parents[1]

#: The program as a person runs it, and an empty one as its floor.
PROGRAM = (sys.executable, "-m", "metta_index.cli")
EMPTY_PROGRAM = (sys.executable, "-m", "benchmarks.empty_program")

#: Files this old have settled: the next build trusts their times.
SETTLE_S = 2.2

_SAMPLE_S = 0.02


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one call: CPU of this process, and wall clock."""

    cpu_ms: float
    wall_ms: float


def time_calls(call: Callable[[], object], repeats: int, inner: int = 1) -> list[Timing]:
    """Times `repeats` times `inner` calls; each timing is that of one call."""
    timings = []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(inner):
            call()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        timings.append(Timing(cpu * 1000 / inner, wall * 1000 / inner))
    return timings


def best_us(call: Callable[[], object], repeats: int, inner: int = 1) -> float:
    """Microseconds of wall clock of the fastest of several calls: what the work takes undisturbed."""
    return min(timing.wall_ms for timing in time_calls(call, repeats, inner)) * 1000


def in_turns(one: Callable[[], float], other: Callable[[], float], repeats: int) -> tuple[float, float, float]:
    """Medians of both, and the median of the ratios one / other, taken pair by pair in changing order."""
    pairs = _pairs(one, other, repeats)
    return (*_medians(pairs), statistics.median(first / second for first, second in pairs))


def over_in_turns(one: Callable[[], float], other: Callable[[], float], repeats: int) -> tuple[float, float, float]:
    """As `in_turns`, with the median of the differences one - other."""
    pairs = _pairs(one, other, repeats)
    return (*_medians(pairs), statistics.median(first - second for first, second in pairs))


def _pairs(one: Callable[[], float], other: Callable[[], float], repeats: int) -> list[tuple[float, float]]:
    pairs = []
    for turn in range(repeats):
        if turn % 2:
            second = other()
            pairs.append((one(), second))
        else:
            pairs.append((one(), other()))
    return pairs


def _medians(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(first for first, _ in pairs), statistics.median(second for _, second in pairs)


@dataclass(frozen=True, slots=True)
class CommandRun:
    """One run of a command. `cpu_ms`: of the process and the children it waited for."""

    wall_ms: float
    cpu_ms: float
    output: str

    @property
    def report(self) -> dict[str, Any]:
        """What `--format json` printed."""
        report: dict[str, Any] = json.loads(self.output)
        return report


def _environment() -> dict[str, str]:
    """That of this process, without settings that would change what is measured: ours, and the one against bytecode.

    An installed program has its bytecode, as the packages it uses do. In a checkout, Python writes it
    unless told not to, and would then compile our modules, and only ours, in every run.
    """
    unwanted = ("METTA_INDEX_", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


def run_command(command: Sequence[str | Path], silent: bool = False, cwd: Path = HOME, expected: int = 0) -> CommandRun:
    """Runs a command to its end; `silent`: what it says on stderr is dropped.

    Raises RuntimeError where it ends with another exit code than is expected.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if silent else None,
        cwd=cwd,
        env=_environment(),
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _pid, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != expected:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}")
    return CommandRun(wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000, output)


def build(root: Path, *flags: str) -> CommandRun:
    """One `metta-index build` that prints JSON."""
    return run_command([*PROGRAM, "build", root, "--format", "json", *flags])


def peak_memory_mb(command: Sequence[str | Path]) -> tuple[float, str]:
    """The largest sum, over the process and its descendants, that was seen; and how it was seen.

    PSS, which counts shared pages once, where the kernel tells it; sampled every
    20 ms, so a shorter peak may go unseen.
    """
    words = [str(word) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, cwd=HOME, env=_environment())
    peak = 0.0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.is_set():
            peak = max(peak, sum(map(_pss_mb, _tree(process.pid))))
            ended.wait(_SAMPLE_S)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _pid, status, usage = os.wait4(process.pid, 0)
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if not peak:  # the kernel tells no PSS
        return usage.ru_maxrss * 1024 / 1e6, "largest resident size of one process"
    return peak, "sum of PSS over the process tree, sampled every 20 ms"


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
        except OSError:
            continue
    return found


def _pss_mb(pid: int) -> float:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    return 0.0


def settle() -> None:
    """Waits until the times of files just written are older than what a build trusts."""
    time.sleep(SETTLE_S)


def cpu_seconds() -> tuple[float, float]:
    """CPU time that the machine used since it started (0 where the kernel does not tell), and that was ours."""
    ours = sum(os.times()[:4])
    try:
        first_line = Path("/proc/stat").read_text().partition("\n")[0]
    except OSError:
        return 0.0, ours
    user, nice, system, _idle, _waiting, *interrupts = map(int, first_line.split()[1:8])
    return (user + nice + system + sum(interrupts[:2])) / os.sysconf("SC_CLK_TCK"), ours


def describe_machine() -> str:
    """Cores, memory and versions; nothing that names a machine."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("tree-sitter", "typer", "joblib", "diskcache"))
    try:
        packages += f", numpy {version('numpy')}"
    except PackageNotFoundError:
        packages += ", no numpy (where there is one, joblib loads it, and workers take longer to start)"
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB of memory, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}, {packages}"
    )
