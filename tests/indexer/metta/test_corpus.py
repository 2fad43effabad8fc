"""The grammar's corpus tests: what every kind of text parses to."""

import pytest
from corpus_format import CorpusCase, read_corpus
from tree_sitter import Parser

CASES = read_corpus("metta")


def test_the_corpus_covers_every_part_of_the_grammar() -> None:
    assert {case.file for case in CASES} == {
        "comments",
        "errors",
        "evaluations",
        "lists",
        "numbers",
        "strings",
        "variables",
        "white_space",
        "words",
    }
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")
def test_corpus(parser: Parser, case: CorpusCase) -> None:
    root = parser.parse(case.source).root_node
    assert str(root) == case.tree
    assert root.has_error == (case.file == "errors")
