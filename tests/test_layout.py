"""The plan of the house: every room stands above all that it imports, and no files import each other in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: rooms from the ground up; those of one floor know nothing of each other
FLOORS = (
    ("errors",), ("_utils",), ("language",), ("rules", "encoding"), ("neurons",),
    ("network", "readout", "runs", "datasets"), ("engines", "networks"), ("methods", "plots"), ("learner",),
    ("comparison", "bench"), ("cli",), ("__main__",))
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
#: gathers names for users, and is imported by nobody
FACES = {"credit", "plasticity"}


def modules() -> dict[str, Path]:
    found = {}
    for folder in ("plasticity", "networks", "datasets"):
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if parts[:2] in (("plasticity", "networks"), ("plasticity", "datasets")):
                continue  # links to the top-level folders
            parts = parts if parts[0] == "plasticity" else ("plasticity", *parts)
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES = modules()


def imports(name: str) -> set[str]:
    """The modules that a module imports, inside functions and for types too."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively; write the whole name"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {module if module in MODULES else node.module for module in inner}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {module for module in found if module in MODULES and module != name}


GRAPH = {name: imports(name) for name in MODULES}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "plasticity"


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
