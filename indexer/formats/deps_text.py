"""The import graph as a tree for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from metta_index.indexer.formats.escaping import visible
from metta_index.indexer.languages.metta.modules import Status
from metta_index.indexer.linking.import_facts import counts, counts_text
from metta_index.indexer.linking.import_graph import SELF
from metta_index.indexer.linking.imports import ImportRecord
from metta_index.indexer.queries.channel_edges import SEND
from metta_index.indexer.queries.import_view import ImportView

#: Text and the name of a style to text as it is written.
Paint = Callable[[str, str], str]

#: So many levels of a tree are drawn: what is deeper hangs at the last of them.
_LEVELS = 40
_MOST_NAMED = 3
#: So much of a reason is shown; JSON has all of it.
_LONGEST_REASON = 100

_STYLES = {
    Status.UNRESOLVED: "error",
    Status.ILLEGAL: "error",
    Status.UNSUPPORTED: "error",
    Status.AMBIGUOUS: "warning",
}


def deps_text(view: ImportView, paint: Paint) -> Iterator[str]:
    """Lines of a tree below each of the tops; what is below a document is shown where it comes first."""
    below: dict[str, list[ImportRecord]] = {}
    for record in view.records:
        below.setdefault(view.begins(record), []).append(record)
    shown: set[str] = set()
    for top in view.tops:
        yield paint(visible(top), "path") + _above(top, shown, below)
        if top in shown:
            continue
        shown.add(top)
        way = {top: None}  # from the top to where we are
        stack = [_children(below.get(top, []))]
        prefixes = [""]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                prefixes.pop()
                way.popitem()
                continue
            record, is_last = entry
            path = view.ends(record)
            prefix = prefixes[-1]
            yield (
                prefix
                + paint("└── " if is_last else "├── ", "note")
                + _entry(view, record, path, paint)
                + ("" if path in way else _above(path, shown, below))
            )
            if path and path not in shown:
                shown.add(path)
                way[path] = None
                stack.append(_children(below.get(path, [])))
                deeper = "    " if is_last else paint("│", "note") + "   "
                prefixes.append(prefix + deeper if len(stack) <= _LEVELS else prefix)


def _children(records: list[ImportRecord]) -> Iterator[tuple[ImportRecord, bool]]:
    return ((record, number == len(records)) for number, record in enumerate(records, 1))


def _above(path: str, shown: set[str], below: dict[str, list[ImportRecord]]) -> str:
    return "  (see above)" if path in shown and below.get(path) else ""


def _entry(view: ImportView, record: ImportRecord, path: str, paint: Paint) -> str:
    """One import: what it leads to, where it stands, how that was found, and what is odd about it."""
    name = paint(visible(path), "path") if path else visible(record.module)
    return f"{name}  {paint(_place(record), 'note')}{_remarks(view, record, paint)}"


def _place(record: ImportRecord) -> str:
    parts = [f"line {record.line}"]
    if record.form == SEND:
        parts.append(f"{record.form} {visible(record.module)}")
    elif record.form != "import!":
        parts.append(record.form)
    if record.into not in ("", SELF):
        parts.append(f"into {visible(record.into)}")
    if record.resolution is not None and record.resolution.way:
        parts.append(str(record.resolution.way))
    return ", ".join(parts)


def _remarks(view: ImportView, record: ImportRecord, paint: Paint) -> str:
    remarks = view.facts.remarks(record)
    found: list[tuple[str, str]] = []
    if record.is_inert:
        found.append(("does nothing without `!`", "warning"))
    if remarks.self_import:
        found.append(("circular: it imports itself", "error"))
    elif remarks.circular:
        found.append(("circular", "error"))
    if remarks.duplicate:
        found.append(("duplicate", "warning"))
    status = record.resolution.status if record.resolution is not None else Status.UNRESOLVED
    if status is not Status.RESOLVED:
        found.append((f"{status}{_because(record, status)}", _STYLES.get(status, "note")))
    return "".join("  " + paint(text, style) for text, style in found)


def _because(record: ImportRecord, status: Status) -> str:
    resolution = record.resolution
    if resolution is None:
        return ""
    if status is Status.AMBIGUOUS:
        others = [visible(target.path) for target in resolution.candidates[1:]]
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        return f": or {', '.join(others[:_MOST_NAMED])}{more}"
    reason = visible(resolution.reason)
    if len(reason) > _LONGEST_REASON:
        reason = reason[: _LONGEST_REASON - 1] + "…"
    return f": {reason}" if reason else ""


def deps_summary(view: ImportView) -> str:
    """One line: how many imports are shown, by status and way, and how much is odd about them.

    Diamonds are counted where a tree begins: further down every library is the end of many.
    """
    total = len(view.records)
    facts = view.facts
    odd = {
        "circle": len(facts.cycles),
        "self-import": sum(facts.remarks(record).self_import for record in view.records),
        "duplicate": len(facts.duplicates),
        "diamond": sum(1 for _diamond in facts.diamonds(view.tops)),
    }
    parts = [
        f"{total:,} {'import' if total == 1 else 'imports'}"
        + (f": {counts_text(counts(view.records))}" if total else "")
    ]
    parts += [f"{count:,} {name if count == 1 else name + 's'}" for name, count in odd.items() if count]
    alone = len(view.isolated()) if view.is_whole else 0
    parts += [f"{alone:,} documents neither import nor are imported"] if alone else []
    return "; ".join(parts)
