"""Where data goes: stdout, or a file that is written whole or not at all; how long work goes on, to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from metta_index.cli.exits import UsageError

if TYPE_CHECKING:
    from metta_index.cli.progress import ProgressBar

_Line = TypeVar("_Line", str, bytes)

#: Lines that are written together: output may be unbuffered, and each write a call of the system.
_AT_ONCE = 256


def write_lines(lines: Iterable[str], output: Path | None) -> None:
    """Writes lines as UTF-8 to a file, or to stdout where `output` is None or `-`. Raises UsageError.

    A link is followed; a pipe or a device is written to, and stays what it is.
    """
    _write_chunks(("\n".join([*group, ""]).encode("utf-8", "backslashreplace") for group in _groups(lines)), output)


def write_encoded_lines(lines: Iterable[bytes], output: Path | None) -> None:
    """Writes lines that are bytes, and need not be text in any encoding. As `write_lines`."""
    _write_chunks((b"\n".join([*group, b""]) for group in _groups(lines)), output)


def _groups(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    waiting = iter(lines)
    while group := list(islice(waiting, _AT_ONCE)):
        yield group


def _write_chunks(chunks: Iterable[bytes], output: Path | None) -> None:
    if output is None or str(output) == "-":
        if sys.stdout is not None:
            sys.stdout.flush()
            _write(chunks, sys.stdout.buffer)
        return
    import tempfile

    temporary: str | None = None
    target = os.path.realpath(output)
    try:
        if is_special(target):
            with Path(target).open("wb") as file:
                _write(chunks, file)
            return
        descriptor, temporary = tempfile.mkstemp(prefix=".metta-index-", dir=os.path.dirname(target))  # noqa: PTH120
        with os.fdopen(descriptor, "wb") as file:
            _write(chunks, file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
        temporary = None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{output} was not written: {error.strerror or error}; what was there is untouched") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def progress_bar(label: str = "indexing") -> ProgressBar:
    """A bar on stderr; what draws it is loaded now."""
    from metta_index.cli.progress import ProgressBar

    return ProgressBar(label)


def is_special(target: str | Path) -> bool:
    """Whether something is there that is no file: a pipe, a device, or a folder, which cannot be written."""
    return os.path.exists(target) and not os.path.isfile(target)  # noqa: PTH110, PTH113


def _write(chunks: Iterable[bytes], file: BinaryIO) -> None:
    for chunk in chunks:
        file.write(chunk)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
