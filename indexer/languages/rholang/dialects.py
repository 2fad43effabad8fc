"""Rholang has one dialect; this says which problems keep its programs from running."""

DIALECTS = ("rholang",)

#: Problems that programs run with. All others are errors, in every interpreter.
HARMLESS = frozenset({"shadowed-name", "unused-binder", "expression-in-pattern", "keyword-as-name"})


def is_error(dialect: str, code: str) -> bool:
    return code not in HARMLESS
