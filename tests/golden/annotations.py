"""Golden files: programs with, under each line, comments that say what every word of the line does.

A caret line is a comment that marks one word of the nearest code line above it
and says what the word does; columns count code points:

    (= (double $x) (* $x 2))
    ;   ^^^^^^ definition function double/1
    ;          ^^ binding $x
    ;              ^ reference call *
    ;                 ^^ reference $x

What starts a comment (`;`, or `//` in Rholang) takes the first columns, so a word
that starts there cannot be marked: indent it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


class Marked(Protocol):
    """A range of a source, in bytes, and what is to be said of it."""

    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Annotation:
    """One caret line: 0-based line of the code it marks, columns in code points, what it says."""

    line: int
    start_column: int
    end_column: int
    text: str


def split(annotated: str, comment: str = ";") -> tuple[str, list[Annotation]]:
    """The code of a golden file without its caret lines, and what they say about it.

    `comment`: what starts one. Lines of annotations count in the code alone. Raises ValueError for carets
    above all code.
    """
    form = re.compile(rf"{re.escape(comment)} *(\^+) (.+)")
    code: list[str] = []
    annotations: list[Annotation] = []
    for line in annotated.splitlines(keepends=True):
        carets = form.fullmatch(line.rstrip("\n"))
        if carets is None:
            code.append(line)
        elif not code:
            raise ValueError(f"nothing stands above these carets: {line!r}")
        else:
            annotations.append(Annotation(len(code) - 1, *carets.span(1), carets.group(2)))
    return "".join(code), annotations


def join(code: str, annotations: Iterable[Annotation], comment: str = ";") -> str:
    """The golden file for some code: what `split` takes apart.

    Raises ValueError for a word in the columns of what starts a comment.
    """
    under: dict[int, list[Annotation]] = {}
    for annotation in annotations:
        under.setdefault(annotation.line, []).append(annotation)
    lines: list[str] = []
    for number, line in enumerate(code.splitlines(keepends=True)):
        lines.append(line)
        for note in sorted(under.pop(number, ()), key=lambda note: note.start_column):
            if note.start_column < len(comment):
                raise ValueError(f"indent line {number + 1}: {note.text!r} starts in its first column")
            carets = "^" * (note.end_column - note.start_column)
            lines.append(f"{comment}{' ' * (note.start_column - len(comment))}{carets} {note.text}\n")
    if under:
        raise ValueError(f"no such lines: {sorted(under)}")
    return "".join(lines)


def annotate(code: str, marked: Iterable[Marked]) -> Iterator[Annotation]:
    """Marked ranges as annotations. Raises ValueError for a range that leaves its line."""
    source = code.encode()
    for item in marked:
        line_start = source.rfind(b"\n", 0, item.start_byte) + 1
        before = source[line_start : item.start_byte].decode()
        word = source[item.start_byte : item.end_byte].decode()
        if "\n" in word:
            raise ValueError(f"not on one line: {word!r}")
        line = source.count(b"\n", 0, item.start_byte)
        yield Annotation(line, len(before), len(before) + len(word), item.text)
