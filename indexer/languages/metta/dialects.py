"""The dialects of MeTTa: how a text shows which one it is in, and what each forbids."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.text.syntax import SyntaxTree

#: From the strongest evidence to none: where pieces of one text disagree, the first wins.
DIALECTS = ("petta", "mm2", "mettatron", "hyperon")

#: Words that only PeTTa gives a meaning. Counted over public repositories they
#: tell it from Hyperon almost without error.
_PETTA_WORDS = frozenset(
    {
        b"progn",
        b"|->",
        b"py-call",
        b"foldall",
        b"forall",
        b"git-import!",
        b"translatePredicate",
        b"callPredicate",
    }
)
_IMPORTS = frozenset({b"import!", b"include", b"static-import!", b"import"})

#: A text without any of these words shows no dialect.
TELLING = _PETTA_WORDS | _IMPORTS | {b"exec"}

#: The dialect of a text that shows none.
DEFAULT = "hyperon"

#: Problems that are none in a dialect whose reader accepts the token.
_ALLOWED = {
    "hyperon": frozenset({"byte-order-mark"}),
    "petta": frozenset({"invalid-escape", "hash-in-variable", "integer-too-large"}),
    "mm2": frozenset({"byte-order-mark", "integer-too-large"}),
    "mettatron": frozenset({"byte-order-mark"}),
}


def is_error(dialect: str, code: str) -> bool:
    """Whether a problem of this code keeps a program of this dialect from being read."""
    return code not in _ALLOWED[dialect]


def detect(source: bytes, tree: SyntaxTree, names: Sequence[bytes], numbers: bytes) -> str:
    """The dialect that a text shows by its words and imports; DEFAULT where it shows none.

    `names`, `numbers`: what `_binding.intern` gave for the tree.
    """
    return evidence(source, tree, names, numbers)[0]


def evidence(source: bytes, tree: SyntaxTree, names: Sequence[bytes], numbers: bytes) -> tuple[str, int | None]:
    """What `detect` gives, and the row of the word that shows it; None where none does."""
    starts, ends = memoryview(tree.starts).cast("I"), memoryview(tree.ends).cast("I")
    tails, rows = memoryview(tree.tails).cast("I"), memoryview(numbers).cast("I")
    found, shown_by = DEFAULT, None
    for name in sorted(TELLING.intersection(names)):
        number = names.index(name) + 1
        for row in _rows_at(source, b"(" + name, starts):
            if rows[row] != number:
                continue
            if name in _PETTA_WORDS:
                return "petta", row
            after = [source[starts[argument] : ends[argument]] for argument in _siblings(row, tails, tree.kinds, 3)]
            if name in _IMPORTS and any(map(_is_path, after[:2])):
                return "petta", row
            if name == b"exec" and len(after) == 3 and after[1].startswith(b"(,"):
                found, shown_by = "mm2", row
                break
    return found, shown_by


def _rows_at(source: bytes, written: bytes, starts: Sequence[int]) -> Iterator[int]:
    """The rows of what begins after the first byte of `written`, wherever that is."""
    at = source.find(written)
    while at >= 0:
        row = bisect_left(starts, at + 1)
        if row < len(starts) and starts[row] == at + 1:
            yield row
        at = source.find(written, at + 1)


def _is_path(argument: bytes) -> bool:
    target = argument.strip(b'"')
    if target.startswith((b"(library ", b"./", b"../")):
        return True
    # A chain of modules that are called like folders, `a:b/c:d`, is no path; `https://…` is one.
    first, slash, _rest = target.partition(b"/")
    has_slash = bool(slash) and b":" not in first[:-1]
    return not target.startswith(b"(") and (has_slash or target.endswith((b".metta", b".py")))


def _siblings(row: int, tails: Sequence[int], kinds: bytes, most: int) -> list[int]:
    """Up to `most` rows after a leaf that may be its siblings; a list ends where its tail does."""
    rows: list[int] = []
    at = tails[row]
    while at < len(kinds) and len(rows) < most:
        if kinds[at] != grammar.COMMENT:
            rows.append(at)
        at = tails[at]
    return rows
