"""Linking: which imports are looked up again, with a store that only lists them and with the index itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import pytest

from metta_index.cache.database import IndexDatabase
from metta_index.indexer.building.work import summarize
from metta_index.indexer.discovery.manifest import Manifest, Stat
from metta_index.indexer.execution.plan import Backend
from metta_index.indexer.execution.wanted import Wanted
from metta_index.indexer.languages import load_language
from metta_index.indexer.languages.metta.modules import REGISTRATIONS
from metta_index.indexer.linking import link as linking
from metta_index.indexer.linking.imports import ImportRecord, imports_in
from metta_index.indexer.linking.link import ImportStore, Sharing, link
from metta_index.indexer.linking.link_context import LinkContext
from metta_index.indexer.text.digest import content_digest
from metta_index.indexer.text.symbols import SymbolTable, encode_table

NOTHING = LinkContext()


def table_of(text: str) -> SymbolTable:
    language = load_language("metta")
    source = text.encode()
    return language.extract(source, language.parse(source), "hyperon")


class Store(Protocol):
    """What keeps documents and their imports between links."""

    def put(self, path: str, text: str) -> None: ...

    def remove(self, paths: Iterable[str]) -> None: ...

    def imports(self) -> ImportStore: ...

    def finish(self, paths: Iterable[str]) -> None: ...


class Listed:
    """Imports in a list: what depends on something is found by looking at all."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], ImportRecord] = {}
        self.numbers: dict[str, int] = {}
        self.gone: list[ImportRecord] = []

    def put(self, path: str, text: str) -> None:
        known = self._take(path)
        for record in imports_in(path, [table_of(text)]):
            same = next((one for one in known if (one.site, one.flags) == (record.site, record.flags)), None)
            self.records[path, record.position] = record._replace(resolution=same.resolution if same else None)
        kept = {(record.site, record.flags) for record in self.records.values() if record.path == path}
        self.gone += [one for one in known if one.form in REGISTRATIONS and (one.site, one.flags) not in kept]
        self.numbers.setdefault(path, len(self.numbers))

    def remove(self, paths: Iterable[str]) -> None:
        self.gone += [one for path in paths for one in self._take(path) if one.form in REGISTRATIONS]

    def _take(self, path: str) -> list[ImportRecord]:
        return [self.records.pop(key) for key in sorted(self.records) if key[0] == path]

    def imports(self) -> ImportStore:
        return self

    def finish(self, paths: Iterable[str]) -> None:
        self.gone.clear()

    def all(self) -> list[tuple[int, ImportRecord]]:
        return [(self.numbers[path], record) for (path, _position), record in self.records.items()]

    def unlinked(self) -> list[tuple[int, ImportRecord]]:
        return [(number, record) for number, record in self.all() if record.resolution is None]

    def with_form(self, forms: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        wanted = set(forms)
        return [(number, record) for number, record in self.all() if record.form in wanted]

    def depending_on(self, keys: Iterable[str]) -> list[tuple[int, ImportRecord]]:
        wanted = set(keys)
        return [
            (number, record)
            for number, record in self.all()
            if record.resolution is not None and record.resolution.lookups & wanted
        ]

    def dropped(self) -> list[ImportRecord]:
        return self.gone

    def resolve(self, document: int, record: ImportRecord) -> None:
        self.records[record.path, record.position] = record


class Indexed:
    """The index that a build writes."""

    def __init__(self) -> None:
        self.index = IndexDatabase.open(None, pytest.fail)
        self.digests: dict[str, bytes] = {}
        self.index.manifest()

    def put(self, path: str, text: str) -> None:
        table = table_of(text)
        self.digests[path] = content_digest(text.encode())
        summary = summarize(load_language("metta"), table)
        self.index.put_document(path, "metta", len(text), self.digests[path], summary, [encode_table(table)])

    def remove(self, paths: Iterable[str]) -> None:
        self.index.remove(paths)

    def imports(self) -> ImportStore:
        return self.index.imports

    def finish(self, paths: Iterable[str]) -> None:
        manifest = Manifest.empty("")
        for path in paths:
            manifest.record(path, Stat(0, 0, 0, 0), self.digests[path], 0)
        self.index.finish(manifest)


class Workspace:
    """Files, and a store that is linked after each change of them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.files: dict[str, str] = {}
        self.context: LinkContext | None = None

    def change(self, files: dict[str, str], context: LinkContext = NOTHING) -> int:
        """How many imports were looked up again."""
        before = self.files
        self.store.remove(sorted(before.keys() - files.keys()))
        for path, text in files.items():
            if before.get(path) != text:
                self.store.put(path, text)
        count = link(self.store.imports(), context, files.keys(), before.keys(), context != self.context).imports
        self.store.finish(files)
        self.files, self.context = dict(files), context
        return count

    def meanings(self) -> list[str]:
        records = [record for _number, record in self.store.imports().all()]
        return sorted(
            repr(
                (
                    record.path,
                    record.position,
                    record.resolution._replace(lookups=frozenset()),
                    sorted(record.resolution.lookups),
                )
            )
            for record in records
            if record.resolution is not None
        )

    def targets(self) -> dict[str, str]:
        records = [record for _number, record in self.store.imports().all()]
        return {
            f"{record.path} {record.module}": record.resolution.target or str(record.resolution.status)
            for record in records
            if record.resolution is not None
        }


class Case(NamedTuple):
    """Files before and after, how many imports are looked up again, and what one of them leads to then."""

    before: dict[str, str]
    after: dict[str, str]
    linked: int
    leads: dict[str, str]
    context: LinkContext = NOTHING


def importing(*modules: str) -> str:
    return "".join(f"!(import! &self {module})\n" for module in modules)


def naming(folder: str) -> str:
    return f"!(register-module! {folder})\n"


FILES = {"m.metta": importing("a", "lib:b", "n"), "a.metta": "", "lib/b.metta": "", "lib/c.metta": importing("b")}
NAMED = {"x/m.metta": importing("kit:a", "o"), "x/n.metta": naming("../deep/kit"), "deep/kit/a.metta": ""}

CASES = {
    "nothing": Case(FILES, FILES, 0, {"m.metta a": "a.metta"}),
    "a text": Case(FILES, FILES | {"a.metta": "(= (f) 1)"}, 0, {}),
    "an import that stays": Case(FILES, FILES | {"lib/c.metta": "(x)\n" + importing("b")}, 0, {}),
    "an import more": Case(FILES, FILES | {"lib/c.metta": importing("b", "a")}, 1, {"lib/c.metta a": "a.metta"}),
    "an import twice": Case(FILES, FILES | {"lib/c.metta": importing("b", "b")}, 0, {}),
    "an import becomes inert": Case(FILES, FILES | {"lib/c.metta": "(import! &self b)"}, 1, {}),
    "what was missing": Case(FILES, FILES | {"n.metta": ""}, 1, {"m.metta n": "n.metta"}),
    "what was missing, elsewhere": Case(FILES, FILES | {"far/n.metta": ""}, 1, {"m.metta n": "far/n.metta"}),
    "what comes first": Case(FILES, FILES | {"a.py": ""}, 1, {"m.metta a": "a.py"}),
    "what is nearer": Case(FILES, FILES | {"b.metta": ""}, 2, {"m.metta lib:b": "lib/b.metta"}),
    "a folder for a file": Case(
        FILES,
        {"m.metta": FILES["m.metta"], "a/module.metta": ""} | {key: FILES[key] for key in FILES if "lib" in key},
        1,
        {"m.metta a": "a/module.metta"},
    ),
    "capitals": Case(
        FILES, {key: FILES[key] for key in FILES if key != "a.metta"} | {"A.metta": ""}, 1, {"m.metta a": "unresolved"}
    ),
    "a target goes": Case(
        FILES, {key: FILES[key] for key in FILES if key != "a.metta"}, 1, {"m.metta a": "unresolved"}
    ),
    "an importer goes": Case(FILES, {key: FILES[key] for key in FILES if key != "m.metta"}, 0, {}),
    "an importer moves": Case(
        FILES,
        {key.replace("m.metta", "lib/m.metta"): text for key, text in FILES.items()},
        3,
        {"lib/m.metta lib:b": "lib/b.metta"},
    ),
    "what a folder holds": Case(FILES, FILES | {"lib/d.metta": ""}, 0, {}),
    "the roots": Case(FILES, FILES, 4, {"m.metta a": "a.metta"}, LinkContext(("lib",))),
    "the alias": Case(FILES, FILES, 4, {"m.metta n": "."}, LinkContext((), ("n",))),
    "a name": Case(NAMED, NAMED | {"x/n.metta": ""}, 1, {"x/m.metta kit:a": "deep/kit/a.metta"}),
    "a name, with its file": Case(
        NAMED, {key: NAMED[key] for key in NAMED if key != "x/n.metta"}, 1, {"x/m.metta kit:a": "deep/kit/a.metta"}
    ),
    "a name becomes inert": Case(NAMED, NAMED | {"x/n.metta": "(register-module! ../deep/kit)"}, 2, {}),
    "a name of another": Case(
        NAMED | {"y/kit/a.metta": ""},
        NAMED | {"y/kit/a.metta": "", "x/n.metta": naming("../y/kit")},
        2,
        {"x/m.metta kit:a": "y/kit/a.metta"},
    ),
    "a name twice": Case(NAMED, NAMED | {"z/n.metta": naming("../deep/kit")}, 1, {}),
    "a name of two": Case(
        NAMED | {"y/kit/a.metta": ""},
        NAMED | {"y/kit/a.metta": "", "z/n.metta": naming("../y/kit")},
        3,
        {"x/m.metta kit:a": "deep/kit/a.metta"},
    ),
    "what is named moves": Case(
        NAMED,
        {"x/m.metta": NAMED["x/m.metta"], "x/n.metta": NAMED["x/n.metta"], "deep/other/a.metta": ""},
        2,
        {"x/n.metta ../deep/kit": "unresolved"},
    ),
}


@pytest.mark.parametrize("store", [Listed, Indexed])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_linked_again(case: Case, store: type[Listed] | type[Indexed]) -> None:
    workspace, fresh = Workspace(store()), Workspace(store())
    first = workspace.change(case.before)
    assert first == sum(text.count("!(") for text in case.before.values())
    assert workspace.change(case.after, case.context) == case.linked
    fresh.change(case.after, case.context)
    assert workspace.meanings() == fresh.meanings()
    assert case.leads.items() <= workspace.targets().items()
    # and back again
    workspace.change(case.before)
    again = Workspace(store())
    again.change(case.before)
    assert workspace.meanings() == again.meanings()


def test_a_name_that_goes_is_noticed_where_nothing_else_changes() -> None:
    """The document that registers stays, and none comes or goes."""
    workspace = Workspace(Indexed())
    files = NAMED | {"deep/kit/a.metta": "", "kit/a.metta": ""}
    workspace.change(files)
    assert workspace.targets()["x/m.metta kit:a"] == "deep/kit/a.metta"
    assert workspace.change(files | {"x/n.metta": "(= (n) 1)"}) == 1
    assert workspace.targets()["x/m.metta kit:a"] == "kit/a.metta"


def test_the_order_of_documents_means_nothing() -> None:
    files = FILES | NAMED | {"y/kit/a.metta": "", "z/n.metta": naming("../y/kit")}
    one, other = Workspace(Indexed()), Workspace(Indexed())
    one.change(files)
    other.change(dict(reversed(files.items())))
    assert one.meanings() == other.meanings()


@pytest.mark.parametrize(("backend", "jobs"), [("sequential", 1), ("loky", 2)])
def test_linking_is_shared_as_other_work_is(backend: Backend, jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"m{number}.metta": f"!(import! &self m{number + 1})\n!(import! &self tools)\n" for number in range(30)}
    files |= {"main.metta": "!(register-module! lib)\n", "lib/tools.metta": "(= (t) 1)\n"}
    alone = Workspace(Listed())
    assert alone.change(files) == 61
    store = Listed()
    for path, text in files.items():
        store.put(path, text)
    monkeypatch.setattr(linking, "BATCH", 7)
    sharing = Sharing(Wanted(jobs=jobs, backend=backend))
    linked = link(store.imports(), NOTHING, files.keys(), set(), True, sharing)
    assert linked.imports == 61 and linked.plan is not None and linked.measurement is not None
    assert (linked.plan.backend, linked.measurement.backend, linked.measurement.items) == (backend, backend, 9)
    shared = Workspace(store)
    assert shared.meanings() == alone.meanings()
