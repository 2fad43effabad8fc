"""Symbol tables: their bytes, pieces that agree with the whole, scopes, dialects, counts of atoms."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import sources, texts

from metta_index.indexer.errors import DecodeError
from metta_index.indexer.languages.metta import _binding, forms
from metta_index.indexer.languages.metta.dialects import DIALECTS
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.occurrences import occurrences, pieces, scope_of, tops
from metta_index.indexer.text.symbols import Kind, Lambda, Role, SymbolTable, Use, decode_table, encode_table
from metta_index.indexer.text.syntax import decode_tree, encode_tree


def table_of(text: str | bytes, dialect: str | None = None) -> SymbolTable:
    source = text.encode() if isinstance(text, str) else text
    return extract(source, parse(source), dialect)


@given(sources, st.sampled_from([None, *DIALECTS]))
def test_an_encoded_table_decodes_to_an_equal_one(source: bytes, dialect: str | None) -> None:
    table = table_of(source, dialect)
    assert decode_table(encode_table(table)) == table


@given(sources)
def test_a_tree_from_the_cache_gives_the_same_table(source: bytes) -> None:
    tree = parse(source)
    assert extract(source, decode_tree(encode_tree(tree), 10)) == extract(source, tree)


@given(sources, st.data())
def test_a_damaged_tree_gives_some_table_or_is_refused(source: bytes, data: st.DataObject) -> None:
    encoded = bytearray(encode_tree(parse(source)))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        tree = decode_tree(bytes(encoded), 10)
        assert extract(source, tree).size == tree.size
    except (DecodeError, ValueError):
        pass


def test_a_tree_of_a_longer_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not of this source"):
        extract(b"(1)", parse(b"(1 2 3)"))


@given(texts, st.data())
def test_damaged_bytes_decode_to_a_readable_table_or_are_refused(text: str, data: st.DataObject) -> None:
    encoded = bytearray(encode_table(table_of(text)))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        for piece in pieces([decode_table(bytes(encoded))]):
            assert len(list(occurrences(piece))) >= 0
            assert len(list(tops(piece))) >= 0
    except DecodeError:
        pass


def as_facts(tables: list[SymbolTable]) -> tuple[list[Any], list[Any], list[Any]]:
    found: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    for piece in pieces(tables):
        for one in occurrences(piece):
            found[0].append((one, piece.position(one.start_byte), scope_of(piece, one.name, one.start_byte)))
        found[1].extend(tops(piece))
        names = piece.table.names
        found[2].extend(
            (names[one.name], one.kind, one.arity, one.name_start + piece.offset, one.end + piece.offset, one.flags)
            for one in piece.table.definitions
        )
    return found


@settings(max_examples=200)
@given(st.lists(texts, min_size=1, max_size=6), st.sampled_from(DIALECTS))
def test_pieces_say_what_the_whole_says(parts: list[str], dialect: str) -> None:
    source = "\n".join(parts).encode()
    cuts = _binding.cut(source, 8, 16, 32)
    tables = [table_of(source[start:end], dialect) for start, end, *_rest in cuts]
    whole = table_of(source, dialect)
    assert as_facts(tables) == as_facts([whole])
    assert sum(table.atoms for table in tables) == whole.atoms


@settings(max_examples=200)
@given(texts)
def test_atoms_are_counted_as_the_reference_parser_counts_them(text: str) -> None:
    hyperon: Any = pytest.importorskip("hyperon", reason="the reference parser has no wheel for this platform")
    if "\0" in text:
        return
    parser = hyperon.SExprParser(text)
    count = 0
    try:
        while parser.parse(hyperon.Tokenizer()) is not None:
            count += 1
    except SyntaxError:
        return
    assert table_of(text, "hyperon").atoms == count


def scopes(text: str) -> dict[tuple[str, int], str]:
    """The text in which each variable occurrence is the same variable."""
    source = text.encode()
    found = {}
    for piece in pieces([table_of(source)]):
        for one in occurrences(piece):
            if one.name.startswith(b"$"):
                start, end = scope_of(piece, one.name, one.start_byte)
                found[one.name.decode(), one.start_byte] = source[start:end].decode()
    return found


def test_a_variable_is_the_same_in_its_whole_top_level_atom() -> None:
    rule = "(= (g $x) (let $x 5 $x))"
    found = scopes(rule + " (= (h $x) $x)")
    assert [found["$x", byte] for byte in (6, 15, 20)] == [rule] * 3
    assert set(found.values()) == {rule, "(= (h $x) $x)"}


def test_parameters_of_a_lambda_are_its_own() -> None:
    text = "(= (f $x $y) (|-> ($x) (+ $x $y)))"
    found = scopes(text)
    inner = "(|-> ($x) (+ $x $y))"
    assert found["$x", 6] == text and found["$x", 19] == found["$x", 26] == inner
    assert found["$y", 29] == text


@pytest.mark.parametrize(
    ("text", "dialect"),
    [
        ("(= (f $x) (+ $x 1))", "hyperon"),
        ("!(import! &self lib:lists)", "hyperon"),
        ("!(import! &self lib:lists/inner:map)", "hyperon"),
        ("!(import! &self https://example.org/lists)", "petta"),
        ("!(import! &self ../lib/lists)", "petta"),
        ("!(import! &self lists.metta)", "petta"),
        ('!(import! &self "lists.py")', "petta"),
        ("!(import! &self (library lib_he))", "petta"),
        ("(= (f) (progn (g) (h)))", "petta"),
        ("(= (f) (|-> ($x) $x))", "petta"),
        ("(exec 0 (, (edge $a $b)) (, (path $a $b)))", "mm2"),
        ("(exec 0 (, (edge $a $b)) (, (path $a $b))) (= (f) (foldall g))", "petta"),
        ("; (progn) and (exec 0 (, a) (, b)) in a comment\n(a)", "hyperon"),
        ('(say "(progn) (foldall)")', "hyperon"),
        ("(words progn foldall exec)", "hyperon"),
    ],
)
def test_a_text_shows_its_dialect(text: str, dialect: str) -> None:
    assert table_of(text).dialect == dialect


def test_a_configured_dialect_wins_over_what_the_text_shows() -> None:
    assert table_of("(= (f) (progn (g)))", "hyperon").dialect == "hyperon"


@pytest.mark.parametrize(
    ("text", "module", "into"),
    [
        ("!(include m)", "m", ""),
        ("!(include &kb m)", "m", "&kb"),
        ("!(include &self m)", "m", "&self"),
        ("!(import! &kb m)", "m", "&kb"),
    ],
)
def test_an_import_says_what_is_loaded_and_into_which_space(text: str, module: str, into: str) -> None:
    (found,) = table_of(text).imports
    assert (found.module, found.into) == (module, into)


def test_only_import_makes_the_space_that_it_loads_into() -> None:
    assert [one.kind for one in table_of("!(import! &kb m)").definitions] == [Kind.SPACE]
    assert table_of("!(include &kb m)").definitions == ()


def test_what_a_form_does_depends_on_the_dialect() -> None:
    text = "!(chain (f) $x $x)"
    roles = {
        dialect: [(one.name, one.role) for piece in pieces([table_of(text, dialect)]) for one in occurrences(piece)]
        for dialect in ("hyperon", "petta")
    }
    assert roles["hyperon"][2] == (b"$x", Role.BINDING)
    assert roles["petta"][2] == (b"$x", Role.REFERENCE)


def test_documentation_and_types_are_read() -> None:
    table = table_of(
        '(@doc double (@desc "Twice.") (@params ((@param "a number"))) (@return "its double"))\n'
        "(: double (-> Number Number)) ; a comment\n(: Shape Type) (: circle (-> Number Shape)) (: pi Number)\n"
        "(: Pair (-> Type Type Type)) (:< Circle Shape) (= (double ; inside\n  $x) (* 2 $x))"
    )
    (doc,) = table.documentation
    assert (doc.description, doc.parameters, doc.returns) == ("Twice.", ("a number",), "its double")
    found = [
        (table.names[one.name].decode(), Kind(one.kind).name, one.arity, one.type or one.signature)
        for one in table.definitions
    ]
    assert found == [
        ("double", "FUNCTION", 1, "(-> Number Number)"),
        ("Shape", "TYPE", -1, "Type"),
        ("circle", "FUNCTION", 1, "(-> Number Shape)"),
        ("pi", "SYMBOL", -1, "Number"),
        ("Pair", "TYPE", 2, "(-> Type Type Type)"),
        ("Circle", "TYPE", -1, "Shape"),
        ("double", "FUNCTION", 1, "(double $x)"),
    ]


def test_a_broken_form_still_says_what_it_defines() -> None:
    table = table_of("(= (broken $x) (foo\n(= (sound) 1)\n")
    assert [table.names[one.name] for one in table.definitions] == [b"broken", b"sound"]
    assert [problem.code for problem in table.problems] == ["unclosed-parenthesis"]


def test_facts_are_counted_by_head_and_number_of_arguments() -> None:
    table = table_of("(edge a b) (edge b c) (edge x) (node a) ((edge) y) !(edge q r)")
    assert [(table.names[fact.name], fact.arity, fact.count) for fact in table.facts] == [
        (b"edge", 2, 2),
        (b"edge", 1, 1),
        (b"node", 1, 1),
    ]


def heads(text: str, dialect: str = "hyperon") -> list[tuple[str, int]]:
    """The words that head lists, and their numbers of arguments."""
    found = [one for piece in pieces([table_of(text, dialect)]) for one in occurrences(piece)]
    return [(one.name.decode(), one.arguments) for one in found if one.arguments is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word $x !word !$x", []),
        ("!(f) (g)", [("f", 0), ("g", 0)]),
        ("!(f a (g $x) b)", [("f", 3), ("g", 1)]),
        ("(f ; (no)\n a ; b\n)", [("f", 1)]),
        ("(; comment\n f a)", [("f", 1)]),
        ("!($f a b)", [("$f", 2)]),
        ("!((f a) b c)", [("f", 1)]),
        ('!(1 a) !("s" a) !(True a)', []),
        ("(= (f $x) (g $x 1))", [("=", 2), ("f", 1), ("g", 2)]),
        ("!(let* (($x (f 1)) ($y 2)) (g $x $y $y))", [("let*", 2), ("f", 1), ("g", 3)]),
        ("!(superpose (a b (c d)))", [("superpose", 1), ("c", 1)]),
        ("(= (f) (g 1\n(h a", [("=", 2), ("f", 0), ("g", 1), ("h", 1)]),
        ("(f a !)", [("f", 2)]),
    ],
)
def test_a_head_knows_its_number_of_arguments(text: str, expected: list[tuple[str, int]]) -> None:
    assert heads(text) == expected


def test_arguments_of_other_length_than_occurrences_are_refused() -> None:
    (piece,) = pieces([msgspec.structs.replace(table_of("(f a)"), occurrence_arguments=b"")])
    with pytest.raises(DecodeError, match="differ in length"):
        list(occurrences(piece))


def test_the_orders_that_walk_c_relies_on() -> None:
    source = b"(= (f $x) (g h))"
    (piece,) = pieces([table_of(source)])
    assert [(one.role, one.use) for one in occurrences(piece)] == [
        (Role.REFERENCE, Use.DATA),
        (Role.DEFINITION, Use.PATTERN),
        (Role.BINDING, Use.PATTERN),
        (Role.REFERENCE, Use.CALL),
        (Role.REFERENCE, Use.EVALUATED),
    ]
    assert [position.name for position in forms.Position][-1] == "TOP"


def test_a_gap_in_a_scope_belongs_to_the_scope_around_it() -> None:
    source = b"(outer $x (inner $x here $x))"
    table = table_of(source.decode())
    number = table.names.index(b"$x")
    inner = source.index(b"(inner")
    here = source.index(b"here")
    scopes = (Lambda(0, len(source), (number,)), Lambda(inner, len(source) - 1, (number,), (here, here + 4)))
    (piece,) = pieces([msgspec.structs.replace(table, lambdas=scopes)])
    assert scope_of(piece, b"$x", source.rindex(b"$x")) == (inner, len(source) - 1)
    assert scope_of(piece, b"$x", here + 3) == (0, len(source))
    assert scope_of(piece, b"$x", here + 4) == (inner, len(source) - 1)
