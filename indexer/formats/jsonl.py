"""The canonical form of an index: JSON Lines, sorted, without times or absolute paths.

For each document in the order of paths: the document, its imports, what is odd about
them, its symbols (in the order of the text), its occurrences (likewise). What is in a
region, text of another language inside the document, has the region's number and comes after
what is the document's own. Lines and columns are 1-based, columns in code points; bytes are
0-based offsets, ends exclusive, all of the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import dumps
from typing import Any

from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.errors import DecodeError
from metta_index.indexer.formats.imports import import_fact_objects, import_object, meaning_object, remarks_object
from metta_index.indexer.languages import Language, load_language
from metta_index.indexer.linking.import_facts import ImportFacts
from metta_index.indexer.linking.imports import ImportRecord, placed_imports
from metta_index.indexer.queries.meanings import Step
from metta_index.indexer.queries.targets import Target
from metta_index.indexer.text.occurrences import Piece, occurrences, odd_ends, pieces
from metta_index.indexer.text.symbols import (
    Confidence,
    Definition,
    Flag,
    Kind,
    Region,
    Role,
    SymbolTable,
    Use,
    name_text,
)


def document_lines(
    path: str,
    language_name: str,
    language: Language,
    dialect: str,
    digest: bytes,
    tables: Sequence[SymbolTable],
    targets: Mapping[str, Mapping[bytes, Target]],
    imports: Sequence[ImportRecord],
    facts: ImportFacts,
) -> Iterator[str]:
    """All lines of one document. `path`: printable, relative to the workspace.

    `targets`: of its names, by the dialects of its tables, of which regions have their
    own. `facts`: of all imports of the workspace.
    """
    parts = list(pieces(tables))
    yield _line(
        {
            "type": "document",
            "path": path,
            "language": language_name,
            "dialect": dialect,
            "bytes": sum(table.size for table in tables),
            "digest": digest.hex(),
            "atoms": sum(table.atoms for table in tables),
            "syntax_errors": [found for piece in parts for found in syntax_errors(language, piece)],
        }
        | ({"regions": regions} if (regions := region_objects(parts)) else {})
        | ({"heads_only": True} if any(table.heads_only for table in tables) else {})
    )
    for record, number in with_regions(path, parts, imports):
        found = import_object(record) | meaning_object(record) | remarks_object(record, facts)
        yield _line({"type": "import"} | found | ({"region": number} if number else {}))
    if imports:
        for fact in import_fact_objects(imports[0].path, facts):
            yield _line({"type": "import_fact"} | fact)
    docs = documented(parts)
    for piece in parts:
        yield from map(_line, symbol_objects(path, piece, docs))
    yield from map(_line, fact_objects(path, parts))
    for piece in parts:
        yield from _occurrences(path, piece, targets[piece.table.dialect])


def syntax_errors(language: Language, piece: Piece) -> Iterator[dict[str, Any]]:
    """The problems that keep a program of the piece's dialect from being read. `language`: the document's."""
    region = piece.table.region
    if region is not None:
        language = load_language(region.language)
    for problem in piece.table.problems:
        if language.is_error(piece.table.dialect, problem.code):
            yield (
                {"code": problem.code, "message": problem.message}
                | _range(piece, problem.start_byte, problem.end_byte)
                | _region(piece)
            )


def region_objects(parts: Iterable[Piece]) -> list[dict[str, Any]]:
    """What a document says of the texts of other languages inside it, in the order of their numbers."""
    regions = (region for piece in parts for region in piece.table.regions if piece.table.region is None)
    return [region_object(number, region) for number, region in enumerate(regions, 1)]


def region_object(number: int, region: Region) -> dict[str, Any]:
    """One region; `number` counts those of its document, from 1."""
    return {
        "number": number,
        "language": region.language,
        "detector": region.detector,
        "confidence": Confidence(region.confidence).name.lower(),
        "start_byte": region.start,
        "end_byte": region.end,
    }


def with_regions(path: str, parts: Iterable[Piece], imports: Sequence[ImportRecord]) -> list[tuple[ImportRecord, int]]:
    """The imports of a document, each with the number of the region it stands in, 0 for those of its own text.

    Raises DecodeError where they are not as many as the document's tables have.
    """
    regions = [_region(piece).get("region", 0) for piece, _import in placed_imports(path, parts)]
    if len(regions) != len(imports):
        raise DecodeError(f"{len(imports)} imports of {path!r} are there, and its tables have {len(regions)}")
    return list(zip(imports, regions, strict=True))


def _region(piece: Piece) -> dict[str, int]:
    """The number of the region that a piece is; nothing for a document's own text."""
    region = piece.table.region
    return {} if region is None else {"region": region.number}


