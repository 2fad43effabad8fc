"""What each dialect of MeTTa gives for free: names, arities, types and docs, from one table a dialect.

The tables are the .tsv files beside this module, sorted by name, one row for a
name in a module. Their columns:

    name    the word as a program writes it
    module  where it lives; for PeTTa's libraries the name that `(library …)` takes
    when    `always`, or `import`: it is there only after its module was imported
    kind    `form`: the word itself decides what is evaluated, matched or bound
            `function`: operands are evaluated first, as far as its type says so
            `constructor`: it has operands and a type, but never reduces
            `type`, `constant`: a name that stands for itself or for a value
    arity   the numbers of operands that are accepted, `2` or `0,1`; `3+`: three or
            more; empty: it takes none, or how many is not known
    type    as `get-type` of the dialect gives it; overloads stand between ` | `
    doc     what it does and what it gives back

PeTTa makes a partial application of a call with fewer operands, so there only more
than the largest arity is wrong; MeTTaTron ignores what is too much for most forms.

Facts come from the implementations: Hyperon 0.2.10 (checked against the running
reference by the tests), PeTTa at 43705f5 (`src/metta.pl`, `src/translator.pl`,
`lib/`), MeTTaTron at efee4be (`src/backend/eval/`), MORK at 45bdb9a
(`kernel/src/sources.rs`, `sinks.rs`, `pure.rs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

#: The tables of a dialect, the nearest first. No dialect takes over another's: in MM2
#: `+` adds an atom to the space, in PeTTa `chain` has its operands in another order.
_TABLES: dict[str, tuple[str, ...]] = {
    "hyperon": ("hyperon",),
    "petta": ("petta",),
    "mm2": ("mm2",),
    "mettatron": ("mettatron",),
    "rholang": (),  # asked for together with them; its system's channels have URIs
}

#: Modules that an import finds in every installation of the dialect. Hyperon's two
#: standard modules are imported already; naming them again changes nothing.
_MODULES: dict[str, tuple[str, ...]] = {
    "hyperon": (
        "agents",
        "agents:events",
        "catalog",
        "corelib",
        "das",
        "fileio",
        "json",
        "py_ops",
        "random",
        "skel",
        "snet_io",
        "stdlib",
    ),
    "petta": (
        "lib_builtin_types",
        "lib_combinatorics",
        "lib_datastructures",
        "lib_datetime",
        "lib_he",
        "lib_import",
        "lib_llm",
        "lib_memo",
        "lib_mm2",
        "lib_nars",
        "lib_patrick",
        "lib_pln",
        "lib_roman",
        "lib_spaces",
        "lib_tabling",
        "lib_vector",
        "lib_zar",
    ),
    "mm2": (),
    "mettatron": (),
    "rholang": (),
}

#: Types that let an operand through as it is written; operands of all others are evaluated first.
UNEVALUATED = frozenset({"Atom", "Expression", "Symbol", "Variable", "Grounded"})


class Builtin(NamedTuple):
    """One name of one module of a dialect; `more`: more operands than the last of `arities` are accepted."""

    name: str
    dialect: str
    module: str
    always: bool
    kind: str
    arities: tuple[int, ...]
    more: bool
    types: tuple[str, ...]
    doc: str

    def accepts(self, operands: int) -> bool:
        """Whether a call with so many operands can be right; always, where no arity is known."""
        return not self.arities or operands in self.arities or (self.more and operands > self.arities[-1])

    def operands(self, count: int) -> tuple[tuple[str, ...], ...]:
        """The types of the operands of a call with `count` of them, one tuple for each overload."""
        split = filter(None, map(arrow, self.types))
        return tuple(parts[:-1] for parts in split if len(parts) == count + 1)


def lookup(dialect: str, name: bytes) -> Builtin | None:
    """What a name means in a dialect before anyone defines it; None where it means nothing.

    A row that is always there goes before one whose module must be imported
    (`always` tells). A dialect without a table, such as that of a host, gives nothing. Costs a search through
    the table: to sort out thousands of names, ask `names` first.
    """
    return next(_rows(dialect, name), None)


def candidates(dialect: str, name: bytes) -> tuple[Builtin, ...]:
    """All that a name can mean in a dialect, as modules are imported or not; in the order of `lookup`."""
    return tuple(_rows(dialect, name))


def names(dialect: str, modules: Iterable[str] = ()) -> frozenset[bytes]:
    """The names that are always there, and those of the modules given."""
    wanted = frozenset(modules)
    return frozenset(row.name.encode() for row in builtins_of(dialect) if row.always or row.module in wanted)


def builtins_of(dialect: str) -> tuple[Builtin, ...]:
    """Every row of a dialect. Reads all of its tables; `lookup` is for single names."""
    return tuple(_row(dialect, line) for table in _tables(dialect) for line in table[1:-1].splitlines())


def modules_of(dialect: str) -> tuple[str, ...]:
    """The modules that an import finds without any file of the workspace, sorted."""
    return _MODULES.get(dialect, ())


@lru_cache(maxsize=4096)
def arrow(type_text: str) -> tuple[str, ...] | None:
    """The types between the parentheses of `(-> A B C)`, the result last; None for any other type."""
    if not type_text.startswith("(->") or type_text[3:4] not in (" ", ")"):
        return None
    parts: list[str] = []
    depth = start = 0
    for at, character in enumerate(type_text):
        if depth == 1 and character in " )":
            parts.append(type_text[start:at])
        depth += (character == "(") - (character == ")")
        if depth == 1 and character in " (":
            start = at + 1
    return tuple(filter(None, parts[1:]))


def _rows(dialect: str, name: bytes) -> Iterator[Builtin]:
    # A table is searched as bytes: parsing it would cost more than all the rest of a query.
    if b"\t" in name:
        return
    start = b"\n" + name + b"\t"
    for table in _tables(dialect):
        at = table.find(start)
        while at >= 0:
            end = table.index(b"\n", at + 1)
            yield _row(dialect, table[at + 1 : end])
            at = end if table.startswith(start, end) else -1


def _row(dialect: str, line: bytes) -> Builtin:
    name, module, when, kind, arity, types, doc = line.decode().split("\t")
    arities = tuple(map(int, arity.rstrip("+").split(","))) if arity else ()
    overloads = tuple(types.split(" | ")) if types else ()
    return Builtin(name, dialect, module, when == "always", kind, arities, arity.endswith("+"), overloads, doc)


@cache
def _tables(dialect: str) -> tuple[bytes, ...]:
    # Without its head line, but with the line feed before the first row.
    folder = Path(__file__).parent
    tables = (folder.joinpath(f"{table}.tsv").read_bytes() for table in _TABLES.get(dialect, ()))
    return tuple(table[table.index(b"\n") :] for table in tables)
