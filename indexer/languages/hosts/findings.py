"""What a host file says to MeTTa: regions of it, names it registers, files it loads."""

from __future__ import annotations

from typing import NamedTuple

from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.symbols import Flag, Import, Kind, Region


class Registration(NamedTuple):
    """A name that a host program registers. Bytes are those of the host file.

    `name_start`, `name_end`: the name as written, inside its quotes and after a first
    backslash; `start`, `end`: the whole entry or call. `arity`: -1 where it is not known. `flags`: REGISTERED, with
    PATTERN where the name is a regular expression. `signature`: the name with the
    parameters of the host's function, or the name. `type`: "" where it is not literal.
    `description`: what the host's function says of itself, at [doc_start, doc_end).
    """

    name: bytes
    kind: Kind
    arity: int
    name_start: int
    name_end: int
    start: int
    end: int
    flags: Flag
    signature: str
    type: str
    description: str = ""
    doc_start: int = 0
    doc_end: int = 0


class HostFindings(NamedTuple):
    """All that a host's `find` gives, each part in the order of the file."""

    regions: tuple[Region, ...] = ()
    registrations: tuple[Registration, ...] = ()
    imports: tuple[Import, ...] = ()
    problems: tuple[Problem, ...] = ()


NOTHING = HostFindings()
