"""Versions that are part of every cache key; see the module of that name in MeTTa's folder."""

from metta_index.indexer.languages.metta.versions import TABLE_VERSION as METTA_TABLE
from metta_index.indexer.languages.metta.versions import TREE_VERSION as METTA_TREE

#: The grammar and what `parse` makes of it.
TREE_VERSION = "rholang-tree-6"

#: The binding rules, what finds MeTTa, and what `extract` makes of them.
OWN_TABLE_VERSION = "rholang-table-9"

#: What is joined to a text of MeTTa is parsed to see whether it is MeTTa by itself.
TABLE_VERSION = f"{OWN_TABLE_VERSION} {METTA_TREE} {METTA_TABLE}"
