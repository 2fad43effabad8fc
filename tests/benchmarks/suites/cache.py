"""The cache: how often it is right to have one, and what its lookups, entries and misses cost."""

from __future__ import annotations

import random
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.documents import KB, MB, MadeWorkspace, document, facts, make_workspace
from benchmarks.measure import best_us
from benchmarks.rows import Row, Scale, Target
from metta_index.cache.store import Store
from metta_index.cli.session import open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.building.report import BuildReport
from metta_index.indexer.languages import load_language, versions_of
from metta_index.indexer.text.digest import content_digest, table_key, tree_key
from metta_index.indexer.text.symbols import decode_table, encode_table
from metta_index.indexer.text.syntax import decode_tree, encode_tree

ABOUT = (
    "**Reuse** is 1 - parsed / files: the share of a workspace that a build did not parse. **Hit rate** is hits / "
    "lookups: a build looks up only what changed, so unchanged files are in the first and not in the second. Traces "
    "run builds in this process, without a wait between edit and build. Times are those of the fastest of several "
    "calls."
)

#: Lookups that a build makes at once.
CHUNK = 256


def build(root: Path) -> BuildReport:
    with open_session(root, quiet=True) as session:
        return session.build(Options()).report


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    yield from _edits(scale, scratch)
    for name, trace in TRACES.items():
        workspace = make_workspace(Path(tempfile.mkdtemp(dir=scratch)), scale.trace_files)
        build(workspace.root)
        yield _hits(name, trace(workspace), workspace)
    yield from _costs(scale, scratch)
    yield from _trees(scale, scratch)


