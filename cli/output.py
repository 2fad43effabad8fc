"""Where data goes: stdout, or a file that is written whole or not at all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from metta_index.cli.exits import UsageError


def write_lines(lines: Iterable[str], output: Path | None) -> None:
    """Writes lines to a file, or to stdout where `output` is None or `-`. Raises UsageError."""
    if output is None or str(output) == "-":
        out = sys.stdout
        for line in lines:
            out.write(line)
            out.write("\n")
        return
    import tempfile

    temporary: str | None = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line)
                file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(output)
        temporary = None
    except OSError as error:
        raise UsageError(f"{output} was not written: {error.strerror or error}; what was there is untouched") from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
