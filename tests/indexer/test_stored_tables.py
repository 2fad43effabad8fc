"""Tables that are decoded as far as they are asked say what whole ones do."""

from __future__ import annotations

import msgspec
import pytest

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.stored_tables import StoredTable, open_table
from metta_index.indexer.text.symbols import SymbolTable, encode_table

_SOURCE = b"""\
! (import! &self other)
(: double (-> Number Number))
(@doc double (@desc "Twice") (@params ((@param "a number"))) (@return "more"))
(= (double $x) (let $y (* $x 2) $y))
(= (apply $f) (|-> ($x) ($f $x)))
(color red) (color green)
! (double "
"""
_LISTS = ("definitions", "documentation", "imports", "facts", "lambdas", "regions", "problems")


@pytest.fixture(scope="module")
def table() -> SymbolTable:
    return extract(_SOURCE, parse(_SOURCE))


def test_all_fields_are_those_of_the_whole_table(table: SymbolTable) -> None:
    stored = open_table(encode_table(table))
    assert {name: getattr(stored, name) for name in SymbolTable.__struct_fields__} == msgspec.structs.asdict(table)
    assert all(getattr(table, name) for name in ("definitions", "documentation", "imports", "facts", "problems"))


def test_fields_stand_in_the_same_order() -> None:
    names = [name.removeprefix("stored_") for name in StoredTable.__struct_fields__]
    assert names[: len(SymbolTable.__struct_fields__)] == list(SymbolTable.__struct_fields__)


def test_lists_that_are_asked_for_again_are_decoded_once(table: SymbolTable) -> None:
    stored = open_table(encode_table(table))
    assert stored.definitions is stored.definitions
    assert stored.lambdas is stored.lambdas


@pytest.mark.parametrize("field", _LISTS)
def test_a_damaged_list_is_told_where_it_is_asked_for(table: SymbolTable, field: str) -> None:
    values = list(msgspec.structs.astuple(table))
    values[SymbolTable.__struct_fields__.index(field)] = ["no item of a table"]
    stored = open_table(msgspec.msgpack.encode(values))
    with pytest.raises(DecodeError, match="not an encoded symbol table"):
        getattr(stored, field)


def test_other_bytes_and_schemas_are_told_at_once(table: SymbolTable) -> None:
    with pytest.raises(DecodeError, match="not an encoded symbol table"):
        open_table(b"\x93abc")
    with pytest.raises(DecodeError, match="schema 99"):
        open_table(encode_table(msgspec.structs.replace(table, schema=99)))