def _edits(scale: Scale, scratch: Path) -> Iterator[Row]:
    """A person edits one to three files between builds."""
    workspace = make_workspace(Path(tempfile.mkdtemp(dir=scratch)), scale.trace_files)
    build(workspace.root)
    dice = random.Random(3)
    parsed = looked_up = hits = 0
    for step in range(scale.trace_steps):
        for path in dice.sample(workspace.paths, dice.randint(1, 3)):
            path.write_bytes(path.read_bytes() + b"(= (edit-%d $x) $x)\n" % step)
        report = build(workspace.root)
        parsed += report.work.parsed
        hits += report.cache.hits
        looked_up += report.cache.hits + report.cache.misses
    seen = scale.trace_steps * len(workspace.paths)
    yield Row(
        "reuse on an edit trace", 1 - parsed / seen, "of files", f"warm, {hits} of {looked_up} lookups hit, 0 regions",
        target=Target("≥", 0.6, "figure"),
        note=f"{parsed} parsed of {seen:,} files seen in {scale.trace_steps} builds; the plan asked for > 60 %",
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(dir=scratch))
    large = folder / "facts.metta"
    text = b"".join(facts(2 * MB))
    large.write_bytes(text)
    pieces = build(folder).work.parsed
    middle = text.index(b"\n", len(text) // 2) + 1
    large.write_bytes(text[:middle] + b"(one more fact)\n" + text[middle:])
    report = build(folder)
    yield Row(
        "reuse of the pieces of a 2 MB file, one line added", 1 - report.work.parsed / pieces, "of pieces",
        f"warm, {report.cache.hits} of {report.cache.hits + report.cache.misses} lookups hit, 0 regions",
        target=Target("≥", 0.6, "figure"), note=f"{report.work.parsed} parsed of {pieces} pieces",
    )  # fmt: skip


def _hits(name: str, report: BuildReport, workspace: MadeWorkspace) -> Row:
    cache, work = report.cache, report.work
    lookups = cache.hits + cache.misses
    return Row(
        f"hits over lookups: {name}", cache.hits / lookups, "of lookups", "warm, 0 regions",
        target=Target("≥", 0.95, "figure"),
        note=f"{cache.hits} of {lookups} lookups; reuse {1 - work.parsed / len(workspace.paths):.1%} of "
        f"{len(workspace.paths)} files, {work.parsed} parsed",
    )  # fmt: skip


def _edit_tenth(workspace: MadeWorkspace) -> list[tuple[Path, bytes]]:
    """Edits every tenth file; gives what was there before."""
    before = [(path, path.read_bytes()) for path in workspace.paths[::10]]
    for path, text in before:
        path.write_bytes(text + b"(= (branch-only $x) $x)\n")
    return before


def _revert(workspace: MadeWorkspace) -> BuildReport:
    before = _edit_tenth(workspace)
    build(workspace.root)
    for path, text in before:
        path.write_bytes(text)
    return build(workspace.root)


def _switch_branches(workspace: MadeWorkspace) -> BuildReport:
    """To a branch that was built before, and of which a tenth differs."""
    _revert(workspace)
    _edit_tenth(workspace)
    return build(workspace.root)


def _rename(workspace: MadeWorkspace) -> BuildReport:
    for path in workspace.paths[::5]:
        path.rename(path.with_name(f"renamed-{path.name}"))
    return build(workspace.root)


def _copy(workspace: MadeWorkspace) -> BuildReport:
    shutil.copytree(workspace.root / "area-0", workspace.root / "copied-area")
    return build(workspace.root)


def _restore(workspace: MadeWorkspace) -> BuildReport:
    """A fresh checkout, with the cache of an earlier one: every file is new, no content is."""
    (workspace.root / ".metta-index" / "index.db").unlink()
    return build(workspace.root)


TRACES: dict[str, Callable[[MadeWorkspace], BuildReport]] = {
    "a tenth of the files edited and reverted": _revert,
    "switch to a branch built before": _switch_branches,
    "a fifth of the files renamed": _rename,
    "a folder copied": _copy,
    "restored checkout, no index, cache kept": _restore,
}


def _costs(scale: Scale, scratch: Path) -> Iterator[Row]:
    """What the cache adds to a document it does not have, beside what it guards; and what it saves."""
    metta = load_language("metta")
    versions = versions_of("metta")
    kinds = len(metta.KINDS)
    with Store.open(Path(tempfile.mkdtemp(dir=scratch)), warn=print) as store:
        # Lookups in an empty store would be too easy.
        store.put_many([(f"table:{number:040}", b"x" * 2000) for number in range(5000)])
        for size in (1 * KB, 3 * KB, 9 * KB):
            texts = [document(size, number) for number in range(CHUNK)]

            def parse(texts: list[bytes] = texts) -> None:
                for text in texts:
                    metta.parse(text)

            def miss(texts: list[bytes] = texts) -> None:
                found = [tree_key("metta", versions.tree, content_digest(text)) for text in texts]
                store.get_many([table_key(key, versions.table, None) for key in found])
                store.get_many(found)

            def miss_one(text: bytes = texts[0]) -> None:
                miss([text])

            parsed = best_us(parse, scale.repeats) / CHUNK
            missed = best_us(miss, scale.repeats) / CHUNK
            missed_one = best_us(miss_one, scale.repeats, 20)
            floor = "parse and flatten"
            yield Row(
                f"miss, {size // KB} KB: digest, keys, two lookups", missed, "µs", f"0 hits, {CHUNK} at once",
                parsed, floor, target=Target("≤", 0.05), note=f"alone instead of {CHUNK} at once: {missed_one:.1f} µs",
            )  # fmt: skip
            entries = []
            for text in texts:
                tree = metta.parse(text)
                key = tree_key("metta", versions.tree, content_digest(text))
                table = encode_table(metta.extract(text, tree, None))
                entries += [(key, encode_tree(tree)), (table_key(key, versions.table, None), table)]

            def put(entries: list[tuple[str, bytes]] = entries) -> None:
                for start in range(0, len(entries), 64):
                    store.put_many(entries[start : start + 64])

            def hit(entries: list[tuple[str, bytes]] = entries) -> None:
                found = store.get_many([key for key, _value in entries[1::2]])
                for value in found.values():
                    decode_table(value)

            def hit_tree(entries: list[tuple[str, bytes]] = entries) -> None:
                found = store.get_many([key for key, _value in entries[::2]])
                for value in found.values():
                    decode_tree(value, kinds)

            def work(texts: list[bytes] = texts) -> None:
                for text in texts:
                    encode_table(metta.extract(text, metta.parse(text), None))

            stored = best_us(put, scale.repeats) / CHUNK
            yield Row(f"storing tree and table, {size // KB} KB", stored, "µs", "32 documents at once", parsed, floor)
            conditions = f"warm, {CHUNK} of {CHUNK} hits"
            took, floor = best_us(hit_tree, scale.repeats) / CHUNK, "parse and flatten"
            yield Row(f"tree from the cache, {size // KB} KB", took, "µs", conditions, parsed, floor,
                      target=Target("≤", 1))  # fmt: skip
            worked = best_us(work, scale.repeats) / CHUNK
            took, floor = best_us(hit, scale.repeats) / CHUNK, "parse, extract, encode"
            yield Row(f"table from the cache, {size // KB} KB", took, "µs", conditions, worked, floor,
                      target=Target("≤", 1))  # fmt: skip


def _trees(scale: Scale, scratch: Path) -> Iterator[Row]:
    """1,000 trees of 9 KB documents, as the plan counts them."""
    metta = load_language("metta")
    encoded = []
    nodes = 0
    for number in range(scale.trees):
        tree = metta.parse(document(9 * KB, number))
        nodes += len(tree)
        encoded.append((f"tree:{number:040}", encode_tree(tree)))
    with Store.open(Path(tempfile.mkdtemp(dir=scratch)), warn=print) as store:
        store.put_many(encoded)
        on_disk = store.stats().bytes / MB
    kinds = len(metta.KINDS)
    tracemalloc.start()
    trees = [decode_tree(data, kinds) for _key, data in encoded]
    in_memory = tracemalloc.get_traced_memory()[0] / MB
    tracemalloc.stop()
    what = f"{scale.trees:,} trees of 9 KB documents"
    note = f"{nodes // len(trees):,} nodes each; {sum(len(data) for _key, data in encoded) / MB:.1f} MB of payload"
    target = Target("≤", 100 * scale.trees / 1000, "figure")
    yield Row(f"{what}: bytes on disk", on_disk, "MB", "warm", target=target, note=note)
    yield Row(f"{what}: decoded, in memory", in_memory, "MB", "warm", target=target, note="by tracemalloc")
