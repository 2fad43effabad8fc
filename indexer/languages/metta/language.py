"""MeTTa as the indexer sees it (`languages.Language`)."""

from metta_index.indexer.languages.metta.cutting import pieces
from metta_index.indexer.languages.metta.dialects import DIALECTS, is_error
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.grammar import KINDS
from metta_index.indexer.languages.metta.parse import parse

__all__ = ["DIALECTS", "KINDS", "extract", "is_error", "parse", "pieces"]
