"""The page of results: a section for each suite, which one run may replace and leave the others as they were."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.rows import COLUMNS, Row, cells

_TITLE = "# Benchmark results"
_SECTION = re.compile(r"^## (\w+)$", re.M)


def section(about: str, rows: Sequence[Row]) -> str:
    """What a suite is about, and its table."""
    lines = [about, "", f"| {' | '.join(COLUMNS)} |", f"|{'---|' * len(COLUMNS)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells(row))} |" for row in rows]
    return "\n".join(lines)


def page(sections: dict[str, str], machine: str, scale: str) -> str:
    """The whole page. `sections`: by suite, in order."""
    text = "\n".join(sections.values())
    met, not_met, unknown = (text.count(f"| {verdict} |") for verdict in ("met", "**not met**", "not measured"))
    lines = [
        _TITLE,
        "",
        f"Made by `python tests/benchmarks/run.py`, {scale} scale. Machine: {machine}.",
        "",
        f"{met + not_met + unknown} figures have a target: {met} met, {not_met} not met, {unknown} not measured here.",
        "",
        "A ratio is the figure over the floor beside it, taken in the same run, the two in turns. Times are medians "
        "unless they say otherwise; where a whole command is timed, so are the start and the end of Python. "
        "`cold`: no result of an earlier build is used; `warm`: there was a build before. `hits`: results taken from "
        "the cache. `regions`: MeTTa found inside other languages, which is none so far.",
    ]
    for suite, content in sections.items():
        lines += ["", f"## {suite}", "", content]
    return "\n".join(lines) + "\n"


def sections_of(text: str) -> dict[str, str]:
    """The sections of a page that `page` made."""
    parts = _SECTION.split(text)[1:]
    return {suite: content.strip("\n") for suite, content in zip(parts[::2], parts[1::2], strict=True)}


def load_note(others: float) -> str:
    """What the share of the machine that other processes used, 0 to 1, means for the figures."""
    note = f" Other processes used {others:.0%} of the machine meanwhile"
    if others > 0.1:
        return f"{note}: times of the wall clock, above all with two workers, are worse than they would be alone."
    return f"{note}."
