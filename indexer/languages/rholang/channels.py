"""Which channels take MeTTa: the configured URIs, and texts that are sent straight to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import translate

from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.names import quoted_name
from metta_index.indexer.languages.rholang.nodes import Nodes
from metta_index.indexer.languages.rholang.patterns import SENDS, SOURCES
from metta_index.indexer.languages.rholang.scopes import Binder
from metta_index.indexer.languages.rholang.texts import is_text, unwrapped


class Channels:
    """Patterns of URIs, to be asked many times."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._pattern = re.compile("|".join(map(translate, patterns)).encode()) if patterns else None

    def takes_metta(self, uri: bytes) -> bool:
        return self._pattern is not None and self._pattern.match(uri) is not None


def uris(nodes: Nodes, bound: dict[int, Binder]) -> Iterator[tuple[Binder, bytes | None]]:
    """What every `new` binds, with the URI of the channel that it is; None where it is made there."""
    for row, kind in enumerate(nodes.kinds):
        if kind == Node.declaration and (children := nodes.children(row)):
            binder = bound.get(nodes.starts[children[0]])
            if binder is not None:
                given = [nodes.bytes_of(child)[1:-1] for child in children[1:] if nodes.kinds[child] == Node.uri]
                yield binder, given[0] if given else None


def direct_texts(nodes: Nodes, bound: dict[int, Binder], channels: Channels) -> Iterator[int]:
    """The rows of texts that are parts of messages to a channel that takes MeTTa, written in the send itself.

    The channel is a name that a `new` binds to its URI, or the URI or its text, quoted.
    """
    taking = {binder for binder, uri in uris(nodes, bound) if uri is not None and channels.takes_metta(uri)}
    for row, kind in enumerate(nodes.kinds):
        if kind not in SENDS and kind not in SOURCES:
            continue
        children = nodes.children(row)
        if not children or not (
            bound.get(nodes.starts[children[0]]) in taking or _is_uri(nodes, children[0], channels)
        ):
            continue
        for arguments in children[1:]:
            if nodes.kinds[arguments] == Node.arguments:
                yield from (
                    inner for child in nodes.children(arguments) if is_text(nodes, inner := unwrapped(nodes, child))
                )


def _is_uri(nodes: Nodes, row: int, channels: Channels) -> bool:
    """Whether a name is a URI that takes MeTTa: @`rho:metta:compile`, @"rho:metta:compile"."""
    named = quoted_name(nodes, row) if nodes.kinds[row] == Node.quote else None
    return named is not None and channels.takes_metta(named.name.removeprefix(b'@"').removesuffix(b'"'))
