"""SymbolTable: what one text says, apart from its path and its neighbours."""

from __future__ import annotations

from enum import IntEnum, IntFlag

import msgspec

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.problems import Problem

#: Changes whenever the bytes of an encoded table do.
TABLE_SCHEMA = 6


#: What a hole in a region reads as, a part that is known only when the host runs: one word,
#: so that the forms around it keep their number of arguments. Glued to other text it stays
#: inside their word, variable or string. Words that hold it are no names of the program.
HOLE = b"%hole%"


class Role(IntEnum):
    """What an occurrence of a name does."""

    DEFINITION = 0
    DECLARATION = 1
    DOCUMENTATION = 2
    IMPORT = 3
    FACT = 4
    BINDING = 5
    REFERENCE = 6


class Use(IntEnum):
    """In what position an occurrence stands."""

    CALL = 0
    EVALUATED = 1
    PATTERN = 2
    DATA = 3
    TYPE = 4


class Kind(IntEnum):
    """What a name is, as far as one definition or declaration of it tells."""

    FUNCTION = 0
    CONSTANT = 1
    TYPE = 2
    SYMBOL = 3
    TOKEN = 4
    SPACE = 5
    MODULE = 6
    FACT = 7
    CONTRACT = 8  # of Rholang, as what follows
    NAME = 9  # made by `new`
    AGENT = 10
    METHOD = 11


class Flag(IntFlag):
    """Circumstances of a definition or an import."""

    DYNAMIC = 1  # made while something runs: (add-atom &self (= …))
    CURRIED = 2  # (= ((f a) b) …)
    INERT = 4  # an import without `!`, which does nothing
    SUBTYPE = 8  # (:< A B): `type` holds the supertype
    REGISTERED = 16  # by a program of a host language, as Python's `register_atoms` does
    PATTERN = 32  # the name is a regular expression; all words that match it are meant


class Confidence(IntEnum):
    """How sure a finding is."""

    CERTAIN = 0
    LIKELY = 1
    POSSIBLE = 2


class TopKind(IntEnum):
    """What a top-level atom is for; enclosing forms of occurrences are looked up here."""

    RULE = 0
    DECLARATION = 1
    DOCUMENTATION = 2
    FACT = 3
    EVALUATION = 4
    OTHER = 5


class Definition(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One clause, declaration or binding of a name. `name` is an index into `names`.

    `role` is DEFINITION or DECLARATION. `arity` counts arguments; -1 where the
    thing takes none. `name_start`: byte of the name; `start`, `end`: of the whole
    form. `signature`: the head as written, or the name; `type`: the declared type
    as written.
    """

    name: int
    role: int
    kind: int
    arity: int
    name_start: int
    start: int
    end: int
    flags: int
    signature: str
    type: str


class Documentation(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an `@doc` form says of a name."""

    name: int
    start: int
    end: int
    description: str
    parameters: tuple[str, ...]
    returns: str


class Import(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A form that names another module or file: `form` is its head, `module` the name as written.

    `into`: the space it is loaded into, "" where the form has none.
    """

    form: str
    module: str
    module_start: int
    module_end: int
    into: str
    start: int
    end: int
    flags: int


class FactHead(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All top-level facts with one head and one number of arguments."""

    name: int
    arity: int
    count: int
    first_start: int


class Lambda(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A form with variables of its own: `parameters` are indexes into `names`.

    `gaps`: ranges inside where the same words mean what they mean around the form, as
    the source in `for (x <- x) { … }` does: start, end, start, end, …
    """

    start: int
    end: int
    parameters: tuple[int, ...]
    gaps: tuple[int, ...] = ()


class Region(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Text of another language inside a document, such as MeTTa in a string of Python.

    `start`, `end`: bytes of the document, from the first to after the last that was
    read for it. `text`: what the program would see, UTF-8, with a placeholder atom for
    every part that is not known before it runs. `segments`: how bytes of `text` map to
    bytes of the document (`regions.PositionMap`). `detector`: the rule that found it.
    """

    language: str
    detector: str
    confidence: int
    start: int
    end: int
    text: bytes
    segments: bytes


class RegionPlace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which region a table is of: its number in the host, from 1, its language, the host's bytes that it spans."""

    number: int
    language: str
    start: int
    end: int


class SymbolTable(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one text says. Depends on its bytes, the language, the extractor and its options only.

    Bytes and rows count from the start of the text. The packed columns
    (`_columns.pack_column`; plain bytes for `occurrence_roles` and `top_kinds`):

    * occurrences in the order of the text: index into `names`, start byte,
      Role | Use << 4, and 1 + the number of arguments of the list that it heads, or 0.
      An occurrence ends where its name does, unless `occurrence_widths` has its bytes.
    * top-level atoms: start byte, end byte, TopKind, and the name each defines,
      declares, documents or states a fact of (index + 1, or 0).
    * lines: starts of all lines but the first; wide: (start, bytes) of every
      character of more than one byte.

    `region`: None, or of a region whose places are told in bytes of its host
    (`virtual.in_host`) which one it is. `heads_only`: what stands inside its facts was left
    out (`heads_only.with_heads_only`); `facts` counts all of them.
    """

    schema: int
    dialect: str
    size: int
    atoms: int
    names: tuple[bytes, ...]
    definitions: tuple[Definition, ...]
    documentation: tuple[Documentation, ...]
    imports: tuple[Import, ...]
    facts: tuple[FactHead, ...]
    lambdas: tuple[Lambda, ...]
    regions: tuple[Region, ...]
    problems: tuple[Problem, ...]
    occurrence_names: bytes
    occurrence_starts: bytes
    occurrence_roles: bytes
    occurrence_arguments: bytes
    top_starts: bytes
    top_ends: bytes
    top_kinds: bytes
    top_names: bytes
    lines: bytes
    wide: bytes
    region: RegionPlace | None = None
    occurrence_widths: bytes = b""
    heads_only: bool = False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(SymbolTable)


def encode_table(table: SymbolTable) -> bytes:
    return _encoder.encode(table)


def decode_table(data: bytes) -> SymbolTable:
    """The table that `encode_table` encoded. Raises DecodeError for bytes of any other form.

    Types and the schema are checked here; that indexes and columns fit each
    other is checked where they are read (`occurrences.read_occurrences`).
    """
    try:
        table = _decoder.decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DecodeError(f"not an encoded symbol table: {error}") from error
    if table.schema != TABLE_SCHEMA:
        raise DecodeError(f"symbol table of schema {table.schema}, not {TABLE_SCHEMA}")
    return table


def name_text(name: bytes) -> str:
    """A name for people and programs: UTF-8, other bytes as \\xNN."""
    return name.decode("utf-8", "backslashreplace")
