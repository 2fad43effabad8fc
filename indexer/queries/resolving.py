"""What a name can mean where it stands: a chain of steps, each of which knows one kind of place to look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from metta_index.indexer.languages import language_of
from metta_index.indexer.languages.hosts import HOSTS
from metta_index.indexer.languages.metta.builtins import candidates
from metta_index.indexer.linking.import_graph import SELF, Edge
from metta_index.indexer.linking.postings import PATTERNS
from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.meanings import Meaning, Question, Step
from metta_index.indexer.queries.symbols import Reference, Symbol
from metta_index.indexer.text.occurrences import scope_of
from metta_index.indexer.text.symbols import Confidence, Flag, Kind, Role

if TYPE_CHECKING:
    from metta_index.indexer.languages.metta.modules import Way
    from metta_index.indexer.linking.imports import ImportRecord


def resolve(index: Index, question: Question) -> list[Meaning]:
    """All that a name can mean where it stands, the likeliest first.

    A variable means what binds it. A word may mean what its document, its imports and
    the language say of it at once: rules add up. What lies elsewhere in the workspace
    counts only where nothing else is found.
    """
    if question.dialect == "rholang":
        from metta_index.indexer.queries.channels import channel_meanings

        return channel_meanings(index, question)
    bound = list(_bound(index, question))
    if bound or question.name.startswith(b"$"):
        return bound
    found = [
        meaning for look_up in (_in_document, _imported, _registered, _built_in) for meaning in look_up(index, question)
    ]
    found = found or [*_in_workspace(index, question), *_in_other_dialects(index, question)]
    fits = _fits(index, question, found) if question.call is not None else {}
    matching = [meaning for meaning in found if fits.get(_clause(meaning), 0) is not None]
    return sorted(matching, key=lambda meaning: _rank(question, meaning, fits.get(_clause(meaning)) or 0))


def everywhere(index: Index, name: bytes) -> list[Meaning]:
    """All that a name means in the workspace and in the dialects of its documents, in no particular place."""
    found = [Meaning(Step.WORKSPACE, Confidence.CERTAIN, symbol) for symbol in index.definitions(name)]
    for dialect in _dialects(index):
        found += [Meaning(Step.BUILTIN, Confidence.CERTAIN, None, builtin=row) for row in candidates(dialect, name)]
    return found


def _dialects(index: Index) -> list[str]:
    """The dialects of MeTTa in a workspace; what hosts hold is Hyperon's unless it shows another."""
    return sorted({"hyperon" if dialect in HOSTS else dialect for dialect in index.reader.dialects()})


def same_variable(index: Index, reference: Reference) -> list[Reference]:
    """All occurrences of a variable in its scope."""
    piece = index.piece_at(reference.path, reference.start_byte)
    if piece is None:
        return []
    start, end = scope_of(piece, reference.name, reference.start_byte)
    found = index.references_in(reference.path, reference.name, piece)
    # A scope inside may have a variable of that name, too.
    return [
        one
        for one in found
        if start <= one.start_byte < end and scope_of(piece, one.name, one.start_byte) == (start, end)
    ]


def is_local(index: Index, reference: Reference) -> bool:
    """Whether a name means something only within a scope of its document."""
    if index.dialect_at(reference.path, reference.start_byte) == "rholang":
        from metta_index.indexer.languages.rholang.globals import is_private

        return is_private(reference.name)
    return reference.name.startswith(b"$")


def question_of(index: Index, reference: Reference) -> Question:
    """The question that an occurrence asks where it stands."""
    dialect = index.dialect_at(reference.path, reference.start_byte)
    return Question(reference.name, reference.path, reference.start_byte, dialect, reference.arguments)


