"""The folder of an index: made private, and refused where a stranger may have made it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from metta_index.cache import folder as folder_module
from metta_index.cache.folder import IndexFolder, prepare_folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def refused(root: Path, because: str) -> IndexFolder:
    """What is used instead of the folder in the workspace, with one warning that says why."""
    warnings: list[str] = []
    found = prepare_folder(root, warn=warnings.append)
    assert because in found.reason
    assert len(warnings) == 1
    assert because in warnings[0]
    return found


def test_a_new_folder_is_private_and_marked(root: Path) -> None:
    found = prepare_folder(root, warn=pytest.fail)
    inside = root / ".metta-index"
    assert found == IndexFolder(inside, inside / "cache", inside / "index.db", "")
    assert inside.stat().st_mode & 0o777 == 0o700
    assert (inside / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (inside / ".gitignore").read_text() == "*\n"
    (inside / ".gitignore").write_text("mine\n")
    assert prepare_folder(root, warn=pytest.fail) == found
    assert (inside / ".gitignore").read_text() == "mine\n"


def test_wanted_moves_the_cache_alone(root: Path, tmp_path: Path) -> None:
    found = prepare_folder(root, warn=pytest.fail, wanted=tmp_path / "shared")
    assert found.cache == tmp_path / "shared"
    assert found.database == root / ".metta-index" / "index.db"


def test_another_place_is_private_too(root: Path, home: Path) -> None:
    (root / ".metta-index").write_text("a file")
    found = refused(root, "not a folder")
    assert found.path is not None
    assert found.path.parent == home / "metta-index"
    assert found.path.stat().st_mode & 0o777 == 0o700
    assert (home / "metta-index").stat().st_mode & 0o777 == 0o700
    assert found.cache == found.path / "cache"
    assert (root / ".metta-index").read_text() == "a file"
    other = root / "other"
    other.mkdir()
    (other / ".metta-index").write_text("")
    assert refused(other, "not a folder").path != found.path


def test_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    (root / ".metta-index").symlink_to(target)
    refused(root, "symbolic link")
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["cache", "index.db", "CACHEDIR.TAG", ".gitignore"])
def test_a_link_inside_is_refused(root: Path, tmp_path: Path, name: str) -> None:
    (root / ".metta-index").mkdir(mode=0o700)
    (root / ".metta-index" / name).symlink_to(tmp_path / "victim")
    refused(root, f"its {name} is a symbolic link")
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o702, 0o777])
def test_a_mode_that_came_with_a_checkout_is_refused(root: Path, mode: int) -> None:
    inside = root / ".metta-index"
    inside.mkdir()
    inside.chmod(mode)
    refused(root, "others may enter it")
    inside.chmod(0o700)
    assert prepare_folder(root, warn=pytest.fail).path == inside


def test_another_owner_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / ".metta-index").mkdir(mode=0o700)
    owner = os.geteuid()
    # The private folder is made by us, so it would have the other owner: memory is what is left.
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    found = refused(root, "another user")
    assert (found.path, found.cache, found.database) == (None, None, None)


def test_a_read_only_root(root: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Path.mkdir

    def mkdir(path: Path, *arguments: object, **options: object) -> None:
        if path.parent == root:
            raise OSError(30, "Read-only file system")
        make(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert refused(root, "Read-only file system").database is not None
    monkeypatch.setattr(os, "access", lambda path, mode: home in Path(path).parents)
    make(root / ".metta-index", mode=0o700)
    monkeypatch.setattr(Path, "mkdir", make)
    assert refused(root, "cannot be written").database is not None


def test_memory_where_no_place_is_left(root: Path, home: Path, tmp_path: Path) -> None:
    home.write_text("not a folder")
    (root / ".metta-index").write_text("")
    warnings: list[str] = []
    found = prepare_folder(root, warn=warnings.append, wanted=tmp_path / "shared")
    assert (found.path, found.cache, found.database) == (None, tmp_path / "shared", None)
    assert len(warnings) == 1
    assert "memory" in warnings[0]


def test_a_relative_cache_home_is_ignored(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (root / ".metta-index").write_text("")
    found = refused(root, "not a folder")
    assert found.path is not None
    assert found.path.parent == tmp_path / "home" / ".cache" / "metta-index"


# -- git -------------------------------------------------------------------------


def git(where: Path, *arguments: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=where, check=True, capture_output=True, env=environment)


def neighbours(root: Path) -> None:
    """Paths that sort and look almost like those under the folder, so that version 4 shares their bytes."""
    for name in (".metta-inde", ".metta-index-x", ".metta-indey", "a/.metta-index/x", "x.metta-index/y", "z"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("version", ["2", "3", "4"])
@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_what_git_tracks_is_refused(root: Path, version: str, object_format: str, split: bool) -> None:
    git(root, "init", f"--object-format={object_format}")
    neighbours(root)
    git(root, "add", ".")
    (root / ".a").write_text("")
    git(root, "update-index", "--index-version", version)
    if version == "3":
        git(root, "add", "-N", ".a")
    assert (root / ".git" / "index").read_bytes()[4:8] == bytes([0, 0, 0, int(version)])
    if split:
        git(root, "update-index", "--split-index")
    inside = prepare_folder(root, warn=pytest.fail).path
    assert inside == root / ".metta-index"
    assert inside is not None
    (inside / "index.db").write_text("a verdict")
    git(root, "add", "--force", ".metta-index/index.db")
    refused(root, "git tracks")
    git(root, "rm", "--cached", "-r", ".metta-index")
    if not split:
        assert prepare_folder(root, warn=pytest.fail).path == inside


def test_what_a_split_index_keeps_elsewhere(root: Path) -> None:
    git(root, "init")
    neighbours(root)
    (root / ".metta-index").mkdir(mode=0o700)
    (root / ".metta-index" / "index.db").write_text("a verdict")
    git(root, "add", ".")
    git(root, "update-index", "--split-index")
    assert b".metta-index/index.db" not in (root / ".git" / "index").read_bytes()
    refused(root, "git tracks")


def test_a_root_within_a_repository(root: Path) -> None:
    git(root, "init")
    neighbours(root)
    git(root, "add", ".")
    (root / "a" / ".metta-index").chmod(0o700)
    refused(root / "a", "git tracks")
    assert prepare_folder(root, warn=pytest.fail).reason == ""


def test_a_worktree(root: Path, tmp_path: Path) -> None:
    git(root, "init")
    (root / "file").write_text("")
    git(root, "add", ".")
    git(root, "commit", "-m", "x")
    tree = tmp_path / "tree"
    git(root, "worktree", "add", str(tree))
    inside = prepare_folder(tree, warn=pytest.fail).path
    assert inside is not None
    (inside / "x").write_text("")
    git(tree, "add", "--force", ".metta-index/x")
    refused(tree, "git tracks")
    assert prepare_folder(root, warn=pytest.fail).reason == ""


@pytest.mark.parametrize("content", [b"", b"garbage", b"DIRC", b"DIRC\0\0\0\2\xff\xff\xff\xff", b"DIRC\0\0\0\x09"])
def test_an_index_that_is_none(root: Path, content: bytes) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "index").write_bytes(content)
    assert prepare_folder(root, warn=pytest.fail).reason == ""


def test_an_index_that_mentions_it_and_cannot_be_read(root: Path) -> None:
    (root / ".git").mkdir()
    (root / ".git" / "index").write_bytes(b"DIRC\0\0\0\2\0\0\0\2" + bytes(70) + b".metta-index/x\0")
    refused(root, "git tracks")


def test_the_name_is_the_documented_one() -> None:
    assert folder_module.NAME == ".metta-index"
