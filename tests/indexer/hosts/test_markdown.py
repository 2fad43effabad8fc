"""MeTTa in the fenced blocks of Markdown."""

from __future__ import annotations

import textwrap

import pytest
from host_checks import check, texts
from hypothesis import given
from hypothesis import strategies as st

from metta_index.indexer.languages.hosts import markdown
from metta_index.indexer.text.symbols import Confidence

GRAMMAR = "markdown"


def found(text: str) -> list[str]:
    source = text.encode()
    return texts(check(source, markdown.find(source)))


@pytest.mark.parametrize(
    "info",
    ["metta", "MeTTa", "METTA", " metta", "metta title=x", "metta:run", "metta,ignore", "{.metta}", "{metta}"],
)
def test_marks(info: str) -> None:
    assert found(f"```{info}\n(a)\n```\n") == ["(a)"]


@pytest.mark.parametrize("info", ["python", "mettascript", "metta-repl", "text metta", "rholang"])
def test_other_marks(info: str) -> None:
    assert found(f"```{info}\n(= (a) 1)\n```\n") == []


BLOCKS = [
    pytest.param("~~~~metta\n(a)\n~~~\n~~~~", "(a)\n~~~", id="tildes"),
    pytest.param("- item\n\n  ```metta\n  (a\n    b)\n  ```\n", "(a\n  b)", id="list"),
    pytest.param("> ```metta\n> (a\n>  b)\n> ```\n", "(a\n b)", id="quote"),
    pytest.param("> - x\n>   ```metta\n>   (a)\n>   (b)\n>   ```\n", "(a)\n(b)", id="list in a quote"),
    pytest.param("```metta\n(a)\n", "(a)", id="unclosed"),
    pytest.param("```metta\r\n(a)\r\n(b)\r\n```\r\n", "(a)\r\n(b)", id="CRLF"),
    pytest.param("é\n\n```metta\n\n; λ\n(a)\n\n```\n", "; λ\n(a)", id="blank lines and wide characters"),
]


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_blocks(text: str, expected: str) -> None:
    assert [each.lstrip("\n") for each in found(text)] == [expected]


def test_empty_blocks_are_none() -> None:
    assert found("```metta\n```\n\n```metta\n\n\n```\n") == []


SHAPES = [
    ("(= (f $x) $x)", True),
    ("!(import! &self a)\n; comment", True),
    ("(: f (-> A B))", True),
    ("(a fact)", False),
    ("f(x) = !(x)", False),
    ("(= (f)", False),
    ("$ metta run !(x)", False),
    ("Use (= a b) here", False),
]


@pytest.mark.parametrize(("text", "is_metta"), SHAPES)
def test_unmarked_blocks(text: str, is_metta: bool) -> None:
    regions = markdown.find(f"```\n{text}\n```\n".encode()).regions
    assert [(region.detector, region.confidence) for region in regions] == [("shape", Confidence.POSSIBLE)] * is_metta


def test_a_file_without_a_fence_or_a_trace_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "providers", None)
    for text in (b"MeTTa (= (f) 1)", b"```\ncode(x)\n```"):
        assert markdown.find(text).regions == ()


_LINES = st.lists(st.text("(a $é;", max_size=6).map(lambda line: f"({line}"), min_size=1, max_size=4)


@given(_LINES, st.sampled_from(["", "> ", "> > "]), st.sampled_from(["", "  ", "    "]))
def test_prefixes_of_lines_are_no_text(lines: list[str], quote: str, indent: str) -> None:
    body = "\n".join(["```metta", *lines, "```"])
    if indent:
        body = ("- " if len(indent) == 2 else "10. ") + textwrap.indent(body, indent)[len(indent) :]
    text = textwrap.indent(body, quote, lambda _line: True)
    assert found(text) == ["\n".join(lines).rstrip()]
