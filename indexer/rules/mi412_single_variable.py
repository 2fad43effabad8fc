"""MI412: a variable that stands once in its atom, where it is evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Role, TopKind, Use, name_text


def _find(code: Code) -> Iterator[Match]:
    for top in code.tops:
        if top.kind != TopKind.RULE or not top.node.is_sound:
            continue
        words = [word for word in code.words_in(top.node) if word.name.startswith(b"$")]
        counts = Counter(word.name for word in words)
        for word in words:
            is_meant = word.name.startswith(b"$_") or len(word.name) == 1
            if counts[word.name] == 1 and word.role == Role.REFERENCE and word.use == Use.EVALUATED and not is_meant:
                name = name_text(word.name)
                yield Match(word.start, word.end, f"`{name}` is bound nowhere in this rule")


RULE = Rule(
    "MI412",
    "single-variable",
    "off",
    "A variable stands once in a rule, and nothing binds it.",
    "It stands for anything. Off, as programs of logic do this on purpose; a name that starts with `$_` says so.",
    "(= (area $width) (* $width $height))\n",
    "(= (area $width) (* $width $_height))\n",
    HYPERON | PETTA,
    find=_find,
)
