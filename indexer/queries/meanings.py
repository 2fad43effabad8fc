"""What is asked of a name where it stands, and what it can mean there."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from metta_index.indexer.languages.metta.builtins import Builtin
from metta_index.indexer.queries.symbols import Symbol
from metta_index.indexer.text.symbols import Confidence


class Step(StrEnum):
    """How a meaning was found, the nearest first."""

    SCOPE = "scope"  # bound in the atom that it stands in
    DOCUMENT = "document"
    IMPORT = "import"  # in what the document imports, directly or not
    REGISTERED = "registered"  # by a program of a host language that the document imports
    BUILTIN = "builtin"
    WORKSPACE = "workspace"  # somewhere else in the workspace: nothing here says that it is loaded


class Meaning(NamedTuple):
    """One thing that a name can mean. `symbol` is None for a builtin, `builtin` for anything else.

    `space`: the space whose atoms it is among, "" where that is not known. `note`: what
    else is to be known, such as a use before the definition.
    """

    step: Step
    confidence: Confidence
    symbol: Symbol | None
    builtin: Builtin | None = None
    space: str = ""
    note: str = ""


class Question(NamedTuple):
    """A name where it stands. `arguments`: of the list that it heads, None where it heads none.

    `call`: the text of that list, if it is known: clauses that it cannot match are left
    out, and those that its literal operands ask for come first.
    """

    name: bytes
    path: str
    byte: int
    dialect: str
    arguments: int | None
    call: bytes | None = None
