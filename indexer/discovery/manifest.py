"""Manifest: what the last build saw of every file, so that the next can tell what changed."""

from __future__ import annotations

from array import array
from functools import partial
from itertools import chain
from json import dumps, loads
from typing import NamedTuple

from metta_index.indexer.text.digest import DIGEST_BYTES

_MAGIC = b"MIM2"

#: A file written less than this before a scan may change again without its times
#: changing; until then only its content is trusted.
SETTLED_NS = 2_000_000_000


class Stat(NamedTuple):
    """What the file system says of a file; times in nanoseconds."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Manifest(NamedTuple):
    """The files that are in an index.

    `files` maps paths to what the file system said, `digests` to the digests of
    what was read. `scanned_ns`: when the scan began that recorded a file's stat,
    in the clock of file times. `fingerprint`: versions and settings that the index
    was made with. `decisions`: what discovery remembers. `totals`: counts of the
    whole index. The three mappings name the same files in the same order.
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

    def copy(self) -> Manifest:
        """One that `record` and `forget` may change."""
        return self._replace(files=self.files.copy(), digests=self.digests.copy(), scanned_ns=self.scanned_ns.copy())

    def record(self, path: str, stat: Stat, digest: bytes, scanned_ns: int) -> None:
        self.files[path] = stat
        self.digests[path] = digest
        self.scanned_ns[path] = scanned_ns

    def forget(self, path: str) -> None:
        for known in (self.files, self.digests, self.scanned_ns):
            known.pop(path, None)

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
        """The same bytes for the same files, in whatever order they were recorded."""
        paths = sorted(self.files)
        if paths != list(self.files):
            return self._in_order_of(paths).to_bytes()
        names = b"\0".join([path.encode("utf-8", "surrogateescape") for path in paths])
        head = dumps(
            {
                "fingerprint": self.fingerprint,
                "totals": self.totals,
                "count": len(paths),
                "names": len(names),
                "decisions": len(self.decisions),
            }
        ).encode()
        stats = array("q", chain.from_iterable(self.files.values()))
        scanned = array("q", self.scanned_ns.values())
        digests = b"".join(self.digests.values())
        size = len(head).to_bytes(4, "little")
        return b"".join((_MAGIC, size, head, names, stats.tobytes(), scanned.tobytes(), digests, self.decisions))

    def _in_order_of(self, paths: list[str]) -> Manifest:
        return self._replace(
            files={path: self.files[path] for path in paths},
            digests={path: self.digests[path] for path in paths},
            scanned_ns={path: self.scanned_ns[path] for path in paths},
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
            stats, scanned = array("q"), array("q")
            stats.frombytes(data[at : at + 32 * count])
            at += 32 * count
            scanned.frombytes(data[at : at + 8 * count])
            at += 8 * count
            digests = data[at : at + DIGEST_BYTES * count]
            at += DIGEST_BYTES * count
            paths = names.decode("utf-8", "surrogateescape").split("\0") if count else []
            if (
                len(paths) != count
                or len(stats) != 4 * count
                or len(scanned) != count
                or len(data) != at + head["decisions"]
            ):
                return None
            number = iter(stats)
            # As Stat(…) does, in half the time.
            files = map(partial(tuple.__new__, Stat), zip(number, number, number, number, strict=True))
            return cls(
                head["fingerprint"],
                dict(zip(paths, files, strict=True)),
                {
                    path: digests[start : start + DIGEST_BYTES]
                    for path, start in zip(paths, range(0, len(digests), DIGEST_BYTES), strict=True)
                },
                dict(zip(paths, scanned, strict=True)),
                data[at:],
                head["totals"],
            )
        except (ValueError, KeyError, TypeError, IndexError, OverflowError):
            return None
