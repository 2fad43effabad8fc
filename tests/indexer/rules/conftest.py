"""A workspace in memory, for the tests of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from metta_index.cache.database import IndexDatabase
from metta_index.indexer.building.work import merge_summaries, summarize
from metta_index.indexer.checking.check import Checked, CheckOptions, Text, check_document
from metta_index.indexer.checking.workspace_facts import WorkspaceFacts
from metta_index.indexer.discovery.manifest import Manifest, Stat
from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.linking.link import link
from metta_index.indexer.linking.link_context import LinkContext
from metta_index.indexer.rules.registry import all_infos
from metta_index.indexer.text.digest import content_digest
from metta_index.indexer.text.symbols import SymbolTable, encode_table
from metta_index.indexer.text.syntax import SyntaxTree, empty_tree

ALL_CODES = frozenset(info.code for info in all_infos())


class Files:
    """The files of a workspace, indexed and linked in memory. `dialect`: as configured for those of MeTTa."""

    def __init__(self, files: Mapping[str, str], dialect: str | None = None) -> None:
        self.index = IndexDatabase.open(None, pytest.fail)
        self.dialect = dialect
        self.sources = {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}
        manifest = Manifest.empty("")
        for path, source in self.sources.items():
            name = language_of(path)
            table = self._read(path)[1]
            digest = content_digest(source)
            summary = merge_summaries([summarize(load_language(name), table)], load_language(name).DIALECTS)
            self.index.put_document(path, name, len(source), digest, summary, [encode_table(table)])
            manifest.record(path, Stat(len(source), 0, 0, 0), digest, 0)
        link(self.index.imports, LinkContext(), set(self.sources), set(), True)
        self.index.finish(manifest)

    def _read(self, path: str) -> tuple[SyntaxTree, SymbolTable]:
        name, source = language_of(path), self.sources[path]
        tree = load_language(name).parse(source)
        table = load_language(name).extract(source, tree, self.dialect if name == "metta" else None)
        return (tree if name == "metta" else empty_tree(len(source))), table

    def check(self, path: str, codes: frozenset[str] = ALL_CODES) -> Checked:
        tree, table = self._read(path)
        text = Text(self.sources[path], [(tree, table)], self.dialect is not None)
        return check_document(path, table.dialect, text, WorkspaceFacts(self.index), CheckOptions(codes))


@pytest.fixture
def files() -> Iterator[type[Files]]:
    made: list[Files] = []

    class Kept(Files):
        def __init__(self, files: Mapping[str, str], dialect: str | None = None) -> None:
            super().__init__(files, dialect)
            made.append(self)

    yield Kept
    for one in made:
        one.index.close()
