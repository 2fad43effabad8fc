"""Which names stand for a workspace, and who says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from metta_index.indexer.linking.aliases import Aliases, AliasSource, repository_name, workspace_aliases

REMOTE = '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://github.com/me/metta-moses.git\n'


def test_the_first_source_that_has_a_name_is_taken() -> None:
    everything = (("a", "b", "a"), REMOTE, "folder")
    assert workspace_aliases(*everything) == Aliases(("a", "b"), AliasSource.CONFIGURED)
    assert workspace_aliases((), *everything[1:]) == Aliases(("metta-moses",), AliasSource.GIT_REMOTE)
    assert workspace_aliases((), "[core]\n", "folder") == Aliases(("folder",), AliasSource.FOLDER)
    assert workspace_aliases((), None, "folder") == Aliases(("folder",), AliasSource.FOLDER)
    assert workspace_aliases((), None, "") == Aliases((), AliasSource.NONE)


CONFIGURATIONS = {
    "origin before others": '[remote "fork"]\nurl = x/fork\n[remote "origin"]\nurl = x/repo\n[remote "up"]\nurl = x/up',
    "the first where there is no origin": '[remote "up"]\nurl = x/repo\n[remote "zz"]\nurl = x/other',
    "on one line": '[remote "origin"] url = x/repo',
    "quoted, with a comment": '[remote "origin"]\n  URL = "x/repo" ; the main one',
    "other settings": '[remote "origin"]\nfetch = +refs/*\npushurl = x/no\nurl=x/repo\n[url "y"]\ninsteadOf = x',
    "other sections with a URL": '[submodule "s"]\nurl = x/no\n[remote "origin"]\nurl = x/repo',
    "no value": '[remote "a"]\nurl =\n[remote "b"]\nurl = x/repo',
}


@pytest.mark.parametrize("text", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_the_remote_is_read_as_git_does(text: str) -> None:
    assert workspace_aliases((), text, "folder") == Aliases(("repo",), AliasSource.GIT_REMOTE)


def test_what_git_writes(tmp_path: Path) -> None:
    commands = (["init", "-q"], ["remote", "add", "up", "x/other"], ["remote", "add", "origin", 'git@h:me/a "b";c.git'])
    for command in commands:
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    text = (tmp_path / ".git" / "config").read_text()
    assert workspace_aliases((), text, "folder").names == ('a "b";c',)


URLS = {
    "https://github.com/me/repo.git": "repo",
    "https://github.com/me/repo/": "repo",
    "git@github.com:me/repo.git": "repo",
    "git@host:repo": "repo",
    "ssh://git@host:22/me/repo.git": "repo",
    "/srv/git/repo/.git": "repo",
    "C:\\me\\repo": "repo",
    "file:///srv/repo.v2.git": "repo.v2",
    "..": "",
    "": "",
}


@pytest.mark.parametrize(("url", "name"), URLS.items(), ids=URLS)
def test_repository_name(url: str, name: str) -> None:
    assert repository_name(url) == name
