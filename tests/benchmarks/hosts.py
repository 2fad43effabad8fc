"""What is found of MeTTa inside other languages in checkouts of repositories, host by host.

    python tests/benchmarks/hosts.py FOLDER          # FOLDER/NAME is a checkout: prints the table
    python tests/benchmarks/hosts.py FOLDER --sample python 50
    python tests/benchmarks/hosts.py FOLDER --files python 10
    python tests/benchmarks/hosts.py FOLDER --speed  # needs no checkouts

`--sample` prints so many regions of a host to judge by eye, spread over the repositories
that have some; `--files` names so many files to read for what was missed. Both are the
same in every run over the same checkouts. `--speed` times detection in documents of Rholang
that are as large as those the plan was measured with.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from metta_index.indexer.discovery.foreign import reason_by_name
from metta_index.indexer.languages import LANGUAGES, language_of, load_language
from metta_index.indexer.languages.hosts import HOSTS, has_trace
from metta_index.indexer.text.positions import LineMap
from metta_index.indexer.text.symbols import Confidence, Region, SymbolTable

HOST_NAMES = (*HOSTS, "rholang")

#: Times are medians, in milliseconds a file.
COLUMNS = (
    "host",
    "files",
    "with a trace of MeTTa",
    "with regions",
    "regions",
    "certain",
    "likely",
    "possible",
    "that parse",
    "names registered",
    "ms",
    "ms, with a trace",
)


class File(NamedTuple):
    """A file of a host. `milliseconds`: for reading it to the end of its own table, regions left unparsed."""

    repository: str
    path: Path
    source: bytes
    table: SymbolTable
    milliseconds: float
    has_trace: bool

    @property
    def name(self) -> str:
        return f"{self.repository}: {self.path.as_posix()}"


def files(folder: Path, host: str) -> Iterator[File]:
    """Every file of a host in the checkouts, in the order of paths."""
    language = load_language(host)
    for checkout in sorted(path for path in folder.iterdir() if path.is_dir()):
        for path in sorted(checkout.rglob("*")):
            inside = path.relative_to(checkout)
            if not path.name.endswith(LANGUAGES[host]) or not path.is_file():
                continue
            if any(reason_by_name(part) for part in inside.parts[:-1]) or language_of(path.name) != host:
                continue
            begun = time.perf_counter()
            source = path.read_bytes()
            table = language.extract(source, language.parse(source), None)
            took = (time.perf_counter() - begun) * 1000
            traced = has_trace(host, source) if host in HOSTS else bool(table.regions)
            yield File(checkout.name.replace("+", "/"), inside, source, table, took, traced)


def parses(region: Region) -> bool:
    """Whether nothing keeps the text of a region from being read."""
    language = load_language(region.language)
    table = language.extract(region.text, language.parse(region.text), None)
    return not any(language.is_error(table.dialect, problem.code) for problem in table.problems)


def table(folder: Path) -> Iterator[str]:
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for host in HOST_NAMES:
        found = list(files(folder, host))
        if not found:
            yield f"| {host} | 0 |" + " |" * (len(COLUMNS) - 2)
            continue
        regions = [region for file in found for region in file.table.regions]
        sure = [sum(region.confidence == confidence for region in regions) for confidence in Confidence]
        readable = sum(map(parses, regions))
        names = sum(len(file.table.definitions) for file in found) if host in HOSTS else 0
        traced = [file.milliseconds for file in found if file.has_trace]
        cells = [
            host,
            f"{len(found):,}",
            f"{len(traced):,}",
            f"{sum(bool(file.table.regions) for file in found):,}",
            f"{len(regions):,}",
            *(f"{count:,}" for count in sure),
            f"{readable:,} ({readable / len(regions):.1%})" if regions else "",
            f"{names:,}",
            f"{_median([file.milliseconds for file in found]):.2f}",
            f"{_median(traced):.2f}" if traced else "",
        ]
        yield f"| {' | '.join(cells)} |"


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _spread(items: list[tuple[str, str]], count: int) -> list[str]:
    """So many of named items, taken from the groups in turn, in an order that is by chance and always the same."""
    groups: dict[str, list[str]] = defaultdict(list)
    for group, item in sorted(items, key=lambda one: sha256(one[1].encode("utf-8", "surrogateescape")).digest()):
        groups[group].append(item)
    rounds = zip_longest(*(groups[group] for group in sorted(groups)))
    return [item for turn in rounds for item in turn if item is not None][:count]


def sample(folder: Path, host: str, count: int) -> Iterator[str]:
    """Regions with where they are and how they were found."""
    items = []
    for file in files(folder, host):
        lines = LineMap.of(file.source)
        for number, region in enumerate(file.table.regions, 1):
            place = f"{file.name}:{lines.position(region.start).row + 1}#{region.language}:{number}"
            how = f"{region.detector}, {Confidence(region.confidence).name.lower()}"
            how += "" if parses(region) else ", does not parse"
            text = region.text.decode("utf-8", "replace")
            items.append((file.repository, f"=== {place} ({how})\n{text}"))
    yield from _spread(items, count)


def to_read(folder: Path, host: str, count: int) -> Iterator[str]:
    """Files with a trace of MeTTa, to be read by hand."""
    traced = [
        (file.repository, f"{file.name} ({len(file.table.regions)})") for file in files(folder, host) if file.has_trace
    ]
    yield from _spread(traced, count)


class SpeedDocument(NamedTuple):
    """A text of Rholang that is as large as one of the plan's. `theirs`: what was published of that one."""

    name: str
    size: int
    regions: int
    theirs: str


