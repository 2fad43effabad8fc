"""MI201: an import, or another command, at top level without its `!`."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import ALL, Match, Rule
from metta_index.indexer.text.symbols import TopKind

#: What does nothing but run: as a fact it has no use. With how many arguments each makes sense.
_COMMANDS = {
    b"import!": (2,),
    b"include": (1,),
    b"bind!": (2,),
    b"register-module!": (1,),
    b"git-module!": (1,),
    b"pragma!": (2,),
}


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind != TopKind.OTHER or not top.node.is_list:
            continue
        head = top.node.head
        if head in _COMMANDS and top.node.is_sound and len(top.node.children) - 1 in _COMMANDS[head]:
            start = top.node.start
            fix = code.fix("put `!` before it", code.edit(start, start, "!"))
            message = f"without a `!` before it `({head.decode()} …)` is only added to the space, and does nothing"
            yield Match(start, top.node.end, message, fix)


RULE = Rule(
    "MI201",
    "missing-bang",
    "warning",
    "An import, a binding or another command at top level has no `!` before it.",
    "Only `!` evaluates an atom at top level. Without it the expression is added to the space as a fact: nothing is "
    "imported or bound, and no error says so; calls of what was to be imported stay as they are written.",
    "(import! &self lib)\n",
    "!(import! &self random)\n",
    ALL - {"mettatron"},
    find=_find,
)
