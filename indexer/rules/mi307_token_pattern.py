"""MI307: the name in a `bind!` that is another regular expression than it looks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.rule import HYPERON, Match, Rule

#: A dot means any character, so it means the dot, too: harmless, where nothing else is like it.
_SPECIAL = re.compile(r"[\\^$*+?()\[\]{}|]")


def _find(code: Code) -> Iterator[Match]:
    for call in code.calls_of(b"bind!"):
        arguments = call.arguments
        if len(arguments) != 2 or not arguments[0].is_symbol:
            continue
        name = arguments[0].text.decode("utf-8", "backslashreplace")
        if not _SPECIAL.search(name) or _matches(name):
            continue
        message = f"`{name}` is read as a regular expression, which does not match itself: the word stays unbound"
        yield Match(arguments[0].start, arguments[0].end, message)


def _matches(name: str) -> bool:
    try:
        return re.fullmatch(name, name) is not None
    except re.error:
        return False


RULE = Rule(
    "MI307",
    "token-pattern",
    "warning",
    "The name in a `bind!` is a regular expression that does not match the name itself.",
    "Hyperon takes the name as a regular expression for words: `(bind! ready? True)` binds `read` and `ready`, but not "
    "`ready?`; one that is malformed gives an error. Choose a name without `?`, `*`, `+` or brackets.",
    "!(bind! ready? True)\n",
    "!(bind! &kb (new-space))\n!(bind! a.b 1)\n",
    HYPERON,
    find=_find,
)
