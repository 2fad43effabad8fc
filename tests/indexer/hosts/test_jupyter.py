"""MeTTa in notebooks: the escapes of JSON and of Python, one map over the other."""

from __future__ import annotations

import json

import pytest
from host_checks import check, texts
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.languages.hosts import jupyter
from metta_index.indexer.text.regions import decode_positions

GRAMMAR = "python"


def notebook(kernel: str, *cells: object, **options: object) -> bytes:
    """A notebook whose code cells have these sources."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": "(= (no) code)", "metadata": {}},
                *({"cell_type": "code", "metadata": {}, "outputs": [{"a": 1}], "source": cell} for cell in cells),
            ],
            "metadata": {"kernelspec": {"name": kernel, "language": kernel}},
            "nbformat": 4,
        },
        **options,  # type: ignore[arg-type]
    ).encode()


def found(source: bytes) -> list[str]:
    return texts(check(source, jupyter.find(source)))


@pytest.mark.parametrize("kernel", ["metta", "MeTTa", "metta_kernel", "petta"])
def test_cells_of_a_metta_kernel(kernel: str) -> None:
    cells = [["(= (f)\n", '   "é")'], "!(f)", "%%python\nprint(1)", "%%metta\n(g)", ""]
    assert found(notebook(kernel, *cells)) == ['(= (f)\n   "é")', "!(f)", "(g)"]


def test_python_cells_are_one_program() -> None:
    cells = ["%pip install hyperon\nC = '(f)'", ["!ls (x\n", "metta.run('''\n", "!(g)\n", "''')"], "metta.run(C)"]
    assert found(notebook("python3", *cells)) == ["(f)", "\n!(g)\n"]


@pytest.mark.parametrize("empty", ["", [], [""], "%time"])
def test_an_empty_cell_among_others_holds_nothing(empty: object) -> None:
    assert found(notebook("python3", empty, "metta.run('(f)')", empty, "metta.run('(g)')", empty)) == ["(f)", "(g)"]


def test_cells_of_other_languages() -> None:
    assert found(notebook("julia", "metta.run('(f)')", "%%metta\n(g)")) == ["(g)"]
    assert found(notebook("python3", "%%bash\nmetta.run('(f)')", "%%metta echo\n(g)")) == ["(g)"]


def test_the_place_of_a_symbol_behind_two_kinds_of_escapes() -> None:
    source = notebook("python3", 'metta.run("(\\"é\\" \\\n \\u00e9 foo)")')
    (region,) = jupyter.find(source).regions
    assert region.text.decode() == '("é"  é foo)'
    at = region.text.index(b"foo")
    start, end = decode_positions(region).host_range(at, at + 3)
    assert source[start:end] == b"foo"
    first = region.text.index("é".encode())
    start, end = decode_positions(region).host_range(first, first + 2)
    assert source[start:end] == b"\\u00e9"


def test_registered_names_and_loaded_files_have_places_in_the_file() -> None:
    source = notebook(
        "python3", 'metta.register_atom(r"\\é", OperationAtom("x", lambda a: a))\nm.import_file("a.metta")'
    )
    result = jupyter.find(source)
    (name,) = result.registrations
    assert (name.name.decode(), source[name.name_start : name.name_end]) == ("\\é", b"\\\\\\u00e9")
    assert source[name.start : name.end].startswith(b"metta.register_atom")
    (loaded,) = result.imports
    assert source[loaded.module_start : loaded.module_end] == b"a.metta"


@given(st.text(st.sampled_from('(f $x)"\\\n\té😀/\b'), min_size=1), st.booleans(), st.sampled_from([None, 2]))
def test_a_cell_reads_as_json_reads_it(body: str, is_ascii: bool, indent: int | None) -> None:
    cell = f"(f {body})"
    expected = [cell]
    for source in (cell, cell.splitlines(keepends=True)):
        assert found(notebook("metta", source, ensure_ascii=is_ascii, indent=indent)) == expected


@given(st.text(st.sampled_from("(f $x)'\\\n\té😀"), min_size=1).map(lambda body: f"(f {body})"), st.booleans())
def test_a_string_in_a_cell_reads_as_both_read_it(body: str, is_ascii: bool) -> None:
    assert found(notebook("python3", f"metta.run({body!r})", ensure_ascii=is_ascii)) == [body]


@pytest.mark.parametrize("source", [b"metta", b"[1]", b'{"metta": ', b'{"cells": [{"cell_type" 1}], "metta": 1}', b""])
def test_what_is_no_notebook_is_a_problem_or_nothing(source: bytes) -> None:
    problems = jupyter.find(source).problems
    assert [problem.code for problem in problems] == (["not-a-notebook"] if b"metta" in source else [])


def test_nested_beyond_reason() -> None:
    assert [problem.code for problem in jupyter.find(b'{"metta": ' + b"[" * 100_000).problems] == ["not-a-notebook"]


@pytest.mark.parametrize(
    "cells", ["3", "null", "[3]", '[{"cell_type": "code"}]', '[{"cell_type": "code", "source": 3}]']
)
def test_other_shapes_hold_no_cells(cells: str) -> None:
    result = jupyter.find(f'{{"cells": {cells}, "metadata": "metta"}}'.encode())
    assert result.regions == () and result.problems == ()
