"""MeTTa as the indexer sees it (`languages.Language`)."""

from metta_index.indexer.languages.metta.dialects import DIALECTS, is_error
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.grammar import KINDS
from metta_index.indexer.languages.metta.parse import cut, parse
from metta_index.indexer.languages.metta.versions import TABLE_VERSION, TREE_VERSION

__all__ = ["DIALECTS", "KINDS", "TABLE_VERSION", "TREE_VERSION", "cut", "extract", "is_error", "parse"]
