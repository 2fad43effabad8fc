"""The plan's own suite, like for like: few documents, a cache of one, parsing, symbol tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.documents import COMPLEX, KB, SIMPLE, document
from benchmarks.measure import best_us
from benchmarks.rows import Row, Scale, Target
from metta_index.cache.store import Store
from metta_index.indexer.building.work import Item, index_item_to_bytes
from metta_index.indexer.execution.plan import Load, Rates, Wanted, plan_execution
from metta_index.indexer.execution.run import execute
from metta_index.indexer.languages import load_language, versions_of
from metta_index.indexer.languages.metta.grammar import parser
from metta_index.indexer.text.digest import content_digest, table_key, tree_key
from metta_index.indexer.text.symbols import decode_table, encode_table
from metta_index.indexer.text.syntax import decode_tree, encode_tree

ABOUT = (
    "What the performance plan measured, with documents of its sizes. Its own figures (37 and 263 µs to parse, 7.7 and "
    "40 µs for symbol tables, 20 to 30 ns for a hit) come from Rust, another machine and a cache in memory. "
    "Its pool cost 15 to 20 µs to use; a pool of processes costs about 0.1 s. "
    "Times are those of the fastest of several calls: what the work takes undisturbed."
)


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    yield from _parsing(scale)
    yield from _documents(scale, scratch)
    yield from _cache(scale, scratch)


def _parsing(scale: Scale) -> Iterator[Row]:
    metta = load_language("metta")
    for name, text in (("simple", SIMPLE), ("complex", COMPLEX)):
        tree = metta.parse(text)
        floor = best_us(partial(parser().parse, text), scale.repeats, 50)
        took = best_us(partial(metta.parse, text), scale.repeats, 50)
        what = f"parse and flatten, {name} ({len(text):,} B, {len(tree)} nodes)"
        yield Row(what, took, "µs", "cold, 0 hits, 0 regions", floor, "Parser.parse alone")
        took = best_us(partial(metta.extract, text, tree, None), scale.repeats, 50)
        symbols = metta.extract(text, tree, None)
        what = f"symbol table, {name} ({len(symbols.definitions)} definitions, {len(symbols.names)} names)"
        yield Row(what, took, "µs", "cold, 0 hits, 0 regions", floor, "Parser.parse alone")


def _documents(scale: Scale, scratch: Path) -> Iterator[Row]:
    """2, 5 and 20 documents: as the plan decides, always in this process, always in a pool."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    for count in (2, 5, 20):
        items = []
        for number in range(count):
            path = folder / f"{count}-{number}.metta"
            text = document(KB, number)
            path.write_bytes(text)
            items.append(Item(str(path), 0, len(text), content_digest(text), "metta", None, True))
        loads = [Load(item.language, item.size) for item in items]

        def work(wanted: Wanted, items: list[Item] = items, loads: list[Load] = loads) -> None:
            plan = plan_execution(loads, Rates(), max(2, os.cpu_count() or 1), wanted)
            for _result in execute(plan, items, index_item_to_bytes):
                pass

        always = best_us(partial(work, Wanted(backend="sequential")), scale.repeats) / 1000
        adaptive = best_us(partial(work, Wanted()), scale.repeats) / 1000
        pooled = best_us(partial(work, Wanted(jobs=2, backend="loky")), min(scale.repeats, 3)) / 1000
        chosen = plan_execution(loads, Rates(), max(2, os.cpu_count() or 1), Wanted()).backend
        conditions = "cold, 0 hits, 0 regions"
        what = f"{count} documents of 1 KB"
        yield Row(f"{what}: adaptive ({chosen})", adaptive, "ms", conditions, min(always, pooled), "the better of both",
                  target=Target("≤", 1.1))  # fmt: skip
        yield Row(f"{what}: always in one process", always, "ms", conditions)
        yield Row(f"{what}: always in two", pooled, "ms", conditions, always, "always in one process")


def _cache(scale: Scale, scratch: Path) -> Iterator[Row]:
    """A lookup and what follows it, for one document of 1 KB."""
    metta = load_language("metta")
    text = document(KB, 7)
    versions = versions_of("metta")
    kinds = len(metta.KINDS)

    def keys() -> tuple[str, str]:
        tree = tree_key("metta", versions.tree, content_digest(text))
        return tree, table_key(tree, versions.table, None)

    def miss() -> None:
        found = store.get_many(keys())
        assert not found
        index()

    def index() -> None:
        tree = metta.parse(text)
        encode_table(metta.extract(text, tree, None))
        encode_tree(tree)

    def hit() -> None:
        tree, table = keys()
        found = store.get_many((tree, table))
        decode_tree(found[tree], kinds)
        decode_table(found[table])

    with Store.open(Path(tempfile.mkdtemp(dir=scratch)), warn=print) as store:
        fresh = best_us(index, scale.repeats, 20)
        missed = best_us(miss, scale.repeats, 20)
        tree = metta.parse(text)
        table = encode_table(metta.extract(text, tree, None))
        store.put_many(list(zip(keys(), (encode_tree(tree), table), strict=True)))
        took = best_us(hit, scale.repeats, 20)
    floor = "parse, extract, encode without a cache"
    yield Row("cache miss, 1 KB: digest, lookup, then the work", missed, "µs", "warm store, 0 of 2 hits", fresh, floor)
    yield Row(
        "cache hit, 1 KB: digest, lookup, decode tree and table", took, "µs", "warm store, 2 of 2 hits", fresh, floor,
        target=Target("≤", 1), note="on disk, verified; one lookup at a time",
    )  # fmt: skip
