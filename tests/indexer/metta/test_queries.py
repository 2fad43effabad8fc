"""The grammar's queries compile, and capture what their comments say."""

from importlib import resources

import pytest
from tree_sitter import Language, Parser, Query, QueryCursor

from metta_index.indexer.languages import metta as metta_folder

PROGRAM = """\
; Twice as much.
(= (double $x) (* $x 2))
(@doc triple (@desc "Three times"))
(: triple (-> Number Number))
(= ((curried $a) $b) (if $a &self True))
(= answer 42)
(: Color Type)
(: Red Color)
!(match &self (= (phantom $q) $r) (let ($s $t) $q $t))
"""


def query(language: Language, name: str) -> Query:
    text = resources.files(metta_folder).joinpath("queries", name).read_text(encoding="utf-8")
    return Query(language, text)


def captures(metta: Language, name: str, program: str) -> list[str]:
    """Captures in the order of the text, each as `capture: text`; `_names` only serve predicates."""
    source = program.encode()
    root = Parser(metta).parse(source).root_node
    found = [
        (node.start_byte, -node.end_byte, capture, source[node.start_byte : node.end_byte].decode())
        for capture, nodes in QueryCursor(query(metta, name)).captures(root).items()
        for node in nodes
        if not capture.startswith("_")
    ]
    return [f"{capture}: {text}" for _, _, capture, text in sorted(set(found))]


@pytest.mark.parametrize("name", ["highlights.scm", "tags.scm", "locals.scm"])
def test_queries_compile(metta: Language, name: str) -> None:
    compiled = query(metta, name)
    assert compiled.pattern_count > 0
    assert all(compiled.is_pattern_rooted(i) for i in range(compiled.pattern_count))


def test_tags(metta: Language) -> None:
    assert captures(metta, "tags.scm", PROGRAM) == [
        "doc: ; Twice as much.",
        "definition.function: (= (double $x) (* $x 2))",
        "reference.call: (double $x)",
        "name: double",
        "reference.call: (* $x 2)",
        "name: *",
        'doc: (@doc triple (@desc "Three times"))',
        "definition.function: (: triple (-> Number Number))",
        "name: triple",
        "name: Number",
        "reference.type: Number",
        "name: Number",
        "reference.type: Number",
        "definition.function: (= ((curried $a) $b) (if $a &self True))",
        "reference.call: (curried $a)",
        "name: curried",
        "reference.call: (if $a &self True)",
        "name: if",
        "definition.constant: (= answer 42)",
        "name: answer",
        "definition.type: (: Color Type)",
        "name: Color",
        "definition.constant: (: Red Color)",
        "name: Red",
        "reference.call: (match &self (= (phantom $q) $r) (let ($s $t) $q $t))",
        "name: match",
        "reference.call: (phantom $q)",
        "name: phantom",
        "reference.call: (let ($s $t) $q $t)",
        "name: let",
    ]


def test_documentation_belongs_to_the_form_right_after_it(metta: Language) -> None:
    def documented(program: str) -> bool:
        return any(capture.startswith("doc:") for capture in captures(metta, "tags.scm", program))

    assert documented("; why\n; how\n(: f (-> A B))")
    assert documented("; why\n(: T Type)")
    assert documented("(@doc f (@desc d))\n(= (f) 1)")
    assert not documented("; why\n(fact)\n(= (f) 1)")
    assert not documented("(@doc g (@desc d))\n(= (f) 1)")
    assert not documented("(doc f)\n(= (f) 1)")


def test_only_top_level_forms_define(metta: Language) -> None:
    program = "!(= (f) 1) (g (= (f) 1)) (quote (: T Type)) (h (: f (-> A B)))"
    assert not [capture for capture in captures(metta, "tags.scm", program) if "definition" in capture]


def test_locals(metta: Language) -> None:
    assert captures(metta, "locals.scm", "(= (f $x (P $y $z)) (g $x $w))\n! (let $v 1 $v)") == [
        "local.scope: (= (f $x (P $y $z)) (g $x $w))",
        "local.definition: $x",
        "local.reference: $x",
        "local.definition: $y",
        "local.reference: $y",
        "local.definition: $z",
        "local.reference: $z",
        "local.reference: $x",
        "local.reference: $w",
        "local.scope: ! (let $v 1 $v)",
        "local.definition: $v",
        "local.reference: $v",
        "local.reference: $v",
    ]


@pytest.mark.parametrize(
    ("form", "bound"),
    [
        ("(let ($a (B $n)) $v $b)", ["$a"]),
        ("(let* (($a 1) (($b $c) $a)) ($a $d))", ["$a", "$b", "$c"]),
        ("(chain (f $v) $a (g $a))", ["$a"]),
        ("(map-atom $l $a (g $a))", ["$a"]),
        ("(foldl-atom $l 0 $a $b (+ $a $b))", ["$a", "$b"]),
        ("(match &self (, (p $a) (q $b)) ($a $c))", ["$a", "$b"]),
        ("(fact $a)", []),
    ],
)
def test_what_binds(metta: Language, form: str, bound: list[str]) -> None:
    found = captures(metta, "locals.scm", form)
    assert [capture for capture in found if "definition" in capture] == [f"local.definition: {v}" for v in bound]


def test_highlights(metta: Language) -> None:
    """The last capture of a word is the one that counts."""
    source = PROGRAM.encode()
    matches = QueryCursor(query(metta, "highlights.scm")).matches(Parser(metta).parse(source).root_node)
    colours = {}
    for _, match in sorted(matches, key=lambda match: match[0]):
        for capture, nodes in match.items():
            for node in nodes:
                if not capture.startswith("_"):
                    colours[node.start_byte, node.end_byte] = capture
    found = {
        (source[start:end].decode(), capture)
        for (start, end), capture in colours.items()
        if capture != "punctuation.bracket"
    }
    assert sorted(found) == [
        ("!", "keyword"),
        ('"Three times"', "string"),
        ("$a", "variable"),
        ("$b", "variable"),
        ("$q", "variable"),
        ("$r", "variable"),
        ("$s", "variable"),
        ("$t", "variable"),
        ("$x", "variable"),
        ("&self", "variable.builtin"),
        ("*", "operator"),
        ("->", "operator"),
        ("2", "number"),
        ("42", "number"),
        (":", "operator"),
        ("; Twice as much.", "comment"),
        ("=", "operator"),
        ("@desc", "attribute"),
        ("@doc", "attribute"),
        ("Color", "type"),
        ("Number", "type.builtin"),
        ("Red", "constant"),
        ("True", "constant.builtin"),
        ("Type", "type.builtin"),
        ("curried", "function"),
        ("double", "function"),
        ("if", "keyword"),
        ("let", "keyword"),
        ("match", "keyword"),
        ("phantom", "function"),
        ("triple", "function"),
    ]
