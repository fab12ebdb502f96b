"""A gradient network with the way samples are shown to it and what it is to minimise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from plasticity.encoding.catalogue import Encoder
from plasticity.encoding.random import numbers_of
from plasticity.encoding.spikes import Spikes, densified
from plasticity.engines.gradient.loss import require_weighing
from plasticity.engines.gradient.losses import rate_regularisation
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.noise import Noise
from plasticity.engines.gradient.online import online_gradients, require_online
from plasticity.engines.gradient.output import Output
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner.gradients.activity import Activity
from plasticity.learner.gradients.pieces import counted, pieces
from plasticity.learner.targets import Targets
from plasticity.readout.answers import per_sample
from plasticity.readout.losses import kind_of

AT_ONCE = 256  # samples that are shown at once when nothing is learned


@dataclass(frozen=True)
class Presented:
    """network: what learns. encoder: None for sequences. loss(outputs, targets). last: steps that count for scores
    (None: all). rate, rate_strength: firing rate (Hz) that is wished, and how much (0: not at all).
    online: whether gradients are computed forward in time. seed: of what an encoder draws when nothing is learned.
    streams: how many streams run side by side (0: samples have nothing to do with each other); carry: what the last
    windows of training left to the next."""

    network: GradientNetwork
    encoder: Encoder | None
    loss: Callable
    last: int | None = None
    rate: float = 10.0
    rate_strength: float = 0.0
    online: bool = False
    seed: int = 0
    streams: int = 0
    carry: dict[str, torch.Tensor] = field(default_factory=dict)

    def __post_init__(self):
        if self.online and self.rate_strength:
            raise RefusedError("online=True has no regularisation of firing rates; use rate_strength=0")

    def begin(self, batch: int) -> None:
        """Before the batch of that number in an epoch: streams start anew with the first."""
        if batch == 0:
            self.carry.clear()

    def _answered(self, x: torch.Tensor | Spikes, samples: int, carry: dict[str, torch.Tensor],
                  noise: Noise | None = None) -> Output:
        """The network's answer; of streams it goes on from where they are, which `carry` then holds.

        noise: what neurons draw while they learn."""
        if not self.streams:
            return self.network(x, noise=noise)
        state = {name: value[:samples] for name, value in carry.items()} or None
        output = self.network(x, state=state, noise=noise)
        carry.update(output.state)
        return output

    def require(self, x: np.ndarray, targets: Targets) -> None:
        """Raises PlasticityError for targets or weights of other steps than samples are shown for, RefusedError for
        weights that the loss does not know and for what has no gradients forward in time."""
        if self.online:
            require_online(self.network, self.loss)
        shown = self.shown(x[:1], self.seed)
        steps = shown.steps if isinstance(shown, Spikes) else shown.shape[1]
        values, weight = targets.values, targets.weight
        if targets.by_step and values.shape[1] != steps:
            raise PlasticityError(f"y holds {values.shape[1]} steps per sample, but samples are shown for {steps}")
        if weight is None:
            return
        require_weighing(self.loss)
        if weight.ndim == 2 and weight.shape[1] not in (1, steps):
            raise PlasticityError(f"sample_weight holds {weight.shape[1]} steps per sample, but samples are shown for "
                                  f"{steps}")

    def shown(self, x: np.ndarray, seed: int, numbers: int | np.ndarray = 0) -> torch.Tensor | Spikes:
        """What the network is given: [samples, steps, inputs], or Spikes."""
        encoded = x if self.encoder is None else self.encoder(x, seed, numbers)
        return encoded if isinstance(encoded, Spikes) else torch.as_tensor(encoded)

    def objective(self, output: Output, targets: Targets, part: float = 1.0) -> torch.Tensor:
        """What is minimised: the loss, with what teaches the populations, and firing rates far from the wished one.

        Steps that do not count for the loss do not count for the rates either. part: how much of a batch this is.
        """
        device = output.outputs.device
        values = torch.as_tensor(targets.values, device=device)
        weight = {} if targets.weight is None else {"weight": torch.as_tensor(targets.weight, device=device)}
        error = counted(self.loss, part) * output.error(values, self.loss, **weight)
        if not self.rate_strength:
            return error
        regular = rate_regularisation(self.rate_strength, self.rate, self.network.network.dt)
        return error + part * sum(regular(z, **weight) for z in output.spikes.values())

    def gradient(self, x: np.ndarray, targets: Targets, seed: int) -> float:
        """Leaves the rule's gradients in `.grad` and answers the loss."""
        if self.online:
            return self._forward_in_time(x, targets, seed)
        shown, total = self.shown(x, seed), 0.0
        steps, whole = shown.steps if isinstance(shown, Spikes) else shown.shape[1], [slice(0, len(x))]
        joined = self.streams or targets.weight is not None  # what one sample counts depends on the others
        for piece in whole if joined else pieces(self.network.network, self.loss, len(x), steps):
            here = piece.stop - piece.start
            output = self._answered(shown[piece], here, self.carry, Noise(seed, piece.start))
            error = self.objective(output, targets[piece], here / len(x))
            error.backward()
            total += error.item()
        return total

    def _forward_in_time(self, x: np.ndarray, targets: Targets, seed: int) -> float:
        steps, weight = torch.as_tensor(densified(self.shown(x, seed))), targets.weight
        error, gradients = online_gradients(self.network, steps, torch.as_tensor(targets.values), self.loss,
                                            weight=None if weight is None else torch.as_tensor(weight), noise=seed)
        for name, p in self.network.named_parameters():
            p.grad = gradients.get(name)
        return error

    @torch.no_grad()
    def outputs(self, x: np.ndarray) -> np.ndarray:
        """What the readout answers in each step, [samples, steps, outputs]; a sample's answer depends on it alone."""
        return np.concatenate([outputs for _, outputs in self.parts(x)])

    def parts(self, x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Which samples, and what the readout answers in each step of them, a part at a time."""
        begin = 0
        for output in self.runs(x):
            outputs = output.outputs.cpu().numpy()
            yield slice(begin, begin + len(outputs)), outputs
            begin += len(outputs)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """One answer per sample, [samples, outputs]: readouts averaged over the steps that count, or what adds up."""
        kind = kind_of(self.loss)
        return per_sample(self.outputs(x), "mean" if kind is None else kind.answer, last=self.last)

    @torch.no_grad()
    def features(self, x: np.ndarray) -> np.ndarray:
        """Spikes that each neuron fires for each sample, [samples, neurons], populations in their order."""
        parts = [torch.cat([z.sum(1) for z in output.spikes.values()], 1) for output in self.runs(x)]
        return torch.cat(parts).cpu().numpy()

    @torch.no_grad()
    def runs(self, x: np.ndarray) -> Iterator[Output]:
        """Presentations of all samples, a part at a time; warns of populations that are silent or explode."""
        numbers = numbers_of(x) if self.encoder is not None else None
        at_once, carry, activity = self.streams or AT_ONCE, {}, Activity(self.network.network)
        for begin in range(0, len(x), at_once):
            part = slice(begin, begin + at_once)
            shown = self.shown(x[part], self.seed, 0 if numbers is None else numbers[part])
            output = self._answered(shown, len(x[part]), carry)
            activity.count(output.spikes)
            yield output
        activity.warn(len(x))

    def spikes_per_sample(self, x: np.ndarray) -> Mapping[str, float]:
        """Mean number of spikes that each population fires for a sample."""
        totals = Counter()
        for output in self.runs(x):
            totals.update({name: z.sum().item() for name, z in output.spikes.items()})
        return {name: total / len(x) for name, total in totals.items()}

    def locate(self, x: np.ndarray, targets: Targets, seed: int) -> str | None:
        """The first variable in time that is not finite, or the readout."""
        return first_not_finite(self.network, self.shown(x, seed), seed)


@torch.no_grad()
def first_not_finite(network: GradientNetwork, x: torch.Tensor, noise: int | None = None) -> str | None:
    """Which of the populations' variables and the readout is the first in time that is not finite; None if all are."""
    names = [f"{part.name}.{name}" for part in network.network.populations for name in part.neuron.variables]
    output = network(x, record=names, noise=noise)
    values = {f"variable {name!r}": v for name, v in output.records.items()} | {"the readout": output.outputs}
    began = {name: int((~v.isfinite()).any(2).any(0).int().argmax())
             for name, v in values.items() if not v.isfinite().all()}
    first = min(began, key=began.get, default=None)
    return first and f"{first} in step {began[first]}"
