"""MeTTa in Jupyter notebooks: cells of MeTTa kernels, `%%metta` cells, and programs in Python cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder
from typing import Any, NamedTuple

from metta_index.indexer.languages.hosts import has_trace, python
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings
from metta_index.indexer.languages.hosts.markdown import trimmed
from metta_index.indexer.languages.hosts.strings import json_string, marks_metta
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.regions import PositionMap, Segment, escape, lift_region, make_region, text_of, verbatim
from metta_index.indexer.text.symbols import Confidence, Import, Region

_SPACE = (" ", "\t", "\r", "\n")
#: A magic or a command of the shell; a line of MeTTa in a string may start with `!(`, but hardly with these.
_LINE_MAGIC = re.compile(rb"^[%!][A-Za-z][^\n]*", re.MULTILINE)

Text = tuple[Segment, ...]

_decoder = JSONDecoder(strict=False)


class _Value(NamedTuple):
    """A value of JSON and its bytes. Strings in it are read as Latin-1: only names of the format are looked at."""

    value: Any
    start: int
    end: int


def find(source: bytes) -> HostFindings:
    if not has_trace("jupyter", source):
        return NOTHING
    try:
        cells, language = _read(source)
    except (JSONDecodeError, RecursionError) as error:
        at = error.pos if isinstance(error, JSONDecodeError) else 0
        problem = Problem("not-a-notebook", "this is not the JSON of a notebook", at, min(at + 1, len(source)))
        return HostFindings(problems=(problem,))
    regions: list[Region] = []
    code: list[Segment] = []
    for text in cells:
        magic, rest = _cell_magic(text)
        if magic is None and language == "metta":
            regions += _metta_cell(text, "cell")
        elif magic is not None and marks_metta(magic):
            regions += _metta_cell(rest, "magic")
        elif magic is None and language == "python":
            code += _without_line_magics(text)
    if not code:
        return HostFindings(tuple(regions))
    return _with_python(regions, code)


def _with_python(regions: list[Region], code: list[Segment]) -> HostFindings:
    """The findings of all Python cells as one file, so that a name of one cell is known in the next."""
    positions = PositionMap.of(code)
    found = python.find(text_of(code))
    lifted = [*regions, *(lift_region(positions, region) for region in found.regions)]
    registrations = []
    for each in found.registrations:
        name_start, name_end = positions.host_range(each.name_start, each.name_end)
        start, end = positions.host_range(each.start, each.end)
        doc_start, doc_end = positions.host_range(each.doc_start, each.doc_end) if each.doc_end else (0, 0)
        registrations.append(
            each._replace(
                name_start=name_start, name_end=name_end, start=start, end=end, doc_start=doc_start, doc_end=doc_end
            )
        )
    imports = []
    for known in found.imports:
        module = positions.host_range(known.module_start, known.module_end)
        form = positions.host_range(known.start, known.end)
        imports.append(Import(known.form, known.module, *module, known.into, *form, known.flags))
    lifted.sort(key=lambda region: (region.start, region.end))
    return HostFindings(tuple(lifted), tuple(registrations), tuple(imports))


def _metta_cell(text: Text, detector: str) -> Iterator[Region]:
    kept = trimmed(iter(text))
    if kept:
        yield make_region("metta", detector, Confidence.CERTAIN, kept)


def _cell_magic(text: Text) -> tuple[bytes | None, Text]:
    """What follows `%%` in the first line of a cell, None where there is no such line; and the lines after it."""
    content = text_of(text)
    if not content.lstrip().startswith(b"%%"):
        return None, text
    first, _, _rest = content.lstrip().partition(b"\n")
    skipped = len(content) - len(content.lstrip()) + len(first) + 1
    return first[2:].strip(), tuple(_after(text, skipped))


def _after(segments: Text, size: int) -> Iterator[Segment]:
    """The segments after the first `size` bytes of their text."""
    for kind, text, start, end in segments:
        if size >= len(text):
            size -= len(text)
        else:
            yield Segment(kind, text[size:], start + size if len(text) == end - start else start, end)
            size = 0


def _without_line_magics(text: Text) -> Iterator[Segment]:
    """A Python cell with a line end after it, and without the lines that are commands to IPython."""
    positions = PositionMap.of(text)
    if not positions.kinds:  # an empty cell is nowhere in particular
        return
    content = text_of(text)
    at = 0
    for found in _LINE_MAGIC.finditer(content):
        yield from positions.lifted([verbatim(content, at, found.start())])
        at = found.end()
    yield from positions.lifted([verbatim(content, at, len(content))])
    last = positions.host_ends[-1]
    yield escape(b"\n", last, last)


def _read(source: bytes) -> tuple[list[Text], str]:
    """The code cells of a notebook and the language of its kernel: "metta", "python", or "" for others."""
    text = source.decode("latin-1")  # so that a character is a byte
    cells: list[Text] = []
    language = "python"
    for name, found in _members(text, 0):
        if name == "metadata":
            language = _language(found.value)
        elif name == "cells" and isinstance(found.value, list):
            cells = [code for cell in _elements(text, found.start) for code in _code(source, text, cell)]
    return cells, language


def _language(metadata: Any) -> str:
    names = []
    for section, keys in (("kernelspec", ("language", "name", "display_name")), ("language_info", ("name",))):
        values = metadata.get(section) if isinstance(metadata, dict) else None
        names += [str(values.get(key, "")).lower() for key in keys] if isinstance(values, dict) else []
    if any("metta" in name or "petta" in name for name in names):
        return "metta"
    return "python" if not any(names) or any("python" in name for name in names) else ""


def _code(source: bytes, text: str, cell: _Value) -> Iterator[Text]:
    """The text of a code cell: a string, or a list of strings, one a line."""
    if not isinstance(cell.value, dict) or cell.value.get("cell_type") != "code":
        return
    for name, found in _members(text, cell.start):
        if name == "source":
            lines = list(_elements(text, found.start)) if isinstance(found.value, list) else [found]
            strings = [line for line in lines if isinstance(line.value, str)]
            yield tuple(part for line in strings for part in json_string(source, line.start + 1, line.end - 1))


def _members(text: str, at: int) -> Iterator[tuple[str, _Value]]:
    """The members of the object at a byte. Raises JSONDecodeError where there is none."""
    at = _expected(text, at, "{")
    while text[at : at + 1] != "}":
        name = _value(text, at)
        found = _value(text, _expected(text, name.end, ":"))
        yield str(name.value), found
        at = _next(text, found.end, "}")


def _elements(text: str, at: int) -> Iterator[_Value]:
    at = _expected(text, at, "[")
    while text[at : at + 1] != "]":
        found = _value(text, at)
        yield found
        at = _next(text, found.end, "]")


def _value(text: str, at: int) -> _Value:
    value, end = _decoder.raw_decode(text, at)
    return _Value(value, at, end)


def _next(text: str, at: int, closing: str) -> int:
    """Where the next item starts, or the closing bracket stands."""
    at = _skip_space(text, at)
    return at if text[at : at + 1] == closing else _expected(text, at, ",")


def _expected(text: str, at: int, mark: str) -> int:
    """Where what follows a mark starts."""
    at = _skip_space(text, at)
    if text[at : at + 1] != mark:
        raise JSONDecodeError(f"no {mark!r}", text, at)
    return _skip_space(text, at + 1)


def _skip_space(text: str, at: int) -> int:
    while text[at : at + 1] in _SPACE:
        at += 1
    return at
