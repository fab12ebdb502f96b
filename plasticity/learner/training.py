"""The training loop around `presenting.learn`: progress, metrics, checkpoints, stopping."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from plasticity._utils.progress import progress
from plasticity._utils.stopping import stop_requests
from plasticity.engines import Simulation
from plasticity.learner import checks
from plasticity.learner.presenting import BLOCK, Source, encode, learn
from plasticity.learner.running import RunningAccuracy
from plasticity.network.presentation import Model
from plasticity.runs import Checkpoint, Run

EARLY = 1000  # samples after which a silent network is reported, long before the end
STATE, CURVE = "simulation/", "curve/"


@dataclass
class Training:
    """What happened so far. shown: presentations; spikes: output spikes in them; seconds: without compilation."""

    shown: int = 0
    spikes: float = 0.0
    seconds: float = 0.0
    compile_seconds: float = 0.0
    history: list[dict] = field(default_factory=list)

    @property
    def spikes_per_sample(self) -> float:
        return self.spikes / max(self.shown, 1)

    def numbers(self) -> dict[str, float]:
        return {"spikes": self.spikes, "seconds": self.seconds, "compile_seconds": self.compile_seconds}


@dataclass
class _Since:
    """What has been gathered since the last line of metrics."""

    images: int = 0
    spikes: float = 0.0
    right: float = 0.0

    def add(self, images: int, spikes: float, accuracy: float) -> None:
        self.images += images
        self.spikes += spikes
        self.right += accuracy * images

    @property
    def note(self) -> str:
        return f"{self.spikes / self.images:.0f} spikes/image, right {self.right / self.images:.0%}"


def train(simulation: Simulation, model: Model, x: np.ndarray, y: np.ndarray, classes: int, *, options: dict,
          identity: dict[str, str] | None = None, run: Run | None = None, verbose: bool = False) -> Training:
    """Learns from x; y only draws the learning curve. options: of `presenting.learn`.

    run: where metrics and checkpoints go, and where training goes on from. Raises KeyboardInterrupt, after a
    checkpoint, when asked to stop.
    """
    curve = RunningAccuracy.start(classes, model.network.sizes[model.output])
    done = _resumed(simulation, curve, run, identity or {})
    done.compile_seconds += _warmed(model, x)
    total, since, clock = options["epochs"] * len(x), _Since(), _Clock(simulation, done)
    with stop_requests() as stop, progress(total, done.shown, verbose) as advance:
        for shown, chosen, counts in learn(simulation, model, x, start=done.shown, **options):
            spikes = float(counts.sum())
            done.shown, done.spikes = shown, done.spikes + spikes
            clock.read()
            since.add(len(chosen), spikes, curve.update(counts, y[chosen]))
            advance(len(chosen), since.note)
            if shown - len(chosen) < EARLY <= shown < total:
                checks.warn_silent(model, done.spikes_per_sample, shown)
            pause = stop.asked or shown == total or (run is not None and run.due)
            if since.images >= BLOCK or pause:
                since = _note(done, since, model, run)
            if run is not None and pause:
                run.save(_checkpoint(simulation, curve, done, identity or {}))
            if stop.asked and shown < total:
                raise KeyboardInterrupt
    checks.warn_activity(model, done.spikes_per_sample, done.shown)
    return done


def _warmed(model: Model, x: np.ndarray) -> float:
    """Seconds until the encoder is compiled (or loaded): they are no part of learning."""
    begun = time.perf_counter()
    encode(model, x[:1], Source(0, "learn"), 0)
    return time.perf_counter() - begun


class _Clock:
    """Keeps `seconds` of a Training: wall clock without what was spent on compiling."""

    def __init__(self, simulation: Simulation, done: Training):
        self._simulation, self._done = simulation, done
        self._begun, self._base = time.perf_counter(), (done.seconds, done.compile_seconds)

    def read(self) -> None:
        compiling = float(getattr(self._simulation, "compile_seconds", 0.0))
        self._done.compile_seconds = self._base[1] + compiling
        self._done.seconds = self._base[0] + time.perf_counter() - self._begun - compiling


def _note(done: Training, since: _Since, model: Model, run: Run | None) -> _Since:
    line = {"images": done.shown, "seconds": round(done.seconds, 3),
            "spikes_per_image": since.spikes / since.images, "running_accuracy": since.right / since.images}
    done.history.append(line)
    if run is not None:
        run.log(**line)
    return _Since()


def _resumed(simulation: Simulation, curve: RunningAccuracy, run: Run | None, identity: dict[str, str]) -> Training:
    checkpoint = run.begin(identity) if run is not None else None
    if checkpoint is None:
        return Training()
    arrays = checkpoint.arrays
    simulation.restore({name.removeprefix(STATE): a for name, a in arrays.items() if name.startswith(STATE)})
    curve.sums, curve.seen = arrays[CURVE + "sums"], arrays[CURVE + "seen"]
    return Training(checkpoint.shown, history=run.metrics(), **checkpoint.extra)


def _checkpoint(simulation: Simulation, curve: RunningAccuracy, done: Training, identity: dict[str, str]) -> Checkpoint:
    arrays = {STATE + name: values for name, values in simulation.state().items()}
    arrays |= {CURVE + name: values for name, values in curve.state().items()}
    return Checkpoint(done.shown, identity, arrays, done.numbers())
