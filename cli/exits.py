"""How a command ends: exit codes, and errors as one line on stderr."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from typing import TextIO

FINE, USAGE, INTERRUPTED = 0, 2, 130


class UsageError(Exception):
    """What the user asked for cannot be done; the text says why and what to do. Exit code 2."""


def one_of(option: str, value: str, *choices: str) -> str:
    """The value, if it is one of the choices. Raises UsageError."""
    if value not in choices:
        raise UsageError(f"{option} {value}: give {' or '.join(choices)}")
    return value


def say(text: str) -> None:
    """Talk goes to stderr; stdout is for data. Where it cannot be written, the exit code still tells."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr)


def write_utf_8() -> None:
    """Data is UTF-8 whatever the terminal is; what no character stands for is shown escaped."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def exit_code_of(command: Callable[[], int]) -> int:
    """Runs a command to its exit code, as the last thing that a program does.

    0: fine; 1: some file could not be indexed; 2: usage, configuration or an
    internal error; 130: interrupted.
    """
    write_utf_8()
    code = _outcome(command)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            _close_if_it_takes_nothing(stream)
    return code


def _outcome(command: Callable[[], int]) -> int:
    try:
        code = command()
        if sys.stdout is not None:
            sys.stdout.flush()
    except UsageError as error:
        say(f"error: {error}")
        return USAGE
    except KeyboardInterrupt:
        # The terminal shows ^C where the line began.
        say("\ninterrupted: the index is as it was before")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`| head`).
        return FINE
    except OSError as error:
        where = f"{error.filename}: " if error.filename is not None else ""
        say(f"error: {where}{error.strerror or error}")
        return USAGE
    except Exception as error:
        import traceback

        traceback.print_exc()
        say(f"error: this is a mistake of metta-index itself ({type(error).__name__}); please report the lines above")
        return USAGE
    return code


def _close_if_it_takes_nothing(stream: TextIO) -> None:
    """Python would try again at exit to write what is left, and change the exit code."""
    try:
        stream.flush()
    except (OSError, ValueError):
        # Closing the stream itself would write first, too.
        with contextlib.suppress(AttributeError, OSError):
            stream.buffer.raw.close()  # type: ignore[attr-defined]
