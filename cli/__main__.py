"""The entry point: `metta-index` and `python -m metta_index.cli`."""

from __future__ import annotations

import gc
import os
import sys

from metta_index.cli import VERSION

#: A build makes many objects that stay, and hardly a cycle: looking for those as often as
#: Python does by itself takes a twentieth of a small build.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000

#: Questions that are mostly asked without an option: the module and the function that answer each.
_QUERIES = {
    "def": ("querying", "run_def"),
    "refs": ("querying", "run_refs"),
    "doc": ("querying", "run_doc"),
    "callers": ("calling", "run_callers"),
    "callees": ("calling", "run_callees"),
}


def main() -> None:
    _enter_utf_8_mode()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        code = _run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130  # while the command was being loaded
    # All that is left goes with the process: Python would look through it for garbage first, a tenth of a small build.
    gc.freeze()
    sys.exit(code)


def _enter_utf_8_mode() -> None:
    """Starts again where Python would read names of files by another encoding: one index serves every locale.

    Python does that by itself in the locale C, unless PYTHONUTF8=0 forbids it.
    """
    if sys.getfilesystemencoding() != "utf-8" and not sys.flags.utf8_mode and sys.executable:
        variables = {**os.environ, "PYTHONUTF8": "1"}  # for workers
        os.execve(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]], variables)


def _run(arguments: list[str]) -> int:
    """Typer takes longer to start than a build without changes.

    The shortest command lines, which hooks and scripts repeat, go without it; a test
    compares them with what Typer makes of them.
    """
    if arguments == ["--version"]:
        print(f"metta-index {VERSION}")
        return 0
    if arguments and arguments[0] == "build" and len(arguments) <= 2 and not arguments[-1].startswith("-"):
        from pathlib import Path

        from metta_index.cli.building import run_build
        from metta_index.cli.exits import exit_code_of

        root = Path(arguments[1]) if len(arguments) == 2 else None
        return exit_code_of(lambda: run_build(root))
    if arguments == ["check"]:
        from metta_index.cli.check_run import CheckRequest, run_check
        from metta_index.cli.exits import exit_code_of

        return exit_code_of(lambda: run_check(CheckRequest()))
    if len(arguments) > 1 and arguments[0] in _QUERIES and not any(word.startswith("-") for word in arguments):
        from importlib import import_module

        from metta_index.cli.exits import exit_code_of

        module, function = _QUERIES[arguments[0]]
        ask = getattr(import_module(f"metta_index.cli.{module}"), function)
        return exit_code_of(lambda: ask(arguments[1:]))
    if len(arguments) == 2 and arguments[0] == "search" and not arguments[1].startswith("-"):
        from metta_index.cli.exits import exit_code_of
        from metta_index.cli.searching import run_search

        return exit_code_of(lambda: run_search(arguments[1]))
    from metta_index.cli.app import run

    return run()


if __name__ == "__main__":
    main()
