"""Measuring commands in turn: what each printed as JSON, and on which machine with which versions."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).parents[2]
BUSY = 0.5  # load above which times are not reproducible


def measured(label: str, command: Sequence[str], env: Mapping[str, str] | None = None) -> dict:
    """The last line of what a command printed, as JSON; SystemExit with its last words when it failed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})})
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise SystemExit(f"{label} failed: {said[-1] if said else done.returncode}\n({' '.join(command)})")
    return json.loads(done.stdout.strip().splitlines()[-1])


def machine() -> dict:
    """The processor's name, cores, system, and how busy it is."""
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {"cpu": names[0] if names else platform.processor(), "cores": os.cpu_count(), "system": platform.platform(),
            "load_at_start": os.getloadavg()[0]}


def warn_if_busy(console: Console, here: Mapping) -> None:
    if here["load_at_start"] > BUSY:
        console.print(f"the machine is busy (load {here['load_at_start']:.1f}): these times will not be reproducible")


def versions() -> dict:
    """What runs in this environment; the peers' JSON says their own."""
    own = {name: version(name) for name in ("plasticity", "numpy", "numba", "torch", "brian2")}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {**own, "python": platform.python_version(), "commit": commit.stdout.strip()}


def write(path: Path, found: Mapping) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
