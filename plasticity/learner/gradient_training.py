"""The one loop that trains every learner with a torch optimiser, whatever leaves the gradients.

A `Learner` is a module, an optimiser and two functions; backpropagation, e-prop, forward-forward, equilibrium
propagation and networks that do not spike differ in the function `gradient` only.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from plasticity._utils.progress import progress
from plasticity._utils.stopping import stop_requests
from plasticity.errors import PlasticityError
from plasticity.learner import state_dicts
from plasticity.learner.plan import Plan, Step
from plasticity.runs.checkpoint import Checkpoint
from plasticity.runs.folder import Run


@dataclass(frozen=True)
class Learner:
    """What is trained. x: any array [samples, ...]; labels: whole numbers from 0, [samples].

    gradient(x, labels, seed): leaves an update's gradients in `.grad` of the module's parameters (they are cleared
        before) and answers the loss. Whatever it draws comes from `seed`, or from torch's own generator, which is
        seeded anew for every update.
    scores(x): the larger, the likelier the class, [samples, classes]; changes nothing.
    locate(x, labels, seed): called when the loss is not finite, says which layer is the first that is not (None: it
        cannot tell).
    """

    module: nn.Module
    optimiser: torch.optim.Optimizer
    gradient: Callable[[np.ndarray, np.ndarray, int], float | torch.Tensor]
    scores: Callable[[np.ndarray], np.ndarray]
    locate: Callable[[np.ndarray, np.ndarray, int], str | None] = lambda x, labels, seed: None

    def accuracy(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Share of samples whose label has the highest score."""
        return float((self.scores(x).argmax(1) == labels).mean())


@dataclass
class Training:
    """What happened so far. losses: mean of each epoch's updates; validation: accuracy on held-out samples after each
    epoch; shown: presentations; seconds: spent on updates; best: number of the epoch with the best validation;
    early: whether it stopped because that was long ago."""

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    shown: int = 0
    seconds: float = 0.0
    best: int | None = None
    early: bool = False
    recent: list[float] = field(default_factory=list)
    best_weights: Mapping[str, torch.Tensor] | None = field(default=None, repr=False)

    def numbers(self) -> dict:
        names = ("losses", "validation", "seconds", "best", "early", "recent")
        return {name: getattr(self, name) for name in names}


class Diverged(PlasticityError):
    """A loss or gradient is not finite. step: which update; nothing was learned from it. layer: the first that is not
    finite, where that is known."""

    def __init__(self, message: str, step: Step, layer: str | None):
        super().__init__(message)
        self.step, self.layer = step, layer


Watch = Callable[[Step, np.ndarray, np.ndarray], None]


def train(learner: Learner, x: np.ndarray, y: np.ndarray, plan: Plan, *,
          held_out: tuple[np.ndarray, np.ndarray] | None = None, run: Run | None = None,
          identity: Mapping[str, str] | None = None, watch: Watch | None = None,
          training: Training | None = None) -> Training:
    """Trains on x and labels y (0, 1, ...) and answers what happened.

    held_out: samples and labels for the accuracy after each epoch. run: a folder for metrics and checkpoints, from
    which an interrupted training goes on, with the same bits; identity: what must be the same to go on.
    watch(step, x, labels): called when an update's gradients are there, before the weights change. training: filled in,
    so that the caller has it after an interruption.
    Raises Diverged when the loss or a gradient is not finite; KeyboardInterrupt, with everything in place and a
    checkpoint in the folder, after Ctrl-C.
    """
    if plan.patience is not None and held_out is None:
        raise PlasticityError("patience needs held-out samples to tell whether training still helps: give "
                              "validation_fraction > 0 as well")
    done = training if training is not None else Training()
    guard = _Guard(learner, done, run, dict(identity or {}))
    guard.resume()
    devices = [p.device for p in learner.module.parameters() if p.is_cuda][:1]
    with (stop_requests() as stop, progress(plan.epochs * len(x), done.shown, plan.verbose) as advance,
          torch.random.fork_rng(devices)):
        for step in () if done.early else plan.steps(len(x), done.shown):
            _update(guard, x[step.samples], y[step.samples], step, plan.rate(step.done), watch)
            done.shown = step.shown
            if step.last:
                _end_epoch(guard, step, plan, held_out)
            advance(len(step.samples), _note(done))
            if stop.asked or step.last or (run is not None and run.due):
                guard.save()
            if stop.asked:
                raise KeyboardInterrupt
            if done.early:
                break
    if plan.patience is not None and done.best_weights is not None:
        state_dicts.put(learner.module, done.best_weights)
    return done


