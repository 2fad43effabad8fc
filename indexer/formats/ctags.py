"""The tags of one document, in the format of Universal Ctags.

https://docs.ctags.io/en/latest/man/tags.5.html. One tag a clause, declaration,
documentation, import, and head of facts; of a region with its own language. Knows
symbol tables, and nothing of any language.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

from metta_index.indexer.formats.tags_header import KINDS, language_name
from metta_index.indexer.formats.tags_text import SearchPatterns, escape_name, escape_value, sorts_as_written
from metta_index.indexer.text.occurrences import Piece, occurrences, pieces
from metta_index.indexer.text.symbols import Definition, Flag, Import, Kind, Role, SymbolTable

#: First byte of a fragment, as a flag: whether each of its names sorts as it is written.
PLAIN, MOVED = b"=", b"~"


def render_tags(path: bytes, language: str, source: bytes | None, tables: Sequence[SymbolTable]) -> bytes:
    """The fragment of a document: PLAIN or MOVED, then its tags, sorted, a line each.

    `path`: as it leads from the folder of the tags file, with slashes. `source`: the
    text that the tables were made of; None where it is not to be had, and tags lead
    to numbers of lines. Raises DecodeError on tables that do not fit.
    """
    document = _Document(path, language, source, list(pieces(tables)))
    lines = sorted(set(document.tags()))
    return (PLAIN if document.is_plain else MOVED) + b"".join(line + b"\n" for line in lines)


class _Document:
    """What is known of a document as a whole while its tags are made."""

    def __init__(self, path: bytes, language: str, source: bytes | None, parts: list[Piece]) -> None:
        self.is_plain = True
        self._path = escape_value(path)
        self._language = language
        self._patterns = SearchPatterns(source) if source is not None else None
        self._parts = parts
        self._kinds: dict[bytes, Kind] = {}
        types: dict[bytes, set[str]] = defaultdict(set)
        # Definitions tell kinds better than declarations do.
        for role in (Role.DEFINITION, Role.DECLARATION):
            for piece in parts:
                for found in piece.table.definitions:
                    name = piece.table.names[found.name]
                    if found.role == role:
                        self._kinds.setdefault(name, Kind(found.kind))
                    if found.role == Role.DECLARATION and found.type and not found.flags & Flag.SUBTYPE:
                        types[name].add(found.type)
        # Of several types none can be said to be that of a clause.
        self._types = {name: next(iter(several)) for name, several in types.items() if len(several) == 1}

    def tags(self) -> Iterator[bytes]:
        heads: set[tuple[bytes, int]] = set()
        for piece in self._parts:
            scopes = _Scopes(piece)
            for found in piece.table.definitions:
                yield self._definition(piece, found, scopes)
            yield from self._documentation(piece, scopes)
            for imported in piece.table.imports:
                if imported.module:  # nobody could ask for a tag without a name
                    yield self._import(piece, imported, scopes)
            for fact in piece.table.facts:
                head = piece.table.names[fact.name], fact.arity
                if head not in heads:
                    heads.add(head)
                    yield self._tag(piece, head[0], Kind.FACT, fact.first_start, "def", arity=fact.arity)

    def _definition(self, piece: Piece, found: Definition, scopes: _Scopes) -> bytes:
        name = piece.table.names[found.name]
        is_subtype = bool(found.flags & Flag.SUBTYPE)
        return self._tag(
            piece,
            name,
            Kind(found.kind),
            found.name_start,
            "def" if found.role == Role.DEFINITION else "declared",
            end=found.end,
            scope=scopes.of(found.start, found.end),
            supertype=found.type if is_subtype else "",
            type_="" if is_subtype else found.type or self._types.get(name, ""),
            signature=_signature(found.signature, name),
            arity=found.arity,
        )

    def _import(self, piece: Piece, found: Import, scopes: _Scopes) -> bytes:
        """Its scope is the space it is loaded into, where the same form makes that space."""
        return self._tag(
            piece,
            found.module.encode(),
            Kind.MODULE,
            found.module_start,
            "inert" if found.flags & Flag.INERT else "imported",
            end=found.end,
            scope=scopes.of(found.start, found.end, itself=True),
        )

    def _documentation(self, piece: Piece, scopes: _Scopes) -> Iterator[bytes]:
        if not piece.table.documentation:
            return
        places = [
            (found.start_byte - piece.offset, found.name)
            for found in occurrences(piece)
            if found.role is Role.DOCUMENTATION
        ]
        for doc in piece.table.documentation:
            name = piece.table.names[doc.name]
            after = places[bisect_left(places, (doc.start, b"")) :][:1]
            start = after[0][0] if after and after[0][1] == name else doc.start
            yield self._tag(
                piece,
                name,
                self._kinds.get(name, Kind.SYMBOL),
                start,
                "documented",
                end=doc.end,
                scope=scopes.of(doc.start, doc.end),
            )

    def _tag(
        self,
        piece: Piece,
        name: bytes,
        kind: Kind,
        start: int,
        role: str,
        *,
        end: int | None = None,
        scope: bytes = b"",
        supertype: str = "",
        type_: str = "",
        signature: str = "",
        arity: int = -1,
    ) -> bytes:
        """One line. `start` and `end` count from the start of the piece."""
        row = piece.position(piece.offset + start).row
        self.is_plain = self.is_plain and sorts_as_written(name)
        address = self._patterns.address(row) if self._patterns is not None else b"%d" % (row + 1)
        line = [escape_name(name), self._path, address + b';"', KINDS[kind].letter.encode()]
        region = piece.table.region
        language = language_name(self._language if region is None else region.language)
        line += [b"line:%d" % (row + 1), b"language:" + language.encode()]
        if scope:
            line.append(b"scope:" + scope)
        if supertype:
            line.append(b"inherits:" + _value(supertype))
        if type_:
            line.append(b"typeref:typename:" + _value(type_))
        if signature:
            line.append(b"signature:" + _value(signature))
        line.append(b"roles:" + role.encode())
        if role != "def":
            line.append(b"extras:reference")
        if end is not None:
            line.append(b"end:%d" % (piece.position(piece.offset + max(end - 1, start)).row + 1))
        if arity >= 0:
            line.append(b"arity:%d" % arity)
        return b"\t".join(line)


class _Scopes:
    """Which definition each form of a piece is made by: the innermost whose form it is in."""

    def __init__(self, piece: Piece) -> None:
        self._table = piece.table
        self._forms = sorted(
            (found for found in piece.table.definitions if found.role == Role.DEFINITION),
            key=lambda found: (found.start, -found.end),
        )
        # The index of the form around each form, or -1.
        self._parents: list[int] = []
        open_forms: list[int] = []
        for index, form in enumerate(self._forms):
            while open_forms and self._forms[open_forms[-1]].end <= form.start:
                open_forms.pop()
            self._parents.append(open_forms[-1] if open_forms else -1)
            open_forms.append(index)
        self._starts = [form.start for form in self._forms]

    def of(self, start: int, end: int, *, itself: bool = False) -> bytes:
        """`kind:name` of the definition around a form, or nothing. `itself`: also one that is the form."""
        index = bisect_right(self._starts, start) - 1
        while index >= 0:
            form = self._forms[index]
            if form.start <= start and end <= form.end and (itself or (form.start, form.end) != (start, end)):
                return KINDS[Kind(form.kind)].name.encode() + b":" + escape_value(self._table.names[form.name])
            index = self._parents[index]
        return b""


def _signature(head: str, name: bytes) -> str:
    """The arguments of a head as written: `(f $x)` takes `($x)`; nothing for a bare name, all of a curried head."""
    written = name.decode("utf-8", "backslashreplace")
    if head == written:
        return ""
    before, _name, arguments = head.partition(written)
    is_plain = before == "(" and arguments[:1] in (" ", ")")
    return f"({arguments.lstrip()}" if is_plain else head


def _value(text: str) -> bytes:
    return escape_value(text.encode())
