"""Source text to SyntaxTree. Parsing never fails: what is wrong is in the tree's problems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node as TreeNode

from metta_index.indexer import _columns
from metta_index.indexer.languages.rholang import grammar
from metta_index.indexer.languages.rholang.grammar import Node
from metta_index.indexer.languages.rholang.lexical import name_problem, number_problem, string_problems
from metta_index.indexer.text.problems import Problem, told
from metta_index.indexer.text.syntax import SyntaxTree, column, rows_of

#: Every number of fewer digits fits the type it has unless it says.
_LONG_NUMBER = 19

#: What holds a `"` that may open a string: comments and URIs may hold one that does not.
_QUOTED = re.compile(rb'//[^\n]*|/\*.*?(?:\*/|\Z)|`[^`\n]*`|"(?:[^"\\]|\\.)*("?)', re.DOTALL)

#: Texts of so many bytes are parsed whatever it takes. A longer one that takes too much is read in parts.
_SHORT = 8192
_PART = 4096
#: A text takes too much if the parser reports more often than once for so many bytes. In 640 public files, broken ones
#: among them, it reports once for 59 bytes and more; where every word is a process, `x|x|x`, once for 16.
_BYTES_A_REPORT = 6
_CHUNK = 1 << 16

#: Strings that are tried as the one that is not closed.
_MOST_TRIES = 8


def pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    """A Rholang text is one piece: nearly always it is one process."""
    yield b"".join(parts)


def parse(source: bytes) -> SyntaxTree:
    """The tree of one text."""
    problems: list[Problem] = []
    read = _without_open_comment(source, problems)
    root = _tree(read)
    if root is None:
        line_end = source.find(b"\n")
        message = "too much is broken to read this as one text: it is read in parts"
        problems.append(Problem("syntax-error", message, 0, len(source) if line_end < 0 else line_end))
        parts = [(grammar.parser().parse(read[start:end]).root_node, start, end) for start, end in _parts(read)]
    else:
        if root.has_error:
            root, unclosed = _with_strings_closed(read, root)
            problems += unclosed
        parts = [(root, 0, len(source))]
    for part, start, end in parts:
        if part.has_error:
            problems += _syntax_problems(source[start:end], part, start)
    codes, leaves = grammar.kind_codes()
    columns = _columns.flatten(parts, codes, leaves, 0, Node.ERROR, Node.MISSING, len(source))
    problems += _encoding_problems(source)
    problems += _lexical_problems(source, *columns[:3])
    return SyntaxTree(len(source), *columns, told(problems))


def _tree(source: bytes) -> TreeNode | None:
    """The tree of a text; None where it takes more work than any that somebody wrote.

    From some errors the parser recovers in time that grows with the square of the text. A
    short text cannot cost much. Of a long one the parser tells how often it has done a hundred things.
    """
    parser = grammar.parser()
    if len(source) <= _SHORT:
        return parser.parse(source).root_node
    left = len(source) // _BYTES_A_REPORT

    def is_too_much(_byte: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    try:
        return parser.parse(lambda byte, _point: source[byte : byte + _CHUNK], progress_callback=is_too_much).root_node
    except ValueError:  # it was told to stop
        parser.reset()
        return None


def _parts(source: bytes) -> Iterator[tuple[int, int]]:
    """Where the parts of a text start and end that are read by themselves: at ends of lines, if there are any."""
    start = 0
    while start < len(source):
        end = min(start + _PART, len(source))
        if end < len(source):
            end = source.rfind(b"\n", start, end) + 1 or end
        # No character is cut: it has no more than three bytes after its first.
        for _byte in range(3):
            if end < len(source) and source[end] & 0xC0 == 0x80:
                end -= 1
        yield start, end
        start = end


def _without_open_comment(source: bytes, problems: list[Problem]) -> bytes:
    """The text with spaces in place of a comment that is never closed, and of all that follows.

    The parser would look for the end of the text from every `/*` on.
    """
    if source.rfind(b"*/") >= source.rfind(b"/*") + 2 or b"/*" not in source:
        return source
    for token in _QUOTED.finditer(source):
        if token[0].startswith(b"/*") and (len(token[0]) < 4 or not token[0].endswith(b"*/")):
            start = token.start()
            problems.append(Problem("syntax-error", "this comment is never closed", start, start + 2))
            return source[:start] + b" " * (len(source) - start)
    return source


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
        tried = _tree(source[:line_end] + b'"' + source[line_end + 1 :])
        if tried is not None and (unread := _unread(tried)) < least:
            best, where, least = tried, start, unread
    return best, [Problem("unclosed-string", "this string is never closed", where, where + 1)]


def _unread(root: TreeNode) -> int:
    """How many bytes of a text its parser could not make sense of."""
    if root.type == "ERROR":
        return root.end_byte - root.start_byte
    return sum(max(node.end_byte - node.start_byte, 1) for node in _errors(root))


def _errors(root: TreeNode) -> list[TreeNode]:
    """The nodes that stand for what is missing and what does not belong, in the order of the text.

    The root is none of them. It is told by its place: a node finds its parent from the root on, as slowly as there are
    nodes beside it.
    """
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_missing or (node.is_error and node is not root):
            found.append(node)
        elif node.has_error:
            stack += reversed(node.children)
    return found


def _syntax_problems(source: bytes, root: TreeNode, shift: int) -> list[Problem]:
    """What a text lacks, and what does not belong in it. `shift`: of its first byte in the document."""
    found = []
    for node in _errors(root):
        # A quote that closes the last string may have been added at the end.
        start, end = min(node.start_byte, len(source)), min(node.end_byte, len(source))
        if node.is_missing:
            found.append(Problem("syntax-error", f"`{node.type}` is missing here", shift + start, shift + end))
            continue
        # One line says where to look; what was skipped may be half of the file.
        line_end = source.find(b"\n", start, end)
        end = end if line_end < 0 else line_end
        word = source[start:end].decode("utf-8", "backslashreplace").strip()
        shown = word if len(word) <= 40 else word[:39] + "…"
        found.append(Problem("syntax-error", f"this does not belong here: {shown}", shift + start, shift + end))
    if root.type == "ERROR" and not found:
        end = len(source.rstrip())
        found.append(Problem("syntax-error", "the text ends before its processes do", shift + end, shift + end))
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
