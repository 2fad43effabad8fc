"""MI208: a file that gets into one space by several ways."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.linking.import_diamonds import diamonds, ways_of
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import PETTA, Match, Rule


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    if len({found.path for found in linked.closure}) < 2:
        return
    records = {record.form_start: record for record in linked.imports}
    for diamond in diamonds(linked.graph, code.path):
        ways = ways_of(linked.graph, diamond)
        edge = max((way[0] for way in ways), key=lambda edge: edge.start)
        record = records.get(edge.start)
        if record is None:  # an import of another region
            continue
        shown = " and through ".join(f"`{way[0].target}`" if len(way) > 1 else "an import of its own" for way in ways)
        message = f"`{diamond.target}` is loaded more than once: through {shown}"
        yield Match(record.start_byte, record.end_byte, message)


RULE = Rule(
    "MI208",
    "import-diamond",
    "info",
    "A file gets into one space through several imports.",
    "PeTTa loads a file as often as it is imported: all its rules are there twice, so every call gives its result "
    "twice, and calls of calls four times. Hyperon loads a module once. No warning, as many programs that name files "
    "by their paths were written for implementations that load a file once.",
    {
        "main.metta": "!(import! &self a.metta)\n!(import! &self b.metta)\n",
        "a.metta": "!(import! &self c.metta)\n",
        "b.metta": "!(import! &self c.metta)\n",
        "c.metta": "(= (f) 1)\n",
    },
    {
        "main.metta": "!(import! &self a.metta)\n!(import! &self b.metta)\n",
        "a.metta": "!(import! &self c.metta)\n",
        "b.metta": "(= (g) 1)\n",
        "c.metta": "(= (f) 1)\n",
    },
    PETTA,
    find_linked=_find,
)
