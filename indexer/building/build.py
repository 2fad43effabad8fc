"""Building an index: discover, skip what is unchanged, index the rest, store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from metta_index.indexer.building.documents import Document, read_document
from metta_index.indexer.building.report import BuildReport, Failure
from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.ignoring import git_configuration
from metta_index.indexer.discovery.manifest import Manifest
from metta_index.indexer.discovery.outside import discover_with_roots
from metta_index.indexer.discovery.walk import Discovery, discover_paths
from metta_index.indexer.execution.wanted import Wanted
from metta_index.indexer.languages import language_of, own_versions, versions_of
from metta_index.indexer.languages.hosts import HOSTS
from metta_index.indexer.linking.aliases import Aliases, workspace_aliases
from metta_index.indexer.linking.link_context import LinkContext
from metta_index.indexer.protocols import EntryCache, IndexStore

if TYPE_CHECKING:
    from metta_index.indexer.building.indexing import Progress
    from metta_index.indexer.execution.rates import Rates, RunMeasurement
    from metta_index.indexer.execution.worker_processes import Workers


#: Bytes of small files that are kept between reading and indexing them.
_KEPT_AT_ONCE = 32 << 20


class Options(NamedTuple):
    """How a build is to be done.

    `verify_content`: read every file, whatever its times say. `force`: index
    every file, whatever is known. `files`: only these, instead of a walk.
    """

    verify_content: bool = False
    force: bool = False
    wanted: Wanted = Wanted()
    files: Sequence[str] | None = None


class Workspace:
    """What a build works on. `open_cache` is called only where there is something to index."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        index: IndexStore,
        open_cache: Callable[[], EntryCache | None],
        load_rates: Callable[[], Rates],
        make_progress: Callable[[], Progress] | None = None,
    ) -> None:
        self.root = root
        self.settings = settings
        self.index = index
        self.open_cache = open_cache
        self.load_rates = load_rates
        self.make_progress = make_progress

    def fingerprint(self) -> str:
        """Everything but the files that tables depend on."""
        return f"{own_versions()} {self.settings.fingerprint()}"

    def link_context(self) -> LinkContext:
        """Everything but the files that the meaning of imports depends on."""
        return LinkContext(self.settings.workspace_roots(), self.aliases().names)

    def aliases(self) -> Aliases:
        """The names that stand for the root, and where they come from."""
        return workspace_aliases(self.settings.alias, git_configuration(self.root), self.root.name)


class BuildResult(NamedTuple):
    """How fast indexing and linking went, for the rates of the next plan; None without work."""

    report: BuildReport
    discovery: Discovery
    measurement: RunMeasurement | None
    link_measurement: RunMeasurement | None


def build(workspace: Workspace, options: Options) -> BuildResult:
    """Brings the index of a workspace up to date.

    A bad file never ends the build: `report.failures` names it. What the caller's
    cache and index raise, and KeyboardInterrupt, pass through; the index is then
    as it was before.
    """
    begun = time.perf_counter()
    report = BuildReport(str(workspace.root))
    manifest = workspace.index.manifest()
    scan_started = time.time_ns()
    discovery, decisions = _discover(workspace, options, manifest)
    files = discovery.files
    report.failures += [Failure(problem.path, problem.message) for problem in discovery.problems]
    report.files.total = report.work.scanned = len(files)

    context = workspace.link_context()
    marks = (workspace.fingerprint(), context.fingerprint(), _host_versions(files))
    known = tuple((manifest.fingerprint if manifest else "").split("\n"))
    current = manifest is not None and known[:1] == marks[:1] and not options.force
    is_linked = current and known[:2] == marks[:2]
    trusted = manifest if current and manifest else Manifest.empty("")
    suspects = {
        path: trusted.digests.get(path)
        for path, stat in files.items()
        if options.verify_content or not trusted.is_unchanged(path, stat)
    }
    if current and known[2:] != marks[2:]:  # what is known of hosts came from other grammars
        suspects |= {path: None for path in files if language_of(path) in HOSTS}
    removed = [path for path in manifest.files if path not in files] if manifest else []
    report.files.removed = len(removed)
    report.files.unchanged = len(files) - len(suspects)
    measurement = link_measurement = None
    if suspects or removed or not is_linked or decisions != trusted.decisions:
        from metta_index.indexer.execution.worker_processes import Workers

        with closing(Workers()) as workers:
            updated, measurement = _update(
                workspace, options, report, discovery, trusted, suspects, removed, scan_started, workers
            )
            is_same = is_linked and not (report.files.indexed or report.files.cached)
            if not is_same or updated.files.keys() != trusted.files.keys():
                from metta_index.indexer.execution.plan import usable_cpus
                from metta_index.indexer.linking.link import Sharing, link

                imports, before = workspace.index.imports, trusted.files.keys()
                sharing = Sharing(options.wanted, workspace.load_rates, usable_cpus(), workers)
                paths, write_names = updated.files.keys(), workspace.index.write_names
                linked = link(imports, context, paths, before, not is_linked, sharing, write_names)
                report.work.linked, report.link_plan = linked.imports, linked.plan
                link_measurement = linked.measurement
        report.totals = workspace.index.finish(updated._replace(fingerprint="\n".join(marks), decisions=decisions))
    else:
        report.totals = dict(trusted.totals)
    report.files.failed = len({failure.path for failure in report.failures})
    report.elapsed_ms = (time.perf_counter() - begun) * 1000
    return BuildResult(report, discovery, measurement, link_measurement)


