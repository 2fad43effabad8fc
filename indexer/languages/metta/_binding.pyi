from collections.abc import Callable
from typing import TypeVar

from typing_extensions import Buffer

_Definition = TypeVar("_Definition")
_Documentation = TypeVar("_Documentation")

def language() -> object: ...
def cut(source: Buffer, smallest: int, average: int, largest: int, /) -> list[tuple[int, int, int, int, int]]: ...
def columns(source: Buffer, node_count: int, /) -> tuple[bytes, bytes, bytes, bytes, bool] | None: ...
def intern(
    source: Buffer, kinds: Buffer, starts: Buffer, ends: Buffer, words: dict[bytes, int], telling: int, /
) -> tuple[tuple[bytes, ...], bytes, bytes, bool]: ...
def text(source: Buffer, kinds: Buffer, starts: Buffer, ends: Buffer, tails: Buffer, row: int, /) -> str: ...
def classify(
    source: Buffer,
    kinds: Buffer,
    starts: Buffer,
    ends: Buffer,
    tails: Buffer,
    numbers: Buffer,
    meanings: Buffer,
    offsets: Buffer,
    forms: Buffer,
    make: type[_Definition],
    document: type[_Documentation],
    decode: Callable[[bytes], str],
    /,
) -> tuple[
    bytes,
    bytes,
    bytes,
    bytes,
    list[_Definition | _Documentation | tuple[int, int, int, list[int]]],
    bytes,
    bytes,
    bytes,
    bytes,
    list[tuple[int, int, int, int]],
    int,
]: ...
