"""MI105: a `#` in the name of a variable."""

from metta_index.indexer.rules.rule import ALL, PETTA, Rule
from metta_index.indexer.rules.syntax import READING_STOPS, problems

RULE = Rule(
    "MI105",
    "hash-in-variable",
    "error",
    "The name of a variable has a `#` in it.",
    "The reference names the variables that it makes itself so, as in `$x#12`, and refuses to read them; output that "
    "was pasted back often has them. " + READING_STOPS,
    "(= (same $x#1) $x#1)\n",
    "(= (same $x1) $x1)\n",
    ALL - PETTA,
    find=problems("hash-in-variable"),
)
