"""Wanted: what the user asks of the plan. Apart from the plan, which a build without changes does not import."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Wanted(NamedTuple):
    """`jobs` None lets the plan choose; `threshold_ms` replaces its comparison.

    `scheduler`: the address of a Dask cluster; None: workers of our own.
    """

    jobs: int | None = None
    backend: Literal["auto", "sequential", "loky", "dask"] = "auto"
    threshold_ms: float | None = None
    scheduler: str | None = None
