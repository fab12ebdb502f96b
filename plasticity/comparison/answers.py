"""Asking a run about samples that it has not seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from plasticity.comparison.nouns import in_maps
from plasticity.comparison.run import LEARNER
from plasticity.datasets import tasks
from plasticity.errors import PlasticityError
from plasticity.learner import Learner, stored
from plasticity.learner.folder import ABOUT, describe


def learner_folder(path: Path) -> Path:
    """The folder of the learner that `path` names: itself, or that of the run in it.

    Raises PlasticityError where there is none, saying whether the run has not finished.
    """
    for place in (path, path / LEARNER):
        if (place / ABOUT).is_file():
            return place
    if (path / "config.json").is_file():
        raise PlasticityError(f"the run in {path} has not finished; go on with plasticity run --resume {path}")
    raise PlasticityError(f"there is no run and no saved learner in {path}")


def answers(run: Path, data: str, store: str | None = None, seed: int = 0) -> dict[str, object]:
    """What the learner of a run answers to samples: {"learner", "classes", "answers": one per sample}.

    data: an .npz file with x, a folder of images, an image, or a task, whose held-out part is taken; images are brought
    into the form that was learned from. store: a memory that keeps the weights, "pcm(time=3600)"; seed: of its noise;
    None for exact weights. An answer is a label with the probability of it (None where there is none), or values.
    """
    folder = learner_folder(Path(run))
    about = describe(folder)
    learner, task = Learner.load(folder), about["about"].get("task")
    learner = learner if store is None else stored(learner, store, seed)
    samples = tasks.samples(data, like=task) if task is not None else tasks.samples(data)
    x = in_maps(samples.x, task["form"], task["image_shape"]) if task else samples.x
    labels = _named(learner, task, learner.predict(x))
    words = {**about["words"], "stored in": store}
    return {"learner": ", ".join(f"{name} {text}" for name, text in words.items() if text),
            "run": str(run), "classes": _classes(learner, task),
            "answers": [{"sample": name, "answer": label, "probability": chance} for name, label, chance in
                        zip(samples.names, labels, _chances(learner, x), strict=True)]}


def _classes(learner: Learner, task: dict | None) -> list | None:
    if not hasattr(learner, "classes_"):
        return None
    return [_name(task, label) for label in learner.classes_.tolist()]


def _name(task: dict | None, label: object) -> object:
    """The name of a class of the task, or the label as it is; None for no answer."""
    if task is None or not task["classes"]:
        return label
    return task["classes"][label] if isinstance(label, int) and 0 <= label < len(task["classes"]) else None


def _named(learner: Learner, task: dict | None, predicted: np.ndarray) -> list:
    if not hasattr(learner, "classes_"):
        return predicted.tolist()
    if predicted.ndim > 1:
        return [[_name(task, label) for label in row] for row in predicted.tolist()]
    return [_name(task, label) for label in predicted.tolist()]


def _chances(learner: Learner, x: np.ndarray) -> list[float | None]:
    """The probability of what is answered; None for values and for targets by step."""
    if not hasattr(learner, "classes_") or learner.described_.goal.by_step:
        return [None] * len(x)
    return learner.predict_proba(x).max(1).tolist()
