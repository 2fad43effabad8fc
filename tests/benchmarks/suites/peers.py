"""Universal Ctags and the floors beside us: what each takes, and what it finds of the definitions."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from tags_reader import parse_tags

from benchmarks.documents import REPOSITORIES, make_linked_workspace, public_workspace
from benchmarks.measure import PROGRAM, build, in_turns, run_command, settle, time_calls
from benchmarks.rows import Row, Scale
from metta_index.indexer.languages.metta import grammar
from metta_index.indexer.languages.metta.parse import parse
from metta_index.indexer.text.syntax import SyntaxTree

ABOUT = (
    "Universal Ctags has no parser of MeTTa. It is given one here, `metta.ctags`, of regular expressions; its parsers "
    "of Lisp and Scheme, which one might think of first, are run on the same files. It finds definitions only: no "
    "uses, no arities, types or documentation, no imports, and nothing of what a name means where it stands. It keeps "
    "nothing but the tags, so it reads everything in every run; ours answers from its index. All write to disk, with "
    "one process each; wall clock, in turns, medians of three. **Found**: of the definitions, declarations and "
    "bindings that our export has, by file, line and name. Ours are judged by the reference parser elsewhere; here a "
    f"tag that ours has not counts as false. Public files are those below the folder that `{REPOSITORIES}` names."
)

CTAGS = shutil.which("ctags")
DEFINITION = Path(__file__).parents[1] / "metta.ctags"
_METTA = "MeTTa (`metta.ctags`)"
_ONE = ("--jobs", "1", "--backend", "sequential")

#: Where a name is defined: path, 1-based line, name.
Places = set[tuple[str, int, str]]


@cache
def missing_ctags() -> str:
    """Why ctags cannot be used here; "" where it can."""
    if CTAGS is None:
        return "ctags is not installed (Debian: `apt install universal-ctags`)"
    if "Universal Ctags" not in run_command([CTAGS, "--version"], silent=True).output:
        return f"{CTAGS} is not Universal Ctags, which alone takes definitions of languages over several lines"
    return ""


def run(scale: Scale, scratch: Path) -> Iterator[Row]:
    if missing_ctags():
        yield Row("Universal Ctags beside ours", None, "", note=missing_ctags())
        return
    count = scale.files[len(scale.files) // 2]
    workspace = make_linked_workspace(scratch / "generated", count)
    yield from _compared(workspace.root, f"generated, {workspace.name}", scratch)
    public = public_workspace(scratch / "public", scale.files[-1])
    if public is None:
        yield Row("public repositories", None, "", note=f"set {REPOSITORIES} to a folder that holds some")
        return
    yield from _compared(public.root, public.name, scratch)


def _compared(root: Path, name: str, scratch: Path) -> Iterator[Row]:
    tags = scratch / "tags"
    paths = sorted(root.rglob("*.metta"))

    def tagging(language: str) -> Callable[[], float]:
        return lambda: run_command(ctags_command(root, tags, language), silent=True).wall_ms

    def scan() -> None:
        for folder, _folders, files in os.walk(root):
            for file in files:
                Path(folder, file).stat()

    def parse_all() -> None:
        for path in paths:
            grammar.parser().parse(path.read_bytes())

    floor = min(one.wall_ms for one in time_calls(scan, 3))
    yield Row(f"scanning and asking for the status of every file: {name}", floor, "ms", "a floor")
    floor = min(one.wall_ms for one in time_calls(parse_all, 3))
    yield Row(f"reading, and a bare loop of Parser.parse: {name}", floor, "ms", "a floor, in this process")

    tagged = {}
    for language in ("Lisp", "Scheme", "MeTTa"):
        run_command(ctags_command(root, tags, language), silent=True)
        tagged[language] = found_by_ctags(tags, root)
    ours, peer, ratio = in_turns(lambda: build(root, "--force", *_ONE).wall_ms, tagging("MeTTa"), 3)
    beside = f"ctags, {_METTA}"
    yield Row(f"our build, cold: {name}", ours, "ms", "cold, 0 hits", peer, beside, ratio)
    settle()
    build(root)
    unchanged, peer, ratio = in_turns(lambda: run_command([*PROGRAM, "build", root]).wall_ms, tagging("MeTTa"), 3)
    yield Row(f"our build, nothing changed: {name}", unchanged, "ms", "warm", peer, beside, ratio)
    yield Row(f"ctags, {_METTA}: {name}", peer, "ms", "", floor, "reading, and a bare loop of Parser.parse")
    truth = found_by_us(root)
    for language, places in tagged.items():
        if language != "MeTTa":
            took = min(one.wall_ms for one in time_calls(tagging(language), 3))
            yield Row(f"ctags, {language}: {name}", took, "ms", "", floor, "reading, and a bare loop of Parser.parse")
        shown = _METTA if language == "MeTTa" else language
        common = places & truth.keys()
        lost = Counter(kind for place, kind in truth.items() if place not in places)
        yield Row(
            f"found by ctags, {shown}: {name}", len(common) / len(truth) * 100, "% of ours",
            note=f"{len(common):,} of {len(truth):,}; not found: " + (_counts(lost) or "none"),
        )  # fmt: skip
        false = Counter(why_false(root, place) for place in places - truth.keys())
        yield Row(
            f"false ones of ctags, {shown}: {name}", sum(false.values()) / max(1, len(places)) * 100, "% of its tags",
            note=_counts(false) or "none",
        )  # fmt: skip


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in counter.most_common())


def ctags_command(root: Path, tags: Path, language: str) -> list[str | Path]:
    """Tags every file of MeTTa below a folder as a language: `MeTTa` is ours."""
    assert CTAGS is not None
    own = [f"--options={DEFINITION}"] if language == "MeTTa" else [f"--map-{language}=.metta"]
    # The first option keeps settings of the machine out, `-n` patterns of whole lines.
    return [CTAGS, "--options=NONE", *own, f"--languages={language}", "-R", "--fields=+n", "-n", "-f", tags, root]


def found_by_ctags(tags: Path, root: Path) -> Places:
    _pseudo, found = parse_tags(tags.read_bytes())
    return {
        (os.path.relpath(os.fsdecode(tag.path), root), tag.line, tag.name.decode("utf-8", "backslashreplace"))
        for tag in found
    }


def found_by_us(root: Path) -> dict[tuple[str, int, str], str]:
    """What our export says is defined, declared or bound in files of MeTTa, and as what."""
    output = run_command([*PROGRAM, "export", "jsonl", "--root", root], silent=True).output
    found = {}
    for line in output.splitlines():
        one = json.loads(line)
        is_symbol = one["type"] == "symbol" and one["role"] in ("definition", "declaration")
        if is_symbol and one["path"].endswith(".metta"):
            found[one["path"], one["line"], one["name"]] = f"{one['role']}s of {one['kind']}s"
    return found


@cache
def _tree(path: Path) -> tuple[bytes, SyntaxTree]:
    text = path.read_bytes()
    return text, parse(text)


def why_false(root: Path, place: tuple[str, int, str]) -> str:
    """What stands where a tag says that a name is defined, and nothing is."""
    path, line, name = place
    text, tree = _tree(root / path)
    start = sum(len(one) + 1 for one in text.split(b"\n")[: line - 1])
    at = text.find(name.encode("utf-8", "surrogateescape"), start)
    starts, ends = memoryview(tree.starts).cast("I"), memoryview(tree.ends).cast("I")
    around = {kind for kind, first, last in zip(tree.kinds, starts, ends, strict=True) if first <= at < last}
    if grammar.COMMENT in around:
        return "in comments"
    if grammar.STRING in around:
        return "in strings"
    return "of what does not parse" if grammar.ERROR in around else "of other forms"
