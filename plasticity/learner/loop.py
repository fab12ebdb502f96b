"""The one loop in which everything learns: order, progress, schedules, validation, metrics, checkpoints, stopping."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from plasticity._utils.progress import progress
from plasticity._utils.stopping import stop_requests
from plasticity.errors import PlasticityError
from plasticity.learner.health import quiet
from plasticity.learner.plan import Plan, Step
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Callback, NotFinite, Trainer
from plasticity.learner.training import Checkpointer, Training
from plasticity.runs.folder import Run

#: what samples of an update become when they are shown
Augment = Callable[[np.ndarray, Step], np.ndarray]
EARLY = 1000  # samples after which what goes wrong is reported, long before the end


def train(trainer: Trainer, x: np.ndarray, targets: Targets, plan: Plan, *,
          held_out: tuple[np.ndarray, Targets] | None = None, run: Run | None = None,
          identity: Mapping[str, str] | None = None, callback: Callback | None = None,
          training: Training | None = None, augment: Augment | None = None) -> Training:
    """Trains on samples x and answers what happened.

    plan: `batch` in it is what the trainer takes at a time (`Trainer.chunk`). held_out: samples for the accuracy after
    each epoch. run: a folder for metrics and checkpoints, from which an interrupted training goes on, with the same
    bits; identity: what must be the same to go on. callback(step, x, targets): called when an update is known, before
    the weights change. training: filled in, so that the caller has it after an interruption. augment: what samples of
    an update become when they are shown, and only then (None: they are shown as they are).

    Raises Diverged when an update is not finite; KeyboardInterrupt, with everything in place and a checkpoint in the
    folder, after Ctrl-C.
    """
    if plan.patience is not None and held_out is None:
        raise PlasticityError("patience needs held-out samples to tell whether training still helps: give "
                              "validation > 0 as well")
    done = Training() if training is None else training
    keeper = Checkpointer(trainer, done, run, identity or {})
    with keeper.session():
        _learn(keeper, x, targets, plan, held_out, callback, augment)
    if plan.patience is not None and done.best_weights is not None:
        trainer.put(done.best_weights)
    trainer.check(done.shown, done.totals)
    return done


def _learn(keeper: Checkpointer, x: np.ndarray, targets: Targets, plan: Plan,
           held_out: tuple[np.ndarray, Targets] | None, callback: Callback | None, augment: Augment | None) -> None:
    """All steps that are not done yet."""
    trainer, done, run = keeper.trainer, keeper.training, keeper.run
    total, clock = plan.epochs * len(x), _Clock(trainer, done, callback)
    with stop_requests() as stop, progress(total, done.shown, plan.verbose) as advance, trainer.session():
        steps = iter(()) if done.early else plan.steps(len(x), done.shown)
        for step, shown, prepared in clock.counted(_prepared(trainer, x, steps, augment)):
            _update(trainer, shown, targets[step.samples], step, prepared, plan, keeper, clock)
            pause = stop.asked or step.shown == total or (run is not None and run.due)
            if step.last:
                _end_epoch(keeper, step, plan, held_out, (x, targets))
            elif trainer.lines and (done.samples_since >= trainer.lines or pause):
                keeper.log(done.line(step))
            if step.shown - len(step.samples) < EARLY <= step.shown < total:
                trainer.check(done.shown, done.totals)
            advance(len(step.samples), done.note())
            if pause or step.last:
                keeper.save()
            if stop.asked and step.shown < total:
                raise KeyboardInterrupt
            if done.early:
                break


def _update(trainer: Trainer, x: np.ndarray, targets: Targets, step: Step, prepared: object, plan: Plan,
            keeper: Checkpointer, clock: _Clock) -> None:
    try:
        measured = trainer.update(prepared, x, targets, step, plan.rate(step.done), clock.callback)
    except NotFinite as broken:
        raise keeper.diverged(broken, step) from None
    clock.read()
    keeper.training.shown = step.shown
    keeper.training.add(measured, len(step.samples))


def _end_epoch(keeper: Checkpointer, step: Step, plan: Plan, held_out: tuple[np.ndarray, Targets] | None,
               learned: tuple[np.ndarray, Targets]) -> None:
    done, more = keeper.training, {}
    done.epochs += 1
    means = done.means(done.epoch)
    if "loss" in means:
        done.losses.append(means["loss"])
    if held_out is not None:
        with quiet():
            done.validation.append(keeper.trainer.accuracy(*held_out, learned))
        more["validation_accuracy"] = done.validation[-1]
        _keep_best(keeper, plan)
    keeper.log(done.line(step, **more))
    done.epoch.clear()
    keeper.keep()


def _keep_best(keeper: Checkpointer, plan: Plan) -> None:
    done, now = keeper.training, len(keeper.training.validation) - 1
    if done.best is None or done.validation[now] > done.validation[done.best]:
        done.best = now
        if plan.patience is not None:
            done.best_weights = keeper.trainer.weights()
    done.early = plan.patience is not None and now - done.best >= plan.patience


def _prepared(trainer: Trainer, x: np.ndarray, steps: Iterator[Step],
              augment: Augment | None) -> Iterator[tuple[Step, np.ndarray, object]]:
    """Steps with their samples, as they are shown, and what the trainer prepares of these; the next one in a thread
    while the present one is used."""
    def ready(step: Step) -> tuple[Step, np.ndarray, object]:
        shown = x[step.samples] if augment is None else augment(x[step.samples], step)
        return step, shown, trainer.prepare(shown, step)

    if not trainer.ahead:
        yield from map(ready, steps)
        return
    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for step in steps:
            following = pool.submit(ready, step)
            if waiting:
                yield waiting.result()
            waiting = following
        if waiting:
            yield waiting.result()


class _Clock:
    """Keeps the seconds of a training: preparing and updating, without compilation and without the callback."""

    def __init__(self, trainer: Trainer, done: Training, callback: Callback | None):
        self._trainer, self._done, self._callback = trainer, done, callback
        self._begun, self._compiled, self._called = 0.0, trainer.compile_seconds, 0.0

    def counted(self, steps: Iterator[tuple]) -> Iterator[tuple]:
        """The same steps; the clock runs while the next one is prepared."""
        while True:
            self._begun = time.perf_counter()
            following = next(steps, None)
            if following is None:
                return
            yield following

    @property
    def callback(self) -> Callback | None:
        return None if self._callback is None else self._timed

    def _timed(self, step: Step, x: np.ndarray, targets: np.ndarray) -> None:
        begun = time.perf_counter()
        self._callback(step, x, targets)
        self._called += time.perf_counter() - begun

    def read(self) -> None:
        """Adds what went by since the step's preparation."""
        compiling = self._trainer.compile_seconds - self._compiled
        self._done.seconds += time.perf_counter() - self._begun - self._called - compiling
        self._done.compile_seconds += compiling
        self._compiled, self._called = self._trainer.compile_seconds, 0.0
