"""MI103: a string that is never closed."""

from metta_index.indexer.rules.rule import Rule
from metta_index.indexer.rules.syntax import READING_STOPS, problems

RULE = Rule(
    "MI103",
    "unclosed-string",
    "error",
    "A string is never closed.",
    "A string may go on over lines, so all that follows is read as a part of it. " + READING_STOPS,
    '(greeting "hello)\n',
    '(greeting "hello")\n',
    find=problems("unclosed-string"),
)
