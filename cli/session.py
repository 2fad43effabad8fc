"""What every command starts from: the root, its settings, its index and its cache."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from metta_index.cache.database import DamagedIndexError, IndexDatabase, OvertakenError
from metta_index.cache.folder import IndexFolder, prepare_folder
from metta_index.cli.exits import UsageError, say
from metta_index.indexer.building.build import BuildResult, Options, Workspace, build
from metta_index.indexer.configuration import ConfigurationError, Settings, find_root, load_settings
from metta_index.indexer.errors import ClusterError
from metta_index.indexer.execution.wanted import Wanted

if TYPE_CHECKING:
    from metta_index.cache.store import Store
    from metta_index.indexer.building.indexing import Progress
    from metta_index.indexer.execution.rates import Rates, RunMeasurement

#: So often other processes may change the index during a build before it keeps its result to itself.
_ATTEMPTS = 5


class _AgainError(Exception):
    """What was made in the place of a damaged index is damaged, too: making yet another one would not end."""


class Session:
    """An open workspace. `warn` says a warning, and adds it to `warnings`."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        folder: IndexFolder,
        use_cache: bool,
        warn: Callable[[str], None],
        warnings: list[str],
    ) -> None:
        self.root = root
        self.settings = settings
        self.folder = folder
        self.index = IndexDatabase.open(folder.database, warn)
        self.use_cache = use_cache
        self.warn = warn
        self.warnings = warnings
        self._store: Store | None = None

    def store(self) -> Store | None:
        """The cache, opened when first asked for; None with --no-cache or without a place for it."""
        if self._store is None and self.use_cache and self.folder.cache is not None:
            from metta_index.cache.store import Limits, Store

            limits = Limits()
            if self.settings.max_cache_bytes is not None or self.settings.max_cache_entries is not None:
                limits = Limits(
                    max_bytes=self.settings.max_cache_bytes or limits.max_bytes,
                    max_entries=self.settings.max_cache_entries or limits.max_entries,
                )
            self._store = Store.open(self.folder.cache, limits=limits, warn=self.warn)
        return self._store

    def build(self, options: Options, make_progress: Callable[[], Progress] | None = None) -> BuildResult:
        """Brings the index up to date, and remembers how fast that went.

        What happens to the index does not fail the build: a damaged one is begun anew, and
        where it cannot be used, or others keep changing it, the result is kept in memory.
        """
        result = self._build(options, make_progress)
        store = self._store
        if store is not None and (result.measurement is not None or result.link_measurement is not None):
            from metta_index.indexer.execution.rates import learn

            rates = self._load_rates()
            if result.measurement is not None:
                rates = learn(rates, result.measurement)
            if result.link_measurement is not None:
                rates = learn(rates, result.link_measurement, of_files=False)
            store.put_many([(_rates_key(), dumps(rates.to_json()).encode())])
        return result

    def _build(self, options: Options, make_progress: Callable[[], Progress] | None) -> BuildResult:
        overtaken = failed = 0
        while True:
            try:
                return build(self.workspace(make_progress), options)
            except ClusterError as error:
                raise UsageError(str(error)) from error
            except OvertakenError as error:
                overtaken += 1
                if overtaken == _ATTEMPTS:
                    self.index = self.index.instead(error, self.warn)
            except (sqlite3.Error, DamagedIndexError) as error:
                failed += 1
                self.index = self.index.instead(error if failed == 1 else _AgainError(str(error)), self.warn)

    def workspace(self, make_progress: Callable[[], Progress] | None = None) -> Workspace:
        """What a build works on, with the index as it is now."""
        return Workspace(self.root, self.settings, self.index, self._cache_for_work, self._load_rates, make_progress)

    def _cache_for_work(self) -> Store | None:
        """The cache, asked for only where there is work: from here on workers may run, which no signal must orphan."""
        from metta_index.indexer.execution.run import install_termination_handlers

        with suppress(ValueError):  # in another thread than the main one
            install_termination_handlers()
        return self.store()

    def learn(self, measurement: RunMeasurement) -> None:
        """Remembers how fast work went that is done beside a build."""
        store = self.store()
        if store is not None:
            from metta_index.indexer.execution.rates import learn

            rates = learn(self._load_rates(), measurement, of_files=False)
            store.put_many([(_rates_key(), dumps(rates.to_json()).encode())])

    def remember(self, result: BuildResult) -> None:
        """Keeps the report of a build that did something for `metta-index stats`."""
        try:
            if result.report.plan is not None or self.index.meta("last_build") is None:
                self.index.set_meta("last_build", dumps(result.report.as_json()))
        except sqlite3.Error as error:
            self.warn(f"the report of this build is not kept: {error}")

    def _load_rates(self) -> Rates:
        from metta_index.indexer.execution.rates import Rates

        store = self._cache_for_work()
        if store is None:
            return Rates()
        data = store.get_many([_rates_key()]).get(_rates_key())
        try:
            return Rates.from_json(loads(data)) if data else Rates()
        except ValueError:
            return Rates()

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self.index.close()


