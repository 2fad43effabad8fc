"""open_index: the built index of a workspace for programs and notebooks.

What the commands of the command line answer can be asked here. Build the index first
(`metta-index build`); it is read as it is.

>>> from metta_index.cache.opening import open_index
>>> with open_index("examples/workspace") as index:
...     for symbol in index.definitions("greeting")[:2]:
...         print(symbol.path, symbol.line, symbol.signature)
main.metta 9 greeting
main.metta 10 (greeting Spring)

Where a name is used, and in what position:

>>> with open_index("examples/workspace") as index:
...     [(found.line, found.use.name, found.arguments) for found in index.references("greeting") if found.is_use]
[(27, 'CALL', 1)]

What a word means where it stands, the likeliest first, by the step that found it:

>>> from metta_index.indexer.queries.resolving import question_of, resolve
>>> with open_index("examples/workspace") as index:
...     word = index.occurrence_at("main.metta", index.byte_at("main.metta", line=27, column=3))
...     meanings = resolve(index, question_of(index, word))
...     print(word.text, meanings[0].step, meanings[0].confidence.name)
greeting document CERTAIN

Names by a part of them, and the import graph:

>>> from metta_index.indexer.queries.searching import search
>>> with open_index("examples/workspace") as index:
...     print([match.text for match in search(index, "plant")][:2])
...     print([edge.target for edge in index.graph().edges_from("petta/report.metta")])
['Plant', 'plant-in']
['petta/pollinators.metta']
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from metta_index.cache.folder import prepare_folder
from metta_index.cache.index_file import DamagedIndexError, connect
from metta_index.cache.index_reader import IndexReader
from metta_index.indexer.queries.index import Index

__all__ = ["DamagedIndexError", "open_index"]


@contextmanager
def open_index(root: str | os.PathLike[str]) -> Iterator[Index]:
    """The index of the workspace at `root`, as its last build left it.

    All answers within are of one moment. Raises FileNotFoundError where there is no index,
    DamagedIndexError where it is of another version or does not verify, sqlite3.Error
    where it cannot be read.
    """
    database = prepare_folder(Path(root).resolve(), warn=warnings.warn).database
    if database is None or not database.is_file():
        raise FileNotFoundError(f"{os.fspath(root)} has no index yet; run `metta-index build {os.fspath(root)}` first")
    connection = connect(str(database))
    try:
        reader = IndexReader(connection)
        with reader.snapshot():
            yield Index(reader)
    finally:
        connection.close()
