"""What each definition of a document mentions, and what is mentioned outside of definitions."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import count

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.text.enclosing import Enclosing
from metta_index.indexer.text.occurrences import Piece, numbers
from metta_index.indexer.text.symbols import Definition, Flag, Kind, Role, TopKind, Use

#: Kinds of what can be left unused; names that `new` makes are seen in their scope only.
_REPORTED = frozenset({Kind.FUNCTION, Kind.CONSTANT, Kind.TOKEN, Kind.SPACE, Kind.CONTRACT, Kind.AGENT, Kind.METHOD})
#: What files evaluate to be set up: a file with no other evaluation is no program.
SETTING_UP = frozenset(
    {b"import!", b"static-import!", b"include", b"mod-space!", b"bind!", b"register-module!", b"git-module!"}
    | {
        b"git-import!",
        b"pragma!",
        b"add-translator-rule!",
        b"import_prolog_function",
        b"import_prolog_functions_from_file",
    }
)
_TEST_FORM = re.compile(rb"assert[A-Z_-]?.*|test")
_TEST_PATH = re.compile(r"(?:.*[/_.-])?(?:tests?|specs?)(?:[/_.-].*)?")
_CAMEL_TEST = re.compile(r".*[a-z0-9]Tests?(?:[/.].*|$)")
#: Strings, and comments, in which quotes mean nothing; only strings have a group.
_STRING = re.compile(rb''';[^\n]*|"((?:[^"\\]|\\.)*)"''', re.S)
_WORD = re.compile(rb"""[^\s()"'`,]+""")
_LIBRARY_FOLDERS = frozenset({"lib", "libs", "library", "libraries", "stdlib"})
_REGISTERED = int(Flag.REGISTERED)
_MENTIONING = frozenset({Role.REFERENCE, Role.FACT})
_RULE_PATTERN = Role.REFERENCE | Use.PATTERN << 4


class Names:
    """Numbers for names: small, and the same for the same name in all documents."""

    def __init__(self) -> None:
        self._numbers: defaultdict[bytes, int] = defaultdict(count().__next__)

    def numbers(self, names: Iterable[bytes]) -> list[int]:
        known = self._numbers
        return [known[name] for name in names]

    def all(self) -> list[bytes]:
        """The names by number."""
        return list(self._numbers)


class Mentions:
    """What the parts of one document mention. Names are numbers of a `Names`.

    `definitions`: what it defines, with all the clauses of each and the number of the
    piece that each is in. `by`: what these
    clauses mention, of each name. `run`: mentioned where something is evaluated at top
    level, tested, or matched by a rule without a name. `stated`: mentioned in facts and
    declarations. `is_program`: it evaluates something beside imports and the like.
    `matches_rules`: it looks for rules with whatever head.
    """

    __slots__ = ("by", "definitions", "is_program", "matches_rules", "run", "stated")

    def __init__(self) -> None:
        self.definitions: dict[int, list[tuple[int, Definition]]] = {}
        self.by: dict[int, set[int]] = {}
        self.run: set[int] = set()
        self.stated: set[int] = set()
        self.is_program = False
        self.matches_rules = False

    def keep_only(self, names: frozenset[int]) -> None:
        """Forgets mentions of all other names."""
        for mentioned in (self.run, self.stated, *self.by.values()):
            mentioned &= names


def is_test(path: str) -> bool:
    """Whether a path looks like that of tests: a folder `tests`, a file `lists-test.metta` or `ListsTest.metta`."""
    return _TEST_PATH.fullmatch(path.lower()) is not None or _CAMEL_TEST.fullmatch(path) is not None


def is_library(path: str) -> bool:
    """Whether a path is in a folder that is called like one of libraries."""
    return not _LIBRARY_FOLDERS.isdisjoint(path.lower().split("/")[:-1])


def mentions_of(parts: Iterable[Piece], names: Names, is_test: bool) -> Mentions:
    """What a document mentions. All of it is `run` if it is a test, or MeTTa in another language."""
    found = Mentions()
    for number, piece in enumerate(parts):
        _add(found, number, piece, names, is_test)
    return found


def _add(found: Mentions, number: int, piece: Piece, names: Names, is_test: bool) -> None:
    table = piece.table
    # What stands in a text of another language is there for that program, or for its readers.
    is_run = is_test or table.region is not None
    known = names.numbers(table.names)
    words, starts, roles = numbers(table.occurrence_names), numbers(table.occurrence_starts), table.occurrence_roles
    if not len(words) == len(starts) == len(roles):
        raise DecodeError("occurrence columns differ in length")
    try:
        for definition in table.definitions:
            is_ours = definition.role == Role.DEFINITION and not definition.flags & _REGISTERED
            if is_ours and table.region is None and definition.kind in _REPORTED:
                found.definitions.setdefault(known[definition.name], []).append((number, definition))
        for kind, name, start, end in Enclosing(piece).segments():
            first, last = bisect_left(starts, start), bisect_left(starts, end)
            if kind == TopKind.RULE:
                mentioned = {known[word] for word in set(words[first:last])}
                if is_run or not name:
                    found.run |= mentioned
                if name:
                    found.by.setdefault(known[name - 1], set()).update(mentioned)
            elif first < last:
                mentioned = {
                    known[word]
                    for word, code in set(zip(words[first:last], roles[first:last], strict=True))
                    if code & 15 in _MENTIONING
                }
                head = table.names[words[first]]
                if kind == TopKind.EVALUATION or is_run or (kind == TopKind.FACT and _TEST_FORM.fullmatch(head)):
                    found.run |= mentioned
                    found.is_program |= head not in SETTING_UP
                else:
                    found.stated |= mentioned
        found.matches_rules |= _matches_rules(table.names, words, roles)
    except IndexError as error:
        raise DecodeError("an occurrence of no name") from error


def _matches_rules(names: tuple[bytes, ...], words: array[int], roles: bytes) -> bool:
    """Whether `(= …)` is matched with a variable for what it defines."""
    if b"=" not in names or _RULE_PATTERN not in roles:
        return False
    number = names.index(b"=")
    return any(
        word == number and code == _RULE_PATTERN and names[following][:1] == b"$"
        for word, code, following in zip(words, roles, words[1:], strict=False)
    )


def words_in_strings(source: bytes, language: str) -> set[bytes]:
    """The words in the strings of a MeTTa text; of another language, in all of the text."""
    if language != "metta":
        return set(_WORD.findall(source))
    if b'"' not in source:
        return set()
    return {word for string in _STRING.findall(source) for word in _WORD.findall(string)}
