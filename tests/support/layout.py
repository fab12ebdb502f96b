"""The plan of the house: its rooms, the floors they stand on, and which files import which."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: rooms from the ground up; those of one floor know nothing of each other
FLOORS = (
    ("errors",), ("_utils",), ("language",), ("rules", "encoding"), ("neurons",),
    ("network", "readout", "runs", "datasets"), ("engines", "networks"), ("methods", "plots"), ("learner",),
    ("comparison", "bench"), ("reproduction",), ("cli",), ("__main__",))
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
#: gathers names for users, and is imported by nobody
FACES = {"credit", "plasticity"}
#: links to the top-level folders
LINKS = (("plasticity", "networks"), ("plasticity", "datasets"))


def modules() -> dict[str, Path]:
    """Every module by its full name, and its file."""
    by_name = {}
    for path in (path for folder in ("plasticity", "networks", "datasets") for path in (ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[:2] not in LINKS:
            parts = parts if parts[0] == "plasticity" else ("plasticity", *parts)
            by_name[".".join(parts).removesuffix(".__init__")] = path
    return by_name


MODULES = modules()


def imports(name: str) -> set[str]:
    """The modules that a module imports, inside functions and for types too."""
    imported = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively; write the whole name"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= {module if module in MODULES else node.module for module in inner}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    return {module for module in imported if module in MODULES and module != name}


GRAPH = {name: imports(name) for name in MODULES}


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "plasticity"
