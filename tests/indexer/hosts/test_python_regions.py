"""MeTTa in Python, judged by Python's own evaluation of literals."""

from __future__ import annotations

import ast

import pytest
from host_checks import check, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metta_index.indexer.languages.hosts import python
from metta_index.indexer.text.regions import HOLE, decode_positions
from metta_index.indexer.text.symbols import Confidence

GRAMMAR = "python"
pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence", "ignore:invalid octal escape")
H = HOLE.decode()
HEAD = "from hyperon import MeTTa\nmetta = MeTTa()\n"


def found(code: str) -> list[str]:
    source = (HEAD + code).encode()
    return texts(check(source, python.find(source)))


PROGRAMS = [
    pytest.param("metta.run('(f 1)')", ["(f 1)"], id="single quotes"),
    pytest.param('runner.run(r"""!(f "\\n")""")', ['!(f "\\n")'], id="raw triple quotes"),
    pytest.param('metta.run("(f \\"a\\\\nb\\")")', ['(f "a\\nb")'], id="escapes of Python and MeTTa"),
    pytest.param('metta.run("(f " "g)")', ["(f g)"], id="implicit concatenation"),
    pytest.param('metta.run("(f " + x + ")")', [f"(f {H})"], id="concatenation"),
    pytest.param('metta.run(("(a)"\n   # why\n   "(b)"))', ["(a)(b)"], id="parentheses and comments"),
    pytest.param('metta.run(f"(f {x!r:>{w}} {{y}} ${v})")', [f"(f {H} {{y}} ${H})"], id="f-string"),
    pytest.param('metta.run("(f %s %(n)d 5%%)" % x)', [f"(f {H} {H} 5%)"], id="percent"),
    pytest.param('metta.run("(f {} {a.b[0]} {{}})".format(x))', [f"(f {H} {H} {{}})"], id="format"),
    pytest.param('metta.run("\\n".join(["(a)", x, "(b)"]))', [f"(a)\n{H}\n(b)"], id="join"),
    pytest.param("metta.run(textwrap.dedent('''\n  (f)\n''').strip())", ["\n  (f)\n"], id="dedent and strip"),
    pytest.param("metta.run('(a \\\n b)')", ["(a  b)"], id="line continuation"),
    pytest.param("metta.run(b'(f)')", [], id="bytes are no text"),
    pytest.param("metta.run(x)\nmetta.run(g('(f)'))", [], id="nothing known"),
    pytest.param("metta.run(f'{x}')", [], id="nothing literal"),
    pytest.param("CODE = '(f)'\ndef g():\n    metta.run(CODE)", ["(f)"], id="module constant"),
    pytest.param("a = '(f)'\nb = a\nmetta.run(b)", ["(f)"], id="name of a name"),
    pytest.param("a = '(f)'\na = '(g)'\nmetta.run(a)", ["(g)"], id="the last value"),
    pytest.param("a = '(f)'\nif x:\n    a = '(g)'\nmetta.run(a)", ["(f)", "(g)"], id="either value"),
    pytest.param("a = '(f)'\ndef g(a):\n    metta.run(a)", [], id="a parameter shadows"),
    pytest.param("def g(n, c):\n    metta.run(c)\ng(1, '(f)')", ["(f)"], id="through a parameter"),
    pytest.param("class A:\n    def g(self, c):\n        metta.run(c)\nA().g('(f)')", ["(f)"], id="through a method"),
    pytest.param("class A:\n    C = '(f)'\n    def g(self):\n        self.metta.run(self.C)", ["(f)"], id="attribute"),
    pytest.param("for c in ['(f)', '(g)']:\n    metta.run(c)", ["(f)", "(g)"], id="loop"),
    pytest.param("ps = ['(f', ' 1)', '(g)']\nmetta.run(' '.join(ps))", ["(f  1) (g)"], id="a joined list"),
    pytest.param("ps = ['(f)']\nps.append(f'(g {x})')\nps.append('(h')\nmetta.run(''.join(ps))", ["(f)", f"(g {H})"]),
    pytest.param("ps = []\nps.extend(['(f)', '(g)'])\nps += ['(h)']\nmetta.run(''.join(ps))", ["(f)", "(g)", "(h)"]),
    pytest.param("ps.append('(f)')\nqs = []\nqs.append('(g)')\nmetta.run(''.join(qs))", ["(g)"], id="another list"),
    pytest.param("metta.run(''.join(f'(f {x})' for x in xs))", [f"(f {H})"], id="a generator"),
    pytest.param("ps = [f'(f {x})' for x in xs]\nmetta.run(''.join(ps))", [f"(f {H})"], id="a comprehension"),
    pytest.param("p = '(f)'\np += '(g)'\np += '(' + x\nmetta.run(p)", ["(f)", "(g)"], id="a text that grows"),
    pytest.param("p = '(f)'\np += '(g)'\np = '(h)'\nmetta.run(p)", ["(h)"], id="a text that is replaced"),
    pytest.param("for n, p in [('(n)', '(f)'), ('b', '(g)')]:\n    metta.run(p)", ["(f)", "(g)"], id="pairs"),
    pytest.param("for i, (n, p) in enumerate([('n', '(f)')]):\n    metta.run(p)", ["(f)"], id="pairs, counted"),
    pytest.param("for n, p in zip(['(n)'], ['(f)']):\n    metta.run(p)", ["(f)"], id="zip"),
    pytest.param("a, b = '(f)', '(g)'\nmetta.run(b)", ["(g)"], id="several names"),
    pytest.param("Q = {'n': '(f)', 'm': '(g)'}\nfor n, p in Q.items():\n    metta.run(p)", ["(f)", "(g)"], id="items"),
    pytest.param("Q = {'n': '(f)', 'm': '(g)'}\nfor p in Q.values():\n    metta.run(p)", ["(f)", "(g)"], id="values"),
    pytest.param("Q = {'n': '(f)', 'm': '(g)'}\nmetta.run(Q['m'])\n", ["(g)"], id="a key"),
    pytest.param("Q = {'n': '(f)', 'm': '(g)'}\nmetta.run(Q[m])\n", ["(f)", "(g)"], id="some key"),
    pytest.param("T = [{'q': '(f)', 'n': '(n)'}]\nfor t in T:\n    metta.run(t['q'])", ["(f)"], id="a key of each"),
    pytest.param(
        "def g():\n    if x:\n        return '(f)'\n    return '(g)'\nmetta.run(g())", ["(f)", "(g)"], id="results"
    ),
    pytest.param(
        "def g():\n    def h():\n        return '(f)'\n    return x\nmetta.run(g())", [], id="others' results"
    ),
    pytest.param(
        "class A:\n    def g(self):\n        self.ps.append('(f)')\n        return self.ps\n"
        "    def h(self):\n        self.metta.run(''.join(self.g()))",
        ["(f)"],
        id="methods",
    ),
    pytest.param("def g(ps):\n    for p in ps:\n        metta.run(p)\ng(['(f)', '(g)'])", ["(f)", "(g)"], id="to each"),
    pytest.param(
        "def g(ps):\n    metta.run(''.join(ps))\ndef h(qs):\n    g(qs)\nh(['(f)'])", ["(f)"], id="through two, to each"
    ),
    pytest.param("for p in '(f)\\n(g)'.splitlines():\n    metta.run(p)", ["(f)\n(g)"], id="lines"),
    pytest.param("p = p + q\nq = p\nps = ps + qs\nqs = ps\nmetta.run(p + ''.join(ps))", [], id="circles"),
    pytest.param("metta.run('(f)' if x else '(g)')", ["(f)", "(g)"], id="conditional"),
    pytest.param("P = '(= (f) 1)'\nmetta.run(P + '!(f)')", ["(= (f) 1)", f"{H}!(f)"], id="constant in a sum"),
    pytest.param("m = MeTTa()\nm.run('(f)')", ["(f)"], id="bound to an interpreter"),
    pytest.param("kb.run('!(f)')\nsubprocess.run('ls (x)')", ["!(f)"], id="only of MeTTa's forms"),
    pytest.param("metta.parse_all('(a)'), SExprParser('(b)'), p.process_metta_string('(c)')", ["(a)", "(b)", "(c)"]),
    pytest.param(
        "X = '''\n(= (f $x)\n   $x)\n'''\nY = '''\nSome (prose)\nof lines\n'''", ["\n(= (f $x)\n   $x)\n"], id="shape"
    ),
    pytest.param("metta.run(program='(f)')", ["(f)"], id="keyword"),
    pytest.param("# metta.run('(f)')\n'''metta.run(\"(g)\")'''", [], id="comments and strings"),
]


