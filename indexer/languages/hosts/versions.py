"""Versions of what hosts say, for cache keys; imports no tree-sitter.

A region's own tree and table are kept under MeTTa's versions. A host's table depends
on them, too, because a text that nothing marks is parsed to see whether it is MeTTa, and on
the package that its grammar comes from.
"""

from __future__ import annotations

from metta_index.indexer.languages.hosts import HOSTS, providers
from metta_index.indexer.languages.metta.versions import TABLE_VERSION as METTA_TABLE
from metta_index.indexer.languages.metta.versions import TREE_VERSION as METTA_TREE

#: The trees of hosts are a root each.
TREE_VERSION = "host-tree-1"

#: What `find` of any host gives, and what the table makes of it.
TABLE_VERSION = "host-table-9"


def table_version(host: str) -> str:
    """The version of a host's tables. Looks for its grammar's package, so ask only where a file of the host is."""
    grammar = HOSTS[host].grammar
    provider = providers.version_of(grammar) if grammar is not None else "none"
    return f"{TABLE_VERSION} {host} {provider} {METTA_TREE} {METTA_TABLE}"
