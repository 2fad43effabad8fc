"""MeTTa in Python: registered names, text that reaches an interpreter, modules that are loaded."""

from __future__ import annotations

from collections.abc import Iterator

from metta_index.indexer.languages.hosts import has_trace
from metta_index.indexer.languages.hosts.findings import NOTHING, HostFindings
from metta_index.indexer.languages.hosts.imports import relative_imports
from metta_index.indexer.languages.hosts.python_flow import texts
from metta_index.indexer.languages.hosts.python_module import PythonModule, argument, called_name
from metta_index.indexer.languages.hosts.python_regions import regions
from metta_index.indexer.languages.hosts.python_registrations import registrations
from metta_index.indexer.text.regions import PositionMap, SegmentKind, text_of
from metta_index.indexer.text.symbols import Import

#: Methods that load a file of MeTTa, whose path is their first argument.
_LOADING = frozenset({"load_module_at_path", "import_file", "lazy_import_file", "load_metta_file", "run_script"})


def find(source: bytes) -> HostFindings:
    relative = tuple(relative_imports(source))
    if not has_trace("python", source):
        return HostFindings(imports=relative) if relative else NOTHING
    module = PythonModule(source)
    imports = sorted((*relative, *_imports(module)), key=lambda found: found.start)
    return HostFindings(tuple(regions(module)), tuple(registrations(module)), tuple(imports))


def _imports(module: PythonModule) -> Iterator[Import]:
    for call in module.calls:
        name = called_name(module, call)
        path = argument(module, call, 0, "path") if name in _LOADING else None
        for text in texts(module, path) if path is not None else ():
            written = text_of(text)
            if written and all(segment.kind != SegmentKind.HOLE for segment in text):
                start, end = PositionMap.of(text).host_range(0, len(written))
                shown = written.decode("utf-8", "replace")
                yield Import(name, shown, start, end, "", call.start_byte, call.end_byte, 0)
