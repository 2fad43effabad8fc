"""Digests of content, and keys of tables in memory: what the choice of each is worth."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.documents import KB, document
from benchmarks.measure import best_us, run_command
from benchmarks.rows import Row, Scale, Target
from metta_index.indexer.languages import load_language
from metta_index.indexer.text.digest import content_digest

ABOUT = (
    "Content digests have to be cryptographic: whoever can write a file could otherwise make it pass for another one "
    "in a shared cache. xxh3-128 is not, and is the floor: what any digest costs at least. **Chosen: BLAKE2b-256 from "
    "`_blake2`.** Where the processor has instructions for SHA-256, that is faster by a byte, by less than a hundredth "
    "of what parsing the byte takes; but a build that hashes one file would load OpenSSL for it, and pay more than "
    "hashing thousands of small files costs. BLAKE3 pays from some KB on, and would be one more native dependency. "
    "**Tables in memory**: names of a text are interned while it is parsed, so tables of occurrences hold small "
    "integers, and dictionaries are asked once for each distinct name of a document."
)

#: Half of public MeTTa files are smaller than 1.5 KB, nine in ten than 13 KB, all but one in a hundred than 127 KB.
SIZES = (200, 1500, 13 * KB, 127 * KB)

CUT_STRING = "string, cut and decoded for the lookup"
INTERNED = "interned bytes"
SMALL_INTEGER = "small integer"

Digest = Callable[[bytes], Any]


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    digests = _digests()
    yield from _speeds(scale, digests)
    yield from _starts(scale, digests)
    yield from _tables(scale)


def _digests() -> dict[str, Digest | None]:
    """By name; None where it is not installed. The first is the floor."""
    return {
        "xxh3-128": _optional("xxhash", "xxh3_128_digest"),
        "SHA-256": lambda data: hashlib.sha256(data).digest(),
        "BLAKE2b-256": content_digest,
        "BLAKE3": _blake3(),
    }


def _optional(module: str, name: str) -> Digest | None:
    try:
        function: Digest = getattr(import_module(module), name)
    except ImportError:
        return None
    return function


def _blake3() -> Digest | None:
    blake3 = _optional("blake3", "blake3")
    return None if blake3 is None else lambda data: blake3(data).digest()


def _speeds(scale: Scale, digests: dict[str, Digest | None]) -> Iterator[Row]:
    metta = load_language("metta")
    for size in SIZES:
        text = document(size, size)
        inner = max(1, 200_000 // size)
        floor = None
        parse = best_us(partial(metta.parse, text), scale.repeats, max(1, inner // 20))
        for name, digest in digests.items():
            what = f"{name}, {len(text):,} B"
            if digest is None:
                yield Row(what, None, "µs", note="not installed; `pip install '.[bench]'`")
                continue
            took = best_us(partial(digest, text), scale.repeats, inner)
            note = f"{len(text) / took:,.0f} MB/s; {took / parse:.1%} of parse and flatten"
            yield Row(what, took, "µs", "", floor, "xxh3-128" if floor else "", note=note)
            if name == "xxh3-128":
                floor = took


def _starts(scale: Scale, digests: dict[str, Digest | None]) -> Iterator[Row]:
    """What it takes to have the digest at all, in a build that hashes one file."""
    for name, module in (("SHA-256", "hashlib"), ("BLAKE2b-256", "_blake2"), ("BLAKE3", "blake3")):
        if digests[name] is None:
            continue
        code = f"import time; t = time.perf_counter(); import {module}; print((time.perf_counter() - t) * 1000)"
        command = [sys.executable, "-c", code]
        took = min(float(run_command(command).output) for _ in range(max(3, scale.runs)))
        yield Row(f"import {module} for {name}", took, "ms", "cold process", note="once a process")


def lookup_ns(scale: Scale) -> dict[str, float]:
    """What one lookup costs, by what the key is: made of the text for each lookup, or kept."""
    count = 10_000
    text = b"".join(b"name-%06d" % number for number in range(count))
    spans = [slice(11 * number, 11 * number + 11) for number in range(count)]
    names = [text[span] for span in spans]
    texts = [name.decode() for name in names]
    kinds: dict[str, Callable[[], Sequence[Hashable]]] = {
        CUT_STRING: lambda: [text[span].decode() for span in spans],
        "bytes, cut for the lookup": lambda: [text[span] for span in spans],
        "tuple of name and arity, made for the lookup": lambda: [(name, 2) for name in names],
        "interned string": lambda: texts,
        INTERNED: lambda: names,
        SMALL_INTEGER: lambda: range(count),
    }
    costs = {}
    for what, make in kinds.items():
        table = dict.fromkeys(make(), 1)

        def look_up(table: dict[Hashable, int] = table, make: Callable[[], Sequence[Hashable]] = make) -> int:
            return sum(map(table.__getitem__, make()))

        costs[what] = best_us(look_up, scale.repeats) * 1000 / count
    return costs


def _tables(scale: Scale) -> Iterator[Row]:
    costs = lookup_ns(scale)
    for what, took in costs.items():
        is_chosen = what in (INTERNED, SMALL_INTEGER)
        yield Row(
            f"key: {what}", took, "ns", "10,000 keys, all found", costs[CUT_STRING], CUT_STRING,
            target=Target("≤", 0.5) if is_chosen else None,
            note="the plan's “hash operations about twice as fast”" if is_chosen else "",
        )  # fmt: skip
