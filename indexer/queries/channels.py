"""What a name of Rholang can mean where it stands: the contracts that its message can reach, and what binds it."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.rholang.globals import is_private
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.meanings import Meaning, Question, Step
from metta_index.indexer.queries.resolving import same_variable, variable
from metta_index.indexer.queries.symbols import Symbol
from metta_index.indexer.text.occurrences import Piece, scope_of
from metta_index.indexer.text.symbols import Confidence, Kind, Role

_LISTENING = (Kind.CONTRACT, Kind.AGENT)


def channel_meanings(index: Index, question: Question) -> list[Meaning]:
    """The contracts and agents that listen to a name, then what binds it.

    A private name means what its scope says of it; a global one means the same in every
    file. Where a send is asked for, contracts that cannot take its message are left out.
    """
    found = list(_in_scope(index, question) if is_private(question.name) else _everywhere(index, question))
    reached = set(_reached(question, [meaning.symbol for meaning in found if meaning.symbol is not None]))
    return [
        meaning
        for meaning in found
        if meaning.symbol is None or (meaning.symbol.path, meaning.symbol.start_byte) in reached
    ]


def _in_scope(index: Index, question: Question) -> Iterator[Meaning]:
    piece = index.piece_at(question.path, question.byte)
    if piece is None:
        return
    scope = scope_of(piece, question.name, question.byte)
    for symbol in index.symbols_in(question.path, question.name):
        if symbol.kind in _LISTENING and symbol.role == Role.DEFINITION and _stands_in(piece, symbol, scope):
            yield Meaning(Step.SCOPE, Confidence.CERTAIN, symbol)
    word = index.occurrence_at(question.path, question.byte)
    inside = same_variable(index, word) if word is not None else []
    for binder in [one for one in inside if one.role == Role.BINDING][:1]:
        yield Meaning(Step.SCOPE, Confidence.CERTAIN, variable(binder, inside[0].start_byte, inside[-1].end_byte))


def _everywhere(index: Index, question: Question) -> Iterator[Meaning]:
    for symbol in index.definitions(question.name):
        if symbol.kind in _LISTENING:
            step = Step.DOCUMENT if symbol.path == question.path else Step.WORKSPACE
            yield Meaning(step, Confidence.CERTAIN, symbol)


def _stands_in(piece: Piece, symbol: Symbol, scope: tuple[int, int]) -> bool:
    return piece.covers(symbol.start_byte) and scope_of(piece, symbol.name, symbol.start_byte) == scope


def _reached(question: Question, symbols: list[Symbol]) -> list[tuple[str, int]]:
    """Path and place of the symbols that are no contracts, and of the contracts that can take the message."""
    contracts = [symbol for symbol in symbols if symbol.kind == Kind.CONTRACT]
    kept = [symbol for symbol in symbols if symbol.kind != Kind.CONTRACT]
    if question.call is not None and contracts:
        from metta_index.indexer.languages.rholang.overloads import candidates, read_call, read_formals

        call = read_call(question.call)
        heads = [(symbol, read_formals(symbol.signature)) for symbol in contracts]
        read = [(symbol, formals) for symbol, formals in heads if formals is not None]
        numbers = candidates(call.arguments, [formals for _, formals in read]) if call is not None else range(len(read))
        contracts = [read[number][0] for number in numbers]
    return [(symbol.path, symbol.start_byte) for symbol in kept + contracts]
