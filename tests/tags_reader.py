"""Reading a tags file back: by the rules of Vim and of tags(5), and by readtags."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

READTAGS = shutil.which("readtags")
NO_READTAGS = "readtags, a part of universal-ctags, is not installed"

_UNESCAPED = {
    b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r", b"\\": b"\\",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `row`: 0-based, from an address that is a number; `pattern`: literal, without its anchors."""

    name: bytes
    path: bytes
    kind: bytes
    fields: dict[bytes, bytes]
    row: int | None
    pattern: bytes
    is_whole_line: bool

    @property
    def line(self) -> int:
        return int(self.fields[b"line"])

    def found_in(self, source: bytes) -> int:
        """The 1-based line that an editor goes to, without looking at `line:`. Raises StopIteration."""
        if self.row is not None:
            return self.row + 1
        for number, text in enumerate(source.split(b"\n"), 1):
            if text == self.pattern if self.is_whole_line else text.startswith(self.pattern):
                return number
        raise StopIteration


def unescape(value: bytes) -> bytes:
    def meant(found: re.Match[bytes]) -> bytes:
        return bytes([int(found[1], 16)]) if found[1] else _UNESCAPED[found[2]]

    return re.sub(rb"\\(?:x([0-9A-F]{2})|([^x]))", meant, value)


def parse_tag(line: bytes) -> Tag:
    """A line as Vim and readtags take it apart. Raises AssertionError for what is no tag."""
    name, path, rest = line.split(b"\t", 2)
    row, pattern, is_whole_line = None, b"", False
    if rest.startswith(b"/^"):
        # The delimiter that ends it is the first that is not quoted.
        ended = re.match(rb"/\^((?:[^/\\]|\\.)*)/", rest, re.S)
        assert ended is not None, line
        written, rest = ended[1], rest[ended.end() :]
        text, end = re.fullmatch(rb"((?:[^\\$]|\\.|\$(?!\Z))*)(\$?)", written, re.S).groups()  # type: ignore[union-attr]
        is_whole_line, pattern = end == b"$", re.sub(rb"\\(.)", rb"\1", text)
    else:
        ended = re.match(rb"[0-9]+", rest)
        assert ended is not None, line
        row, rest = int(ended[0]) - 1, rest[ended.end() :]
    mark, kind, *fields = rest.split(b"\t")
    assert mark == b';"' and re.fullmatch(rb"[A-Za-z]", kind), line
    pairs = dict(field.split(b":", 1) for field in fields)
    assert len(pairs) == len(fields), line
    assert all(re.fullmatch(rb"[A-Za-z][A-Za-z0-9]*", key) for key in pairs), line
    values = {key: unescape(value) for key, value in pairs.items()}
    return Tag(unescape(name), unescape(path), kind, values, row, pattern, is_whole_line)


def parse_tags(data: bytes) -> tuple[dict[bytes, list[tuple[bytes, bytes]]], list[Tag]]:
    """Pseudo-tags by name, as (value, comment), and tags. Raises AssertionError for what is no tags file."""
    assert data.endswith(b"\n")
    lines = data[:-1].split(b"\n")
    head = [line for line in lines if line.startswith(b"!_TAG_")]
    assert lines[: len(head)] == head == sorted(head)
    tags = lines[len(head) :]
    assert tags == sorted(set(tags)), "not sorted by bytes, or a tag twice"
    assert not any(line.startswith((b"!", b" ", b"\t")) for line in tags)
    pseudo: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for line in head:
        name, value, comment = line.split(b"\t")
        assert re.fullmatch(rb"/(?:[^/\\]|\\.)*/", comment), line
        pseudo.setdefault(name[1:], []).append((unescape(value), comment))
    return pseudo, [parse_tag(line) for line in tags]


def lines_found(tags: Path, *names: bytes) -> list[int]:
    """`line:` of all tags that readtags finds by their names, searching as the file says it is sorted."""
    assert READTAGS is not None
    done = subprocess.run([READTAGS, "-t", tags, "-e", "-n", "-", *names], capture_output=True, check=True)
    assert done.stderr == b""
    return [int(number) for number in re.findall(rb"\tline:([0-9]+)(?=[\t\n])", done.stdout)]
