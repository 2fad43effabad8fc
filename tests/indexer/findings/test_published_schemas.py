"""Reports, judged by the schemas that their consumers publish; opt-in, as those are not ours to copy.

`FORMAT_SCHEMAS=FOLDER` names a folder with `sarif-schema-2.1.0.json` of OASIS and `DiagnosticResult.json` of
reviewdog; the package `jsonschema` has to be installed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType

import pytest
from finding_samples import FAILED_RUN, RULES, RUN, many, samples

from metta_index.indexer.checking.findings import Finding, RunInfo
from metta_index.indexer.formats import rdjson, sarif

FOLDER = os.environ.get("FORMAT_SCHEMAS")


@pytest.mark.skipif(not FOLDER, reason="FORMAT_SCHEMAS names no folder of published schemas")
@pytest.mark.parametrize(
    ("findings", "run"),
    [([], RUN), (samples(), RUN), (samples(), FAILED_RUN), (many(3000), RUN)],
    ids=["none", "odd ones", "of a run that failed", "many"],
)
@pytest.mark.parametrize(
    ("form", "name"), [(sarif, "sarif-schema-2.1.0.json"), (rdjson, "DiagnosticResult.json")], ids=["sarif", "rdjson"]
)
def test_a_report_is_as_its_published_schema_says(
    form: ModuleType, name: str, findings: list[Finding], run: RunInfo
) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((Path(FOLDER or "") / name).read_bytes())
    report = json.loads("\n".join(form.render(findings, RULES, run)))
    errors = jsonschema.validators.validator_for(schema)(schema).iter_errors(report)
    assert [(error.message, list(error.path)) for error in errors] == []
