"""The grammar's queries compile, and capture what their comments say."""

from importlib import resources

import pytest
from tree_sitter import Language, Parser, Query, QueryCursor

from metta_index.indexer.languages import rholang as rholang_folder

PROGRAM = """\
new counter, out(`rho:io:stdout`) in {
  /// Counts.
  contract counter(@"get", return) = { return!(1) } |
  contract @"global"(@n, ...@rest) = { @"global"!(n, rest) } |
  for (@[a, b] <- counter!?("get")) { out!!("x" ++ a) } |
  match out { [head ...tail] => { counter!(tail) } _ => Nil } |
  let x = 1 in { if (x matches Int) { out!(x) } else { Nil } }
}
"""


def captures(rholang: Language, name: str, program: str) -> list[tuple[str, str]]:
    """Captures in the order of the text, each with the text that it captures."""
    text = resources.files(rholang_folder).joinpath("queries", name).read_text(encoding="utf-8")
    source = program.encode()
    root = Parser(rholang).parse(source).root_node
    found = [
        (node.start_byte, -node.end_byte, capture, source[node.start_byte : node.end_byte].decode())
        for capture, nodes in QueryCursor(Query(rholang, text)).captures(root).items()
        for node in nodes
    ]
    return [(capture, text) for _, _, capture, text in sorted(set(found))]


@pytest.mark.parametrize("name", ["highlights.scm", "tags.scm", "locals.scm"])
def test_queries_compile(rholang: Language, name: str) -> None:
    text = resources.files(rholang_folder).joinpath("queries", name).read_text(encoding="utf-8")
    compiled = Query(rholang, text)
    assert compiled.pattern_count > 0


def test_tags(rholang: Language) -> None:
    found = captures(rholang, "tags.scm", PROGRAM)
    names = [text for capture, text in found if capture == "name"]
    assert names == [
        "counter",
        "out",
        "counter",
        "return",
        '@"global"',
        '@"global"',
        "counter",
        "out",
        "counter",
        "out",
    ]
    kinds = [capture for capture, _ in found if capture.startswith(("definition", "reference"))]
    assert kinds.count("definition.function") == 2 and kinds.count("reference.call") == 6
    assert ("doc", "/// Counts.") in found


def test_locals(rholang: Language) -> None:
    found = captures(rholang, "locals.scm", PROGRAM)
    bound = [text for capture, text in found if capture == "local.definition"]
    assert bound == ["counter", "out", "return", "n", "rest", "head", "tail", "x"]


def test_highlights(rholang: Language) -> None:
    found = set(captures(rholang, "highlights.scm", PROGRAM))
    for capture, text in [
        ("keyword", "contract"),
        ("keyword", "in"),
        ("keyword.repeat", "for"),
        ("keyword.conditional", "match"),
        ("keyword.operator", "matches"),
        ("comment.documentation", "/// Counts."),
        ("string.special", "`rho:io:stdout`"),
        ("function", "counter"),
        ("function", '"global"'),
        ("function.call", "return"),
        ("variable.parameter", "rest"),
        ("type.builtin", "Int"),
        ("constant.builtin", "Nil"),
        ("operator", "++"),
    ]:
        assert (capture, text) in found
