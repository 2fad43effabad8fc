"""Texts to measure with: made up by us and the same in every run, or copied from where the user keeps public ones."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

KB = 1000
MB = 1_000_000
FILES_PER_FOLDER = 40

#: As large as the plan's small document (83 bytes): one recursive function and a call.
SIMPLE = b"""(= (product $n)
   (if (< $n 1) 1
       (* $n (product (- $n 1)))))
!(product 12)
"""

#: As large as the plan's complex document (about 1.1 KB): a robot that finds its way between rooms.
COMPLEX = b"""; A delivery robot: what it knows of the house, and how it finds a way.
(: Room Type)
(: door (-> Room Room Bool))
(door lobby corridor)
(door corridor lab)
(door corridor store)
(door lab roof)
(at robot lobby)
(at parcel store)

(@doc next-room
  (@desc "Rooms that can be entered from a room")
  (@params ((@param "Where the robot is")))
  (@return "A room behind a door"))
(: next-room (-> Room Room))
(= (next-room $here)
   (match &self (door $here $there) $there))

(= (route $goal $goal $limit) (cons $goal nil))
(= (route $from $goal $limit)
   (if (> $limit 0)
       (let $step (next-room $from)
         (cons $from (route $step $goal (- $limit 1))))
       (empty)))

(= (fetch $thing $target)
   (let* (($here (match &self (at robot $r) $r))
          ($there (match &self (at $thing $r) $r))
          ($way (route $here $there 5))
          ($back (route $there $target 5)))
     (plan $way (pick $thing) $back (drop $thing $target))))

(= (note $event $place)
   (add-atom &log (happened $event $place (now))))

!(bind! &log (new-space))
!(note start lobby)
!(fetch parcel lobby)
"""

_WORDS = (
    "leaf", "root", "stem", "seed", "bloom", "petal", "soil", "rain", "path", "gate", "field", "stone", "river",
    "light", "shade", "frost", "wind", "bee", "moth", "count", "total", "first", "last", "next", "other", "left",
    "inner", "outer", "split", "merge", "find", "keep", "drop", "place", "move", "turn", "step", "cloud", "right",
)  # fmt: skip


def document(size: int, seed: int) -> bytes:
    """A module of about `size` bytes: an import, then types, docs, rules, facts and calls with names of its own."""
    dice = random.Random(seed)
    forms = [f"; Module {seed}: {_phrase(dice, 6)}\n!(import! &self lib-{seed % 50:02})\n"] if size > 200 else []
    written = sum(map(len, forms))
    known = [f"start-{seed}"]
    while written < size:
        form = _form(dice, f"{dice.choice(_WORDS)}-{dice.choice(_WORDS)}-{seed}-{len(known)}", known)
        forms.append(form)
        written += len(form)
    return "".join(forms).encode()


def linked_document(size: int, number: int) -> bytes:
    """As `document`, and it uses others: it imports the hub and two modules of its folder, and calls what they define.

    Rules that others call: `own-N`; `part-P-rule`, of the first module of each folder; `hub-rule`. It
    also calls a rule of a module that it does not import.
    """
    first = number // FILES_PER_FOLDER * FILES_PER_FOLDER
    before = sorted({first, max(first, number - 1)} - {number})
    imports = "".join(f"!(import! &self module-{other})\n" for other in before)
    calls = "".join(f"!(own-{other} {number})\n" for other in {*before, number * 7 // 8} - {number})
    part = number // FILES_PER_FOLDER
    shared = f"(= (part-{part}-rule $x) (hub-rule $x {part}))\n" if number == first else f"!(part-{part}-rule 1)\n"
    head = (
        f"; Module {number}\n!(import! &self hub)\n{imports}{shared}"
        f"(= (own-{number} $x) (native-{number % 10} (hub-rule $x {number})))\n{calls}"
    )
    return head.encode() + document(max(size - len(head), 0), number)


def sound_document(size: int, number: int) -> bytes:
    """A module in which the check finds nothing: typed functions that call each other, and one of the module before."""
    text, called = f"; Module {number}\n", "abs-math"
    if number % FILES_PER_FOLDER:
        text += f"!(import! &self module-{number - 1})\n"
        called = f"entry-{number - 1}"
    step = 0
    while len(text) < size:
        step += 1
        name = f"step-{number}-{step}"
        text += f"(: {name} (-> Number Number))\n(= ({name} $x)\n   (if (> $x {step}) ({called} (- $x 1)) $x))\n"
        called = name
    entry = f"entry-{number}"
    return f"{text}(: {entry} (-> Number Number))\n(= ({entry} $x) ({called} $x))\n!({entry} {number})\n".encode()


#: What linked documents import: a rule that all of them call, and functions that a program in Python gives.
HUB = b"""!(import! &self native)
(: hub-rule (-> Number Number Number))
(= (hub-rule $x $y) (+ $x $y))
"""
NATIVE = """from hyperon import OperationAtom
from hyperon.ext import register_atoms


@register_atoms
def functions():
    return {{
{}
    }}
