"""Rholang as the indexer sees it (`languages.Language`)."""

from metta_index.indexer.languages.rholang.dialects import DIALECTS, is_error
from metta_index.indexer.languages.rholang.extract import extract
from metta_index.indexer.languages.rholang.grammar import KINDS
from metta_index.indexer.languages.rholang.parse import parse, pieces

__all__ = ["DIALECTS", "KINDS", "extract", "is_error", "parse", "pieces"]
