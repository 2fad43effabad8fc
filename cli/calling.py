"""What `metta-index callers` and `callees` do, apart from how their options are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metta_index.cli.asking import answer_each, unknown
from metta_index.cli.colours import paint
from metta_index.cli.exits import UsageError
from metta_index.cli.places import name_of, parse_place, word_at
from metta_index.cli.session import Session
from metta_index.cli.source_lines import SourceLines
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from metta_index.indexer.queries.calls import Callee, Caller
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.symbols import Reference

#: What calls stand in, for people and for programs, by `TopKind`.
_LABELS = ("a rule without a name", "declaration", "documentation", "fact", "! at top level", "elsewhere")
_KINDS = ("definition", "declaration", "documentation", "fact", "evaluation", "other")
_MARKS = {"": "", "recursion": "  (recursion)", "shown": "  (shown elsewhere)"}


def run_callers(
    names: list[str],
    *,
    depth: int = 1,
    all_uses: bool = False,
    root: Path | None = None,
    output_format: str = "text",
    no_refresh: bool = False,
) -> int:
    """Shows what calls functions, and gives the exit code. Raises UsageError."""

    def ask(index: Index, name: bytes) -> list[Caller]:
        from metta_index.indexer.queries.calls import callers

        return callers(index, name, depth, all_uses)

    return _answer(
        names, root, output_format, no_refresh, ask, _no_callers, _caller_lines, _caller_object, are_uses=True
    )


def run_callees(
    names: list[str],
    *,
    depth: int = 1,
    all_uses: bool = False,
    no_builtins: bool = False,
    root: Path | None = None,
    output_format: str = "text",
    no_refresh: bool = False,
) -> int:
    """Shows what functions call, and gives the exit code. Raises UsageError."""

    def ask(index: Index, name: bytes) -> list[Callee]:
        from metta_index.indexer.queries.calls import callees

        found = callees(index, name, depth, all_uses)
        return [callee for callee in found if not callee.is_builtin] if no_builtins else found

    return _answer(names, root, output_format, no_refresh, ask, _no_callees, _callee_lines, _callee_object)


def _answer(
    queries: list[str],
    root: Path | None,
    output_format: str,
    no_refresh: bool,
    ask: Callable[[Index, bytes], list[Any]],
    none_found: Callable[[Index, bytes, str], str],
    show: Callable[[Iterable[Any], SourceLines], Iterator[str]],
    as_object: Callable[[Any], dict[str, Any]],
    are_uses: bool = False,
) -> int:
    return answer_each(
        queries,
        root,
        output_format,
        no_refresh,
        lambda session, index, query: ask(index, _name(session, index, query)),
        lambda session, index, query: none_found(index, _name(session, index, query), query),
        lambda query, found, sources: [paint(query, "kind"), *show(found, sources)],
        lambda query, one: {"schema": 1, "query": query} | as_object(one),
        are_uses,
    )


def _name(session: Session, index: Index, query: str) -> bytes:
    place = parse_place(query)
    name = word_at(session, index, place).name if place is not None else name_of(query)
    if name.startswith(b"$"):
        raise UsageError(f"{query} is a variable, which only its own atom can call; name a function")
    return name


def _no_callers(index: Index, name: bytes, query: str) -> str:
    from metta_index.indexer.text.symbols import Role

    uses = sum(one.role == Role.REFERENCE for one in index.references(name))
    if uses:
        others = f"{uses:,} other {'use is' if uses == 1 else 'uses are'} there"
        return f"nothing calls {query}; {others}: `metta-index callers --all-uses {query}`"
    return f"nothing calls {query}" if index.definitions(name) else unknown(query)


def _no_callees(index: Index, name: bytes, query: str) -> str:
    from metta_index.indexer.text.symbols import Role

    found = index.definitions(name)
    if any(symbol.role == Role.DEFINITION for symbol in found):
        return f"{query} calls nothing that was asked for"
    return f"{query} has no definition in the workspace" if found else unknown(query)


def _caller_lines(found: Iterable[Caller], sources: SourceLines) -> Iterator[str]:
    from metta_index.indexer.text.symbols import TopKind, name_text

    for caller in found:
        label = _LABELS[caller.kind]
        if caller.name is not None:
            label = name_text(caller.name) + ("" if caller.kind == TopKind.RULE else f"  ({label})")
        yield from _entry(caller, "<-", label, "", sources)


def _callee_lines(found: Iterable[Callee], sources: SourceLines) -> Iterator[str]:
    from metta_index.indexer.text.symbols import name_text

    for callee in found:
        yield from _entry(callee, "->", name_text(callee.name), _meaning(callee), sources)


def _entry(found: Caller | Callee, arrow: str, label: str, detail: str, sources: SourceLines) -> Iterator[str]:
    """A line for who calls or is called, and one for each line of the source that a call is in."""
    # Chains of calls may be long: that must not make the output quadratic.
    indent = "  " * min(found.depth, 40)
    yield f"{indent}{arrow} {label}{paint(detail + _MARKS[found.mark], 'note')}"
    shown: set[tuple[str, int]] = set()
    for place in found.places:
        position = place.position
        if (place.path, position.row) not in shown:
            shown.add((place.path, position.row))
            where = f"{paint(display_path(place.path), 'path')}:{position.row + 1}:{position.column + 1}"
            yield f"{indent}     {where}: {sources.line(place.path, position.row)}"


def _meaning(callee: Callee) -> str:
    """The likeliest meaning in a few words, and how many there are beside it."""
    if not callee.meanings:
        return "  not defined"
    from metta_index.indexer.text.symbols import Role

    defining = (one for one in callee.meanings if one.symbol is None or one.symbol.role == Role.DEFINITION)
    first = next(defining, callee.meanings[0])
    sure = f", {first.confidence.name.lower()}" if first.confidence else ""
    if first.symbol is None:
        assert first.builtin is not None
        return f"  builtin{sure}: {first.builtin.dialect}:{first.builtin.module}"
    position = first.symbol.position
    more = f" and {len(callee.meanings) - 1} more" if len(callee.meanings) > 1 else ""
    where = f"{display_path(first.symbol.path)}:{position.row + 1}:{position.column + 1}"
    return f"  {first.step}{sure}: {where}{more}"


def _caller_object(caller: Caller) -> dict[str, Any]:
    return {
        "depth": caller.depth,
        "of": _text(caller.of),
        "kind": _KINDS[caller.kind],
        "name": _text(caller.name) if caller.name is not None else None,
        "mark": caller.mark or None,
        "places": [_place_object(place) for place in caller.places],
    }


def _callee_object(callee: Callee) -> dict[str, Any]:
    from metta_index.indexer.formats.answers import meaning_object

    first = callee.meanings[0] if callee.meanings else None
    return {
        "depth": callee.depth,
        "of": _text(callee.of),
        "name": _text(callee.name),
        "step": str(first.step) if first is not None else None,
        "confidence": first.confidence.name.lower() if first is not None else None,
        "mark": callee.mark or None,
        "places": [_place_object(place) for place in callee.places],
        "meanings": [meaning_object(meaning) for meaning in callee.meanings],
    }


def _place_object(place: Reference) -> dict[str, Any]:
    from metta_index.indexer.formats.answers import place_object

    return place_object(place) | {"use": place.use.name.lower(), "arguments": place.arguments}


def _text(name: bytes) -> str:
    from metta_index.indexer.text.symbols import name_text

    return name_text(name)
