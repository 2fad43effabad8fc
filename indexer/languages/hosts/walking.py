"""Finding nodes of a host's tree by kind."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tree_sitter import Node


def nodes_of(root: Node, kinds: Collection[str]) -> Mapping[str, list[Node]]:
    """The nodes of each kind, in pre-order.

    As fast as a tree-sitter query, and linear where a query is not: below one ERROR node
    of 10^5 parentheses.
    """
    found: dict[str, list[Node]] = {kind: [] for kind in kinds}
    cursor = root.walk()
    while True:
        node = cursor.node
        if node is not None and node.type in found:
            found[node.type].append(node)
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found
