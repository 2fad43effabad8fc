"""What `metta-index def`, `refs` and `doc` do, apart from how their options are written."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metta_index.cli.asking import answer_each, unknown
from metta_index.cli.colours import paint
from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.places import name_of, parse_place, word_at
from metta_index.cli.session import Session
from metta_index.cli.source_lines import SourceLines
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.meanings import Meaning
    from metta_index.indexer.queries.symbols import Reference, Symbol
    from metta_index.indexer.text.symbols import Kind, Role

USES = ("call", "evaluated", "pattern", "data", "type", "documentation", "import", "fact", "binding")


def run_def(
    queries: list[str], *, root: Path | None = None, output_format: str = "text", no_refresh: bool = False
) -> int:
    """Shows where names are defined, or what the words at places mean, and gives the exit code. Raises UsageError."""
    return _answer(queries, root, output_format, no_refresh, _meanings, _meaning_lines)


def run_doc(
    queries: list[str], *, root: Path | None = None, output_format: str = "text", no_refresh: bool = False
) -> int:
    """Shows what names are for, and gives the exit code. Raises UsageError."""
    return _answer(queries, root, output_format, no_refresh, _meanings, _doc_lines)


def run_refs(
    queries: list[str],
    *,
    uses: Sequence[str] = USES,
    root: Path | None = None,
    output_format: str = "text",
    no_refresh: bool = False,
) -> int:
    """Shows where names are used, and gives the exit code. Raises UsageError."""
    wanted = frozenset(one_of("--use", use, *USES) for use in uses)

    def references(session: Session, index: Index, query: str) -> list[Reference]:
        from metta_index.indexer.formats.answers import use_of

        use = cache(use_of)
        return [one for one in _references(session, index, query) if use(one.role, one.use) in wanted]

    return _answer(queries, root, output_format, no_refresh, references, _reference_lines, are_uses=True)


def _answer(
    queries: list[str],
    root: Path | None,
    output_format: str,
    no_refresh: bool,
    ask: Callable[[Session, Index, str], list[Any]],
    show: Callable[[list[Any], SourceLines], Iterator[str]],
    are_uses: bool = False,
) -> int:
    return answer_each(
        queries,
        root,
        output_format,
        no_refresh,
        ask,
        lambda _session, index, query: _nothing_found(index, query),
        lambda _query, found, sources: show(list(found), sources),
        lambda _query, one: _object(one),
        are_uses,
    )


def _nothing_found(index: Index, query: str) -> str:
    """What is said where nothing answers: `refs` leaves out what defines a name."""
    if index.defining(name_of(query)):
        return f"nothing uses {query}; `metta-index def {query}` shows what it is"
    return unknown(query)


def _object(found: Meaning | Reference) -> dict[str, Any]:
    from metta_index.indexer.formats.answers import meaning_object, reference_object
    from metta_index.indexer.queries.symbols import Reference

    return reference_object(found) if isinstance(found, Reference) else meaning_object(found)


def _meanings(session: Session, index: Index, query: str) -> list[Meaning]:
    from metta_index.indexer.queries.resolving import everywhere, question_of, resolve

    place = parse_place(query)
    if place is None:
        return everywhere(index, name_of(query))
    word = word_at(session, index, place)
    question = question_of(index, word)
    return resolve(index, question._replace(call=_call_text(session, index, word)))


def _call_text(session: Session, index: Index, word: Reference) -> bytes | None:
    """The list that a word heads, if it calls something that has several clauses to choose from."""
    from metta_index.indexer.text.symbols import Role, Use

    if word.arguments is None or word.role != Role.REFERENCE or word.use != Use.CALL:
        return None
    if len(index.defining(word.name)) < 2 and len(index.definitions(word.name)) < 2:
        return None
    if index.dialect_at(word.path, word.start_byte) == "rholang":
        return _send_text(session, word)
    from metta_index.indexer.languages.metta.matching import list_headed_at

    start, end = index.top_around(word.path, word.start_byte)
    try:
        with open(os.path.join(session.root, word.path), "rb") as file:  # noqa: PTH118, PTH123
            file.seek(start)
            found = list_headed_at(file.read(end - start), word.start_byte - start)
    except OSError:
        return None
    return found.text if found is not None else None


def _send_text(session: Session, word: Reference) -> bytes | None:
    from metta_index.indexer.languages.rholang.overloads import send_at

    try:
        source = Path(session.root, word.path).read_bytes()
    except OSError:
        return None
    return send_at(source, word.start_byte)


def _references(session: Session, index: Index, query: str) -> list[Reference]:
    place = parse_place(query)
    if place is None:
        name = name_of(query)
        if name.startswith(b"$"):
            raise UsageError(f"{query} is a variable: ask for it by a place, as in `metta-index refs FILE:LINE:COLUMN`")
        return index.references(name)
    from metta_index.indexer.queries.resolving import is_local, same_variable

    word = word_at(session, index, place)
    return same_variable(index, word) if is_local(index, word) else index.references(word.name)


def _meaning_lines(meanings: list[Meaning], sources: SourceLines) -> Iterator[str]:
    from metta_index.indexer.formats.answers import builtin_signature
    from metta_index.indexer.queries.meanings import Step

    told = (Step.SCOPE, Step.IMPORT, Step.REGISTERED)
    label_of = cache(lambda step, *what: paint((f"{step} " if step in told else "") + _label(*what), "kind"))
    for meaning in meanings:
        remarks = [meaning.confidence.name.lower()] if meaning.confidence else []
        remarks += [meaning.note] if meaning.note else []
        if meaning.symbol is not None and meaning.symbol.facts > 1:
            remarks.append(f"the first of {meaning.symbol.facts:,}")
        remark = paint(f"  ({'; '.join(remarks)})", "note") if remarks else ""
        if meaning.symbol is None:
            assert meaning.builtin is not None
            where = f"{meaning.builtin.dialect}:{meaning.builtin.module}"
            yield f"{paint(where, 'path')}: {paint('builtin', 'kind')} {builtin_signature(meaning.builtin)}{remark}"
            continue
        symbol = meaning.symbol
        shown = sources.line(symbol.path, symbol.position.row) or _signature(symbol)
        label = label_of(meaning.step, symbol.kind, symbol.role, symbol.arity)
        yield f"{_place(symbol)}: {label} {shown}{remark}"


def _doc_lines(meanings: list[Meaning], sources: SourceLines) -> Iterator[str]:
    from metta_index.indexer.formats.answers import builtin_signature
    from metta_index.indexer.text.symbols import Role

    shown: set[str] = set()
    for meaning in meanings:
        if meaning.symbol is None:
            assert meaning.builtin is not None
            yield builtin_signature(meaning.builtin)
            if meaning.builtin.doc:
                yield f"  {meaning.builtin.doc}"
            yield paint(f"  {meaning.builtin.dialect}, module {meaning.builtin.module}", "note")
            continue
        symbol = meaning.symbol
        line = symbol.doc if symbol.role == Role.DOCUMENTATION else _signature(symbol)
        if line and line not in shown:
            shown.add(line)
            first, *rest = line.split("\n")
            yield f"{first}{paint(f'  {display_path(symbol.path)}:{symbol.position.row + 1}', 'note')}"
            yield from (f"  {text}" for text in rest)


def _reference_lines(references: list[Reference], sources: SourceLines) -> Iterator[str]:
    from metta_index.indexer.formats.answers import use_of

    path_of = cache(lambda path: paint(display_path(path), "path"))
    kind_of = cache(lambda role, use: paint(use_of(role, use), "kind"))
    for found in references:
        path, position = found.path, found.position
        shown = sources.line(path, position.row)
        yield f"{path_of(path)}:{position.row + 1}:{position.column + 1}: {kind_of(found.role, found.use)} {shown}"
    say(_counted(references))


def _counted(references: Sequence[Reference]) -> str:
    from metta_index.indexer.formats.answers import use_of

    kinds = Counter((reference.role, reference.use) for reference in references)
    counts: Counter[str] = Counter()
    for (role, use), count in kinds.items():
        counts[use_of(role, use)] += count
    uses = ", ".join(f"{count:,} {use}" for use, count in counts.most_common())
    files = len({reference.path for reference in references})
    return f"{len(references):,} in {files:,} {'file' if files == 1 else 'files'}: {uses}"


def _place(found: Symbol) -> str:
    position = found.position
    return f"{paint(display_path(found.path), 'path')}:{position.row + 1}:{position.column + 1}"


def _label(kind: Kind, role: Role, arity: int | None) -> str:
    from metta_index.indexer.text.symbols import Role

    if role in (Role.DECLARATION, Role.DOCUMENTATION, Role.BINDING):
        return role.name.lower()
    return kind.name.lower() if arity is None else f"{kind.name.lower()}/{arity}"


def _signature(symbol: Symbol) -> str:
    from metta_index.indexer.formats.answers import symbol_signature

    return symbol_signature(symbol)
