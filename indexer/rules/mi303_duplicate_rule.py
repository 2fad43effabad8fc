"""MI303: the same rule twice in one file, but for the names of variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.rules.code import Code, Node
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import TopKind

_COMMENT = bytes([grammar.COMMENT])


def _find(code: Code) -> Iterator[Match]:
    first: dict[tuple[object, ...], Node] = {}
    nodes = [top.node for top in code.tops if top.kind == TopKind.RULE and top.name is not None and top.node.is_sound]
    # Few rules have another of the same kinds of nodes: no others are looked at closely.
    kinds = [node.part.kinds[node.row : node.part.tails[node.row]].replace(_COMMENT, b"") for node in nodes]
    counts = Counter(kinds)
    for node, kind in zip(nodes, kinds, strict=True):
        if counts[kind] == 1:
            continue
        known = first.setdefault(_shape(node), node)
        if known is not node:
            before = code.source.related(known.start, known.end, "the same rule")
            fix = code.fix("delete the second one", code.edit(node.start, _end_of_line(code, node.end), ""))
            message = "this rule is here already; each copy gives every result once more"
            yield Match(node.start, node.end, message, fix, (before,))


def _shape(node: Node) -> tuple[object, ...]:
    """What a rule is, apart from white space, comments and the names of its variables."""
    # By rows, as there are many: a value for each would cost more than all else.
    part, tails = node.part, node.part.tails
    variables: dict[bytes, int] = {}
    shape: list[object] = []
    open_tails: list[int] = []
    for row in range(node.row, tails[node.row]):
        kind = part.kinds[row]
        if kind == grammar.COMMENT:
            continue
        while open_tails and open_tails[-1] <= row:
            open_tails.pop()
            shape.append(None)
        if kind == grammar.EXPRESSION:
            shape.append("(")
            open_tails.append(tails[row])
            continue
        text = part.text(row)
        is_variable = kind == grammar.VARIABLE and text != b"$_"
        shape.append(variables.setdefault(text, len(variables)) if is_variable else text)
    return tuple(shape)


def _end_of_line(code: Code, end: int) -> int:
    """Where to end the deletion of a form: after the line break, if nothing else is in the line."""
    source = code.source.source
    stop = source.find(b"\n", end)
    return stop + 1 if stop >= 0 and not source[end:stop].strip() else end


RULE = Rule(
    "MI303",
    "duplicate-rule",
    "warning",
    "A file has the same rule twice.",
    "Rules add up: a call gives the result of every rule that matches, so a rule that is there twice gives each result "
    "twice, `[1, 1]`, and a call of such a call four times. Names of variables make no difference.",
    "(= (double $x) (* $x 2))\n(= (double $y) (* $y 2))\n",
    "(= (double $x) (* $x 2))\n(= (double $x $y) (* $x $y))\n(= (twice $x $y) $x)\n(= (twice $x $x) $x)\n",
    HYPERON | PETTA,
    find=_find,
)
