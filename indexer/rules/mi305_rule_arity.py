"""MI305: a rule with other than as many arguments as its declared type."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.metta.builtins import arrow
from metta_index.indexer.rules.code import Code, Place
from metta_index.indexer.rules.rule import HYPERON, PETTA, Match, Rule
from metta_index.indexer.text.symbols import Flag, Kind, Role, name_text

#: What is defined while a program runs, and what takes its arguments one by one.
_UNSEEN = int(Flag.DYNAMIC | Flag.CURRIED)


def _find(code: Code) -> Iterator[Match]:
    declared: dict[bytes, list[Place]] = {}
    rules = []
    for place in code.definitions:
        one = place.definition
        if one.flags & _UNSEEN:
            continue
        if one.role == Role.DECLARATION:
            declared.setdefault(place.name, []).append(place)
        elif one.kind == Kind.FUNCTION:
            rules.append(place)
    for rule in rules:
        types = declared.get(rule.name, [])
        # A type that is no arrow makes any rule right, and one that gives an arrow may be curried.
        arrows = [arrow(place.definition.type) for place in types]
        if not types or any(parts is None or not parts or parts[-1].startswith("(->") for parts in arrows):
            continue
        arities = sorted({place.definition.arity for place in types})
        if rule.definition.arity not in arities and code.node_at(rule.start).is_sound:
            takes = " or ".join(map(str, arities))
            message = (
                f"`{name_text(rule.name)}` is declared with {takes} arguments, this rule has {rule.definition.arity}"
            )
            said = code.source.related(types[0].start, types[0].end, "declared here")
            yield Match(rule.name_start, rule.name_end, message, None, (said,))


RULE = Rule(
    "MI305",
    "rule-arity",
    "warning",
    "A rule has more or fewer arguments than the declared type of its function.",
    "In Hyperon a call is checked against the type before rules are tried: one that fits the type finds no rule and "
    "stays as it is, one that fits the rule gives `IncorrectNumberOfArguments`. Either the type or the rule is wrong.",
    "(: add (-> Number Number Number))\n(= (add $x) (+ $x 1))\n",
    "(: add (-> Number Number Number))\n(= (add $x $y) (+ $x $y))\n",
    HYPERON | PETTA,
    find=_find,
)
