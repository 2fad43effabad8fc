"""Counts what the check finds in checkouts of the repositories, and whether it still finds what was judged.

    python tests/precision/gather.py FOLDER

FOLDER holds a clone from GitHub, `OWNER/NAME`, of each row of repositories.tsv, at its commit. Rewrites
firings.tsv, large.tsv and the last column of judgements.tsv.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

import data

from metta_index.indexer.rules.registry import all_infos, default_codes

#: From so many bytes on, a file is looked at for itself: most that are as large hold facts alone.
_LARGE = 500_000
SEVERITIES = {info.code: info.severity for info in all_infos()}
_MODULE = re.compile(r"`([^`]+)` is not found")


def findings(checkout: Path) -> list[dict[str, Any]]:
    """What the check finds with all rules, as it is without any configuration."""
    with tempfile.TemporaryDirectory() as cache:
        options = ["--root", ".", "--format", "jsonl", "--select", "ALL", "--exit-zero", "-q", "--cache-dir", cache]
        command = [sys.executable, "-m", "metta_index.cli", "check", *options]
        ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True)
    if ended.returncode == 2 and not ended.stdout:
        sys.exit(f"{checkout.name}: {ended.stderr}")
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    absent = not_checked_out(checkout)
    return [one for one in found if one["type"] == "finding" and not _names(one, absent)]


def not_checked_out(checkout: Path) -> set[str]:
    """The names of files that the commit has and the checkout has not, as some mirrors leave out large ones."""
    listed = subprocess.run(["git", "ls-tree", "-r", "-z", "--name-only", "HEAD"], cwd=checkout, capture_output=True)
    paths = listed.stdout.decode("utf-8", "replace").split("\0")
    return {PurePosixPath(path).stem for path in paths if path.endswith(".metta") and not (checkout / path).exists()}


def _names(finding: dict[str, Any], absent: set[str]) -> bool:
    match = _MODULE.match(finding["message"])
    return match is not None and PurePosixPath(match[1]).stem in absent


def main(folder: Path) -> None:
    rows = []
    large = []
    on = default_codes()
    fires: dict[tuple[str, str, int, int, str], str] = {}
    for _set, repository, commit in data.repositories():
        checkout = folder / repository
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True).stdout
        if not head.startswith(commit):
            sys.exit(f"{checkout} is not at {commit}")
        counts: Counter[str] = Counter()
        as_info: Counter[str] = Counter()
        files: defaultdict[str, set[str]] = defaultdict(set)
        by_path: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for one in findings(checkout):
            code = one["code"]
            if code in on:
                by_path[one["path"]][code] += 1
            is_own = one["severity"] == SEVERITIES[code]
            (counts if is_own else as_info)[code] += 1
            if is_own:
                files[code].add(one["path"])
            fires[repository, one["path"], one["line"], one["column"], code] = "yes" if is_own else "info"
        for code in sorted(counts.keys() | as_info.keys()):
            rows.append(data.Firings(repository, code, counts[code], len(files[code]), as_info[code]))
        for path in sorted(checkout.rglob("*.metta")):
            if path.stat().st_size >= _LARGE:
                name = path.relative_to(checkout).as_posix()
                found = ", ".join(f"{code} {count}" for code, count in sorted(by_path[name].items()))
                large.append(data.Large(repository, name, path.stat().st_size // 1000, found or "nothing"))
        print(repository, counts.total(), as_info.total(), flush=True)
    data.write("firings.tsv", data.Firings._fields, rows)
    data.write("large.tsv", data.Large._fields, large)
    judged = [
        one._replace(fires=fires.get((one.repository, one.path, one.line, one.column, one.rule), "no"))
        for one in data.judgements()
    ]
    data.write("judgements.tsv", data.Judgement._fields, judged)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
