"""An index in memory, of texts that no file holds: for tests that ask it many times."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from metta_index.cache.database import IndexDatabase
from metta_index.indexer.building.work import merge_summaries, summarize
from metta_index.indexer.discovery.manifest import Manifest, Stat
from metta_index.indexer.languages import load_language
from metta_index.indexer.linking.link import link
from metta_index.indexer.linking.link_context import LinkContext
from metta_index.indexer.queries.index import Index
from metta_index.indexer.text.digest import content_digest
from metta_index.indexer.text.symbols import encode_table


def index_of(texts: Mapping[str, str]) -> Index:
    """The linked index of MeTTa texts by path."""
    database = IndexDatabase.open(None, pytest.fail)
    language = load_language("metta")
    manifest = Manifest.empty("")
    for path, text in texts.items():
        source = text.encode()
        table = language.extract(source, language.parse(source), None)
        digest = content_digest(source)
        summary = merge_summaries([summarize(language, table)], language.DIALECTS)
        database.put_document(path, "metta", len(source), digest, summary, [encode_table(table)])
        manifest.record(path, Stat(len(source), 0, 0, 0), digest, 0)
    link(database.imports, LinkContext(), set(texts), set(), True)
    database.finish(manifest)
    database.manifest()
    return Index(database)
