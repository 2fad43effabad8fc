"""Where a module is looked for, in what order, and how what is found is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from metta_index.indexer.languages.metta.modules_files import (
    FOLDER_FILES,
    FileSet,
    folder_of,
    folders_above,
    join,
    key_of,
)

#: A name such as `main` may be in every folder: so many of the nearest are enough to choose from.
MOST_CANDIDATES = 20


class Status(StrEnum):
    """What became of an import."""

    RESOLVED = "resolved"
    AMBIGUOUS = "ambiguous"  # several files fit equally well by name; `target` is the nearest
    UNRESOLVED = "unresolved"
    BUILTIN = "builtin"  # comes with the implementation
    EXTERNAL = "external"  # lies outside the workspace
    ILLEGAL = "illegal"  # the implementation refuses it; `target` is what is meant, if that can be told
    UNSUPPORTED = "unsupported"  # the dialect has no imports


class Way(StrEnum):
    """How a target was found, from what implementations do to what people mean."""

    EXACT = "exact"  # as the implementation does when the importing file is run
    REGISTERED = "registered"  # below what a register-module! names
    ALIAS = "alias"  # the name of the workspace stands for its root
    ROOT = "root"  # in a configured import root
    ANCESTOR = "ancestor"  # from a folder above, as when a script there is run
    LIBRARY = "library"  # in a library that PeTTa finds by its own name
    BY_NAME = "by-name"  # elsewhere in the workspace, by the end of its path
    COMPUTED = "computed"  # what is named is known only while the program runs
    NONE = ""


class TargetKind(StrEnum):
    METTA = "metta"
    PYTHON = "python"
    FOLDER = "folder"  # without module.metta: a module without atoms
    OTHER = "other"


class Target(NamedTuple):
    """A file or a folder, seen from the workspace; the workspace itself is "."."""

    path: str
    kind: TargetKind

    def resources(self) -> str:
        """The folder that modules below this one are looked for in."""
        if self.kind is TargetKind.FOLDER:
            return "" if self.path == "." else self.path
        return folder_of(self.path)


#: What is loaded for one name: parents first, the target last.
Chain = tuple[Target, ...]


class Workspace(NamedTuple):
    """What names of modules are resolved against.

    `roots`: configured import roots, in order. `aliases`: names that stand for
    the workspace (`indexer.linking.aliases`). `registered`: names to the files or folders
    that some register-module! gives them; `repositories`: names of git-imported
    repositories to the folders they lie in, if they lie in the workspace.
    `builtins`: modules that come with an implementation, by dialect.
    """

    files: FileSet
    roots: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    registered: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    repositories: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    builtins: Mapping[str, frozenset[str]] = MappingProxyType({})


#: Looks for something from a folder on.
Attempt = Callable[[str], Chain | None]


class Found(NamedTuple):
    """Where one way led; `others` are further targets, in order, if there are."""

    way: Way
    chain: Chain
    where: str
    others: tuple[Target, ...] = ()
    matched: int = 0  # how many last parts of the name, if it was found by them


class Told(NamedTuple):
    """What a rule has to say of an import."""

    status: Status
    reason: str
    found: Found | None = None
    name: str = ""
    way: Way = Way.NONE  # where nothing was found


def told_of(found: Found, reason: str = "", name: str = "") -> Told:
    """A target that was found; several that are as good make it ambiguous."""
    reason = reason or found.where
    if found.others and found.way is not Way.ANCESTOR:
        count = len(found.others) + 1
        fit = f"{count} or more" if count == MOST_CANDIDATES else str(count)
        return Told(Status.AMBIGUOUS, f"{reason}; {fit} fit, the nearest is taken", found, name)
    return Told(Status.RESOLVED, reason, found, name)


def kind_of(path: str) -> TargetKind:
    if path.endswith(".py"):
        return TargetKind.PYTHON
    last = path.rpartition("/")[2]
    return TargetKind.METTA if path.endswith(".metta") or "." not in last else TargetKind.OTHER


def folder_module(files: FileSet, folder: str) -> Target | None:
    """A folder as a module: its module.metta, or the folder itself."""
    main = join(folder, "module.metta")
    if main in files.files:
        return Target(main, TargetKind.METTA)
    return Target(folder or ".", TargetKind.FOLDER) if folder in files.folders else None


class Search(NamedTuple):
    """One search, from the folder of the importing file; `keys` collects what it depends on."""

    workspace: Workspace
    folder: str
    keys: set[str]

    def depend_on(self, *names: str) -> None:
        self.keys.update(map(key_of, names))

    def nearest(self, attempt: Attempt, special: Iterable[Found] = (), guess: Attempt | None = None) -> Found | None:
        """The first of: the own folder, what is special to the name, import roots, the folders above.

        `guess`: what to attempt in the last two, if not the same.
        """
        chain = attempt(self.folder)
        if chain:
            return Found(Way.EXACT, chain, "seen from the importing file's own folder")
        found = next(iter(special), None)
        return found or self.farther(guess or attempt)

    def farther(self, attempt: Attempt) -> Found | None:
        """The first of: import roots, the folders above."""
        for root in self.workspace.roots:
            chain = attempt("" if root == "." else root)
            if chain:
                return Found(Way.ROOT, chain, f"in the import root `{root}`")
        first: tuple[str, Chain] | None = None
        others: list[Target] = []
        for folder in folders_above(self.folder):
            chain = attempt(folder)
            if chain is None:
                continue
            if first is None:
                first = folder, chain
            elif chain[-1] != first[1][-1] and chain[-1] not in others:
                others.append(chain[-1])
        if first is None:
            return None
        folder, chain = first
        return Found(Way.ANCESTOR, chain, f"from {folder_text(folder)}, as when a script there is run", tuple(others))

    def by_name(
        self, parts: tuple[str, ...], holders: Iterable[str], attempt: Callable[[str, tuple[str, ...]], Chain | None]
    ) -> Found | None:
        """What is elsewhere and has a path that ends in most of the parts; the nearest first.

        Nearest: fewest steps from the importing file's folder, then by path of its
        folder. No more than MOST_CANDIDATES are told.
        `holders`: the folders that may hold the last part; `attempt` looks for the
        last parts from a folder on.
        """
        ranked = []
        for holder in holders:
            count, above = _common_end(holder, parts[:-1])
            ranked.append((-count, steps(self.folder, holder), holder, above))
        chains: dict[Target, Chain] = {}
        matched = 0
        for negative_count, _steps, _holder, above in sorted(ranked):
            count = 1 - negative_count
            if count < matched or len(chains) == MOST_CANDIDATES:
                break
            chain = attempt(above, parts[-count:])
            if chain:
                matched = count
                chains.setdefault(chain[-1], chain)
        if not chains:
            return None
        target, *others = chains
        where = f"elsewhere in the workspace, as its path ends in `{'/'.join(parts[-matched:])}`{self._hint(parts[-1])}"
        return Found(Way.BY_NAME, chains[target], where, tuple(others), matched)

    def holders_of(self, last: str, endings: tuple[str, ...]) -> frozenset[str]:
        """The folders with a file of that name and one of those endings, or with such a folder that is a module."""
        holders = set()
        for key in {key_of(last), key_of(last + ".metta")}:
            self.keys.add(key)
            for path in self.workspace.files.files_keyed(key):
                folder, _, name = path.rpartition("/")
                if name in FOLDER_FILES and folder.rpartition("/")[2] == last:
                    holders.add(folder_of(folder))
                elif name.startswith(last) and name[len(last) :] in endings:
                    holders.add(folder)
        return frozenset(holders)

    def nothing(self, written: str, last: str, tried: str) -> Told:
        """What is said where a search found nothing."""
        places = "own folder, import roots, folders above, the rest of the workspace"
        reason = f"nothing is there for `{written}`{self._hint(last)}; looked for {tried} in {places}"
        return Told(Status.UNRESOLVED, reason)

    def _hint(self, last: str) -> str:
        """A clause on the first file whose name is the wanted one but for capitals. Its key is looked up before."""
        folded = last.casefold()
        for path in self.workspace.files.files_keyed(key_of(last)):
            name = path.rpartition("/")[2]
            stem = name.rpartition(".")[0] or name
            if last not in (name, stem) and folded in (name.casefold(), stem.casefold()):
                return f"; `{path}` differs in capitals"
        return ""


def folder_text(folder: str) -> str:
    return f"the folder `{folder}`" if folder else "the workspace's top folder"


def _common_end(folder: str, parts: tuple[str, ...]) -> tuple[int, str]:
    """How many of the last parts the path of a folder ends in, and the folder above those."""
    count = 0
    while count < len(parts) and folder:
        above, _, last = folder.rpartition("/")
        if last != parts[-1 - count]:
            break
        folder = above
        count += 1
    return count, folder


def steps(start: str, goal: str) -> int:
    """How many steps lie between two folders: up to what they share, then down."""
    here, there = start.split("/") if start else [], goal.split("/") if goal else []
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return len(here) + len(there) - 2 * shared
