"""Tokens that parse as one token but that Rholang does not have: escapes, numbers and names."""

from __future__ import annotations

import re

from metta_index.indexer.languages.rholang.grammar import KEYWORDS, RESERVED
from metta_index.indexer.text.problems import Problem

ESCAPE = re.compile(rb"\\(?:([0nrt\\\"])|([0-9]+)|(.))", re.DOTALL)
_NAMED_ESCAPES = {b"0": "\0", b"n": "\n", b"r": "\r", b"t": "\t", b"\\": "\\", b'"': '"'}
_WHOLE = re.compile(rb"([0-9]+)(?:([iu])([0-9]+))?")
_FLOAT = re.compile(rb".*f([0-9]+)", re.DOTALL)
_FLOAT_WIDTHS = frozenset({32, 64, 128, 256})

#: A number without a suffix is an i64. (The minus sign is an operator, and one more is allowed below zero.)
_DEFAULT_WIDTH = 64


def decode_string(token: bytes) -> str:
    """The value of a string literal, quotes and all."""
    return ESCAPE.sub(escape_value, token[1:-1]).decode("utf-8", "backslashreplace")


def escape_value(escape: re.Match[bytes]) -> bytes:
    """What a match of `ESCAPE` stands for; an escape that does not exist stands for itself."""
    named, code, _other = escape.groups()
    if named is not None:
        return _NAMED_ESCAPES[named].encode()
    if code is not None and len(code) < 8 and int(code) < 0x110000 and not 0xD800 <= int(code) < 0xE000:
        return chr(int(code)).encode()
    return escape[0]


def string_problems(token: bytes, start: int) -> list[Problem]:
    """`token`: a string literal with its quotes, at byte `start`."""
    return [
        Problem(
            "unknown-escape",
            'Rholang has no such escape; the ones there are: \\0 \\n \\r \\t \\\\ \\" and \\ with digits',
            start + escape.start(),
            start + escape.end(),
        )
        for escape in ESCAPE.finditer(token, 1, len(token) - 1)
        if escape[3] is not None
    ]


def number_problem(token: bytes, start: int) -> Problem | None:
    """A number that is too large for its type, or of a type that does not exist."""
    end = start + len(token)
    if whole := _WHOLE.fullmatch(token):
        digits, sign, bits = whole.groups()
        width = int(bits) if bits and len(bits) < 6 else 0 if bits else _DEFAULT_WIDTH
        if width < 8 or width & (width - 1):
            return Problem("number-type", "the width of a number is a power of two from 8 on", start, end)
        # A digit is less than 10/3 bits: most numbers need not be read.
        if (
            len(digits) * 10 >= (width - 1) * 3
            and _bits(digits) > width - (sign != b"u")
            and not _is_lowest(digits, width)
        ):
            return Problem("number-range", f"this number does not fit {(sign or b'i').decode()}{width}", start, end)
    elif (fraction := _FLOAT.fullmatch(token)) and (len(fraction[1]) > 3 or int(fraction[1]) not in _FLOAT_WIDTHS):
        return Problem("number-type", "the floating-point types are f32, f64, f128 and f256", start, end)
    return None


def _bits(digits: bytes) -> int:
    """How many bits a decimal number takes; more than any type has where it is absurdly long."""
    return 1 << 30 if len(digits) > 4000 else int(digits).bit_length()


def _is_lowest(digits: bytes, width: int) -> bool:
    """Whether this is the one number that fits only behind a minus sign."""
    return len(digits) <= 4000 and int(digits) == 1 << (width - 1)


def name_problem(word: bytes, start: int) -> Problem | None:
    if word in RESERVED:
        message = f"`{word.decode()}` is a word of the language, no name"
        return Problem("reserved-word", message, start, start + len(word))
    if word in KEYWORDS:
        message = f"`{word.decode()}` is a word of the language, and taken for a name here"
        return Problem("keyword-as-name", message, start, start + len(word))
    return None
