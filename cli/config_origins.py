"""Every setting in force, with its value and where that comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from metta_index.indexer.configuration import FILE_NAME, PYPROJECT, ConfigurationError, Settings
from metta_index.indexer.configuration_places import ConfigurationPlaces
from metta_index.indexer.discovery.ignoring import git_configuration
from metta_index.indexer.linking.aliases import AliasSource, workspace_aliases

#: What the plan is asked for: by an option, else by a variable of the environment.
EXECUTION = {
    "jobs": "METTA_INDEX_JOBS",
    "backend": "METTA_INDEX_BACKEND",
    "scheduler": "METTA_INDEX_SCHEDULER",
    "parallel-threshold-ms": "METTA_INDEX_PARALLEL_THRESHOLD_MS",
}
_CACHE_DIR_VARIABLE = "METTA_INDEX_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `line` and `table` are those of a configuration file.

    `name`: the file (its name alone where it is in the root), the variable, the option, or what else it was found
    by; "" for a default.
    """

    kind: Literal["default", "file", "environment", "flag", "found"]
    name: str = ""
    line: int | None = None
    table: str = ""

    def text(self) -> str:
        if self.kind == "default":
            return "default"
        place = self.name if self.line is None else f"{self.name}:{self.line}"
        return f"{place} [{self.table}]" if self.table else place

    def as_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {"kind": self.kind}
        if self.name:
            data["name"] = self.name
        if self.kind == "file":
            data |= {"line": self.line, "table": self.table or None}
        return data


DEFAULT = Origin("default")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting by the name it has in a file, the value that is in force, as JSON has it, and its origin."""

    name: str
    value: Any
    origin: Origin

    def text(self) -> str:
        if isinstance(self.value, str):
            return self.value
        if self.value is None:
            return "none"
        return json.dumps(self.value, ensure_ascii=False)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "value": self.value, "origin": self.origin.as_json()}


def settings_in_force(
    root: Path, settings: Settings, wanted_root: Path | None, flags: Mapping[str, str | None]
) -> list[Setting]:
    """All settings; `flags`: options by the name of what they set, None where not given. Raises ConfigurationError."""
    places = places_of(settings)
    return [
        Setting("root", str(root), Origin("flag", "--root") if wanted_root is not None else _found_root(root)),
        *(_execution(name, variable, flags.get(name)) for name, variable in EXECUTION.items()),
        *(
            _configured(root, settings, name, places, flags.get(name.replace("_", "-")))
            for name in Settings._fields
            if name not in ("source", "prefix")
        ),
    ]


def places_of(settings: Settings) -> ConfigurationPlaces | None:
    """The lines of the file that settings come from; None for defaults. Raises ConfigurationError."""
    if settings.source is None:
        return None
    try:
        return ConfigurationPlaces(settings.source)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            settings.source, f"changed while it was read ({error}); run the command again"
        ) from error


def setting_origin(settings: Settings, name: str, *inner: str | int) -> Origin:
    """Where a setting, or something in it, is written; the name as in a file. Raises ConfigurationError."""
    return _written(settings, places_of(settings), name, *inner)


def _written(settings: Settings, places: ConfigurationPlaces | None, name: str, *inner: str | int) -> Origin:
    if places is None or not places.has(name):
        return DEFAULT
    file = str(places.path) if settings.prefix else places.path.name
    return Origin("file", file, places.line(name, *inner), places.table)


def _found_root(root: Path) -> Origin:
    """By what the folder was taken for the root of a workspace (`find_root`)."""
    if (root / ".metta-index").is_dir():
        return Origin("found", "it holds .metta-index/")
    own = next((name for name in (FILE_NAME, PYPROJECT) if (root / name).is_file()), None)
    if own is not None:
        return Origin("found", f"it holds {own}")
    if (root / ".git").exists():
        return Origin("found", "it is the root of a git repository")
    return Origin("found", "nothing above it says otherwise")


def _execution(name: str, variable: str, flag: str | None) -> Setting:
    if flag is not None:
        return Setting(name, flag, Origin("flag", f"--{name}"))
    value = os.environ.get(variable)
    return (
        Setting(name, value, Origin("environment", variable))
        if value
        else Setting(name, None if name == "scheduler" else "auto", DEFAULT)
    )


def _configured(
    root: Path, settings: Settings, name: str, places: ConfigurationPlaces | None, flag: str | None
) -> Setting:
    key = name.replace("_", "-")
    origin = _written(settings, places, key)
    value = getattr(settings, name)
    if name == "cache_dir":
        value, origin = _cache_dir(root, settings, origin, flag)
    elif name in ("max_cache_bytes", "max_cache_entries") and value is None:
        from metta_index.cache.reports import Limits

        value = getattr(Limits(), name.replace("_cache", ""))
    elif name == "alias":
        names, source = workspace_aliases(settings.alias, git_configuration(root), root.name)
        value = names
        if source is AliasSource.GIT_REMOTE:
            origin = Origin("found", "its git remote")
        elif source is AliasSource.FOLDER:
            origin = Origin("found", "its folder")
    return Setting(key, _plain(value), origin)


def _cache_dir(root: Path, settings: Settings, origin: Origin, flag: str | None) -> tuple[str, Origin]:
    if flag is not None:
        return flag, Origin("flag", "--cache-dir")
    variable = os.environ.get(_CACHE_DIR_VARIABLE)
    if variable:
        return variable, Origin("environment", _CACHE_DIR_VARIABLE)
    return str(settings.cache_dir_path() or root / ".metta-index" / "cache"), origin


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value
