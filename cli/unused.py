"""`metta-index unused`: definitions that nothing seems to use."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from metta_index.cli.colours import paint
from metta_index.cli.exits import one_of, say
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_lines
from metta_index.cli.refresh import answering, refresh, what_is_left_out
from metta_index.cli.session import Session, open_session
from metta_index.cli.source_lines import read_source
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from metta_index.indexer.queries.unused import Unused


def unused_command(
    confidence: Annotated[
        str, typer.Option("--confidence", help="The least that is shown: possible or likely.", metavar="LEVEL")
    ] = "possible",
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show definitions that nothing reaches from `!` evaluations, tests and entry points.

    Nothing of this is certain: a program may make names while it runs. `likely` is what
    only unused definitions mention, if anything; `possible` is what facts, strings, other
    programs, or files that nothing imports may be there for. What is used from outside
    can be named in the configuration: `entry-points = ["main", "api-*", "bin/*.metta"]`,
    names or files, with `*` and `?`. Ends with 0 also where something is found.

    Examples:

      metta-index unused

      metta-index unused --confidence likely --format json | jq -r .name
    """
    one_of("--format", output_format, "text", "json")
    one_of("--confidence", confidence, "possible", "likely")
    with open_session(root) as session:
        code = refresh(session, not no_refresh)
        from metta_index.indexer.queries.index import Index
        from metta_index.indexer.queries.unused import unused
        from metta_index.indexer.text.symbols import Confidence

        with answering(session):
            index = Index(session.index)
            documents = [(document.path, document.language) for document in session.index.documents()]
            left_out = what_is_left_out(session)
            found = unused(index, session.settings.is_entry_point, lambda names: _in_strings(session, documents, names))
    shown = [one for one in found if confidence == "possible" or one.confidence == Confidence.LIKELY]
    if output_format == "json":
        write_lines((json.dumps(_object(one), ensure_ascii=False) for one in shown), None)
    else:
        write_lines(map(_line, shown), None)
        _say_totals(shown)
    if left_out:
        say(left_out)
    return code


def _in_strings(session: Session, documents: list[tuple[str, str]], names: frozenset[bytes]) -> dict[bytes, str]:
    """The names that are in strings of these documents, each with the first; files that are gone have none."""
    from metta_index.indexer.queries.reaching import words_in_strings

    found: dict[bytes, str] = {}
    for path, language in documents:
        source = read_source(os.path.join(session.root, path))  # noqa: PTH118
        for name in names & words_in_strings(source or b"", language):
            found.setdefault(name, path)
    return found


def _line(found: Unused) -> str:
    place = f"{paint(display_path(found.path), 'path')}:{found.position.row + 1}:{found.position.column + 1}"
    kind = found.kind.name.lower() + (f"/{found.arity}" if found.arity is not None else "")
    remark = f"  ({found.confidence.name.lower()}: {found.reason})"
    return f"{place}: {paint(kind, 'kind')} {found.signature}{paint(remark, 'note')}"


def _object(found: Unused) -> dict[str, Any]:
    from metta_index.indexer.formats.answers import place_object
    from metta_index.indexer.text.symbols import name_text

    return {
        "schema": 1,
        "name": name_text(found.name),
        "kind": found.kind.name.lower(),
        **place_object(found),
        "arity": found.arity,
        "signature": found.signature,
        "clauses": found.clauses,
        "confidence": found.confidence.name.lower(),
        "reason": found.reason,
    }


def _say_totals(found: list[Unused]) -> None:
    counts = Counter(one.confidence.name.lower() for one in found)
    levels = ", ".join(f"{count:,} {level}" for level, count in counts.items())
    say(f"{len(found):,} definitions seem to be unused: {levels}" if found else "nothing seems to be unused")
