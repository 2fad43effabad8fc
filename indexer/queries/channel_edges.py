"""What a file of Rholang leans on by names that mean the same everywhere: others' contracts, the node, the registry.

A process asks for nothing by the name of a file. It sends on a name, and whoever
listens there takes the message: a file that sends on `@"Cell"` leans on the file
whose contract listens to `@"Cell"`. What `new` takes by a URI comes with the node, any
other URI is looked up in the registry, when the process runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from metta_index.indexer.languages.metta.modules import Resolution, Status, TargetKind, Way
from metta_index.indexer.languages.metta.modules import Target as File
from metta_index.indexer.languages.rholang.globals import is_private
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.symbols import Symbol
from metta_index.indexer.text.occurrences import Occurrence, Piece, occurrences
from metta_index.indexer.text.symbols import Kind, Role, Use, name_text

SEND, SYSTEM, LOOKUP = "contract", "new", "registry"
#: The forms of what is found here: no import has one of them.
FORMS = frozenset({SEND, SYSTEM, LOOKUP})

_LISTENING = (Kind.CONTRACT, Kind.AGENT)


class _Edge(NamedTuple):
    """`status`, `target` and `reason` as of `Resolution`."""

    form: str
    word: Occurrence
    status: Status
    target: str
    reason: str


def channel_edges(index: Index, path: str) -> list[ImportRecord]:
    """What a document leans on, in the order of its text: each name once for each file that it leads to.

    They are numbered after the document's imports. Empty for all but Rholang. Who can
    take a message is told by the number of its parts; a message that a contract of the same file can
    take leads to no other file.
    """
    document = index.document(path)
    if document is None or document.language != "rholang":
        return []
    pieces = [piece for piece in index.pieces(path) if piece.table.region is None]
    found: dict[tuple[str, bytes, str], tuple[Piece, _Edge]] = {}
    for piece in pieces:
        for word in occurrences(piece):
            if not is_private(word.name):
                for edge in _edges(index, path, word):
                    found.setdefault((edge.form, word.name, edge.target), (piece, edge))
    before = len(index.imports(path))
    return [_record(path, before + number, *one) for number, one in enumerate(found.values())]


def channel_edges_to(index: Index, paths: Iterable[str]) -> Iterator[ImportRecord]:
    """What leads to some documents from files that send to their contracts."""
    wanted = set(paths)
    names = {
        piece.table.names[one.name]
        for path in wanted
        for piece in index.pieces(path)
        for one in piece.table.definitions
        if one.kind in _LISTENING and not is_private(piece.table.names[one.name])
    }
    senders = {path for name in names for path in index.reader.mentioning(name)}
    for sender in sorted(senders):
        for record in channel_edges(index, sender):
            if record.resolution is not None and record.resolution.target in wanted:
                yield record


def _edges(index: Index, path: str, word: Occurrence) -> Iterator[_Edge]:
    is_uri = not word.name.startswith(b"@")
    if word.role == Role.IMPORT:
        yield _Edge(SYSTEM, word, Status.BUILTIN, "", "the node gives this channel")
    elif word.role == Role.REFERENCE and word.use == Use.CALL:
        targets = _serving(index, path, word)
        for target in targets:
            yield _Edge(SEND, word, Status.RESOLVED, target, "a contract there listens to this name")
    elif word.role == Role.REFERENCE and word.use == Use.DATA and is_uri:
        yield _Edge(LOOKUP, word, Status.EXTERNAL, "", "the registry knows it, when this runs")


def _serving(index: Index, path: str, word: Occurrence) -> list[str]:
    """The other files with a contract or an agent that can take a message; none if this one has such a one itself."""
    paths = {symbol.path for symbol in index.definitions(word.name) if _takes(symbol, word.arguments)}
    return [] if path in paths else sorted(paths)


def _takes(symbol: Symbol, parts: int | None) -> bool:
    if symbol.kind == Kind.CONTRACT and parts is not None:
        from metta_index.indexer.languages.rholang.overloads import accepts  # it parses: few questions need that

        return accepts(symbol.signature, parts)
    return symbol.kind in _LISTENING


def _record(path: str, position: int, piece: Piece, edge: _Edge) -> ImportRecord:
    word = edge.word
    place = piece.position(word.start_byte)
    files = (File(edge.target, TargetKind.OTHER),) if edge.target else ()
    way = Way.EXACT if edge.target else Way.NONE
    name = name_text(word.name)
    return ImportRecord(
        path,
        position,
        piece.table.dialect,
        edge.form,
        name,
        "",
        0,
        word.start_byte,
        word.end_byte,
        word.start_byte,
        word.end_byte,
        place.row + 1,
        place.column + 1,
        Resolution(
            edge.status,
            way,
            edge.target,
            TargetKind.OTHER if edge.target else None,
            files,
            (),
            name,
            edge.reason,
            frozenset(),
        ),
    )
