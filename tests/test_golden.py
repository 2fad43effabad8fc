"""What every word of the golden files does, by their own account and by the extractor's.

`pytest tests/test_golden.py --update-golden` rewrites the caret lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from golden.annotations import Annotation, annotate, join, split

from metta_index.indexer.languages import language_of, load_language
from metta_index.indexer.text.occurrences import occurrences, pieces
from metta_index.indexer.text.symbols import Flag, Kind, Role, Use, name_text

GOLDEN = Path(__file__).parent / "golden"
FLAG_WORDS = {Flag.DYNAMIC: "dynamic", Flag.CURRIED: "curried"}
FILES = sorted([*GOLDEN.glob("*/input.metta"), *GOLDEN.glob("*/input.rho")])
COMMENTS = {"metta": ";", "rholang": "//"}


@dataclass(frozen=True, slots=True)
class Marked:
    start_byte: int
    end_byte: int
    text: str


def occurrences_of(source: bytes, language_name: str) -> list[Marked]:
    """Every occurrence in a text, in the words of the golden files."""
    language = load_language(language_name)
    table = language.extract(source, language.parse(source), None)
    (piece,) = pieces([table])
    definitions = {(definition.name_start, definition.role): definition for definition in table.definitions}
    marked = []
    for occurrence in occurrences(piece):
        name = name_text(occurrence.name)
        words = [occurrence.role.name.lower()]
        definition = definitions.get((occurrence.start_byte, occurrence.role))
        if definition is not None:
            words.append(Kind(definition.kind).name.lower())
            if definition.arity >= 0:
                name += f"/{definition.arity}"
        elif occurrence.role is Role.REFERENCE and not name.startswith("$"):
            words.append("eval" if occurrence.use is Use.EVALUATED else occurrence.use.name.lower())
        words.append(name)
        if definition is not None:
            words += [word for flag, word in FLAG_WORDS.items() if definition.flags & flag]
        marked.append(Marked(occurrence.start_byte, occurrence.end_byte, " ".join(words)))
    return marked


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_every_word_does_what_its_carets_say(path: Path, request: pytest.FixtureRequest) -> None:
    annotated = path.read_bytes().decode()
    language = language_of(path.name)
    code, _ = split(annotated, COMMENTS[language])
    actual = join(code, annotate(code, occurrences_of(code.encode(), language)), COMMENTS[language])
    if request.config.getoption("--update-golden"):
        path.write_bytes(actual.encode())
    else:
        assert actual == annotated


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_carets_are_comments_that_change_nothing(path: Path) -> None:
    annotated = path.read_bytes().decode()
    language = language_of(path.name)
    code, expected = split(annotated, COMMENTS[language])
    assert join(code, expected, COMMENTS[language]) == annotated
    assert [marked.text for marked in occurrences_of(annotated.encode(), language)] == [note.text for note in expected]


def test_columns_count_code_points() -> None:
    code = '(= (größe "🌱") λ)\n'
    start = code.encode().index("λ".encode())
    (note,) = annotate(code, [Marked(start, start + 2, "reference eval λ")])
    assert note == Annotation(0, 15, 16, "reference eval λ")
    assert join(code, [note]) == code + ";              ^ reference eval λ\n"
    assert split(code + ";              ^ reference eval λ\n") == (code, [note])


def test_a_word_in_the_first_column_cannot_be_marked() -> None:
    with pytest.raises(ValueError, match="indent line 1"):
        join("word\n", [Annotation(0, 0, 4, "reference data word")])


def test_the_golden_files_are_there() -> None:
    """A moved folder would leave the parametrized tests above without a case."""
    assert len(FILES) >= 35
    assert {path.suffix for path in FILES} == {".metta", ".rho"}
