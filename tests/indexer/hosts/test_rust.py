"""MeTTa in Rust: programs, macros, registered names, included files."""

from __future__ import annotations

import pytest
from host_checks import check, texts
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.languages.hosts import rust
from metta_index.indexer.text.regions import HOLE, decode_positions
from metta_index.indexer.text.symbols import Flag, Kind

GRAMMAR = "rust"
H = HOLE.decode()


def found(code: str) -> list[str]:
    source = f"use hyperon::*;\nfn f() {{ {code} }}\n".encode()
    return texts(check(source, rust.find(source)))


PROGRAMS = [
    pytest.param('run_program("(a)");', ["(a)"], id="call"),
    pytest.param('assert_eq!(run_program("(a)"), x);', ["(a)"], id="in a macro"),
    pytest.param('m.run(SExprParser::new(r#"(a "b")"#));', ['(a "b")'], id="raw string"),
    pytest.param('run_program("(a \\"b\\\\n\\" \\u{e9}\\x41)");', ['(a "b\\n" éA)'], id="escapes"),
    pytest.param('run_program("(a \\\n      b)");', ["(a b)"], id="line continuation"),
    pytest.param('run_program(&format!("(a {} {x:?} {{}})", y));', [f"(a {H} {H} {{}})"], id="format"),
    pytest.param('run_program((format!("(a {})", y)).as_str());', [f"(a {H})"], id="in parentheses"),
    pytest.param('run_program(concat!("(a)", "(b)"));', ["(a)(b)"], id="concat"),
    pytest.param('run_program(&String::from("(a)"));', ["(a)"], id="String"),
    pytest.param('let p = "(a)"; run_program(p);', ["(a)"], id="variable"),
    pytest.param('let p = "(a)"; let p = "(b)"; run_program(p);', ["(b)"], id="the last variable"),
    pytest.param('} const P: &str = "(a)"; fn g() { run_program(P);', ["(a)"], id="constant"),
    pytest.param('} fn g(n: i32, p: &str) { run_program(p); } fn h() { g(1, "(a)");', ["(a)"], id="parameter"),
    pytest.param("run_program(p); run_program(g());", [], id="nothing known"),
    pytest.param('// run_program("(a)")\n let s = "run_program(\\"(b)\\")";', [], id="comments and strings"),
    pytest.param('s.add_all_sexpr(b"(a \\"b\\")"); s.add_sexpr(br#"(c)"#);', ['(a "b")', "(c)"], id="bytes"),
    pytest.param('s.add_all_sexpr(c"(a)");', [], id="a string of C"),
    pytest.param('compile("(= (a) 1)"); compile("main.c");', ["(= (a) 1)"], id="a name that others have"),
    pytest.param("metta!((a {x} $y));", [f"(a {H} $y)"], id="metta!"),
    pytest.param("metta!((a {metta!((b))}));", [f"(a {H})"], id="metta! inside"),
    pytest.param('expr!("=" ("f" x) {1});', [f"(= (f $x) {H})"], id="expr!"),
    pytest.param('expr!(("a""b"/* c */"d"));', ["(a b d)"], id="expr! without spaces"),
    pytest.param('expr!("a b" "c");', [f"({H} c)"], id="expr! of no word"),
    pytest.param('expr!(x); expr!("a");', [], id="expr! of no list"),
    pytest.param('expr!(s, "[2] $ _1"); expr!(s,);', [], id="expr! of another crate"),
    pytest.param('const S: &str = "(exec 0)"; s.add_all_sexpr(S.as_bytes());', ["(exec 0)"], id="atoms for MORK"),
    pytest.param('s.add_sexpr("(a b)".as_bytes(), expr!(s, "$"), expr!(s, "_1"));', ["(a b)"], id="one for MORK"),
    pytest.param('compile("\n  (exec 0)"); compile("regex");', ["\n  (exec 0)"], id="compile"),
    pytest.param('mork_space_add(s, b"(a b)".as_ptr(), b"(a b)".len(), "[2] _1");', ["(a b)"], id="somewhere"),
    pytest.param('parse_single_expr(&mut s, b"(a $x)"); parse_single_expr("a(");', ["(a $x)"], id="one expression"),
    pytest.param('let p = MettaParser::new(); p.parse("(+ 1 2)"); p.parse("x");', ["(+ 1 2)"], id="a parser"),
    pytest.param('let p = Other::new(); p.parse("(+ 1 2)"); "(1)".parse();', [], id="another parser"),
    pytest.param('for p in ["(a)", "(b)"] { run_program(p); }', ["(a)", "(b)"], id="an array in a loop"),
    pytest.param('let ps = vec!["(a)", "(b)"]; for p in ps.iter() { run_program(&p); }', ["(a)", "(b)"], id="vec!"),
    pytest.param(
        '} const PS: [&str; 1] = ["(a)"]; fn g() { for p in &PS { run_program(p); }', ["(a)"], id="a constant"
    ),
    pytest.param('for (name, p) in [("(n)", "(a)")] { run_program(p); }', ["(a)"], id="pairs"),
    pytest.param('for (i, p) in ["(a)"].iter().enumerate() { run_program(p); }', ["(a)"], id="counted"),
    pytest.param('for p in ["(a)"] { g(p); } let p = x(); run_program(p);', [], id="out of the loop"),
    pytest.param('let mut ps = Vec::new(); ps.push("(a)"); for p in ps { run_program(p); }', ["(a)"], id="pushed"),
    pytest.param(
        'let mut p = String::new(); p.push_str("(a)"); p += "(b)"; write!(p, "(c {})", x); run_program(&p);',
        ["(a)", "(b)", f"(c {H})"],
        id="a text that grows",
    ),
    pytest.param('let p = String::new(); q.push_str("(a)"); run_program(&p);', [], id="another that grows"),
    pytest.param(
        '} fn g(n: u8) -> String { if n > 1 { return "(a)".into(); } format!("(b {n})") } fn h() { run_program(&g(1));',
        ["(a)", f"(b {H})"],
        id="what a function gives",
    ),
    pytest.param(
        '} fn g() -> String { let s = String::from("(a)"); s } fn h() { for l in g().lines() { run_program(l) }',
        ["(a)"],
        id="lines of what a function gives",
    ),
    pytest.param(
        '} fn g() -> Vec<&str> { vec!["(a)", "(b)"] } fn h() { for l in g() { run_program(l) }',
        ["(a)", "(b)"],
        id="a function that gives several",
    ),
    pytest.param(
        'let p: String = (0..3).map(|x| format!("(a {x})\\n", y)).collect(); run_program(&p);',
        [f"(a {H})\n"],
        id="collected",
    ),
    pytest.param('let a = "(a)"; let ps = [a, "(b)"].concat(); run_program(&ps);', ["(a)", "(b)"], id="joined"),
    pytest.param(
        '} fn ask(q: &str) { compile(&format!("(match &self {} $x)", q)); } fn h() { ask("(a $x)"); ask("x");',
        [f"(match &self {H} $x)", "(a $x)"],
        id="a piece of a program",
    ),
    pytest.param('let p = format!("{}", p); let q = p + &p; run_program(&p);', [], id="a circle"),
    pytest.param('compile("(a"); compile_safe("(b");', ["(a", "(b"], id="broken on purpose"),
    pytest.param('compile(black_box(&x)); assert_eq!(res, "(a)"); println!("(b)");', [], id="results"),
    pytest.param('let p = "\n(= (f) 1)\n!(f)\n";', ["\n(= (f) 1)\n!(f)\n"], id="shape"),
    pytest.param('let p = "\n(prose)\nand more\n";', [], id="no shape"),
]


