"""The tables of builtins: their form, what `lookup` reads from them, and what the reference says to Hyperon's.

Every Hyperon row is put to the reference (PyPI `hyperon`): with a type, `get-type`
must give that type; without one, a small program in `SHOWN` must have the result
that is written beside it.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from metta_index.indexer.languages.metta import builtins, dialects, grammar
from metta_index.indexer.languages.metta.builtins import Builtin
from metta_index.indexer.languages.metta.parse import parse

FOLDER = Path(builtins.__file__).parent
KINDS = {"form", "function", "constructor", "type", "constant"}
ARITY = re.compile(r"|\d+(,\d+)*|\d+\+")
every_dialect = pytest.mark.parametrize("dialect", dialects.DIALECTS)

#: The release that the table was written from; others know other names.
REFERENCE = "0.2.10"

#: Given to scripts of event agents only; and one that wants the Python kit of SingularityNET.
OUT_OF_REACH = {"has-event-bus", "queue-subscription", "snet-sdk"}


#: Names of Hyperon that have no type, and a program that shows what they do.
SHOWN: dict[str, tuple[str, str]] = {
    "!": ("! (+ 1 2)", "[[3]]"),
    ":": ("(: a B) !(get-type a)", "[[B]]"),
    ":<": ("(:< A B) (: a A) (: f (-> B C)) !(get-type (f a))", "[[C]]"),
    "->": ("(: f (-> Number)) !(get-type (f))", "[[Number]]"),
    "%Undefined%": ("!(get-type nobody-knows)", "[[%Undefined%]]"),
    "Type": ("(: A Type) !(get-type A)", "[[Type]]"),
    "Atom": ("(: f (-> Atom B)) (= (f $x) (quote $x)) !(f (+ 1 2))", "[[(quote (+ 1 2))]]"),
    "Symbol": ("!(get-metatype a)", "[[Symbol]]"),
    "Variable": ("!(get-metatype $a)", "[[Variable]]"),
    "Expression": ("!(get-metatype (a))", "[[Expression]]"),
    "Grounded": ("!(get-metatype 1)", "[[Grounded]]"),
    "Bool": ("!(get-type True)", "[[Bool]]"),
    "Number": ("!(get-type 1)", "[[Number]]"),
    "String": ('!(get-type "a")', "[[String]]"),
    "Char": ("!(get-type 'a')", "[[Char]]"),
    "StateMonad": ("!(get-type (new-state 1))", "[[(StateMonad Number)]]"),
    "ErrorDescription": ("!(get-type IncorrectNumberOfArguments)", "[[ErrorDescription]]"),
    "NotReducible": ("(= (f) NotReducible) !(f)", "[[(f)]]"),
    "Empty": ("(= (f) Empty) !(f)", "[[]]"),
    "StackOverflow": (
        "!(pragma! max-stack-depth 10) (= (f $x) (f (f $x))) !(f 1)",
        "[[()], [(Error (metta f %Undefined% ModuleSpace(GroundingSpace-top)) StackOverflow)]]",
    ),
    "NoReturn": (
        "(= (f) (function (eval (g)))) (= (g) 1) !(f)",
        "[[(Error (f) NoReturn)]]",
    ),
    "call-native": (
        "!(call-native a b c)",
        "[[(Error (call-native a b c) expected: (call-native func args), found: (call-native a b c))]]",
    ),
    "nop": ("!(nop) !(nop 1) !(nop 1 2)", "[[()], [()], [()]]"),
    "empty": ("!(empty)", "[[]]"),
    "pragma!": ("!(pragma! nobody knows)", "[[()]]"),
    "type-cast": ("!(type-cast 1 Number &self)", "[[1]]"),
    "match-types": ("!(match-types Number String yes no)", "[[no]]"),
    "match-type-or": ("!(match-type-or True Number String)", "[[True]]"),
    "first-from-pair": ("!(first-from-pair (A B))", "[[A]]"),
    "@kind": ("!(get-type (@kind atom)) !(get-type (@kind function))", "[[DocKindAtom], [DocKindFunction]]"),
    "DocDescription": ('!(get-type (@desc "a"))', "[[DocDescription]]"),
    "DocInformal": ('!(get-type (@doc a (@desc "a")))', "[[DocInformal]]"),
    "DocItem": ("!(get-type (@item a))", "[[DocItem]]"),
    "DocKindFunction": ("!(get-type (@kind function))", "[[DocKindFunction]]"),
    "DocKindAtom": ("!(get-type (@kind atom))", "[[DocKindAtom]]"),
    "DocType": ("!(get-type (@type A))", "[[DocType]]"),
    "DocParameters": ("!(get-type (@params ()))", "[[DocParameters]]"),
    "DocParameterInformal": ('!(get-type (@param "a"))', "[[DocParameterInformal]]"),
    "DocParameter": ('!(get-type (@param (@type A) (@desc "a")))', "[[DocParameter]]"),
    "DocReturnInformal": ('!(get-type (@return "a"))', "[[DocReturnInformal]]"),
    "DocReturn": ('!(get-type (@return (@type A) (@desc "a")))', "[[DocReturn]]"),
    "DocFormal": (
        '!(get-type (@doc-formal (@item a) (@kind atom) (@type A) (@desc "a")))',
        "[[DocFormal]]",
    ),
    "py-atom": ("!((py-atom math.sqrt) 4)", "[[2.0]]"),
    "py-dot": ('!((py-dot "ab" upper))', '[["AB"]]'),
    "py-tuple": ("!(py-tuple (1 2))", "[[(1, 2)]]"),
    "py-list": ("!(py-list (1 2))", "[[[1, 2]]]"),
    "py-dict": ("!(py-dict ((a 1)))", "[[{'a': 1}]]"),
    "py-chain": ("!(py-chain ((py-dict ((a 1))) (py-dict ((b 2)))))", "[[{'a': 1, 'b': 2}]]"),
    "load-ascii": ("!(get-metatype load-ascii)", "[[Grounded]]"),
}


@every_dialect
def test_a_table_is_well_formed(dialect: str) -> None:
    head, *lines = FOLDER.joinpath(f"{dialect}.tsv").read_text(encoding="utf-8").split("\n")
    assert head.split("\t") == ["name", "module", "when", "kind", "arity", "type", "doc"]
    assert lines.pop() == ""
    order = []
    for line in lines:
        name, module, when, kind, arity, _, doc = line.split("\t")
        assert name and module and when in ("always", "import") and kind in KINDS, line
        assert ARITY.fullmatch(arity), line
        counts = [int(count) for count in arity.rstrip("+").split(",") if count]
        assert counts == sorted(set(counts)), line
        assert doc == doc.strip() and (not doc or (doc[0].isupper() and doc.endswith("."))), line
        assert all(character.isprintable() for character in line.replace("\t", "")), line
        order.append((name.encode(), when != "always", module))
    assert order == sorted(set(order))
    assert len({(name, module) for name, _, module in order}) == len(order)


@every_dialect
def test_names_and_types_are_metta(dialect: str) -> None:
    for row in builtins.builtins_of(dialect):
        # `!` is a word to the reference; our tree has a node of its own for it
        assert kinds_at_top(row.name) == [grammar.EVALUATION if row.name == "!" else grammar.SYMBOL], row
        for type_text in row.types:
            assert kinds_at_top(type_text) in ([grammar.SYMBOL], [grammar.EXPRESSION]), row


def kinds_at_top(text: str) -> list[int]:
    tree = parse(text.encode())
    assert not tree.problems, text
    return [kind for kind, _, _, depth in tree.rows() if depth == 1]


@every_dialect
def test_arrows_are_split_as_the_parser_splits_them(dialect: str) -> None:
    for row in builtins.builtins_of(dialect):
        for type_text in row.types:
            items = [
                type_text.encode()[start:end].decode()
                for _, start, end, depth in parse(type_text.encode()).rows()
                if depth == 2
            ]
            assert builtins.arrow(type_text) == (tuple(items[1:]) if items[:1] == ["->"] else None), row


@every_dialect
def test_arities_agree_with_types(dialect: str) -> None:
    for row in builtins.builtins_of(dialect):
        arrows = [parts for parts in map(builtins.arrow, row.types) if parts is not None]
        if arrows:
            assert len(arrows) == len(row.types), row
            assert {len(parts) - 1 for parts in arrows} == set(row.arities) and not row.more, row
        if row.kind == "constant":
            assert not row.arities, row


@every_dialect
def test_modules_are_those_of_the_rows(dialect: str) -> None:
    importable = {row.module for row in builtins.builtins_of(dialect) if not row.always}
    always = {row.module for row in builtins.builtins_of(dialect) if row.always}
    modules = builtins.modules_of(dialect)
    assert list(modules) == sorted(set(modules))
    assert importable <= set(modules)
    assert set(modules) - importable <= always | {"stdlib"}
    assert not importable & always


@every_dialect
def test_what_is_always_there_is_documented(dialect: str) -> None:
    assert [row.name for row in builtins.builtins_of(dialect) if row.always and not row.doc] == []


@every_dialect
def test_lookup_finds_every_row(dialect: str) -> None:
    rows = builtins.builtins_of(dialect)
    for name, same in groupby(rows, key=lambda row: row.name):
        found = builtins.candidates(dialect, name.encode())
        assert found == tuple(same)
        assert builtins.lookup(dialect, name.encode()) == found[0]


@pytest.mark.parametrize("name", [b"", b"name", b"impor", b"mport!", b"import!x", b"import!\tcorelib", b"x\nimport!"])
def test_lookup_of_no_builtin(name: bytes) -> None:
    assert builtins.lookup("hyperon", name) is None
    assert builtins.candidates("hyperon", name) == ()


def test_a_row_as_a_value() -> None:
    assert builtins.lookup("hyperon", b"if") == Builtin(
        name="if",
        dialect="hyperon",
        module="corelib",
        always=True,
        kind="form",
        arities=(3,),
        more=False,
        types=("(-> Bool Atom Atom $t)",),
        doc="Evaluates the second operand if the first is True, the third if it is False.",
    )


def test_what_is_always_there_goes_first() -> None:
    assert [(row.module, row.always) for row in builtins.candidates("hyperon", b"+")] == [
        ("corelib", True),
        ("py_ops", False),
    ]


def test_dialects_keep_to_themselves() -> None:
    arities = {
        dialect: row and row.arities for dialect in dialects.DIALECTS for row in [builtins.lookup(dialect, b"+")]
    }
    assert arities == {"petta": (2,), "mm2": (1,), "mettatron": (2,), "hyperon": (2,)}
    assert builtins.lookup("mettatron", b"import!") is None
    assert builtins.lookup("python", b"if") is None  # a host gives nothing of its own


def test_names_are_those_in_reach() -> None:
    always = builtins.names("hyperon")
    assert {b"if", b"+", b"&self", b"py-atom"} <= always
    assert builtins.names("hyperon", ["random"]) - always == {
        b"&rng",
        b"RandomGenerator",
        b"flip",
        b"new-random-generator",
        b"random-float",
        b"random-int",
        b"reset-random-generator",
        b"set-random-seed",
    }


@pytest.mark.parametrize(
    ("dialect", "name", "accepted"),
    [
        ("hyperon", "let", [3]),
        ("hyperon", "@doc", [2, 4]),
        ("hyperon", "nop", [0, 1, 2, 3, 4, 5]),
        ("petta", "if", [2, 3]),
        ("petta", "progn", [1, 2, 3, 4, 5]),
        ("mettatron", "match", [4, 5]),
        ("petta", "set_hook", [0, 1, 2, 3, 4, 5]),  # nobody knows
    ],
)
def test_accepted_numbers_of_operands(dialect: str, name: str, accepted: list[int]) -> None:
    row = builtins.lookup(dialect, name.encode())
    assert row is not None
    assert [count for count in range(6) if row.accepts(count)] == accepted


def test_types_of_operands() -> None:
    row = builtins.lookup("hyperon", b"@param")
    assert row is not None
    assert row.operands(1) == (("String",),)
    assert row.operands(2) == (("DocType", "DocDescription"),)
    assert row.operands(3) == ()
    row = builtins.lookup("hyperon", b"change-state!")
    assert row is not None
    assert row.operands(2) == (("(StateMonad $tcso)", "$tcso"),)


def test_a_table_is_read_once_and_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original = Path.read_bytes

    def counting(path: Path) -> bytes:
        read.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    builtins._tables.cache_clear()
    for name in (b"if", b"let", b"nothing"):
        builtins.lookup("petta", name)
    assert read == ["petta.tsv"]


def test_tables_are_packaged() -> None:
    root = Path(__file__).parents[3]
    setuptools = tomllib.loads(root.joinpath("pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert builtins.__name__ in setuptools["packages"]
    assert setuptools["package-data"][builtins.__name__] == ["*.tsv"]
    assert sorted(path.stem for path in FOLDER.glob("*.tsv")) == sorted(dialects.DIALECTS)


@pytest.fixture(scope="module")
def hyperon() -> Any:
    module = pytest.importorskip(
        "hyperon", reason="the reference, PyPI `hyperon`, has no wheel for this platform", exc_type=ImportError
    )
    if version("hyperon") != REFERENCE:
        pytest.skip(f"the table speaks of hyperon {REFERENCE}, installed is {version('hyperon')}")
    return module


@pytest.mark.parametrize("module", [None, *builtins.modules_of("hyperon")])
def test_the_reference_gives_the_types_of_the_table(hyperon: Any, module: str | None) -> None:
    metta = hyperon.MeTTa()
    if module is not None:
        assert str(metta.run(f"!(import! &self {module})")) == "[[()]]"
    wrong = []
    for row in builtins.builtins_of("hyperon"):
        if row.always if module is None else not row.always and row.module == module:
            given = [re.sub(r"#\d+", "", str(found)) for found in metta.run(f"!(get-type {row.name})")[0]]
            if given != (list(row.types) or ["%Undefined%"]):
                wrong.append((row.name, row.types, given))
            if module is not None and row.kind == "function" and not row.types and row.name not in OUT_OF_REACH:
                assert str(metta.run(f"!(get-metatype {row.name})")) == "[[Grounded]]", row
    assert wrong == []


def test_names_without_a_type_are_shown() -> None:
    bare = {row.name for row in builtins.builtins_of("hyperon") if row.always and not row.types}
    assert bare == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_the_reference_knows_what_has_no_type(hyperon: Any, name: str) -> None:
    program, result = SHOWN[name]
    assert str(hyperon.MeTTa().run(program)) == result


@pytest.mark.parametrize("module", sorted(set(builtins.modules_of("hyperon")) - {"corelib", "stdlib", "py_ops"}))
def test_what_must_be_imported_is_not_there_before(hyperon: Any, module: str) -> None:
    metta = hyperon.MeTTa()
    for row in builtins.builtins_of("hyperon"):
        if row.module == module:
            known = metta.run(f"!(get-type {row.name}) !(get-metatype {row.name})")
            assert str(known) == "[[%Undefined%], [Symbol]]", row
