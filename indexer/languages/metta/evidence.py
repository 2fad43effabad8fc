"""By which word a text shows its dialect: for people, who ask of one file at a time."""

from __future__ import annotations

from metta_index.indexer.languages.metta import _binding, dialects
from metta_index.indexer.languages.metta.cutting import pieces
from metta_index.indexer.languages.metta.forms import WORDS
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.syntax import column


def shown_dialect(source: bytes) -> tuple[str, bytes, int] | None:
    """The dialect that a text shows, the word that shows it and where that starts; None where none does.

    A large text is looked at in the pieces that it is indexed in: the strongest evidence in any of them wins.
    """
    found: list[tuple[int, str, bytes, int]] = []
    start = 0
    for piece in pieces([source]):
        tree = parse(piece)
        names, numbers, _, _ = _binding.intern(piece, tree.kinds, tree.starts, tree.ends, WORDS, len(dialects.TELLING))
        dialect, row = dialects.evidence(piece, tree, names, numbers)
        if row is not None:
            first, last = column(tree.starts)[row], column(tree.ends)[row]
            found.append((dialects.DIALECTS.index(dialect), dialect, piece[first:last], start + first))
        start += len(piece)
    return min(found, key=lambda one: one[0])[1:] if found else None
