"""Checking a text that is not saved yet, as if it stood in its file: for editors."""

from __future__ import annotations

from metta_index.cli.checking import Found
from metta_index.cli.refresh import whole_index
from metta_index.cli.session import Session
from metta_index.indexer.building.build import Options
from metta_index.indexer.building.work import merge_summaries, summarize
from metta_index.indexer.checking.check import CheckOptions, Text, check_document
from metta_index.indexer.checking.findings import Failure
from metta_index.indexer.checking.region_checking import RegionText
from metta_index.indexer.checking.workspace_facts import WorkspaceFacts
from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.linking.link import link
from metta_index.indexer.text.digest import content_digest
from metta_index.indexer.text.symbols import Region, encode_table
from metta_index.indexer.text.syntax import empty_tree
from metta_index.indexer.text.virtual import in_host


def check_stdin(session: Session, path: str, source: bytes, options: CheckOptions, build_options: Options) -> Found:
    """What is found in a text in the place of a document, or beside the documents. The index stays as it is."""
    name = language_of(path)
    language = load_language(name)
    built = session.build(build_options).report
    failures = [Failure(failure.path, failure.message) for failure in built.failures if failure.path != path]
    tree = language.parse(source)
    dialect = session.settings.dialect_of(path)
    table = language.extract(source, tree, dialect)
    digest = content_digest(source)
    with whole_index(session), session.index.tentatively():
        index = session.index
        known = {document.path for document in index.documents()}
        summary = merge_summaries([summarize(language, table)], language.DIALECTS)
        regions = [_region(number, region, dialect) for number, region in enumerate(table.regions, 1)]
        tables = [encode_table(one) for one in (table, *(region.table for region in regions))]
        index.put_document(path, name, len(source), digest, summary, tables, len(regions))
        link(index.imports, session.workspace().link_context(), known | {path}, known, False)
        index.show_tentative(path, digest)
        pieces = [(tree if name == "metta" else empty_tree(len(source)), table)]
        text = Text(source, pieces, dialect is not None, regions)
        checked = check_document(path, table.dialect, text, WorkspaceFacts(index), options)
    return Found(list(checked.findings), {path: digest}, failures, 1)


def _region(number: int, region: Region, dialect: str | None) -> RegionText:
    """A text inside the one that is checked. Raises DecodeError."""
    language = load_language(region.language)
    tree = language.parse(region.text)
    return RegionText(region, tree, in_host(language.extract(region.text, tree, dialect), region, number))
