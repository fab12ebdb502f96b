"""One whole run: learn a task by any rule, read it out, compare with a control, keep everything in a folder."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from plasticity.comparison.figures import draw
from plasticity.comparison.nouns import classes_of, learner_of, shaped, way_of
from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task
from plasticity.errors import CacheWarning, DataWarning, NetworkWarning, PlasticityError
from plasticity.learner import Learner, goals
from plasticity.learner.folder import require_kept
from plasticity.learner.health import overheard, warn
from plasticity.readout.scores import SCORES
from plasticity.runs import Run, report

LEARNER = "learner"  # folder in a run's, that holds the learner
#: readouts of rules that learn without labels, where none is named; the first one answers
READOUTS = ("all_activity", "proportion", "logistic")


@dataclass(frozen=True)
class Settings:
    """What a run is asked to do; see `Learner` and `tasks.load`. None: what the task asks of the rule's way of
    learning. readout: one, or several parted by "+"; the first one answers. control: whether the same network is also
    read out untrained."""

    task: str
    network: str | None = None
    rule: str | None = None
    encoder: str | None = None
    readout: str | None = None
    engine: str | None = None
    loss: str | None = None
    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    optimizer: str | None = None
    schedule: str | None = None
    patience: int | None = None
    train_samples: int | None = None
    test_samples: int | None = None
    seed: int = 0
    device: str = "cpu"
    dtype: str | None = None
    validation: bool = False
    control: bool = False
    augment: str | None = None

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Settings:
        """From config.json. Raises PlasticityError when it was written by another version."""
        known = {slot.name for slot in fields(cls)}
        if not isinstance(stored, Mapping) or "task" not in stored or set(stored) - known:
            other = ", ".join(sorted(set(stored) - known)) if isinstance(stored, Mapping) else type(stored).__name__
            raise PlasticityError(f"these settings are not of this version: {other}")
        return cls(**stored)

    def load(self) -> Task:
        return tasks.load(self.task, self.train_samples, self.test_samples, self.validation, self.seed)

    def learner(self, task: Task, verbose: bool = False) -> Learner:
        """The learner these settings describe, unfitted."""
        asked = asdict(self) | {"verbose": verbose}
        if self.readout is not None:
            asked["readout"] = tuple(part.strip() for part in self.readout.split("+"))
        elif way_of(asked) == "stream":
            asked["readout"] = READOUTS
        return learner_of(task, asked)


class Interrupted(Exception):
    """A run was asked to stop and has left a checkpoint in `path`."""

    def __init__(self, path: Path):
        super().__init__(str(path))
        self.path = path


def run_task(settings: Settings, run: Run, say: Callable[[str], None] = lambda line: None,
             verbose: bool = False) -> dict:
    """Learns a task and answers what was measured; `accuracy` is that of the first readout on the held-out samples, or
    whatever the loss is scored by (more is better: minus NLL), and `score` says which and how much.

    run: the folder; it is created once everything has been checked. say: gets lines of progress.
    Raises Interrupted after Ctrl-C (a checkpoint is left), PlasticityError for what cannot be run.
    """
    told: list[str] = []
    with run.written(), _telling(told, say):
        task = settings.load()
        learner = settings.learner(task, verbose)
        require_kept(learner)
        say(f"{task.name}: {len(task.train_x)} training samples, {len(task.test_x)} held out ({task.held_out})")
        try:
            learner.fit(shaped(task, task.train_x), task.train_y, task.train_weight, classes=classes_of(task),
                        run=run)
        except KeyboardInterrupt:
            raise Interrupted(run.path) from None
        say("reading out the held-out samples")
        measured, answers = _measured(learner, task)
        if settings.control:
            say("control: the same network untrained")
            with overheard() as also:
                measured |= _control(settings, task)
            warn(*(f"control: {line}" for line in also if line not in told))
        result = _result(settings, learner, task, run, measured) | {"warnings": told}
        say("drawing figures")
        figures = draw(learner, task, result, answers, run.path / "figures")
        learner.save(run.path / LEARNER, about={"task": tasks.describe(task)})
        report.write(run.path / "report.html", result, figures, run.config())
        run.finish(result, learner.learned_)
    return result


@contextmanager
def _telling(told: list[str], say: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, what networks and data warn of is said at once, each once, and listed in `told`."""
    def tell(message: Warning | str, category: type[Warning], *where, **more) -> None:
        if issubclass(category, NetworkWarning | DataWarning | CacheWarning) and str(message) not in told:
            told.append(str(message))
            say(f"warning: {message}")

    with warnings.catch_warnings():
        for category in (NetworkWarning, DataWarning, CacheWarning):
            warnings.simplefilter("always", category)
        warnings.showwarning = tell
        yield


def _measured(learner: Learner, task: Task) -> tuple[dict, np.ndarray]:
    """What is told of the held-out samples, and the answers to them: they are shown once."""
    begun = time.perf_counter()
    by_readout, answers = learner.read(shaped(task, task.test_x), task.test_y, task.test_weight)
    best = by_readout[next(iter(by_readout))]
    return {"accuracy": best, "accuracy_by_readout": by_readout, "score": _told(learner, best),
            "test_seconds": time.perf_counter() - begun}, answers


def _told(learner: Learner, figure: float) -> dict:
    """A figure of which more is better as the score that it is: what is better lower was turned round."""
    score = SCORES[goals.score_name(learner.described_.goal)]
    return {"name": score.name, "value": score.turned(figure), "unit": score.unit, "better": score.better}


def _control(settings: Settings, task: Task) -> dict:
    """The same network with its initial weights, read out in the same way."""
    untrained = settings.learner(task).untrained(shaped(task, task.train_x), task.train_y, classes_of(task))
    by_readout, _ = untrained.read(shaped(task, task.test_x), task.test_y, task.test_weight)
    return {"accuracy_untrained": by_readout[next(iter(by_readout))], "accuracy_untrained_by_readout": by_readout}


def _result(settings: Settings, learner: Learner, task: Task, run: Run, measured: dict) -> dict:
    """One schema for every rule; None where something does not apply."""
    done, made = learner.training_, learner.described_.experiment
    words = made.words | {"rule": made.words["rule"] or learner.trainer_.rule_name,
                          "readout": str(made.readouts[0]) if made.readouts else None}
    return {"task": task.name, **words, "way": made.way.name, "device": settings.device, "epochs": made.epochs,
            "batch": made.batch, "lr": made.lr, "seed": settings.seed,
            "dtype": str(learner.trainer_.dtype).removeprefix("torch."),
            "held_out": task.held_out, "images": done.shown, "train_seconds": done.seconds,
            "images_per_second": done.shown / max(done.seconds, 1e-9), "compile_seconds": done.compile_seconds,
            "label_seconds": learner.label_seconds_, "spikes_per_image": done.spikes_per_sample,
            "loss": done.losses[-1] if done.losses else None, **measured, "run": str(run.path),
            "settings": asdict(settings)}
