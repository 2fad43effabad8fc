"""`metta-index tree` and `outline`: what one file is made of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_lines
from metta_index.cli.refresh import refresh, relative_path, whole_index
from metta_index.cli.session import open_session
from metta_index.indexer.languages import language_of, load_language

if TYPE_CHECKING:
    from metta_index.indexer.imports import ImportRecord
    from metta_index.indexer.symbols import SymbolTable


def tree_command(
    files: Annotated[list[Path], typer.Argument(help="Files to parse.", metavar="FILE...")],
    output_format: Annotated[str, FORMAT_OPTION] = "text",
) -> int:
    """Show the syntax tree of files: an S-expression, or one JSON object a file.

    Examples:

      metta-index tree examples/workspace/main.metta

      metta-index tree --format json lib/*.metta | jq .errors
    """
    one_of("--format", output_format, "text", "json")
    code = 0
    for file in files:
        try:
            source = file.read_bytes()
        except OSError as error:
            say(f"error: {file}: cannot be read: {error.strerror}")
            code = 1
            continue
        write_lines(_tree_json(file, source) if output_format == "json" else _tree_text(file, source), None)
    return code


def _tree_json(file: Path, source: bytes) -> Iterator[str]:
    name = language_of(str(file))
    language = load_language(name)
    tree = language.parse(source)
    yield json.dumps(
        {
            "schema": 1,
            "path": str(file).encode("utf-8", "backslashreplace").decode(),
            "language": name,
            "nodes": [[language.KINDS[kind], start, end, depth] for kind, start, end, depth in tree.rows()],
            "errors": [
                {
                    "code": problem.code,
                    "message": problem.message,
                    "start_byte": problem.start_byte,
                    "end_byte": problem.end_byte,
                }
                for problem in tree.problems
            ],
        },
        ensure_ascii=False,
    )


def _tree_text(file: Path, source: bytes) -> Iterator[str]:
    from metta_index.indexer.positions import LineMap

    language = load_language(language_of(str(file)))
    tree = language.parse(source)
    lines = LineMap.of(source)
    rows = list(tree.rows())
    for index, (kind, start, end, depth) in enumerate(rows):
        following = rows[index + 1][3] if index + 1 < len(rows) else 0
        place = lines.position(start)
        text = ""
        if following <= depth and start < end:
            text = " " + json.dumps(source[start:end].decode("utf-8", "backslashreplace"), ensure_ascii=False)
        closing = ")" * max(depth - following + 1, 0)
        # Deep nesting must not make the output quadratic.
        indent = "  " * min(depth, 40)
        yield f"{indent}({language.KINDS[kind]} [{place.row + 1}:{place.column + 1}]{text}{closing}"
    for problem in tree.problems:
        place = lines.position(problem.start_byte)
        yield f"; {file}:{place.row + 1}:{place.column + 1}: {problem.code}: {problem.message}"


def outline_command(
    file: Annotated[Path, typer.Argument(help="A file of the workspace.")],
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show the symbols of one file: what it defines, declares, documents and imports.

    Examples:

      metta-index outline lib/lists.metta

      metta-index outline lib/lists.metta --format json
    """
    one_of("--format", output_format, "text", "json")
    start = file.parent if file.parent.is_dir() else None
    with open_session(root, start=start) as session:
        refresh(session, not no_refresh)
        path = relative_path(session, file)
        from metta_index.indexer.symbols import decode_table

        with whole_index(session), session.index.snapshot():
            document = session.index.document(path)
            tables = [decode_table(data) for data in session.index.tables(document)] if document else []
            imports = session.index.imports_of(path)
        if document is None:
            reason = "is not in the index" if os.path.lexists(file) else "does not exist"
            raise UsageError(f"{file} {reason}; `metta-index build --verbose` says what is skipped, and why")
        objects = list(_outline_objects(path, document.language, tables, imports))
    if output_format == "json":
        write_lines((json.dumps(found, ensure_ascii=False) for found in objects), None)
    else:
        write_lines(_outline_text(path, document.language, document.dialect, objects), None)
    return 0


def _outline_objects(
    path: str, language: str, tables: Sequence[SymbolTable], imports: Sequence[ImportRecord]
) -> Iterator[dict[str, Any]]:
    from metta_index.indexer.formats.imports import import_object, meaning_object
    from metta_index.indexer.formats.jsonl import documented, fact_objects, symbol_objects, syntax_errors
    from metta_index.indexer.occurrences import pieces

    parts = list(pieces(tables))
    docs = documented(parts)
    for piece in parts:
        for found in syntax_errors(load_language(language), piece):
            yield {"type": "problem", "path": path} | found
    for record in imports:
        yield {"type": "import"} | import_object(record) | meaning_object(record)
    for piece in parts:
        yield from symbol_objects(path, piece, docs)
    yield from fact_objects(path, parts)


def _outline_text(path: str, language: str, dialect: str, objects: list[dict[str, Any]]) -> Iterator[str]:
    """Symbols as a tree: a name, then its type, documentation and clauses below it."""
    yield f"{path}  ({language}, {dialect})"
    for found in objects:
        if found["type"] == "problem":
            yield f"  ! {found['line']}:{found['column']} {found['code']}: {found['message']}"
        elif found["type"] == "import":
            inert = "  (does nothing without `!`)" if found["inert"] else ""
            leads = f" → {found['target']}" if found["target"] else f"  {found['status']}"
            yield f"  {found['form']} {found['module']}{leads}  line {found['line']}{inert}"
    symbols: dict[tuple[str, object], list[dict[str, Any]]] = {}
    for found in objects:
        if found["type"] == "symbol":
            symbols.setdefault((found["name"], found["arity"]), []).append(found)
    for (name, arity), group in symbols.items():
        yield from _outline_symbol(name, arity, group)


def _outline_symbol(name: str, arity: object, group: list[dict[str, Any]]) -> Iterator[str]:
    kinds = {found["kind"] for found in group}
    kind = group[0]["kind"] if len(kinds) == 1 else next(one for one in _KIND_ORDER if one in kinds)
    label = name if arity is None else f"{name}/{arity}"
    facts = sum(found.get("count", 0) for found in group)
    yield f"  {kind} {label}" + (f"  ({facts} {'fact' if facts == 1 else 'facts'})" if facts else "")
    for found in group:
        if found["role"] == "declaration":
            relation = "<" if found["subtype"] else ":"
            # A name that Rholang makes has no type, but it may have a URI.
            type_ = found["type_of"] or ("new" if found["kind"] == "name" else None)
            yield f"    {relation} {type_}  line {found['line']}"
    if group[0].get("doc"):
        yield f"    ; {' '.join(group[0]['doc'].split())}"
    for found in group:
        if found["role"] == "definition":
            dynamic = "  (while running)" if found["dynamic"] else ""
            yield f"    = {found['signature']}  line {found['line']}{dynamic}"


_KIND_ORDER = (
    "function",
    "contract",
    "agent",
    "method",
    "type",
    "constant",
    "space",
    "token",
    "name",
    "module",
    "symbol",
    "fact",
)
