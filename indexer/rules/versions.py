"""The version of the rules, apart from them: a check that finds nothing new imports none."""

#: Raised whenever some rule may find something else than before in the same workspace.
RULES_VERSION = "rules-15"
