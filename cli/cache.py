"""`metta-index cache`: the store of parse trees and symbol tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from metta_index.cli.exits import UsageError, one_of
from metta_index.cli.options import CACHE_DIR_OPTION, FORMAT_OPTION, ROOT_OPTION
from metta_index.cli.session import Session, open_session

if TYPE_CHECKING:
    from metta_index.cache.store import Store

cache_app = typer.Typer(
    add_completion=False,
    help="Look at, check and clean the cache of parse trees and symbol tables.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

CacheDirOption = Annotated[Path | None, CACHE_DIR_OPTION]
RootOption = Annotated[Path | None, ROOT_OPTION]


@contextmanager
def _open(root: Path | None, cache_dir: Path | None) -> Iterator[tuple[Session, Store]]:
    with open_session(root, cache_dir=cache_dir) as session:
        store = session.store()
        if store is None:
            raise UsageError(f"{session.root} has no cache: {session.folder.reason or 'there is no place for one'}")
        yield session, store


@cache_app.command("info")
def info_command(
    root: RootOption = None,
    cache_dir: CacheDirOption = None,
    output_format: Annotated[str, FORMAT_OPTION] = "text",
) -> int:
    """Show where the cache is, what it holds and what it may hold.

    Example: metta-index cache info --format json
    """
    one_of("--format", output_format, "text", "json")
    with _open(root, cache_dir) as (session, store):
        stats = store.stats()
        if output_format == "json":
            print(json.dumps({"schema": 1, "path": str(session.folder.cache), **stats._asdict()}, default=str))
            return 0
        print(f"{session.folder.cache}: {stats.state}" + (f" ({stats.reason})" if stats.reason else ""))
        print(f"{stats.entries:,} of at most {stats.max_entries:,} entries")
        print(f"{stats.bytes / 1e6:,.1f} of at most {stats.max_bytes / 1e6:,.0f} MB")
    return 0


@cache_app.command("verify")
def verify_command(
    root: RootOption = None,
    cache_dir: CacheDirOption = None,
    keep: Annotated[bool, typer.Option("--keep", help="Only count what is damaged; remove nothing.")] = False,
) -> int:
    """Check every entry against its checksum, and remove what does not verify. Exit code 1: something did not.

    Example: metta-index cache verify
    """
    with _open(root, cache_dir) as (_session, store):
        report = store.verify(remove=not keep)
        print(
            f"{report.good:,} entries verify, {report.bad:,} do not" + ("" if keep or not report.bad else "; removed")
        )
        for problem in report.problems:
            print(f"  {problem}")
    return 1 if report.bad or report.problems else 0


@cache_app.command("gc")
def gc_command(
    root: RootOption = None,
    cache_dir: CacheDirOption = None,
    max_age_days: Annotated[
        float | None, typer.Option("--max-age-days", help="Remove what no build used for so long.", min=0)
    ] = 30,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
) -> int:
    """Remove entries that were not used for a while, and give the space back.

    Example: metta-index cache gc --max-age-days 7 --dry-run
    """
    with _open(root, cache_dir) as (_session, store):
        report = store.gc(max_age_days=max_age_days, dry_run=dry_run)
        verb = "would be removed" if dry_run else "removed"
        print(f"{report.removed:,} entries {verb}, {report.kept:,} kept, {report.freed_bytes / 1e6:,.1f} MB freed")
    return 0


@cache_app.command("clear")
def clear_command(root: RootOption = None, cache_dir: CacheDirOption = None) -> int:
    """Remove all entries. The index stays; what changes next is parsed anew.

    Example: metta-index cache clear
    """
    with _open(root, cache_dir) as (session, store):
        print(f"{store.clear():,} entries removed from {session.folder.cache}")
    return 0


@cache_app.command("key")
def key_command(
    prefix: Annotated[bool, typer.Option("--prefix", help="Only what keys of all contents begin with.")] = False,
    root: RootOption = None,
) -> int:
    """Print what a CI job should key its cache by: this version of the program, and what the files hold.

    A cache of other contents serves as well, for what it has: restore by the prefix.

    Examples:

      metta-index cache key

      metta-index cache key --prefix
    """
    from metta_index.indexer.languages import own_versions
    from metta_index.indexer.text.digest import content_digest

    versions = content_digest(own_versions().encode()).hex()[:12]
    if prefix:
        print(f"metta-index-{versions}-")
        return 0
    with open_session(root) as session:
        contents = content_digest(b"".join(_contents(session))).hex()[:24]
    print(f"metta-index-{versions}-{contents}")
    return 0


def _contents(session: Session) -> Iterator[bytes]:
    """The digest of every file of a workspace; what cannot be read is in no cache."""
    from metta_index.indexer.discovery.walk import discover
    from metta_index.indexer.text.digest import content_digest

    for path in discover(session.root, session.settings).files:
        with suppress(OSError):
            yield content_digest((session.root / path).read_bytes())
