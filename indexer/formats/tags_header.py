"""Pseudo-tags: what a tags file says of itself, for the programs that read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from metta_index.indexer.formats.tags_text import PATTERN_LIMIT, escape_value
from metta_index.indexer.text.symbols import Kind

#: Names of languages as people write them, where that is not the name with a capital.
LANGUAGE_NAMES = {"metta": "MeTTa"}


class KindOfTag(NamedTuple):
    """How a kind is written: a letter in tags, a name in scopes."""

    letter: str
    name: str
    description: str


#: The same for every language: a reader asks for what it knows.
KINDS = {
    Kind.FUNCTION: KindOfTag("f", "function", "functions, a tag for each clause"),
    Kind.CONSTANT: KindOfTag("c", "constant", "names that stand for a value"),
    Kind.TYPE: KindOfTag("t", "type", "types"),
    Kind.SYMBOL: KindOfTag("s", "symbol", "symbols and constructors"),
    Kind.TOKEN: KindOfTag("k", "token", "words that are replaced when a text is read"),
    Kind.SPACE: KindOfTag("p", "space", "spaces"),
    Kind.MODULE: KindOfTag("m", "module", "modules and files"),
    Kind.FACT: KindOfTag("a", "fact", "facts, a tag for each head and number of arguments"),
    Kind.CONTRACT: KindOfTag("C", "contract", "contracts"),
    Kind.NAME: KindOfTag("n", "name", "names that are made"),
    Kind.AGENT: KindOfTag("g", "agent", "agents"),
    Kind.METHOD: KindOfTag("d", "method", "methods"),
}

_DECLARED = {"declared": "given a type", "documented": "described by documentation"}
#: Roles beside `def`: what is said of something at a place that does not define it.
ROLES: dict[Kind, dict[str, str]] = {
    **{kind: _DECLARED for kind in KINDS if kind not in (Kind.MODULE, Kind.FACT)},
    Kind.MODULE: {"imported": "loaded here", "inert": "named by an import that does nothing"},
}

_FIELDS = {
    "end": "last line of the form",
    "extras": "the kind of tag, where it is an unusual one",
    "inherits": "supertype",
    "input": "file",
    "language": "language of the text",
    "line": "line of the name",
    "name": "name of the symbol",
    "pattern": "how an editor finds the line",
    "roles": "what is said of the symbol here",
    "scope": "what the symbol is made by, or loaded into, as kind:name",
    "signature": "arguments as written",
    "typeref": "type as declared in the same file",
}
_EXTRAS = {"pseudo": "what the file says of itself", "reference": "places that define nothing"}


def language_name(language: str) -> str:
    return LANGUAGE_NAMES.get(language, language.capitalize())


def pseudo_tags(languages: Iterable[str], version: str, is_sorted: bool) -> list[bytes]:
    """The first lines of a tags file, sorted. `languages`: those of its tags; `version`: of this program.

    TAG_PROC_CWD is left out, so that the same workspace gives the same file
    everywhere: paths lead from the folder of the tags file.
    """
    rows = [
        ("FILE_ENCODING", "utf-8", ""),
        ("FILE_FORMAT", "2", 'extended format; tags end in ;" and fields'),
        ("FILE_SORTED", "1" if is_sorted else "0", "0=unsorted, 1=sorted, 2=foldcase"),
        ("OUTPUT_EXCMD", "mixed", "number, pattern, mixed, or combineV2"),
        ("OUTPUT_FILESEP", "slash", "slash or backslash"),
        ("OUTPUT_MODE", "u-ctags", "u-ctags or e-ctags"),
        ("OUTPUT_VERSION", "1.1", "current.age"),
        ("PATTERN_LENGTH_LIMIT", str(PATTERN_LIMIT), "0 for no limit"),
        ("PROGRAM_AUTHOR", "the authors of metta-index", ""),
        ("PROGRAM_NAME", "metta-index", "writes the format of Universal Ctags"),
        ("PROGRAM_URL", "https://metta-lang.dev", "the language"),
        ("PROGRAM_VERSION", version, ""),
        *(("FIELD_DESCRIPTION", name, text) for name, text in _FIELDS.items()),
        *(("EXTRA_DESCRIPTION", name, text) for name, text in _EXTRAS.items()),
    ]
    for language in sorted(set(map(language_name, languages))):
        rows.append((f"PARSER_VERSION!{language}", "1.0", "current.age"))
        rows.append((f"FIELD_DESCRIPTION!{language}", "arity", "number of arguments"))
        for kind, tag in KINDS.items():
            rows.append((f"KIND_DESCRIPTION!{language}", f"{tag.letter},{tag.name}", tag.description))
            for role, text in ROLES.get(kind, {}).items():
                rows.append((f"ROLE_DESCRIPTION!{language}!{tag.name}", role, text))
    return sorted(
        b"!_TAG_%b\t%b\t/%b/" % (name.encode(), escape_value(value.encode()), text.replace("/", r"\/").encode())
        for name, value, text in rows
    )