@pytest.mark.parametrize(("code", "expected"), PROGRAMS)
def test_programs(code: str, expected: list[str]) -> None:
    assert found(code) == expected


def test_how_sure_a_region_is() -> None:
    source = b"C = '(b)'\nmetta.run('(a)')\nmetta.run(C)\nx.run('!(c)')"
    sure = {region.text: (region.detector, region.confidence) for region in python.find(source).regions}
    assert sure == {
        b"(a)": ("call", Confidence.CERTAIN),
        b"(b)": ("flow", Confidence.LIKELY),
        b"!(c)": ("call", Confidence.POSSIBLE),
    }


def test_the_place_of_a_symbol_after_escapes() -> None:
    source = 'metta.run("(é \\"\\u00e9\\" \\\n  foo)")'.encode()
    (region,) = python.find(source).regions
    at = region.text.index(b"foo")
    start, end = decode_positions(region).host_range(at, at + 3)
    assert source[start:end] == b"foo"


_BODY = st.text(st.sampled_from("(f $x)\"'\\\n\réλ😀;{}%"), max_size=20)


@given(_BODY, st.sampled_from(["", "r", "u", "R"]), st.sampled_from(["'", '"', "'''", '"""']))
@settings(max_examples=300)
@example("\\\\", "r", "'")
def test_literals_read_as_python_reads_them(body: str, prefix: str, quotes: str) -> None:
    literal = f"{prefix}{quotes}{body}{quotes}"
    try:
        value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return
    source = f"metta.parse_all({literal})".encode()
    result = python.find(source)
    check(source, result)
    assert texts(result) == ([value] if value.strip() else [])


