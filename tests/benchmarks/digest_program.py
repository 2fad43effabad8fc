"""A command: metta-index with the digest named first in place of its own; for one process only."""

from __future__ import annotations

import sys

from metta_index.cli.__main__ import main
from metta_index.indexer.text import digest


def exchange(name: str) -> None:
    """Makes content digests, keys and checksums those of hashlib's SHA-256, cut where shorter ones are asked for."""
    if name == "blake2b":
        return
    from hashlib import sha256

    class Digest:
        def __init__(self, data: bytes = b"", *, digest_size: int = 32, person: bytes = b"") -> None:
            self.size, self.state = digest_size, sha256(person + data)
            self.update = self.state.update

        def copy(self) -> Digest:
            other = Digest(digest_size=self.size)
            other.state = self.state.copy()
            other.update = other.state.update
            return other

        def digest(self) -> bytes:
            return self.state.digest()[: self.size]

        def hexdigest(self) -> str:
            return self.digest().hex()

    digest.blake2b = Digest  # type: ignore[misc,assignment]


if __name__ == "__main__":
    exchange(sys.argv.pop(1))
    main()
