"""Who calls a function and what it calls, directly and by others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from metta_index.indexer.queries.index import Index
from metta_index.indexer.queries.symbols import Reference
from metta_index.indexer.text.enclosing import Block, Enclosing
from metta_index.indexer.text.occurrences import Occurrence, Piece, occurrences
from metta_index.indexer.text.symbols import Role, TopKind, Use

if TYPE_CHECKING:
    from metta_index.indexer.queries.meanings import Meaning

#: For what stands outside of all atoms, as words may after a syntax error.
_OUTSIDE = Block(TopKind.OTHER, None, 0, 0)
_CALLS = frozenset({Use.CALL})
_ALL_USES = frozenset(Use)


class Mark(StrEnum):
    """Why nothing is below an entry; NONE also where it has nothing below it."""

    NONE = ""
    RECURSION = "recursion"  # it is among those above it
    SHOWN = "shown"  # what is below it is below another entry of the same


class Caller(NamedTuple):
    """All uses of one function by one kind of atom.

    `kind`, `name`: what the uses stand in: rules of `name`, facts of `name`, top-level
    evaluations (no name), …. `depth`: 1 for what uses the function asked for. `of`: what
    is used. `places` are in the order of paths and texts.
    """

    depth: int
    of: bytes
    kind: TopKind
    name: bytes | None
    places: tuple[Reference, ...]
    mark: Mark


class Callee(NamedTuple):
    """All uses of one name by one function; `meanings`: what it can mean there, the likeliest first."""

    depth: int
    of: bytes
    name: bytes
    places: tuple[Reference, ...]
    meanings: tuple[Meaning, ...]
    mark: Mark

    @property
    def is_builtin(self) -> bool:
        """Whether it means nothing but what the language gives."""
        return bool(self.meanings) and all(meaning.symbol is None for meaning in self.meanings)


def callers(index: Index, name: bytes, depth: int = 1, all_uses: bool = False) -> list[Caller]:
    """What calls a function, then what calls that, up to `depth` steps away.

    With `all_uses` also what has its name in patterns, data and types. A tree in
    pre-order; what is below a function is there once, as near to the root as it can be.
    """
    uses = _ALL_USES if all_uses else _CALLS
    # Who asks for more than one step comes back to the same documents.
    blocks: _Blocks | None = {} if depth > 1 else None
    tree = _expand(
        [(name, "")],
        lambda functions: _users(index, functions[0][0], uses, blocks),
        lambda found: [(found.name, "")] if found.kind == TopKind.RULE and found.name is not None else [],
        depth,
    )
    return [found._replace(depth=level, mark=mark) for level, found, mark in tree]


def callees(index: Index, name: bytes, depth: int = 1, all_uses: bool = False) -> list[Callee]:
    """What the definitions of a function call, then what these call, up to `depth` steps away.

    As `callers`. Only the documents are followed in which a name can be defined where it is called.
    """
    uses = _ALL_USES if all_uses else _CALLS
    blocks: _Blocks = {}
    known: dict[_Call, list[Meaning]] = {}
    tree = _expand(
        [(name, path) for path in index.defining(name)],
        lambda functions: _used_by(index, functions, uses, blocks, known),
        _followed,
        depth,
    )
    return [found._replace(depth=level, mark=mark) for level, found, mark in tree]


#: A function as far as it is defined in one document; "" stands for all documents.
_Function = tuple[bytes, str]
#: What the meaning of a name depends on: the document, the name, the number of arguments; for variables the place, too.
_Call = tuple[str, bytes, int | None, int]
#: The blocks of pieces by their id: the index keeps the pieces.
_Blocks = dict[int, Enclosing]
_Found = TypeVar("_Found")


def _users(index: Index, name: bytes, uses: frozenset[Use], blocks: _Blocks | None) -> list[Caller]:
    """The uses of a name in the workspace, by what they stand in: definitions first, in the order of the text."""
    groups: dict[tuple[TopKind, bytes | None], list[Reference]] = {}
    for path, parts in index.each(index.reader.mentioning(name), keep=blocks is not None):
        for piece in parts:
            found = [one for one in occurrences(piece, name) if one.role == Role.REFERENCE and one.use in uses]
            if not found:
                continue
            enclosing = _blocks_of(piece, blocks) if blocks is not None else Enclosing(piece)
            for one in found:
                block = enclosing.around(one.start_byte) or _OUTSIDE
                groups.setdefault((block.kind, block.name), []).append(_reference(piece, path, one, block.name))
    callers = [Caller(0, name, kind, user, tuple(places), Mark.NONE) for (kind, user), places in groups.items()]
    return sorted(callers, key=lambda caller: caller.kind)


def _used_by(
    index: Index,
    functions: Sequence[_Function],
    uses: frozenset[Use],
    blocks: _Blocks,
    known: dict[_Call, list[Meaning]],
) -> list[Callee]:
    of = functions[0][0]
    groups: dict[bytes, list[Reference]] = {}
    for _name, path in functions:
        for place in _uses_within(index, path, of, uses, blocks):
            groups.setdefault(place.name, []).append(place)
    return [
        Callee(0, of, name, tuple(places), _meanings(index, places, known), Mark.NONE)
        for name, places in groups.items()
    ]


def _uses_within(index: Index, path: str, of: bytes, uses: frozenset[Use], known: _Blocks) -> Iterator[Reference]:
    """What the definitions of a name in a document use, definitions inside of them apart."""
    for piece in index.pieces(path):
        if of not in piece.table.names:
            continue
        blocks = _blocks_of(piece, known)
        for block in blocks.definitions_of(of):
            for one in occurrences(piece, within=(block.start_byte, block.end_byte)):
                if one.role == Role.REFERENCE and one.use in uses and blocks.around(one.start_byte) == block:
                    yield _reference(piece, path, one, of)


def _blocks_of(piece: Piece, known: _Blocks) -> Enclosing:
    found = known.get(id(piece))
    if found is None:
        found = known[id(piece)] = Enclosing(piece)
    return found


def _reference(piece: Piece, path: str, found: Occurrence, within: bytes | None) -> Reference:
    place = piece.position(found.start_byte)
    return Reference(
        found.name, found.role, found.use, path, found.start_byte, found.end_byte, place, found.arguments, within
    )


def _meanings(index: Index, places: Iterable[Reference], known: dict[_Call, list[Meaning]]) -> tuple[Meaning, ...]:
    from metta_index.indexer.queries.resolving import question_of, resolve

    found: dict[tuple[object, ...], Meaning] = {}
    for place in places:
        call = place.path, place.name, place.arguments, place.start_byte if place.name.startswith(b"$") else 0
        if call not in known:
            known[call] = resolve(index, question_of(index, place))
        for meaning in known[call]:
            symbol = meaning.symbol
            identity = (meaning.builtin,) if symbol is None else (symbol.path, symbol.start_byte, symbol.role)
            found.setdefault(identity, meaning)
    return tuple(found.values())


def _followed(found: Callee) -> list[_Function]:
    symbols = [meaning.symbol for meaning in found.meanings if meaning.symbol is not None]
    paths = {symbol.path for symbol in symbols if symbol.role == Role.DEFINITION}
    return [(found.name, path) for path in sorted(paths)]


class _Node(Generic[_Found]):
    """An entry of a tree that grows. `children` is None until it is expanded."""

    __slots__ = ("children", "found", "functions")

    def __init__(self, found: _Found, functions: list[_Function]) -> None:
        self.found = found
        self.functions = functions
        self.children: list[_Node[_Found]] | None = None


def _expand(
    root: list[_Function],
    uses: Callable[[list[_Function]], list[_Found]],
    functions_of: Callable[[_Found], list[_Function]],
    depth: int,
) -> Iterator[tuple[int, _Found, Mark]]:
    """What `uses` finds for functions and for those that are found, in pre-order: depth, what, mark.

    Functions are taken level by level, so that each is expanded where it is nearest to the
    root; without recursion, since chains of calls may be longer than the call stack.
    """
    expanded: set[_Function] = set()

    def children(functions: list[_Function]) -> list[_Node[_Found]] | None:
        fresh = [function for function in functions if function not in expanded]
        expanded.update(fresh)
        return [_Node(found, functions_of(found)) for found in uses(fresh)] if fresh else None

    top = children(root) or []
    level = deque((node, 1) for node in top)
    while level:
        node, steps = level.popleft()
        if steps < depth:
            node.children = children(node.functions)
            level.extend((child, steps + 1) for child in node.children or ())
    above = set(root)
    walk: list[tuple[Iterator[_Node[_Found]], set[_Function]]] = [(iter(top), set())]
    while walk:
        entries, added = walk[-1]
        entry = next(entries, None)
        if entry is None:
            walk.pop()
            above -= added
            continue
        mark = Mark.NONE
        if entry.children is None and entry.functions and expanded.issuperset(entry.functions):
            mark = Mark.SHOWN if above.isdisjoint(entry.functions) else Mark.RECURSION
        yield len(walk), entry.found, mark
        if entry.children is not None:
            added = set(entry.functions) - above
            above |= added
            walk.append((iter(entry.children), added))
