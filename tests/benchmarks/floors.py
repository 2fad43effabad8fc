"""What each stage of a cold build cannot do without, as bare as Python allows: milliseconds, the fastest of three."""

from __future__ import annotations

import importlib.resources
import os
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from tree_sitter import Query, QueryCursor, Tree

from benchmarks.measure import EMPTY_PROGRAM, run_command, time_calls
from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.digest import content_digest
from metta_index.indexer.text.symbols import SymbolTable, encode_table
from metta_index.indexer.text.syntax import encode_tree

#: A floor in milliseconds, and what it is.
Floor = tuple[float, str]


def floors_of(root: Path, paths: Iterable[Path], scratch: Path) -> dict[str, Floor]:
    """By stage, for a workspace that was built just now with its cache. `paths`: its files of MeTTa."""
    paths = list(paths)
    sources = [path.read_bytes() for path in paths]
    texts = [(source, parse(source)) for source in sources]
    tables = [extract(source, tree) for source, tree in texts]
    encoded = [encode_tree(tree) for _source, tree in texts] + [encode_table(table) for table in tables]
    trees = [grammar.parser().parse(source) for source in sources]
    columns = [column for _source, tree in texts for column in (tree.kinds, tree.starts, tree.ends, tree.tails)]
    (empty := scratch / "empty").mkdir(exist_ok=True)
    return {
        "start-up": (_best(lambda: run_command([*EMPTY_PROGRAM, "build", empty])), "an empty Typer program, whole"),
        "scan": (_best(lambda: _scan(root)), "os.scandir and stat"),
        "read and digest": (_best(lambda: _read(paths)), "open, read, one digest"),
        "parse": (_best(lambda: _parse(sources)), "Parser.parse"),
        "flatten": (_best(lambda: _copy(columns)), "copying the columns"),
        "extract": (_best(lambda: _tag(trees)), "tree-sitter's own query, tags.scm"),
        "encode": (_best(lambda: _copy(encoded)), "copying what is encoded"),
        "link": (_best(lambda: _note(tables)), "a dict of the names of each document"),
        "store: cache": (_rewrite(root / ".metta-index" / "cache", scratch), "the same rows, by bare sqlite3"),
        "store: index": (_rewrite(root / ".metta-index", scratch), "the same rows, by bare sqlite3"),
    }


def _best(call: Callable[[], object]) -> float:
    return min(timing.wall_ms for timing in time_calls(call, 3))


def _scan(root: Path) -> None:
    folders = [str(root)]
    while folders:
        with os.scandir(folders.pop()) as scan:
            for entry in scan:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)


def _read(paths: Iterable[Path]) -> None:
    for path in paths:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - the floor is without pathlib
            content_digest(file.read())


def _parse(sources: Iterable[bytes]) -> None:
    parser = grammar.parser()
    for source in sources:
        parser.parse(source)


def _copy(values: Iterable[bytes]) -> None:
    for value in values:
        bytearray(value)


def _tag(trees: Iterable[Tree]) -> None:
    language = grammar.parser().language
    assert language is not None
    folder = importlib.resources.files("metta_index.indexer.languages.metta")
    query = Query(language, folder.joinpath("queries", "tags.scm").read_text("utf-8"))
    for tree in trees:
        QueryCursor(query).captures(tree.root_node)


def _note(tables: Iterable[SymbolTable]) -> None:
    documents: dict[bytes, list[int]] = {}
    for number, table in enumerate(tables):
        for name in table.names:
            documents.setdefault(name, []).append(number)


def _rewrite(folder: Path, scratch: Path) -> float:
    """Milliseconds to put the rows of the databases in a folder, not below `cache` of it, into new ones."""
    inside = folder.rglob("*.db") if folder.name == "cache" else folder.glob("*.db")
    return sum(_best(lambda path=path: _rewrite_one(path, scratch / "rewritten.db")) for path in inside)  # type: ignore[misc]


def _rewrite_one(path: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    old, new = sqlite3.connect(path), sqlite3.connect(target)
    new.execute("PRAGMA synchronous = OFF")
    made = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for name, sql in old.execute(made).fetchall():
        new.execute(sql)
        rows = old.execute(f"SELECT * FROM {name}").fetchall()
        if rows:
            new.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    new.commit()
    new.close()
    old.close()
