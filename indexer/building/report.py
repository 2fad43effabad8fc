"""BuildReport: what a build found and did, for people, programs and `stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from metta_index.indexer.execution.plan import ExecutionPlan


class Failure(NamedTuple):
    """A file that is not in the index, and why."""

    path: str
    message: str


class _Counts:
    """Counts that start at 0."""

    def as_json(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in type(self).__annotations__}


class FileCounts(_Counts):
    """`indexed`: parsed or extracted now. `cached`: changed, but its content was in the cache."""

    total: int = 0
    indexed: int = 0
    cached: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: int = 0


class WorkCounts(_Counts):
    """What was really done. Tests gate on these, not on seconds."""

    scanned: int = 0
    read: int = 0
    hashed: int = 0
    parsed: int = 0
    extracted: int = 0
    linked: int = 0


class CacheCounts:
    hits: int = 0
    misses: int = 0

    @property
    def hit_rate(self) -> float | None:
        """Hits over look-ups; None where nothing was looked up."""
        lookups = self.hits + self.misses
        return self.hits / lookups if lookups else None


class BuildReport:
    """`totals` are those of the whole index; times in milliseconds."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files = FileCounts()
        self.work = WorkCounts()
        self.cache = CacheCounts()
        self.totals: dict[str, int] = {}
        self.plan: ExecutionPlan | None = None
        self.link_plan: ExecutionPlan | None = None
        self.actual_ms = 0.0
        self.elapsed_ms = 0.0
        self.failures: list[Failure] = []
        self.warnings: list[str] = []

    @property
    def exit_code(self) -> int:
        """0, or 1 where a file could not be indexed."""
        return 1 if self.failures else 0

    def as_json(self) -> dict[str, Any]:
        """The documented object of `build --format json`."""
        plan = self.plan
        totals = self.totals
        estimated_ms = 0.0
        if plan:
            parallel = plan.backend != "sequential"
            estimated_ms = plan.estimated_parallel_ms if parallel else plan.estimated_sequential_ms
        return {
            "schema": 1,
            "root": self.root,
            "files": self.files.as_json(),
            "bytes": totals.get("bytes", 0),
            "symbols": {
                "definitions": totals.get("definitions", 0),
                "declarations": totals.get("declarations", 0),
                "references": totals.get("reference_count", 0),
            },
            "syntax_errors": totals.get("errors", 0),
            "regions": totals.get("regions", 0),
            "plan": {
                "backend": plan.backend if plan else "none",
                "workers": plan.workers if plan else 0,
                "reason": plan.reason if plan else "nothing to index",
                "estimated_ms": round(estimated_ms, 1),
                "estimated_sequential_ms": round(plan.estimated_sequential_ms, 1) if plan else 0.0,
                "estimated_parallel_ms": round(plan.estimated_parallel_ms, 1) if plan else 0.0,
                "actual_ms": round(self.actual_ms, 1),
            },
            "linking": {
                "backend": self.link_plan.backend if self.link_plan else "none",
                "workers": self.link_plan.workers if self.link_plan else 0,
                "reason": self.link_plan.reason if self.link_plan else "nothing to link",
                "imports": self.work.linked,
            },
            "cache": {"hits": self.cache.hits, "misses": self.cache.misses, "hit_rate": self.cache.hit_rate},
            "work": self.work.as_json(),
            "failures": [failure._asdict() for failure in self.failures],
            "warnings": self.warnings,
            "elapsed_ms": round(self.elapsed_ms, 1),
        }
