"""Which binder a name belongs to, and what is wrong with names: one case for each rule of the reference resolver."""

import pytest
from tables import defined, links, problems_of, table_of

from metta_index.indexer.languages.rholang.dialects import is_error
from metta_index.indexer.languages.rholang.globals import is_private
from metta_index.indexer.text.symbols import Kind, Role, TopKind


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("new «x» in { «x»!(1) } | «x»!(2)", ["new", "new", "all"]),
        ("new «x» in «x»!(1) | «x»!(2)", ["new", "new", "all"]),
        ("new «x» in { new «x» in { «x»!(1) } | «x»!(2) }", ["new", "new x in { x!(1) }", "new x in { x!(1) }", "new"]),
        (
            "agent A { constructor(@«x») { «x» } | method m(«r») { «r»!(«x», *«this») } | default() { Nil } }",
            ["all", "all", "method", "method", "all", "all"],
        ),
        ("agent A { constructor() { Nil } | default(...@«args») { y!(«args») } }", ["default"] * 2),
        # a contract's name is a name around it, also where a parameter has it too
        ("new «f» in { contract «f»(«f», @«x») = { «f»!(«x») } }", ["new", "new", "(f", "(f", "(f", "(f"]),
        # the source of a receive is around it, however its patterns are called
        ("new «x» in { for («x» <- «x») { «x»!(1) } }", ["new", "x <- x", "new", "x <- x"]),
        ("new «x», y in { for («x» <- y; z <- «x») { «x»!(1) } }", ["new", "x <- y", "x <- y", "x <- y"]),
        ("new «x», y in { for (z <- y; «x» <- «x») { «x»!(1) } }", ["new", "x <- x", "new", "x <- x"]),
        ("new «x», y in { for («x» <- y & z <- «x») { «x»!(1) } }", ["new", "x <- y", "new", "x <- y"]),
        ("for (@«a» <- x where «a» > 1; b <- y where «a» > 2) { y!(«a») }", ["@a <- x"] * 4),
        ("for (@«a», ...@«r» <- x) { y!(«a», «r») }", ["@a, ...@r"] * 4),
        ("for (@a <- x!?(«a»)) { Nil }", ["all"]),
        ("select { «x» <- «x» => «x»!(1) y <- «x» => Nil }", ["x <- x => x!(1)", "all", "x <- x => x!(1)", "all"]),
        ("match «x» { «x» where «x» > 1 => y!(«x») z => y!(«x») }", ["all", "x where", "x where", "x where", "all"]),
        ("match y { =«x» => Nil [«x», =«x»] => Nil }", ["all", "[x, =x] => Nil", "[x, =x] => Nil"]),
        ("let «x» = «x»; y = «x» in { z!(«x») }", ["x = x; y", "all", "x = x; y", "x = x; y"]),
        ("let «x» = 1 & y = «x» in { z!(«x») }", ["x = 1 & y", "all", "x = 1 & y"]),
        (
            "let @«x», ...@«r» <- 1, «r» in { z!(«x», «r») }",
            ["@x, ...@r", "@x, ...@r", "all", "@x, ...@r", "@x, ...@r"],
        ),
        ("z!(x matches [«x», «y»], «x»)", ["[x, y]", "[x, y]", "all"]),
        ("for (@{«x» /\\ Int} <- c) { d!(«x») }", ["@{x /\\ Int} <- c"] * 2),
        ("for (@[«x» \\/ [«x»]] <- c) { d!(«x») }", ["@[x \\/ [x]]"] * 3),
        ("for (@{for (@«y» <- «x») { «y» }} <- c) { d!(*«x», «y») }", ["for (@y", "@{for", "for (@y", "@{for", "all"]),
    ],
)
def test_the_scope_of_a_name(text: str, expected: list[str]) -> None:
    """`expected`: how the scope of each marked name begins; `new` and `all` stand for the whole."""
    whole = text.replace("«", "").replace("»", "")
    new = whole.partition("} |")[0] + "}" if "} |" in whole and whole.startswith("new") else whole.partition(" | ")[0]
    for (word, _role, scope), start in zip(links(text), expected, strict=True):
        if start == "all":
            assert scope == whole, word
        elif start == "new":
            assert scope in (new, whole) and scope.startswith("new"), word
        else:
            assert scope.startswith(start) and scope != whole, word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x!(y)", [("unbound-name", "x"), ("unbound-name", "y")]),
        ("new x in { x!(*x) }", []),
        ("new x in { x!(x) }", [("name-as-process", "x")]),
        ("new c in { for (@x <- c) { x!(1) } }", [("process-as-name", "x")]),
        ("new c in { for (@x <- c) { @x!(x, *c) } }", []),
        ("new x, x in { x!(1) }", [("unused-binder", "x"), ("duplicate-binder", "x")]),
        (
            "new c in { for (x <- c & x <- c) { x!(1) } }",
            [("unused-binder", "x"), ("duplicate-binder", "x")],
        ),
        ("new c in { let @x <- 1 & @x <- 2 in { c!(x) } }", [("unused-binder", "x"), ("duplicate-binder", "x")]),
        ("new c in { for (x <- c; x <- c) { x!(1) } }", [("unused-binder", "x"), ("shadowed-name", "x")]),
        ("new c in { contract c(@x, @x) = { c!(x) } }", []),
        ("new x in { x!(1) | new x in { x!(2) } }", [("shadowed-name", "x")]),
        ("new x, _y in { Nil }", [("unused-binder", "x")]),
        ("new c in { for (@x, _ <- c) { Nil } }", [("unused-binder", "x")]),
        ("new c in { c!(_) }", [("pattern-outside-pattern", "_")]),
        ("new c in { c!(Int, ~1, 1 \\/ 2) }", [("pattern-outside-pattern", t) for t in ("Int", "~1", "1 \\/ 2")]),
        ("new c in { for (@x <- c) { c!([1 ...x], =x) } }", [("pattern-outside-pattern", t) for t in ("...x", "=x")]),
        ("new c in { for (@{bundle+{Nil}} <- c) { Nil } }", [("bundle-in-pattern", "bundle+{Nil}")]),
        ("new c in { match 1 { x + 1 => c!(x) } }", [("expression-in-pattern", "x + 1")]),
        ("new c in { match 1 { x \\/ [x, y] => c!(x, y) } }", [("unmatched-variable", "y")]),
        ("new c in { match 1 { [x] \\/ [x, 1] \\/ x => c!(x) } }", []),
        ("new c in { let a, b <- 1 in { c!(*a, *b) } }", [("let-arity", "a, b <- 1")]),
        ("new c in { let a, ...@b <- 1, 2, 3 in { c!(*a, b) } }", []),
        ("new c in { c!(1 matches x) }", []),
        ("new f in { contract f() = { Nil } }", []),
        ("new a in { agent a { constructor() { Nil } | default() { Nil } } }", []),
        ("new a in { agent a { method m() { Nil } | method m() { Nil } | default() { Nil } } }",
         [("missing-member", "a"), ("duplicate-member", "m")]),
        ("new a in { agent a { constructor() { Nil } | private method m() { Nil } | default() { Nil } } }",
         [("missing-member", "a")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_names(text: str, expected: list[tuple[str, str]]) -> None:
    assert problems_of(text) == expected


def test_which_problems_keep_a_program_from_running() -> None:
    assert is_error("rholang", "unbound-name") and is_error("rholang", "syntax-error")
    assert not is_error("rholang", "unused-binder") and not is_error("rholang", "shadowed-name")


def test_every_overload_of_a_contract_is_a_definition() -> None:
    text = """new f in {
      contract f(@"get", ret) = { Nil } |
      contract f(@{"key": k ...rest}, @[1, x ...y], /* why */ ret) = { Nil } |
      contract f(...@all) = { Nil }
    }"""
    assert defined(text) == [
        ("f", 2, 'f(@"get", ret)'),
        ("f", 3, 'f(@{"key": k ...rest}, @[1, x ...y], ret)'),
        ("f", 0, "f(...@all)"),
    ]


def test_names_that_new_makes_are_declared_with_their_uris() -> None:
    table = table_of("new f, out(`rho:io:stdout`) in { f!(*out) }")
    assert [(table.names[one.name], one.kind, one.role, one.type) for one in table.definitions] == [
        (b"f", Kind.NAME, Role.DECLARATION, ""),
        (b"out", Kind.NAME, Role.DECLARATION, "rho:io:stdout"),
    ]


@pytest.mark.parametrize("spelling", ['@"name"', '@ "name"', '@{"name"}', '@("name")', '@{ ("name") }'])
def test_a_quoted_string_is_one_name_however_it_is_written(spelling: str) -> None:
    assert defined(f"contract {spelling}(@x) = {{ Nil }}")[0][0] == '@"name"'


@pytest.mark.parametrize(
    ("name", "private"),
    [
        (b"x", True),
        (b"x'", True),
        (b'@"x"', False),
        (b'@"x y"', False),
        (b"@1", False),
        (b"@Nil", False),
        (b'@["a", 1]', False),
        (b'@(*x, "get")', True),
        (b'@[x, "get"]', True),
        (b"rho:io:stdout", False),
    ],
)
def test_what_is_private_to_a_file(name: bytes, private: bool) -> None:
    assert is_private(name) == private


def test_top_level_processes() -> None:
    table = table_of('contract @"f"() = { Nil } // one\n| x!(1)\nNil )')
    assert table.top_kinds == bytes([TopKind.EVALUATION, TopKind.EVALUATION, TopKind.OTHER])
    assert table.atoms == 2
    assert table_of('contract @"f"() = { Nil }\nx!(1)').top_kinds == bytes([TopKind.RULE, TopKind.EVALUATION])


def test_what_documentation_comments_say() -> None:
    text = """new f, g in {
      /// Adds two numbers.
      ///
      /// @param a - the first
      /// @param b the second,
      ///   which may be negative
      /// @returns {Int} their sum
      /// @throws never
      contract f(@a, @b, ret) = { Nil }
      |
      /**
       * Says hello.
       * And more.
       * @param {{first: String, last: String}} name - of whom
       */
      contract g(@name) = { Nil } |
      // no documentation
      contract f(@a) = { Nil } |
      /// Belongs to nothing.

      /// Belongs to g.
      contract g() = { Nil } |
      /* nor this */
      contract g(@1) = { Nil } |
      //// nor this
      contract g(@2) = { Nil }
    }"""
    table = table_of(text)
    assert [(table.names[d.name], d.description, d.parameters, d.returns) for d in table.documentation] == [
        (b"f", "Adds two numbers.\n@throws never", ("a: the first", "b: the second, which may be negative"),
         "their sum"),
        (b"g", "Says hello.\nAnd more.", ("name: of whom",), ""),
        (b"g", "Belongs to g.", (), ""),
    ]  # fmt: skip
    for doc in table.documentation:
        assert text.encode()[doc.start : doc.end].startswith(b"/")
