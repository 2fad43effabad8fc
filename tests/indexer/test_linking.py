"""Linking asks the index for what may have changed, and for no more."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from metta_index.indexer.imports import ImportRecord
from metta_index.indexer.link_context import LinkContext
from metta_index.indexer.linking import link

Records = list[tuple[int, ImportRecord]]


class Unchanged:
    """An index without an import that is not linked, and too large to be read whole."""

    def unlinked(self) -> Records:
        return []

    def all(self) -> Records:
        pytest.fail("every import of the workspace was read")

    def with_form(self, forms: Iterable[str]) -> Records:
        return []

    def depending_on(self, keys: Iterable[str]) -> Records:
        return []

    def resolve(self, document: int, record: ImportRecord) -> None:
        pytest.fail("there is nothing to resolve")


@pytest.mark.parametrize("paths", [{"a.metta"}, {"a.metta", "new.metta"}, set[str]()])
def test_files_that_come_and_go_do_not_make_linking_read_every_import(paths: set[str]) -> None:
    assert link(Unchanged(), LinkContext((), ()), paths, {"a.metta"}, False) == 0
