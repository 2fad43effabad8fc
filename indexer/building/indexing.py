"""Indexing the files of a build that changed: read, look up, do what is left, store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec.structs

from metta_index.indexer.building.documents import Document, Piece, located, region_piece
from metta_index.indexer.building.report import BuildReport, Failure
from metta_index.indexer.building.work import (
    ChangedError,
    Item,
    Outcome,
    Summary,
    decode_outcome,
    index_item,
    index_item_to_bytes,
    merge_summaries,
    summarize,
    with_text,
)
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.execution.plan import Load, Rates, RunMeasurement, Wanted, plan_execution
from metta_index.indexer.execution.run import Failure as ItemFailure
from metta_index.indexer.execution.run import execute
from metta_index.indexer.execution.worker_processes import Workers
from metta_index.indexer.languages import load_language, versions_of
from metta_index.indexer.languages.hosts import DOCUMENTATION
from metta_index.indexer.protocols import EntryCache, IndexStore
from metta_index.indexer.text.digest import table_key, tree_key
from metta_index.indexer.text.symbols import decode_table, encode_table

_Part = tuple[Document, Piece]
_Task = tuple[Document, Piece, Item]

#: Documents looked up, and results stored, at once: bounds what a build holds in memory.
_LOOKUP_CHUNK = 256
_STORE_CHUNK = 512
_STORE_BYTES = 4 << 20


class Progress:
    """Told how a build goes on. This one is silent; a command line overrides it."""

    def start(self, files: int, size: int) -> None:
        """So many files, and bytes, are to be indexed."""

    def advance(self, files: int, size: int) -> None:
        """So many more are done."""

    def stop(self) -> None: ...


@dataclass(slots=True)
class Indexing:
    """Indexes documents: from the cache what it has, by work what it has not."""

    root: Path
    index: IndexStore
    cache: EntryCache | None
    look_up: bool
    wanted: Wanted
    rates: Rates
    report: BuildReport
    progress: Progress
    workers: Workers
    measurement: RunMeasurement | None = None

    def run(self, documents: Sequence[Document]) -> Iterator[str]:
        """Yields the path of each document that is in the index; the others are in `report.failures`."""
        self.progress.start(len(documents), sum(document.size for document in documents))
        try:
            waiting: list[_Task] = []
            for chunk in _chunks(documents, _LOOKUP_CHUNK):
                for document in chunk:
                    document.missing = len(document.pieces)
                waiting += self._take_from_cache([(document, piece) for document in chunk for piece in document.pieces])
                for document in chunk:
                    if not document.missing and self._complete(document):
                        self.report.files.cached += 1
                        yield document.path
            while waiting:
                found: list[_Part] = []
                yield from self._work(waiting, found)
                # What is embedded in a text is known only when that has been indexed.
                waiting = self._take_from_cache(found)
                for document in dict.fromkeys(document for document, _piece in found):
                    if not document.missing and self._complete(document):
                        self.report.files.indexed += 1
                        yield document.path
        finally:
            self.progress.stop()

    def _item(self, document: Document, piece: Piece, dialect: str | None, tree: bytes | None) -> Item:
        path = located(self.root, document.path)
        # Trees of facts are larger than all else that is kept of them, and nobody asks for them.
        keep_tree = self.cache is not None and not piece.heads_only
        return Item(
            path, piece.start, piece.size, piece.digest, piece.language, dialect, keep_tree, tree, piece.text,
            piece.heads_only,
        )  # fmt: skip

    def _keys(self, piece: Piece, dialect: str | None) -> tuple[str, str]:
        versions = versions_of(piece.language)
        tree = tree_key(piece.language, versions.tree, piece.digest)
        return tree, table_key(tree, versions.table, dialect, piece.heads_only)

    def _take_from_cache(self, parts: Sequence[_Part]) -> list[_Task]:
        """Gives pieces their tables as far as the cache has them; what is left to do comes back."""
        cache = self.cache if self.look_up else None
        if cache is None:
            return [(document, piece, self._item(document, piece, piece.dialect, None)) for document, piece in parts]
        left: list[tuple[Document, Piece, str]] = []
        while parts:
            keyed = [(document, piece, *self._keys(piece, piece.dialect)) for document, piece in parts]
            tables = cache.get_many([table for *_rest, table in keyed])
            parts = []
            for document, piece, tree, table in keyed:
                data = tables.get(table)
                if data is not None and _give(document, piece, data):
                    self.report.cache.hits += 1
                    self.progress.advance(0, piece.size)
                    parts += _embedded(document, piece)
                else:
                    self.report.cache.misses += 1
                    left.append((document, piece, tree))
        trees = cache.get_many([tree for *_rest, tree in left]) if left else {}
        return [
            (document, piece, self._item(document, piece, piece.dialect, trees.get(tree)))
            for document, piece, tree in left
        ]

    def _work(self, waiting: list[_Task], found: list[_Part]) -> Iterator[str]:
        """Indexes each distinct text once, in this process or in several, and stores what comes of it.

        What is embedded in the texts is added to `found`.
        """
        copies: dict[tuple[object, ...], list[_Part]] = {}
        items: list[Item] = []
        for document, piece, item in waiting:
            same = copies.setdefault(_kind(item), [])
            if not same:
                items.append(item)
            same.append((document, piece))
        loads = [Load(item.language, item.size) for item in items]
        plan = plan_execution(
            loads, self.rates, self.workers.cpus(self.wanted), self.wanted, starts_early=self.workers.are_starting
        )
        if self.report.plan is None:  # that of the files; what is embedded in them is little beside it
            self.report.plan = plan
        entries: list[tuple[str, bytes]] = []
        size = 0
        failed: set[str] = set()
        run = execute(plan, items, index_item_to_bytes, workers=self.workers, ship=with_text, on_finish=self._measured)
        with closing(run) as results:
            for number, data in results:
                item = items[number]
                same = copies.pop(_kind(item))
                outcome = _outcome(data, item.language)
                if isinstance(outcome, str):
                    for path in {document.path for document, _piece in same} - failed:
                        failed.add(path)
                        self.report.failures.append(Failure(path, outcome))
                    continue
                self.report.work.parsed += outcome.parsed
                self.report.work.extracted += 1
                new = self._entries(same[0][1], item.dialect, outcome)
                entries += new
                size += sum([len(data) for _key, data in new])
                if len(entries) >= _STORE_CHUNK or size >= _STORE_BYTES:
                    self._store(entries)
                    entries, size = [], 0
                for document, piece in same:
                    piece.table, piece.summary = outcome.table, outcome.summary
                    document.missing -= 1
                    found += _embedded(document, piece)
                    self.progress.advance(not document.missing, piece.size)
                    if not document.missing and self._complete(document):
                        self.report.files.indexed += 1
                        yield document.path
        self._store(entries)

    def _measured(self, measurement: RunMeasurement) -> None:
        if self.measurement is None:
            self.measurement = measurement
        self.report.actual_ms += measurement.wall_ms
        if measurement.note:
            self.report.warnings.append(measurement.note)

    def _entries(self, piece: Piece, dialect: str | None, outcome: Outcome) -> list[tuple[str, bytes]]:
        if self.cache is None:
            return []
        tree, table = self._keys(piece, dialect)
        entries = [(table, outcome.table)]
        if outcome.tree is not None:
            entries.append((tree, outcome.tree))
        return entries

    def _store(self, entries: Iterable[tuple[str, bytes]]) -> None:
        if self.cache is not None and entries:
            self.cache.put_many(entries)

    def _complete(self, document: Document) -> bool:
        """Puts a document whose pieces all have tables into the index; False where that failed."""
        summaries = _summaries(document)
        summary = summaries[0]
        if document.pieces[-1].region is not None:
            summary = merge_summaries(summaries, [summary.dialect])
        elif len(summaries) > 1:
            summary = merge_summaries(summaries, load_language(document.language).DIALECTS)
            try:
                if any(one.dialect != summary.dialect for one in summaries):
                    self._settle_dialect(document, summary.dialect)
                    summary = merge_summaries(_summaries(document), [summary.dialect])
            except (OSError, ChangedError) as error:
                self.report.failures.append(Failure(document.path, str(error)))
                return False
        try:
            tables = [_told_in_document(piece) for piece in document.pieces]
        except DecodeError as error:
            self.report.failures.append(Failure(document.path, f"what is embedded in it cannot be placed: {error}"))
            return False
        regions = sum([piece.region is not None for piece in document.pieces])
        self.index.put_document(
            document.path, document.language, document.size, document.digest, summary, tables, regions
        )
        for piece in document.pieces:
            piece.table, piece.text = b"", None
        return True

    def _settle_dialect(self, document: Document, dialect: str) -> None:
        """Extracts again what was taken for another dialect than the document as a whole shows."""
        for piece in document.pieces:
            if piece.summary is not None and piece.summary.dialect == dialect:
                continue
            tree, table = self._keys(piece, dialect)
            known = self.cache.get_many([table, tree]) if self.cache and self.look_up else {}
            if table in known and _give(document, piece, known[table]):
                continue
            outcome = index_item(self._item(document, piece, dialect, known.get(tree)))
            self.report.work.parsed += outcome.parsed
            self.report.work.extracted += 1
            self._store(self._entries(piece, dialect, outcome))
            piece.table, piece.summary = outcome.table, outcome.summary


def _kind(item: Item) -> tuple[object, ...]:
    """What the outcome of an item depends on."""
    return item.digest, item.dialect, item.language, item.heads_only


def _outcome(data: bytes | ItemFailure, language: str) -> Outcome | str:
    """What came of an item, or why nothing did."""
    if isinstance(data, ItemFailure):
        return data.message
    try:
        return decode_outcome(data, language)
    except DecodeError as error:
        return str(error)


def _summaries(document: Document) -> list[Summary]:
    """The summaries of the pieces that have one. What is wrong with an example in documentation breaks no program."""
    summaries = [piece.summary for piece in document.pieces if piece.summary is not None]
    if document.language in DOCUMENTATION:
        summaries = [msgspec.structs.replace(summary, errors=0) for summary in summaries]
    return summaries


def _give(document: Document, piece: Piece, data: bytes) -> bool:
    """Gives a piece its table from the cache; False where the bytes are none."""
    try:
        piece.summary = summarize(load_language(piece.language), decode_table(data))
    except DecodeError:
        return False
    if not piece.table:
        document.missing -= 1
    piece.table = data
    return True


def _embedded(document: Document, piece: Piece) -> list[_Part]:
    """Adds the regions of a piece that has its table to the pieces of the document; those that are new."""
    if piece.language == "metta":  # embeds nothing, and there are many of it
        return []
    regions = decode_table(piece.table).regions
    first = len(document.pieces)
    for number, region in enumerate(regions, first):
        document.pieces.append(region_piece(number, region, document.dialect))
    document.missing += len(regions)
    return [(document, piece) for piece in document.pieces[first:]]


def _told_in_document(piece: Piece) -> bytes:
    """The table of a piece; that of a region in places of the document. Raises DecodeError where these do not fit."""
    if piece.region is None:
        return piece.table
    from metta_index.indexer.text.virtual import in_host

    number, region = piece.region
    return encode_table(in_host(decode_table(piece.table), region, number))


_T = TypeVar("_T")


def _chunks(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
