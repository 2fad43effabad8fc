"""Seeds known faults into programs without findings, one at a time, and counts how many the check finds.

    python tests/precision/mutate.py FOLDER

FOLDER holds a clone from GitHub, `OWNER/NAME`, of each row of repositories.tsv. Rewrites misses.tsv.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import data

from metta_index.cli.check_stdin import check_stdin
from metta_index.cli.checking import find
from metta_index.cli.session import Session, open_session
from metta_index.indexer.building.build import Options
from metta_index.indexer.checking.check import CheckOptions
from metta_index.indexer.checking.findings import Finding, SourceText
from metta_index.indexer.languages import load_language
from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.languages.metta.builtins import arrow
from metta_index.indexer.rules.code import Call, Code, Node
from metta_index.indexer.rules.registry import default_codes
from metta_index.indexer.text.symbols import Role

#: Lines around a changed form in which a finding belongs to the change.
_NEAR_LINES = 2
#: Files to change in a repository, and faults of a kind in a file.
_FILES, _IN_A_FILE = 25, 2
_SETS = ("hyperon", "petta", "mixed")
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_COMMANDS = (b"import!", b"bind!", b"register-module!")
_CORE_FORMS = (b"let", b"let*", b"match", b"case", b"chain", b"unify")


class Mutant(NamedTuple):
    """A fault: bytes [start, end) of a text become others. `first`, `last`: bytes of the form that it is in."""

    kind: str
    start: int
    end: int
    text: bytes
    first: int
    last: int

    def apply(self, source: bytes) -> bytes:
        return source[: self.start] + self.text + source[self.end :]


#: Gives every way to make a fault in a document: what changes, and the node around it.
Way = tuple[int, int, bytes, Node]


def _form(node: Node) -> Node:
    return [node, *node.around()][-1]


def _lists(code: Code) -> Iterator[Node]:
    for top in code.tops:
        yield from (node for node in top.node.inside() if node.is_list and node.end - node.start > 2)


def _dropped_parenthesis(code: Code) -> Iterator[Way]:
    for node in _lists(code):
        yield node.end - 1, node.end, b"", node


def _added_parenthesis(code: Code) -> Iterator[Way]:
    for node in _lists(code):
        yield node.end, node.end, b")", node


def _dropped_quote(code: Code) -> Iterator[Way]:
    for top in code.tops:
        for node in top.node.inside():
            if node.kind == grammar.STRING:
                yield node.end - 1, node.end, b"", node


def _dropped_bang(code: Code) -> Iterator[Way]:
    for call in code.calls_of(*_COMMANDS):
        if code.source.source[call.node.start - 1 : call.node.start] == b"!":
            yield call.node.start - 1, call.node.start, b"", call.node


def _broken_import(code: Code) -> Iterator[Way]:
    for call in code.calls_of(b"import!"):
        if len(call.arguments) == 2 and call.arguments[1].is_symbol:
            node = call.arguments[1]
            stem = node.text.removesuffix(b".metta")
            yield node.start + len(stem), node.start + len(stem), b"-gone", node


def _rules(code: Code) -> Iterator[Node]:
    for top in code.tops:
        if top.node.head == b"=" and len(top.node.children) == 3:
            yield top.node


def _doubled_rule(code: Code) -> Iterator[Way]:
    for node in _rules(code):
        yield node.end, node.end, b"\n" + node.text, node


def _rule_without_body(code: Code) -> Iterator[Way]:
    for node in _rules(code):
        head, body = node.children[1:]
        yield head.end, body.end, b"", node


def _declared(code: Code) -> dict[bytes, list[str]]:
    """The parts of the type of each function that the document declares once, and plainly."""
    found: dict[bytes, list[list[str] | None]] = {}
    for place in code.definitions:
        if place.definition.role == Role.DECLARATION:
            parts = arrow(place.definition.type)
            found.setdefault(place.name, []).append(None if parts is None else list(parts))
    return {name: types[0] for name, types in found.items() if len(types) == 1 and types[0]}


def _defined(code: Code) -> set[bytes]:
    return {place.name for place in code.definitions if place.definition.role == Role.DEFINITION}


def _without_last(call: Call) -> Way:
    before, last = call.node.children[-2:]
    return before.end, last.end, b"", call.node


def _core_form_arity(code: Code) -> Iterator[Way]:
    for call in code.calls_of(*_CORE_FORMS):
        if len(call.arguments) > 1:
            yield _without_last(call)


def _call_arity(code: Code) -> Iterator[Way]:
    types, rules = _declared(code), _defined(code)
    for call in code.calls:
        if call.name in rules and len(types.get(call.name, ())) - 1 == len(call.arguments) > 0:
            yield _without_last(call)


def _untyped_arity(code: Code) -> Iterator[Way]:
    types, rules = _declared(code), _defined(code)
    for call in code.calls:
        if call.name in rules and call.name not in types and call.arguments:
            yield _without_last(call)


def _swapped(word: bytes) -> bytes | None:
    """A word with two letters in its middle swapped."""
    for at in range(len(word) // 2, len(word) - 2):
        if word[at] != word[at + 1] and word[at : at + 2].isalpha():
            return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
    return None


def _misspelt_name(code: Code) -> Iterator[Way]:
    rules = _defined(code)
    for call in code.calls:
        if call.name in rules and len(call.name) > 4:
            name = _swapped(call.name)
            if name is not None:
                yield call.head.start, call.head.end, name, call.node


def _misspelt_variable(code: Code) -> Iterator[Way]:
    for rule in _rules(code):
        head, body = rule.children[1:]
        bound = {node.text for node in head.inside() if node.is_variable}
        for node in body.inside():
            if node.is_variable and node.text in bound and len(node.text) > 5:
                name = _swapped(node.text)
                if name is not None and name not in bound:
                    yield node.start, node.end, name, node


def _literal_type(code: Code) -> Iterator[Way]:
    types = _declared(code)
    for call in code.calls:
        parts = types.get(call.name, [])
        if len(parts) - 1 != len(call.arguments):
            continue
        for part, node in zip(parts, call.arguments, strict=False):
            if part == "Number" and _NUMBER.fullmatch(node.text):
                yield node.start, node.end, b'"one"', call.node
            elif part == "String" and node.kind == grammar.STRING:
                yield node.start, node.end, b"1", call.node


def _rule_arity(code: Code) -> Iterator[Way]:
    types = _declared(code)
    for rule in _rules(code):
        head = rule.children[1]
        if head.head is not None and len(types.get(head.head, ())) == len(head.children):
            yield head.end - 1, head.end - 1, b" $more", rule


def _pair_shape(code: Code) -> Iterator[Way]:
    for call in code.calls_of(b"let*", b"case"):
        if len(call.arguments) == 2:
            pairs = call.arguments[0 if call.name == b"let*" else 1]
            for pair in pairs.children if pairs.is_list else ():
                if pair.is_list and len(pair.children) == 2:
                    yield pair.children[0].end, pair.children[1].end, b"", call.node


def _missing_parameter(code: Code) -> Iterator[Way]:
    for doc in code.documentation:
        for part in code.node_at(doc.start).children:
            if part.head == b"@params" and len(part.children) == 2 and len(part.children[1].children) > 1:
                node = part.children[1].children[0]
                yield node.start, node.end, b"", part


def _self_import(code: Code) -> Iterator[Way]:
    stem = Path(code.path).stem
    if code.dialect == "hyperon" and re.fullmatch(r"[A-Za-z0-9_-]+", stem):
        for top in code.tops[:1]:
            yield 0, 0, f"!(import! &self {stem})\n".encode(), top.node


KINDS: dict[str, Callable[[Code], Iterator[Way]]] = {
    "a parenthesis dropped": _dropped_parenthesis,
    "a parenthesis too many": _added_parenthesis,
    "a quote dropped": _dropped_quote,
    "the `!` of an import or binding dropped": _dropped_bang,
    "an import of another name": _broken_import,
    "an import of the file itself": _self_import,
    "a rule doubled": _doubled_rule,
    "a rule without a body": _rule_without_body,
    "a rule with a parameter more than its type": _rule_arity,
    "a core form with an argument less": _core_form_arity,
    "half of a pair of `let*` or `case` dropped": _pair_shape,
    "a call of a declared function with an argument less": _call_arity,
    "a call of an undeclared function with an argument less": _untyped_arity,
    "a literal of another type": _literal_type,
    "a name of a function misspelt": _misspelt_name,
    "a variable misspelt": _misspelt_variable,
    "a parameter of `@doc` dropped": _missing_parameter,
}


def mutants(path: str, source: bytes, dialect: str | None, count: int) -> list[Mutant]:
    """Up to `count` faults of each kind in a text of MeTTa, the same every time."""
    language = load_language("metta")
    tree = language.parse(source)
    table = language.extract(source, tree, dialect)
    code = Code.of(SourceText.of(path, source), table.dialect, [(tree, table)])
    found = []
    for kind, make in KINDS.items():
        ways = list(make(code))
        for start, end, text, node in Random(f"{path} {kind}").sample(ways, min(count, len(ways))):
            form = _form(node)
            found.append(Mutant(kind, start, end, text, min(start, form.start), form.end))
    return found


def is_found(mutant: Mutant, mutated: bytes, findings: Sequence[Finding]) -> bool:
    """Whether something is found near a fault in a text where nothing was before."""
    first = mutated.count(b"\n", 0, mutant.first) - _NEAR_LINES
    last = mutated.count(b"\n", 0, mutant.last + len(mutant.text)) + _NEAR_LINES
    return any(first <= mutated.count(b"\n", 0, one.start_byte) <= last for one in findings)


def seed(session: Session, files: int, count: int) -> Iterator[tuple[Mutant, str, bool]]:
    """Each fault that was put into a clean file of a workspace, the file, and whether it was found."""
    options = CheckOptions(default_codes())
    build = Options()
    found = find(session, options, build)
    bad = {one.path for one in found.findings}
    clean = sorted(path for path in found.digests if path.endswith(".metta") and path not in bad)
    for path in Random(session.root.name).sample(clean, min(files, len(clean))):
        source = (session.root / path).read_bytes()
        for mutant in mutants(path, source, session.settings.dialect_of(path), count):
            mutated = mutant.apply(source)
            after = check_stdin(session, path, mutated, options, build)
            yield mutant, path, is_found(mutant, mutated, after.findings)


def main(folder: Path) -> None:
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for one in data.repositories():
        if one.set not in _SETS:
            continue
        root = folder / one.repository
        with tempfile.TemporaryDirectory() as cache, open_session(root, cache_dir=Path(cache), quiet=True) as session:
            for mutant, _path, is_seen in seed(session, _FILES, _IN_A_FILE):
                tried[mutant.kind] += 1
                found[mutant.kind] += is_seen
        print(one.repository, found.total(), tried.total(), flush=True)
    data.write("misses.tsv", data.Misses._fields, [(kind, tried[kind], found[kind]) for kind in KINDS if tried[kind]])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
