"""MI111: a comment that is glued to a variable."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.rules.code import Code, Node
from metta_index.indexer.rules.rule import HYPERON, Match, Rule


def _find(code: Code) -> Iterator[Match]:
    if b";" not in code.source.source:
        return
    for part in code.parts:
        if not any(name.startswith(b"$") and b";" in name for name in part.table.names):
            continue
        for row, kind in enumerate(part.kinds):
            if kind == grammar.VARIABLE and b";" in (node := Node(part, row)).text:
                at = node.start + node.text.index(b";")
                fix = code.fix("put a space before the comment", code.edit(at, at, " "))
                message = f"`{node.shown}` is one variable: a comment must not touch the variable before it"
                yield Match(node.start, node.end, message, fix)


RULE = Rule(
    "MI111",
    "semicolon-in-variable",
    "warning",
    "A comment touches a variable, and so becomes a part of its name.",
    "In Hyperon only white space and parentheses end a variable: `$x;note` is a variable of that name, different from "
    "`$x`. Other implementations read a comment there.",
    "(= (f $x) (g $x;twice\n   $x))\n",
    "(= (f $x) (g $x ;twice\n   $x))\n",
    HYPERON,
    find=_find,
)
