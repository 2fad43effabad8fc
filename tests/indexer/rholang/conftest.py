"""The compiled Rholang grammar, shared by the tests of this folder."""

import pytest
from tree_sitter import Language, Parser

from metta_index.indexer.languages.rholang import _binding


@pytest.fixture(scope="session")
def rholang() -> Language:
    return Language(_binding.language())


@pytest.fixture(scope="session")
def parser(rholang: Language) -> Parser:
    return Parser(rholang)
