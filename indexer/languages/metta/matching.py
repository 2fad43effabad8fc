"""Whether a call can match the head of a rule: unification, as far as it can be told without running the program.

An operand that is evaluated first may become anything: only numbers, strings, and
symbols that nothing defines are certain to stay what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.languages.metta.lexical import decode_string
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.syntax import column


class Atom(NamedTuple):
    """An atom as written. `kind` is one of grammar's codes; `atoms` those of an expression, comments left out."""

    kind: int
    text: bytes
    start: int
    atoms: tuple[Atom, ...]


def read_atoms(source: bytes) -> list[Atom]:
    """The top-level atoms of a text; what is no atom (comments, errors) is left out."""
    tree = parse(source)
    starts, ends, tails = column(tree.starts), column(tree.ends), column(tree.tails)
    #: Rows after which an open list ends, and the atoms in it so far; the first is the text itself.
    open_lists: list[tuple[int, int, list[Atom]]] = [(len(tree.kinds), 0, [])]
    for row in range(1, len(tree.kinds) + 1):
        while len(open_lists) > 1 and row >= open_lists[-1][0]:
            _tail, opened, atoms = open_lists.pop()
            atom = Atom(tree.kinds[opened], source[starts[opened] : ends[opened]], starts[opened], tuple(atoms))
            open_lists[-1][2].append(atom)
        if row == len(tree.kinds):
            break
        kind = tree.kinds[row]
        if kind in (grammar.EXPRESSION, grammar.EVALUATION):
            open_lists.append((tails[row], row, []))
        elif kind in (grammar.SYMBOL, grammar.VARIABLE, grammar.STRING, grammar.NUMBER):
            open_lists[-1][2].append(Atom(kind, source[starts[row] : ends[row]], starts[row], ()))
    return open_lists[0][2]


def list_headed_at(source: bytes, byte: int) -> Atom | None:
    """The list whose head starts at a byte of a text; None where there is none."""
    waiting = read_atoms(source)
    while waiting:
        atom = waiting.pop()
        if atom.kind == grammar.EXPRESSION and atom.atoms and atom.atoms[0].start == byte:
            return atom
        waiting += atom.atoms
    return None


def fit(call: Atom, head: Atom, is_fixed: Callable[[bytes], bool]) -> int | None:
    """How many operands of a call are certain to be what a head asks for; None where they cannot match it.

    `is_fixed`: whether a symbol is certain to stay itself when it is evaluated.
    """
    if len(call.atoms) != len(head.atoms):
        return None
    bound: dict[bytes, Atom] = {}
    certain = 0
    for operand, pattern in zip(call.atoms[1:], head.atoms[1:], strict=True):
        is_constant = _is_constant(operand, is_fixed)
        if pattern.kind == grammar.VARIABLE:
            # The same variable twice asks for the same atom twice.
            asked = bound.setdefault(pattern.text, operand)
        else:
            asked = pattern
            if is_constant and pattern.kind == grammar.EXPRESSION:
                return None
        if is_constant and _is_constant(asked, is_fixed):
            if (operand.kind, _value(operand)) != (asked.kind, _value(asked)):
                return None
            certain += asked is pattern
    return certain


def _is_constant(atom: Atom, is_fixed: Callable[[bytes], bool]) -> bool:
    if atom.kind == grammar.SYMBOL:
        return not atom.text.startswith(b"&") and is_fixed(atom.text)
    return atom.kind in (grammar.NUMBER, grammar.STRING)


def _value(atom: Atom) -> object:
    if atom.kind == grammar.STRING:
        return decode_string(atom.text)
    if atom.kind == grammar.NUMBER:
        try:
            return float(atom.text)
        except ValueError:
            return atom.text
    return atom.text