def _bound(index: Index, question: Question) -> Iterator[Meaning]:
    """The first occurrence of a variable in its scope, which is what binds it for all others."""
    if not question.name.startswith(b"$"):
        return
    found = index.occurrence_at(question.path, question.byte)
    inside = same_variable(index, found) if found is not None else []
    if inside:
        binding = next((one for one in inside if one.role == Role.BINDING), inside[0])
        yield Meaning(Step.SCOPE, Confidence.CERTAIN, variable(binding, inside[0].start_byte, inside[-1].end_byte))


def variable(found: Reference, start: int, end: int) -> Symbol:
    """What binds a variable, as a symbol; `start`, `end`: of all its occurrences."""
    return Symbol(
        found.name,
        Kind.SYMBOL,
        Role.BINDING,
        found.path,
        found.start_byte,
        found.end_byte,
        found.position,
        start,
        end,
        None,
        "",
        "",
        "",
        Flag(0),
        0,
    )


def _in_document(index: Index, question: Question) -> Iterator[Meaning]:
    for symbol in index.symbols_in(question.path, question.name):
        note = ""
        if symbol.kind == Kind.TOKEN and symbol.role == Role.DEFINITION and symbol.start_byte > question.byte:
            note = "bound after this place: here it is a plain symbol"
        yield Meaning(Step.DOCUMENT, Confidence.POSSIBLE if note else Confidence.CERTAIN, symbol, space=SELF, note=note)


def _imported(index: Index, question: Question) -> Iterator[Meaning]:
    reached = index.reached(question.path)
    if not reached:
        return
    paths = index.defining(question.name)
    seen = {question.path}
    for found in reached:
        if found.path not in paths or found.path in seen:
            continue
        seen.add(found.path)
        confidence, note = _of_edge(index, found.edge, question)
        for symbol in index.symbols_in(found.path, question.name):
            if symbol.kind in (Kind.TOKEN, Kind.SPACE) and not (found.is_included or symbol.flags & Flag.REGISTERED):
                continue  # what bind! names is known in its own file only
            if not symbol.flags & Flag.REGISTERED and index.is_in_region(symbol.path, symbol.start_byte):
                continue  # who loads a host program gets what it registers, not what it runs
            step = Step.REGISTERED if symbol.flags & Flag.REGISTERED else Step.IMPORT
            yield Meaning(step, confidence, symbol, space=found.space, note=note)


def _registered(index: Index, question: Question) -> Iterator[Meaning]:
    """What programs of host languages register, by name or by a pattern, though nothing here imports them."""
    note = "registered by a program that nothing here imports"
    loaded = {found.path for found in index.reached(question.path)} | {question.path}
    # A thousand files of MeTTa may define the name: those need not be read.
    for path in index.defining(question.name):
        if language_of(path) in HOSTS and path not in loaded:
            for symbol in index.symbols_in(path, question.name):
                if symbol.flags & Flag.REGISTERED:
                    yield Meaning(Step.REGISTERED, Confidence.LIKELY, symbol, space=SELF, note=note)
    for path in index.defining(PATTERNS):
        for symbol in index.patterns_in(path):
            if _matches(symbol.name, question.name):
                told = "matches this pattern" if path in loaded else f"matches this pattern, {note}"
                yield Meaning(Step.REGISTERED, Confidence.LIKELY, symbol, space=SELF, note=told)


def _matches(pattern: bytes, name: bytes) -> bool:
    try:
        return re.fullmatch(pattern, name) is not None
    except (re.error, RecursionError):
        return False


def _of_edge(index: Index, edge: Edge, question: Question) -> tuple[Confidence, str]:
    record = _record_of(index, edge)
    confidence = Confidence.POSSIBLE
    if record is not None and record.resolution is not None:
        confidence = _confidences().get(record.resolution.way, Confidence.POSSIBLE)
    if edge.source == question.path and edge.start > question.byte:
        return confidence, "imported after this place"
    return confidence, ""


