"""The versions that are part of every cache key change whenever the code they speak of does.

After such a change raise the version in `languages/rholang/versions.py`, and run
`pytest tests/indexer/rholang/test_rholang_versions.py --update-golden`, which
rewrites `versions.json`. A change that cannot alter a result needs the second step only.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from metta_index.indexer.languages.rholang import versions

RECORD = Path(__file__).with_name("versions.json")
INDEXER = Path(__file__).parents[3] / "indexer"
RHOLANG = INDEXER / "languages" / "rholang"
TREE = [
    INDEXER / "_columns.c",
    INDEXER / "text" / "problems.py",
    INDEXER / "text" / "syntax.py",
    INDEXER / "languages" / "kinds.py",
    RHOLANG / "grammar.js",
    RHOLANG / "grammar.py",
    RHOLANG / "lexical.py",
    RHOLANG / "parse.py",
    RHOLANG / "src" / "parser.c",
]
#: Overloads and shapes answer questions about tables; they are not in them.
ELSEWHERE = {"__init__.py", "globals.py", "language.py", "overloads.py", "shapes.py", "versions.py"}
TABLE = [
    INDEXER / "text" / "regions.py",
    INDEXER / "text" / "symbols.py",
    INDEXER / "languages" / "hosts" / "shape.py",
    *sorted(path for path in RHOLANG.glob("*.py") if path not in TREE and path.name not in ELSEWHERE),
]


def digest(paths: list[Path]) -> str:
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def test_the_versions_are_those_of_this_code(request: pytest.FixtureRequest) -> None:
    actual = {
        "tree": {"version": versions.TREE_VERSION, "code": digest(TREE)},
        "table": {"version": versions.OWN_TABLE_VERSION, "code": digest(TABLE)},
    }
    if request.config.getoption("--update-golden"):
        RECORD.write_text(json.dumps(actual, indent=2) + "\n")
    assert json.loads(RECORD.read_text()) == actual, __doc__
