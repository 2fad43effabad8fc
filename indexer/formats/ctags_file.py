"""A tags file of a whole workspace, made anew only where a document changed.

The tags of a document, its fragment, are kept by what they depend on: so a
fragment that was kept is the one that would be rendered.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from metta_index.indexer.formats.ctags import MOVED, PLAIN, render_tags
from metta_index.indexer.formats.tags_header import pseudo_tags
from metta_index.indexer.languages import versions_of
from metta_index.indexer.protocols import EntryCache, IndexedDocument
from metta_index.indexer.text.digest import blake2b, content_digest
from metta_index.indexer.text.symbols import decode_table

#: Changes whenever the fragment of some document does.
RENDERER_VERSION = "2"

#: Fragments rendered before they are kept: what a run that is interrupted may lose.
_AT_ONCE = 256


_Document = TypeVar("_Document", bound=IndexedDocument)


@dataclass(frozen=True, slots=True)
class TagsFile:
    """All lines of a tags file, and how many documents were rendered for it."""

    lines: list[bytes]
    rendered: int


def make_tags_file(
    root: Path,
    folder: Path,
    documents: Sequence[_Document],
    tables_of: Callable[[_Document], Iterable[bytes]],
    cache: EntryCache | None,
    version: str,
) -> TagsFile:
    """The tags file of a workspace at `root`, for a `folder` that its paths lead from.

    `documents`: all of the index, with `tables_of` for the encoded tables of one;
    `version`: that of this program. Raises DecodeError on tables that do not fit.
    """
    prefix = _prefix(root, folder)
    # Import roots outside the workspace may be configured as absolute paths.
    paths = [
        os.fsencode(document.path) if document.path.startswith("/") else prefix + os.fsencode(document.path)
        for document in documents
    ]
    keys = [_key(path, document) for path, document in zip(paths, documents, strict=True)]
    known = cache.get_many(keys) if cache is not None else {}
    fragments, made = [], []
    rendered = 0
    for document, path, key in zip(documents, paths, keys, strict=True):
        fragment = known.get(key)
        if fragment is None or fragment[:1] not in (PLAIN, MOVED):
            rendered += 1
            source = _source(root, document)
            fragment = render_tags(
                path, document.language, source, [decode_table(data) for data in tables_of(document)]
            )
            # Without its text a document gets tags of another form, which are not to stay.
            if source is not None:
                made.append((key, fragment))
            if cache is not None and len(made) == _AT_ONCE:
                cache.put_many(made)
                made = []
        fragments.append(fragment)
    if cache is not None and made:
        cache.put_many(made)
    is_sorted = all(fragment.startswith(PLAIN) for fragment in fragments)
    languages = {document.language for document in documents}
    if languages:
        languages.add("metta")  # which all others may hold
    header = pseudo_tags(languages, version, is_sorted)
    return TagsFile([*header, *_merged(fragments)], rendered)


def _merged(fragments: Iterable[bytes]) -> list[bytes]:
    """The lines of all fragments, sorted by their bytes. Sorting finds the runs that fragments are."""
    lines = b"".join(fragment[1:] for fragment in fragments).split(b"\n")
    lines.pop()
    lines.sort()
    return lines


def _key(path: bytes, document: IndexedDocument) -> str:
    """By what a fragment is kept: all that the tables of a document and its tags depend on."""
    versions = versions_of(document.language)
    parts = [
        document.language,
        versions.tree,
        versions.table,
        document.dialect,
        document.digest.hex(),
        os.fsdecode(path),
    ]
    digest = blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=20).hexdigest()
    return f"ctags:{RENDERER_VERSION}:{digest}"


def _prefix(root: Path, folder: Path) -> bytes:
    """What leads from a folder to the root: nothing, or a path with a slash at its end."""
    try:
        way = os.path.relpath(root, folder)
    except ValueError:  # another drive
        way = str(root)
    return b"" if way == os.curdir else os.fsencode(way.replace(os.sep, "/") + "/")


def _source(root: Path, document: IndexedDocument) -> bytes | None:
    """The text that was indexed; None where the file is gone, or holds another by now."""
    try:
        source = (root / document.path).read_bytes()
    except OSError:
        return None
    return source if content_digest(source) == document.digest else None
