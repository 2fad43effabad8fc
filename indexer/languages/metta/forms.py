"""The one table of what defines and what binds in MeTTa; adding a form is adding a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from metta_index.indexer.languages.metta.dialects import TELLING


class Position(IntEnum):
    """What an argument of a form is there for. The order is that of walk.c."""

    EVALUATED = 0
    PATTERN = 1  # matched; its variables are bound
    DATA = 2
    TYPE = 3
    HEAD = 4  # of a rule: the name it defines and patterns of its arguments
    PAIRS = 5  # a list of (pattern, evaluated): let*, branches of case
    ITEMS = 6  # a list of evaluated atoms that is no call: superpose
    BINDER = 7  # a variable, or a list of variables, that is bound
    SUBJECT = 8  # the name that is declared
    DOCUMENTED = 9
    MODULE = 10
    TOKEN = 11  # the name that bind! defines
    SPACE = 12  # where to import: &self, or a name that becomes a space
    TOP = 13  # as if it stood at top level: add-atom


class Place(IntFlag):
    """Where a form acts: as an atom added at top level, or when it is evaluated."""

    TOP = 1
    EVALUATED = 2


class Event(IntEnum):
    """Forms that extract.py wants to see whole."""

    NONE = 0
    RULE = 1
    DECLARATION = 2
    SUBTYPE = 3
    DOCUMENTATION = 4
    BIND = 5
    IMPORT = 6
    INCLUDE = 7
    REGISTER = 8
    INERT_IMPORT = 9
    LAMBDA = 10


ANY_ARITY = 255
_TOP = Place.TOP
_RUN = Place.EVALUATED
_ALL = frozenset({"hyperon", "petta", "mm2", "mettatron"})
_HYPERON = frozenset({"hyperon", "mm2", "mettatron"})
_MODULES = frozenset({"hyperon", "petta", "mm2"})  # MeTTaTron has neither modules nor bind!
_PETTA = frozenset({"petta"})
_MM2 = frozenset({"mm2"})

E, P, D, T = Position.EVALUATED, Position.PATTERN, Position.DATA, Position.TYPE
B = Position.BINDER


@dataclass(frozen=True, slots=True)
class Form:
    """One form: its head, where it acts, how many arguments it has (ANY_ARITY: any), what they are.

    The last position holds for all further arguments.
    """

    head: str
    place: Place
    arity: int
    arguments: tuple[Position, ...]
    event: Event = Event.NONE
    dialects: frozenset[str] = _ALL


FORMS: tuple[Form, ...] = (
    # what an atom defines by being added
    Form("=", _TOP, ANY_ARITY, (Position.HEAD, E), Event.RULE),
    Form(":", _TOP, ANY_ARITY, (Position.SUBJECT, T), Event.DECLARATION),
    Form(":<", _TOP, ANY_ARITY, (Position.SUBJECT, T), Event.SUBTYPE),
    Form("@doc", _TOP, ANY_ARITY, (Position.DOCUMENTED, D), Event.DOCUMENTATION),
    Form("exec", _TOP, 3, (D, P, D), dialects=_MM2),
    # what is defined by running
    Form("bind!", _RUN, 2, (Position.TOKEN, E), Event.BIND, _MODULES),
    Form("import!", _RUN, ANY_ARITY, (Position.SPACE, Position.MODULE, D), Event.IMPORT, _MODULES),
    Form("static-import!", _RUN, ANY_ARITY, (Position.SPACE, Position.MODULE, D), Event.IMPORT, _PETTA),
    Form("include", _RUN, ANY_ARITY, (Position.MODULE, D), Event.INCLUDE, _MODULES),
    Form("include", _RUN, 2, (Position.SPACE, Position.MODULE), Event.IMPORT, _MODULES),  # into a space: CeTTa
    Form("mod-space!", _RUN, ANY_ARITY, (Position.MODULE, D), Event.INCLUDE, _MODULES),
    Form("register-module!", _RUN, ANY_ARITY, (D,), Event.REGISTER, _MODULES),
    Form("git-module!", _RUN, ANY_ARITY, (D,), Event.REGISTER, _MODULES),
    Form("git-import!", _RUN, ANY_ARITY, (D,), Event.REGISTER, _PETTA),
    # the same without `!`: an atom that does nothing
    Form("import!", _TOP, ANY_ARITY, (D,), Event.INERT_IMPORT, _MODULES),
    Form("include", _TOP, ANY_ARITY, (D,), Event.INERT_IMPORT, _MODULES),
    Form("register-module!", _TOP, ANY_ARITY, (D,), Event.INERT_IMPORT, _MODULES),
    Form("bind!", _TOP, ANY_ARITY, (D,), dialects=_MODULES),
    # what adds atoms while it runs
    Form("add-atom", _RUN, ANY_ARITY, (E, Position.TOP, D)),
    Form("add-reduct", _RUN, ANY_ARITY, (E, Position.TOP, D)),
    # what binds variables
    Form("let", _RUN, 3, (P, E, E)),
    Form("let*", _RUN, 2, (Position.PAIRS, E)),
    Form("chain", _RUN, 3, (E, B, E), dialects=_HYPERON),
    Form("chain", _RUN, 3, (P, E, E), dialects=_PETTA),
    Form("match", _RUN, 3, (E, P, E)),
    Form("unify", _RUN, 4, (P, P, E, E)),
    Form("case", _RUN, 2, (E, Position.PAIRS)),
    Form("switch", _RUN, 2, (E, Position.PAIRS)),
    Form("switch-minimal", _RUN, 2, (E, Position.PAIRS)),
    Form("map-atom", _RUN, 3, (E, B, E)),
    Form("filter-atom", _RUN, 3, (E, B, E)),
    Form("foldl-atom", _RUN, 5, (E, E, B, B, E)),
    Form("_minimal-foldl-atom", _RUN, ANY_ARITY, (E, E, B, B, E)),
    Form("if-decons-expr", _RUN, 5, (E, B, B, E, E)),
    Form("atom-subst", _RUN, 3, (E, B, E)),
    Form("sealed", _RUN, 2, (B, E)),
    Form("|->", _RUN, 2, (B, E), Event.LAMBDA, _PETTA),
    # what does not evaluate its arguments
    Form("superpose", _RUN, 1, (Position.ITEMS,)),
    Form("hyperpose", _RUN, 1, (Position.ITEMS,)),
    Form("quote", _RUN, ANY_ARITY, (D,)),
    Form("noeval", _RUN, ANY_ARITY, (D,)),
    Form("=alpha", _RUN, ANY_ARITY, (D,)),
    Form("get-type", _RUN, ANY_ARITY, (D,)),
    Form("get-doc", _RUN, ANY_ARITY, (D,)),
    Form("help!", _RUN, ANY_ARITY, (D,)),
    Form("pragma!", _RUN, ANY_ARITY, (D,)),
    Form("remove-atom", _RUN, ANY_ARITY, (E, P)),
    Form("assertEqualToResult", _RUN, ANY_ARITY, (E, D)),
    Form("assertEqualToResultMsg", _RUN, ANY_ARITY, (E, D, E)),
    Form("assertAlphaEqualToResult", _RUN, ANY_ARITY, (E, D)),
    Form("assertAlphaEqualToResultMsg", _RUN, ANY_ARITY, (E, D, E)),
)

#: Words that are values, no names.
LITERALS = frozenset({b"True", b"False"})

#: The space of the module itself.
THIS_SPACE = b"&self"


@dataclass(frozen=True, slots=True)
class FormTable:
    """The forms of one dialect as walk.c reads them.

    `data`: the forms; each is a count and its variants; a variant is place, arity,
    event, number of positions, positions. `offsets`: by the number that WORDS has
    for a word, where its form is in `data`, 0 where it heads none; uint16.
    """

    data: bytes
    offsets: bytes


#: Every word that means something to the extractor, and its number. Words that tell a dialect come first.
WORDS: dict[bytes, int] = {
    word: number
    for number, word in enumerate(
        dict.fromkeys([*sorted(TELLING), *sorted(LITERALS), THIS_SPACE, *(form.head.encode() for form in FORMS)]), 1
    )
}

# What stands in `offsets` for a word that heads no form; see walk.c.
_LITERAL, _SELF = 65535, 65534


def compile_forms(forms: Iterable[Form]) -> FormTable:
    variants: dict[str, list[bytes]] = {}
    for form in forms:
        encoded = bytes([form.place, form.arity, form.event, len(form.arguments), *form.arguments])
        variants.setdefault(form.head, []).append(encoded)
    data = bytearray(1)  # offset 0 means: no form
    offsets = array("H", bytes(2 * (len(WORDS) + 1)))
    for literal in LITERALS:
        offsets[WORDS[literal]] = _LITERAL
    offsets[WORDS[THIS_SPACE]] = _SELF
    for head, encodings in variants.items():
        # the variant for one arity goes before the one for any
        encodings.sort(key=lambda encoded: encoded[1])
        offsets[WORDS[head.encode()]] = len(data)
        data.append(len(encodings))
        for encoded in encodings:
            data += encoded
    return FormTable(bytes(data), offsets.tobytes())


TABLES: dict[str, FormTable] = {
    dialect: compile_forms(form for form in FORMS if dialect in form.dialects) for dialect in sorted(_ALL)
}
