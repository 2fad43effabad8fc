"""What a workspace may configure about Rholang, as the one text that is part of the keys of tables."""

from __future__ import annotations

from collections.abc import Sequence

#: Patterns, as a shell has them, of the URIs whose channels take MeTTa.
DEFAULT_CHANNELS = ("rho:metta:*",)


def encode_channels(channels: Sequence[str]) -> str | None:
    """Patterns as one text, the same for the same patterns; None where they are the default."""
    return None if tuple(channels) == DEFAULT_CHANNELS else "\n".join(("channels", *sorted(set(channels))))


def decode_channels(option: str | None) -> tuple[str, ...]:
    """The patterns that were encoded."""
    return DEFAULT_CHANNELS if option is None else tuple(option.split("\n")[1:])
