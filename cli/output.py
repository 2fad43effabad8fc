"""Where data goes: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from metta_index.cli.exits import UsageError


def write_lines(lines: Iterable[str], output: Path | None) -> None:
    """Writes lines to a file, or to stdout where `output` is None or `-`. Raises UsageError.

    A link is followed; a pipe or a device is written to, and stays what it is.
    """
    if output is None or str(output) == "-":
        _write(lines, sys.stdout)
        return
    import tempfile

    temporary: str | None = None
    target = os.path.realpath(output)
    try:
        if os.path.exists(target) and not os.path.isfile(target):  # noqa: PTH110, PTH113
            with Path(target).open("w", encoding="utf-8", newline="\n") as file:
                _write(lines, file)
            return
        descriptor, temporary = tempfile.mkstemp(prefix=".metta-index-", dir=os.path.dirname(target))  # noqa: PTH120
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            _write(lines, file)
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


def _write(lines: Iterable[str], file: TextIO) -> None:
    for line in lines:
        file.write(line)
        file.write("\n")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
