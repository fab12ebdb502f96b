"""One whole run: learn a task, read it out, compare with a control, keep everything in a folder."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from plasticity import plots
from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task
from plasticity.errors import NetworkWarning, PlasticityError
from plasticity.learner import UnsupervisedClassifier
from plasticity.learner.unsupervised import READOUTS
from plasticity.readout.metrics import confusion
from plasticity.runs import Run, report


@dataclass(frozen=True)
class Settings:
    """What a run is asked to do; see `UnsupervisedClassifier` and `tasks.load`. epochs: None for the task's default.
    control: whether the same network is also read out untrained."""

    task: str
    network: str = "diehl-cook"
    rule: str | None = None
    engine: str = "event"
    neurons: int = 400
    epochs: int | None = None
    train_samples: int | None = None
    test_samples: int | None = None
    seed: int = 0
    device: str = "cpu"
    batch: int = 1
    reduce: str = "sum"
    dtype: str | None = None
    validation: bool = False
    control: bool = False
    ngram: bool = False

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Settings:
        """From config.json. Raises PlasticityError when it was written by another version."""
        known = {slot.name for slot in fields(cls)}
        if "task" not in stored or set(stored) - known:
            raise PlasticityError(f"these settings are not of this version: {', '.join(sorted(set(stored) - known))}")
        return cls(**stored)

    def learner(self, verbose: bool = False) -> UnsupervisedClassifier:
        """The learner these settings describe, unfitted."""
        shared = ("network", "rule", "engine", "neurons", "seed", "device", "batch", "reduce", "dtype")
        epochs = tasks.epochs(self.task) if self.epochs is None else self.epochs
        readouts = (*READOUTS, "ngram") if self.ngram else READOUTS
        return UnsupervisedClassifier(**{name: getattr(self, name) for name in shared}, epochs=epochs,
                                      readouts=readouts, verbose=verbose)


class Interrupted(Exception):
    """A run was asked to stop and has left a checkpoint in `path`."""

    def __init__(self, path: Path):
        super().__init__(str(path))
        self.path = path


def run_task(settings: Settings, run: Run, say: Callable[[str], None] = lambda line: None,
             verbose: bool = False) -> dict:
    """Learns a task and answers what was measured; `accuracy` is the all-activity readout on the held-out images.

    run: the folder; it is created once everything has been checked. say: gets lines of progress.
    Raises Interrupted after Ctrl-C (a checkpoint is left), PlasticityError for what cannot be run.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NetworkWarning)
        task = tasks.load(settings.task, settings.train_samples, settings.test_samples, settings.validation)
        learner = settings.learner(verbose)
        say(f"{task.name}: {len(task.train_x)} training images, {len(task.test_x)} held out ({task.held_out})")
        try:
            learner.fit(task.train_x, task.train_y, run=run)
        except KeyboardInterrupt:
            raise Interrupted(run.path) from None
        say("reading out the held-out images")
        measured = _measured(learner, task)
        if settings.control:
            say("control: the same network untrained")
            measured |= _control(settings, task)
    told = [str(warning.message) for warning in caught if issubclass(warning.category, NetworkWarning)]
    for line in dict.fromkeys(told):
        say(f"warning: {line}")
    result = _result(settings, learner, run, measured) | {"warnings": list(dict.fromkeys(told))}
    say("drawing figures")
    figures = draw(learner, task, result, run.path / "figures")
    report.write(run.path / "report.html", result, figures, run.config())
    run.finish(result, learner.learned_)
    return result


def _measured(learner: UnsupervisedClassifier, task: Task) -> dict:
    begun = time.perf_counter()
    by_readout = learner.accuracies(task.test_x, task.test_y)
    return {"accuracy": by_readout["all_activity"], "accuracy_by_readout": by_readout,
            "test_seconds": time.perf_counter() - begun}


def _control(settings: Settings, task: Task) -> dict:
    """The same network with its initial weights, read out in the same way."""
    untrained = settings.learner().untrained(task.train_x, task.train_y)
    by_readout = untrained.accuracies(task.test_x, task.test_y)
    return {"accuracy_untrained": by_readout["all_activity"], "accuracy_untrained_by_readout": by_readout}


def _result(settings: Settings, learner: UnsupervisedClassifier, run: Run, measured: dict) -> dict:
    done = learner.training_
    named = {"task": settings.task, "network": settings.network,
             "rule": learner.model_.network.plastic[0].rule.name if learner.model_.network.plastic else None,
             "engine": settings.engine, "device": settings.device, "neurons": settings.neurons,
             "epochs": learner.epochs, "seed": settings.seed}
    return {**named, "batch": settings.batch, "dtype": learner.dtype_,
            "held_out": "validation" if settings.validation else "test", "images": done.shown,
            "train_seconds": done.seconds, "images_per_second": done.shown / max(done.seconds, 1e-9),
            "compile_seconds": done.compile_seconds, "label_seconds": learner.label_seconds_,
            "spikes_per_image": done.spikes_per_sample, **measured, "run": str(run.path), "settings": asdict(settings)}


def draw(learner: UnsupervisedClassifier, task: Task, result: Mapping, folder: Path) -> dict[str, Path]:
    """All figures of a run: what it shows -> file."""
    answers = learner.trainer_.reading.places(learner.responses(task.test_x), "all_activity")
    rule = learner.model_.network.plastic[0].rule
    chance = 1 / len(task.classes)
    made = {
        "receptive_fields": plots.receptive_fields(learner.weights_, task.image_shape, learner.labels_),
        "learning_curve": plots.learning_curve(learner.training_.history, result["accuracy"],
                                               result.get("accuracy_untrained"), chance),
        "confusion": plots.confusion(confusion(task.test_y, answers, len(task.classes)), task.classes),
        "raster": plots.raster(learner.trains(task.test_x[:1]), learner.model_.network.dt,
                               title="First held-out image"),
    }
    if not (rule.reads or rule.signals):
        made["stdp_window"] = plots.stdp_window(rule)
    return {name: plots.save(figure, folder / f"{name}.png") for name, figure in made.items()}
