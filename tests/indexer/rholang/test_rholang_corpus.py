"""The grammar's corpus tests: what every construct parses to."""

import pytest
from corpus_format import CorpusCase, read_corpus
from tree_sitter import Language, Parser

from metta_index.indexer.languages.rholang.grammar import KINDS

CASES = read_corpus("rholang")


def test_the_corpus_covers_every_part_of_the_grammar() -> None:
    assert {case.file for case in CASES} == {
        "agents",
        "collections",
        "comments",
        "errors",
        "expressions",
        "lets",
        "literals",
        "matches",
        "processes",
        "receives",
        "sends",
    }
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))


def test_the_corpus_holds_every_kind_of_node() -> None:
    trees = " ".join(case.tree for case in CASES)
    assert {kind for kind in KINDS if f"({kind}" not in trees} == set()


def test_every_named_node_of_the_grammar_is_kept(rholang: Language) -> None:
    named = {
        rholang.node_kind_for_id(number)
        for number in range(rholang.node_kind_count)
        if rholang.node_kind_is_named(number) and rholang.node_kind_is_visible(number)
    }
    assert named - {"empty_block", "negative_number", "ERROR"} == set(KINDS) - {"ERROR", "MISSING"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")
def test_corpus(parser: Parser, case: CorpusCase) -> None:
    root = parser.parse(case.source).root_node
    assert str(root) == case.tree
    assert root.has_error == (case.file == "errors")
