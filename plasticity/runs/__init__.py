"""Runs on disk: what was asked, what was measured, what was learned, and where to go on after a stop."""

from plasticity.runs.checkpoint import Checkpoint
from plasticity.runs.files import load_arrays, save_arrays, write_json
from plasticity.runs.folder import Run, find

__all__ = ["Checkpoint", "Run", "find", "load_arrays", "save_arrays", "write_json"]
