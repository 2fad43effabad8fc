"""The files of a workspace, as names of modules are looked up in them: values, no disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from posixpath import normpath

#: Files that stand for their folder when a module of the folder's name is looked for.
FOLDER_FILES = ("__init__.py", "module.metta")
FOLDER_STEMS = frozenset({"__init__", "module"})


def join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]


def normalize(path: str) -> str:
    """A path without `.`, `//` and inner `..`; "" is the workspace. It may still begin with `../`."""
    path = normpath(path)
    return "" if path == "." else path


@lru_cache(1 << 14)
def key_of(path: str) -> str:
    """The key that a path is found under: its last name without ending, and without regard to capitals.

    Whether a path exists can change only where a path of the same key comes or goes.
    """
    folder, _, last = path.rpartition("/")
    if folder and last in FOLDER_FILES:
        last = folder.rpartition("/")[2]
    stem = last.rpartition(".")[0]
    return (stem or last).casefold()


def folders_above(folder: str) -> Iterator[str]:
    """The folders above one, nearest first, up to the workspace; outside it, none that may hold it."""
    is_absolute = folder.startswith("/")
    while folder:
        folder = folder_of(folder)
        if folder == ".." or folder.endswith("/..") or (is_absolute and not folder):
            return
        yield folder


class FileSet:
    """Paths of files, and the folders that hold them; `folders` counts the entries of each.

    Paths are seen from the workspace, with `/`; those of import roots outside
    it begin with `../` or `/`. The order in which they come means nothing.
    """

    __slots__ = ("_keyed_files", "_keyed_folders", "files", "folders")

    def __init__(self, files: Iterable[str], empty_folders: Iterable[str] = ()) -> None:
        self.files = frozenset(files)
        self.folders: dict[str, int] = {"": 0}
        self._keyed_files: dict[str, list[str]] = {}
        self._keyed_folders: dict[str, list[str]] = {}
        for path in sorted(self.files):
            self._keyed_files.setdefault(key_of(path), []).append(path)
            self._enter(folder_of(path), 1)
        for folder in sorted(set(empty_folders)):
            self._enter(folder, 0)
        for folder in sorted(self.folders):
            if folder:
                self._keyed_folders.setdefault(key_of(folder), []).append(folder)

    def _enter(self, folder: str, entries: int) -> None:
        """Counts entries of a folder; a folder that is new is an entry of the one above it."""
        folders = self.folders
        if folder in folders:
            folders[folder] += entries
            return
        folders[folder] = entries
        for above in folders_above(folder):
            if above in folders:
                folders[above] += 1
                return
            folders[above] = 1

    def has_key(self, key: str) -> bool:
        """Whether there is a file or a folder of a key."""
        return key in self._keyed_files or key in self._keyed_folders

    def files_keyed(self, key: str) -> list[str]:
        """Files of a key, in order of their paths."""
        return self._keyed_files.get(key, [])

    def folders_keyed(self, key: str) -> list[str]:
        return self._keyed_folders.get(key, [])


def changed_names(before: Mapping[str, object], after: Mapping[str, object]) -> frozenset[str]:
    """Keys of the names that mean something else than before, such as names of registered modules."""
    names = before.keys() | after.keys()
    return frozenset(key_of(name) for name in names if before.get(name) != after.get(name))


def changed_keys(after: FileSet, added: Iterable[str], removed: Iterable[str]) -> frozenset[str]:
    """Keys of the files that came and went, and of the folders that came and went with them.

    An import has to be resolved anew only if its `lookups` share one of them.
    """
    keys: set[str] = set()
    gone = set(removed)
    while gone:
        keys.update(map(key_of, gone))
        gone = {folder for folder in map(folder_of, gone) if folder and folder not in after.folders}
    come = set(added)
    entries: Counter[str] = Counter()
    while come:
        keys.update(map(key_of, come))
        holding = list(map(folder_of, come))
        entries.update(holding)
        # a folder of which every entry is new is new
        come = {folder for folder in holding if folder and after.folders.get(folder) == entries[folder]}
    return frozenset(keys)
