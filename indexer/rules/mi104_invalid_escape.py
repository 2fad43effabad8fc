"""MI104: an escape in a string that the reference does not know."""

from metta_index.indexer.rules.rule import ALL, PETTA, Rule
from metta_index.indexer.rules.syntax import READING_STOPS, problems

RULE = Rule(
    "MI104",
    "invalid-escape",
    "error",
    "A string has an escape that does not exist.",
    READING_STOPS + " PeTTa takes any character after a backslash, so nothing is said there.",
    '(pattern "\\d+")\n',
    '(pattern "\\\\d+" "tab\\t" "\\u{1F600}")\n',
    ALL - PETTA,
    find=problems("invalid-escape"),
)
