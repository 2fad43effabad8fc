"""Symbols and references: what the tables of one document say of a name, with its places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from metta_index.indexer.text.occurrences import Piece, end_of_top, occurrences, odd_ends, tops_around
from metta_index.indexer.text.positions import Position
from metta_index.indexer.text.symbols import Flag, Kind, Role, Use, name_text


class Symbol(NamedTuple):
    """One place that defines, declares or documents a name, or the facts of one head in one document.

    Bytes count from the start of the document; `start_byte`, `end_byte` and `position`
    are those of the name, `form_start` and `form_end` those of the whole form. `arity`
    is None where the name takes no arguments; `facts`: how many there are of its head and arity.
    """

    name: bytes
    kind: Kind
    role: Role
    path: str
    start_byte: int
    end_byte: int
    position: Position
    form_start: int
    form_end: int
    arity: int | None
    signature: str
    type: str
    doc: str
    flags: Flag
    facts: int

    @property
    def text(self) -> str:
        """The name as text."""
        return name_text(self.name)

    @property
    def line(self) -> int:
        """From 1."""
        return self.position.row + 1

    @property
    def column(self) -> int:
        """From 1, in code points."""
        return self.position.column + 1


class Reference(NamedTuple):
    """One occurrence of a name. `arguments`: how many a list has of which it is the head, else None.

    `within`: the name that the enclosing top-level atom defines, declares or documents, if any.
    """

    name: bytes
    role: Role
    use: Use
    path: str
    start_byte: int
    end_byte: int
    position: Position
    arguments: int | None
    within: bytes | None

    @property
    def text(self) -> str:
        """The name as text."""
        return name_text(self.name)

    @property
    def line(self) -> int:
        """From 1."""
        return self.position.row + 1

    @property
    def column(self) -> int:
        """From 1, in code points."""
        return self.position.column + 1

    @property
    def is_use(self) -> bool:
        """Whether it does not define, declare or document the name itself."""
        return self.role in (Role.REFERENCE, Role.BINDING)


#: Values of enumerations by their numbers: to ask their classes costs more than all else about a symbol.
_KINDS = tuple(Kind)
_ROLES = tuple(Role)
_NO_FLAGS = Flag(0)

#: A piece, and the number that its table has for the name asked for.
_Numbered = tuple[Piece, int]


def symbols_of(path: str, parts: list[Piece], name: bytes) -> list[Symbol]:
    """What the pieces of a document say a name is, in the order of the text. Raises DecodeError."""
    numbered = [(piece, piece.table.names.index(name)) for piece in parts if name in piece.table.names]
    docs = [symbol for one in numbered for symbol in _documentation(path, one, name)]
    doc = "\n".join(symbol.doc for symbol in docs)
    found = [symbol for one in numbered for symbol in _definitions(path, one, name, doc)]
    found += docs
    found += _facts(path, numbered, name, doc)
    if len(found) > 1:
        found.sort(key=lambda symbol: (symbol.start_byte, symbol.role))
    return found


def _definitions(path: str, numbered: _Numbered, name: bytes, doc: str) -> Iterator[Symbol]:
    piece, number = numbered
    ends = odd_ends(piece, name)
    for found in piece.table.definitions:
        if found.name == number:
            start = piece.offset + found.name_start
            yield Symbol(
                name,
                _KINDS[found.kind],
                _ROLES[found.role],
                path,
                start,
                ends.get((start, name), start + len(name)),
                piece.position(start),
                piece.offset + found.start,
                piece.offset + found.end,
                None if found.arity < 0 else found.arity,
                found.signature,
                found.type,
                doc,
                Flag(found.flags) if found.flags else _NO_FLAGS,
                0,
            )


def _documentation(path: str, numbered: _Numbered, name: bytes) -> Iterator[Symbol]:
    piece, number = numbered
    for found in piece.table.documentation:
        if found.name == number:
            start, end = piece.offset + found.start, piece.offset + found.end
            arity = len(found.parameters) or None
            yield Symbol(
                name,
                Kind.SYMBOL if arity is None else Kind.FUNCTION,
                Role.DOCUMENTATION,
                path,
                start,
                end,
                piece.position(start),
                start,
                end,
                arity,
                "",
                "",
                _doc_text(found.description, found.parameters, found.returns),
                Flag(0),
                0,
            )


def _doc_text(description: str, parameters: tuple[str, ...], returns: str) -> str:
    lines = [description, *(f"{number}. {text}" for number, text in enumerate(parameters, 1))]
    return "\n".join((*lines, f"-> {returns}") if returns else lines)


def _facts(path: str, parts: list[_Numbered], name: bytes, doc: str) -> Iterator[Symbol]:
    """One symbol for each number of arguments that facts of this head have, at the first of them."""
    counts: dict[int, int] = {}
    first: dict[int, tuple[Piece, int]] = {}
    for piece, number in parts:
        for fact in piece.table.facts:
            if fact.name == number:
                counts[fact.arity] = counts.get(fact.arity, 0) + fact.count
                first.setdefault(fact.arity, (piece, piece.offset + fact.first_start))
    for arity, (piece, start) in first.items():
        end = end_of_top(piece, start)
        yield Symbol(
            name,
            Kind.FACT,
            Role.FACT,
            path,
            start,
            end,
            piece.position(start),
            start,
            end,
            arity,
            "",
            "",
            doc,
            _NO_FLAGS,
            counts[arity],
        )


def references_of(path: str, piece: Piece, name: bytes) -> Iterator[Reference]:
    """Every occurrence of a name in a piece of a document. Raises DecodeError."""
    found = list(occurrences(piece, name))
    if not found:
        return
    around = tops_around(piece, (one.start_byte for one in found))
    for one, top in zip(found, around, strict=True):
        yield Reference(
            name,
            one.role,
            one.use,
            path,
            one.start_byte,
            one.end_byte,
            piece.position(one.start_byte),
            one.arguments,
            top.name if top is not None else None,
        )
