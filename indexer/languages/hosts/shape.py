"""Whether a text that nothing marks as MeTTa is MeTTa."""

from __future__ import annotations

from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.symbols import TopKind

_FORMS = frozenset({TopKind.RULE, TopKind.DECLARATION, TopKind.DOCUMENTATION, TopKind.EVALUATION})

#: What a text has that has one of the forms: cheaper than parsing to find out.
_OPENINGS = (b"(=", b"(:", b"(@doc", b"!")


def is_metta(text: bytes) -> bool:
    """Whether a text parses without a problem, has no word outside of lists, and holds a form of MeTTa.

    Forms are a rule, a declaration, a documentation and an evaluated list.
    """
    if not any(opening in text for opening in _OPENINGS) or b"(" not in text:
        return False
    tree = parse(text)
    if tree.problems:
        return False
    kinds = set(extract(text, tree).top_kinds)
    return TopKind.OTHER not in kinds and not kinds.isdisjoint(_FORMS)


def parses(text: bytes) -> bool:
    """Whether a text parses without a problem and holds a list."""
    return b"(" in text and not parse(text).problems


def is_list_text(text: bytes) -> bool:
    """Whether a text parses without a problem and opens with a list, an evaluated list or a comment."""
    return text.lstrip().startswith((b"(", b"!(", b";")) and parses(text)
