"""Costs against sizes: the exponent that fits them, and their curves as SVG and PNG."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

#: What to install where nothing can be drawn.
MISSING = "no plot: matplotlib is not installed (`pip install 'metta-index[bench]'`)"

#: Colors that stay apart for eyes that do not tell red from green (Okabe and Ito, 2008).
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#888888")


@dataclass(frozen=True, slots=True)
class Curve:
    """A cost at some sizes, in the unit of its panel; `is_floor`: drawn thin and dashed."""

    name: str
    points: tuple[tuple[float, float], ...]
    is_floor: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share axes, both logarithmic."""

    title: str
    x: str
    y: str
    curves: tuple[Curve, ...]


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The power of the size that the cost grows with: the slope of least squares on logarithms.

    Raises statistics.StatisticsError for fewer than two sizes.
    """
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points), strict=True)
    return statistics.linear_regression(xs, ys).slope


def per_item(points: Sequence[tuple[float, float]]) -> float:
    """What one item more costs: the slope of least squares, in the units of the cost."""
    xs, ys = zip(*points, strict=True)
    return statistics.linear_regression(xs, ys).slope


def can_draw() -> bool:
    """Whether the library that draws is installed."""
    return find_spec("matplotlib") is not None


def draw(panels: Sequence[Panel], title: str, folder: Path, name: str) -> list[Path]:
    """Writes `name.svg` and `name.png`, the same for the same curves. Raises ImportError without matplotlib."""
    import matplotlib
    from matplotlib.figure import Figure

    # Text stays text, and ids are those of every run: a plot that did not change shows no change.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 9}):
        figure = Figure(figsize=(5.5 * len(panels), 4.5), layout="constrained")
        figure.suptitle(title)
        for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            for color, curve in zip(_COLORS, panel.curves, strict=False):
                style = {"linestyle": "--", "linewidth": 1} if curve.is_floor else {"marker": "o", "markersize": 4}
                axes.plot(*zip(*curve.points, strict=True), label=curve.name, color=color, **style)
            axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y, xscale="log", yscale="log")
            axes.grid(visible=True, which="major", alpha=0.3)
            axes.legend(fontsize=8)
        written = [folder / f"{name}.svg", folder / f"{name}.png"]
        figure.savefig(written[0], metadata={"Date": None})
        figure.savefig(written[1], dpi=120, metadata={"Software": None})
    return written
