"""MI209: a call that is evaluated before the import that brings what it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.rules.code import Code
from metta_index.indexer.rules.linked import Linked
from metta_index.indexer.rules.rule import HYPERON, Match, Rule
from metta_index.indexer.text.symbols import Role, name_text


def _find(code: Code, linked: Linked) -> Iterator[Match]:
    sources = _imported_by(linked)
    if not sources:
        return
    last = max(record.form_start for record in sources.values())
    for call in code.calls:
        if call.node.start > last:
            return
        around = call.node.around()
        if not around or around[-1].kind != grammar.EVALUATION or linked.builtins(call.name):
            continue
        offers = [one for one in linked.visible(call.name) if one.role == Role.DEFINITION]
        if not offers or any(one.path not in sources for one in offers):
            continue
        first = min((sources[one.path] for one in offers), key=lambda record: record.form_start)
        if first.form_start > call.node.start:
            message = f"`{name_text(call.name)}` is called here, and imported only below, with `{first.module}`"
            there = code.source.related(first.form_start, first.form_end, "imported here")
            yield Match(call.head.start, call.head.end, message, None, (there,))


def _imported_by(linked: Linked) -> Mapping[str, ImportRecord]:
    """By document that is loaded: the first import in this one that brings it."""
    found: dict[str, ImportRecord] = {}
    for record in linked.imports:
        edge = record.edge()
        if edge is not None and edge.target != linked.path:
            found.setdefault(edge.target, record)
            for reached in linked.graph.closure(edge.target):
                found.setdefault(reached.path, record)
    found.pop(linked.path, None)
    return found


RULE = Rule(
    "MI209",
    "use-before-import",
    "warning",
    "A call is evaluated before the import that brings what it calls.",
    "A file is run from top to bottom: when the call is evaluated, its rules are not there yet, so it stays as it is "
    "written, without an error.",
    {"main.metta": "!(double 2)\n!(import! &self lib)\n", "lib.metta": "(= (double $x) (* $x 2))\n"},
    {
        "main.metta": "(= (f) (double 2))\n!(import! &self lib)\n!(double 2)\n",
        "lib.metta": "(= (double $x) (* $x 2))\n",
    },
    HYPERON,
    find_linked=_find,
)
