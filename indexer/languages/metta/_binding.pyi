from typing_extensions import Buffer

def language() -> object: ...
def cut(source: Buffer, smallest: int, average: int, largest: int, /) -> list[tuple[int, int, int, int, int]]: ...
def intern(source: Buffer, kinds: Buffer, starts: Buffer, ends: Buffer, /) -> tuple[list[bytes], bytes]: ...
def classify(
    kinds: Buffer,
    tails: Buffer,
    numbers: Buffer,
    form_of_name: Buffer,
    forms: Buffer,
    self: int,
    silent: Buffer,
    /,
) -> tuple[bytes, bytes, bytes, bytes, bytes]: ...
