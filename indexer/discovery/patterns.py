"""The pattern language of .gitignore, read by pathspec and held to what git does.

Where pathspec and git differ (bracket expressions, what a pattern says about
things inside a folder that it matches, bytes that are not UTF-8), git is right:
https://git-scm.com/docs/gitignore and `wildmatch.c`, `dir.c` of git.
"""

from __future__ import annotations

import re
import string
from typing import NamedTuple

#: Stands for a newline in names, so that "." of a regular expression matches it. No byte does.
_NEWLINE = "\u0100"
_NAME_CHARS = frozenset(chr(byte) for byte in range(1, 256) if byte not in b"/\n") | {_NEWLINE}
_CLASSES = {
    "alnum": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "blank": " \t",
    "cntrl": "".join(map(chr, range(1, 32))) + "\x7f" + _NEWLINE,
    "digit": string.digits,
    "graph": "".join(map(chr, range(33, 127))),
    "lower": string.ascii_lowercase,
    "print": "".join(map(chr, range(32, 127))),
    "punct": string.punctuation,
    "space": " \t\r\x0b\x0c" + _NEWLINE,
    "upper": string.ascii_uppercase,
    "xdigit": string.hexdigits,
}


#: In the expressions that pathspec makes: a star, what must follow it, and then another star. The first place where
#: that follows is as good as any later one, so no other needs to be tried: without that, `*a*a*a…` takes for ever.
_ONE = r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\](?!\*)|[^\\\[/()$|*+?^.])"
_STAR = re.compile(rf"\[\^/\]\*({_ONE}+)(?=\[\^/\]\*)", re.S)


def byte_text(path: str) -> str:
    """A path in the form that patterns are matched on: one character for each byte, as git counts them."""
    if path.isascii() and "\n" not in path:
        return path
    return path.encode("utf-8", "surrogateescape").decode("latin-1").replace("\n", _NEWLINE)


class Rule(NamedTuple):
    """One line: what it says of what it matches. `line`: from 1; `text`: as it is written."""

    ignores: bool
    only_folders: bool
    regex: re.Pattern[str]
    line: int
    text: str


class Patterns:
    """The patterns of one file; the last that matches decides."""

    __slots__ = ("_rules",)

    def __init__(self, content: bytes) -> None:
        """Reads the lines of a file. A line that is no pattern matches nothing, as with git."""
        lines = content.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
        numbered = ((number, line.removesuffix("\r")) for number, line in enumerate(lines, 1))
        rules = (_rule(line, number) for number, line in numbered if not line.startswith("#"))
        self._rules = [rule for rule in rules if rule is not None][::-1]

    def decide(self, path: str, is_folder: bool) -> bool | None:
        """Whether the path itself is ignored; None where no pattern matches it.

        `path` is relative to the folder of the patterns, as `byte_text` gives it,
        without a slash at its end. What is said of a folder is not yet said of what
        it holds: git does not look into a folder that is ignored.
        """
        rule = self.deciding(path, is_folder)
        return None if rule is None else rule.ignores

    def deciding(self, path: str, is_folder: bool) -> Rule | None:
        """The rule by which `decide` does."""
        for rule in self._rules:
            if rule.only_folders and not is_folder:
                continue
            match = rule.regex.search(path)
            # pathspec names the slash after a folder that matches: the path is in it then.
            if match and match.groupdict().get("ps_d") is None:
                return rule
        return None

    def covers(self, path: str) -> bool:
        """Whether the file, or a folder that it is in, matches; the deepest that does decides."""
        is_folder = False
        while path:
            decided = self.decide(path, is_folder)
            if decided is not None:
                return decided
            path, is_folder = path.rpartition("/")[0], True
        return False


def _rule(line: str, number: int) -> Rule | None:
    from pathspec import GitIgnoreSpec

    text = line.encode("latin-1").decode("utf-8", "backslashreplace")
    stripped = line.rstrip(" ")
    if stripped != line and (len(stripped) - len(stripped.rstrip("\\"))) % 2:
        stripped += " "  # the first blank is escaped
    line = stripped
    ignores = not line.startswith("!")
    pattern = line if ignores else line[1:]
    only_folders = pattern.endswith("/")
    plain = _plain(pattern.removesuffix("/"))
    if plain is None:
        return None
    patterns = list(GitIgnoreSpec.from_lines([plain]).patterns)
    regex = getattr(patterns[0], "regex", None) if patterns else None
    if regex is None:
        return None
    return Rule(ignores, only_folders, re.compile(_STAR.sub(r"(?>[^/]*?\1)", regex.pattern)), number, text)


def _plain(pattern: str) -> str | None:
    """A pattern rewritten so that pathspec reads it as git does; None for one that matches nothing."""
    if pattern.startswith("\\/"):
        return None  # only a bare slash stands for the folder of the patterns
    parts = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "[":
            bracket = _bracket(pattern, at)
            if bracket is None:
                return None
            chars, at = bracket
            parts.append(_one_of(chars))
        elif char == "*":
            begin = at - 1
            while pattern.startswith("*", at):
                at += 1
            is_segment = (begin == 0 or pattern[begin - 1] == "/") and re.match(r"\\?/|\Z", pattern[at:])
            parts.append("**" if at - begin > 1 and is_segment else "*")
        elif char == "?":
            parts.append("?")
        else:
            if char == "\\":
                if at == len(pattern):
                    return None
                char = pattern[at]
                at += 1
            # pathspec strips blanks at the ends.
            parts.append(_one_of({char}) if char.isspace() else f"\\{char}" if char in r"\*?[]!#" else char)
    plain = "".join(parts)
    if not plain.strip("/"):
        return None
    # A slash in a bracket matches nothing, but it ties the pattern to its folder.
    return f"/{plain}" if "/" in pattern and not plain.startswith("/") else plain


def _one_of(chars: set[str] | frozenset[str]) -> str:
    """A bracket expression without any special form. NUL, which no name has, keeps "^" from the front."""
    listed = sorted(chars - set("]-"))
    return "".join(("[", "]" if "]" in chars else "", "\0", *listed, "-" if "-" in chars else "", "]"))


def _bracket(pattern: str, at: int) -> tuple[frozenset[str], int] | None:
    """The characters that a bracket expression matches, and where it ends; None for a broken one."""
    negated = pattern.startswith(("!", "^"), at)
    at += negated
    begin = at
    chars: set[str] = set()
    previous = ""
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "]" and at - 1 > begin:
            return (_NAME_CHARS - chars if negated else _NAME_CHARS & chars), at
        if char == "-" and previous and pattern[at : at + 1] not in ("", "]"):
            at += pattern[at] == "\\"
            if at == len(pattern):
                return None
            chars.update(map(chr, range(ord(previous), ord(pattern[at]) + 1)))
            if "\n" in chars:
                chars.add(_NEWLINE)
            previous = ""
            at += 1
        elif char == "[" and pattern.startswith(":", at) and "]" in pattern[at:]:
            end = pattern.index("]", at + 1)
            if end - at >= 2 and pattern[end - 1] == ":":
                if pattern[at + 1 : end - 1] not in _CLASSES:
                    return None
                chars.update(_CLASSES[pattern[at + 1 : end - 1]])
                previous = ""
                at = end + 1
            else:
                chars.add("[")
                previous = "["
        else:
            if char == "\\":
                if at == len(pattern):
                    return None
                char = pattern[at]
                at += 1
            chars.add(char)
            previous = char
    return None
