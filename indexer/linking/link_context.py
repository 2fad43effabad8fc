"""What imports depend on beside the files of the workspace. Apart from linking: a build without changes asks for it."""

from __future__ import annotations

from typing import NamedTuple

#: Raised whenever an import may mean something else than before in the same workspace.
LINK_VERSION = "link-2"


class LinkContext(NamedTuple):
    """`roots`: configured import roots, seen from the workspace. `aliases`: names that stand for it."""

    roots: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def fingerprint(self) -> str:
        return repr((LINK_VERSION, self.roots, self.aliases))
