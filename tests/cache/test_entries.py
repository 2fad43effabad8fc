"""Frames: what was sealed comes back; nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metta_index.cache import entries
from metta_index.cache.entries import seal, unseal

keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(keys, st.binary(max_size=5000))
def test_what_was_sealed_comes_back(key: str, payload: bytes) -> None:
    assert unseal(key, seal(key, payload)) == payload


@given(keys, keys, st.binary(max_size=50))
def test_a_frame_belongs_to_its_key(key: str, other: str, payload: bytes) -> None:
    assert unseal(other, seal(key, payload)) == (payload if other == key else None)


def test_key_and_payload_cannot_trade_bytes() -> None:
    frame = seal("ab", b"cd")
    head, body = frame[:-2], frame[-2:]
    assert unseal("a", head + b"b" + body) is None
    assert unseal("abc", head + body[1:]) is None


@pytest.mark.parametrize("payload", [b"", b"payload"])
def test_every_flipped_bit_is_a_miss(payload: bytes) -> None:
    frame = seal("tree:00ff", payload)
    for position in range(len(frame)):
        for bit in range(8):
            damaged = bytearray(frame)
            damaged[position] ^= 1 << bit
            assert unseal("tree:00ff", bytes(damaged)) is None, (position, bit)


def test_every_cut_and_every_addition_is_a_miss() -> None:
    frame = seal("key", b"payload")
    for size in range(len(frame)):
        assert unseal("key", frame[:size]) is None
        assert unseal("key", frame[size + 1 :]) is None
    assert unseal("key", frame + b"\0") is None
    assert unseal("key", frame + frame) is None


def test_another_schema_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = seal("key", b"payload")
    monkeypatch.setattr(entries, "SCHEMA", entries.SCHEMA + 1)
    assert unseal("key", frame) is None


def test_what_cannot_be_read_back_is_not_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MAX_PAYLOAD_BYTES", 10)
    assert unseal("key", seal("key", bytes(10))) == bytes(10)
    with pytest.raises(ValueError, match="11 bytes"):
        seal("key", bytes(11))
    with pytest.raises(ValueError, match="cannot be stored"):
        seal("k" * 65536, b"")
    assert unseal("k" * 65536, seal("k", b"")) is None
