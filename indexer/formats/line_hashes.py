"""Hashes of lines as GitHub's upload of SARIF computes them, by which alerts are recognised after edits."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection

_WINDOW = 100
_BASE = 37
_MASK = (1 << 64) - 1
_END = "\uffff"


def line_hashes(source: bytes, wanted: Collection[int]) -> dict[int, str]:
    """The hashes of lines, by 1-based number: hexadecimal digits and which of the lines with such digits it is.

    A hash is of the 100 UTF-16 units from the start of the line on, spaces and tabs
    left out, all ends of lines written as one "\\n", the end of the file as U+FFFF
    and then zeros; as a polynomial in 37, modulo 2^64 (codeql-action,
    `fingerprints.ts`).
    """
    text = source.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace(" ", "").replace("\t", "")
    if not text.isascii() and max(text) > "\uffff":
        text = "".join(map(chr, array("H", text.encode("utf-16", "surrogatepass")[2:])))
    text += _END
    last = max(wanted, default=0)
    hashes: dict[int, str] = {}
    seen: Counter[str] = Counter()
    start = 0
    # Lines are told apart by what is hashed; only the hashes that are asked for are computed.
    for number in range(1, last + 1):
        window = text[start : start + _WINDOW].ljust(_WINDOW, "\0")
        seen[window] += 1
        if number in wanted:
            hashes[number] = f"{_hash(window):x}:{seen[window]}"
        start = text.find("\n", start) + 1
        if start == 0:
            break
    return hashes


def _hash(window: str) -> int:
    value = 0
    for char in window:
        value = (value * _BASE + ord(char)) & _MASK
    return value
