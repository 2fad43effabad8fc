"""Hosts as languages of the indexer: tables, versions, and what happens without a grammar."""

from __future__ import annotations

import subprocess
import sys

import pytest

from metta_index.indexer.languages.hosts import HOSTS, has_trace, providers, versions
from metta_index.indexer.languages.hosts.language import MISSING_GRAMMAR, TOO_DEEP, host_language
from metta_index.indexer.text.occurrences import occurrences, pieces
from metta_index.indexer.text.symbols import Flag, Role, SymbolTable, decode_table, encode_table
from metta_index.indexer.text.syntax import decode_tree, encode_tree

GRAMMAR = "python"


def table(host: str, source: bytes) -> SymbolTable:
    language = host_language(host)
    found = language.extract(source, language.parse(source), None)
    assert decode_table(encode_table(found)) == found
    return found


def test_a_table_holds_names_documentation_imports_and_regions() -> None:
    source = (
        b"def f(a):\n    'Adds.'\n"
        b"metta.register_atom(r'np\\.add', OperationAtom('add', f))\n"
        b"metta.load_module_at_path('x.metta')\nmetta.run('(np.add 1)')\n"
    )
    found = table("python", source)
    assert found.dialect == "python" and found.names == (b"np.add",) and found.problems == ()
    (definition,) = found.definitions
    assert (definition.role, definition.arity, definition.flags) == (Role.DEFINITION, 1, Flag.REGISTERED)
    assert [each.description for each in found.documentation] == ["Adds."]
    assert [each.module for each in found.imports] == ["x.metta"]
    assert [each.text for each in found.regions] == [b"(np.add 1)"]
    (piece,) = pieces([found])
    (occurrence,) = occurrences(piece)
    assert (occurrence.name, occurrence.role) == (b"np.add", Role.DEFINITION)
    assert source[occurrence.start_byte : occurrence.end_byte] == b"np\\.add"
    assert piece.position(definition.name_start).row == 2


def test_trees_are_a_root() -> None:
    language = host_language("python")
    tree = language.parse(b"x = 1\n")
    assert [row[:3] for row in tree.rows()] == [(0, 0, 6)]
    assert decode_tree(encode_tree(tree), len(language.KINDS)) == tree


@pytest.mark.parametrize("empty", [b"", b"\xff\xfe", b"\0"])
def test_files_without_metta(host: str, empty: bytes) -> None:
    assert not has_trace(host, empty)
    found = table(host, empty)
    assert found.size == len(empty) and not found.regions and not found.problems


def test_bytes_that_are_no_text_are_taken_as_they_are() -> None:
    (region,) = table("python", b"\xff\nmetta.run('(\xff)')").regions
    assert region.text == b"(\xff)"


def test_a_missing_grammar_names_the_package() -> None:
    with providers.without(providers.PACK, providers.WHEELS):
        found = table("python", b"metta.run('(f)')")
        assert versions.table_version("python").split()[2] == "none"
    assert [problem.code for problem in found.problems] == [MISSING_GRAMMAR]
    assert "pip install tree-sitter-python" in found.problems[0].message
    assert not host_language("python").is_error("python", found.problems[0].code)


def test_expressions_nested_beyond_reason_are_a_problem() -> None:
    found = table("python", b"metta.run(" + b"(" * 5000 + b"'(f)'" + b")" * 5000 + b")")
    assert [problem.code for problem in found.problems] == [TOO_DEEP]


def test_versions_name_the_provider(provider: str) -> None:
    package = {providers.PACK: "tree_sitter_languages-", providers.WHEELS: "tree_sitter_python-"}[provider]
    assert package in versions.table_version("python")
    assert len({versions.table_version(host) for host in HOSTS}) == len(HOSTS)


def test_versions_and_traces_import_no_tree_sitter() -> None:
    code = (
        "import sys\n"
        "from metta_index.indexer.languages.hosts import HOSTS, has_trace, versions\n"
        "[versions.table_version(host) or has_trace(host, b'') for host in HOSTS]\n"
        "print(sorted({'tree_sitter', 'importlib.metadata'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
