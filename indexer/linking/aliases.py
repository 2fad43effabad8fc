"""Which names stand for the workspace where it is named from outside, as in `../../REPOSITORY/a/b`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_SECTION = re.compile(r"""^\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)""", re.S)
_URL = re.compile(r"^\s*url\s*=\s*(.*?)\s*$", re.I)


class AliasSource(StrEnum):
    """Where the names come from."""

    CONFIGURED = "configured"
    GIT_REMOTE = "git-remote"
    FOLDER = "folder"
    NONE = "none"


class Aliases(NamedTuple):
    names: tuple[str, ...]
    source: AliasSource


def workspace_aliases(configured: tuple[str, ...], git_configuration: str | None, folder: str) -> Aliases:
    """The names, from the first source that has any.

    `git_configuration`: the text of the repository's `config` if the workspace is
    the top of one. `folder`: the name of the workspace's folder. It differs from
    checkout to checkout, so that it is asked last.
    """
    if configured:
        return Aliases(tuple(dict.fromkeys(configured)), AliasSource.CONFIGURED)
    name = repository_name(_remote_url(git_configuration or ""))
    if name:
        return Aliases((name,), AliasSource.GIT_REMOTE)
    return Aliases((folder,), AliasSource.FOLDER) if folder else Aliases((), AliasSource.NONE)


def repository_name(url: str) -> str:
    """The last name in the URL of a repository, without `.git`; "" if there is none."""
    path = url.rstrip("/")
    if path.endswith("/.git"):
        path = path[: -len("/.git")]
    last = re.split(r"[/:\\]", path)[-1].removesuffix(".git")
    return "" if last in (".", "..") else last


def _remote_url(text: str) -> str:
    """The URL of the remote `origin`, or of the first remote; "" if there is none. Syntax: git-config(1)."""
    urls: dict[str, str] = {}
    remote = None
    for line in text.splitlines():
        header = _SECTION.match(line)
        if header:
            section, name, line = header.groups()
            remote = re.sub(r"\\(.)", r"\1", name) if section.lower() == "remote" and name is not None else None
        setting = _URL.match(line)
        if setting and remote is not None:
            urls.setdefault(remote, _value(setting[1]))
    return urls.get("origin") or next(filter(None, urls.values()), "")


def _value(written: str) -> str:
    """A value as git reads it: quotes and what follows an unquoted `#` or `;` do not belong to it."""
    kept = []
    in_quotes = False
    characters = iter(written)
    for character in characters:
        if character == "\\":
            kept.append(next(characters, ""))
        elif character == '"':
            in_quotes = not in_quotes
        elif character in "#;" and not in_quotes:
            break
        else:
            kept.append(character)
    return "".join(kept).strip()
