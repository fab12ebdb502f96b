"""Every room stands above all that it imports, no files import each other in a circle, and the picture shows it."""

import re
from graphlib import CycleError, TopologicalSorter

import pytest
from support.layout import FACES, FLOOR, GRAPH, MODULES, ROOT, room
from support.scripts import script


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_lead_down(name):
    own = room(name)
    for other in GRAPH[name]:
        below = room(other)
        if below == own or other == "plasticity":
            continue
        assert below not in FACES, f"{name} imports {other}, which only gathers names; import from where they live"
        if own not in FACES:
            assert FLOOR[below] < FLOOR[own], f"{name} ({own}) imports {other} ({below}), which is not below it"


def test_no_files_import_each_other_in_a_circle():
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(error.args[1][::-1]))


def test_every_room_has_its_floor():
    assert {room(name) for name in MODULES} == {*FLOOR, *FACES}


def shown(svg: str) -> tuple[set[str], list[str]]:
    """What a picture says, wherever it stands: its arrows, and its words in order."""
    return set(re.findall(r'<path class="([^"]*)"', svg)), sorted(re.findall(r"<text [^>]*>([^<]*)</text>", svg))


def test_the_picture_shows_the_imports_that_there_are():
    architecture = script("architecture.py")
    committed = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    assert shown(committed) == shown(architecture.picture()), "run python scripts/architecture.py"
    arrows = {tuple(arrow.split(" to ")) for arrow in shown(committed)[0]}
    every = architecture.edges()
    assert arrows <= every
    ways = TopologicalSorter({})
    for upper, lower in arrows:
        ways.add(upper, lower)
    reached: dict[str, set[str]] = {}
    for name in ways.static_order():  # what an arrow leaves out, a way over others has
        reached[name] = {end for upper, lower in arrows if upper == name for end in (lower, *reached[lower])}
    assert all(lower in reached[upper] for upper, lower in every)


def test_boxes_of_the_picture_stand_apart():
    svg = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    boxes = [tuple(map(float, box)) for box in re.findall(
        r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" rx', svg)]
    assert len(boxes) > 15
    for k, (x, y, width, height) in enumerate(boxes):
        assert x >= 0 and x + width <= 1200
        for left, top, across, down in boxes[k + 1:]:
            assert x + width < left or left + across < x or y + height < top or top + down < y
