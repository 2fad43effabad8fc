"""Manifest: what the last build saw of every file, so that the next can tell what changed."""

from __future__ import annotations

from array import array
from json import dumps, loads
from typing import NamedTuple

from metta_index.indexer.digest import DIGEST_BYTES

_MAGIC = b"MIM1"

#: A file written less than this before a scan may change again without its times
#: changing; until then only its content is trusted.
SETTLED_NS = 2_000_000_000


class Stat(NamedTuple):
    """What the file system says of a file; times in nanoseconds."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Entry(NamedTuple):
    """One file of the index: what was seen, what was read, and when the scan began that saw it."""

    stat: Stat
    digest: bytes
    scanned_ns: int


class Manifest(NamedTuple):
    """The files that are in an index.

    `files` maps paths to what the file system said, `digests` to the digests of
    what was read. `scanned_ns`: when the scan began that recorded a file's stat,
    in the clock of file times. `fingerprint`: versions and settings that the index
    was made with. `decisions`: what discovery remembers. `totals`: counts of the
    whole index.
    """

    fingerprint: str
    files: dict[str, Stat]
    digests: dict[str, bytes]
    scanned_ns: dict[str, int]
    decisions: bytes
    totals: dict[str, int]

    @classmethod
    def empty(cls, fingerprint: str) -> Manifest:
        return cls(fingerprint, {}, {}, {}, b"", {})

    @classmethod
    def of(cls, fingerprint: str, entries: dict[str, Entry], decisions: bytes) -> Manifest:
        paths = sorted(entries)
        return cls(
            fingerprint,
            {path: entries[path].stat for path in paths},
            {path: entries[path].digest for path in paths},
            {path: entries[path].scanned_ns for path in paths},
            decisions,
            {},
        )

    def entries(self) -> dict[str, Entry]:
        return {path: Entry(stat, self.digests[path], self.scanned_ns[path]) for path, stat in self.files.items()}

    def is_unchanged(self, path: str, stat: Stat) -> bool:
        """Whether the file is certainly the one that was read. False means: its content decides."""
        known = self.files.get(path)
        if known is None or known != stat:
            return False
        settled = self.scanned_ns[path] - SETTLED_NS
        return stat.mtime_ns <= settled and stat.ctime_ns <= settled

    def with_totals(self, totals: dict[str, int]) -> Manifest:
        return self._replace(totals=totals)

    def to_bytes(self) -> bytes:
        paths = list(self.files)
        names = b"\0".join(path.encode("utf-8", "surrogateescape") for path in paths)
        numbers = array("q")
        for path in paths:
            numbers.extend(self.files[path])
            numbers.append(self.scanned_ns[path])
        head = dumps(
            {
                "fingerprint": self.fingerprint,
                "totals": self.totals,
                "count": len(paths),
                "names": len(names),
                "decisions": len(self.decisions),
            }
        ).encode()
        digests = b"".join(self.digests[path] for path in paths)
        return b"".join(
            (_MAGIC, len(head).to_bytes(4, "little"), head, names, numbers.tobytes(), digests, self.decisions)
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest | None:
        """None for bytes that are no manifest of this version."""
        try:
            if data[:4] != _MAGIC:
                return None
            at = 8 + int.from_bytes(data[4:8], "little")
            head = loads(data[8:at])
            count, names_size = head["count"], head["names"]
            names = data[at : at + names_size]
            at += names_size
            numbers = array("q")
            numbers.frombytes(data[at : at + 40 * count])
            at += 40 * count
            digests = data[at : at + DIGEST_BYTES * count]
            at += DIGEST_BYTES * count
            paths = names.decode("utf-8", "surrogateescape").split("\0") if count else []
            if len(paths) != count or len(numbers) != 5 * count or len(data) != at + head["decisions"]:
                return None
            columns = (numbers[0::5], numbers[1::5], numbers[2::5], numbers[3::5])
            return cls(
                head["fingerprint"],
                dict(zip(paths, map(Stat._make, zip(*columns, strict=True)), strict=True)),
                {
                    path: digests[start : start + DIGEST_BYTES]
                    for path, start in zip(paths, range(0, len(digests), DIGEST_BYTES), strict=True)
                },
                dict(zip(paths, numbers[4::5], strict=True)),
                data[at:],
                head["totals"],
            )
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            return None
