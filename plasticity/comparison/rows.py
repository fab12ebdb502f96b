"""From single trainings to one row per rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plasticity.readout.metrics import summarise

#: averaged over seeds
MEANS = ("train_seconds", "fit_seconds", "test_seconds", "peak_mb", "spikes_per_sample", "input_spikes_per_sample",
         "synops_per_sample", "inference_synops_per_sample", "update_cosine")
#: the same for every seed
SHARED = ("network", "epochs", "lr", "parameters", "train_samples", "test_samples", "held_out")


def row(rule: str, found: Sequence[Mapping]) -> dict[str, object]:
    """One rule: means over the seeds that finished, and what the others said."""
    good = [one for one in found if "error" not in one]
    made = {"rule": rule, "seeds": [one["seed"] for one in good]}
    failed = [{"seed": one["seed"], "error": one["error"]} for one in found if "error" in one]
    if failed:
        made["failed"] = failed
    if not good:
        return made | {"accuracy": None, "accuracy_sd": None}
    summary = summarise({one["seed"]: one["accuracy"] for one in good})
    made |= {"accuracy": summary.mean, "accuracy_sd": summary.sd, "accuracies": [one["accuracy"] for one in good]}
    made |= {name: _mean([one[name] for one in good if one.get(name) is not None]) for name in MEANS}
    return made | {name: good[0].get(name) for name in SHARED}


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


#: heading -> text of a row
COLUMNS = {
    "rule": lambda row: row["rule"],
    "accuracy": lambda row: "failed" if row["accuracy"] is None else f"{100 * row['accuracy']:.2f} %" + (
        "" if row["accuracy_sd"] is None else f" ± {100 * row['accuracy_sd']:.2f}"),
    "train s": lambda row: _text(row, "train_seconds", ".1f"),
    "peak MB": lambda row: _text(row, "peak_mb", ".0f"),
    "spikes": lambda row: _text(row, "spikes_per_sample", ".0f"),
    "synops": lambda row: _text(row, "synops_per_sample", ".3g"),
    "cosine": lambda row: _text(row, "update_cosine", ".2f"),
}


def _text(row: Mapping, name: str, form: str) -> str:
    value = row.get(name)
    return "" if value is None else format(value, form)