""".format("\n".join(f'        "native-{n}": OperationAtom("native-{n}", lambda x: x),' for n in range(10)))


def _form(dice: random.Random, name: str, known: list[str]) -> str:
    other = dice.choice(known)
    known.append(name)
    match dice.randrange(8):
        case 0:
            return f"(: {name} (-> Number {dice.choice(_WORDS).title()} (List Number)))\n"
        case 1:
            return f'(@doc {name}\n  (@desc "{_phrase(dice, 7)}")\n  (@params ((@param "{_phrase(dice, 3)}"))))\n'
        case 2 | 3:
            return (
                f"(= ({name} $x $y)\n   (let* (($a ({other} $x {dice.randrange(99)})) ($b (+ $a $y)))\n"
                f"     (if (> $b {dice.randrange(999)}) ({name} $a (- $y 1)) (pair $a $b))))\n"
            )
        case 4:
            return (
                f"(= ({name} $list)\n   (case $list\n     ((nil 0)\n"
                f"      ((cons $h $t) (+ ({other} $h 1) ({name} $t))))))\n"
            )
        case 5 | 6:
            return "".join(f"({dice.choice(_WORDS)} {name} {dice.randrange(10**6)})\n" for _ in range(3))
        case _:
            return f"!({other} (match &self ({dice.choice(_WORDS)} $v {name}) $v))\n"


def _phrase(dice: random.Random, words: int) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def facts(size: int) -> Iterator[bytes]:
    """A file of about `size` bytes of top-level facts, in chunks."""
    dice = random.Random(size)
    written = number = 0
    while written < size:
        lines = []
        for _ in range(1000):
            number += 1
            lines.append(f"(edge node-{dice.randrange(10**6)} node-{dice.randrange(10**6)} {number})\n")
        chunk = "".join(lines).encode()
        written += len(chunk)
        yield chunk


def file_sizes(count: int, mean: int, seed: int = 1) -> list[int]:
    """Sizes of the files of a workspace: log-normal, as those of public MeTTa are, with the given mean in bytes."""
    dice = random.Random(seed)
    spread = 1.2
    center = math.log(mean) - spread**2 / 2
    return [min(max(20, round(dice.lognormvariate(center, spread))), 100 * KB) for _ in range(count)]


#: Names a folder of repositories to measure with, beside what is generated.
REPOSITORIES = "BENCHMARK_REPOSITORIES"


@dataclass(frozen=True, slots=True)
class MadeWorkspace:
    """A folder of files; `paths` in the order they were made, `size` in bytes. `kind` begins its name."""

    root: Path
    paths: tuple[Path, ...]
    size: int
    kind: str = ""

    @property
    def name(self) -> str:
        """What rows of results call it."""
        return f"{self.kind}{len(self.paths):,} files, {self.size / MB:.1f} MB"

    def sources(self) -> list[bytes]:
        return [path.read_bytes() for path in self.paths]


def make_workspace(root: Path, count: int, mean: int = 2000) -> MadeWorkspace:
    """Writes `count` distinct files of `mean` bytes on average, 40 a folder."""
    return _make(root, count, mean, document)


def make_sound_workspace(root: Path, count: int, mean: int = 2000) -> MadeWorkspace:
    """As `make_workspace`, of files in which the check finds nothing."""
    return _make(root, count, mean, sound_document)


def make_linked_workspace(root: Path, count: int, mean: int = 2000) -> MadeWorkspace:
    """As `make_workspace`, of files that use each other; the hub and what it imports are beside them."""
    workspace = _make(root, count, mean, linked_document)
    (root / "hub.metta").write_bytes(HUB)
    (root / "native.py").write_text(NATIVE)
    return workspace


def public_workspace(root: Path, most: int) -> MadeWorkspace | None:
    """Copies the files of MeTTa below the folder that REPOSITORIES names, each content once; None where it names none.

    Hidden folders are left out: we do not look into them, and others do. Of more than `most` files it takes the
    first by path.
    """
    folder = os.environ.get(REPOSITORIES)
    if folder is None:
        return None
    seen: set[bytes] = set()
    paths: list[Path] = []
    written = 0
    for path in sorted(Path(folder).rglob("*.metta")):
        inside = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in inside.parts)
        if len(paths) == most or is_hidden or path.is_symlink() or not path.is_file():
            continue
        text = path.read_bytes()
        digest = blake2b(text).digest()
        if digest in seen:
            continue
        seen.add(digest)
        target = root / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        written += len(text)
        paths.append(target)
    return MadeWorkspace(root, tuple(paths), written, "public, ")


def _make(root: Path, count: int, mean: int, text_of: Callable[[int, int], bytes]) -> MadeWorkspace:
    paths = []
    written = 0
    for number, size in enumerate(file_sizes(count, mean)):
        part = number // FILES_PER_FOLDER
        path = root / f"area-{part // 10}" / f"part-{part}" / f"module-{number}.metta"
        if number % FILES_PER_FOLDER == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        text = text_of(size, number)
        path.write_bytes(text)
        written += len(text)
        paths.append(path)
    return MadeWorkspace(root, tuple(paths), written)
