"""What rules about calls share: what a name takes, and which calls are surely calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from metta_index.indexer.languages.metta.builtins import UNEVALUATED, Builtin, arrow, names
from metta_index.indexer.rules.code import Call, Code, Node
from metta_index.indexer.rules.linked import Linked, builtins_of
from metta_index.indexer.rules.rule import Match
from metta_index.indexer.text.offers import Offer
from metta_index.indexer.text.symbols import Flag, Role, name_text


def wrong_number(call: Call, linked: Linked, others: Callable[[bytes], Iterable[Offer]]) -> str:
    """What is wrong with the number of arguments of a call of a builtin; "" where nothing is.

    Nothing is said of names that have a meaning of their own in one of the `others`:
    `linked.visible` where hardly anybody gives one, `linked.anywhere` where many do.
    """
    rows = linked.builtins(call.name)
    if not rows:
        return ""
    count = call.given
    if any(row.accepts(count) or not row.arities for row in rows) or call.name in linked.known:
        return ""
    if any(offer.role in (Role.DEFINITION, Role.DECLARATION) for offer in others(call.name)):
        return ""
    return f"`{name_text(call.name)}` takes {takes(rows)}, and is given {count}"


def takes(rows: Iterable[Builtin]) -> str:
    """`2 arguments`, `1 or 2 arguments`, `at least 1 argument`."""
    numbers = sorted({number for row in rows for number in row.arities})
    more = any(row.more for row in rows)
    text = " or ".join(map(str, numbers))
    return f"{'at least ' if more else ''}{text} argument{'' if text == '1' else 's'}"


def speaks_hyperon(code: Code, linked: Linked) -> bool:
    """Whether a document is surely Hyperon's: its dialect is configured, or it calls what PeTTa does not have."""
    if linked.is_dialect_set:
        return True
    return not _names_of_one("hyperon", "petta").isdisjoint(code.called)


def speaks_petta(code: Code, linked: Linked) -> bool:
    """Whether a document whose dialect is a guess calls what only PeTTa has, and nothing that it has not."""
    if linked.is_dialect_set or speaks_hyperon(code, linked):
        return False
    return not _names_of_one("petta", "hyperon").isdisjoint(code.called)


@cache
def _names_of_one(dialect: str, other: str) -> frozenset[bytes]:
    """The names that one dialect has and another has not."""
    return names(dialect) - names(other)


def in_petta(call: Call) -> bool:
    """Whether PeTTa takes the call as it is."""
    return any(row.accepts(call.given) for row in builtins_of("petta", call.name))


def is_plain_call(call: Call, linked: Linked) -> bool:
    """Whether a call is evaluated for sure, and meant to be right.

    No form around it takes it as data, nothing stands for what is left out, and no test expects an error of it.
    """
    if any(one.text == b"..." for one in call.arguments):
        return False
    inner = call.node
    for outer in call.node.around():
        if outer.is_list and (_takes_as_data(outer, inner, linked) or _expects_error(outer)):
            return False
        inner = outer
    return True


def _takes_as_data(outer: Node, inner: Node, linked: Linked) -> bool:
    """Whether the function that a list calls gets one of its elements unevaluated, so that it may mean anything."""
    elements = outer.children
    head = outer.head
    if head is None or elements[0] == inner:
        return False
    at = elements.index(inner) - 1
    if head in _DATA_HEADS:
        return True
    for offer in linked.visible(head):
        if offer.role == Role.DECLARATION and _is_unevaluated(arrow(offer.type), at):
            return True
        if offer.flags & Flag.REGISTERED:
            return True  # a function of a host language may take atoms
    return any(
        _is_unevaluated(arrow(type_text), at) and row.kind == "function"
        for row in linked.builtins(head)
        for type_text in row.types
        if head not in _EVALUATING
    )


def _expects_error(outer: Node) -> bool:
    return (outer.head or b"").startswith(b"assert") and b"(Error" in outer.text


