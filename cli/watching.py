"""Doing something again whenever the files of a workspace change, until Ctrl-C.

Files are looked at as a build does, by listing folders: that needs no service of the
system, works on every file system, and sees the files that a build would take, no others.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from metta_index.cli.exits import UsageError, say
from metta_index.indexer.configuration import FILE_NAME, PYPROJECT, ConfigurationError, Settings, load_settings
from metta_index.indexer.discovery.manifest import SETTLED_NS, Stat
from metta_index.indexer.discovery.outside import discover_with_roots

#: Between two looks at the files; large workspaces are looked at for a twentieth of the time at most.
_INTERVAL_S = 0.25
_PAUSES_PER_LOOK = 19
#: So many looks in a row may each see something new before what is there is acted on as it is.
_PATIENCE = 12

_CLEAR = "\x1b[2J\x1b[H"


class Looks:
    """What can be seen of a workspace without reading its files, again and again."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._configuration: tuple[Stat | None, ...] | None = None
        self._settings: Settings | None = None
        self._decisions = b""
        self.took_s = 0.0

    def now(self) -> tuple[object, ...]:
        """What differs whenever a build would find something else to do."""
        begun = time.perf_counter()
        configuration = self._configuration_files()
        if configuration != self._configuration:
            self._configuration = configuration
            try:
                self._settings = load_settings(self._root)
            except ConfigurationError:  # whoever acts on this says so
                self._settings = None
        if self._settings is None:
            return (configuration,)
        found, self._decisions = discover_with_roots(self._root, self._settings, self._decisions)
        self.took_s = time.perf_counter() - begun
        return configuration, found.files, found.problems

    def _configuration_files(self) -> tuple[Stat | None, ...]:
        folders = (self._root, *self._root.parents)
        return tuple(_stat(folder / name) for folder in folders for name in (FILE_NAME, PYPROJECT))


def _stat(path: Path) -> Stat | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - as fast as can be
    except OSError:
        return None
    return Stat(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class News:
    """Tells what is new from what was shown already, and sets it apart from that."""

    def __init__(self, quiet: bool, clear: bool) -> None:
        self.is_first = True
        self._quiet = quiet
        self._clear = clear
        self._shown: object = None

    def is_new(self, shown: object) -> bool:
        """Whether this is to be shown: it differs from what was shown last."""
        if not self.is_first:
            if shown == self._shown:
                return False
            if self._clear and sys.stdout is not None and sys.stdout.isatty():
                print(_CLEAR, end="", flush=True)
            if not self._quiet:
                say(f"{time.strftime('%H:%M:%S')}: something changed")
        self.is_first = False
        self._shown = shown
        return True

    def forget(self) -> None:
        """Something else was shown since: what comes next is new whatever it is."""
        self._shown = None


def watch_files(root: Path, act: Callable[[News], object], quiet: bool = False, clear: bool = False) -> None:
    """Calls `act`, and again after each change of the workspace at `root`, until Ctrl-C.

    While files go on changing, as in a checkout, it waits for the end of that. `act` may raise
    UsageError: the first time that passes through, later it is said, and the next change waited for.
    `clear`: what is new is shown on an empty screen, where stdout is one.
    """
    news = News(quiet, clear)
    try:
        looks = Looks(root)
        acted_on = looks.now()
        _do(act, news)
        if not quiet:
            say(f"watching {root} for changes; Ctrl-C ends this")
        is_change = True
        while True:
            seen = _wait(looks, acted_on, is_change)
            is_change = seen != acted_on
            acted_on = seen
            try:
                _do(act, news)
            except UsageError as error:
                if not os.path.isdir(root):  # noqa: PTH112 - False where Path.is_dir raises
                    raise
                say(f"error: {error}")
                news.forget()
    except KeyboardInterrupt:
        # The terminal shows ^C where the line began.
        if not quiet:
            say("\nno longer watching")


def _do(act: Callable[[News], object], news: News) -> None:
    act(news)
    if sys.stdout is not None:  # whoever reads it waits for it
        sys.stdout.flush()


def _wait(looks: Looks, acted_on: tuple[object, ...], was_change: bool) -> tuple[object, ...]:
    """Waits until there is something to do, and gives what is seen then.

    That is a change that is over, or, once after one (`was_change`), that files have settled: one that
    was written twice within a tick of the clock of file times looks as it did after the first time.
    """
    settled_at = time.monotonic() + SETTLED_NS / 1e9 if was_change else float("inf")
    before, patience = acted_on, _PATIENCE
    while True:
        time.sleep(max(_INTERVAL_S, _PAUSES_PER_LOOK * looks.took_s))
        now = looks.now()
        if now != acted_on:
            patience -= 1
            if now == before or not patience:
                return now
        elif time.monotonic() >= settled_at:
            return now
        before = now