@given(_BODY.map(ascii) | _BODY.map(repr))
def test_escapes_read_as_python_reads_them(literal: str) -> None:
    source = f"metta.parse_all({literal})".encode()
    value = ast.literal_eval(literal)
    regions = check(source, python.find(source)).regions
    # A region holds a byte of the host at least, and that is no white space.
    if regions:
        assert regions[0].text.decode() == value


@given(_BODY, st.sampled_from(["'''", '"""']))
def test_formatted_literals_read_as_python_reads_them(body: str, quotes: str) -> None:
    literal = f"f{quotes}{body.replace('{', '{{').replace('}', '}}')}({{1}}){quotes}"
    try:
        value = eval(literal)
    except SyntaxError:
        return
    source = f"metta.parse_all({literal})".encode()
    (region,) = check(source, python.find(source)).regions
    assert region.text.decode() == value[: value.rindex("(1)")] + f"({H})"


def test_a_file_without_a_trace_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python, "PythonModule", None)
    assert python.find(b"x.run('!(f)')") == python.find(b"")


def test_what_is_broken_costs_neither_the_rest_nor_time() -> None:
    assert found("def (:\n" + "(" * 2000 + "\n") == []
    assert found("x = = 3\nmetta.run('(f)')\n") == ["(f)"]
    links = "".join(f"a{n} = a{n + 1} if x else a{n + 1}\n" for n in range(200)) + "a200 = '(f)'\nmetta.run(a0)"
    assert found(links) == []
    assert found("metta.run(" + " + ".join(["'(f)'"] * 5000) + ")") == ["(f)" * 5000]
