"""How a command ends: exit codes, and errors as one line on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

FINE, FINDINGS, USAGE, INTERRUPTED = 0, 1, 2, 130


class UsageError(Exception):
    """What the user asked for cannot be done; the text says why and what to do. Exit code 2."""


def say(text: str) -> None:
    """Talk goes to stderr; stdout is for data."""
    print(text, file=sys.stderr)


def exit_code_of(command: Callable[[], int]) -> int:
    """Runs a command to its exit code.

    0: fine; 1: some file could not be indexed; 2: usage, configuration or an
    internal error; 130: interrupted.
    """
    try:
        code = command()
        sys.stdout.flush()
    except UsageError as error:
        say(f"error: {error}")
        return USAGE
    except KeyboardInterrupt:
        say("interrupted: the index is as it was before")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has what it wanted (`| head`); Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    return code
