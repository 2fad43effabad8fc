"""What a store may hold, and what it tells of itself."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["open", "read-only", "off"]


class Limits(NamedTuple):
    """What a store may hold: bytes of its database, and entries."""

    max_bytes: int = 1 << 30
    max_entries: int = 500_000


class Counts:
    """What a store did since it was opened."""

    hits: int = 0
    misses: int = 0
    puts: int = 0
    evictions: int = 0
    verify_failures: int = 0


class StoreStats(NamedTuple):
    """What a store holds, may hold, and did since it was opened.

    `bytes`: of its files on disk. `reason`: why it is not open, or what happened to
    what was there before; else empty.
    """

    state: State
    reason: str
    entries: int
    bytes: int
    max_entries: int
    max_bytes: int
    hits: int
    misses: int
    puts: int
    evictions: int
    verify_failures: int


class VerifyReport(NamedTuple):
    """Entries that verify and that do not; `problems`: what is wrong with the store around them."""

    good: int
    bad: int
    problems: tuple[str, ...]


class GcReport(NamedTuple):
    """Entries removed, or that would be, and entries kept; `freed_bytes`: of the disk."""

    removed: int
    kept: int
    freed_bytes: int
    dry_run: bool
