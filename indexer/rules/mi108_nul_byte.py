"""MI108: a NUL byte in a file."""

from metta_index.indexer.rules.rule import Rule
from metta_index.indexer.rules.syntax import problems

RULE = Rule(
    "MI108",
    "nul-byte",
    "error",
    "The file has a NUL byte in it.",
    "The Python binding of the reference stops reading there, without a word: what follows is not loaded. Often the "
    "file is no text, or is UTF-16.",
    "(a)\n\0\n(b)\n",
    "(a)\n(b)\n",
    find=problems("nul-byte", "syntax-error"),
)
