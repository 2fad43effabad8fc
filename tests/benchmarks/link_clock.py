"""What of a build is linking: its functions timed while a build in this process calls them.

CPU time: the wall clock of a stage would hold what other processes take meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any
from unittest import mock

from metta_index.cache import database
from metta_index.cache.import_rows import ImportRows
from metta_index.cache.postings import Postings
from metta_index.indexer.linking import imports, postings
from metta_index.indexer.linking import link as linking

#: The parts of linking, each with the functions that do it; what one of them calls of another counts for the first.
PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "decoding tables": ((database, "decoded_tables"),),
    "postings": ((postings, "mentions"), (Postings, "change"), (Postings, "flush")),
    "imports": ((imports, "imports_in"), (ImportRows, "replace"), (ImportRows, "flush"), (linking, "link")),
}


@dataclass(slots=True)
class LinkClock:
    """Seconds of CPU that linking took, by part, and all that was done meanwhile."""

    seconds: dict[str, float]
    whole: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.seconds.values())


@contextmanager
def link_clock() -> Iterator[LinkClock]:
    """Counts what linking takes within."""
    clock = LinkClock(dict.fromkeys(PARTS, 0.0))
    is_running = False

    def timed(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def measured(*arguments: Any, **options: Any) -> Any:
            nonlocal is_running
            if is_running:
                return function(*arguments, **options)
            is_running, started = True, time.process_time()
            try:
                found = function(*arguments, **options)
                return list(found) if isinstance(found, Iterator) else found
            finally:
                is_running = False
                clock.seconds[part] += time.process_time() - started

        return measured

    patches = [
        mock.patch.object(owner, name, timed(part, getattr(owner, name)))
        for part, functions in PARTS.items()
        for owner, name in functions
    ]
    for patch in patches:
        patch.start()
    begun = time.process_time()
    try:
        yield clock
    finally:
        clock.whole = time.process_time() - begun
        for patch in patches:
            patch.stop()