def _update(guard: _Guard, x: np.ndarray, labels: np.ndarray, step: Step, rate: float, watch: Watch | None) -> None:
    begun, learner = time.perf_counter(), guard.learner
    torch.manual_seed(step.seed)
    learner.optimiser.zero_grad(set_to_none=True)
    loss = float(learner.gradient(x, labels, step.seed))
    guard.require_finite(loss, x, labels, step)
    guard.done.seconds += time.perf_counter() - begun
    if watch is not None:
        watch(step, x, labels)
    begun = time.perf_counter()
    for group in learner.optimiser.param_groups:
        group["lr"] = rate * group.setdefault("initial_lr", group["lr"])
    learner.optimiser.step()
    guard.done.recent.append(loss)
    guard.done.seconds += time.perf_counter() - begun


def _end_epoch(guard: _Guard, step: Step, plan: Plan, held_out: tuple[np.ndarray, np.ndarray] | None) -> None:
    done = guard.done
    done.losses.append(float(np.mean(done.recent)))
    done.recent.clear()
    line = {"images": done.shown, "epoch": step.epoch, "loss": done.losses[-1], "seconds": round(done.seconds, 3)}
    if held_out is not None:
        done.validation.append(guard.learner.accuracy(*held_out))
        line["validation_accuracy"] = done.validation[-1]
        _keep_best(guard, plan)
    guard.end_epoch(line)


def _keep_best(guard: _Guard, plan: Plan) -> None:
    done, now = guard.done, len(guard.done.validation) - 1
    if done.best is None or done.validation[now] > done.validation[done.best]:
        done.best = now
        if plan.patience is not None:
            done.best_weights = state_dicts.weights_of(guard.learner.module)
    done.early = plan.patience is not None and now - done.best >= plan.patience


def _note(done: Training) -> str:
    loss = np.mean(done.recent[-50:]) if done.recent else done.losses[-1]
    return f"loss {loss:.3g}" + (f", validation {done.validation[-1]:.1%}" if done.validation else "")


class _Guard:
    """Sees to it that nothing is lost: checkpoints, and the weights before a loss that is not finite."""

    def __init__(self, learner: Learner, done: Training, run: Run | None, identity: dict[str, str]):
        self.learner, self.done, self.run, self.identity = learner, done, run, identity
        self.last_good = state_dicts.weights_of(learner.module)

    def resume(self) -> None:
        found = self.run.begin(self.identity) if self.run is not None else None
        if found is not None:
            for name, value in found.extra.items():
                setattr(self.done, name, value)
            self.done.shown = found.shown
            self.done.best_weights = state_dicts.restore(self.learner.module, self.learner.optimiser, found.arrays)
            self.last_good = state_dicts.weights_of(self.learner.module)

    def save(self) -> None:
        if self.run is not None:
            arrays = state_dicts.arrays_of(self.learner.module, self.learner.optimiser, self.done.best_weights)
            self.run.save(Checkpoint(self.done.shown, self.identity, arrays, self.done.numbers()))

    def end_epoch(self, line: Mapping[str, object]) -> None:
        self.last_good = state_dicts.weights_of(self.learner.module)
        if self.run is not None:
            self.run.log(**line)

    def require_finite(self, loss: float, x: np.ndarray, labels: np.ndarray, step: Step) -> None:
        """Raises Diverged; the weights are then the last good ones."""
        gradients = {name: p.grad for name, p in self.learner.module.named_parameters() if p.grad is not None}
        sums = [g.sum() for g in gradients.values()]
        if math.isfinite(loss) and (not sums or bool(torch.stack(sums).isfinite().all())):
            return
        finite = math.isfinite(loss)
        what = "the loss is finite, its gradient is not," if finite else f"the loss is {loss}"
        layer = _first(dict(self.learner.module.named_parameters())) or (
            _first(gradients) if finite else self.learner.locate(x, labels, step.seed))
        kept = self._recover()
        lr = ", ".join(f"{group.get('initial_lr', group['lr']):g}" for group in self.learner.optimiser.param_groups)
        raise Diverged(f"{what} in {step.where}; the first that is not finite is {layer or 'the loss itself'}; {kept}: "
                       f"lower lr={lr} or the initial weights", step, layer)

    def _recover(self) -> str:
        if _first(dict(self.learner.module.named_parameters())):
            state_dicts.put(self.learner.module, self.last_good)
            said = "the weights are those of the last epoch's end"
        else:
            said = "the weights are those before this batch"
        self.save()
        return said if self.run is None else f"{said}, saved in {self.run.path / 'checkpoint'}"


def _first(tensors: Mapping[str, torch.Tensor]) -> str | None:
    return next((name for name, value in tensors.items() if not bool(value.isfinite().all())), None)
