"""Bringing the findings of a workspace up to date: reading what is to be checked, and keeping what is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from metta_index.cache.database import DamagedIndexError, OvertakenError
from metta_index.cli.loading import Loader
from metta_index.cli.session import Session, wanted_execution
from metta_index.indexer.building.build import Options
from metta_index.indexer.checking.check import CheckOptions
from metta_index.indexer.checking.documents import CheckReport, Sharing, check_documents
from metta_index.indexer.checking.findings import Failure, Finding, decode_findings, path_bytes
from metta_index.indexer.errors import DecodeError

if TYPE_CHECKING:
    from metta_index.cli.progress import ProgressBar
    from metta_index.indexer.rules.linked import Knowledge

#: So often what happens to the index is answered by beginning anew.
_ATTEMPTS = 3


class Found(NamedTuple):
    """All findings of a workspace, sorted. `digests`: of its documents; `checked`: how many had to be looked at."""

    findings: list[Finding]
    digests: dict[str, bytes]
    failures: list[Failure]
    checked: int


def find(
    session: Session,
    options: CheckOptions,
    build_options: Options,
    make_progress: Callable[[str], ProgressBar] | None = None,
) -> Found:
    """Brings index and findings up to date, and reads them. `make_progress` is told what goes on.

    What happens to the index does not fail the check: a damaged one is begun anew, and
    where it cannot be used, or others keep changing it, all is done in memory.
    """
    for attempt in range(_ATTEMPTS + 1):
        try:
            return _find(session, options, build_options, make_progress)
        except OvertakenError as error:
            if attempt == _ATTEMPTS - 1:
                session.index = session.index.instead(error, session.warn)
        except (sqlite3.Error, DamagedIndexError, DecodeError) as error:
            if attempt == _ATTEMPTS:
                raise
            session.index = session.index.instead(error, session.warn)
    raise OvertakenError


def _find(
    session: Session, options: CheckOptions, build_options: Options, make_progress: Callable[[str], ProgressBar] | None
) -> Found:
    built = session.build(build_options, partial(make_progress, "indexing") if make_progress else None).report
    failures = [Failure(failure.path, failure.message) for failure in built.failures]
    report = refresh_findings(session, options, partial(make_progress, "checking") if make_progress else None)
    failures += report.failures
    with session.index.snapshot():
        each = [decode_findings(data) for data in session.index.findings()]
        digests = session.index.digests()
    # Those of one document are in order.
    each.sort(key=lambda found: path_bytes(found[0].path))
    return Found([finding for found in each for finding in found], digests, failures, report.checked)


def refresh_findings(
    session: Session, options: CheckOptions, make_progress: Callable[[], ProgressBar] | None = None
) -> CheckReport:
    """Checks the documents whose findings may differ from what the index has. The index is up to date.

    Raises sqlite3.Error, DamagedIndexError, OvertakenError and DecodeError.
    """

    def knowledge(many: bool) -> Knowledge:
        from metta_index.indexer.checking.workspace_facts import WorkspaceFacts

        return WorkspaceFacts(session.index, many)

    loader = Loader(str(session.root), session.index, session.settings, session.store)
    share = partial(_sharing, session, options)
    report = check_documents(session.index, knowledge, loader.load, options, share, make_progress)
    session.index.keep_findings()
    if report.measurement is not None:
        session.learn(report.measurement)
    return report


def _sharing(session: Session, options: CheckOptions) -> Sharing | None:
    """How documents can be checked in several processes; None where the index is in the memory of this one."""
    if session.index.path is None:
        return None
    from metta_index.cli.check_workers import CheckItem, CheckJob, check_to_bytes
    from metta_index.indexer.execution.plan import usable_cpus

    job = CheckJob(str(session.root), str(session.index.path), options._replace(settings=options.settings.plain()))
    wanted, load_rates = wanted_execution(None, None), session.workspace().load_rates
    return Sharing(wanted, load_rates, usable_cpus(), lambda document: CheckItem(job, document.path), check_to_bytes)
