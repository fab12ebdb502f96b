"""Whatever has a torch module, an optimiser and a function that leaves gradients, as a trainer."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from plasticity.errors import RefusedError
from plasticity.learner import by_step, health, state_dicts
from plasticity.learner.gradients import storing
from plasticity.learner.gradients.presenting import Presented
from plasticity.learner.plan import Step
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Callback, Measured, NotFinite
from plasticity.network.cells import Device
from plasticity.network.network import Network
from plasticity.network.stored import Stored
from plasticity.readout.losses import kind_of

STREAM = "stream/"
PROBED = 64  # samples that are shown after learning, to see whether the network spikes


@dataclass(frozen=True)
class TorchTrainer:
    """Backpropagation, e-prop, forward-forward and equilibrium propagation differ in the function `gradient` only.

    gradient(x, targets, seed): leaves an update's gradients in `.grad` of the module's parameters (they are cleared
        before) and answers the loss. Whatever it draws comes from `seed`, or from torch's own generator, which is
        seeded anew for every update.
    scores(x): the larger, the likelier the class, [samples, classes] (or predicted values); changes nothing.
    score(x, targets): how well it does; by default the share of samples whose label has the highest score, or the
        loss's own figure where targets are values or stand in every step (more is better).
    locate(x, targets, seed): called when the loss is not finite, says which layer is the first that is not (None: it
        cannot tell).
    require_targets(x, targets): raises for targets and weights that cannot be learned from.
    largest: longest gradient of an update; longer ones are scaled down to it (None: never).
    presented: how samples are shown, where the network spikes.
    memory: what the weights are kept in while gradients are taken, which change the exact ones (None: nothing).
    """

    module: nn.Module
    optimiser: torch.optim.Optimizer
    gradient: Callable[[np.ndarray, Targets, int], float | torch.Tensor]
    scores: Callable[[np.ndarray], np.ndarray]
    score: Callable[[np.ndarray, Targets], float] | None = None
    locate: Callable[[np.ndarray, Targets, int], str | None] = lambda x, targets, seed: None
    require_targets: Callable[[np.ndarray, Targets], None] = lambda x, targets: None
    largest: float | None = None
    ahead: bool = False
    lines: int | None = None
    compile_seconds: float = 0.0
    presented: Presented | None = None
    memory: Device | None = None

    @property
    def described(self) -> Network | None:
        """The network as it was built, with first weights; None for methods, which build it from their options."""
        return None if self.presented is None else self.module.network

    @contextmanager
    def session(self) -> Iterator[None]:
        """torch's own generator is seeded for every update, and is as it was afterwards."""
        devices = [p.device for p in self.module.parameters() if p.is_cuda][:1]
        with torch.random.fork_rng(devices):
            yield

    def begin(self, x: np.ndarray) -> None:
        """First weights are drawn already."""

    def require(self, x: np.ndarray, targets: Targets) -> None:
        self.require_targets(x, targets)

    def chunk(self, batch: int) -> int:
        return batch

    def prepare(self, x: np.ndarray, step: Step) -> None:
        """Nothing: `gradient` presents the samples."""

    def update(self, prepared: None, x: np.ndarray, targets: Targets, step: Step, rate: float,
               callback: Callback | None) -> Measured:
        torch.manual_seed(step.seed)
        if self.presented is not None:
            self.presented.begin(step.batch)
        self.optimiser.zero_grad(set_to_none=True)
        with storing.as_read(self.module, self.memory, step.seed):
            loss = float(self.gradient(x, targets, step.seed))
        self._require_finite(loss, x, targets, step)
        if callback is not None:
            callback(step, x, targets.values)
        if self.largest is not None:
            nn.utils.clip_grad_norm_(self.module.parameters(), self.largest)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.setdefault("initial_lr", group["lr"])
        self.optimiser.step()
        half = "first" if step.done < 0.5 else "last"
        counted = {f"loss of the {half}": loss * len(x), f"samples of the {half}": len(x)}
        return Measured({"loss": loss}, counted=counted)

    def check(self, shown: int, totals: Mapping[str, float]) -> None:
        """A loss that goes wrong raises by itself; one that stays is warned of."""
        samples, losses = ([totals.get(f"{what} of the {half}", 0) for half in ("first", "last")]
                           for what in ("samples", "loss"))
        if 2 * samples[1] >= samples[0] > 0:  # else there is not yet a second half
            health.warn(health.unmoved(losses[0] / samples[0], losses[1] / samples[1]))

    def accuracy(self, x: np.ndarray, targets: Targets, learned: tuple[np.ndarray, Targets] | None = None) -> float:
        if self.score is not None:
            return self.score(x, targets)
        if targets.by_step:
            return by_step.figure(self.presented, x, targets, kind_of(self.presented.loss))
        if targets.values.dtype.kind == "f":
            return by_step.of_parts(iter([(targets.values, self.scores(x), targets.of_samples)]),
                                    kind_of(self.presented.loss))
        return float((self.scores(x).argmax(1) == targets.values).mean())

    def finish(self, x: np.ndarray, targets: Targets) -> None:
        """Everything was learned together; a few samples show whether the network is silent or explodes."""
        if self.presented is not None:
            self.presented.outputs(x[:PROBED])

    def places(self, x: np.ndarray) -> np.ndarray:
        """The class with the largest score, [samples]."""
        scores = self.scores(x)
        health.warn(health.alike("the network's answers", scores))
        return scores.argmax(1)

    def features(self, x: np.ndarray) -> np.ndarray:
        if self.presented is None:
            raise RefusedError("this network has no features to answer: it answers class scores; use decision_function")
        return self.presented.features(x)

    @property
    def rule_name(self) -> str | None:
        """What the network learns by, where it says so itself."""
        return None if self.presented is None else self.module.rule.name

    def network(self) -> Network | nn.Module:
        """The network with its learned weights; of methods their torch module."""
        if self.presented is None:
            return self.module
        weights = {name: w.detach().cpu().numpy() for name, w in self.module.weights.items()
                   if self.module.network.projection(name).kind.learns}
        return self.module.network.with_weights(weights)

    @property
    def dtype(self) -> torch.dtype:
        return next(p.dtype for p in self.module.parameters())

    def input_weights(self) -> np.ndarray:
        raise AttributeError("this network has weights of several layers; see learned_")

    def learned(self) -> dict[str, np.ndarray]:
        """Parameters and buffers."""
        return self.weights()

    def weights(self) -> dict[str, np.ndarray]:
        return state_dicts.weights_of(self.module)

    def put(self, weights: Mapping[str, np.ndarray]) -> None:
        state_dicts.put(self.module, weights)

    def arrays(self) -> dict[str, Stored]:
        """Weights of projections and readouts; of methods all but biases."""
        return storing.arrays_of(self.module)

    def hold(self, weights: Mapping[str, np.ndarray]) -> None:
        """Puts other weights in the place of some of `arrays`."""
        storing.hold(self.module, weights)

    def state(self) -> dict[str, np.ndarray]:
        carry = {} if self.presented is None else self.presented.carry
        return state_dicts.arrays_of(self.module, self.optimiser) | {
            STREAM + name: value.detach().cpu().numpy() for name, value in carry.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        state_dicts.restore(self.module, self.optimiser, state)
        if self.presented is not None:
            self.presented.carry.clear()
            self.presented.carry.update({name.removeprefix(STREAM): torch.tensor(value).to(self.module.device)
                                         for name, value in state.items() if name.startswith(STREAM)})

    def _require_finite(self, loss: float, x: np.ndarray, targets: Targets, step: Step) -> None:
        gradients = {name: p.grad for name, p in self.module.named_parameters() if p.grad is not None}
        sums = [g.sum() for g in gradients.values()]
        finite = math.isfinite(loss)
        if finite and (not sums or bool(torch.stack(sums).isfinite().all())):
            return
        spoiled = _first(dict(self.module.named_parameters()))
        layer = spoiled or (_first(gradients) if finite else self.locate(x, targets, step.seed))
        rates = ", ".join(f"{group.get('initial_lr', group['lr']):g}" for group in self.optimiser.param_groups)
        raise NotFinite("the loss is finite, its gradient is not," if finite else f"the loss is {loss}", layer,
                        spoiled is not None, f"lr={rates} or the initial weights")


def _first(tensors: Mapping[str, torch.Tensor]) -> str | None:
    return next((name for name, value in tensors.items() if not bool(value.isfinite().all())), None)
