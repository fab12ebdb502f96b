"""Outcomes become one file in docs/results/."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from _children import KINDS, Outcome

from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
EXAMPLES = 5  # of faults, told of each subject


def tally(outcomes: Iterable[tuple[str, str, Outcome]]) -> dict[str, dict]:
    """Subject -> how often each outcome came, and examples of faults. outcomes: (subject, input in words, outcome)."""
    told: dict[str, dict] = {}
    for subject, given, found in outcomes:
        entry = told.setdefault(subject, {"counts": Counter(), "faults": []})
        entry["counts"][found.kind] += 1
        if KINDS[found.kind] and len(entry["faults"]) < EXAMPLES:
            entry["faults"].append({"kind": found.kind, "input": given[:200], "said": found.said[:300]})
    return told


def total(told: Mapping[str, Mapping]) -> dict[str, int]:
    """How often each outcome came, over all subjects."""
    summed = sum((Counter(entry["counts"]) for entry in told.values()), Counter())
    return {kind: summed[kind] for kind in KINDS}


def faults(told: Mapping[str, Mapping]) -> int:
    return sum(count for kind, count in total(told).items() if KINDS[kind])


def write(name: str, settings: Mapping, found: Mapping, folder: Path = RESULTS) -> Path:
    """docs/results/reliability_NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"reliability_{name}.json"
    content = {"study": f"reliability_{name}", "kind": "reliability", "date": time.strftime("%Y-%m-%d"),
               "settings": dict(settings), **found, "versions": versions(), "machine": machine()}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path
