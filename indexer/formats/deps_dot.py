"""The import graph for Graphviz. Syntax: https://graphviz.org/doc/info/lang.html."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.formats.escaping import visible
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.queries.import_view import ImportView

#: How an import is drawn that leads to no document, by its status.
_NODES = {
    "unresolved": "shape=ellipse, style=dashed, color=red, fontcolor=red",
    "illegal": "shape=ellipse, style=dashed, color=red, fontcolor=red",
    "unsupported": "shape=ellipse, style=dashed, color=red, fontcolor=red",
    "external": "shape=ellipse, color=gray, fontcolor=gray",
    "builtin": "shape=ellipse, color=gray, fontcolor=gray, style=filled, fillcolor=gray95",
}


def deps_dot(view: ImportView) -> Iterator[str]:
    """Lines of a directed graph: arrows lead from the importing document to the imported one."""
    yield "digraph imports {"
    yield "  rankdir=LR;"
    yield "  node [shape=box];"
    tops = () if view.is_whole else view.tops
    for path in view.documents:
        yield f"  {_quoted(path)}{_attributes(path, 'style=bold' if path in tops else '')};"
    known = set(view.documents)
    for record in view.records:
        name, label = _end(record)
        if name not in known:
            known.add(name)
            style = _NODES.get(_status(record), "style=rounded")
            yield f"  {_quoted(name)}{_attributes(label, style, label != name)};"
    for record in view.records:
        yield f"  {_quoted(record.path)} -> {_quoted(_end(record)[0])} [{_arrow(view, record)}];"
    yield "}"


def _status(record: ImportRecord) -> str:
    return str(record.resolution.status) if record.resolution is not None else "unresolved"


def _end(record: ImportRecord) -> tuple[str, str]:
    """The node an import leads to, and what is written in it; no path has two slashes."""
    resolution = record.resolution
    if resolution is not None and resolution.target:
        return resolution.target, resolution.target
    return f"//{_status(record)}/{record.module}", record.module


def _arrow(view: ImportView, record: ImportRecord) -> str:
    remarks = view.facts.remarks(record)
    way = str(record.resolution.way) if record.resolution is not None else ""
    status = _status(record)
    label = " ".join(filter(None, (f"line {record.line}", way if way != "exact" else "")))
    styles = [f"label={_quoted(label)}"]
    if remarks.circular or remarks.self_import:
        styles.append("color=red, penwidth=2")
    elif status in ("unresolved", "illegal", "unsupported"):
        styles.append("color=red")
    if record.is_inert:
        styles.append("style=dotted")
    elif status == "ambiguous" or remarks.duplicate:
        styles.append("style=dashed")
    if record.resolution is not None and status != "resolved":
        styles.append(f"tooltip={_quoted(f'{status}: {record.resolution.reason}')}")
    return ", ".join(styles)


def _attributes(label: str, style: str, is_labelled: bool = False) -> str:
    """The attributes of a node. One that is not labelled shows its name, in which a backslash would be an escape."""
    parts = [f"label={_quoted(label)}"] if is_labelled or "\\" in visible(label) else []
    parts += [style] if style else []
    return f" [{', '.join(parts)}]" if parts else ""


def _quoted(name: str) -> str:
    """A text as a quoted string. In labels a backslash begins an escape, and at the end it would take the quote."""
    text = visible(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