def _host_versions(paths: Iterable[str]) -> str:
    """The versions of the hosts that some of the files are of: they depend on packages that may be others next time."""
    endings = {path[path.rfind(".") :] for path in paths}
    hosts = sorted({language_of(ending) for ending in endings}.intersection(HOSTS))
    return " ".join(versions_of(host).table for host in hosts)


def _discover(workspace: Workspace, options: Options, manifest: Manifest | None) -> tuple[Discovery, bytes]:
    """The files, and what the next build is to know of how they were found."""
    if options.files is not None:
        found = discover_paths(workspace.root, options.files, workspace.settings)
        return found, found.decisions.to_bytes()
    return discover_with_roots(workspace.root, workspace.settings, manifest.decisions if manifest else b"")


def _update(
    workspace: Workspace,
    options: Options,
    report: BuildReport,
    discovery: Discovery,
    trusted: Manifest,
    suspects: Mapping[str, bytes | None],
    removed: Iterable[str],
    scan_started: int,
    workers: Workers,
) -> tuple[Manifest, RunMeasurement | None]:
    """Indexes what changed: of the suspects, with their digests, what has another digest now.

    The manifest that comes back holds the files that are in the index now.
    """
    if not trusted.files:
        workspace.index.discard()
        _start_workers(workspace, options, {path: discovery.files[path].size for path in suspects}, workers)
    updated = trusted.copy()
    changed: list[Document] = []
    gone = set(removed)
    room = _KEPT_AT_ONCE
    for path, known in suspects.items():
        stat = discovery.files[path]
        try:
            document = read_document(workspace.root, path, stat, workspace.settings, known, room)
        except (OSError, MemoryError) as error:
            why = getattr(error, "strerror", None) or f"there is not enough memory for its {stat.size:,} bytes"
            report.failures.append(Failure(path, f"cannot be read: {why}"))
            gone.add(path)
            continue
        report.work.read += 1
        report.work.hashed += 1
        if document is not None:
            changed.append(document)
            room -= document.kept
        elif known is not None:
            report.files.unchanged += 1
            updated.record(path, stat, known, scan_started)
    measurement = None
    if changed:
        from metta_index.indexer.building.indexing import Indexing, Progress

        indexing = Indexing(
            workspace.root,
            workspace.index,
            workspace.open_cache(),
            not options.force,
            options.wanted,
            workspace.load_rates(),
            report,
            workspace.make_progress() if workspace.make_progress else Progress(),
            workers,
        )
        done = set(indexing.run(changed))
        measurement = indexing.measurement
        for document in changed:
            if document.path in done:
                updated.record(document.path, document.stat, document.digest, scan_started)
            else:
                gone.add(document.path)
    for path in gone:
        updated.forget(path)
    workspace.index.remove(sorted(gone))
    return updated, measurement


def _start_workers(workspace: Workspace, options: Options, sizes: Mapping[str, int], workers: Workers) -> None:
    """Has the workers that a plan wants start while the files are read, where no cache can have anything of these."""
    cache = workspace.open_cache()
    if cache is not None and not (cache.is_empty or options.force):
        return
    from metta_index.indexer.building.work import index_item_to_bytes
    from metta_index.indexer.execution.plan import Load, plan_execution, usable_cpus

    loads = [Load(language_of(path), size) for path, size in sizes.items()]
    plan = plan_execution(loads, workspace.load_rates(), usable_cpus(), options.wanted, starts_early=True)
    workers.start(plan, index_item_to_bytes)
