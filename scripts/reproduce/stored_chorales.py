"""How much the next chord is harder to tell when weights are kept in phase-change memory, by kind of network.

    .venv/bin/python scripts/reproduce/stored_chorales.py --runs runs/reproduce

Reads networks that `plasticity reproduce chorales` has trained (three seeds each), and asks each about the test part
with its weights as `stored(learner, "pcm(scale=...)")` keeps them, in five memories per scale of the programming noise
(1 is what was measured on real cells). Writes docs/results/stored_chorales.json and its picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from _figures import panels, with_spread

from plasticity import Learner, plots, stored
from plasticity.comparison.nouns import shaped
from plasticity.datasets import tasks
from plasticity.runs.files import write_json
from plasticity.runs.machine import machine, versions

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "results" / "stored_chorales.json"
ROWS = ("chorales-ssnu", "chorales-snu", "chorales-lstm", "chorales-gru", "chorales-rnn")
SCALES, MEMORIES = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0), 5


def curve(learner: Learner, task: tasks.Task, scales: tuple[float, ...], memories: int) -> list[list[float]]:
    """Negative log-likelihood of the test part, [scale][memory]."""
    x = shaped(task, task.test_x)
    return [[-stored(learner, "pcm", seed=seed, scale=scale).score(x, task.test_y, task.test_weight)
             for seed in range(memories)] for scale in scales]


def study(runs: Path, rows: tuple[str, ...], scales: tuple[float, ...] = SCALES, memories: int = MEMORIES) -> dict:
    """row -> seed -> curve, beside the score of the exact weights."""
    task, found = tasks.load("jsb"), {}
    for row in rows:
        for folder in sorted((runs / row).glob("seed*/learner")):
            learner = Learner.load(folder)
            exact = -learner.score(shaped(task, task.test_x), task.test_y, task.test_weight)
            found.setdefault(row, {})[folder.parent.name] = {
                "exact": exact, "stored": curve(learner, task, scales, memories)}
            print(row, folder.parent.name, found[row][folder.parent.name], flush=True)
    return found


def draw(found: dict, scales: tuple[float, ...], path: Path) -> None:
    """Mean over seeds and memories against the scale, with the spread over seeds."""
    figure, (axes,) = panels(1, 1, 6.0, 4.0)
    for row, seeds in found.items():
        curves = np.array([[np.mean(memories) for memories in run["stored"]] for run in seeds.values()])
        with_spread(axes, dict(zip(scales, curves.T, strict=True)), row.removeprefix("chorales-"))
    plots.finish(axes, "Weights in phase-change cells", "scale of the programming noise (1: as measured)",
                 "negative log-likelihood, nats per chord")
    axes.legend(frameon=False)
    plots.save(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs") / "reproduce")
    parser.add_argument("--rows", nargs="+", default=ROWS)
    arguments = parser.parse_args()
    found = study(arguments.runs, tuple(arguments.rows))
    write_json(OUT, {"study": "stored_chorales", "kind": "stored", "scales": SCALES, "memories": MEMORIES,
                     "runs": found, "versions": versions(), "machine": machine()})
    draw(found, SCALES, OUT.with_suffix(".png"))


if __name__ == "__main__":
    main()
