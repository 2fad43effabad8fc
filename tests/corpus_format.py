"""Reads tree-sitter's corpus format, so that the grammars' own tests run without its CLI."""

import re
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = Path(__file__).parents[1] / "indexer" / "languages"

_CASE = re.compile(
    rb"^={3,}\n(?P<name>[^\n]+)\n={3,}\n(?P<source>.*?)\n-{3,}\n(?P<tree>.*?)(?=^={3,}\n|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class CorpusCase:
    """One named input and the S-expression of the tree that it should give."""

    file: str
    name: str
    source: bytes
    tree: str


def read_corpus(language: str) -> list[CorpusCase]:
    """Every case of every corpus file of a language, in order. Bytes, not lines: U+2028 is no line end here."""
    cases = []
    for path in sorted((LANGUAGES / language / "test" / "corpus").glob("*.txt")):
        text = path.read_bytes()
        covered = 0
        for case in _CASE.finditer(text):
            if case.start() != covered:
                raise ValueError(f"{path}: no case can be read at byte {covered}")
            covered = case.end()
            cases.append(CorpusCase(path.stem, case["name"].decode(), case["source"], one_line(case["tree"].decode())))
        if covered != len(text):
            raise ValueError(f"{path}: no case can be read at byte {covered}")
    return cases


def one_line(tree: str) -> str:
    """An S-expression as tree-sitter prints it: one space between parts, none before `)`."""
    return " ".join(tree.split()).replace(" )", ")")
