"""Runs the benchmarks, shows them as tables, and writes the page of results.

python tests/benchmarks/run.py                 everything, into RESULTS.md
python tests/benchmarks/run.py plan hashing    these suites only: their parts of the page are replaced
python tests/benchmarks/run.py --quick         smaller and fewer, shown but not written
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

if __name__ == "__main__":
    # So that suites are modules of one package; this folder itself must not come first.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.measure import cpu_seconds, describe_machine
from benchmarks.page import load_note, page, section, sections_of
from benchmarks.rows import COLUMNS, FULL, QUICK, Row, Scale, Suite, cells

SUITES = (
    "plan", "ratios", "peers", "queries", "check", "linking", "growth", "large", "cache", "hashing", "ablation",
    "hostile", "profile",
)  # fmt: skip
RESULTS = Path(__file__).with_name("RESULTS.md")


def load_suite(name: str) -> tuple[str, Suite]:
    """What a suite is about, and the function that runs it."""
    module = import_module(f"benchmarks.suites.{name}")
    return module.ABOUT, module.run


def run_suites(names: Sequence[str], scale: Scale, scratch: Path) -> dict[str, tuple[str, list[Row]]]:
    """Runs suites, showing each as it ends."""
    sections = {}
    for name in names:
        about, suite = load_suite(name)
        folder = scratch / name
        folder.mkdir()
        rows = []
        started, (before, ours_before) = time.monotonic(), cpu_seconds()
        for row in suite(scale, folder):
            print(f"{name}: {' · '.join(filter(None, cells(row)[:7]))}", file=sys.stderr, flush=True)
            rows.append(row)
        after, ours_after = cpu_seconds()
        others = (after - before) - (ours_after - ours_before)
        share = others / (time.monotonic() - started) / (os.cpu_count() or 1)
        sections[name] = about + load_note(max(share, 0.0)), rows
    return sections


def _show(sections: dict[str, tuple[str, list[Row]]]) -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    for name, (_about, rows) in sections.items():
        table = Table(title=name, box=SIMPLE)
        for title in COLUMNS:
            table.add_column(title)
        for row in rows:
            table.add_row(*cells(row))
        console.print(table)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    options.add_argument("--quick", action="store_true", help="small workspaces, few repeats")
    options.add_argument("--output", type=Path, help="where to write; default: RESULTS.md, unless --quick")
    given = options.parse_args()
    unknown = set(given.suites) - set(SUITES)
    if unknown:
        options.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    scale = QUICK if given.quick else FULL
    with tempfile.TemporaryDirectory(prefix="metta-index-bench-") as scratch:
        sections = run_suites(given.suites or SUITES, scale, Path(scratch))
    _show(sections)
    output = given.output or (None if given.quick else RESULTS)
    if output is not None:
        _write(output, sections, scale)


def _write(output: Path, sections: dict[str, tuple[str, list[Row]]], scale: Scale) -> None:
    machine = describe_machine()
    before = output.read_text(encoding="utf-8") if output.exists() else ""
    # Figures of another machine or scale do not belong on one page with these.
    known = sections_of(before) if f"{scale.name} scale. Machine: {machine}." in before else {}
    known |= {name: section(about, rows) for name, (about, rows) in sections.items()}
    ordered = {name: known[name] for name in SUITES if name in known}
    output.write_text(page(ordered, machine, scale.name), encoding="utf-8")


if __name__ == "__main__":
    main()
