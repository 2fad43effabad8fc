"""What work costs on this machine: rates, how a run is measured, and what is learnt from it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

# One run moves a rate by this share of the way to what it measured.
EWMA = 0.3
# One run cannot claim to be more than this many times faster or slower than remembered.
LARGEST_STEP = 4.0
# (lowest, highest) believable value of each rate; the lowest efficiency still lets big jobs try processes.
POOL_START_BOUNDS_MS = (20.0, 3000.0)
POOL_WAIT_BOUNDS_MS = (1.0, 3000.0)
PER_FILE_BOUNDS_MS = (0.005, 50.0)
PER_BYTE_BOUNDS_MS = (1e-6, 0.01)
EFFICIENCY_BOUNDS = (0.6, 1.0)
# Shorter parallel runs say more about start-up and tail than about efficiency; nearly all that pay are longer.
EFFICIENCY_NEEDS_BUSY_MS = 250.0
# Sizes below this weigh the same in the fit: their time is mostly the per-file share.
SMALL_BYTES = 1024
OTHER_LANGUAGES = "*"
DEFAULT_PER_BYTE_MS = 0.00007
# The symbol check looks at a text with dozens of rules.
CHECK = "check"
CHECK_PER_BYTE_MS = 0.0007


Backend = Literal["sequential", "loky", "dask"]


class Load(NamedTuple):
    """The work of one item that no cache holds: its language and its size in bytes."""

    language: str
    bytes: int


class Rates(NamedTuple):
    """What work costs on this machine, in milliseconds; `samples` counts the runs learnt from.

    The defaults were measured on two cores with CPython 3.11. `pool_start_ms` is all that a pool costs
    before its work: import and start; `pool_wait_ms` what a run waits for of that where the pool started while
    files were read. `efficiency` is the share of a worker's time that goes into work.
    """

    pool_start_ms: float = 200.0
    per_file_ms: float = 0.15
    per_byte_ms: Mapping[str, float] = MappingProxyType(
        {OTHER_LANGUAGES: DEFAULT_PER_BYTE_MS, CHECK: CHECK_PER_BYTE_MS}
    )
    efficiency: float = 0.9
    samples: int = 0
    pool_wait_ms: float = 120.0

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
            "pool_wait_ms": self.pool_wait_ms,
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
            _stored(value, "pool_wait_ms", POOL_WAIT_BOUNDS_MS, defaults.pool_wait_ms),
        )


class LanguageTimes(NamedTuple):
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


class RunMeasurement(NamedTuple):
    """What one run really cost: `busy_ms` is the time inside the work function, summed over the workers.

    `pool_start_ms` is what the run spent on the start and the end of the pool, 0 for a sequential run;
    `pool_boot_ms` what the start took, also where the run did not wait for it, 0 where there was a pool already.
    `pools_lost` counts the pools that broke and were replaced. `note` is empty unless the run could not go as planned.
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
    pool_boot_ms: float = 0.0


class Meter:
    """Adds up what a run costs."""

    def __init__(self, loads: Sequence[Load]) -> None:
        self._loads = loads
        self._started = time.monotonic()
        self._busy_ms: dict[int, float] = {}
        self._first_batch: dict[int, float] = {}
        self.ending_ms = 0.0
        self.pool_boot_ms = 0.0
        self.pools_lost = 0

    def add(self, index: int, busy_ms: float) -> None:
        self._busy_ms[index] = busy_ms

    def add_batch(self, pid: int, started: float, busy_ms: Mapping[int, float]) -> None:
        self._first_batch.setdefault(pid, started)
        self._busy_ms.update(busy_ms)

    def boot_ms(self) -> float:
        """How long after the begin of the run its workers began to work, on average."""
        boots = [first - self._started for first in self._first_batch.values()]
        return sum(boots) / len(boots) * 1000 if boots else 0.0

    def measurement(self, backend: Backend, workers: int, note: str) -> RunMeasurement:
        wall_ms = (time.monotonic() - self._started) * 1000
        return RunMeasurement(
            backend=backend,
            workers=workers,
            wall_ms=wall_ms,
            busy_ms=sum(self._busy_ms.values()),
            pool_start_ms=self.boot_ms() + self.ending_ms,
            items=len(self._busy_ms),
            bytes=sum(self._loads[index].bytes for index in self._busy_ms),
            longest_item_ms=max(self._busy_ms.values(), default=0.0),
            pools_lost=self.pools_lost,
            languages=summarise(self._loads, self._busy_ms),
            note=note,
            pool_boot_ms=self.pool_boot_ms,
        )


def learn(rates: Rates, measurement: RunMeasurement, *, of_files: bool = True) -> Rates:
    """Return `rates` moved towards `measurement`, by bounded steps, so that one odd run does little harm.

    `of_files`: its items were files, and tell what a file costs beside its bytes.
    """
    if measurement.items == 0 or measurement.busy_ms <= 0:
        return rates
    if measurement.backend == "dask":  # its workers may be other machines
        return rates
    fits = [(times, *_fit(rates, times)) for times in measurement.languages if times.items and times.busy_ms > 0]
    per_file = rates.per_file_ms
    per_byte = dict(rates.per_byte_ms)
    if fits:
        if of_files:
            items = sum(times.items for times, _, _ in fits)
            target = sum(times.items * file_ms for times, file_ms, _ in fits) / items
            per_file = _towards(rates.per_file_ms, target, PER_FILE_BOUNDS_MS)
        for times, _, byte_ms in fits:
            per_byte[times.language] = _towards(rates.byte_ms(times.language), byte_ms, PER_BYTE_BOUNDS_MS)
    learnt = rates._replace(per_file_ms=per_file, per_byte_ms=per_byte, samples=rates.samples + 1)
    if measurement.backend != "loky" or measurement.pools_lost:
        return learnt
    if measurement.pool_boot_ms > 0:
        start_ms = _towards(rates.pool_start_ms, measurement.pool_boot_ms, POOL_START_BOUNDS_MS)
        learnt = learnt._replace(pool_start_ms=start_ms)
        if measurement.pool_start_ms < measurement.pool_boot_ms:  # it started before the run
            wait_ms = _towards(rates.pool_wait_ms, measurement.pool_start_ms, POOL_WAIT_BOUNDS_MS)
            learnt = learnt._replace(pool_wait_ms=wait_ms)
    working_ms = measurement.wall_ms - measurement.pool_start_ms
    if measurement.busy_ms < EFFICIENCY_NEEDS_BUSY_MS or working_ms <= 0:
        return learnt
    # One item that outlasts all others leaves workers idle through no fault of the pool.
    ideal_ms = max(measurement.busy_ms / measurement.workers, measurement.longest_item_ms)
    return learnt._replace(efficiency=_towards(rates.efficiency, ideal_ms / working_ms, EFFICIENCY_BOUNDS))


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
