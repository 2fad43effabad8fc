"""What is wrong with a source text, as data: parsing never fails."""

import msgspec


class Problem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One lexical or syntactic problem; bytes are offsets into the text, the end exclusive.

    The code is neutral: how grave it is, a dialect says (`Language.is_error`).
    """

    code: str
    message: str
    start_byte: int
    end_byte: int
