"""The cases that other simulators were given, which live beside the scripts that run there."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
SCRIPTS, COMMITTED = ROOT / "scripts/peers", ROOT / "tests/reference"


def described(name: str) -> ModuleType:
    """The module scripts/peers/NAME.py, which needs numpy only."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
