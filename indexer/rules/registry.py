"""All rules there are, in the order of their codes; which of them a selection means."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from metta_index.indexer.checking.findings import RuleInfo
from metta_index.indexer.rules.table import TABLE

if TYPE_CHECKING:
    from metta_index.indexer.rules.rule import Rule

#: What comments that suppress are themselves judged by (`suppressions.suppress`).
UNUSED_SUPPRESSION = RuleInfo(
    "MI901",
    "unused-suppression",
    "warning",
    "A comment suppresses a rule that finds nothing there.",
    "What it kept quiet is gone, and it would hide the next fault in this place.",
)
MALFORMED_SUPPRESSION = RuleInfo(
    "MI902",
    "malformed-suppression",
    "warning",
    "A comment looks like a suppression, and is none.",
    "It names no rule that there is, or is not of the form `; metta-index: ignore[CODE] reason`.",
)
SUPPRESSIONS = (UNUSED_SUPPRESSION, MALFORMED_SUPPRESSION)

#: Code, name and level of all of them.
_ROWS = (*TABLE, *((info.code, info.name, str(info.severity)) for info in SUPPRESSIONS))


class UnknownRuleError(ValueError):
    """A selection names a rule that there is not; the text says what is near."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of codes. Imports them all: to select some, ask `codes_of`."""
    return tuple(_rule(code, name) for code, name, _level in TABLE)


@lru_cache(maxsize=64)
def rules_of(codes: frozenset[str], dialect: str) -> tuple[Rule, ...]:
    """The rules of some codes that hold in a dialect, in the order of codes. Imports no others."""
    wanted = [_rule(code, name) for code, name, _level in TABLE if code in codes]
    return tuple(rule for rule in wanted if dialect in rule.dialects)


def _rule(code: str, name: str) -> Rule:
    """The rule of a module, which is called as it."""
    module = import_module(f"metta_index.indexer.rules.{code.lower()}_{name.replace('-', '_')}")
    rule: Rule = module.RULE
    return rule


def all_infos() -> tuple[RuleInfo, ...]:
    """What there is to say of every rule, those about suppressions included."""
    return (*(rule.info() for rule in all_rules()), *SUPPRESSIONS)


def default_codes() -> frozenset[str]:
    return frozenset(code for code, _name, level in _ROWS if level != "off")


def codes_of(selectors: Iterable[str]) -> frozenset[str]:
    """The codes that selectors mean: a code, the start of codes (`MI2`), a name, or `ALL`. Raises UnknownRuleError."""
    found: set[str] = set()
    for selector in selectors:
        wanted = selector.strip()
        meant = {
            code
            for code, name, _level in _ROWS
            if wanted == "ALL" or wanted.lower() == name or _starts(code, wanted.upper())
        }
        if not meant:
            raise UnknownRuleError(_unknown(selector))
        found |= meant
    return frozenset(found)


def _starts(code: str, selector: str) -> bool:
    return selector.startswith("MI") and code.startswith(selector)


def _unknown(selector: str) -> str:
    from difflib import get_close_matches

    names = {one.lower(): one for code, name, _level in _ROWS for one in (code, name)}
    close = get_close_matches(selector.lower(), names, 1, 0.6)
    hint = f"did you mean `{names[close[0]]}`?" if close else "`metta-index rules` lists them"
    return f"no rule is called `{selector}`; {hint}"
