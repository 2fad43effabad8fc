"""Sampled stacks as flame graphs: plain SVG, widest callers first, a name and share under the pointer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape

#: Calls and their number of samples; the outermost call first.
Stacks = Counter[tuple[str, ...]]

_WIDTH, _ROW, _HEAD = 1200, 17, 24
# Narrower frames would not be seen.
_LEAST_SHARE = 0.003


@dataclass(slots=True)
class _Frame:
    samples: int = 0
    callees: dict[str, _Frame] = field(default_factory=dict)


def write_folded(stacks: Stacks) -> str:
    """One stack a line, frames separated by semicolons, then the number of samples."""
    return "".join(f"{';'.join(stack)} {samples}\n" for stack, samples in sorted(stacks.items()))


def read_folded(text: str) -> Stacks:
    stacks: Stacks = Counter()
    for line in text.splitlines():
        stack, _space, samples = line.rpartition(" ")
        stacks[tuple(stack.split(";"))] += int(samples)
    return stacks


def share_of(stacks: Stacks, *parts: str) -> float:
    """The share of samples that had any of the parts in the name of any frame."""
    total = sum(stacks.values())
    inside = sum(n for stack, n in stacks.items() if any(part in frame for frame in stack for part in parts))
    return inside / total if total else 0.0


def draw(stacks: Stacks, title: str) -> str:
    """The flame graph, callers above callees."""
    root = _Frame()
    for stack, samples in stacks.items():
        frame = root
        frame.samples += samples
        for name in stack:
            frame = frame.callees.setdefault(name, _Frame())
            frame.samples += samples
    boxes: list[str] = []
    waiting = [(root, 0.0, 0)]
    depth_drawn = 0
    while waiting:
        frame, left, depth = waiting.pop()
        for name, callee in sorted(frame.callees.items(), key=lambda item: (-item[1].samples, item[0])):
            share = callee.samples / root.samples
            if share >= _LEAST_SHARE:
                boxes.append(_box(name, left, depth, share))
                waiting.append((callee, left, depth + 1))
                depth_drawn = max(depth_drawn, depth + 1)
            left += share
    height = _HEAD + depth_drawn * _ROW + 4
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="monospace" '
        f'font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="4" y="16">{escape(title)}</text>\n' + "\n".join(boxes) + "\n</svg>\n"
    )


def _box(name: str, left: float, depth: int, share: float) -> str:
    x, y, width = left * _WIDTH, _HEAD + depth * _ROW, share * _WIDTH
    # The color is that of the module, so that one looks the same everywhere.
    hue = sum(name.partition(":")[0].encode()) * 37 % 360
    label = escape(name[: int(width / 6.7)]) if width > 30 else ""
    return (
        f'<g><title>{escape(name)}: {share:.1%}</title><rect x="{x:.1f}" y="{y}" width="{width:.1f}" '
        f'height="{_ROW - 1}" fill="hsl({hue},60%,78%)"/><text x="{x + 2:.1f}" y="{y + 12}">{label}</text></g>'
    )
