"""Names that Python programs register: how each way of writing it is read."""

from __future__ import annotations

import pytest
from host_checks import check

from metta_index.indexer.languages.hosts import python
from metta_index.indexer.languages.hosts.findings import Registration
from metta_index.indexer.text.symbols import Flag, Kind

GRAMMAR = "python"


def registered(code: str) -> list[Registration]:
    source = f"from hyperon import *\n{code}".encode()
    found = list(check(source, python.find(source)).registrations)
    for each in found:
        written = source[each.name_start : each.name_end]
        assert written.replace(b"\\", b"") == each.name.replace(b"\\", b"")
    return found


def names(code: str) -> list[str]:
    return [each.name.decode() for each in registered(code)]


ATOMS = "@register_atoms\ndef atoms():\n"

WAYS = [
    pytest.param(ATOMS + "    return {'a': A, r'b': B}", ["a", "b"], id="literal"),
    pytest.param("@register_atoms(pass_metta=True)\ndef f(m):\n    return {'a': A}", ["a"], id="with arguments"),
    pytest.param("@hyperon.ext.register_tokens\ndef f():\n    return {'a': lambda t: A}", ["a"], id="tokens"),
    pytest.param(
        ATOMS + "    d = {}\n    d['a'] = A\n    d.update({'b': B})\n    return d", ["a", "b"], id="step by step"
    ),
    pytest.param(ATOMS + "    d = {'a': A}\n    return {**d, 'b': B} | {'c': C}", ["a", "b", "c"], id="merged"),
    pytest.param(ATOMS + "    if x:\n        return {'a': A}\n    return {'b': B}", ["a", "b"], id="several returns"),
    pytest.param("def more():\n    return {'b': B}\n" + ATOMS + "    return more()", ["b"], id="helper"),
    pytest.param("N = 'a'\n" + ATOMS + "    return {N: A}", ["a"], id="constant"),
    pytest.param(ATOMS + "    d = {}\n    for n in ['a', 'b']:\n        d[n] = A\n    return d", ["a", "b"], id="loop"),
    pytest.param(ATOMS + "    return {f'x{y}': A, g(): B}", [], id="not literal"),
    pytest.param(ATOMS + "    def g():\n        return {'a': 1}\n    return {}", [], id="of a function inside"),
    pytest.param(ATOMS + "    # return {'a': A}\n    return {}", [], id="commented out"),
    pytest.param("@other\ndef f():\n    return {'a': A}", [], id="another decorator"),
    pytest.param("@grounded\ndef g(x):\n    pass", ["g"], id="grounded"),
    pytest.param("@grounded(metta)\ndef g(x):\n    pass", ["g"], id="grounded with an interpreter"),
    pytest.param("metta.register_atom('a', A)\nself.ctx.register_token(r'b', lambda t: B)", ["a", "b"], id="calls"),
    pytest.param("metta.register_atom(f.__name__, A)\ndef f(): pass", ["f"], id="name of a function"),
    pytest.param("x = OperationAtom('a', f)", ["a"], id="operation alone"),
    pytest.param("NAME = 'a'\nx = OperationAtom(NAME, f)", ["a"], id="operation with a named name"),
    pytest.param("metta.register_atom('key', OperationAtom('shown', f))", ["key"], id="the key counts"),
    pytest.param(ATOMS + "    op = OperationAtom('shown', f)\n    return {'key': op}", ["key"], id="so too by name"),
]


@pytest.mark.parametrize(("code", "expected"), WAYS)
def test_ways_to_register(code: str, expected: list[str]) -> None:
    assert names(code) == expected


REGEXES = [
    ("r'\\+'", "+", False),
    ("'\\\\+'", "+", False),
    ("'np\\\\.add'", "np.add", False),
    ("'&self'", "&self", False),
    ("'a-b!'", "a-b!", False),
    ("'a.b'", "a.b", True),
    ("'empty?'", "empty?", True),
    ("r'\\d+'", "\\d+", True),
    ('r"regex:[^ ]*"', "regex:[^ ]*", True),
]


@pytest.mark.parametrize(("key", "name", "is_pattern"), REGEXES)
def test_regular_expressions(key: str, name: str, is_pattern: bool) -> None:
    (found,) = registered(f"metta.register_atom({key}, A)")
    assert found.name.decode() == name
    assert found.flags == Flag.REGISTERED | (Flag.PATTERN if is_pattern else 0)


OPERATIONS = [
    ("OperationAtom('k', lambda a, b: a)", Kind.FUNCTION, 2, "(k a b)", ""),
    ("OperationAtom('k', lambda *a: a)", Kind.FUNCTION, -1, "k", ""),
    ("OperationAtom('k', lambda a, b=1: a)", Kind.FUNCTION, -1, "k", ""),
    ("OperationAtom('k', f)", Kind.FUNCTION, 3, "(k x y z)", ""),
    ("OperationAtom('k', thing.method)", Kind.FUNCTION, 1, "(k only)", ""),
    ("OperationAtom('k', unknown)", Kind.FUNCTION, -1, "k", ""),
    ("OperationAtom('k', unknown, ['Number', AtomType.ATOM, '$t'])", Kind.FUNCTION, 2, "k", "(-> Number Atom $t)"),
    ("OperationAtom('k', f, type_names=TYPES, unwrap=False)", Kind.FUNCTION, 1, "k", "(-> Atom (List $a))"),
    ("OperationAtom('k', f, ['Number', kind()])", Kind.FUNCTION, 1, "k", ""),
    ("G(OperationObject('k', f))", Kind.FUNCTION, 3, "(k x y z)", ""),
    ("ValueAtom(3)", Kind.TOKEN, -1, "k", ""),
    ("named", Kind.FUNCTION, 0, "(k)", ""),
]


@pytest.mark.parametrize(("atom", "kind", "arity", "signature", "type_text"), OPERATIONS)
def test_what_is_known_of_an_operation(atom: str, kind: Kind, arity: int, signature: str, type_text: str) -> None:
    code = (
        "TYPES = ['Atom', E(S('List'), V('a'))]\n"
        "def f(x, y: int, z): pass\n"
        "class Thing:\n    def method(self, only): pass\n"
        "named = OperationAtom('other', lambda: 1)\n"
        f"metta.register_atom('k', {atom})"
    )
    found = next(each for each in registered(code) if each.name == b"k")
    assert (found.kind, found.arity, found.signature, found.type) == (kind, arity, signature, type_text)


def test_the_docstring_of_the_function_is_the_documentation() -> None:
    (found,) = registered("@grounded\ndef g(x):\n    '''Gives x.\n\n      As it is.\n    '''\n")
    assert found.description == "Gives x.\n\nAs it is."
    assert found.doc_start < found.doc_end <= found.end


def test_places_are_those_of_the_file() -> None:
    source = "metta.register_atom(r'\\é+', OperationAtom('x', f))".encode()
    (found,) = python.find(source).registrations
    assert source[found.name_start : found.name_end] == "\\é+".encode()
    assert source[found.start : found.end] == source


def test_modules_that_are_loaded() -> None:
    source = b"metta.load_module_at_path('sub/a.metta')\nmetta.load_module_at_path(path)"
    (found,) = python.find(source).imports
    assert (found.form, found.module) == ("load_module_at_path", "sub/a.metta")
    assert source[found.module_start : found.module_end] == b"sub/a.metta"
