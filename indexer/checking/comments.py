"""Where the comments of other languages than MeTTa are: those that may keep findings from being shown."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages import load_language

#: Kinds of nodes that are comments, or in Markdown hold some.
_KINDS = {"python": ("comment",), "rust": ("line_comment", "block_comment"), "markdown": ("html_block",)}


def comments_in(language: str, source: bytes) -> list[tuple[int, int]]:
    """The comments of a text that lie within one line each, in the order of the text; the end exclusive.

    None in formats without comments of their own, and where the grammar is not installed.
    """
    if language == "rholang":
        found = _of_rholang(source)
    elif language in _KINDS:
        found = _of_host(language, source)
    else:
        return []
    return sorted((start, end) for start, end in found if b"\n" not in source[start:end].rstrip())


def _of_rholang(source: bytes) -> Iterator[tuple[int, int]]:
    from metta_index.indexer.languages.rholang.grammar import Node

    tree = load_language("rholang").parse(source)
    starts, ends = memoryview(tree.starts).cast("I"), memoryview(tree.ends).cast("I")
    for row, kind in enumerate(tree.kinds):
        if kind in (Node.line_comment, Node.block_comment):
            yield starts[row], ends[row]


def _of_host(language: str, source: bytes) -> Iterator[tuple[int, int]]:
    from metta_index.indexer.languages.hosts import providers
    from metta_index.indexer.languages.hosts.walking import nodes_of

    try:
        root = providers.parser(language).parse(source).root_node
    except providers.MissingGrammarError:
        return
    kinds = _KINDS[language]
    for nodes in nodes_of(root, kinds).values():
        for node in nodes:
            if language != "markdown":
                yield node.start_byte, node.end_byte
                continue
            at = source.find(b"<!--", node.start_byte, node.end_byte)
            while at >= 0:
                end = source.find(b"-->", at, node.end_byte)
                if end < 0:
                    break
                yield at, end + 3
                at = source.find(b"<!--", end, node.end_byte)
