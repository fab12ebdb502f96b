"""Training a gradient network as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from plasticity.credit.estimator import LoopClassifier
from plasticity.credit.losses import Loss, cross_entropy, rate_regularisation
from plasticity.credit.lsnn import lsnn_neuron
from plasticity.credit.network import GradientNetwork
from plasticity.credit.paths import GradientRule
from plasticity.credit.readout import Readout
from plasticity.credit.surrogates import Surrogate, triangular
from plasticity.credit.training import Learner
from plasticity.errors import PlasticityError
from plasticity.network import Input, Network, Population, Projection
from plasticity.neurons.neuron import Neuron

AT_ONCE = 256  # samples that are scored at once


def recurrent_network(n_inputs: int, n: int, neuron: Neuron, recurrent: bool = True, gain: float = 1.0, onto: str = "x",
                      dt: float = 1e-3, seed: int = 0) -> Network:
    """One recurrent population without autapses, weights normal with variance gain^2/n of the presynaptic side."""
    rng, n = np.random.default_rng(seed), int(n)
    within = Projection("rec", "rec", gain * rng.normal(size=(n, n)) / np.sqrt(n), connect="sparse", onto=onto,
                        mask=~np.eye(n, dtype=bool))
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto=onto)
    return Network(inputs=(Input("in", n_inputs),), populations=(Population("rec", n, neuron),), dt=dt,
                   projections=(inward, within) if recurrent else (inward,), name="recurrent")


class GradientClassifier(LoopClassifier):
    """Classifies sequences with a spiking network that learns by a gradient rule.

    X is [samples, steps, inputs], spikes or graded values. The prediction is the class with the largest readout,
    averaged over the last steps. The same network, data and seed under another `rule` is another experiment.

    rule: a `GradientRule` or its name. network: neurons of one recurrent population, or a function from the number of
    inputs to a `plasticity.Network`, whose last population is read. neuron: for the former (None: `lsnn_neuron()`).
    surrogate: None for e-prop's triangle. tau_out: s, of the readout. last: steps that count (None: all).
    rate, rate_strength: firing rate (Hz) that is wished, and how much (0: not at all). epochs, batch, lr: of Adam.
    loss: of outputs and labels; None for cross-entropy. seed: of weights, feedback and order. device, dtype: of torch.
    validation_fraction, schedule, patience, verbose: see `LoopClassifier`.

    After `fit`: network_ (a `GradientNetwork`), and what `LoopClassifier` names.
    Raises PlasticityError when the loss is not finite, naming epoch, batch and layer; nothing is learned from that
    batch.
    """

    def __init__(self, rule: str | GradientRule = "eprop", network: int | Callable[[int], Network] = 100, *,
                 neuron: Neuron | None = None, surrogate: str | Surrogate | None = None, tau_out: float = 20e-3,
                 last: int | None = None, rate: float = 10.0, rate_strength: float = 0.0, epochs: int = 10,
                 batch: int = 32, lr: float = 5e-3, loss: Loss | None = None, seed: int = 0, device: str = "cpu",
                 dtype: torch.dtype = torch.float32, validation_fraction: float = 0.0,
                 schedule: str | Callable[[float], float] = "constant", patience: int | None = None,
                 verbose: bool = False):
        self.rule, self.network, self.neuron, self.surrogate, self.tau_out = rule, network, neuron, surrogate, tau_out
        self.last, self.rate, self.rate_strength, self.epochs, self.batch = last, rate, rate_strength, epochs, batch
        self.lr, self.loss, self.seed, self.device, self.dtype = lr, loss, seed, device, dtype
        self.validation_fraction, self.schedule, self.patience = validation_fraction, schedule, patience
        self.verbose = verbose

    @property
    def network_(self) -> GradientNetwork:
        check_is_fitted(self, "learner_")
        return self.learner_.module

    def _samples(self, X) -> np.ndarray:
        return _sequences(X)

    def _learner(self, x: np.ndarray, n_classes: int) -> Learner:
        network = self._build(x.shape[2], n_classes)
        learning = [p for p in network.parameters() if p.requires_grad]
        return Learner(network, torch.optim.Adam(learning, lr=self.lr), partial(self._gradient, network),
                       partial(self._scores, network), partial(_first_not_finite, network))

    def _build(self, n_inputs: int, n_classes: int) -> GradientNetwork:
        neuron = self.neuron or lsnn_neuron()
        made = self.network(n_inputs) if callable(self.network) else recurrent_network(
            n_inputs, self.network, neuron, seed=self.seed)
        readout = Readout(made.populations[-1].name, n_classes, self.tau_out)
        surrogate = self.surrogate or triangular(width=_threshold(made.populations[-1].neuron))
        return GradientNetwork(made, readout, self.rule, surrogate, seed=self.seed, dtype=self.dtype).to(self.device)

    def _gradient(self, network: GradientNetwork, x: np.ndarray, labels: np.ndarray, seed: int) -> float:
        run = network(torch.as_tensor(x))
        loss = self.loss or cross_entropy(last=self.last)
        error = network.error(run, torch.as_tensor(labels, device=network.device), loss)
        regular = rate_regularisation(self.rate_strength, self.rate, network.network.dt)
        (error + sum(regular(z) for z in run.spikes.values())).backward()
        return error.item()

    @torch.no_grad()
    def _scores(self, network: GradientNetwork, x: np.ndarray) -> np.ndarray:
        """Readouts averaged over the last steps."""
        parts = [network(torch.as_tensor(x[begin:begin + AT_ONCE])).outputs for begin in range(0, len(x), AT_ONCE)]
        y = torch.cat(parts)
        return (y if self.last is None else y[:, -self.last:]).mean(1).cpu().numpy()

    def spikes_per_sample(self, X) -> Mapping[str, float]:
        """Mean number of spikes that each population fires for a sample."""
        with torch.no_grad():
            run = self.network_(torch.as_tensor(self._known(X)))
        return {name: z.sum().item() / len(z) for name, z in run.spikes.items()}


@torch.no_grad()
def _first_not_finite(network: GradientNetwork, x: np.ndarray, labels: np.ndarray, seed: int) -> str | None:
    """The first of populations' variables and outputs that is not finite, in order of time."""
    names = [f"{part.name}.{name}" for part in network.network.populations for name in part.neuron.variables]
    run = network(torch.as_tensor(x), record=names)
    found = {f"variable {name!r}": values for name, values in run.records.items()} | {"the readout": run.outputs}
    began = {name: int((~values.isfinite()).flatten(2).any(2).any(0).int().argmax())
             for name, values in found.items() if not values.isfinite().all()}
    first = min(began, key=began.get, default=None)
    return first and f"{first} in step {began[first]}"


def _sequences(X) -> np.ndarray:
    x = np.asarray(X)
    if x.ndim != 3 or not len(x) or not x.shape[1] or not np.isfinite(x).all():
        raise PlasticityError(f"X must be finite numbers [samples, steps, inputs], got shape {x.shape}")
    return x


def _threshold(neuron: Neuron) -> float:
    """The width of the surrogate: the neuron's baseline threshold where it has one of that name, else 1."""
    return float(neuron.constants.get("threshold", 1.0))
