"""`metta-index rename --preview`: what would change if a symbol had another name."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from metta_index.cli.exits import UsageError, one_of, say
from metta_index.cli.options import FORMAT_OPTION, NO_REFRESH_OPTION, ROOT_OPTION
from metta_index.cli.output import write_encoded_lines, write_lines
from metta_index.cli.places import name_of, parse_place, start_of, word_at
from metta_index.cli.refresh import answering, refresh, what_is_left_out
from metta_index.cli.session import Session, open_session
from metta_index.cli.source_lines import read_source
from metta_index.indexer.discovery.walk import display_path

if TYPE_CHECKING:
    from metta_index.indexer.queries.index import Index
    from metta_index.indexer.queries.renaming import Places
    from metta_index.indexer.queries.symbols import Reference

#: So many places are named in a message.
_NAMED = 3


class Change(NamedTuple):
    """One file that would change, and where; `left`: places that are written in another way than the name."""

    path: str
    source: bytes
    places: tuple[Reference, ...]
    left: tuple[Reference, ...]


def rename_command(
    old: Annotated[str, typer.Argument(help="A name, or a place FILE:LINE:COLUMN.", metavar="OLD|FILE:LINE:COLUMN")],
    new: Annotated[str, typer.Argument(help="The name to give.", metavar="NEW")],
    preview: Annotated[bool, typer.Option("--preview", help="Show what would change; no file is written.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also where OLD or NEW means something else, too.")] = False,
    root: Annotated[Path | None, ROOT_OPTION] = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
    no_refresh: Annotated[bool, NO_REFRESH_OPTION] = False,
) -> int:
    """Show every place that would change if a symbol had another name, as a unified diff.

    A name is one symbol in the whole workspace: definitions, declarations, documentation,
    calls, patterns, data and types change; strings and comments do not. Of a place, the
    symbol that its word is in the files that imports connect with FILE; for a variable,
    its scope. The diff is for `git apply` or `patch -p1` in the root of the workspace;
    --format json gives one object a place. Ends with 1 where OLD is unknown, with 2
    where it cannot become NEW.

    Examples:

      metta-index rename --preview greeting welcome

      metta-index rename --preview greeting welcome | git apply

      metta-index rename --preview main.metta:27:4 welcome --format json
    """
    one_of("--format", output_format, "text", "json")
    if not preview:
        raise UsageError("`rename` changes no files: add --preview to see what would change, as a diff for `git apply`")
    with open_session(root, start=start_of([old])) as session:
        code = refresh(session, not no_refresh)
        from metta_index.indexer.queries.index import Index

        with answering(session):
            index = Index(session.index)
            name, places = _asked(session, index, old, name_of(new), force)
            left_out = "" if name.startswith(b"$") else what_is_left_out(session)
            if places is None:
                is_known = bool(index.defining(name))
                say(
                    f"no place of {old} is indexed"
                    if is_known
                    else f"nothing is known of {old}{_suggestions(index, name)}"
                )
                if left_out:
                    say(left_out)
                return 1
            changes = [
                _change(session, index, path, list(group), name)
                for path, group in groupby(places.changing, lambda one: one.path)
            ]
            in_text = 0 if name.startswith(b"$") else _mentions_in_text(session, index, name)
    _write(changes, name, name_of(new), output_format)
    _say_totals(changes, places, in_text)
    if left_out:
        say(left_out)
    return code


def _asked(session: Session, index: Index, old: str, new: bytes, force: bool) -> tuple[bytes, Places | None]:
    """The name that is asked for, and where it stands; None: it is unknown. Raises UsageError for what cannot be."""
    from metta_index.indexer.queries.renaming import Places, places_of, word_problem

    place = parse_place(old)
    word = word_at(session, index, place) if place is not None else None
    name = word.name if word is not None else name_of(old)
    is_variable = name.startswith(b"$")
    if name == new:
        raise UsageError(f"{_text(name)} is called so already")
    problem = word_problem(new, is_variable)
    if problem is not None:
        raise UsageError(f"{_text(new)!r} {problem}; choose a name that can stand for {_text(name)}")
    if word is None and is_variable:
        raise UsageError(f"{old} is a variable: every atom has its own; name one by FILE:LINE:COLUMN")
    if word is not None and is_variable:
        return name, _variable(index, word, new, force)
    within = None
    if word is not None:
        within = index.graph().connected(word.path, {document.path for document in index.reader.documents()})
    places = places_of(index, name, within)
    if places == Places((), (), ()):
        return name, None
    if not places.changing:
        others = "modules, which are files" if places.modules else "names of another language, each of its own scope"
        raise UsageError(f"only names of MeTTa are renamed, and all that {_text(name)} stands for are {others}")
    _refuse_builtins(index, name, new, places.changing, force)
    taken = [one for one in index.references(new) if within is None or one.path in within]
    _refuse_taken(new, taken, force)
    return name, places


def _variable(index: Index, word: Reference, new: bytes, force: bool) -> Places:
    from metta_index.indexer.queries.renaming import Places
    from metta_index.indexer.queries.resolving import same_variable

    start, end = index.top_around(word.path, word.start_byte)
    taken = [one for one in index.references_in(word.path, new) if start <= one.start_byte < end]
    _refuse_taken(new, taken, force)
    return Places(tuple(same_variable(index, word)), (), ())


def _refuse_builtins(index: Index, old: bytes, new: bytes, places: Sequence[Reference], force: bool) -> None:
    from metta_index.indexer.languages.metta.builtins import lookup
    from metta_index.indexer.text.symbols import Role

    first = {one.path: one for one in reversed(places)}
    for dialect in sorted({index.dialect_at(one.path, one.start_byte) for one in first.values()}):
        is_defined = any(one.role == Role.DEFINITION for one in places)
        row = lookup(dialect, old)
        if row is not None and not is_defined:
            raise UsageError(f"{_text(old)} is a builtin of {dialect}, which has no other name for it")
        if row is not None and row.always and not force:
            raise UsageError(
                f"{_text(old)} is also a builtin of {dialect}; --force renames what the workspace says of it"
            )
        if lookup(dialect, new) is not None and not force:
            raise UsageError(
                f"{_text(new)} is a builtin of {dialect}; choose another name, or see the change with --force"
            )


def _refuse_taken(new: bytes, taken: Sequence[Reference], force: bool) -> None:
    if not taken:
        return
    named = _named(taken)
    if not force:
        raise UsageError(f"{_text(new)} is there already ({named}): the two would become one; --force shows how")
    say(f"warning: {_text(new)} is there already ({named}): the two would become one")


def _change(session: Session, index: Index, path: str, places: list[Reference], name: bytes) -> Change:
    """What would change in a file. Raises UsageError where it is not what was indexed."""
    from metta_index.indexer.text.digest import content_digest

    source = _read(session, path)
    document = index.document(path)
    if source is None or document is None or content_digest(source) != document.digest:
        raise UsageError(
            f"{display_path(path)} has changed since it was indexed; run the command again without --no-refresh"
        )
    written: list[Reference] = []
    others: list[Reference] = []
    for one in places:
        (written if source[one.start_byte : one.end_byte] == name else others).append(one)
    return Change(path, source, tuple(written), tuple(others))


def _read(session: Session, path: str) -> bytes | None:
    return read_source(os.path.join(session.root, path))  # noqa: PTH118


def _mentions_in_text(session: Session, index: Index, name: bytes) -> int:
    from metta_index.indexer.queries.renaming import mentions_in_text

    sources = ((document.path, _read(session, document.path)) for document in index.reader.documents())
    return sum(mentions_in_text(index, path, source, name) for path, source in sources if source and name in source)


def _write(changes: Sequence[Change], old: bytes, new: bytes, output_format: str) -> None:
    from metta_index.indexer.queries.renaming import diff_of

    if output_format == "json":
        objects = (_object(one, old, new) for change in changes for one in change.places)
        write_lines((json.dumps(one, ensure_ascii=False) for one in objects), None)
        return
    diffs = (
        diff_of(os.fsencode(change.path), change.source, change.places, new) for change in changes if change.places
    )
    write_encoded_lines((line for diff in diffs for line in diff), None)


def _say_totals(changes: Sequence[Change], places: Places, in_text: int) -> None:
    count = sum(len(change.places) for change in changes)
    files = sum(bool(change.places) for change in changes)
    say(f"{_counted(count, 'place')} in {_counted(files, 'file')} would change")
    left = [one for change in changes for one in change.left]
    if left:
        say(f"{_counted(len(left), 'place')} left, as written in another way there: {_named(left)}")
    if places.modules:
        say(f"{_counted(len(places.modules), 'place')} left, where it names a module: {_named(places.modules)}")
    if places.foreign:
        say(f"{_counted(len(places.foreign), 'place')} left, in another language: {_named(places.foreign)}")
    if in_text:
        say(f"{_counted(in_text, 'mention')} left, in strings, comments and the like; `grep -rn` shows them")


def _suggestions(index: Index, name: bytes) -> str:
    from difflib import get_close_matches

    near = index.reader.names(lambda other: abs(len(other) - len(name)) <= 2)
    close = get_close_matches(_text(name), [_text(other) for other, _defined, _used in near], 3)
    return f"; did you mean {' or '.join(close)}?" if close else "; `metta-index search` finds names by a part"


def _object(found: Reference, old: bytes, new: bytes) -> dict[str, Any]:
    from metta_index.indexer.formats.answers import reference_object

    kept = ("schema", "path", "line", "column", "start_byte", "end_byte", "role", "use")
    described = reference_object(found)
    return {key: described[key] for key in kept} | {"old": _text(old), "new": _text(new)}


def _named(places: Sequence[Reference]) -> str:
    more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
    return ", ".join(map(_place, places[:_NAMED])) + more


def _place(found: Reference) -> str:
    return f"{display_path(found.path)}:{found.position.row + 1}:{found.position.column + 1}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _text(name: bytes) -> str:
    from metta_index.indexer.text.symbols import name_text

    return name_text(name)
