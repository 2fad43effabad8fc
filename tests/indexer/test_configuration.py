"""Settings: where they are found, what they mean, and what a wrong one is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from metta_index.indexer.configuration import ConfigurationError, Settings, find_root, load_settings


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def wrong(root: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(root)
    return str(caught.value)


def test_defaults_without_a_configuration(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings == Settings()
    assert (settings.suffixes, settings.dialect, settings.source) == ((".metta",), "auto", None)


def test_every_key_is_read(tmp_path: Path) -> None:
    source = write(
        tmp_path / "metta-index.toml",
        """
        include = ["src/"]
        exclude = ["generated/", "!generated/keep.metta"]
        suffixes = [".metta", ".mt"]
        dialect = "petta"
        alias = ["project"]
        rholang-channels = ["rho:metta:*", "rho:own:run"]
        exact-bytes = 5_000_000
        max-cache-bytes = 1_000_000
        max-cache-entries = 500
        cache-dir = "../cache"
        [dialects]
        "mm2/" = "mm2"
        """,
    )
    settings = load_settings(tmp_path)
    assert settings == Settings(
        include=("src/",),
        exclude=("generated/", "!generated/keep.metta"),
        suffixes=(".metta", ".mt"),
        dialect="petta",
        dialects={"mm2/": "mm2"},
        alias=("project",),
        rholang_channels=("rho:metta:*", "rho:own:run"),
        exact_bytes=5_000_000,
        max_cache_bytes=1_000_000,
        max_cache_entries=500,
        cache_dir="../cache",
        source=source,
    )
    assert settings.cache_dir_path() == tmp_path / "../cache"


def test_section_of_pyproject(tmp_path: Path) -> None:
    source = write(tmp_path / "pyproject.toml", '[project]\nname = "x"\n[tool.metta-index]\ndialect = "mm2"\n')
    assert load_settings(tmp_path) == Settings(dialect="mm2", source=source)


def test_own_file_wins_over_pyproject_in_the_same_folder(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool.metta-index]\ndialect = "mm2"\n')
    write(tmp_path / "metta-index.toml", 'dialect = "petta"\n')
    assert load_settings(tmp_path).dialect == "petta"


def test_nearest_folder_wins_and_tells_how_it_sees_the_root(tmp_path: Path) -> None:
    write(tmp_path / "metta-index.toml", 'dialect = "petta"\n')
    write(tmp_path / "a/pyproject.toml", '[tool.metta-index]\ndialect = "mm2"\n')
    inner = tmp_path / "a/b/c"
    inner.mkdir(parents=True)
    assert (load_settings(inner).dialect, load_settings(inner).prefix) == ("mm2", "b/c/")
    assert (load_settings(tmp_path).dialect, load_settings(tmp_path).prefix) == ("petta", "")


@pytest.mark.parametrize(
    "text",
    [
        '[project]\ndependencies = ["metta-index"]\n',
        "tool = 5 # metta-index\n",
        'broken = # metta-index\n[project]\ndependencies = ["metta-index"]\n',
        "[tool.other]\n",
    ],
)
def test_pyproject_that_is_not_about_us_is_none_of_our_business(tmp_path: Path, text: str) -> None:
    write(tmp_path / "pyproject.toml", text)
    write(tmp_path / "sub/x.metta", "")
    assert load_settings(tmp_path / "sub") == Settings()
    assert find_root(tmp_path / "sub") == tmp_path / "sub"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exclud = []", ["unknown key `exclud`", "did you mean `exclude`?"]),
        ("cache_dir = 'x'", ["unknown key `cache_dir`", "did you mean `cache-dir`?"]),
        ("zzzzzz = 1", ["unknown key `zzzzzz`", "known keys are alias, cache-dir, dialect"]),
        ("source = 'x'", ["unknown key `source`"]),
        ("prefix = 'x'", ["unknown key `prefix`"]),
        ("include = 'src/'", ["`include` must be a list of strings", "the text 'src/'"]),
        ("exclude = ['']", ["`exclude` must be a list of strings", "the list ['']"]),
        ("suffixes = []", ["`suffixes`", "at least one"]),
        ("suffixes = [1]", ["`suffixes` must be a list of strings", "the list [1]"]),
        ("dialect = 'prolog'", ["`dialect` must be one of auto, hyperon, petta, mm2, mettatron", "'prolog'"]),
        ("dialect = ['mm2']", ["`dialect` must be one of", "the list ['mm2']"]),
        ("dialects = 'mm2'", ["`dialects` must be a table"]),
        ("dialects = {'a/' = 'mm3'}", ["`dialects.a/` must be one of", "'mm3'"]),
        ("exact-bytes = 0", ["`exact-bytes` must be a whole number above 0", "the number 0"]),
        ("max-cache-bytes = 0", ["`max-cache-bytes` must be a whole number above 0", "the number 0"]),
        ("max-cache-bytes = 1.5", ["`max-cache-bytes`", "the number 1.5"]),
        ("max-cache-entries = true", ["`max-cache-entries`", "the boolean True"]),
        ("cache-dir = 7", ["`cache-dir` must be the path of a folder", "the number 7"]),
        ("alias = 'a'", ["`alias` must be a list of strings"]),
        ("x = 1\ny = = 2\n", ["not valid TOML", "line 2"]),
        (f"x = {'[' * 100_000}", ["nested too deeply"]),
        (f"\n{'a.' * 100_000}a = 1", ["more than 1,000 dots in line 2"]),
    ],
)
def test_wrong_configuration_names_file_cause_and_remedy(tmp_path: Path, text: str, said: list[str]) -> None:
    source = write(tmp_path / "metta-index.toml", text)
    message = wrong(tmp_path)
    assert message.startswith(f"{source}: ")
    assert [part for part in said if part not in message] == []
    assert len(message) < 300 + len(str(source))


def test_broken_pyproject_with_our_section_is_not_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.metta-index]\ndialect =\n")
    assert find_root(tmp_path / "sub") == tmp_path
    assert "line 2" in wrong(tmp_path)


def test_section_that_is_no_table(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[tool]\nmetta-index = "x"\n')
    assert "must be a table, not the text 'x'" in wrong(tmp_path)


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "metta-index.toml").write_bytes(b'dialect = "mm2"\n# \xff\n')
    assert "not UTF-8 (at line 2)" in wrong(tmp_path)


@pytest.mark.parametrize("marker", [".metta-index/", "metta-index.toml", "pyproject.toml"])
def test_root_is_the_nearest_folder_with_a_marker(tmp_path: Path, marker: str) -> None:
    (tmp_path / "repo/.git").mkdir(parents=True)
    inner = tmp_path / "repo/a/b/c"
    inner.mkdir(parents=True)
    place = tmp_path / "repo/a" / marker
    if marker.endswith("/"):
        place.mkdir()
    else:
        write(place, "[tool.metta-index]\n" if marker == "pyproject.toml" else "")
    assert find_root(inner) == tmp_path / "repo/a"
    assert find_root(write(inner / "x.metta", "")) == tmp_path / "repo/a"


def test_marker_above_the_repository_wins_over_it(tmp_path: Path) -> None:
    write(tmp_path / "metta-index.toml", "")
    (tmp_path / "repo/.git").mkdir(parents=True)
    assert find_root(tmp_path / "repo") == tmp_path


def test_root_is_else_the_repository_else_the_folder(tmp_path: Path) -> None:
    inner = tmp_path / "repo/a"
    inner.mkdir(parents=True)
    file = write(inner / "x.metta", "")
    assert find_root(inner) == find_root(file) == find_root(inner / "../a") == inner
    write(tmp_path / "repo/.git", "gitdir: elsewhere\n")
    assert find_root(inner) == find_root(file) == tmp_path / "repo"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.metta", "a/b/x.metta", True),
        ("/*.metta", "x.metta", True),
        ("/*.metta", "a/x.metta", False),
        ("mm2", "mm2/x.metta", True),
        ("mm2/", "a/mm2/b/x.metta", True),
        ("mm2/", "a/mm2", False),
        ("mm2", "a/mm20/x.metta", False),
        ("a/b", "a/b/x.metta", True),
        ("a/b", "c/a/b/x.metta", False),
        ("a/**/x.metta", "a/x.metta", True),
        ("a/**/x.metta", "a/b/c/x.metta", True),
        ("**/x.metta", "x.metta", True),
        ("a/**", "a/b/x.metta", True),
        ("a/*.metta", "a/b/x.metta", False),
        ("?.metta", "a/x.metta", True),
        ("?.metta", "xy.metta", False),
        ("x+[1].metta", "x+[1].metta", True),
        ("*.metta", "odd\nname.metta", True),
    ],
)
def test_dialect_patterns(pattern: str, path: str, matches: bool) -> None:
    assert Settings(dialects={pattern: "mm2"}).dialect_of(path) == ("mm2" if matches else None)


def test_first_dialect_pattern_in_the_file_wins(tmp_path: Path) -> None:
    write(
        tmp_path / "metta-index.toml",
        'dialect = "hyperon"\n[dialects]\n"lib/old/" = "auto"\n"lib/" = "petta"\n"*.metta" = "mm2"\n"x" = "petta"\n',
    )
    settings = load_settings(tmp_path)
    assert [settings.dialect_of(path) for path in ("lib/old/x.metta", "lib/x.metta", "x.metta", "x.mt")] == [
        None,
        "petta",
        "mm2",
        "hyperon",
    ]
    (tmp_path / "lib").mkdir()
    assert load_settings(tmp_path / "lib").dialect_of("x.metta") == "petta"


@pytest.mark.parametrize(
    "changed",
    [
        Settings(include=("a",)),
        Settings(exclude=("a",)),
        Settings(suffixes=(".mt",)),
        Settings(dialect="mm2"),
        Settings(dialects={"a": "mm2", "b": "petta"}),
        Settings(dialects={"b": "petta", "a": "mm2"}),
        Settings(prefix="a/"),
        Settings(exact_bytes=1),
        Settings(rholang_channels=()),
        Settings(rholang_channels=("rho:metta:compile",)),
    ],
)
def test_fingerprint_tells_settings_apart(changed: Settings) -> None:
    assert changed.fingerprint() != Settings().fingerprint()
    assert Settings(dialects={"a": "mm2", "b": "petta"}).fingerprint() != (
        Settings(dialects={"b": "petta", "a": "mm2"}).fingerprint()
    )


def test_what_decides_how_a_file_is_read_is_that_of_its_language() -> None:
    settings = Settings(dialect="petta", rholang_channels=("rho:b", "rho:a"))
    same = Settings(rholang_channels=("rho:a", "rho:b"))
    assert settings.options_of("metta", "a.metta") == "petta"
    assert settings.options_of("rholang", "a.rho") == same.options_of("rholang", "a.rho") is not None
    assert settings.options_of("python", "a.py") is Settings().options_of("rholang", "a.rho") is None


def test_nothing_heavy_is_imported_without_a_configuration(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from metta_index.indexer.configuration import find_root, load_settings;"
        f"load_settings(find_root(Path({str(tmp_path)!r})));"
        "print(*{'tomllib', 'difflib', 'pathspec', 'rich', 'typer'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "\n"
