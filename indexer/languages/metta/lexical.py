"""What is inside MeTTa's tokens: string escapes, `#` in variables, the size of integers.

The grammar takes these tokens whole, since dialects differ on what may be in them.
The rules here are those of the reference parser (hyperon-experimental,
lib/src/metta/text.rs and stdlib/arithmetics.rs).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_I64_MIN, _I64_MAX = -(2**63), 2**63 - 1
_I64_DIGITS = 19

_INTEGER = re.compile(rb"([-+]?)0*([0-9]*)")

#: A backslash and what it takes with it: whole escapes in the first group.
#: `{` between the braces of `\u` is passed over, as the reference does.
_ESCAPE = re.compile(
    rb"""\\(?:
        ( ['"\\nrt] | x[0-9A-Fa-f]{2} | u\{[0-9A-Fa-f{]*\} )
      | x[0-9A-Fa-f]? | u(?:\{[0-9A-Fa-f{]*)? | [\x00-\x7f] | [\xc2-\xf4][\x80-\xbf]* | )""",
    re.VERBOSE | re.DOTALL,
)

_SIMPLE_ESCAPES = {b"n": "\n", b"r": "\r", b"t": "\t"}


def lexical_problems(source: bytes, kind: str, start: int, end: int) -> list[tuple[str, str, int, int]]:
    """What the reference rejects inside one token: (code, message, start byte, end byte), in order.

    `kind` is that of a node, "string" (with its quotes), "variable" or "number";
    other kinds have no such problems. Codes: `invalid-escape`, `hash-in-variable`,
    `integer-too-large`. (What the reference calls an unfinished escape is a backslash
    at the end of the text: to us an unclosed string.)
    """
    match kind:
        case "string":
            return list(_escape_problems(source, start, end))
        case "variable":
            hash_sign = source.find(b"#", start, end)
            if hash_sign >= 0:
                message = "`#` in a variable: Hyperon keeps it for the variables that it makes itself"
                return [("hash-in-variable", message, hash_sign, hash_sign + 1)]
        case "number":
            if not _fits_i64(source[start:end]):
                message = "this integer does not fit in 64 bits; write a float (1e20) or a string"
                return [("integer-too-large", message, start, end)]
    return []


def decode_string(token: bytes) -> str:
    """The value of a string token, given with its quotes.

    Never fails: after an escape that the reference rejects the character itself
    is taken, as PeTTa does; bytes that are not UTF-8 become U+FFFD.
    """
    body = token[1:-1]
    if b"\\" not in body:
        return body.decode("utf-8", "replace")
    parts = []
    at = 0
    for found in _ESCAPE.finditer(body):
        parts.append(body[at : found.start()].decode("utf-8", "replace"))
        value = _escape_value(found)
        parts.append(found[0][1:].decode("utf-8", "replace") if value is None else value)
        at = found.end()
    parts.append(body[at:].decode("utf-8", "replace"))
    return "".join(parts)


def _escape_problems(source: bytes, start: int, end: int) -> Iterator[tuple[str, str, int, int]]:
    message = r"no such escape; Hyperon knows \' \" \\ \n \r \t \x00 to \x7F and \u{1 to 8 hex digits}"
    for found in _ESCAPE.finditer(source, start + 1, end - 1):
        if _escape_value(found) is None:
            yield "invalid-escape", message, found.start(), found.end()


def _escape_value(found: re.Match[bytes]) -> str | None:
    """The character that an escape stands for; None where the reference rejects it."""
    escape: bytes | None = found[1]
    if escape is None:
        return None
    if escape.startswith(b"x"):
        code = int(escape[1:], 16)
        return chr(code) if code <= 0x7F else None
    if escape.startswith(b"u"):
        digits = escape[2:-1].replace(b"{", b"")
        code = int(digits or b"0", 16)
        is_scalar = len(digits) <= 8 and code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        return chr(code) if is_scalar else None
    return _SIMPLE_ESCAPES.get(escape) or escape.decode("ascii")


def _fits_i64(number: bytes) -> bool:
    """False for an integer outside i64. Floats always fit: the reference rounds them to infinity."""
    integer = _INTEGER.fullmatch(number)
    if integer is None:
        return True
    sign, digits = integer.groups()
    # int() refuses thousands of digits, so count them first.
    return len(digits) <= _I64_DIGITS and _I64_MIN <= int(sign + (digits or b"0")) <= _I64_MAX
