"""The guarded call of the work: what an item raises costs that item only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, TypeVar

Item = TypeVar("Item")
FailureKind = Literal["error", "crash", "timeout", "memory"]

_LONGEST_MESSAGE = 500


class Failure(NamedTuple):
    """Why an item has no outcome.

    `error`: the work raised; `crash`: its process died; `timeout`, `memory`: it went over one of the limits.
    """

    kind: FailureKind
    message: str


class Limits(NamedTuple):
    """What one item may take in a worker; None is no limit. They need Unix, and do not bind a sequential run.

    `memory_bytes` bounds the address space of the whole worker, the interpreter included (about 0.5 GB before
    any work, most of it never touched).
    """

    seconds_per_item: float | None = 60.0
    memory_bytes: int | None = None


class Terminated(SystemExit):
    """A signal asked this process to end; the exit status is 128 + the signal."""


def call_guarded(work: Callable[[Item], bytes], item: Item, limits: Limits | None = None) -> bytes | Failure:
    """Return `work(item)`, or the failure if it raises anything but a request to end this process.

    Bytes are all that may come back: they cross from process to process without being taken for anything else.
    `limits`: those of the worker that this process is; None where it is none.
    """
    try:
        outcome = work(item)
        if type(outcome) is not bytes:
            return Failure("error", f"its result is {type(outcome).__name__}, not bytes")
        return outcome
    except Terminated:
        raise
    except MemoryError as error:
        return Failure(
            "memory" if limits is not None and limits.memory_bytes is not None else "error", _describe(error)
        )
    except KeyboardInterrupt as error:
        if limits is None:
            raise
        return Failure("error", _describe(error))
    except BaseException as error:
        return Failure("error", _describe(error))


def _describe(error: BaseException) -> str:
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        return name
    if len(text) > _LONGEST_MESSAGE:
        text = text[:_LONGEST_MESSAGE] + "…"
    return f"{name}: {text}" if text else name
