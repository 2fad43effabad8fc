"""Decides, from sizes and measured rates alone, whether work runs in worker processes, and its batches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

Backend = Literal["sequential", "loky"]

# A worker that gets less than this much work returns too little for what it costs to start.
WORK_PER_WORKER_MS = 250.0
# Gains smaller than this are noise: the simpler way wins.
MARGIN_MS = 30.0
# Below 20 ms the hand-over of a batch (about 0.1 ms) shows; above 250 ms progress and recovery are coarse.
SHORTEST_BATCH_MS = 20.0
LONGEST_BATCH_MS = 250.0
BATCHES_PER_WORKER = 8

# One run moves a rate by this share of the way to what it measured.
EWMA = 0.3
# One run cannot claim to be more than this many times faster or slower than remembered.
LARGEST_STEP = 4.0
# (lowest, highest) believable value of each rate; the lowest efficiency still lets big jobs try processes.
POOL_START_BOUNDS_MS = (20.0, 3000.0)
PER_FILE_BOUNDS_MS = (0.005, 50.0)
PER_BYTE_BOUNDS_MS = (1e-6, 0.01)
EFFICIENCY_BOUNDS = (0.6, 1.0)
# Shorter parallel runs say more about start-up and tail than about efficiency.
EFFICIENCY_NEEDS_BUSY_MS = 500.0
# Sizes below this weigh the same in the fit: their time is mostly the per-file share.
SMALL_BYTES = 1024
OTHER_LANGUAGES = "*"
DEFAULT_PER_BYTE_MS = 0.00007


@dataclass(frozen=True, slots=True)
class Load:
    """The work of one item that no cache holds: its language and its size in bytes."""

    language: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for: `jobs` None lets the plan choose; `threshold_ms` replaces its comparison."""

    jobs: int | None = None
    backend: Literal["auto", "sequential", "loky"] = "auto"
    threshold_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """What work costs on this machine, in milliseconds; `samples` counts the runs learnt from.

    The defaults were measured on two cores with CPython 3.11. `pool_start_ms` is all that a pool costs
    beside its work: import, start and end. `efficiency` is the share of a worker's time that goes into work.
    """

    pool_start_ms: float = 300.0
    per_file_ms: float = 0.15
    per_byte_ms: Mapping[str, float] = field(default_factory=lambda: {OTHER_LANGUAGES: DEFAULT_PER_BYTE_MS})
    efficiency: float = 0.95
    samples: int = 0

    def byte_ms(self, language: str) -> float:
        """Return the milliseconds per byte of `language`, or the general rate when it was never measured."""
        rate = self.per_byte_ms.get(language)
        return self.per_byte_ms.get(OTHER_LANGUAGES, DEFAULT_PER_BYTE_MS) if rate is None else rate

    def cost_ms(self, load: Load) -> float:
        """Return the estimated milliseconds that one item takes in one process."""
        return self.per_file_ms + load.bytes * self.byte_ms(load.language)

    def to_json(self) -> dict[str, object]:
        """Return the rates as a JSON object that `from_json` reads."""
        return {
            "pool_start_ms": self.pool_start_ms,
            "per_file_ms": self.per_file_ms,
            "per_byte_ms": dict(sorted(self.per_byte_ms.items())),
            "efficiency": self.efficiency,
            "samples": self.samples,
        }

    @classmethod
    def from_json(cls, value: object) -> Rates:
        """Return the rates in `value`; whatever is missing or unbelievable there keeps its default."""
        defaults = cls()
        if not isinstance(value, Mapping):
            return defaults
        stored = value.get("per_byte_ms")
        per_byte = dict(defaults.per_byte_ms)
        if isinstance(stored, Mapping):
            for language, rate in stored.items():
                if isinstance(language, str) and _believable(rate, PER_BYTE_BOUNDS_MS):
                    per_byte[language] = float(rate)
        samples = value.get("samples")
        return cls(
            _stored(value, "pool_start_ms", POOL_START_BOUNDS_MS, defaults.pool_start_ms),
            _stored(value, "per_file_ms", PER_FILE_BOUNDS_MS, defaults.per_file_ms),
            per_byte,
            _stored(value, "efficiency", EFFICIENCY_BOUNDS, defaults.efficiency),
            samples if type(samples) is int and samples >= 0 else defaults.samples,
        )


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """How the work will run and why; every index of `loads` is in exactly one batch."""

    backend: Backend
    workers: int
    reason: str
    estimated_sequential_ms: float
    estimated_parallel_ms: float
    batches: tuple[tuple[int, ...], ...] = field(repr=False)
    loads: tuple[Load, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class LanguageTimes:
    """Sums over the items of one language in one run, enough to fit `ms = per_file + bytes * per_byte`.

    Each item weighs 1 / (bytes + SMALL_BYTES) in the fit, because timing errors grow with size.
    """

    language: str
    items: int
    bytes: int
    busy_ms: float
    weight: float
    weighted_bytes: float
    weighted_ms: float
    weighted_bytes_squared: float
    weighted_bytes_ms: float


@dataclass(frozen=True, slots=True)
class RunMeasurement:
    """What one run really cost: `busy_ms` is the time inside the work function, summed over the workers.

    `pool_start_ms` is what the pool took to start and to end, 0 for a sequential run. `pools_lost` counts
    the pools that broke and were replaced. `note` is empty unless the run could not go as planned.
    """

    backend: Backend
    workers: int
    wall_ms: float
    busy_ms: float
    pool_start_ms: float
    items: int
    bytes: int
    longest_item_ms: float = 0.0
    pools_lost: int = 0
    languages: tuple[LanguageTimes, ...] = ()
    note: str = ""


def plan_execution(loads: Sequence[Load], rates: Rates, cpus: int, wanted: Wanted) -> ExecutionPlan:
    """Return how to run `loads`: sequentially, or in loky workers when that pays or was asked for."""
    costs = [rates.cost_ms(load) for load in loads]
    sequential_ms = math.fsum(costs)
    workers = _worker_count(len(costs), sequential_ms, cpus, wanted)
    parallel_ms = _parallel_ms(costs, sequential_ms, max(workers, 1), rates)
    parallel, reason = _decide(len(costs), sequential_ms, parallel_ms, workers, rates, cpus, wanted)
    batches = _cut(costs, sequential_ms, workers) if parallel else (tuple(range(len(costs))),)
    return ExecutionPlan(
        "loky" if parallel else "sequential",
        workers if parallel else 1,
        reason,
        sequential_ms,
        parallel_ms,
        batches if costs else (),
        tuple(loads),
    )


def learn(rates: Rates, measurement: RunMeasurement) -> Rates:
    """Return `rates` moved towards `measurement`, by bounded steps, so that one odd run does little harm."""
    if measurement.items == 0 or measurement.busy_ms <= 0:
        return rates
    fits = [(times, *_fit(rates, times)) for times in measurement.languages if times.items and times.busy_ms > 0]
    per_file = rates.per_file_ms
    per_byte = dict(rates.per_byte_ms)
    if fits:
        items = sum(times.items for times, _, _ in fits)
        target = sum(times.items * file_ms for times, file_ms, _ in fits) / items
        per_file = _towards(rates.per_file_ms, target, PER_FILE_BOUNDS_MS)
        for times, _, byte_ms in fits:
            per_byte[times.language] = _towards(rates.byte_ms(times.language), byte_ms, PER_BYTE_BOUNDS_MS)
    learnt = replace(rates, per_file_ms=per_file, per_byte_ms=per_byte, samples=rates.samples + 1)
    if measurement.backend != "loky" or measurement.pools_lost or measurement.pool_start_ms <= 0:
        return learnt
    learnt = replace(
        learnt, pool_start_ms=_towards(rates.pool_start_ms, measurement.pool_start_ms, POOL_START_BOUNDS_MS)
    )
    working_ms = measurement.wall_ms - measurement.pool_start_ms
    if measurement.busy_ms < EFFICIENCY_NEEDS_BUSY_MS or working_ms <= 0:
        return learnt
    # One item that outlasts all others leaves workers idle through no fault of the pool.
    ideal_ms = max(measurement.busy_ms / measurement.workers, measurement.longest_item_ms)
    return replace(learnt, efficiency=_towards(rates.efficiency, ideal_ms / working_ms, EFFICIENCY_BOUNDS))


def summarise(loads: Sequence[Load], busy_ms: Mapping[int, float]) -> tuple[LanguageTimes, ...]:
    """Return the sums per language of the items timed in `busy_ms` (index to milliseconds)."""
    sums: dict[str, list[float]] = {}
    counts: dict[str, tuple[int, int]] = {}
    for index, ms in busy_ms.items():
        load = loads[index]
        items, total = counts.get(load.language, (0, 0))
        counts[load.language] = (items + 1, total + load.bytes)
        weight = 1.0 / (load.bytes + SMALL_BYTES)
        row = sums.setdefault(load.language, [0.0] * 6)
        terms = (
            ms,
            weight,
            weight * load.bytes,
            weight * ms,
            weight * load.bytes**2,
            weight * load.bytes * ms,
        )
        for position, term in enumerate(terms):
            row[position] += term
    return tuple(LanguageTimes(language, *counts[language], *sums[language]) for language in sorted(sums))


def _worker_count(items: int, sequential_ms: float, cpus: int, wanted: Wanted) -> int:
    if wanted.jobs is not None:
        return max(1, min(wanted.jobs, items))
    return max(1, min(cpus, items, max(2, math.ceil(sequential_ms / WORK_PER_WORKER_MS))))


def _parallel_ms(costs: Sequence[float], sequential_ms: float, workers: int, rates: Rates) -> float:
    # No number of workers finishes before the largest item does.
    return rates.pool_start_ms + max(sequential_ms / (workers * rates.efficiency), max(costs, default=0.0))


def _decide(
    items: int,
    sequential_ms: float,
    parallel_ms: float,
    workers: int,
    rates: Rates,
    cpus: int,
    wanted: Wanted,
) -> tuple[bool, str]:
    if items == 0:
        return False, "there is nothing to do"
    if wanted.backend != "auto":
        return wanted.backend == "loky", f"{wanted.backend} was asked for"
    if wanted.jobs == 1:
        return False, "one job was asked for"
    if items == 1:
        return False, "there is only one item, and one item cannot be shared"
    work = f"estimated {sequential_ms:.0f} ms of work"
    if wanted.threshold_ms is not None:
        above = sequential_ms > wanted.threshold_ms
        relation = "above" if above else "not above"
        return above, f"{work} is {relation} the threshold of {wanted.threshold_ms:g} ms that was asked for"
    if workers == 1:
        return False, f"only {max(cpus, 1)} CPU is available, so processes would not help"
    if parallel_ms + MARGIN_MS < sequential_ms:
        return True, f"{work} takes about {parallel_ms:.0f} ms in {workers} processes"
    # Above 1 / workers, the time saved for each millisecond of work.
    saved = 1 - 1 / (workers * rates.efficiency)
    if saved <= 0:
        return False, f"{work} gains nothing from {workers} processes at the measured efficiency"
    pays_ms = (rates.pool_start_ms + MARGIN_MS) / saved
    if sequential_ms <= pays_ms:
        return False, f"{work} is below the {pays_ms:.0f} ms where starting {workers} processes pays"
    return False, f"{work} is mostly one large item, which cannot be shared between processes"


def _cut(costs: Sequence[float], sequential_ms: float, workers: int) -> tuple[tuple[int, ...], ...]:
    # Large items first, so that the last batches, which decide when the slowest worker ends, are small.
    target = min(max(sequential_ms / (BATCHES_PER_WORKER * workers), SHORTEST_BATCH_MS), LONGEST_BATCH_MS)
    target = min(target, sequential_ms / workers)
    batches: list[tuple[int, ...]] = []
    batch: list[int] = []
    batch_ms = 0.0
    for index in sorted(range(len(costs)), key=lambda index: (-costs[index], index)):
        if batch and batch_ms + costs[index] > target:
            batches.append(tuple(batch))
            batch, batch_ms = [], 0.0
        batch.append(index)
        batch_ms += costs[index]
    if batch:
        batches.append(tuple(batch))
    return tuple(batches)


def _fit(rates: Rates, times: LanguageTimes) -> tuple[float, float]:
    """Return (per file, per byte) by weighted least squares, or both scaled when sizes hardly differ."""
    square = times.weight * times.weighted_bytes_squared
    spread = square - times.weighted_bytes**2
    if times.items >= 8 and spread > 0.05 * square:
        per_byte = (times.weight * times.weighted_bytes_ms - times.weighted_bytes * times.weighted_ms) / spread
        per_file = (times.weighted_ms - per_byte * times.weighted_bytes) / times.weight
        if per_byte > 0 and per_file > 0:
            return per_file, per_byte
    byte_ms = rates.byte_ms(times.language)
    scale = times.busy_ms / (times.items * rates.per_file_ms + times.bytes * byte_ms)
    return scale * rates.per_file_ms, scale * byte_ms


def _towards(old: float, target: float, bounds: tuple[float, float]) -> float:
    target = min(max(target, old / LARGEST_STEP), old * LARGEST_STEP)
    return min(max(old + EWMA * (target - old), bounds[0]), bounds[1])


def _stored(value: Mapping[object, object], name: str, bounds: tuple[float, float], default: float) -> float:
    number = value.get(name)
    return float(number) if _believable(number, bounds) else default  # type: ignore[arg-type]


def _believable(number: object, bounds: tuple[float, float]) -> bool:
    return type(number) in (int, float) and bounds[0] <= number <= bounds[1]  # type: ignore[operator]
