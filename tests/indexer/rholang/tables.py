"""Tables of Rholang texts, and what tests ask of them."""

from __future__ import annotations

from metta_index.indexer.languages.rholang.extract import extract
from metta_index.indexer.languages.rholang.parse import parse
from metta_index.indexer.text.occurrences import occurrences, pieces, scope_of
from metta_index.indexer.text.symbols import Kind, Role, SymbolTable


def table_of(text: str) -> SymbolTable:
    source = text.encode()
    return extract(source, parse(source))


def problems_of(text: str) -> list[tuple[str, str]]:
    """Code and marked text of every problem, in the order of the text."""
    source = text.encode()
    return [
        (problem.code, source[problem.start_byte : problem.end_byte].decode()) for problem in table_of(text).problems
    ]


def defined(text: str, kind: Kind = Kind.CONTRACT) -> list[tuple[str, int, str]]:
    """Name, arity and signature of every definition of a kind."""
    table = table_of(text)
    return [(table.names[one.name].decode(), one.arity, one.signature) for one in table.definitions if one.kind == kind]


def links(text: str) -> list[tuple[str, str, str]]:
    """Each use of a name that is marked by `«…»`: the name, and the scope that it belongs to, as text.

    The marks are taken out before the text is read.
    """
    plain, marks = "", []
    for part in text.split("«"):
        word, closed, rest = part.partition("»")
        if closed:
            marks.append((len(plain.encode()), word))
        plain += word + rest
    table = table_of(plain)
    (piece,) = pieces([table])
    source = plain.encode()
    known = {one.start_byte: one for one in occurrences(piece)}
    found = []
    for start, word in marks:
        one = known[start]
        assert one.name.decode() == word, (one, word)
        first, last = scope_of(piece, one.name, start)
        found.append((word, Role(one.role).name.lower(), source[first:last].decode()))
    return found
