"""What is no part of a workspace whatever patterns say: other people's folders, and what is no regular file."""

from __future__ import annotations

import os
import stat
from collections.abc import Set as AbstractSet

from metta_index.indexer.discovery.ignoring import read_regular

#: Folders of other people's code, by name. Nobody indexes them on purpose.
VENDORED = frozenset({"node_modules", "__pycache__", "site-packages", "bower_components"})

_CACHE_TAG = "CACHEDIR.TAG"
#: https://bford.info/cachedir/
_CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
_ENVIRONMENT = "pyvenv.cfg"

#: Names in a folder that may tell what it is.
TELLING = frozenset({_CACHE_TAG, _ENVIRONMENT})


def reason_by_name(name: str) -> str | None:
    """Why a folder is not entered, by its name."""
    if name[0] == ".":
        return "hidden folder"
    return "folder of other people's code" if name in VENDORED else None


def reason_by_content(folder: str, names: AbstractSet[str]) -> str | None:
    """Why a folder is left out, by those of TELLING that are in it."""
    if _ENVIRONMENT in names:
        return "Python virtual environment"
    if _CACHE_TAG in names:
        try:
            tag = read_regular(os.path.join(folder, _CACHE_TAG), len(_CACHE_SIGNATURE))  # noqa: PTH118
        except OSError:
            return None
        return "cache folder (CACHEDIR.TAG)" if tag == _CACHE_SIGNATURE else None
    return None


def kind_of(mode: int) -> str:
    """What something is that is not a regular file."""
    if stat.S_ISLNK(mode):
        return "symbolic link"
    for test, text in ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket")):
        if test(mode):
            return f"{text}, not a regular file"
    return "device, not a regular file"


def leads_to_folder(link: os.DirEntry[str]) -> bool:
    """Whether a symbolic link is one to a folder; False for a loop, and for a place that is closed to us."""
    try:
        return link.is_dir()
    except OSError:
        return False
