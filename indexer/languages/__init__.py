"""One folder for each language the indexer knows; `LANGUAGES` is the list of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from metta_index.indexer.languages.hosts import HOSTS

if TYPE_CHECKING:
    from metta_index.indexer.text.symbols import SymbolTable
    from metta_index.indexer.text.syntax import SyntaxTree


class Language(Protocol):
    """What the indexer wants of a language's folder: module `language` in it, with these names."""

    KINDS: Sequence[str]
    DIALECTS: Sequence[str]  # from the strongest evidence to none

    def pieces(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces of a text, which comes in parts, that are parsed and kept apart."""

    def parse(self, source: bytes) -> SyntaxTree: ...

    def extract(self, source: bytes, tree: SyntaxTree, dialect: str | None) -> SymbolTable:
        """`dialect`: as configured or decided for the whole document; None decides from the text.

        A language of one dialect has its options there.
        """

    def is_error(self, dialect: str, code: str) -> bool:
        """Whether a problem keeps a program of this dialect from being read."""


#: Texts up to this many bytes are one piece, in every language: nobody has to be asked.
ALWAYS_WHOLE = 256 << 10

#: Languages by name, and the endings of their files. MeTTa may have others, by configuration.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "metta": (".metta",),
    "rholang": (".rho",),
    **{name: host.endings for name, host in HOSTS.items()},
}


def language_of(path: str) -> str:
    """The name of the language of a file; MeTTa where a configured ending says nothing else."""
    for name, endings in LANGUAGES.items():
        if path.endswith(endings):
            return name
    return "metta"


class Versions(NamedTuple):
    """What a language's results depend on beside the text; see the module `versions` of each."""

    tree: str
    table: str


def versions_of(name: str) -> Versions:
    """Versions of a language's grammar and extractor, and of our schemas. Imports no tree-sitter.

    For a host, also that of the package its grammar comes from, which has to be looked for.
    """
    module = _versions_module(name)
    table = module.table_version(name) if name in HOSTS else module.TABLE_VERSION
    return Versions(module.TREE_VERSION, table)


def own_versions() -> str:
    """Versions of all languages as far as they are ours."""
    modules = dict.fromkeys(map(_versions_module, LANGUAGES))
    return " ".join(version for module in modules for version in (module.TREE_VERSION, module.TABLE_VERSION))


@cache
def _versions_module(name: str) -> ModuleType:
    return import_module(f"metta_index.indexer.languages.{'hosts' if name in HOSTS else name}.versions")


@cache
def load_language(name: str) -> Language:
    """The language's module. Imports tree-sitter: only where there is something to parse."""
    if name in HOSTS:
        from metta_index.indexer.languages.hosts.language import host_language

        return host_language(name)
    module: Language = import_module(f"metta_index.indexer.languages.{name}.language")
    return module
