"""The versions that are part of every cache key change whenever the code they speak of does.

After such a change raise the version in `languages/metta/versions.py`, and run
`pytest tests/indexer/metta/test_versions.py --update-golden`, which rewrites
`versions.json`. A change that cannot alter a result (a comment, a faster loop)
needs the second step only.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from metta_index.indexer.languages import versions_of

RECORD = Path(__file__).with_name("versions.json")
INDEXER = Path(__file__).parents[3] / "indexer"
METTA = INDEXER / "languages" / "metta"
TREE = [
    INDEXER / "_columns.c",
    INDEXER / "text" / "problems.py",
    INDEXER / "text" / "syntax.py",
    METTA / "binding.h",
    METTA / "cut.c",
    METTA / "grammar.js",
    METTA / "grammar.py",
    METTA / "lexer.h",
    METTA / "lexical.py",
    METTA / "parse.py",
    METTA / "tokens.c",
    METTA / "src" / "parser.c",
]
TABLE = [
    INDEXER / "text" / "symbols.py",
    METTA / "definitions.c",
    METTA / "documentation.c",
    METTA / "dialects.py",
    METTA / "extract.py",
    METTA / "forms.py",
    METTA / "names.c",
    METTA / "tops.c",
    METTA / "walk.c",
    METTA / "walk.h",
]


def digest(paths: list[Path]) -> str:
    return sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def test_the_versions_are_those_of_this_code(request: pytest.FixtureRequest) -> None:
    versions = versions_of("metta")
    actual = {
        "tree": {"version": versions.tree, "code": digest(TREE)},
        "table": {"version": versions.table, "code": digest(TABLE)},
    }
    if request.config.getoption("--update-golden"):
        RECORD.write_text(json.dumps(actual, indent=2) + "\n")
    assert json.loads(RECORD.read_text()) == actual, __doc__
