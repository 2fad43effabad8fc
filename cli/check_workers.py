"""Checking documents in processes of their own: what these are sent, and what they send back."""

from __future__ import annotations

from typing import NamedTuple

from metta_index.cache.index_file import connect
from metta_index.cache.index_reader import IndexReader
from metta_index.cli.loading import Loader
from metta_index.indexer.checking.check import CheckOptions, UnreadableError, check_document
from metta_index.indexer.checking.documents import Outcome, encode_outcome
from metta_index.indexer.checking.workspace_facts import WorkspaceFacts


class CheckJob(NamedTuple):
    """What all documents of a check have in common. `database`: the built index; `options` can be pickled."""

    root: str
    database: str
    options: CheckOptions


class CheckItem(NamedTuple):
    """One document to check."""

    job: CheckJob
    path: str


class _Opened(NamedTuple):
    job: CheckJob
    reader: IndexReader
    loader: Loader
    facts: WorkspaceFacts


#: The index that this process has open: all documents of a run ask the same.
_opened: list[_Opened] = []


def check_to_bytes(item: CheckItem) -> bytes:
    """What `Outcome` says of a document, encoded. Raises sqlite3.Error, DamagedIndexError and DecodeError."""
    if not _opened or _opened[0].job != item.job:
        _opened[:] = [_open(item.job)]
    _job, reader, loader, facts = _opened[0]
    document = reader.document(item.path)
    if document is None:
        return encode_outcome(Outcome(unreadable="is not in the index any more; run the command again"))
    try:
        text = loader.load(document)
    except UnreadableError as error:
        return encode_outcome(Outcome(unreadable=str(error)))
    return encode_outcome(Outcome.of(check_document(document.path, document.dialect, text, facts, item.job.options)))


def _open(job: CheckJob) -> _Opened:
    connection = connect(job.database)
    # What others write meanwhile is not seen: all documents are judged by one state of the index.
    connection.execute("BEGIN")
    reader = IndexReader(connection)
    reader.manifest()
    # Parsing a text again takes little beside checking it, so the cache is left alone.
    loader = Loader(job.root, reader, job.options.settings, lambda: None)
    return _Opened(job, reader, loader, WorkspaceFacts(reader, whole=True))
