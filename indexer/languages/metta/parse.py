"""Source text to SyntaxTree. Parsing never fails: what is wrong is in the tree's problems."""

from __future__ import annotations

from codecs import BOM_UTF8

from tree_sitter import Node

from metta_index.indexer import _columns
from metta_index.indexer.languages.metta import _binding, grammar
from metta_index.indexer.languages.metta.cutting import Damage
from metta_index.indexer.languages.metta.lexical import lexical_problems
from metta_index.indexer.text.problems import Problem, told
from metta_index.indexer.text.syntax import SyntaxTree, column, rows_of

#: i64 has at most 19 digits: shorter numbers need no second look.
_LONG_NUMBER = 19

_BOM_MESSAGE = "a byte order mark, which is read as part of the first word; save the file without it"


def parse(source: bytes) -> SyntaxTree:
    """The tree of one text, or of one piece of a large one."""
    problems = [] if source.isascii() else _encoding_problems(source)
    root, shift = _parsed(source)
    if not problems and not root.has_error:
        # The binding makes an object of each node it is asked for: the tokens say the same.
        found = _binding.columns(source, root.descendant_count)
        if found is not None:
            kinds, starts, ends, tails, odd = found
            if odd:
                problems = _lexical_problems(source, kinds, starts, ends)
            return SyntaxTree(len(source), kinds, starts, ends, tails, told(problems))
    if not root.has_error:
        roots = [(root, shift, len(source))]
    else:
        roots = []
        for start, end, damage, where, missing in _binding.cut(source, 0, 0, 0):
            text = source[start:end]
            limit = end
            if missing:
                # Closed where it probably ends, the form still says what it defines.
                text = text.rstrip()
                limit = start + len(text)
                text += b"\n" + b")" * missing
            piece, shift = _parsed(text)
            roots.append((piece, start + shift, limit))
            if damage or piece.has_error:
                problems.append(_syntax_problem(source, start, end, Damage(damage), where))
    codes, leaves = grammar.kind_codes()
    columns = _columns.flatten(roots, codes, leaves, 0, grammar.ERROR, grammar.MISSING, len(source))
    problems += _lexical_problems(source, *columns[:3])
    return SyntaxTree(len(source), *columns, told(problems))


def _parsed(text: bytes) -> tuple[Node, int]:
    """The root of a text's tree, and what to add to its byte offsets.

    A byte order mark is a word character; tree-sitter passes over one, but only at
    the very start.
    """
    if text.startswith(BOM_UTF8):
        return grammar.parser().parse(b"\n" + text).root_node, -1
    return grammar.parser().parse(text).root_node, 0


def _syntax_problem(source: bytes, start: int, end: int, damage: Damage, where: int) -> Problem:
    match damage:
        case Damage.UNCLOSED_PARENTHESIS:
            # The range says where the form probably ends: before the next one.
            stop = where + len(source[where:end].rstrip())
            return Problem("unclosed-parenthesis", "this parenthesis is never closed", where, stop)
        case Damage.STRAY_PARENTHESIS:
            return Problem("stray-parenthesis", "this parenthesis closes nothing", where, where + 1)
        case Damage.UNCLOSED_STRING:
            return Problem("unclosed-string", "this string is never closed", where, where + 1)
        case Damage.NUL_BYTE:
            return Problem("nul-byte", "a NUL byte; is this a text file?", where, where + 1)
        case _:
            return Problem("syntax-error", "this atom is not MeTTa", start, end)


def _encoding_problems(source: bytes) -> list[Problem]:
    """A byte order mark, and the first bytes that are not UTF-8: one such place says enough of another encoding."""
    problems = [Problem("byte-order-mark", _BOM_MESSAGE, 0, len(BOM_UTF8))] if source.startswith(BOM_UTF8) else []
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "bytes that are not UTF-8; save the file as UTF-8"
        problems.append(Problem("not-utf-8", message, error.start, error.end))
    return problems


def _lexical_problems(source: bytes, kinds: bytes, starts: bytes, ends: bytes) -> list[Problem]:
    """Tokens that are one token everywhere but legal only in some dialects."""
    escapes, hashes = b"\\" in source, b"#" in source
    suspects = list(rows_of(kinds, grammar.STRING)) if escapes else []
    suspects += rows_of(kinds, grammar.VARIABLE) if hashes else []
    suspects += rows_of(kinds, grammar.NUMBER)
    if not suspects:
        return []
    first, last = column(starts), column(ends)
    problems = []
    for row in suspects:
        start, end, kind = first[row], last[row], grammar.KINDS[kinds[row]]
        if kind == "number" and end - start < _LONG_NUMBER:
            continue
        if kind == "variable" and source.find(b"#", start, end) < 0:
            continue
        if kind == "string" and source.find(b"\\", start, end) < 0:
            continue
        problems += [Problem(*found) for found in lexical_problems(source, kind, start, end)]
    return problems
