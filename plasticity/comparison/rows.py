"""From single trainings to one row per combination of rule, network and engine."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from plasticity.comparison.told import score_of
from plasticity.readout.metrics import summarise

#: averaged over seeds, with their spread
MEANS = ("train_seconds", "fit_seconds", "test_seconds", "peak_mb", "spikes_per_sample", "input_spikes_per_sample",
         "synops_per_sample", "inference_synops_per_sample", "update_cosine")
#: the same for every seed
SHARED = ("network", "epochs", "lr", "parameters", "train_samples", "test_samples", "held_out")
LEVEL = 0.95  # of confidence intervals


def row(names: Mapping[str, str | None], runs: Sequence[Mapping]) -> dict[str, object]:
    """One combination: means over the seeds that finished, and what the others said.

    names: axis -> name, see `plasticity.comparison.axes.Training`. seeds, accuracies: of those that finished, n: how
    many they are, of `asked`. accuracy_interval: see `interval`. NAME_sd: sample standard deviation over seeds, None
    for one seed. warnings: what was said of a network while it learned or was read out, by seed.
    """
    good = [run for run in runs if "error" not in run]
    entries = {**names, "names": dict(names), "seeds": [run["seed"] for run in good], "n": len(good),
               "asked": len(runs)}
    failed = [{"seed": run["seed"], "error": run["error"]} for run in runs if "error" in run]
    if failed:
        entries["failed"] = failed
    warned = [{"seed": run["seed"], "warning": line} for run in good for line in run.get("warnings", ())]
    if warned:
        entries["warnings"] = warned
    accuracies = {run["seed"]: run["accuracy"] for run in good}
    entries |= _spread("accuracy", accuracies) | {
        "accuracy_interval": interval(list(accuracies.values())), "accuracies": list(accuracies.values())}
    if not good:
        return entries
    for name in MEANS:
        entries |= _spread(name, {run["seed"]: run[name] for run in good if run.get(name) is not None})
    return entries | {"score": score_of(good[0])} | {name: good[0].get(name) for name in SHARED}


def _spread(name: str, values: Mapping[int, float]) -> dict[str, float | None]:
    if not values:
        return {name: None, f"{name}_sd": None}
    summary = summarise(values)
    return {name: summary.mean, f"{name}_sd": summary.sd}


def interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """The confidence interval of a mean, mean -+ t sd / sqrt(n), t of Student's distribution with n - 1 degrees of
    freedom: it holds for figures that are normally distributed over seeds. None for fewer than two values."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    summary = summarise(dict(enumerate(values)))
    half = float(t.ppf((1 + level) / 2, len(values) - 1)) * summary.sd / math.sqrt(len(values))
    return summary.mean - half, summary.mean + half
