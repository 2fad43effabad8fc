"""The progress bar of long builds and checks: files, bytes, rate and time left. Imported only to be shown."""

from __future__ import annotations

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress

from metta_index.indexer.building.indexing import Progress


class ProgressBar(Progress):
    """A bar on stderr that goes away when the work is done."""

    def __init__(self, label: str = "indexing") -> None:
        self._rich = RichProgress(
            TextColumn(label),
            BarColumn(),
            TextColumn("{task.fields[done]}/{task.fields[files]} files"),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None
        self._done = 0

    def start(self, files: int, size: int) -> None:
        self._rich.start()
        self._task = self._rich.add_task("", total=size, files=files, done=0)

    def advance(self, files: int, size: int) -> None:
        if self._task is not None:
            self._done += files
            self._rich.update(self._task, advance=size, done=self._done)

    def stop(self) -> None:
        self._rich.stop()
