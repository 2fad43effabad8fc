"""Languages that carry MeTTa inside them: a row of `HOSTS` and a module with a function `find` for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

#: The language's name as people write it. A search for bytes takes a hundredth of a parse's time.
_METTA = (b"etta", b"eTTa", b"ETTA")
#: The interpreter, and what a file uses that has its classes by way of another file.
_HYPERON = (*_METTA, b"yperon", b"SExprParser", b"register_token")


class Host(NamedTuple):
    """What is known of a host without loading its module.

    `grammar`: its name, or None where the module needs none. `traces`: a file that
    lacks all strings of one of these groups has nothing to do with MeTTa and is not parsed.
    """

    endings: tuple[str, ...]
    grammar: str | None
    traces: tuple[tuple[bytes, ...], ...]


_PYTHON = (*_HYPERON, b"register_atom", b"OperationAtom")

HOSTS: Mapping[str, Host] = {
    "python": Host((".py",), "python", (_PYTHON,)),
    # Who uses the macro `expr!` names its crate, `hyperon_atom`.
    "rust": Host((".rs",), "rust", ((*_HYPERON, b"GroundedFunctionAtom"),)),
    # A fence, and the language's name or what a form of MeTTa opens with.
    "markdown": Host((".md", ".markdown"), "markdown", ((b"```", b"~~~"), (*_METTA, b"(=", b"(:", b"(@doc", b"!("))),
    "jupyter": Host((".ipynb",), "python", (_PYTHON,)),
    "markup": Host((".rst", ".org"), None, (_METTA,)),
}


#: Hosts whose MeTTa is there to be read: nobody runs it, and it may be no more than an outline of a program.
DOCUMENTATION = frozenset({"markdown", "markup"})


def has_trace(host: str, source: bytes) -> bool:
    """Whether a file of a host may have to do with MeTTa; imports and parses nothing."""
    return all(any(trace in source for trace in group) for group in HOSTS[host].traces)