def _rates_key() -> str:
    """Rates are a machine's, not a workspace's: caches are shared between machines."""
    import platform

    return f"rates:{platform.node()}:{os.cpu_count()}"


@contextmanager
def open_session(
    root: Path | None,
    *,
    start: Path | None = None,
    cache_dir: Path | None = None,
    use_cache: bool = True,
    quiet: bool = False,
) -> Iterator[Session]:
    """Opens the workspace at `root`, or the one that `start` (default: the current folder) is in.

    Raises UsageError where there is no such folder or its configuration is wrong.
    """
    found = workspace_root(root, start)
    try:
        settings = load_settings(found)
    except ConfigurationError as error:
        raise UsageError(str(error)) from error
    warnings: list[str] = []

    def warn(text: str) -> None:
        warnings.append(text)
        if not quiet:
            say(f"warning: {text}")

    wanted_cache = cache_dir or _cache_dir_from_environment() or settings.cache_dir_path()
    folder = prepare_folder(found, warn=warn, wanted=wanted_cache)
    session = Session(found, settings, folder, use_cache, warn, warnings)
    try:
        yield session
    finally:
        session.close()


def workspace_root(root: Path | None, start: Path | None = None) -> Path:
    """The folder of the workspace that `open_session` opens, free of links. Raises UsageError."""
    if root is not None and not os.path.isdir(root):  # noqa: PTH112 - Path.is_dir raises for long names
        reason = "is not a folder" if os.path.lexists(root) else "does not exist"
        raise UsageError(f"{root} {reason}; name the folder of a workspace, as in `metta-index build ./workspace`")
    found = root if root is not None else find_root(start if start is not None else _current_folder())
    return Path(os.path.realpath(found))


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder was removed; change to one that exists") from None


def wanted_execution(jobs: str | None, backend: str | None, scheduler: str | None = None) -> Wanted:
    """Flags and environment to what the plan is asked for; flags win. Raises UsageError."""
    jobs, jobs_name = _given(jobs, "--jobs ", "METTA_INDEX_JOBS")
    backend, backend_name = _given(backend, "--backend ", "METTA_INDEX_BACKEND")
    threshold, threshold_name = _given(None, "", "METTA_INDEX_PARALLEL_THRESHOLD_MS")
    if jobs != "auto" and not (jobs.isdecimal() and int(jobs) > 0):
        raise UsageError(f"{jobs_name}{jobs}: give a number of processes, 1 or more, or `auto`")
    if backend not in ("auto", "sequential", "loky", "dask"):
        raise UsageError(f"{backend_name}{backend}: give auto, sequential, loky or dask")
    if scheduler is not None and backend != "dask":
        raise UsageError(f"--scheduler {scheduler}: only --backend dask has a scheduler; give both")
    if backend == "dask":
        _require_dask(f"{backend_name}{backend}")
    threshold_ms = None
    if threshold != "auto":
        try:
            threshold_ms = float(threshold)
        except ValueError:
            threshold_ms = -1
        if not threshold_ms >= 0:
            raise UsageError(f"{threshold_name}{threshold}: give milliseconds, as in 500, or `auto`")
    return Wanted(
        None if jobs == "auto" else int(jobs),
        cast(Literal["auto", "sequential", "loky", "dask"], backend),
        threshold_ms,
        (scheduler or os.environ.get("METTA_INDEX_SCHEDULER") or None) if backend == "dask" else None,
    )


def _require_dask(wish: str) -> None:
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        raise UsageError(f"{wish}: Dask is not installed; run: pip install 'metta-index[dask]'")


def _given(flag: str | None, name: str, variable: str) -> tuple[str, str]:
    """What is asked for, "auto" where nothing is, and how to name who asked."""
    if flag is not None:
        return flag, name
    return os.environ.get(variable) or "auto", f"{variable}="


def _cache_dir_from_environment() -> Path | None:
    value = os.environ.get("METTA_INDEX_CACHE_DIR")
    return Path(value) if value else None
