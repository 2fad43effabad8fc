"""MI102: a parenthesis that closes nothing."""

from metta_index.indexer.rules.rule import Rule
from metta_index.indexer.rules.syntax import READING_STOPS, problems

RULE = Rule(
    "MI102",
    "stray-parenthesis",
    "error",
    "A parenthesis closes nothing.",
    READING_STOPS,
    "(= (double $x) (* $x 2)))\n",
    "(= (double $x) (* $x 2))\n",
    find=problems("stray-parenthesis"),
)
