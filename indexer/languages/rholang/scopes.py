"""What names are bound to while a text is read: binders, the groups that come into scope together, and uses."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from metta_index.indexer.text.problems import Problem
from metta_index.indexer.text.symbols import Lambda, Role, Use


@dataclass(slots=True, eq=False)
class Binder:
    """One place that binds a name. `start` is -1 for the names that agents have without writing them."""

    name: bytes
    start: int
    is_process: bool
    is_used: bool = False

    @property
    def end(self) -> int:
        return self.start + len(self.name)


@dataclass(slots=True, eq=False)
class Group:
    """Binders that come into scope together, and the range of bytes where they hold.

    `gaps`: ranges inside that still see what is around: start, end, …. `guard`: the
    binders before this one are out of sight for now: connectives bind on each side
    by themselves. `inner`: what is bound inside a pattern by a `for` or a `new` in it.
    """

    start: int
    end: int
    binders: list[Binder] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    guard: int = 0
    inner: dict[bytes, list[Binder]] = field(default_factory=dict)
    #: By name: the numbers of the binders that have it.
    numbers: dict[bytes, list[int]] = field(default_factory=dict)

    def add(self, binder: Binder) -> None:
        self.numbers.setdefault(binder.name, []).append(len(self.binders))
        self.binders.append(binder)

    def find(self, name: bytes, guarded: bool) -> Binder | None:
        if self.inner.get(name):
            return self.inner[name][-1]
        last = self.numbers.get(name, (-1,))[-1]
        return self.binders[last] if last >= (self.guard if guarded else 0) else None


class Scopes:
    """The binders in force at one place of the text, and all that was found on the way there."""

    def __init__(self) -> None:
        self.in_force: dict[bytes, list[Binder]] = {}
        self.declared: set[bytes] = set()
        self.occurrences: list[tuple[int, bytes, Role, Use, int, int]] = []
        self.lambdas: list[tuple[Group, frozenset[bytes]]] = []
        self.problems: list[Problem] = []
        self.unbound: list[Binder] = []
        #: By the byte of a name: what it binds, or what binds it.
        self.bound: dict[int, Binder] = {}
        #: By the row of an agent or of a member of one: the binders of the names that nobody wrote.
        self.unwritten: dict[int, list[Binder]] = {}

    def note(self, name: bytes, start: int, role: Role, use: Use, parts: int = -1, width: int = -1) -> None:
        """`parts`: of the message that is sent to the name or that it takes; -1 where there is none.

        `width`: bytes that the name takes in the text, where it is written otherwise.
        """
        self.occurrences.append((start, name, role, use, parts + 1, len(name) if width < 0 else width))

    def problem(self, code: str, message: str, start: int, end: int) -> None:
        self.problems.append(Problem(code, message, start, end))

    def bind(self, group: Group, name: bytes, start: int, is_process: bool) -> Binder:
        """Adds a binder to a group. It is in force from `enter` on."""
        binder = Binder(name, start, is_process)
        group.add(binder)
        self.declared.add(name)
        if start >= 0:
            self.note(name, start, Role.BINDING, Use.PATTERN)
            self.bound[start] = binder
        return binder

    def refuse_duplicates(self, group: Group, first: int, what: str) -> None:
        """Reports the binders of a group from number `first` on that bind what an earlier one binds."""
        for binder in group.binders[first:]:
            if group.numbers[binder.name][0] < first:
                self.problem(
                    "duplicate-binder", f"`{_shown(binder.name)}` is bound twice {what}", binder.start, binder.end
                )

    def enter(self, group: Group) -> None:
        entered: set[bytes] = set()
        for binder in group.binders:
            around = self.in_force.setdefault(binder.name, [])
            if around and around[-1].start >= 0 and binder.start >= 0 and binder.name not in entered:
                message = f"`{_shown(binder.name)}` hides a name that is bound around it"
                self.problem("shadowed-name", message, binder.start, binder.end)
            entered.add(binder.name)
            around.append(binder)

    def leave(self, group: Group) -> None:
        for binder in group.binders:
            self.in_force[binder.name].pop()
        self.finish(group)

    def finish(self, group: Group) -> None:
        """Reports what no process used, and keeps the scope. `leave` does it for groups that were entered."""
        for binder in group.binders:
            if not (binder.is_used or binder.start < 0 or binder.name.startswith(b"_")):
                message = f"`{_shown(binder.name)}` is bound here and never used"
                self.problem("unused-binder", message, binder.start, binder.end)
        if group.binders:
            self.lambdas.append((group, frozenset(binder.name for binder in group.binders)))

    def use(self, name: bytes, start: int, is_process: bool, use: Use, parts: int = -1) -> None:
        """A name that stands where a process (or a name) is wanted; `parts`: as of `note`."""
        self.note(name, start, Role.REFERENCE, use, parts)
        self.refer(name, start, is_process)

    def refer(self, name: bytes, start: int, is_process: bool, group: Group | None = None) -> None:
        """Looks a name up: marks its binder as used, or reports that there is none or one of another sort.

        `group`: the pattern that the name stands in, if any.
        """
        binder = group.find(name, guarded=False) if group is not None else None
        if binder is None:
            around = self.in_force.get(name)
            binder = around[-1] if around else None
        if binder is None:
            self.unbound.append(Binder(name, start, is_process))
            return
        binder.is_used = True
        self.bound[start] = binder
        if binder.is_process != is_process:
            shown = _shown(name)
            if is_process:
                message = f"`{shown}` is a name, and a process is wanted here: `*{shown}`"
                self.problem("name-as-process", message, start, start + len(name))
            else:
                message = f"`{shown}` is a process, and a name is wanted here: `@{shown}`"
                self.problem("process-as-name", message, start, start + len(name))

    def all_problems(self, damaged: list[tuple[int, int]]) -> list[Problem]:
        """Everything found, but nothing in `damaged` ranges, which could not be parsed.

        They may also have swallowed a binder: then a name is only unbound where no
        process of the text binds it.
        """
        for binder in self.unbound:
            if not (damaged and binder.name in self.declared):
                message = f"nothing binds `{_shown(binder.name)}` here"
                self.problem("unbound-name", message, binder.start, binder.end)
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(damaged):
            starts.append(start)
            ends.append(max(end, ends[-1]) if ends else end)

        def is_damaged(byte: int) -> bool:
            before = bisect_right(starts, byte)
            return before > 0 and byte < ends[before - 1]

        return [problem for problem in self.problems if not is_damaged(problem.start_byte)]

    def lambda_rows(self, numbers: dict[bytes, int]) -> list[Lambda]:
        """Every scope, outer ones first; `numbers`: index of each name that occurs."""
        rows = []
        for group, names in self.lambdas:
            parameters = sorted(numbers[name] for name in names if name in numbers)
            if parameters:
                rows.append(Lambda(group.start, group.end, tuple(parameters), tuple(group.gaps)))
        rows.sort(key=lambda row: (row.start, -row.end))
        return rows


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")
