"""The version that is part of the keys of hosts' tables changes whenever the code it speaks of does.

After such a change raise `TABLE_VERSION` in `languages/hosts/versions.py`, and run
`pytest tests/indexer/hosts/test_host_versions.py --update-golden`, which rewrites
`versions.json`. A change that cannot alter a result needs the second step only.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from metta_index.indexer.languages.hosts import versions

GRAMMAR = "markdown"  # needs none: one run is enough

RECORD = Path(__file__).with_name("versions.json")
INDEXER = Path(__file__).parents[3] / "indexer"
HOSTS = INDEXER / "languages" / "hosts"
TABLE = [
    INDEXER / "text" / "regions.py",
    INDEXER / "text" / "symbols.py",
    *sorted(set(HOSTS.glob("*.py")) - {HOSTS / "versions.py"}),
]


def test_the_version_is_that_of_this_code(request: pytest.FixtureRequest) -> None:
    code = sha256(b"\0".join(path.read_bytes() for path in TABLE)).hexdigest()
    actual = {"table": {"version": versions.TABLE_VERSION, "code": code}}
    if request.config.getoption("--update-golden"):
        RECORD.write_text(json.dumps(actual, indent=2) + "\n")
    assert json.loads(RECORD.read_text()) == actual, __doc__
