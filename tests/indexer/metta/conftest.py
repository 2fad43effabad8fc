"""The compiled MeTTa grammar, shared by the tests of this folder."""

import pytest
from tree_sitter import Language, Parser

from metta_index.indexer.languages.metta import _binding


@pytest.fixture(scope="session")
def metta() -> Language:
    return Language(_binding.language())


@pytest.fixture(scope="session")
def parser(metta: Language) -> Parser:
    return Parser(metta)
