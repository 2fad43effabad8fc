"""MeTTa in Rholang: what finds it, and what comes first where several find it.

The detectors are independent of each other. What an earlier one has taken, a later one
does not take again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from metta_index.indexer.languages.rholang.channels import Channels, direct_texts
from metta_index.indexer.languages.rholang.directives import directive_texts
from metta_index.indexer.languages.rholang.flow import flowing_texts
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.options import DEFAULT_CHANNELS
from metta_index.indexer.languages.rholang.scopes import Scopes
from metta_index.indexer.languages.rholang.texts import known_text, segments
from metta_index.indexer.text.regions import make_region
from metta_index.indexer.text.symbols import Confidence, Region


class Reading(NamedTuple):
    """A text with its names resolved, and the channels that take MeTTa."""

    nodes: Nodes
    scopes: Scopes
    channels: Channels


class Finding(NamedTuple):
    """The row of an expression that is text of another language."""

    row: int
    language: str
    confidence: Confidence


class Detector(NamedTuple):
    name: str
    find: Callable[[Reading], Iterable[Finding]]


def _directives(reading: Reading) -> Iterable[Finding]:
    for row, language in directive_texts(reading.nodes):
        yield Finding(row, language, Confidence.CERTAIN)


def _sends(reading: Reading) -> Iterable[Finding]:
    for row in direct_texts(reading.nodes, reading.scopes.bound, reading.channels):
        yield Finding(row, "metta", Confidence.CERTAIN)


def _flows(reading: Reading) -> Iterable[Finding]:
    for row in flowing_texts(*reading):
        yield Finding(row, "metta", Confidence.LIKELY)


#: From the one whose word counts most.
DETECTORS = (Detector("directive", _directives), Detector("semantic", _sends), Detector("flow", _flows))


def regions(
    nodes: Nodes, scopes: Scopes, channels: Sequence[str] = DEFAULT_CHANNELS, detectors: Sequence[Detector] = DETECTORS
) -> tuple[Region, ...]:
    """The regions of a text, in its order. `channels`: patterns of URIs."""
    if not _has_trace(nodes.source, channels):
        return ()
    reading = Reading(nodes, scopes, Channels(channels))
    taken = bytearray(len(nodes.kinds))
    found: list[Region] = []
    for detector in detectors:
        for row, language, confidence in detector.find(reading):
            parts = segments(nodes, row)
            if known_text(parts).strip() and not any(taken[row : nodes.tails[row]]):
                taken[row : nodes.tails[row]] = b"\1" * (nodes.tails[row] - row)
                found.append(make_region(language, detector.name, confidence, parts))
    return tuple(sorted(found, key=lambda region: region.start))


def _has_trace(source: bytes, channels: Sequence[str]) -> bool:
    """Whether a text may hold regions at all: most do not, and a search for bytes takes no time."""
    lowered = source.lower()
    return b"@metta" in lowered or b"@lang" in lowered or any(_fixed(channel) in source for channel in channels)


def _fixed(pattern: str) -> bytes:
    """What every URI that matches a pattern starts with."""
    return min((pattern.partition(special)[0] for special in "*?["), key=len).encode()
