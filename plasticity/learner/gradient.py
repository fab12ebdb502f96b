"""Training a gradient network as a scikit-learn classifier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from plasticity._utils.validation import require_samples
from plasticity.encoding import catalogue
from plasticity.encoding.spikes import Spikes, densified
from plasticity.engines.gradient.losses import Loss, cross_entropy, rate_regularisation
from plasticity.engines.gradient.network import GradientNetwork, Output
from plasticity.engines.gradient.online import online_gradients
from plasticity.engines.gradient.surrogates import Surrogate, triangular
from plasticity.errors import PlasticityError, RefusedError, choice
from plasticity.learner.estimator import LoopClassifier
from plasticity.learner.gradient_training import Learner
from plasticity.network.builders import layered_network, recurrent_network
from plasticity.network.network import Network
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.neuron import Neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule

Builder = Callable[[int], Network]
READ = ("last", "all")
AT_ONCE = 256  # samples that are scored at once


class GradientClassifier(LoopClassifier):
    """Classifies sequences, or samples turned into spikes, with a spiking network that learns by a gradient rule.

    X is [samples, steps, inputs], spikes or graded values; with an encoder it is [samples, inputs] (images are
    flattened) in [0, 1]. The prediction is the class with the largest readout, averaged over the last steps. The same
    network, data and seed under another `rule` is another experiment.

    rule: a `GradientRule` or its name. encoder: name in `plasticity.encoding.catalogue`, as "latency(steps=25)",
    or a function (X, seed) -> [samples, steps, inputs]; None for sequences. Random ones draw anew in every epoch.
    network: neurons of one recurrent population; or a tuple, neurons of layers one above the other; or a function from
    the number of inputs to a `plasticity.Network`. read: whether the readout hears the "last" population or "all".
    neuron: where network is no function (None: `lsnn_neuron()`). gain: of its first weights.
    surrogate: None for e-prop's triangle. tau_out: s, of the readout; scaled_readout: whether it weighs by 1 - kappa
    (`LeakyReadout`). last: steps that count (None: all).
    rate, rate_strength: firing rate (Hz) that is wished, and how much (0: not at all). epochs, batch, lr: of Adam.
    loss: of outputs and labels; None for cross-entropy. seed: of weights, feedback and order. device, dtype: of torch.
    online: whether gradients are computed forward in time, with memory that the number of steps does not enter
    (`online_gradients`; rules eprop and rflo). backend: see `GradientNetwork`. validation_fraction, schedule, patience,
    verbose: see `LoopClassifier`.

    After `fit`: network_ (a `GradientNetwork`), and what `LoopClassifier` names.
    Raises PlasticityError when the loss is not finite, naming epoch, batch and layer; nothing is learned from that
    batch.
    """

    def __init__(self, rule: str | GradientRule = "eprop", network: int | tuple[int, ...] | Builder = 100, *,
                 encoder: str | catalogue.Encoder | None = None, read: str = "last", gain: float = 1.0,
                 neuron: Neuron | None = None, surrogate: str | Surrogate | None = None, tau_out: float = 20e-3,
                 scaled_readout: bool = True, last: int | None = None, rate: float = 10.0,
                 rate_strength: float = 0.0, epochs: int = 10,
                 batch: int = 32, lr: float = 5e-3, loss: Loss | None = None, seed: int = 0, device: str = "cpu",
                 dtype: torch.dtype = torch.float32, validation_fraction: float = 0.0,
                 schedule: str | Callable[[float], float] = "constant", patience: int | None = None,
                 verbose: bool = False, online: bool = False,
                 backend: str = "auto"):
        self.rule, self.network, self.neuron, self.surrogate, self.tau_out = rule, network, neuron, surrogate, tau_out
        self.last, self.rate, self.rate_strength, self.epochs, self.batch = last, rate, rate_strength, epochs, batch
        self.lr, self.loss, self.seed, self.device, self.dtype = lr, loss, seed, device, dtype
        self.validation_fraction, self.schedule, self.patience = validation_fraction, schedule, patience
        self.verbose, self.encoder, self.read, self.gain = verbose, encoder, read, gain
        self.scaled_readout, self.online, self.backend = scaled_readout, online, backend

    @property
    def network_(self) -> GradientNetwork:
        check_is_fitted(self, "learner_")
        return self.learner_.module

    def _samples(self, X) -> np.ndarray:
        return _sequences(X) if self.encoder is None else require_samples(X)

    def presented(self, x: np.ndarray, seed: int) -> torch.Tensor | Spikes:
        """What the network is given: [samples, steps, inputs], or Spikes."""
        given = x if self.encoder is None else catalogue.make(self.encoder)(x, seed)
        return given if isinstance(given, Spikes) else torch.as_tensor(given)

    def _learner(self, x: np.ndarray, n_classes: int) -> Learner:
        network = self._build(_inputs(self.presented(x[:1], 0)), n_classes)
        learning = [p for p in network.parameters() if p.requires_grad]
        return Learner(network, torch.optim.Adam(learning, lr=self.lr), partial(self._gradient, network),
                       partial(self._scores, network), partial(self._locate, network))

    def _build(self, n_inputs: int, n_classes: int) -> GradientNetwork:
        made = self._network(n_inputs)
        names = [part.name for part in made.populations]
        heard = tuple(names) if choice("read", self.read, READ) == "all" else names[-1]
        readout = LeakyReadout(heard, n_classes, self.tau_out, self.scaled_readout)
        surrogate = self.surrogate or triangular(width=_threshold(made.populations[-1].neuron))
        return GradientNetwork(made, readout, self.rule, surrogate, seed=self.seed, dtype=self.dtype,
                               backend=self.backend).to(self.device)

    def _network(self, n_inputs: int) -> Network:
        if callable(self.network):
            return self.network(n_inputs)
        kind = layered_network if isinstance(self.network, tuple) else recurrent_network
        return kind(n_inputs, self.network, self.neuron or lsnn_neuron(), gain=self.gain, seed=self.seed)

    def objective(self, run: Output, labels: np.ndarray) -> torch.Tensor:
        """What is minimised: the loss, with what teaches the populations, and firing rates far from the wished one."""
        labels = torch.as_tensor(labels, device=run.outputs.device)
        error = run.error(labels, self.loss or cross_entropy(last=self.last))
        if not self.rate_strength:
            return error
        regular = rate_regularisation(self.rate_strength, self.rate, self.network_.network.dt)
        return error + sum(regular(z) for z in run.spikes.values())

    def _gradient(self, network: GradientNetwork, x: np.ndarray, labels: np.ndarray, seed: int) -> float:
        if self.online:
            return self._forward_in_time(network, x, labels, seed)
        error = self.objective(network(self.presented(x, seed)), labels)
        error.backward()
        return error.item()

    def _forward_in_time(self, network: GradientNetwork, x: np.ndarray, labels: np.ndarray, seed: int) -> float:
        if self.rate_strength:
            raise RefusedError("online=True has no regularisation of firing rates; use rate_strength=0")
        given = torch.as_tensor(densified(self.presented(x, seed)))
        error, found = online_gradients(network, given, torch.as_tensor(labels),
                                        self.loss or cross_entropy(last=self.last))
        for name, p in network.named_parameters():
            p.grad = found.get(name)
        return error

    @torch.no_grad()
    def _scores(self, network: GradientNetwork, x: np.ndarray) -> np.ndarray:
        """Readouts averaged over the last steps."""
        y = torch.cat([run.outputs for run in self._runs(network, x)])
        return (y if self.last is None else y[:, -self.last:]).mean(1).cpu().numpy()

    @torch.no_grad()
    def _runs(self, network: GradientNetwork, x: np.ndarray) -> Iterator[Output]:
        """Presentations of all samples, a part at a time. Each part draws from its own seed."""
        for begin in range(0, len(x), AT_ONCE):
            yield network(self.presented(x[begin:begin + AT_ONCE], begin))

    def spikes_per_sample(self, X) -> Mapping[str, float]:
        """Mean number of spikes that each population fires for a sample."""
        x, found = self._known(X), Counter()
        for run in self._runs(self.network_, x):
            found.update({name: z.sum().item() for name, z in run.spikes.items()})
        return {name: total / len(x) for name, total in found.items()}

    def _locate(self, network: GradientNetwork, x: np.ndarray, labels: np.ndarray, seed: int) -> str | None:
        return first_not_finite(network, self.presented(x, seed))


@torch.no_grad()
def first_not_finite(network: GradientNetwork, x: torch.Tensor) -> str | None:
    """Which of the populations' variables and the readout is the first in time that is not finite; None if all are."""
    names = [f"{part.name}.{name}" for part in network.network.populations for name in part.neuron.variables]
    run = network(x, record=names)
    found = {f"variable {name!r}": values for name, values in run.records.items()} | {"the readout": run.outputs}
    began = {name: int((~values.isfinite()).any(2).any(0).int().argmax())
             for name, values in found.items() if not values.isfinite().all()}
    first = min(began, key=began.get, default=None)
    return first and f"{first} in step {began[first]}"


def _sequences(X) -> np.ndarray:
    x = np.asarray(X)
    if x.dtype.kind not in "biuf" or x.ndim != 3 or not x.size or not np.isfinite(x).all():
        raise PlasticityError(f"X must be finite numbers [samples, steps, inputs], got {x.dtype}, shape {x.shape}")
    return x


def _inputs(given: torch.Tensor | Spikes) -> int:
    return given.n if isinstance(given, Spikes) else given.shape[2]


def _threshold(neuron: Neuron) -> float:
    """The width of the surrogate: the neuron's baseline threshold where it has one of that name, else 1."""
    return float(neuron.constants.get("threshold", 1.0))
