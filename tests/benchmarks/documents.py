"""Texts to measure with, made up by us and the same in every run: documents, workspaces, a file of facts."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

KB = 1000
MB = 1_000_000

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


@dataclass(frozen=True, slots=True)
class MadeWorkspace:
    """A folder of generated files; `paths` in the order they were made, `size` in bytes."""

    root: Path
    paths: tuple[Path, ...]
    size: int

    def sources(self) -> list[bytes]:
        return [path.read_bytes() for path in self.paths]


def make_workspace(root: Path, count: int, mean: int = 2000) -> MadeWorkspace:
    """Writes `count` distinct files of `mean` bytes on average, 40 a folder."""
    paths = []
    written = 0
    for number, size in enumerate(file_sizes(count, mean)):
        path = root / f"area-{number // 400}" / f"part-{number // 40}" / f"module-{number}.metta"
        if number % 40 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        text = document(size, number)
        path.write_bytes(text)
        written += len(text)
        paths.append(path)
    return MadeWorkspace(root, tuple(paths), written)
