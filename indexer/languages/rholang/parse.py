"""Source text to SyntaxTree. Parsing never fails: what is wrong is in the tree's problems."""

from __future__ import annotations

import re

from tree_sitter import Node as TreeNode

from metta_index.indexer import _columns
from metta_index.indexer.languages.rholang import grammar
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.lexical import name_problem, number_problem, string_problems
from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.syntax import SyntaxTree, column, rows_of

#: Every number of fewer digits fits the type it has unless it says.
_LONG_NUMBER = 19

#: What holds a `"` that may open a string: comments and URIs may hold one that does not.
_QUOTED = re.compile(rb'//[^\n]*|/\*.*?\*/|`[^`\n]*`|"(?:[^"\\]|\\.)*("?)', re.DOTALL)

#: Strings that are tried as the one that is not closed.
_MOST_TRIES = 8


def cut(source: bytes) -> list[int]:
    """A Rholang text is one piece: nearly always it is one process."""
    return [0]


def parse(source: bytes) -> SyntaxTree:
    """The tree of one text."""
    problems: list[Problem] = []
    root = grammar.parser().parse(source).root_node
    if root.has_error:
        root, unclosed = _with_strings_closed(source, root)
        problems += unclosed
        problems += _syntax_problems(source, root)
    codes, leaves = grammar.kind_codes()
    columns = _columns.flatten([(root, 0, len(source))], codes, leaves, 0, Node.ERROR, Node.MISSING, len(source))
    problems += _encoding_problems(source)
    problems += _lexical_problems(source, *columns[:3])
    problems.sort(key=lambda problem: (problem.start_byte, problem.end_byte, problem.code))
    return SyntaxTree(len(source), *columns, tuple(problems))


def _with_strings_closed(source: bytes, root: TreeNode) -> tuple[TreeNode, list[Problem]]:
    """The tree, read as if a string that is never closed ended with its line.

    A string may go over lines, so a quote that is missing turns all strings that
    follow inside out. One is missing for sure where the last string is open; the
    strings before it that go over lines are the suspects. The one with which most
    of the text parses is it. Bytes keep their places: the quote takes the place of
    the line's end.
    """
    suspects, open_at_end = [], False
    for token in _QUOTED.finditer(source):
        if token[0].startswith(b'"'):
            open_at_end = not token[1]
            if b"\n" in token[0] or open_at_end:
                suspects.append(token.start())
    if not open_at_end:
        return root, []
    best, where, least = root, suspects[-1], _unread(root)
    for start in suspects[:_MOST_TRIES]:
        line_end = source.find(b"\n", start)
        line_end = len(source) if line_end < 0 else line_end
        tried = grammar.parser().parse(source[:line_end] + b'"' + source[line_end + 1 :]).root_node
        if (unread := _unread(tried)) < least:
            best, where, least = tried, start, unread
    return best, [Problem("unclosed-string", "this string is never closed", where, where + 1)]


def _unread(root: TreeNode) -> int:
    """How many bytes of a text its parser could not make sense of."""
    if root.type == "ERROR":
        return root.end_byte - root.start_byte
    return sum(max(node.end_byte - node.start_byte, 1) for node in _errors(root))


def _errors(root: TreeNode) -> list[TreeNode]:
    """The nodes that stand for what is missing and what does not belong, in the order of the text."""
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing or (node.is_error and node.parent is not None):
            found.append(node)
        elif node.has_error:
            stack += reversed(node.children)
    return found


def _syntax_problems(source: bytes, root: TreeNode) -> list[Problem]:
    found = []
    for node in _errors(root):
        # A quote that closes the last string may have been added at the end.
        start, end = min(node.start_byte, len(source)), min(node.end_byte, len(source))
        if node.is_missing:
            found.append(Problem("syntax-error", f"`{node.type}` is missing here", start, end))
            continue
        # One line says where to look; what was skipped may be half of the file.
        line_end = source.find(b"\n", start, end)
        end = end if line_end < 0 else line_end
        word = source[start:end].decode("utf-8", "backslashreplace").strip()
        shown = word if len(word) <= 40 else word[:39] + "…"
        found.append(Problem("syntax-error", f"this does not belong here: {shown}", start, end))
    if root.type == "ERROR" and not found:
        end = len(source.rstrip())
        found.append(Problem("syntax-error", "the text ends before its processes do", end, end))
    return found


def _encoding_problems(source: bytes) -> list[Problem]:
    """The first bytes that are not UTF-8; one such place says enough of a text in another encoding."""
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        return [Problem("not-utf-8", "bytes that are not UTF-8; save the file as UTF-8", error.start, error.end)]
    return []


def _lexical_problems(source: bytes, kinds: bytes, starts: bytes, ends: bytes) -> list[Problem]:
    first, last = column(starts), column(ends)
    problems: list[Problem] = []
    if b"\\" in source:
        for row in rows_of(kinds, Node.string):
            if source.find(b"\\", first[row], last[row]) >= 0:
                problems += string_problems(source[first[row] : last[row]], first[row])
    for row in rows_of(kinds, Node.number):
        token = source[first[row] : last[row]]
        if (len(token) >= _LONG_NUMBER or not token.isdigit()) and (found := number_problem(token, first[row])):
            problems.append(found)
    for row in rows_of(kinds, Node.variable):
        if found := name_problem(source[first[row] : last[row]], first[row]):
            problems.append(found)
    return problems
