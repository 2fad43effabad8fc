"""The one loader of host grammars: tree-sitter-languages where it is installed, else single-language wheels.

tree-sitter-languages 1.10 has no wheels after CPython 3.12, and its own loader calls an
interface that tree-sitter 0.22 removed. Its shared library depends on neither: each
grammar is a C function in it, whose pointer becomes the capsule that tree-sitter takes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language, Parser

PACK = "tree-sitter-languages"
WHEELS = "wheels"

#: The grammars that hosts use, and where each may come from, the first choice first. Markdown's in
#: tree-sitter-languages 1.10.2 ends the process (an assertion in its scanner) on public files of many nested
#: blocks, so it is not used at all.
GRAMMARS = {"python": (PACK, WHEELS), "rust": (PACK, WHEELS), "markdown": (WHEELS,)}

_CAPSULE_NAME = b"tree_sitter.Language"  # a capsule keeps the pointer, so the name must live as long
_excluded: list[str] = []


class MissingGrammarError(Exception):
    """No installed package has a grammar."""


def provider_of(grammar: str) -> str | None:
    """Where a grammar comes from, PACK or WHEELS; None where it is not installed. Imports no tree-sitter."""
    for provider in GRAMMARS[grammar]:
        if provider in _excluded:
            continue
        if _spec(_module(provider, grammar)) is not None:
            return provider
    return None


def version_of(grammar: str) -> str:
    """The package that a grammar comes from and its version, for cache keys; "none" where there is none.

    Read from the name of the package's metadata folder: `importlib.metadata` takes longer
    than indexing a few files.
    """
    provider = provider_of(grammar)
    if provider is None:
        return "none"
    module = _module(provider, grammar)
    spec = _spec(module)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        for name in sorted(os.listdir(os.path.dirname(folder))):  # noqa: PTH120, PTH208
            if name.startswith(f"{module}-") and name.endswith(".dist-info"):
                return name.removesuffix(".dist-info")
    from importlib.metadata import version

    return f"{module}-{version(module.replace('_', '-'))}"


@contextmanager
def without(*excluded: str) -> Iterator[None]:
    """For tests: as if these providers were not installed."""
    _excluded[:] = excluded
    try:
        yield
    finally:
        _excluded.clear()


def parser(grammar: str) -> Parser:
    """A parser of a host's language. Raises MissingGrammarError, which names the package to install."""
    return _parser(grammar, _provider(grammar))


def _provider(grammar: str) -> str:
    provider = provider_of(grammar)
    if provider is None:
        wheel = f"tree-sitter-{grammar}"
        raise MissingGrammarError(f"no grammar of {grammar} is installed; run: pip install {wheel}")
    return provider


@cache
def _parser(grammar: str, provider: str) -> Parser:
    from tree_sitter import Parser

    return Parser(_language(grammar, provider))


@cache
def _language(grammar: str, provider: str) -> Language:
    from tree_sitter import Language

    if provider == WHEELS:
        return Language(import_module(_module(provider, grammar)).language())
    import ctypes

    spec = _spec(_module(provider, grammar))
    assert spec is not None and spec.submodule_search_locations is not None
    suffix = ".dll" if sys.platform == "win32" else ".so"
    library = ctypes.CDLL(os.path.join(spec.submodule_search_locations[0], f"languages{suffix}"))  # noqa: PTH118
    function = getattr(library, f"tree_sitter_{grammar}")
    function.restype = ctypes.c_void_p
    function.argtypes = ()
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.restype = ctypes.py_object
    new_capsule.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
    return Language(new_capsule(function(), _CAPSULE_NAME, None))


def _module(provider: str, grammar: str) -> str:
    return PACK.replace("-", "_") if provider == PACK else f"tree_sitter_{grammar}"


@cache
def _spec(module: str) -> ModuleSpec | None:
    """Where a package is; found, not imported."""
    return PathFinder.find_spec(module)
