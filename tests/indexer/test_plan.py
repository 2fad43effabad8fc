"""The plan: when processes pay, how batches are cut, and what is learnt from a run."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.execution.plan import Load, Rates, RunMeasurement, Wanted, learn, plan_execution
from metta_index.indexer.execution.rates import EFFICIENCY_BOUNDS, summarise

AUTO = Wanted()

loads = st.lists(st.builds(Load, st.sampled_from(["metta", "rholang"]), st.integers(0, 3_000_000)), max_size=60)
rates = st.builds(
    Rates,
    pool_start_ms=st.floats(20, 3000),
    per_file_ms=st.floats(0.005, 50),
    per_byte_ms=st.dictionaries(st.sampled_from(["metta", "*"]), st.floats(1e-6, 0.01)),
    efficiency=st.floats(*EFFICIENCY_BOUNDS),
    pool_wait_ms=st.floats(1, 3000),
)
cpus = st.integers(1, 64)
wanted = st.builds(
    Wanted,
    jobs=st.none() | st.integers(1, 80),
    backend=st.sampled_from(["auto", "sequential", "loky", "dask"]),
    threshold_ms=st.none() | st.floats(0, 10_000),
)


@given(loads, rates, cpus, wanted)
def test_every_item_is_in_exactly_one_batch(loads: list[Load], rates: Rates, cpus: int, wanted: Wanted) -> None:
    plan = plan_execution(loads, rates, cpus, wanted)
    assert sorted(index for batch in plan.batches for index in batch) == list(range(len(loads)))
    assert all(plan.batches)
    assert plan == plan_execution(loads, rates, cpus, wanted)


@given(loads, rates, cpus, wanted)
def test_what_the_user_asked_for_is_respected(loads: list[Load], rates: Rates, cpus: int, wanted: Wanted) -> None:
    plan = plan_execution(loads, rates, cpus, wanted)
    assert 1 <= plan.workers <= max(1, len(loads))
    assert plan.workers <= (cpus if wanted.jobs is None else wanted.jobs)
    if not loads or wanted.backend == "sequential" or (wanted.backend == "auto" and wanted.jobs == 1):
        assert plan.backend == "sequential"
    elif wanted.backend != "auto":
        assert plan.backend == wanted.backend


@given(st.builds(Load, st.just("metta"), st.integers(0, 10**12)), rates, cpus, st.none() | st.floats(0, 100))
def test_one_item_is_never_shared(load: Load, rates: Rates, cpus: int, threshold_ms: float | None) -> None:
    assert plan_execution([load], rates, cpus, Wanted(threshold_ms=threshold_ms)).backend == "sequential"


@given(loads, rates, cpus, st.data())
def test_more_work_never_turns_processes_off(loads: list[Load], rates: Rates, cpus: int, data: st.DataObject) -> None:
    more = [load._replace(bytes=load.bytes + data.draw(st.integers(0, 10**6))) for load in loads]
    if plan_execution(loads, rates, cpus, AUTO).backend == "loky":
        assert plan_execution(more, rates, cpus, AUTO).backend == "loky"


@given(loads, rates, cpus)
def test_processes_are_used_only_where_the_estimate_is_better(loads: list[Load], rates: Rates, cpus: int) -> None:
    plan = plan_execution(loads, rates, cpus, AUTO)
    assert math.isclose(plan.estimated_sequential_ms, sum(map(rates.cost_ms, loads)))
    better = plan.estimated_parallel_ms < plan.estimated_sequential_ms - 30
    assert (plan.backend == "loky") == (better and len(loads) > 1 and cpus > 1)


@given(loads, rates)
def test_batches_go_from_large_items_to_small_and_are_not_too_long(loads: list[Load], rates: Rates) -> None:
    plan = plan_execution(loads, rates, 4, Wanted(backend="loky"))
    costs = [[rates.cost_ms(loads[index]) for index in batch] for batch in plan.batches]
    flat = [cost for batch in costs for cost in batch]
    assert flat == sorted(flat, reverse=True)
    assert all(sum(batch) <= 250 + 1e-6 for batch in costs if len(batch) > 1)


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_little_work_still_reaches_every_worker(items: int, jobs: int) -> None:
    plan = plan_execution([Load("metta", 10)] * items, Rates(), 2, Wanted(jobs=jobs, backend="loky"))
    assert len(plan.batches) >= plan.workers == min(items, jobs)


@pytest.mark.parametrize(
    ("sizes", "cpus", "wanted", "backend", "workers", "reason"),
    [
        ([], 8, AUTO, "sequential", 1, "there is nothing to do"),
        ([10**9], 8, AUTO, "sequential", 1, "there is only one item, and one item cannot be shared"),
        ([20_000] * 75, 2, AUTO, "sequential", 1, "estimated 116 ms of work is below the 518 ms where starting 2"),
        ([20_000] * 1000, 2, AUTO, "loky", 2, "estimated 1550 ms of work takes about 1061 ms in 2 processes"),
        ([20_000] * 1000, 64, AUTO, "loky", 7, "estimated 1550 ms of work takes about 446 ms in 7 processes"),
        ([20_000] * 1000, 1, AUTO, "sequential", 1, "only 1 CPU is available"),
        ([20_000_000, 10, 10], 2, AUTO, "sequential", 1, "estimated 1400 ms of work is mostly one large item"),
        ([20_000] * 1000, 2, Wanted(jobs=1), "sequential", 1, "one job was asked for"),
        ([20_000] * 1000, 2, Wanted(jobs=4), "loky", 4, "estimated 1550 ms of work takes about 631 ms in 4"),
        ([10, 10], 2, Wanted(threshold_ms=0), "loky", 2, "is above the threshold of 0 ms that was asked for"),
        ([20_000] * 1000, 2, Wanted(threshold_ms=2000), "sequential", 1, "is not above the threshold of 2000 ms"),
        ([10], 2, Wanted(backend="loky"), "loky", 1, "loky was asked for"),
        ([10], 2, Wanted(backend="dask"), "dask", 1, "dask was asked for"),
        ([20_000] * 1000, 8, Wanted(backend="dask"), "dask", 7, "dask was asked for"),
        # The workers behind a scheduler are there already.
        ([20_000] * 1000, 64, Wanted(backend="dask", scheduler="tcp://a:8786"), "dask", 64, "dask was asked for"),
        ([20_000] * 1000, 64, Wanted(3, "dask", scheduler="tcp://a:8786"), "dask", 3, "dask was asked for"),
        ([20_000] * 1000, 2, Wanted(backend="sequential"), "sequential", 1, "sequential was asked for"),
    ],
)
def test_decisions(sizes: list[int], cpus: int, wanted: Wanted, backend: str, workers: int, reason: str) -> None:
    plan = plan_execution([Load("metta", size) for size in sizes], Rates(), cpus, wanted)
    assert (plan.backend, plan.workers) == (backend, workers)
    assert reason in plan.reason


def test_a_batch_for_another_machine_is_worth_its_way() -> None:
    loads = [Load("metta", 20_000)] * 1000
    plan = plan_execution(loads, Rates(), 64, Wanted(backend="dask", scheduler="tcp://a:8786"))
    assert plan.scheduler == "tcp://a:8786"
    costs = [sum(Rates().cost_ms(loads[index]) for index in batch) for batch in plan.batches]
    assert all(20 < cost <= 100 for cost in costs[:-1])
    assert plan_execution(loads, Rates(), 64, Wanted(64, "loky")).scheduler is None


def test_what_other_machines_took_teaches_nothing() -> None:
    there = measured(Rates(per_file_ms=9.0), [5000] * 50, workers=2)._replace(backend="dask")
    assert learn(Rates(), there) == Rates()


def test_processes_that_gain_nothing_are_said_to() -> None:
    slow = Rates(efficiency=0.4)
    assert "gains nothing from 2 processes" in plan_execution([Load("metta", 10**8)] * 2, slow, 2, AUTO).reason


@given(rates, st.integers(0, 10**6))
def test_rates_survive_json(rates: Rates, samples: int) -> None:
    rates = rates._replace(samples=samples)
    again = Rates.from_json(json.loads(json.dumps(rates.to_json())))
    assert again._replace(per_byte_ms={}) == rates._replace(per_byte_ms={})
    assert again.per_byte_ms.items() >= rates.per_byte_ms.items()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*Rates().to_json(), "metta", "x"]), inner),
)


@given(json_values)
def test_rates_from_anything_are_believable(value: object) -> None:
    rates = Rates.from_json(value)
    plan = plan_execution([Load("metta", 1000)] * 3, rates, 2, AUTO)
    assert 0 < plan.estimated_sequential_ms < 1000
    assert 0 < plan.estimated_parallel_ms < 10_000


def measured(true: Rates, sizes: list[int], workers: int = 1) -> RunMeasurement:
    """What a run on a machine of the rates `true` would have measured."""
    loads = [Load("metta" if size % 2 else "rholang", size) for size in sizes]
    times = {index: true.cost_ms(load) for index, load in enumerate(loads)}
    busy_ms = sum(times.values())
    start_ms = true.pool_start_ms if workers > 1 else 0.0
    return RunMeasurement(
        "loky" if workers > 1 else "sequential",
        workers,
        busy_ms / workers / (true.efficiency if workers > 1 else 1) + start_ms,
        busy_ms,
        start_ms,
        len(sizes),
        sum(sizes),
        max(times.values()),
        0,
        summarise(loads, times),
        pool_boot_ms=start_ms,
    )


def test_a_run_that_just_pays_for_its_pool_tells_how_well_processes_work() -> None:
    """Else the estimate of such runs, which are the ones that the plan decides about, stays off for ever."""
    true = Rates(120.0, 0.2, efficiency=0.7)
    sizes = [2000] * 1000
    assert 250 < measured(true, sizes, workers=2).busy_ms < 500
    learnt = Rates()
    for _ in range(20):
        learnt = learn(learnt, measured(true, sizes, workers=2))
    assert learnt.efficiency == pytest.approx(0.7, rel=0.02)


def test_learning_converges_to_what_the_machine_does() -> None:
    true = Rates(120.0, 0.4, {"metta": 0.0002, "rholang": 0.00003}, 0.8)
    learnt = Rates()
    for _ in range(25):
        learnt = learn(learnt, measured(true, list(range(100, 200_000, 1731)), workers=2))
    assert learnt.samples == 25
    assert learnt.per_file_ms == pytest.approx(true.per_file_ms, rel=0.02)
    assert learnt.byte_ms("metta") == pytest.approx(0.0002, rel=0.02)
    assert learnt.byte_ms("rholang") == pytest.approx(0.00003, rel=0.02)
    assert learnt.pool_start_ms == pytest.approx(120, rel=0.02)
    assert learnt.efficiency == pytest.approx(0.8, rel=0.02)


def test_a_pool_that_started_early_says_what_its_start_took_and_what_of_that_was_waited_for() -> None:
    learnt = Rates()
    early = measured(Rates(50.0, efficiency=0.8), list(range(100, 200_000, 1731)), workers=2)._replace(pool_boot_ms=250)
    for _ in range(25):
        learnt = learn(learnt, early)
    assert learnt.pool_start_ms == pytest.approx(250, rel=0.02)
    assert learnt.pool_wait_ms == pytest.approx(50, rel=0.02)
    assert learnt.efficiency == pytest.approx(0.8, rel=0.02)


def test_what_starts_early_pays_for_less_work() -> None:
    rates = Rates(pool_start_ms=1000.0, pool_wait_ms=10.0)
    items = [Load("metta", 1000)] * 1500
    assert plan_execution(items, rates, 2, AUTO).backend == "sequential"
    assert plan_execution(items, rates, 2, AUTO, starts_early=True).backend == "loky"


def test_files_of_one_size_scale_both_rates() -> None:
    true = Rates(per_file_ms=0.3, per_byte_ms={"*": 0.00014})
    learnt = Rates()
    for _ in range(25):
        learnt = learn(learnt, measured(true, [5000] * 50))
    assert learnt.cost_ms(Load("rholang", 5000)) == pytest.approx(true.cost_ms(Load("rholang", 5000)), rel=0.02)


@given(rates, st.floats(1e-9, 1e9), st.integers(1, 10**9))
def test_one_odd_run_moves_no_rate_far(rates: Rates, busy_ms: float, size: int) -> None:
    odd = RunMeasurement(
        "loky", 2, busy_ms, busy_ms, busy_ms, 1, size, busy_ms, 0, summarise([Load("metta", size)], {0: busy_ms})
    )
    learnt = learn(rates, odd)
    for before, after in (
        (rates.pool_start_ms, learnt.pool_start_ms),
        (rates.pool_wait_ms, learnt.pool_wait_ms),
        (rates.per_file_ms, learnt.per_file_ms),
        (rates.byte_ms("metta"), learnt.byte_ms("metta")),
        (rates.efficiency, learnt.efficiency),
    ):
        assert before * 0.75 <= after * 1.001
        assert after <= before * 2


def test_a_sequential_or_broken_run_says_nothing_about_the_pool() -> None:
    true = Rates(120.0, 0.4, efficiency=0.7)
    sizes = list(range(100, 200_000, 1731))
    for measurement in (measured(true, sizes), measured(true, sizes, 2)._replace(pools_lost=1)):
        learnt = learn(Rates(), measurement)
        assert (learnt.pool_start_ms, learnt.efficiency) == (Rates().pool_start_ms, Rates().efficiency)
        assert learnt.per_file_ms > Rates().per_file_ms


def test_an_empty_run_teaches_nothing() -> None:
    assert learn(Rates(), RunMeasurement("sequential", 1, 0.1, 0.0, 0.0, 0, 0)) == Rates()
