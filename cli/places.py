"""What a command is about: names, places written FILE:LINE:COLUMN, regions written FILE#LANGUAGE:NUMBER."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.cli.exits import UsageError
from metta_index.cli.refresh import relative_path

if TYPE_CHECKING:
    from metta_index.cli.session import Session
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.symbols import Reference

_PLACE = re.compile(r"(.+):(\d+):(\d+)", re.S)


_REGION = re.compile(r"(.+)#([a-z]+):([1-9]\d*)", re.S)


class RegionName(NamedTuple):
    """Text of another language inside a file: `number` counts the regions of the file, from 1."""

    file: Path
    language: str
    number: int

    def missing(self, known: list[tuple[str, int]]) -> UsageError:
        """What is to be said where the file has no such region; `known`: languages and numbers of those it has."""
        names = ", ".join(f"{self.file}#{language}:{number}" for language, number in known[:5])
        more = f", and {len(known) - 5} more" if len(known) > 5 else ""
        there = f"it has {names}{more}" if known else "it has none at all"
        return UsageError(f"{self.file} has no region {self.language}:{self.number}; {there}")


def parse_region(file: Path) -> RegionName | None:
    """A region, if that is what the name of a file is: there may be a file of that very name."""
    found = _REGION.fullmatch(str(file))
    if found is None or os.path.lexists(file):
        return None
    return RegionName(Path(found[1]), found[2], int(found[3]))


class Place(NamedTuple):
    """A line and a column of a file, both from 1; columns count code points."""

    file: Path
    line: int
    column: int


def parse_place(text: str) -> Place | None:
    """A place, if that is what a text is: names may hold colons, too, so the file has to be there."""
    found = _PLACE.fullmatch(text)
    if found is None or not os.path.isfile(found[1]):  # noqa: PTH113 - Path.is_file raises for long names
        return None
    return Place(Path(found[1]), int(found[2]), int(found[3]))


def start_of(queries: list[str]) -> Path | None:
    """The folder whose workspace is asked, where the first query is a place; None: the current folder's."""
    place = parse_place(queries[0]) if queries else None
    return place.file.parent if place is not None else None


def word_at(session: Session, index: Index, place: Place) -> Reference:
    """The word or variable at a place. Raises UsageError where there is none."""
    path = relative_path(session, place.file)
    if index.document(path) is None:
        raise UsageError(
            f"{place.file} is not in the index; `metta-index build --verbose` says what is skipped, and why"
        )
    byte = index.byte_at(path, place.line, place.column)
    found = index.occurrence_at(path, byte) if byte is not None else None
    if found is None:
        raise UsageError(f"{place.file}:{place.line}:{place.column}: no word or variable is there")
    return found


def name_of(query: str) -> bytes:
    """A name as it stands in a source: arguments that are not UTF-8 come with surrogates."""
    return os.fsencode(query)
