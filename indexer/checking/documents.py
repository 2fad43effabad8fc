"""Checking the documents of a workspace that something changed for: in this process, or in several."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec

from metta_index.indexer.checking.check import Checked, CheckOptions, Text, UnreadableError, check_document
from metta_index.indexer.checking.findings import Failure, encode_findings
from metta_index.indexer.protocols import IndexedDocument

if TYPE_CHECKING:
    # Who checks a few documents needs no plan.
    from metta_index.indexer.execution.plan import ExecutionPlan, Rates, RunMeasurement
    from metta_index.indexer.execution.wanted import Wanted
    from metta_index.indexer.rules.linked import Knowledge

#: So many documents ask for imports one by one before reading all of them is cheaper.
_FEW = 16


_Document = TypeVar("_Document", bound=IndexedDocument)


class FindingStore(Protocol[_Document]):
    """The findings of a workspace, kept with the index they were made from."""

    def unchecked(self, fingerprint: str) -> list[_Document]:
        """The documents whose findings are not known, or were made otherwise than `fingerprint` says."""

    def put_findings(self, document: _Document, count: int, data: bytes, keys: Iterable[bytes]) -> None:
        """Keeps the encoded findings of a document until something of one of these keys changes."""

    def findings(self) -> Iterator[bytes]:
        """The encoded findings of the documents that have some."""


class Sharing(NamedTuple):
    """How documents may be checked in other processes: as everything else (`plan.plan_execution`).

    `item_of`: what a worker is sent for a document; `work`: the function of a module that it calls with that, and
    that gives an `Outcome`, encoded.
    """

    wanted: Wanted
    load_rates: Callable[[], Rates]
    cpus: int
    item_of: Callable[[Any], Any]
    work: Callable[[Any], bytes]


class Progress(Protocol):
    """Told how a check goes on, in files and bytes."""

    def start(self, files: int, size: int) -> None: ...

    def advance(self, files: int, size: int) -> None: ...

    def stop(self) -> None: ...


class Outcome(msgspec.Struct, frozen=True, array_like=True):
    """What came of checking a document: findings, encoded, and what they depend on; or why it could not be read."""

    count: int = 0
    findings: bytes = b""
    keys: tuple[bytes, ...] = ()
    unreadable: str = ""

    @classmethod
    def of(cls, checked: Checked) -> Outcome:
        return cls(len(checked.findings), encode_findings(checked.findings), tuple(sorted(checked.keys)))


encode_outcome = msgspec.msgpack.Encoder().encode
decode_outcome = msgspec.msgpack.Decoder(Outcome).decode


class CheckReport(NamedTuple):
    """`checked`: how many documents were looked at; `failures`: those that could not be.

    `measurement`: what it cost, where there were so many that it was planned.
    """

    checked: int
    failures: tuple[Failure, ...]
    measurement: RunMeasurement | None = None


def check_documents(
    store: FindingStore[_Document],
    knowledge: Callable[[bool], Knowledge],
    load: Callable[[_Document], Text],
    options: CheckOptions,
    share: Callable[[], Sharing | None] | None = None,
    make_progress: Callable[[], Progress] | None = None,
) -> CheckReport:
    """Brings the findings of a workspace up to date: only documents that something changed for are checked.

    `load` raises UnreadableError. `knowledge` is told whether many documents will ask. `share` is asked where there
    are many; None does it all in this process. `make_progress` likewise, to be told how it goes on.
    """
    waiting = store.unchecked(options.fingerprint())
    if not waiting:
        return CheckReport(0, ())
    known: list[Knowledge] = []
    many = len(waiting) > _FEW

    def here(document: _Document) -> Outcome:
        if not known:
            known.append(knowledge(many))
        try:
            text = load(document)
        except UnreadableError as error:
            return Outcome(unreadable=str(error))
        return Outcome.of(check_document(document.path, document.dialect, text, known[0], options))

    measured: list[RunMeasurement] = []
    sharing = share() if many and share is not None else None
    if sharing is not None:
        results = _shared(waiting, sharing, here, measured.append)
    else:
        results = ((document, here(document)) for document in waiting)
    failures: list[Failure] = []
    with _shown(make_progress if many else None, waiting) as advance:
        for document, outcome in results:
            if outcome.unreadable:
                failures.append(Failure(document.path, outcome.unreadable))
            else:
                store.put_findings(document, outcome.count, outcome.findings, outcome.keys)
            advance(1, document.size)
    return CheckReport(len(waiting) - len(failures), tuple(failures), measured[0] if measured else None)


@contextmanager
def _shown(
    make_progress: Callable[[], Progress] | None, waiting: Sequence[IndexedDocument]
) -> Iterator[Callable[[int, int], None]]:
    if make_progress is None:
        yield lambda _files, _size: None
        return
    progress = make_progress()
    progress.start(len(waiting), sum(document.size for document in waiting))
    try:
        yield progress.advance
    finally:
        progress.stop()


def _shared(
    waiting: Sequence[_Document],
    sharing: Sharing,
    here: Callable[[_Document], Outcome],
    on_finish: Callable[[RunMeasurement], None],
) -> Iterator[tuple[_Document, Outcome]]:
    from metta_index.indexer.execution.plan import Load, plan_execution
    from metta_index.indexer.execution.rates import CHECK
    from metta_index.indexer.execution.wanted import Wanted

    # A cluster has not our index.
    wanted = sharing.wanted if sharing.wanted.backend != "dask" else Wanted(backend="sequential")
    loads = [Load(CHECK, document.size) for document in waiting]
    plan = plan_execution(loads, sharing.load_rates(), sharing.cpus, wanted)
    if plan.backend == "loky":
        return _in_workers(plan, waiting, sharing, here, on_finish)
    return _in_turn(plan, waiting, here, on_finish)


def _in_turn(
    plan: ExecutionPlan,
    waiting: Sequence[_Document],
    here: Callable[[_Document], Outcome],
    on_finish: Callable[[RunMeasurement], None],
) -> Iterator[tuple[_Document, Outcome]]:
    from metta_index.indexer.execution.rates import Meter

    meter = Meter(plan.loads)
    for number, document in enumerate(waiting):
        started = time.perf_counter()
        outcome = here(document)
        meter.add(number, (time.perf_counter() - started) * 1000)
        yield document, outcome
    on_finish(meter.measurement("sequential", 1, ""))


def _in_workers(
    plan: ExecutionPlan,
    waiting: Sequence[_Document],
    sharing: Sharing,
    here: Callable[[_Document], Outcome],
    on_finish: Callable[[RunMeasurement], None],
) -> Iterator[tuple[_Document, Outcome]]:
    from metta_index.indexer.execution.run import execute

    items = [sharing.item_of(document) for document in waiting]
    with closing(execute(plan, items, sharing.work, on_finish=on_finish)) as results:
        for number, data in results:
            document = waiting[number]
            if isinstance(data, bytes):
                yield document, decode_outcome(data)
            elif data.kind == "error":  # of the index, perhaps: here it is raised
                yield document, here(document)
            else:
                yield document, Outcome(unreadable=data.message)
