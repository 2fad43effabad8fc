"""What is done for one text: parse, extract, encode. Runs in this process or in a worker."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages import Language, load_language, versions_of
from metta_index.indexer.text.digest import content_digest, read_part
from metta_index.indexer.text.symbols import TABLE_SCHEMA, Role, SymbolTable, encode_table
from metta_index.indexer.text.syntax import TREE_SCHEMA, SyntaxTree, decode_tree, encode_tree


class ChangedError(Exception):
    """The file is no longer what it was when the work was planned."""


class Item(NamedTuple):
    """One text to index: the bytes [start, start + size) of a file, with the digest they should have.

    `dialect`: as configured or decided; None: the text decides. `tree`: the encoded
    tree, where the cache had it. `text`: the text itself, where it is at hand. `heads_only`:
    what stands inside facts is left out.
    """

    path: str
    start: int
    size: int
    digest: bytes
    language: str
    dialect: str | None
    keep_tree: bool
    tree: bytes | None = None
    text: bytes | None = None
    heads_only: bool = False


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """The counts of one table that a report adds up."""

    dialect: str
    atoms: int
    definitions: int
    declarations: int
    references: int
    errors: int


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What came of an item. `tree` is None where it was not parsed or is not to be kept.

    `made_by`: versions of what made it.
    """

    made_by: str
    table: bytes
    summary: Summary
    tree: bytes | None
    parsed: bool


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Outcome)


def index_item_to_bytes(item: Item) -> bytes:
    """What a worker sends: `decode_outcome` gives back what `index_item` gave."""
    return _encoder.encode(index_item(item))


def decode_outcome(data: bytes, language: str) -> Outcome:
    """What came of an item in this language. Raises DecodeError where it was made by other versions than these.

    A worker starts later than this process: the program may have been replaced between. One on another machine
    may have other grammars of hosts.
    """
    try:
        outcome = _decoder.decode(data)
        if outcome.made_by == _versions(language):
            return outcome
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    raise DecodeError(
        "it was indexed by another version of metta-index or of a grammar than this one, which another process or "
        "machine has; install the same everywhere, and build again"
    )


@cache
def _versions(language: str) -> str:
    versions = versions_of(language)
    return f"{TREE_SCHEMA} {TABLE_SCHEMA} {versions.tree} {versions.table}"


def index_item(item: Item) -> Outcome:
    """Reads the item's text and indexes it.

    Raises OSError where the file cannot be read, ChangedError where it is not the one
    that was planned for.
    """
    return index_source(_text(item) if item.text is None else item.text, item)


def with_text(item: Item) -> Item:
    """An item for a process that has not our files. Raises OSError and ChangedError as `index_item` does."""
    return item if item.text is not None else item._replace(text=_text(item))


def _text(item: Item) -> bytes:
    source = read_part(item.path, item.start, item.size)
    if content_digest(source) != item.digest:
        raise ChangedError("the file changed while it was being indexed; build again")
    return source


def index_source(source: bytes, item: Item) -> Outcome:
    language = load_language(item.language)
    tree = _cached_tree(item, len(language.KINDS), len(source))
    parsed = tree is None
    if tree is None:
        tree = language.parse(source)
    table = language.extract(source, tree, item.dialect)
    if item.heads_only:
        from metta_index.indexer.text.heads_only import with_heads_only

        table = with_heads_only(table)
    return Outcome(
        made_by=_versions(item.language),
        table=encode_table(table),
        summary=summarize(language, table),
        tree=encode_tree(tree) if parsed and item.keep_tree else None,
        parsed=parsed,
    )


def summarize(language: Language, table: SymbolTable) -> Summary:
    roles = table.occurrence_roles
    definitions = len([1 for definition in table.definitions if definition.role == _DEFINITION])
    return Summary(
        table.dialect,
        table.atoms,
        definitions,
        len(table.definitions) - definitions,
        sum(map(roles.count, _REFERENCE_CODES)),
        len([1 for problem in table.problems if language.is_error(table.dialect, problem.code)]),
    )


def _cached_tree(item: Item, kind_count: int, size: int) -> SyntaxTree | None:
    """The tree that came with the item; None where there is none, or what came is no tree of such a text."""
    if item.tree is None:
        return None
    try:
        tree = decode_tree(item.tree, kind_count)
    except DecodeError:
        return None
    return tree if tree.size == size else None


def merge_summaries(summaries: Sequence[Summary], dialects: Sequence[str]) -> Summary:
    """The summary of a document from those of its pieces; its dialect is the first of `dialects` that one shows."""
    shown = {summary.dialect for summary in summaries}
    return Summary(
        next(dialect for dialect in dialects if dialect in shown),
        *(
            sum(getattr(summary, count) for summary in summaries)
            for count in ("atoms", "definitions", "declarations", "references", "errors")
        ),
    )


_DEFINITION = int(Role.DEFINITION)
_REFERENCE_CODES = tuple(bytes([Role.REFERENCE | use << 4]) for use in range(5))