@cache
def _confidences() -> dict[Way, Confidence]:
    """How sure a way of resolving imports makes what is found through it."""
    from metta_index.indexer.languages.metta.modules import Way

    return {
        Way.EXACT: Confidence.CERTAIN,
        Way.REGISTERED: Confidence.CERTAIN,
        Way.ROOT: Confidence.CERTAIN,
        Way.ALIAS: Confidence.LIKELY,
        Way.LIBRARY: Confidence.LIKELY,
        Way.ANCESTOR: Confidence.LIKELY,
    }


def _record_of(index: Index, edge: Edge) -> ImportRecord | None:
    return next((record for record in index.imports(edge.source) if record.form_start == edge.start), None)


def _built_in(index: Index, question: Question) -> Iterator[Meaning]:
    rows = candidates(question.dialect, question.name)
    if not rows:
        return
    imported = {
        record.resolution.name or record.module
        for record in index.imports(question.path)
        if record.resolution is not None and record.resolution.status == "builtin"
    }
    for row in rows:
        there = row.always or row.module in imported
        note = "" if there else f"only after `{row.module}` was imported"
        yield Meaning(
            Step.BUILTIN,
            Confidence.CERTAIN if there else Confidence.POSSIBLE,
            None,
            builtin=row,
            space=SELF,
            note=note,
        )


def _in_other_dialects(index: Index, question: Question) -> Iterator[Meaning]:
    """What other dialects of the workspace give: a file may show too little of its own."""
    for dialect in _dialects(index):
        if dialect != question.dialect:
            note = f"in {dialect}, which other files here are written in"
            for row in candidates(dialect, question.name):
                yield Meaning(Step.BUILTIN, Confidence.POSSIBLE, None, builtin=row, note=note)


def _in_workspace(index: Index, question: Question) -> Iterator[Meaning]:
    for symbol in index.definitions(question.name):
        if symbol.path != question.path:
            yield Meaning(Step.WORKSPACE, Confidence.POSSIBLE, symbol, note="nothing here imports it")


def _clause(meaning: Meaning) -> tuple[str, int] | None:
    """What tells a clause from others; None for what is no clause of a rule."""
    symbol = meaning.symbol
    if symbol is None or symbol.role != Role.DEFINITION or symbol.kind != Kind.FUNCTION:
        return None
    if symbol.flags & Flag.REGISTERED:  # its signature has names of parameters, not patterns
        return None
    return symbol.path, symbol.start_byte


def _fits(index: Index, question: Question, found: Iterable[Meaning]) -> dict[tuple[str, int] | None, int | None]:
    """How well the clauses with as many arguments as the call fit it; None where they cannot match."""
    from metta_index.indexer.languages.metta.matching import fit, read_atoms

    (call,) = read_atoms(question.call or b"")[:1] or (None,)
    fits: dict[tuple[str, int] | None, int | None] = {}
    if call is None:
        return fits

    def is_fixed(name: bytes) -> bool:
        return not index.defining(name)

    for meaning in found:
        clause, symbol = _clause(meaning), meaning.symbol
        if clause is None or symbol is None or symbol.flags & Flag.CURRIED or symbol.arity != question.arguments:
            continue
        heads = read_atoms(symbol.signature.encode("utf-8", "surrogateescape"))
        if len(heads) == 1 and len(heads[0].atoms) == len(call.atoms):
            fits[clause] = fit(call, heads[0], is_fixed)
    return fits


_ORDER = {step: number for number, step in enumerate(Step)}


def _rank(question: Question, meaning: Meaning, fit: int) -> tuple[bool, int, int, int]:
    """What takes as many arguments as the call has comes first; otherwise the order of the steps stays."""
    is_clause = _clause(meaning) is not None
    return not _accepts(question, meaning), meaning.confidence, -fit if is_clause else 0, _ORDER[meaning.step]


def _accepts(question: Question, meaning: Meaning) -> bool:
    if question.arguments is None:
        return True
    if meaning.builtin is not None:
        return meaning.builtin.accepts(question.arguments)
    symbol = meaning.symbol
    return symbol is None or symbol.arity is None or symbol.arity == question.arguments
