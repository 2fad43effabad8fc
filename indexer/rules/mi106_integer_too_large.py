"""MI106: an integer of more than 64 bits."""

from metta_index.indexer.rules.rule import HYPERON, Rule
from metta_index.indexer.rules.syntax import READING_STOPS, problems

RULE = Rule(
    "MI106",
    "integer-too-large",
    "error",
    "An integer does not fit in 64 bits.",
    READING_STOPS,
    "(id 92233720368547758080)\n",
    '(id 9223372036854775807 "92233720368547758080" 9.2e19)\n',
    HYPERON,
    find=problems("integer-too-large"),
)
