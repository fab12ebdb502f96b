"""Draws docs/architecture.svg, the rooms of the library on their floors: python scripts/architecture.py

Arrows are imports, read from the code: from a room to those below that it uses, left out where a way over other rooms
leads there too. The ground floors are used by all. Numbers follow one sample (CONTRIBUTING.md).
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

from _drawing import middles, ordered, reduced, threaded

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the plan is that of the test which holds the code to it

from support.layout import FLOORS, GRAPH, MODULES, room  # noqa: E402

TARGET = ROOT / "docs" / "architecture.svg"
GROUND = ("errors", "_utils")
#: where one sample comes by, in this order
PATH = ("datasets", "learner", "encoding", "network", "engines", "rules", "readout", "runs")
WIDTH, LEFT, RIGHT, FLOOR = 1200, 56, 1184, 122
BOX, HEIGHT, THREAD, GAP, LETTERS = 246, 88, 10, 48, 33
INK, SOFT, LINE, PAPER, BAND, ACCENT = "#1f2933", "#5b6770", "#8fa1b3", "#ffffff", "#f3f6f9", "#c2410c"


def rooms() -> list[list[str]]:
    """The floors above the ground, from below; the command's entry counts as the command."""
    return [[name for name in floor if name not in GROUND] for floor in FLOORS
            if not {*floor} <= {*GROUND, "__main__"}]


def edges() -> set[tuple[str, str]]:
    """(room, a room below it that one of its files imports)"""
    shown = {name for floor in rooms() for name in floor}
    return {(room(one), room(other)) for one, others in GRAPH.items() for other in others
            if room(one) != room(other) and {room(one), room(other)} <= shown}


def words(name: str) -> str:
    """What a room says of itself: the first sentence of its docstring."""
    text = ast.get_docstring(ast.parse(MODULES[f"plasticity.{name}"].read_text(encoding="utf-8")))
    return re.split(r"[.;](?:\s|$)", " ".join(text.split("\n\n")[0].replace("`", "").split()))[0]


def picture() -> str:
    """The whole SVG."""
    shown = rooms()
    floors, lines = threaded(shown, reduced(edges()))
    floors = ordered(floors, lines)
    boxes = {name for floor in shown for name in floor}
    width = {name: BOX if name in boxes else THREAD for floor in floors for name in floor}
    x = middles(floors, lines, width, GAP, LEFT, RIGHT)
    top = {name: _top(len(floors), k) for k, floor in enumerate(floors) for name in floor}
    height = _top(len(floors), -1) + 50
    parts = [*_bands(len(floors)), *(_arrow(line, x, top) for line in lines),
             *(part for floor in shown for name in floor for part in _box(name, x[name], top[name])),
             *_face(_top(len(floors), len(floors) - 1)), *_legend(_top(len(floors), 0)), *_ground(height)]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Helvetica, Arial, \'DejaVu Sans\', sans-serif">',
        "<title>The rooms of plasticity: arrows are imports, and lead down</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>', *parts, "</svg>", ""])


def _top(floors: int, number: int) -> int:
    """Where a floor's boxes begin."""
    return 24 + (floors - 1 - number) * FLOOR


def _bands(floors: int) -> Iterator[str]:
    for k in range(floors):
        y = _top(floors, k) - (FLOOR - HEIGHT) // 2
        if k % 2:
            yield f'<rect x="0" y="{y}" width="{WIDTH}" height="{FLOOR}" fill="{BAND}"/>'
        yield _text(16, y + FLOOR / 2 + 5, str(k + 1), 15, SOFT)


def _box(name: str, x: float, y: float) -> Iterator[str]:
    left = x - BOX / 2
    yield (f'<rect x="{left:.1f}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="8" fill="{PAPER}" stroke="{INK}" '
           'stroke-width="1.3"/>')
    yield _text(left + 12, y + 23, name, 16, INK, "bold")
    for k, line in enumerate(_lines(words(name))):
        yield _text(left + 12, y + 42 + 15 * k, line, 12, SOFT)
    if name in PATH:
        yield f'<circle cx="{left + BOX - 18:.1f}" cy="{y + 18}" r="11" fill="{ACCENT}"/>'
        yield _text(left + BOX - 18, y + 22.5, str(PATH.index(name) + 1), 13, PAPER, "bold", "middle")


def _lines(text: str) -> list[str]:
    lines = wrap(text, LETTERS)
    return lines if len(lines) <= 3 else [*lines[:2], f"{lines[2].rstrip(' ,:')} ..."]


def _arrow(line: list[str], x: Mapping[str, float], top: Mapping[str, float]) -> str:
    """From the lower edge of a box, through its places on the floors between, to the upper edge of another."""
    points = [(x[line[0]], top[line[0]] + HEIGHT)]
    for name in line[1:-1]:
        points += [(x[name], top[name]), (x[name], top[name] + HEIGHT)]
    points.append((x[line[-1]], top[line[-1]]))
    path = f"M{points[0][0]:.1f} {points[0][1]}"
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        path += f" L{x1:.1f} {y1}" if x0 == x1 else f" C{x0:.1f} {middle} {x1:.1f} {middle} {x1:.1f} {y1}"
    tip_x, tip_y = points[-1]
    return (f'<path class="{line[0]} to {line[-1]}" d="{path}" fill="none" stroke="{LINE}" stroke-width="1.6"/>'
            f'<path d="M{tip_x - 4.5:.1f} {tip_y - 8} L{tip_x + 4.5:.1f} {tip_y - 8} L{tip_x:.1f} {tip_y} Z" '
            f'fill="{LINE}"/>')


def _face(y: float) -> Iterator[str]:
    """What gathers names for users."""
    left = RIGHT - BOX
    yield (f'<rect x="{left}" y="{y}" width="{BOX}" height="{HEIGHT}" rx="8" fill="none" stroke="{SOFT}" '
           'stroke-dasharray="5 4"/>')
    yield _text(left + 12, y + 23, "import plasticity", 16, INK, "bold")
    for k, line in enumerate(("Learner, Rule, compare, ...: names", "for users, loaded when first asked",
                              "for; no room imports them")):
        yield _text(left + 12, y + 42 + 15 * k, line, 12, SOFT)


def _legend(y: float) -> Iterator[str]:
    for k, line in enumerate(("Arrows are imports, and lead down.", "Numbers follow one sample.",
                              "The ground is used by all.")):
        yield _text(RIGHT, y + 40 + 18 * k, line, 13, SOFT, anchor="end")


def _ground(height: float) -> Iterator[str]:
    """The rooms that all others use."""
    part = (RIGHT - LEFT) / 3
    for name, left, width in (("_utils", LEFT, 2 * part - GAP), ("errors", LEFT + 2 * part, part)):
        y = height - 50
        yield f'<rect x="{left:.1f}" y="{y}" width="{width:.1f}" height="36" rx="8" fill="{BAND}" stroke="{LINE}"/>'
        yield _text(left + 12, y + 23, name, 15, INK, "bold")
        yield _text(left + 76, y + 22.5, words(name), 12, SOFT)


def _text(x: float, y: float, text: str, size: float, fill: str, weight: str = "normal", anchor: str = "start") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{fill}">{escape(text)}</text>')


if __name__ == "__main__":
    TARGET.write_text(picture(), encoding="utf-8")
    print(TARGET.relative_to(ROOT))
