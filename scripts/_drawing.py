"""Boxes on floors, so that the lines between them cross as little as may be: names and places, nothing is drawn here.

A line that passes floors on its way gets a place on each of them, as if it were a narrow box (Sugiyama, Tagawa & Toda
1981): boxes make room for it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sklearn.isotonic import isotonic_regression

Edge = tuple[str, str]
Floors = list[list[str]]
PASSES, ROUNDS = 40, 30


def reduced(edges: Iterable[Edge]) -> list[Edge]:
    """Those that no way over others replaces."""
    edges = set(edges)
    below: dict[str, set[str]] = {}
    for upper, lower in edges:
        below.setdefault(upper, set()).add(lower)

    def reach(start: str) -> set[str]:
        return {end for lower in below.get(start, ()) for end in (lower, *reach(lower))}

    return sorted((upper, lower) for upper, lower in edges
                  if not any(lower in reach(other) for other in below[upper] - {lower}))


def threaded(floors: Sequence[Sequence[str]], edges: Iterable[Edge]) -> tuple[Floors, list[list[str]]]:
    """(floors with a place for each line that passes, lines as the names of their places from above down)."""
    number = {name: k for k, floor in enumerate(floors) for name in floor}
    places, lines = [list(floor) for floor in floors], []
    for upper, lower in edges:
        between = range(number[upper] - 1, number[lower], -1)
        names = [f"{upper} to {lower} at {k}" for k in between]
        for k, name in zip(between, names, strict=True):
            places[k].append(name)
        lines.append([upper, *names, lower])
    return places, lines


def ordered(floors: Floors, lines: Sequence[Sequence[str]]) -> Floors:
    """Each floor in an order with few crossings: neighbours change places as long as that takes some away."""
    pieces = [piece for line in lines for piece in itertools.pairwise(line)]
    floors = [list(floor) for floor in floors]
    for _ in range(PASSES):
        before = [list(floor) for floor in floors]
        for k, floor in enumerate(floors):
            for i in range(len(floor) - 1):
                swapped = [*floor[:i], floor[i + 1], floor[i], *floor[i + 2:]]
                if _cost([*floors[:k], swapped, *floors[k + 1:]], pieces) < _cost(floors, pieces):
                    floors[k] = floor = swapped
        if floors == before:
            break
    return floors


def _cost(floors: Floors, pieces: Sequence[Edge]) -> tuple[int, float]:
    """Crossings, then how far lines go sideways."""
    place = {name: (k, (i + 0.5) / len(floor)) for k, floor in enumerate(floors) for i, name in enumerate(floor)}
    crossings = sum(place[a][0] == place[c][0] and (place[a][1] - place[c][1]) * (place[b][1] - place[d][1]) < 0
                    for (a, b), (c, d) in itertools.combinations(pieces, 2))
    return crossings, sum(abs(place[a][1] - place[b][1]) for a, b in pieces)


def middles(floors: Floors, lines: Sequence[Sequence[str]], width: Mapping[str, float], gap: float, left: float,
            right: float) -> dict[str, float]:
    """The middle of each place: as near to what it is joined to as its neighbours on the floor let it."""
    joined: dict[str, list[str]] = {name: [] for floor in floors for name in floor}
    for upper, lower in (piece for line in lines for piece in itertools.pairwise(line)):
        joined[upper].append(lower)
        joined[lower].append(upper)
    x = {name: left + (right - left) * (i + 0.5) / len(floor) for floor in floors for i, name in enumerate(floor)}
    for _ in range(ROUNDS):
        for floor in floors:
            wished = [np.mean([x[other] for other in joined[name]]) if joined[name] else x[name] for name in floor]
            x |= zip(floor, _apart(wished, [width[name] for name in floor], gap, left, right), strict=True)
    return x


def _apart(wished: Sequence[float], widths: Sequence[float], gap: float, left: float, right: float) -> list[float]:
    """The places nearest to those wished in which boxes of these widths stand `gap` apart, within the page."""
    widths = np.array(widths)
    offset = np.concatenate([[0.0], np.cumsum((widths[1:] + widths[:-1]) / 2 + gap)])
    free = isotonic_regression(np.array(wished) - offset)
    least, most = left + widths[0] / 2, right - widths[-1] / 2 - offset[-1]
    return (np.clip(free, least, max(least, most)) + offset).tolist()
