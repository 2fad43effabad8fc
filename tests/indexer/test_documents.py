"""Reading files that are larger than what is read at once: pieces and digests are those of the whole."""

from pathlib import Path

import pytest

from metta_index.indexer.building import documents
from metta_index.indexer.building.documents import Document, read_document
from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.manifest import Stat
from metta_index.indexer.text.digest import content_digest

FACTS = b"".join(b"(edge node-%d node-%d)\n" % (number, number * 7919 % 5000) for number in range(60_000))


def read(folder: Path, name: str, content: bytes, size: int, known: bytes | None = None) -> Document | None:
    (folder / name).write_bytes(content)
    return read_document(folder, name, Stat(size, 0, 0, 0), Settings(), known)


def said(document: Document | None) -> tuple[int, bytes, list[tuple[int, int, bytes]]]:
    assert document is not None
    return document.size, document.digest, [(piece.start, piece.size, piece.digest) for piece in document.pieces]


@pytest.mark.parametrize("content", [FACTS, b"(open\n" + FACTS, FACTS[:-2], b"x" * len(FACTS)])
@pytest.mark.parametrize("name", ["facts.metta", "facts.rho"])
def test_a_file_that_is_read_in_parts_has_the_pieces_of_the_whole(
    content: bytes, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = said(read(tmp_path, name, content, len(content)))
    assert whole[:2] == (len(content), content_digest(content))
    assert [content_digest(content[start : start + size]) for start, size, _ in whole[2]] == [d for *_, d in whole[2]]
    monkeypatch.setattr(documents, "_PART", 300_000)
    assert said(read(tmp_path, name, content, len(content))) == whole
    assert read(tmp_path, name, content, len(content), known=whole[1]) is None


@pytest.mark.parametrize("now", [b"", b"(a b)\n", FACTS, FACTS * 2], ids=["empty", "small", "shorter", "longer"])
def test_a_large_file_that_is_another_by_now_is_read_as_it_is(
    now: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = said(read(tmp_path, "facts.metta", now, len(now)))
    monkeypatch.setattr(documents, "_PART", 300_000)
    assert said(read(tmp_path, "facts.metta", now, len(FACTS) + 1)) == expected
