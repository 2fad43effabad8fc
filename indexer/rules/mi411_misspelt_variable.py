"""MI411: a variable that is used once, and is nearly another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from metta_index.indexer.rules.code import Code, Node, Word
from metta_index.indexer.rules.near import is_near
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, TopKind, Use, name_text

#: A reference in evaluated position, as tables have it.
_EVALUATED = bytes([Role.REFERENCE | Use.EVALUATED << 4])


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind not in (TopKind.RULE, TopKind.EVALUATION) or not top.node.is_sound:
            continue
        if not _may_have(code, top.node):
            continue
        words = [word for word in code.words_in(top.node) if word.name.startswith(b"$")]
        counts = Counter(word.name for word in words)
        bound = {word.name for word in words if word.role == Role.BINDING}
        for word in words:
            if counts[word.name] == 1 and word.role == Role.REFERENCE and word.use == Use.EVALUATED:
                near = sorted(name for name in bound if is_near(word.name, name))
                if near:
                    yield _match(code, word, near)


def _may_have(code: Code, node: Node) -> bool:
    """Whether a name that occurs once in a node is that of an evaluated variable. Most have none."""
    part, first, last = node.part, *code.occurrences_in(node)
    roles = part.table.occurrence_roles
    if roles.find(_EVALUATED, first, last) < 0:
        return False
    numbers, known = part.occurrences[0][first:last], part.table.names
    once = {number for number, count in Counter(numbers).items() if count == 1 and known[number][:1] == b"$"}
    return bool(once) and any(
        role == _EVALUATED[0] and number in once for number, role in zip(numbers, roles[first:last], strict=True)
    )


def _match(code: Code, word: Word, near: list[bytes]) -> Match:
    end = word.end
    message = f"`{name_text(word.name)}` is bound nowhere; did you mean `{name_text(near[0])}`?"
    fix = None
    if len(near) == 1:
        fix = code.fix(f"write `{name_text(near[0])}`", code.edit(word.start, end, name_text(near[0])))
    return Match(word.start, end, message, fix)


RULE = Rule(
    "MI411",
    "misspelt-variable",
    "warning",
    "A variable that nothing binds is nearly one that is bound.",
    "A variable that is bound nowhere stands for anything: arithmetic with it gives an error or stays unreduced, and "
    "a pattern with it matches too much. No error says that it is misspelt.",
    "(= (area $width $height) (* $width $heigth))\n",
    "(= (area $width $height) (* $width $height))\n(= (all $item1 $item2) (pair $item3 $items))\n",
    HYPERON | PETTA,
    find=_find,
)
