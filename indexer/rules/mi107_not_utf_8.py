"""MI107: a file that is not UTF-8."""

from metta_index.indexer.rules.rule import Rule
from metta_index.indexer.rules.syntax import problems

RULE = Rule(
    "MI107",
    "not-utf-8",
    "error",
    "The file is not UTF-8.",
    "The reference refuses to load the file as a module (`Bad UTF-8`), and its command line fails before it runs "
    "anything.",
    {"latin-1.metta": '(name "Andr\udce9")\n'},
    '(name "André")\n',
    find=problems("not-utf-8"),
)
