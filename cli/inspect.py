"""`metta-index tree` and `outline`: what one file, or one region of it, is made of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_lines
from metta_index.cli.places import parse_region
from metta_index.cli.refresh import answering, refresh, relative_path, what_is_left_out
from metta_index.cli.session import open_session
from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.languages.hosts import HOSTS

if TYPE_CHECKING:
    from metta_index.indexer.text.problems import Problem
    from metta_index.indexer.text.symbols import Region
    from metta_index.indexer.text.syntax import SyntaxTree


def tree_command(
    files: Annotated[
        list[Path], typer.Argument(help="Files to parse, or regions of them: FILE#metta:NUMBER.", metavar="FILE...")
    ],
    output_format: Annotated[str, FORMAT_OPTION] = "text",
) -> int:
    """Show the syntax tree of files: an S-expression, or one JSON object a file.

    Of a file that has MeTTa inside it the regions are listed; the tree of a region is that
    of its text as the program would see it, with places in that text.

    Examples:

      metta-index tree examples/workspace/main.metta

      metta-index tree 'app.py#metta:2'

      metta-index tree --format json lib/*.metta | jq .errors
    """
    one_of("--format", output_format, "text", "json")
    code = 0
    for file in files:
        region = parse_region(file)
        path = region.file if region is not None else file
        try:
            source = path.read_bytes()
        except OSError as error:
            say(f"error: {path}: cannot be read: {error.strerror}")
            code = 1
            continue
        text = _Text.of(str(path), language_of(str(path)), source)
        if region is not None:
            known = [(found.language, number) for number, found in enumerate(text.regions, 1)]
            if (region.language, region.number) not in known:
                raise region.missing(known)
            found = text.regions[region.number - 1]
            text = _Text.of(str(file), found.language, found.text, region.number)
        write_lines(_tree_json(text) if output_format == "json" else _tree_text(text), None)
    return code


class _Text(NamedTuple):
    """What a tree is shown of: a file, or the region of that number of a file."""

    path: str
    language: str
    source: bytes
    tree: SyntaxTree
    problems: Sequence[Problem]
    regions: Sequence[Region]
    region: int | None

    @classmethod
    def of(cls, path: str, name: str, source: bytes, region: int | None = None) -> _Text:
        language = load_language(name)
        tree = language.parse(source)
        if name == "metta":  # embeds nothing
            return cls(path, name, source, tree, tree.problems, (), region)
        table = language.extract(source, tree, None)
        # What keeps a host from being read is told by its table: its tree is only a root.
        problems = table.problems if name in HOSTS else tree.problems
        return cls(path, name, source, tree, problems, table.regions, region)


def _tree_json(text: _Text) -> Iterator[str]:
    from metta_index.indexer.formats.jsonl import region_object

    language = load_language(text.language)
    shown: dict[str, Any] = {
        "schema": 1,
        "path": text.path.encode("utf-8", "backslashreplace").decode(),
        "language": text.language,
        "nodes": [[language.KINDS[kind], start, end, depth] for kind, start, end, depth in text.tree.rows()],
        "errors": [
            {
                "code": problem.code,
                "message": problem.message,
                "start_byte": problem.start_byte,
                "end_byte": problem.end_byte,
            }
            for problem in text.problems
        ],
    }
    if text.region is not None:
        shown |= {"region": text.region, "text": text.source.decode("utf-8", "backslashreplace")}
    elif text.language != "metta":
        shown["regions"] = [region_object(number, region) for number, region in enumerate(text.regions, 1)]
    yield json.dumps(shown, ensure_ascii=False)


def _tree_text(text: _Text) -> Iterator[str]:
    from metta_index.indexer.text.positions import LineMap
    from metta_index.indexer.text.symbols import Confidence

    language = load_language(text.language)
    lines = LineMap.of(text.source)
    rows = list(text.tree.rows())
    for index, (kind, start, end, depth) in enumerate(rows):
        following = rows[index + 1][3] if index + 1 < len(rows) else 0
        place = lines.position(start)
        leaf = ""
        if following <= depth and start < end and text.language not in HOSTS:
            leaf = " " + json.dumps(text.source[start:end].decode("utf-8", "backslashreplace"), ensure_ascii=False)
        closing = ")" * max(depth - following + 1, 0)
        # Deep nesting must not make the output quadratic.
        indent = "  " * min(depth, 40)
        yield f"{indent}({language.KINDS[kind]} [{place.row + 1}:{place.column + 1}]{leaf}{closing}"
    for problem in text.problems:
        place = lines.position(problem.start_byte)
        yield f"; {text.path}:{place.row + 1}:{place.column + 1}: {problem.code}: {problem.message}"
    for number, region in enumerate(text.regions, 1):
        place = lines.position(region.start)
        confidence = Confidence(region.confidence).name.lower()
        name = f"{text.path}#{region.language}:{number}"
        yield f"; {name}  [{place.row + 1}:{place.column + 1}]  {region.detector}, {confidence}"


def outline_command(
    file: Annotated[
        Path, typer.Argument(help="A file of the workspace, or a region of it: FILE#metta:NUMBER.", metavar="FILE")
    ],
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show the symbols of one file: what it defines, declares, documents and imports.

    MeTTa inside another language is shown below that, region by region.

    Examples:

      metta-index outline lib/lists.metta

      metta-index outline 'app.py#metta:1'

      metta-index outline lib/lists.metta --format json
    """
    one_of("--format", output_format, "text", "json")
    region = parse_region(file)
    if region is not None:
        file = region.file
    start = file.parent if file.parent.is_dir() else None
    with open_session(root, start=start) as session:
        refresh(session, not no_refresh)
        path = relative_path(session, file)
        from metta_index.cli.outlining import outline_objects, outline_text
        from metta_index.indexer.text.occurrences import pieces
        from metta_index.indexer.text.symbols import decode_table

        with answering(session):
            document = session.index.document(path)
            parts = list(pieces([decode_table(data) for data in session.index.tables(document)])) if document else []
            imports = session.index.imports_of(path)
            left_out = what_is_left_out(session, path)
        if document is None:
            reason = "is not in the index" if os.path.lexists(file) else "does not exist"
            raise UsageError(f"{file} {reason}; `metta-index build --verbose` says what is skipped, and why")
    known = [(found.language, found.number) for part in parts if (found := part.table.region) is not None]
    if region is not None and (region.language, region.number) not in known:
        raise region.missing(known)
    objects = list(
        outline_objects(path, document.language, parts, imports, region.number if region is not None else None)
    )
    if output_format == "json":
        write_lines((json.dumps(found, ensure_ascii=False) for found in objects), None)
    else:
        write_lines(outline_text(path, document.language, document.dialect, objects), None)
    if left_out:
        say(left_out)
    return 0
