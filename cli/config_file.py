"""What the settings make of one file: its language, its dialect, whether it is indexed, and why."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metta_index.cli.config_origins import DEFAULT, Origin, setting_origin
from metta_index.cli.exits import UsageError
from metta_index.indexer.building.documents import located
from metta_index.indexer.configuration import Settings
from metta_index.indexer.discovery.ignoring import read_regular
from metta_index.indexer.discovery.reasons import Verdict, verdict_on
from metta_index.indexer.discovery.walk import display_path
from metta_index.indexer.languages import LANGUAGES, language_of


@dataclass(frozen=True, slots=True)
class FileFacts:
    """`path` as the index names the file. Each `…_why` is a clause, its origin that of the setting in it.

    `language` and `dialect` are None for what no language of ours has the ending of.
    """

    path: str
    verdict: Verdict
    verdict_origin: Origin
    language: str | None
    language_why: str
    dialect: str | None
    dialect_why: str
    dialect_origin: Origin

    def lines(self) -> list[str]:
        path = display_path(self.path)
        if self.language is None:
            return [f"{path} is not indexed: {self.verdict_text()}"]
        return [
            f"{path} is indexed" if self.verdict.is_taken else f"{path} is not indexed: {self.verdict_text()}",
            f"language: {self.language}, since {self.language_why}",
            f"dialect: {self.dialect}, since {self.dialect_why}",
        ]

    def verdict_text(self) -> str:
        verdict = self.verdict
        at = verdict.at if verdict.at != self.path else "it"
        text = f"{display_path(at)} {_CLAUSES.get(verdict.reason, f'is left out: {verdict.reason}')}"
        if verdict.reason.startswith("ends in none of"):
            text = f"it {verdict.reason}"
        if verdict.decided_by is not None:
            place = verdict.decided_by
            text += f", by `{place.pattern}` ({place.file}:{place.line})"
        if verdict.setting:
            text += f" ({self.verdict_origin.text()})"
        return text

    def as_json(self) -> dict[str, Any]:
        verdict = self.verdict
        discovered: dict[str, Any] = {"discovered": verdict.is_taken}
        if not verdict.is_taken:
            discovered |= {"reason": verdict.reason, "refused": display_path(verdict.at)}
        if verdict.decided_by is not None:
            discovered["pattern"] = verdict.decided_by._asdict()
        if verdict.setting:
            discovered |= {"setting": verdict.setting, "origin": self.verdict_origin.as_json()}
        return {
            "path": display_path(self.path),
            **discovered,
            "language": {"value": self.language, "why": self.language_why},
            "dialect": {"value": self.dialect, "why": self.dialect_why, "origin": self.dialect_origin.as_json()},
        }


_CLAUSES = {
    "ignored by git": "is ignored by git",
    "excluded by the configuration": "is excluded",
    "not included by the configuration": "matches no pattern of `include`",
    "hidden file": "is a hidden file",
    "hidden folder": "is a hidden folder",
    "symbolic link": "is a symbolic link",
}


def file_facts(root: Path, settings: Settings, file: Path) -> FileFacts:
    """All that can be told of a file. Raises UsageError where it is none, or outside the workspace."""
    path = _relative(root, settings, file)
    verdict = verdict_on(root, path, settings)
    origin = DEFAULT
    if verdict.setting:
        inner = () if verdict.position is None else (verdict.position,)
        origin = setting_origin(settings, verdict.setting, *inner)
    language, language_why = _language(settings, path)
    if language is None:
        return FileFacts(path, verdict, origin, None, language_why, None, "it has no language", DEFAULT)
    dialect, dialect_why, dialect_origin = _dialect(root, settings, path, language)
    return FileFacts(path, verdict, origin, language, language_why, dialect, dialect_why, dialect_origin)


def _relative(root: Path, settings: Settings, file: Path) -> str:
    """A file as the index names it, links in its name not followed but in the folder that it is in."""
    if not os.path.lexists(file):
        raise UsageError(f"{file} does not exist; name a file of the workspace {root}")
    if file.is_dir() and not file.is_symlink():
        raise UsageError(f"{file} is a folder; name a file in it, or the workspace with --root")
    absolute = Path(os.path.realpath(file.parent)) / file.name
    folders = {Path(os.path.realpath(root / name)): name for name in settings.outside_roots()} | {root: ""}
    holding = [folder for folder in folders if absolute.is_relative_to(folder)]
    if not holding:
        raise UsageError(f"{file} is outside the workspace {root}; choose another with --root")
    folder = max(holding, key=lambda one: len(one.parts))
    return posixpath.join(folders[folder], absolute.relative_to(folder).as_posix())


def _language(settings: Settings, path: str) -> tuple[str | None, str]:
    language = language_of(path)
    ending = next((ending for ending in LANGUAGES[language] if path.endswith(ending)), None)
    if ending is None or (language == "metta" and ending not in settings.suffixes):
        ending = next((ending for ending in settings.suffixes if path.endswith(ending)), None)
        if ending is None:
            return None, "no language has its ending"
        return language, f"it ends in {ending}, one of `suffixes` ({setting_origin(settings, 'suffixes').text()})"
    if language != "metta" and language not in settings.languages:
        where = setting_origin(settings, "languages").text()
        return language, f"it ends in {ending}; `languages` does not name it ({where})"
    return language, f"it ends in {ending}"


def _dialect(root: Path, settings: Settings, path: str, language: str) -> tuple[str, str, Origin]:
    if language != "metta":
        return language, "that language has one; the MeTTa inside it has its own", DEFAULT
    pattern = settings.dialect_pattern(path)
    setting = ("dialect",) if pattern is None else ("dialects", pattern)
    origin = setting_origin(settings, *setting)
    configured = settings.dialect_of(path)
    if configured is not None:
        written = "`dialect` says so" if pattern is None else f"it matches `{pattern}` of `dialects`"
        return configured, f"{written} ({origin.text()})", origin
    return *_shown_dialect(Path(located(root, path))), origin


def _shown_dialect(file: Path) -> tuple[str, str]:
    """The dialect that a text shows, and by what."""
    from metta_index.indexer.languages.metta.dialects import DEFAULT as UNSHOWN
    from metta_index.indexer.languages.metta.evidence import shown_dialect

    try:
        source = read_regular(file)
    except OSError as error:
        return UNSHOWN, f"it cannot be read ({error.strerror or error}), and that is the default"
    shown = shown_dialect(source)
    if shown is None:
        return UNSHOWN, "its text shows no other, and that is the default"
    dialect, word, start = shown
    line = source.count(b"\n", 0, start) + 1
    return dialect, f"its text shows it: `{word.decode('utf-8', 'backslashreplace')}` in line {line}"
