"""Tags of single documents: escaping, search patterns, order, and what each symbol becomes."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tags_reader import NO_READTAGS, READTAGS, Tag, lines_found, parse_tag, parse_tags, unescape
from texts import sources

from metta_index.indexer.formats.ctags import MOVED, PLAIN, render_tags
from metta_index.indexer.formats.ctags_file import make_tags_file
from metta_index.indexer.formats.tags_header import KINDS, LANGUAGE_NAMES, ROLES, pseudo_tags
from metta_index.indexer.formats.tags_text import (
    PATTERN_LIMIT,
    SearchPatterns,
    escape_name,
    escape_value,
    sorts_as_written,
)
from metta_index.indexer.languages import LANGUAGES
from metta_index.indexer.languages.metta.extract import extract
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.symbols import Kind, SymbolTable

CTAGS = shutil.which("ctags")
#: Bytes that tags files, editors or shells give a meaning, and such as are not UTF-8.
names = st.lists(
    st.sampled_from(
        [*(bytes([code]) for code in b"!/\\|;\"'$^_?&ab ~[]Z0\t\n\r\x01\x1b\x7f\xff"), "λ".encode(), b"\\x21"]
    ),
    min_size=1,
    max_size=6,
).map(b"".join)


def table_of(source: bytes) -> SymbolTable:
    return extract(source, parse(source))


def tags_of(source: bytes, path: bytes = b"a.metta") -> list[Tag]:
    fragment = render_tags(path, "metta", source, [table_of(source)])
    return [parse_tag(line) for line in fragment[1:].splitlines()]


def named(hostile: list[bytes]) -> tuple[bytes, SymbolTable]:
    """A text that defines a function a line, and its table with other names for them: any bytes at all."""
    source = b"".join(b"(= (f%d) 1)\n" % number for number in range(len(hostile)))
    table = table_of(source)
    changed = [*table.names]
    for definition, name in zip(table.definitions, hostile, strict=True):
        changed[definition.name] = name
    return source, msgspec.structs.replace(table, names=tuple(changed))


# -- text ----------------------------------------------------------------------------


@given(st.binary(max_size=20))
def test_escapes_can_be_taken_back_and_end_nothing(value: bytes) -> None:
    for escaped in (escape_value(value), escape_name(value)):
        assert unescape(escaped) == value
        assert not re.search(rb"[\x00-\x1f\x7f]", escaped)
    assert not escape_name(value).startswith((b"!", b" "))


def test_escapes_are_those_of_universal_ctags() -> None:
    assert escape_name(b"!a!\\\t\n\r\x07\x08\x0b\x0c\x01\x1b\x7f b") == rb"\x21a!\\\t\n\r\a\b\v\f\x01\x1B\x7F b"
    assert escape_name(b" a") == rb"\x20a"
    assert escape_value(b"! a") == b"! a"
    assert escape_name("λ;\"/|'?".encode() + b"\xff") == "λ;\"/|'?".encode() + b"\xff"


@given(st.lists(names, max_size=8))
def test_names_that_sort_as_written_do(some: list[bytes]) -> None:
    plain = [name for name in some if sorts_as_written(name)]
    assert sorted(plain, key=escape_name) == sorted(plain)


LINES = [
    b"(= (f $x) $x)",
    rb"(= (f /a\b/) \n)",
    b"(price 5 $",
    b"$",
    b"\t(tab \there)",
    "(= (größe λ) 🌱)".encode(),
    b"(" + b"a" * 94 + b")",
    b"(" + b"a" * 95 + b")",
    b"(" + b"/" * 60 + b")",
    b"a" * 95 + "λ".encode() * 3,
    b"a" * 94 + "🌱".encode() * 3,
    b"a" * 95 + b"$b",
    b"no end",
]


def test_patterns_lead_to_their_lines() -> None:
    patterns = SearchPatterns(b"\n".join(LINES))
    assert patterns.address(0) == b"/^(= (f $x) $x)$/"
    assert patterns.address(1) == rb"/^(= (f \/a\\b\/) \\n)$/"
    assert patterns.address(2) == rb"/^(price 5 \$$/"
    assert patterns.address(6) == b"/^(" + b"a" * 94 + b")$/"
    assert patterns.address(7) == b"/^(" + b"a" * 95 + b"/"
    assert patterns.address(9) == b"/^" + b"a" * 95 + "λ/".encode()
    assert patterns.address(11) == b"/^" + b"a" * 95 + rb"\$/"


@pytest.mark.skipif(CTAGS is None, reason="universal-ctags is not installed")
def test_patterns_are_those_of_universal_ctags(tmp_path: Path) -> None:
    """It takes each line of a made-up language for a definition."""
    assert CTAGS is not None
    if b"Universal" not in subprocess.run([CTAGS, "--version"], capture_output=True).stdout:
        pytest.skip("this ctags is not Universal Ctags")
    # Where a pattern ends in a `$` of the text, theirs stands for the end of the line.
    lines = [line for line in LINES if b"$b" not in line]
    (tmp_path / "a.lines").write_bytes(b"\n".join(lines) + b"\n")
    options = ["--options=NONE", "--langdef=Lines", "--map-Lines=.lines", r"--regex-Lines=/^(.+)$/x/d,line/"]
    done = subprocess.run(
        [CTAGS, *options, "--sort=no", "--fields=n", "-o", "-", "a.lines"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    theirs = re.findall(rb'^x\ta\.lines\t(.*);"\tline:', done.stdout, re.M)
    patterns = SearchPatterns(b"\n".join(lines) + b"\n")
    assert [patterns.address(row) for row in range(len(lines))] == theirs


@pytest.mark.parametrize(
    ("source", "row", "address"),
    [
        (b"(= (f)\n 1)\n(= (f)\n 2)\n", 0, b"/^(= (f)$/"),
        (b"(= (f)\n 1)\n(= (f)\n 2)\n", 2, b"3"),  # a search would stop at line 1
        (b"(f 1)\n(f 1) ; more\n(f 1)\n", 1, b"/^(f 1) ; more$/"),
        (b"a" * 96 + b"\n" + b"a" * 97, 0, b"/^" + b"a" * 96 + b"$/"),
        (b"a" * 96 + b"\n" + b"a" * 97, 1, b"2"),
        (b"a" * 96 + b"1\n" + b"a" * 96 + b"2", 1, b"2"),
        (b"b\r\nc\r\n", 1, b"/^c$/"),
        (b"b\nc\r\n", 1, b"2"),  # the end of line 2 is a matter of taste
        (b"b\0c\n", 0, b"1"),
        (b"\nb", 0, b"1"),
        (b"\\" * 200, 0, b"1"),
    ],
)
def test_a_pattern_is_given_where_it_finds_the_line(source: bytes, row: int, address: bytes) -> None:
    assert SearchPatterns(source).address(row) == address


# -- documents -----------------------------------------------------------------------


def test_a_symbol_becomes_a_tag_with_all_its_fields() -> None:
    found = tags_of(b"(: f (-> A B))\n(@doc\n  f)\n(= (f $x)\n   $x)\n")
    assert [(tag.line, tag.kind, tag.fields) for tag in sorted(found, key=lambda tag: tag.line)] == [
        (1, b"f", _fields(line=b"1", typeref=b"typename:(-> A B)", roles=b"declared", end=b"1", arity=b"1")),
        (3, b"f", _fields(line=b"3", roles=b"documented", end=b"3")),
        (
            4,
            b"f",
            _fields(line=b"4", typeref=b"typename:(-> A B)", signature=b"($x)", roles=b"def", end=b"5", arity=b"1"),
        ),
    ]


def _fields(**values: bytes) -> dict[bytes, bytes]:
    found = {b"language": b"MeTTa"} | {name.encode(): value for name, value in values.items()}
    return found if values["roles"] == b"def" else found | {b"extras": b"reference"}


@pytest.mark.parametrize(
    ("source", "name", "kind", "fields"),
    [
        (b"(= c 1)", b"c", b"c", {"roles": b"def"}),
        (b"(: T Type)", b"T", b"t", {"roles": b"declared", "typeref": b"typename:Type"}),
        (b"(:< S T)", b"S", b"t", {"roles": b"declared", "inherits": b"T"}),
        (b"(: x T)", b"x", b"s", {"roles": b"declared", "typeref": b"typename:T"}),
        (b"(@doc alone)", b"alone", b"s", {"roles": b"documented"}),
        (b"!(bind! w 1)", b"w", b"k", {"roles": b"def"}),
        (b"!(bind! &s (new-space))", b"&s", b"p", {"roles": b"def"}),
        (b"!(import! &self a:b)", b"a:b", b"m", {"roles": b"imported"}),
        (b"!(import! &kb a:b)", b"a:b", b"m", {"roles": b"imported", "scope": b"space:&kb"}),
        (b"!(import! &kb a:b)", b"&kb", b"p", {"roles": b"def"}),
        (b"(import! &self a:b)", b"a:b", b"m", {"roles": b"inert"}),
        (b"(edge a b) (edge c d)", b"edge", b"a", {"roles": b"def", "arity": b"2"}),
        (b"(= ((f $a) $b) 1)", b"f", b"f", {"roles": b"def", "signature": b"((f $a) $b)", "arity": b"2"}),
        (b"(= (f $a) (add-atom &self (= (g) 1)))", b"g", b"f", {"scope": b"function:f", "signature": b"()"}),
        (b"(= a:b (add-atom &self (= (g) 1)))", b"g", b"f", {"scope": b"constant:a:b", "signature": b"()"}),
        (b"!(add-atom &self (= (g) 1))", b"g", b"f", {"signature": b"()"}),
        (b"(: f A) (: f B) (= (f) 1)", b"f", b"f", {"signature": b"()"}),  # of two types none is its
    ],
)
def test_what_each_thing_becomes(source: bytes, name: bytes, kind: bytes, fields: dict[str, bytes]) -> None:
    role = fields.get("roles", b"def")
    (tag,) = [tag for tag in tags_of(source) if tag.name == name and tag.fields[b"roles"] == role]
    assert tag.kind == kind
    others = {b"line", b"language", b"end", b"extras"} | ({b"arity"} if "arity" not in fields else set())
    found = {key.decode(): value for key, value in tag.fields.items() if key not in others}
    assert found == {"roles": b"def"} | fields


def test_a_document_of_pieces_has_the_tags_of_one() -> None:
    parts = [b"(: f T)\n(fact 1)\n(@doc f)\n", b"(fact 2)\n(= (f) 1)\n!(import! &self m)\n"]
    whole = render_tags(b"a", "metta", b"".join(parts), [table_of(b"".join(parts))])
    assert render_tags(b"a", "metta", b"".join(parts), [table_of(part) for part in parts]) == whole


def test_without_its_text_a_document_has_numbers_of_lines() -> None:
    source = b"\n(= (f) 1)\n(g a)\n"
    fragment = render_tags(b"a", "metta", None, [table_of(source)])
    assert [tag.row for tag in map(parse_tag, fragment[1:].splitlines())] == [1, 2]


@given(sources)
@settings(max_examples=300)
def test_every_tag_leads_to_its_line(source: bytes) -> None:
    table = table_of(source)
    fragment = render_tags(b"a", "metta", source, [table])
    lines = fragment[1:].split(b"\n")
    assert lines.pop() == b"" and lines == sorted(set(lines))
    found = [parse_tag(line) for line in lines]
    is_dos = 0 < source.count(b"\n") == source.count(b"\r\n")
    shown = source.replace(b"\r\n", b"\n") if is_dos else source
    for tag in found:
        assert tag.found_in(shown) == tag.line <= int(tag.fields.get(b"end", tag.fields[b"line"]))
        assert tag.kind in {kind.letter.encode() for kind in KINDS.values()}
    expected = {(table.names[one.name], source.count(b"\n", 0, one.name_start) + 1) for one in table.definitions}
    expected |= {(one.module.encode(), source.count(b"\n", 0, one.module_start) + 1) for one in table.imports}
    expected |= {(table.names[one.name], source.count(b"\n", 0, one.first_start) + 1) for one in table.facts}
    documented = {tag.name for tag in found if tag.fields[b"roles"] == b"documented"}
    assert documented == {table.names[one.name] for one in table.documentation}
    assert {(tag.name, tag.line) for tag in found if tag.name not in documented} == {
        one for one in expected if one[0] and one[0] not in documented
    }


# -- files -----------------------------------------------------------------------------


def one_file(folder: Path, source: bytes, table: SymbolTable) -> Path:
    """The tags file of one document, with a header."""
    fragment = render_tags(b"a.metta", "metta", source, [table])
    head = pseudo_tags(["metta"], "1", fragment.startswith(PLAIN))
    (folder / "tags").write_bytes(b"".join(line + b"\n" for line in head) + fragment[1:])
    return folder / "tags"


@pytest.mark.skipif(READTAGS is None, reason=NO_READTAGS)
@given(some=st.lists(names, min_size=1, max_size=30, unique=True))
@settings(max_examples=150)
def test_readtags_finds_every_name(some: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    source, table = named(some)
    file = one_file(tmp_path_factory.getbasetemp(), source, table)
    assert lines_found(file, *some) == list(range(1, len(some) + 1))
    parse_tags(file.read_bytes())


@pytest.mark.skipif(READTAGS is None, reason=NO_READTAGS)
def test_readtags_finds_names_by_halving_where_the_file_says_it_is_sorted(tmp_path: Path) -> None:
    plain = [
        b"%b%d" % (start, number) for number in range(200) for start in (b"\\", b"Z", b"[", b"a", b'"', "λ".encode())
    ]
    file = one_file(tmp_path, *named(plain))
    assert parse_tags(file.read_bytes())[0][b"_TAG_FILE_SORTED"][0][0] == b"1"
    assert sorted(lines_found(file, *plain)) == list(range(1, len(plain) + 1))
    # A name that goes elsewhere for readtags than for Vim lets neither of them halve.
    file = one_file(tmp_path, *named([*plain, b"!="]))
    assert parse_tags(file.read_bytes())[0][b"_TAG_FILE_SORTED"][0][0] == b"0"
    assert sorted(lines_found(file, *plain, b"!=")) == list(range(1, len(plain) + 2))


def test_a_fragment_says_whether_its_names_keep_their_order() -> None:
    for name, flag in ((b"a\\b", PLAIN), (b"a!", PLAIN), (b"!a", MOVED), (b"a\x01", MOVED)):
        source, table = named([name])
        assert render_tags(b"a", "metta", source, [table])[:1] == flag


def test_the_header_says_all_that_is_used() -> None:
    pseudo, _ = parse_tags(b"".join(line + b"\n" for line in pseudo_tags(["metta"], "1.2", True)))
    wanted = {"EXTRA_DESCRIPTION", "FIELD_DESCRIPTION", "FIELD_DESCRIPTION!MeTTa", "KIND_DESCRIPTION!MeTTa"}
    wanted |= {"FILE_ENCODING", "FILE_FORMAT", "FILE_SORTED", "PATTERN_LENGTH_LIMIT", "PARSER_VERSION!MeTTa"}
    wanted |= {"OUTPUT_EXCMD", "OUTPUT_FILESEP", "OUTPUT_MODE", "OUTPUT_VERSION"}
    wanted |= {"PROGRAM_AUTHOR", "PROGRAM_NAME", "PROGRAM_URL", "PROGRAM_VERSION"}
    wanted |= {f"ROLE_DESCRIPTION!MeTTa!{KINDS[kind].name}" for kind in ROLES}
    # TAG_PROC_CWD would differ from machine to machine.
    assert set(pseudo) == {f"_TAG_{name}".encode() for name in wanted}
    assert pseudo[b"_TAG_PROGRAM_VERSION"] == [(b"1.2", b"//")]
    assert pseudo[b"_TAG_PATTERN_LENGTH_LIMIT"][0][0] == str(PATTERN_LIMIT).encode()
    kinds = {value for value, _ in pseudo[b"_TAG_KIND_DESCRIPTION!MeTTa"]}
    assert kinds == {f"{kind.letter},{kind.name}".encode() for kind in KINDS.values()}


def test_kinds_and_languages_are_all_there() -> None:
    assert set(KINDS) == set(Kind)
    assert len({kind.letter for kind in KINDS.values()}) == len({kind.name for kind in KINDS.values()}) == len(Kind)
    assert set(ROLES) <= set(Kind)
    assert set(LANGUAGE_NAMES) <= set(LANGUAGES)


def test_a_workspace_without_documents_is_a_header(tmp_path: Path) -> None:
    made = make_tags_file(tmp_path, tmp_path, [], lambda _document: [], None, "1")
    assert made.lines == pseudo_tags([], "1", True) and made.rendered == 0
