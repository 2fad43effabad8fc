"""What was measured in public repositories: read and written as tables of text."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Repository(NamedTuple):
    """`set`: the dialect that its programs are written for, and run with."""

    set: str
    repository: str
    commit: str


class Judgement(NamedTuple):
    """One finding, and what somebody who read the code around it thinks.

    `verdict`: true (the code is wrong, or does what its author cannot want when the
    reference runs it), false, or debatable, which counts as false. `fires`: whether
    today's rules still find it: yes, no, or info where it is said as information only.
    """

    repository: str
    commit: str
    path: str
    line: int
    column: int
    rule: str
    verdict: str
    why: str
    fires: str


class Firings(NamedTuple):
    """How often a rule finds something in a repository. `as_info`: more, said as information only."""

    repository: str
    rule: str
    findings: int
    files: int
    as_info: int


class Decision(NamedTuple):
    """What was done about a rule that did not hold, and why."""

    rule: str
    done: str
    why: str


class Large(NamedTuple):
    """A large file, and how often rules that are on find something in it: `MI101 2`, with commas between."""

    repository: str
    path: str
    kilobytes: int
    found: str


class Misses(NamedTuple):
    """Of seeded faults of a kind: how many were tried, and how many are found."""

    kind: str
    tried: int
    found: int


def rows(name: str) -> list[list[str]]:
    """The rows of a table, without the line of names."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def write(name: str, fields: Iterable[str], values: Iterable[Iterable[object]]) -> None:
    lines = ["\t".join(fields), *("\t".join(map(str, row)) for row in values)]
    (FOLDER / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def repositories() -> list[Repository]:
    return [Repository(*row) for row in rows("repositories.tsv")]


def judgements() -> list[Judgement]:
    return [
        Judgement(repository, commit, path, int(line), int(column), rule, verdict, why, fires)
        for repository, commit, path, line, column, rule, verdict, why, fires in rows("judgements.tsv")
    ]


def firings() -> list[Firings]:
    return [Firings(row[0], row[1], *map(int, row[2:])) for row in rows("firings.tsv")]


def decisions() -> list[Decision]:
    return [Decision(*row) for row in rows("decisions.tsv")]


def large() -> list[Large]:
    return [Large(row[0], row[1], int(row[2]), row[3]) for row in rows("large.tsv")]


def misses() -> list[Misses]:
    return [Misses(row[0], int(row[1]), int(row[2])) for row in rows("misses.tsv")]