def documented(parts: Iterable[Piece]) -> dict[bytes, str]:
    """What `@doc` says of each name of a document; several texts are joined by line breaks."""
    docs: dict[bytes, list[str]] = {}
    for piece in parts:
        for doc in piece.table.documentation:
            docs.setdefault(piece.table.names[doc.name], []).append(doc.description)
    return {name: "\n".join(texts) for name, texts in docs.items()}


def symbol_objects(path: str, piece: Piece, docs: dict[bytes, str]) -> Iterator[dict[str, Any]]:
    """One object a clause, declaration or binding."""
    ends = odd_ends(piece)
    for definition in piece.table.definitions:
        name = piece.table.names[definition.name]
        start = piece.offset + definition.name_start
        end = ends.get((start, name), start + len(name))
        yield {
            "type": "symbol",
            "name": name_text(name),
            "kind": Kind(definition.kind).name.lower(),
            "role": Role(definition.role).name.lower(),
            "path": path,
            **_details(definition),
            "doc": docs.get(name),
            **_range(piece, definition.name_start, end - piece.offset),
            **_region(piece),
        }


def _details(definition: Definition) -> dict[str, Any]:
    flags = Flag(definition.flags)
    return {
        "arity": None if definition.arity < 0 else definition.arity,
        "signature": definition.signature,
        "type_of": definition.type or None,
        "dynamic": bool(flags & Flag.DYNAMIC),
        "curried": bool(flags & Flag.CURRIED),
        "subtype": bool(flags & Flag.SUBTYPE),
    }


def fact_objects(path: str, parts: Sequence[Piece]) -> Iterator[dict[str, Any]]:
    """One object a head and number of arguments of the facts of a document or region, in the order of the text."""
    found: dict[tuple[bytes, int, int], list[int]] = {}
    for piece in parts:
        number = _region(piece).get("region", 0)
        for fact in piece.table.facts:
            key = piece.table.names[fact.name], fact.arity, number
            found.setdefault(key, [0, piece.offset + fact.first_start])[0] += fact.count
    for (name, arity, number), (count, first) in found.items():
        yield {
            "type": "symbol",
            "name": name_text(name),
            "kind": "fact",
            "role": "fact",
            "path": path,
            "arity": arity,
            "count": count,
            "first_start_byte": first,
        } | ({"region": number} if number else {})


def _occurrences(path: str, piece: Piece, targets: Mapping[bytes, Target]) -> Iterator[str]:
    """One line an occurrence. There are many: the parts that repeat are encoded once."""
    names = {name: dumps(name_text(name), ensure_ascii=False) for name in piece.table.names}
    leading = {name: _target(targets.get(name)) for name in piece.table.names}
    encoded_path = dumps(path, ensure_ascii=False)
    region = piece.table.region
    within = f',"region":{region.number}' if region is not None else ""
    for found in occurrences(piece):
        place = piece.position(found.start_byte)
        use = f'"{_USES[found.use]}"' if found.role in _USED else "null"
        yield (
            f'{{"type":"occurrence","name":{names[found.name]},"role":"{_ROLES[found.role]}","use":{use},'
            f'"path":{encoded_path},"start_byte":{found.start_byte},"end_byte":{found.end_byte},'
            f'"line":{place.row + 1},"column":{place.column + 1},"target":{leading[found.name]}{within}}}'
        )


def _target(target: Target | None) -> str:
    """Where a name leads: the step that found it, the file, the byte; the last two null for a builtin."""
    if target is None:
        return "null"
    if target.step is Step.BUILTIN:
        return '{"step":"builtin","path":null,"start_byte":null}'
    path = dumps(display_path(target.path), ensure_ascii=False)
    return f'{{"step":"{target.step}","path":{path},"start_byte":{target.start_byte}}}'


_ROLES = {role: role.name.lower() for role in Role}
_USES = {use: use.name.lower() for use in Use}
_USED = frozenset({Role.REFERENCE, Role.BINDING})


def _range(piece: Piece, start: int, end: int) -> dict[str, int]:
    """`start` and `end` count from the start of the piece."""
    place = piece.position(piece.offset + start)
    return {
        "start_byte": piece.offset + start,
        "end_byte": piece.offset + end,
        "line": place.row + 1,
        "column": place.column + 1,
    }


def _line(value: dict[str, Any]) -> str:
    return dumps(value, ensure_ascii=False, separators=(",", ":"))
