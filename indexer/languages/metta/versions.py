"""Versions that are part of every cache key; raising one makes older entries misses.

Kept apart from the code they speak of, so that a build without changes can
compare them without importing tree-sitter. A test compares them with a digest of
that code, so that neither can change alone.
"""

#: The grammar, the cutter and what `parse` makes of them.
TREE_VERSION = "metta-tree-2"

#: The forms, the dialects and what `extract` makes of them.
TABLE_VERSION = "metta-table-6"
