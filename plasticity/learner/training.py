"""What happened in a training, and that nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType, UnionType

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.learner.plan import Step
from plasticity.learner.trainer import Measured, NotFinite, Trainer
from plasticity.runs.checkpoint import Checkpoint
from plasticity.runs.folder import Run
from plasticity.runs.sealed import as_written

TRAINER, BEST = "trainer/", "best/"
#: what a checkpoint holds of a training, and of which type it is
_NUMBERS: Mapping[str, type | UnionType] = MappingProxyType({
    "epochs": int, "losses": list, "validation": list, "seconds": float | int, "compile_seconds": float | int,
    "best": int | None, "early": bool, "totals": dict, "epoch": dict, "since": dict})


class Diverged(PlasticityError):
    """A loss or gradient is not finite. step: which update; nothing was learned from it. layer: the first that is not
    finite, where that is known."""

    def __init__(self, message: str, step: Step, layer: str | None):
        super().__init__(message)
        self.step, self.layer = step, layer


@dataclass
class Training:
    """What happened so far.

    shown: presentations. epochs: passes that are complete. seconds: spent on learning, without compilation.
    losses: mean of each epoch's updates, where the rule has a loss. validation: accuracy on held-out samples after each
    epoch. history: lines of metrics. best: number of the epoch with the best validation; early: whether it stopped
    because that was long ago.
    totals: sums over all presentations, as of output spikes.
    """

    shown: int = 0
    epochs: int = 0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    history: list[dict] = field(default_factory=list)
    best: int | None = None
    early: bool = False
    totals: dict[str, float] = field(default_factory=dict)
    epoch: dict[str, list[float]] = field(default_factory=dict, repr=False)
    since: dict[str, list[float]] = field(default_factory=dict, repr=False)
    best_weights: Mapping[str, np.ndarray] | None = field(default=None, repr=False)

    @property
    def spikes_per_sample(self) -> float | None:
        """Output spikes of a presentation, on average; None where nothing counts them."""
        return self.totals["spikes_per_image"] / max(self.shown, 1) if "spikes_per_image" in self.totals else None

    def add(self, measured: Measured, samples: int) -> None:
        """Counts an update."""
        for name, value in measured.values.items():
            self.totals[name] = self.totals.get(name, 0.0) + value * measured.weight
            for sums in (self.epoch, self.since):
                total = sums.setdefault(name, [0.0, 0.0])
                total[0] += value * measured.weight
                total[1] += measured.weight
        for name, number in measured.counted.items():
            self.totals[name] = self.totals.get(name, 0) + number
        self.since.setdefault("", [0.0, 0.0])[0] += samples

    @property
    def samples_since(self) -> int:
        """Samples since the last line of metrics."""
        return int(self.since.get("", [0.0])[0])

    def means(self, sums: Mapping[str, list[float]]) -> dict[str, float]:
        return {name: total / weight for name, (total, weight) in sums.items() if name}

    def line(self, step: Step, **more: float) -> dict:
        """The line of metrics that is due; counting starts anew."""
        values = {"images": self.shown, "epoch": step.epoch, "seconds": round(self.seconds, 3),
                  **self.means(self.since), **more}
        self.history.append(values)
        self.since.clear()
        return values

    def note(self) -> str:
        """The latest means in a few words, for a progress bar."""
        means = self.means(self.since) or self.means(self.epoch)
        words = [f"{name.replace('_', ' ')} {value:.3g}" for name, value in means.items()]
        return ", ".join([*words, *([f"validation {self.validation[-1]:.3g}"] if self.validation else [])])

    def joined(self, later: Training) -> Training:
        """This training and what came after it, as one."""
        totals = {name: self.totals.get(name, 0.0) + later.totals.get(name, 0.0)
                  for name in {**self.totals, **later.totals}}
        return Training(self.shown + later.shown, self.epochs + later.epochs, self.seconds + later.seconds,
                        self.compile_seconds + later.compile_seconds, self.losses + later.losses,
                        self.validation + later.validation, self.history + later.history, totals=totals)


class Checkpointer:
    """Writes checkpoints and finds them again; keeps the weights before an update that is not finite."""

    def __init__(self, trainer: Trainer, training: Training, run: Run | None, identity: Mapping[str, str]):
        self.trainer, self.training, self.run, self.identity = trainer, training, run, dict(identity)
        self.last_good = trainer.weights()

    @contextmanager
    def session(self) -> Iterator[None]:
        """Begins where the run was stopped, if there is a run and it was; while it lasts nobody else writes there."""
        if self.run is None:
            yield
            return
        with self.run.written():
            checkpoint = self.run.begin(self.identity)
            if checkpoint is not None:
                with as_written(self.run.path / "checkpoint"):
                    self._go_on(checkpoint)
            yield

    def _go_on(self, checkpoint: Checkpoint) -> None:
        for name, kind in _NUMBERS.items():
            if not isinstance(checkpoint.extra[name], kind):
                raise TypeError(f"{name} is {checkpoint.extra[name]!r}")
            setattr(self.training, name, checkpoint.extra[name])
        self.training.shown, self.training.history = checkpoint.shown, self.run.metrics()
        arrays = checkpoint.arrays
        self.trainer.restore(_below(arrays, TRAINER))
        self.training.best_weights = _below(arrays, BEST) or None
        self.last_good = self.trainer.weights()

    def save(self) -> None:
        if self.run is None:
            return
        arrays = {TRAINER + name: values for name, values in self.trainer.state().items()}
        arrays |= {BEST + name: values for name, values in (self.training.best_weights or {}).items()}
        numbers = {name: getattr(self.training, name) for name in _NUMBERS}
        self.run.save(Checkpoint(self.training.shown, self.identity, arrays, numbers))

    def log(self, line: Mapping[str, object]) -> None:
        if self.run is not None:
            self.run.log(**line)

    def keep(self) -> None:
        """Remembers the present weights as good ones."""
        self.last_good = self.trainer.weights()

    def diverged(self, broken: NotFinite, step: Step) -> Diverged:
        """The error to raise; the weights are then the last good ones, and saved."""
        if broken.spoiled:
            self.trainer.put(self.last_good)
        kept = f"the weights are those {'of the last epoch' if broken.spoiled else 'before this batch'}"
        kept = kept + ("'s end" if broken.spoiled else "")
        self.save()
        saved = "" if self.run is None else f", saved in {self.run.path / 'checkpoint'}"
        return Diverged(f"{broken.what} in {step.where}; the first that is not finite is "
                        f"{broken.layer or 'the loss itself'}; {kept}{saved}: lower {broken.advice}", step,
                        broken.layer)


def _below(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
