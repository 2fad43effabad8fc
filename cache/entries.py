"""Frames: what one entry of the cache looks like on disk, so that nothing damaged or misplaced is taken for it.

A frame is a head (magic, schema, flags, length of the key, length of the body),
a checksum of head, key and body, and the body itself. The key is in the checksum,
not in the frame: a frame moved under another key does not verify.

Bodies are not compressed. Trees and tables are compact already: over 1,200 of them
(2.7 MB of MeTTa) zlib at level 1 halves the bytes, but costs a fifth of the time that
parsing takes and three times what storing takes. Without compression there is
nothing that could unpack to more than it says.
"""

from __future__ import annotations

from struct import Struct

from metta_index.indexer.text.digest import blake2b

SCHEMA = 1
"""Version of frames and of the store around them; each version has a folder of its own."""

MAX_PAYLOAD_BYTES = 1 << 28
"""Larger payloads are neither sealed nor read: a size that nothing honest has must not cost memory."""

_MAGIC = b"MICE"
_FLAGS = 0
_HEAD = Struct("<4sBBHI")
_CHECK_BYTES = 16
_BODY_START = _HEAD.size + _CHECK_BYTES

MAX_FRAME_BYTES = _BODY_START + MAX_PAYLOAD_BYTES


def seal(key: str, payload: bytes) -> bytes:
    """The frame that holds a payload under a key.

    Raises ValueError for a key of more than 65,535 bytes or a payload of more than
    `MAX_PAYLOAD_BYTES`.
    """
    name = key.encode()
    if len(name) > 0xFFFF or len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"an entry of {len(payload)} bytes under a key of {len(name)} bytes cannot be stored")
    head = _HEAD.pack(_MAGIC, SCHEMA, _FLAGS, len(name), len(payload))
    return b"".join((head, _checksum(head, name, payload), payload))


def unseal(key: str, frame: bytes) -> bytes | None:
    """The payload of a frame; None, a miss, for whatever `seal` did not make under this key."""
    name = key.encode()
    payload = frame[_BODY_START:]
    if len(name) > 0xFFFF or len(payload) > MAX_PAYLOAD_BYTES:
        return None
    head = _HEAD.pack(_MAGIC, SCHEMA, _FLAGS, len(name), len(payload))
    if frame[:_BODY_START] != head + _checksum(head, name, payload):
        return None
    return payload


def _checksum(head: bytes, name: bytes, payload: bytes) -> bytes:
    digest = blake2b(head, digest_size=_CHECK_BYTES, person=b"metta-index")
    digest.update(name)
    digest.update(payload)
    return digest.digest()
