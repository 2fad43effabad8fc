"""Answers to queries as JSON objects, and as the parts of lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.text.symbols import Flag, Role, Use, name_text

if TYPE_CHECKING:
    from metta_index.indexer.languages.metta.builtins import Builtin
    from metta_index.indexer.queries.meanings import Meaning
    from metta_index.indexer.queries.symbols import Reference, Symbol
    from metta_index.indexer.text.positions import Position


class Placed(Protocol):
    """What stands at a place of a document."""

    @property
    def path(self) -> str: ...

    @property
    def position(self) -> Position: ...

    @property
    def start_byte(self) -> int: ...

    @property
    def end_byte(self) -> int: ...


def place_object(found: Placed) -> dict[str, Any]:
    """Where something stands, as all answers say it: lines and columns from 1, columns in code points."""
    return {
        "path": display_path(found.path),
        "line": found.position.row + 1,
        "column": found.position.column + 1,
        "start_byte": found.start_byte,
        "end_byte": found.end_byte,
    }


def symbol_object(symbol: Symbol) -> dict[str, Any]:
    """One place that says what a name is."""
    found: dict[str, Any] = {
        "schema": 1,
        "name": name_text(symbol.name),
        "kind": symbol.kind.name.lower(),
        "role": symbol.role.name.lower(),
        **place_object(symbol),
        "arity": symbol.arity,
        "signature": symbol.signature or None,
        "type": symbol.type or None,
        "doc": symbol.doc or None,
        "dynamic": bool(symbol.flags & Flag.DYNAMIC),
    }
    if symbol.role == Role.FACT:
        found["facts"] = symbol.facts
    return found


def builtin_object(builtin: Builtin) -> dict[str, Any]:
    """A builtin has no place: `path` is null, and `module` says where the language keeps it."""
    return {
        "schema": 1,
        "name": builtin.name,
        "kind": builtin.kind,
        "role": "builtin",
        "path": None,
        "line": None,
        "column": None,
        "start_byte": None,
        "end_byte": None,
        "arity": list(builtin.arities),
        "signature": None,
        "type": " | ".join(builtin.types) or None,
        "doc": builtin.doc or None,
        "dialect": builtin.dialect,
        "module": builtin.module,
        "imported_always": builtin.always,
    }


def meaning_object(meaning: Meaning) -> dict[str, Any]:
    """What a name means at a place: `step` says how that was found, `confidence` how sure it is."""
    if meaning.symbol is not None:
        found = symbol_object(meaning.symbol)
    else:
        assert meaning.builtin is not None
        found = builtin_object(meaning.builtin)
    return found | {
        "step": str(meaning.step),
        "confidence": meaning.confidence.name.lower(),
        "space": meaning.space or None,
        "note": meaning.note or None,
    }


def reference_object(reference: Reference) -> dict[str, Any]:
    return {
        "schema": 1,
        "name": name_text(reference.name),
        "role": reference.role.name.lower(),
        "use": use_of(reference.role, reference.use),
        **place_object(reference),
        "arguments": reference.arguments,
        "within": name_text(reference.within) if reference.within is not None else None,
    }


def use_of(role: Role, use: Use) -> str:
    """What an occurrence is there for, in one word."""
    return use.name.lower() if role in (Role.REFERENCE, Role.BINDING) else role.name.lower()


def builtin_signature(builtin: Builtin) -> str:
    """What a person reads of a builtin: its types, else how many operands it takes."""
    if builtin.types:
        return f"(: {builtin.name} {' | '.join(builtin.types)})"
    if not builtin.arities:
        return builtin.name
    arities = ", ".join(map(str, builtin.arities)) + (" or more" if builtin.more else "")
    return f"{builtin.name}, {arities} operands"


def symbol_signature(symbol: Symbol) -> str:
    """What a person reads of a symbol where its source line is not at hand."""
    name = name_text(symbol.name)
    if symbol.role == Role.FACT:
        return f"({name} …), {symbol.facts:,} {'fact' if symbol.facts == 1 else 'facts'} of {symbol.arity} arguments"
    if symbol.role == Role.DECLARATION:
        return f"({':<' if symbol.flags & Flag.SUBTYPE else ':'} {name} {symbol.type})"
    return symbol.signature or name
