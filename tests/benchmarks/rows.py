"""Rows: one figure each, beside its floor, its target and the circumstances it was measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of a row: of its ratio to the floor, or of the figure itself."""

    sense: Literal["≤", "≥"]
    limit: float
    of: Literal["ratio", "figure"] = "ratio"

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:.3g}{' ×' if self.of == 'ratio' else ''}"

    def holds(self, value: float) -> bool:
        return value <= self.limit if self.sense == "≤" else value >= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `figure` is None where it cannot be measured here; `note` then says why.

    `floor` has the unit of the figure. `ratio`: as measured pair by pair, or else
    figure / floor. `conditions`: cold or warm, hits, regions.
    """

    what: str
    figure: float | None
    unit: str
    conditions: str = ""
    floor: float | None = None
    floor_is: str = ""
    ratio: float | None = None
    target: Target | None = None
    note: str = ""

    def ratio_shown(self) -> float | None:
        if self.ratio is not None:
            return self.ratio
        return self.figure / self.floor if self.figure is not None and self.floor else None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        value = self.ratio_shown() if self.target.of == "ratio" else self.figure
        if value is None:
            return "not measured"
        return "met" if self.target.holds(value) else "**not met**"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `repeats`: of timings in this process; `runs`: of whole commands.

    `linked_files`: of the workspace that linking is measured with; 7,000 have a million references.
    `growth`: files of the workspaces that grow; `growth_changed`: the one of them in which changes grow.
    `large_mb`: megabytes of single files of facts.
    """

    name: str
    files: tuple[int, ...]
    repeats: int
    runs: int
    trace_files: int
    trace_steps: int
    trees: int
    auto_sizes: tuple[tuple[int, int], ...]  # files, mean bytes
    facts_mb: int
    linked_files: int
    growth: tuple[int, ...]
    growth_changed: int
    large_mb: tuple[int, ...]


TINY = Scale("tiny", (30,), 2, 1, 20, 3, 10, ((1, 1900),), 1, 60, (10, 20), 10, (1,))
QUICK = Scale(
    "quick", (300,), 5, 3, 100, 10, 200, ((1, 1900), (100, 1900), (1000, 1900)), 5, 300, (100, 316, 1000), 1000,
    (3, 30),
)  # fmt: skip
FULL = Scale(
    "full", (2000, 5000, 10000), 15, 9, 300, 40, 1000,
    ((1, 1900), (20, 1900), (200, 1900), (1000, 1900), (2000, 1900), (4000, 1900), (10000, 2000)), 100, 7000,
    (100, 316, 1000, 3162, 10_000, 31_623, 100_000), 10_000, (3, 30, 300),
)  # fmt: skip

#: A suite measures at a scale, in a scratch folder, and gives its rows as they come.
Suite = Callable[[Scale, Path], Iterator[Row]]

#: The columns of a table of rows.
COLUMNS = ("what", "figure", "conditions", "floor", "ratio", "target", "verdict", "note")


def cells(row: Row) -> tuple[str, ...]:
    """The row as text, in the order of the table's columns."""
    floor = f"{number(row.floor)} {row.unit}" if row.floor is not None else ""
    if row.floor_is:
        floor = f"{floor} ({row.floor_is})" if floor else row.floor_is
    ratio = row.ratio_shown()
    return (
        row.what,
        f"{number(row.figure)} {row.unit}".rstrip() if row.figure is not None else "—",
        row.conditions,
        floor,
        f"{ratio:.2f} ×" if ratio is not None else "",
        str(row.target) if row.target else "",
        row.verdict,
        row.note,
    )


def number(value: float | None) -> str:
    """Three digits that count, without exponents."""
    if value is None:
        return "—"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
