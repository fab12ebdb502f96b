"""The score of the spiking network that a trained network of rates becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from plasticity.comparison.nouns import shaped
from plasticity.comparison.run import LEARNER, Settings
from plasticity.learner import Learner
from plasticity.learner.converting import convert
from plasticity.runs.files import read_json, write_json

FOUND = "spiking.json"


def in_spikes(settings: Settings, path: Path, options: Mapping[str, object],
              say: Callable[[str], None]) -> dict[str, object]:
    """Accuracy on the held-out samples, and mean rates (Hz) of each population; kept in the run's folder.

    settings, path: of a finished run. options: dt (s) of `convert`, and of `Converted.run`.
    """
    found = read_json(path / FOUND) if (path / FOUND).exists() else {}
    if found.get("options") == dict(options):
        return found
    say("the same network in spikes")
    task, learner = settings.load(), Learner.load(path / LEARNER)
    made = convert(learner, options["dt"])
    answer = made.run(shaped(task, task.test_x), **{name: each for name, each in options.items() if name != "dt"})
    right = learner.classes_[answer.outputs.argmax(1)] == task.test_y
    rates = {name: float(rate.mean()) for name, rate in answer.rates.items()}
    sizes = [rate.shape[1] for rate in answer.rates.values()]
    found = {"accuracy": float(right.mean()), "rates": rates, "options": dict(options),
             "mean_rate": float(np.average(list(rates.values()), weights=sizes))}
    write_json(path / FOUND, found)
    return found
