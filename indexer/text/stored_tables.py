"""Symbol tables as they are stored: what a question does not ask for is not decoded."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.symbols import (
    TABLE_SCHEMA,
    Definition,
    Documentation,
    FactHead,
    Import,
    Lambda,
    Region,
    RegionPlace,
    SymbolTable,
)

_Item = TypeVar("_Item")


class StoredTable(msgspec.Struct, array_like=True, gc=False):
    """A SymbolTable, field by field, of which each list is decoded when it is first asked for.

    To decode the lists takes two thirds of the time that reading a table does, and who
    looks for one name in a thousand documents needs few of them. A list that is damaged
    raises DecodeError where it is asked for.
    """

    schema: int
    dialect: str
    size: int
    atoms: int
    names: tuple[bytes, ...]
    stored_definitions: msgspec.Raw
    stored_documentation: msgspec.Raw
    stored_imports: msgspec.Raw
    stored_facts: msgspec.Raw
    stored_lambdas: msgspec.Raw
    stored_regions: msgspec.Raw
    stored_problems: msgspec.Raw
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
    # No part of what is stored: the lists that are asked for again and again.
    known_definitions: tuple[Definition, ...] | None = None
    known_lambdas: tuple[Lambda, ...] | None = None

    @property
    def definitions(self) -> tuple[Definition, ...]:
        if self.known_definitions is None:
            self.known_definitions = _decoded(_DEFINITIONS, self.stored_definitions)
        return self.known_definitions

    @property
    def documentation(self) -> tuple[Documentation, ...]:
        return _decoded(_DOCUMENTATION, self.stored_documentation)

    @property
    def imports(self) -> tuple[Import, ...]:
        return _decoded(_IMPORTS, self.stored_imports)

    @property
    def facts(self) -> tuple[FactHead, ...]:
        return _decoded(_FACTS, self.stored_facts)

    @property
    def lambdas(self) -> tuple[Lambda, ...]:
        if self.known_lambdas is None:
            self.known_lambdas = _decoded(_LAMBDAS, self.stored_lambdas)
        return self.known_lambdas

    @property
    def regions(self) -> tuple[Region, ...]:
        return _decoded(_REGIONS, self.stored_regions)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return _decoded(_PROBLEMS, self.stored_problems)


#: What holds a table's fields, in whichever way.
Table = SymbolTable | StoredTable

_TABLE = msgspec.msgpack.Decoder(StoredTable)
_DEFINITIONS = msgspec.msgpack.Decoder(tuple[Definition, ...])
_DOCUMENTATION = msgspec.msgpack.Decoder(tuple[Documentation, ...])
_IMPORTS = msgspec.msgpack.Decoder(tuple[Import, ...])
_FACTS = msgspec.msgpack.Decoder(tuple[FactHead, ...])
_LAMBDAS = msgspec.msgpack.Decoder(tuple[Lambda, ...])
_REGIONS = msgspec.msgpack.Decoder(tuple[Region, ...])
_PROBLEMS = msgspec.msgpack.Decoder(tuple[Problem, ...])
_NONE = msgspec.Raw(msgspec.msgpack.encode(()))


def open_table(data: bytes) -> StoredTable:
    """The table that `encode_table` encoded, its lists not decoded yet. Raises DecodeError for other bytes."""
    try:
        table = _TABLE.decode(data)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DecodeError(f"not an encoded symbol table: {error}") from error
    if table.schema != TABLE_SCHEMA:
        raise DecodeError(f"symbol table of schema {table.schema}, not {TABLE_SCHEMA}")
    return table


def _decoded(decoder: msgspec.msgpack.Decoder[tuple[_Item, ...]], stored: msgspec.Raw) -> tuple[_Item, ...]:
    if stored == _NONE:
        return ()
    try:
        return decoder.decode(stored)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DecodeError(f"not an encoded symbol table: {error}") from error
