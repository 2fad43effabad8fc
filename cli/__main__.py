"""The entry point: `metta-index` and `python -m metta_index.cli`."""

import sys

from metta_index.cli import VERSION


def main() -> None:
    if sys.argv[1:] == ["--version"]:  # before Typer is imported: scripts ask this often
        print(f"metta-index {VERSION}")
        return
    from metta_index.cli.app import run

    sys.exit(run())


if __name__ == "__main__":
    main()
