"""The tool that measures hosts: what it counts, and that its samples are spread and always the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import hosts


@pytest.fixture
def checkouts(tmp_path: Path) -> Path:
    files = {
        "one+big/a.py": "".join(f'metta.run("(f {number})")\n' for number in range(20)),
        "one+big/node_modules/b.py": 'metta.run("(not ours)")\n',
        "two+small/c.py": 'metta.run("(g)")\nmetta.run("(")\n',
        "two+small/plain.py": "print()\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_table_counts_files_and_regions(checkouts: Path) -> None:
    head, _line, *rows = hosts.table(checkouts)
    cells = [cell.strip() for cell in next(row for row in rows if row.startswith("| python")).split("|")[1:-1]]
    found = dict(zip((cell.strip() for cell in head.split("|")[1:-1]), cells, strict=True))
    wanted = {
        "files": "3",
        "with a trace of MeTTa": "2",
        "with regions": "2",
        "regions": "22",
        "that parse": "21 (95.5%)",
    }
    assert {name: found[name] for name in wanted} == wanted
    assert all(row.count("|") == head.count("|") for row in rows)


def test_a_sample_takes_from_each_repository_in_turn(checkouts: Path) -> None:
    sample = list(hosts.sample(checkouts, "python", 4))
    assert [one.split(":")[0] for one in sample] == ["=== one/big", "=== two/small", "=== one/big", "=== two/small"]
    assert sample == list(hosts.sample(checkouts, "python", 4))
    assert sum("does not parse" in one for one in sample) == 1
    assert list(hosts.to_read(checkouts, "python", 5)) == ["one/big: a.py (20)", "two/small: c.py (2)"]


def test_documents_of_the_speed_table_are_what_it_says() -> None:
    for document in hosts.SPEED_DOCUMENTS:
        assert len(hosts.speed_text(document)) == document.size
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in list(hosts.speed(1))[2:]]
    assert [(row[0], row[2]) for row in rows] == [(one.name, str(one.regions)) for one in hosts.SPEED_DOCUMENTS]