@pytest.mark.parametrize(("code", "expected"), PROGRAMS)
def test_programs(code: str, expected: list[str]) -> None:
    assert found(code) == expected


def test_the_place_of_a_variable_of_expr() -> None:
    source = b'hyperon::expr!("f" name)'
    (region,) = rust.find(source).regions
    at = region.text.index(b"$name")
    start, end = decode_positions(region).host_range(at, at + 5)
    assert source[start:end] == b"name"


def _rust(character: str) -> str:
    simple = {"\n": "\\n", '"': '\\"', "\\": "\\\\", "\t": "\\t"}
    return simple.get(character) or (character if " " <= character <= "~" else f"\\u{{{ord(character):x}}}")


@given(st.text(st.sampled_from('(f $x)"\\\n\té😀;{}'), max_size=12))
def test_escaped_and_raw_strings_are_the_same_text(body: str) -> None:
    escaped = f'"{"".join(map(_rust, body))}"'
    raw = f'r##"{body}"##'
    for literal in (escaped, raw):
        source = f"use hyperon; fn f() {{ run_program({literal}); }}".encode()
        assert texts(check(source, rust.find(source))) == ([body] if body.strip(" \n\t()") else [])


REGISTERED = [
    ('t.register_token(regex(r"a!"), move |_| x);', "a!", Kind.TOKEN, -1, "", 0),
    ('t.register_token(Regex::new(r"\\+").unwrap(), move |_| x);', "+", Kind.TOKEN, -1, "", 0),
    ('t.register_token_with_regex_str("a", f);', "a", Kind.TOKEN, -1, "", 0),
    ('t.register_token(regex(r"\\d+"), f);', "\\d+", Kind.TOKEN, -1, "", Flag.PATTERN),
    ('grounded_op!(AOp, "a"); t.register_token(regex(r"a"), f);', "a", Kind.FUNCTION, -1, "", 0),
    (
        'GroundedFunctionAtom::new(r"a".into(), expr!("->" "Atom" t ("List" t)), f)',
        "a",
        Kind.FUNCTION,
        2,
        "(-> Atom $t (List $t))",
        0,
    ),
    ('GroundedFunctionAtom::new(r"a".into(), expr!("->" {T} "Atom"), f)', "a", Kind.FUNCTION, 1, "", 0),
    ('GroundedFunctionAtom::new(r"a".into(), t, f)', "a", Kind.FUNCTION, -1, "", 0),
]


@pytest.mark.parametrize(("code", "name", "kind", "arity", "type_text", "flags"), REGISTERED)
def test_registered_names(code: str, name: str, kind: Kind, arity: int, type_text: str, flags: int) -> None:
    source = f"fn f() {{ {code} }}".encode()
    (each,) = check(source, rust.find(source)).registrations
    assert (each.name.decode(), each.kind, each.arity, each.type) == (name, kind, arity, type_text)
    assert each.flags == Flag.REGISTERED | flags
    assert source[each.name_start : each.name_end].decode() == name


def test_names_that_are_not_literal_are_none() -> None:
    assert rust.find(b"fn f() { t.register_token(regex(name), g); t.register_token(r, g) }").registrations == ()


def test_files_that_are_included() -> None:
    source = b'const S: &str = include_str!("a/b.metta"); const T: &str = include_str!("readme.md");'
    (each,) = rust.find(source).imports
    assert (each.form, each.module) == ("include_str!", "a/b.metta")
    assert source[each.module_start : each.module_end] == b"a/b.metta"


def test_a_file_without_a_trace_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rust, "RustFile", None)
    assert rust.find(b'fn f() { run_program("(a)") }') == rust.find(b"")


def test_what_is_broken_costs_neither_the_rest_nor_time() -> None:
    assert found("metta!(" * 2000) == []
    assert found("(" * 20000) == []
    assert found('let x: = 3; run_program("(a)");') == ["(a)"]
