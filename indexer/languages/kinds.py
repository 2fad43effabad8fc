"""How the kinds of a tree-sitter grammar become the codes that a tree's column holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tree_sitter import Language

#: The code of nodes that are left out; their children take their place.
SKIPPED = 255


def kind_codes(language: Language, kinds: Sequence[str], childless: Collection[str]) -> tuple[bytes, bytes]:
    """By tree-sitter's number of a kind: our code (its place in `kinds`, or SKIPPED), and 1 where it has no children.

    `childless`: the kinds that never have children, so that nobody asks their nodes for them.
    """
    codes, leaves = bytearray(), bytearray()
    for number in range(language.node_kind_count):
        name = language.node_kind_for_id(number) or ""
        named = language.node_kind_is_named(number)
        codes.append(kinds.index(name) if named and name in kinds else SKIPPED)
        leaves.append(name in childless)
    return bytes(codes), bytes(leaves)