def _is_unevaluated(parts: Sequence[str] | None, at: int) -> bool:
    return parts is not None and at < len(parts) - 1 and parts[at] in UNEVALUATED


#: Functions that take an atom as it is written, and evaluate it themselves.
_EVALUATING = frozenset(
    {
        b"if",
        b"let",
        b"let*",
        b"case",
        b"switch",
        b"match",
        b"unify",
        b"chain",
        b"eval",
        b"collapse",
        b"superpose",
        b"capture",
        b"map-atom",
        b"filter-atom",
        b"foldl-atom",
        b"assertEqual",
        b"assertAlphaEqual",
        b"assertEqualToResult",
        b"assertEqualMsg",
        b"add-reduct",
        b"nop",
        b"sequential",
        b"if-equal",
        b"if-error",
        b"for-each-in-atom",
        b"println!",
        b"trace!",
    }
)


#: Lists with these heads are data, whatever is in them: errors, and programs of MM2.
_DATA_HEADS = frozenset({b"Error", b"exec", b"O", b",", b"I"})


def arities(offers: Iterable[Offer], role: Role) -> set[int]:
    return {offer.arity for offer in offers if offer.role == role and offer.arity is not None}


#: What is not called with as many arguments as its rules show.
_UNCOUNTED = Flag.CURRIED | Flag.REGISTERED


class Declared(NamedTuple):
    """How many arguments a name is declared, defined and stated with, in what a document loads."""

    arities: frozenset[int]
    rules: frozenset[int]
    facts: frozenset[int]


def declared_arities(name: bytes, linked: Linked) -> Declared | None:
    """What `Declared` says of a name, worked out once for a document."""
    known = linked.memory
    if name not in known:
        known[name] = _declared_arities(name, linked)
    found = known[name]
    return found if isinstance(found, Declared) else None


def declared_calls(code: Code, linked: Linked) -> Iterator[tuple[Call, Declared]]:
    """The calls of names whose declarations say how they are called, with what these say."""
    declared = {name: found for name in code.called if (found := declared_arities(name, linked)) is not None}
    for call in code.calls_of(*declared):
        yield call, declared[call.name]


def miscounted(code: Code, linked: Linked, is_wrong: Callable[[Declared, int], bool]) -> Iterator[Match]:
    """Calls whose number of arguments is not a declared one, and `is_wrong` beside rules and facts of the name."""
    for call, declared in declared_calls(code, linked):
        count = call.given
        if count in declared.arities or not is_wrong(declared, count):
            continue
        if is_plain_call(call, linked):
            wanted = " or ".join(map(str, sorted(declared.arities)))
            message = f"`{name_text(call.name)}` is declared with {wanted} arguments, and is given {count}"
            said = next(one for one in linked.visible(call.name) if one.role == Role.DECLARATION)
            yield Match(call.node.start, call.node.end, message, None, (linked.place(said, "declared here"),))


def _declared_arities(name: bytes, linked: Linked) -> Declared | None:
    """None where the declarations do not say how a name is called: there is none, or not all are plain arrows.

    A function that gives a function may be called with the arguments of both, and one that
    the language has, too, has more types than are seen.
    """
    if name in linked.known:
        return None
    offers = linked.visible(name)
    types = [offer for offer in offers if offer.role == Role.DECLARATION]
    if not types or linked.builtins(name):
        return None
    for offer in types:
        parts = arrow(offer.type)
        if not parts or parts[-1].startswith("(->") or (offer.flags and offer.flags & Flag.SUBTYPE):
            return None
    rules = [offer for offer in offers if offer.role == Role.DEFINITION]
    if any(offer.arity is None or (offer.flags and offer.flags & _UNCOUNTED) for offer in rules):
        return None
    return Declared(
        frozenset(arities(types, Role.DECLARATION)),
        frozenset(arities(rules, Role.DEFINITION)),
        frozenset(arities(offers, Role.FACT)),
    )