SPEED_DOCUMENTS = (
    SpeedDocument("simple", 69, 0, "706 µs, 0 regions"),
    SpeedDocument("complex", 457, 0, "2,233 µs, 0 regions"),
    SpeedDocument("simple, with a region", 69, 1, ""),
    SpeedDocument("complex, with regions", 457, 4, ""),
    SpeedDocument("the worker's complex one", 697, 10, ""),
    SpeedDocument("a large one", 28_132, 200, ""),
)


def speed_text(document: SpeedDocument) -> bytes:
    """Sends that hand MeTTa to a compiler, and as much of a comment as the size leaves room for."""
    sends = [f'@"rho:metta:compile"!("(f {number % 10} $x)")' for number in range(document.regions)]
    text = " |\n".join(sends) or 'new x, y in { for (@z <- x) { y!(z) } | x!("some text") }'
    return text.encode() + b"\n//" + b"." * (document.size - len(text) - 3)


def speed(runs: int = 200) -> Iterator[str]:
    """From bytes to a table with the document's regions, whose own text is not parsed yet."""
    language = load_language("rholang")
    yield "| document | bytes | regions | µs | regions a second | the plan's document of this size |"
    yield "|---" * 6 + "|"
    for document in SPEED_DOCUMENTS:
        source = speed_text(document)
        times = []
        for _run in range(runs):
            begun = time.perf_counter()
            found = language.extract(source, language.parse(source), None)
            times.append((time.perf_counter() - begun) * 1e6)
        took, count = _median(times), len(found.regions)
        rate = f"{count / took * 1e6:,.0f}" if count else ""
        yield f"| {document.name} | {len(source):,} | {count} | {took:,.0f} | {rate} | {document.theirs} |"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sample", nargs=2, metavar=("HOST", "COUNT"))
    parser.add_argument("--files", nargs=2, metavar=("HOST", "COUNT"))
    parser.add_argument("--speed", action="store_true")
    wanted = parser.parse_args(arguments)
    if wanted.speed:
        lines = speed()
    elif wanted.sample:
        lines = sample(wanted.folder, wanted.sample[0], int(wanted.sample[1]))
    elif wanted.files:
        lines = to_read(wanted.folder, wanted.files[0], int(wanted.files[1]))
    else:
        lines = table(wanted.folder)
    for line in lines:
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
