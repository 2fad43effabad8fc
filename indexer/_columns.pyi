from typing import Any

from typing_extensions import Buffer

Columns = tuple[bytes, bytes, bytes, bytes]

def flatten(
    roots: list[tuple[Any, int, int]],
    codes: bytes,
    leaves: bytes,
    root_code: int,
    error_code: int,
    missing_code: int,
    size: int,
    /,
) -> Columns: ...
def pack_tree(kinds: Buffer, starts: Buffer, ends: Buffer, tails: Buffer, /) -> bytes: ...
def unpack_tree(packed: Buffer, kind_limit: int, /) -> Columns: ...
def pack_column(column: Buffer, /) -> bytes: ...
def unpack_column(packed: Buffer, /) -> bytes: ...
def line_columns(source: Buffer, /) -> tuple[bytes, bytes]: ...
