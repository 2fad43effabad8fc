"""Findings are kept: the version in their key changes whenever the code they come from does.

After such a change raise RULES_VERSION in `rules/versions.py`, and run
`pytest tests/indexer/rules/test_rules_version.py --update-golden`, which rewrites
`versions.json` and the table of rules. A change that cannot alter a finding (a comment,
a faster loop) needs the second step only.
"""

from __future__ import annotations

import json
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import pytest

from metta_index.indexer.rules.table import TABLE
from metta_index.indexer.rules.versions import RULES_VERSION

RECORD = Path(__file__).with_name("versions.json")
INDEXER = Path(__file__).parents[3] / "indexer"
CODE = [
    *sorted(path for path in (INDEXER / "rules").glob("*.py") if path.name not in ("table.py", "versions.py")),
    *sorted((INDEXER / "languages" / "metta" / "builtins").iterdir()),
    INDEXER / "checking" / "check.py",
    INDEXER / "checking" / "comments.py",
    INDEXER / "linking" / "import_diamonds.py",
    INDEXER / "linking" / "import_graph.py",
    INDEXER / "text" / "offers.py",
    INDEXER / "checking" / "suppressions.py",
    INDEXER / "checking" / "workspace_facts.py",
]


def test_the_version_is_that_of_this_code(request: pytest.FixtureRequest) -> None:
    files = [path for path in CODE if path.is_file()]
    code = sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()
    actual = {"version": RULES_VERSION, "code": code}
    if request.config.getoption("--update-golden"):
        RECORD.write_text(json.dumps(actual, indent=2) + "\n")
    assert json.loads(RECORD.read_text()) == actual, __doc__


def test_the_table_is_that_of_the_rules(request: pytest.FixtureRequest) -> None:
    names = sorted(path.stem for path in (INDEXER / "rules").glob("mi[0-9][0-9][0-9]_*.py"))
    rules = [import_module(f"metta_index.indexer.rules.{name}").RULE for name in names]
    actual = tuple((rule.code, rule.name, rule.level) for rule in rules)
    assert names == [f"{code.lower()}_{name.replace('-', '_')}" for code, name, _level in actual]
    if request.config.getoption("--update-golden"):
        rows = "".join(f'    ("{code}", "{name}", "{level}"),\n' for code, name, level in actual)
        path = INDEXER / "rules" / "table.py"
        head, _equals, _rows = path.read_text().partition(" = (\n")
        path.write_text(f"{head} = (\n{rows})\n")
        return
    assert actual == TABLE, __doc__
