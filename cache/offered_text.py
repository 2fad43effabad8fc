"""OfferedText: the names that documents offer, as one text that is searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from metta_index.cache.name_rows import offered_keys
from metta_index.indexer.rules.keys import folded

_END = b"\n"


class OfferedText:
    """Fulfils `rules.near.Offered`. To look for a few names takes a tenth of what it takes to hash all of them."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        """All rows of `name`. Raises DamagedIndexError where one does not verify."""
        names = [name for row in rows for name in offered_keys(row)]
        # Names that could be taken for several.
        self._odd = [name for name in names if _END in name]
        self._names = [name for name in names if _END not in name] if self._odd else names
        self._text = _END.join([b"", *self._names, b""])
        self._folded: bytes | None = None

    def between(self, start: bytes, end: bytes) -> Iterator[bytes]:
        """The names that start and end so."""
        if _END not in start + end:
            # The longer part is in fewer names.
            found = self._starting(start) if len(start) >= len(end) else self._ending(end)
            yield from [name for name in found if name.startswith(start) and name.endswith(end)]
        yield from [name for name in self._odd if name.startswith(start) and name.endswith(end)]

    def _starting(self, start: bytes) -> Iterator[bytes]:
        text, wanted = self._text, _END + start
        at = text.find(wanted)
        while 0 <= at < len(text) - 1:
            last = text.index(_END, at + 1)
            yield text[at + 1 : last]
            at = text.find(wanted, last)

    def _ending(self, end: bytes) -> Iterator[bytes]:
        text, wanted = self._text, end + _END
        at = text.find(wanted)
        while at >= 0:
            last = at + len(end)
            yield text[text.rindex(_END, 0, last) + 1 : last]
            at = text.find(wanted, last)

    def spelt(self, whole: bytes) -> Iterator[bytes]:
        """The names that are so without hyphens and capitals (`folded`)."""
        if self._folded is None:
            self._folded = folded(self._text)
        wanted = _END + whole + _END
        at = self._folded.find(wanted) if _END not in whole else -1
        while at >= 0:
            yield self._names[self._folded.count(_END, 0, at)]
            at = self._folded.find(wanted, at + 1)
        yield from [name for name in self._odd if folded(name) == whole]
