"""Versions that are part of every cache key; see the module of that name in MeTTa's folder."""

#: The grammar and what `parse` makes of it.
TREE_VERSION = "rholang-tree-2"

#: The binding rules and what `extract` makes of them.
TABLE_VERSION = "rholang-table-7"
