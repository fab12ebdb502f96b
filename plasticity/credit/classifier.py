"""Training a gradient network as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from plasticity.credit.losses import Loss, cross_entropy, rate_regularisation
from plasticity.credit.lsnn import lsnn_neuron
from plasticity.credit.network import GradientNetwork
from plasticity.credit.paths import GradientRule
from plasticity.credit.readout import Readout
from plasticity.credit.surrogates import Surrogate, triangular
from plasticity.errors import PlasticityError
from plasticity.network import Input, Network, Population, Projection
from plasticity.neurons.neuron import Neuron


def recurrent_network(n_inputs: int, n: int, neuron: Neuron, recurrent: bool = True, gain: float = 1.0, onto: str = "x",
                      dt: float = 1e-3, seed: int = 0) -> Network:
    """One recurrent population without autapses, weights normal with variance gain^2/n of the presynaptic side."""
    rng, n = np.random.default_rng(seed), int(n)
    within = Projection("rec", "rec", gain * rng.normal(size=(n, n)) / np.sqrt(n), connect="sparse", onto=onto,
                        mask=~np.eye(n, dtype=bool))
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto=onto)
    return Network(inputs=(Input("in", n_inputs),), populations=(Population("rec", n, neuron),), dt=dt,
                   projections=(inward, within) if recurrent else (inward,), name="recurrent")


class GradientClassifier(ClassifierMixin, BaseEstimator):
    """Classifies sequences with a spiking network that learns by a gradient rule.

    X is [samples, steps, inputs], spikes or graded values. The prediction is the class with the largest readout,
    averaged over the last steps. The same network, data and seed under another `rule` is another experiment.

    rule: a `GradientRule` or its name. network: neurons of one recurrent population, or a function from the number of
    inputs to a `plasticity.Network`, whose last population is read. neuron: for the former (None: `lsnn_neuron()`).
    surrogate: None for e-prop's triangle. tau_out: s, of the readout. last: steps that count (None: all).
    rate, rate_strength: firing rate (Hz) that is wished, and how much (0: not at all). epochs, batch, lr: of Adam.
    loss: of outputs and labels; None for cross-entropy. seed: of weights, feedback and order. device, dtype: of torch.

    After `fit`: network_ (a `GradientNetwork`), classes_, losses_ (mean per epoch).
    Raises PlasticityError when the loss is not finite, naming epoch and batch; nothing is learned from that batch.
    """

    def __init__(self, rule: str | GradientRule = "eprop", network: int | Callable[[int], Network] = 100, *,
                 neuron: Neuron | None = None, surrogate: str | Surrogate | None = None, tau_out: float = 20e-3,
                 last: int | None = None, rate: float = 10.0, rate_strength: float = 0.0, epochs: int = 10,
                 batch: int = 32, lr: float = 5e-3, loss: Loss | None = None, seed: int = 0, device: str = "cpu",
                 dtype: torch.dtype = torch.float32):
        self.rule, self.network, self.neuron, self.surrogate, self.tau_out = rule, network, neuron, surrogate, tau_out
        self.last, self.rate, self.rate_strength, self.epochs, self.batch = last, rate, rate_strength, epochs, batch
        self.lr, self.loss, self.seed, self.device, self.dtype = lr, loss, seed, device, dtype

    def fit(self, X, y) -> GradientClassifier:
        """Learns from sequences X [samples, steps, inputs] and their labels y [samples]."""
        x = _sequences(X)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(labels) != len(x) or len(self.classes_) < 2:
            raise PlasticityError(f"y must hold one label per sample and at least two classes, got {len(labels)} "
                                  f"labels and {len(self.classes_)} classes for {len(x)} samples")
        self.n_features_in_ = x.shape[2]
        self.network_ = self._build(x.shape[2])
        self.losses_ = []
        learning = [p for p in self.network_.parameters() if p.requires_grad]
        optimiser, rng = torch.optim.Adam(learning, lr=self.lr), np.random.default_rng(self.seed)
        for epoch in range(self.epochs):
            order = rng.permutation(len(x))
            found = [self._learn(optimiser, x[part], torch.as_tensor(labels[part]), f"epoch {epoch}, batch {number}")
                     for number, part in enumerate(np.split(order, range(self.batch, len(x), self.batch)))]
            self.losses_.append(float(np.mean(found)))
        return self

    def _build(self, n_inputs: int) -> GradientNetwork:
        neuron = self.neuron or lsnn_neuron()
        made = self.network(n_inputs) if callable(self.network) else recurrent_network(
            n_inputs, self.network, neuron, seed=self.seed)
        readout = Readout(made.populations[-1].name, len(self.classes_), self.tau_out)
        surrogate = self.surrogate or triangular(width=_threshold(made.populations[-1].neuron))
        return GradientNetwork(made, readout, self.rule, surrogate, seed=self.seed, dtype=self.dtype).to(self.device)

    def _learn(self, optimiser: torch.optim.Optimizer, x: np.ndarray, labels: torch.Tensor, where: str) -> float:
        """One update; answers the loss before it."""
        optimiser.zero_grad()
        run = self.network_(torch.as_tensor(x))
        loss = self.loss or cross_entropy(last=self.last)
        error = self.network_.error(run, labels.to(self.network_.device), loss)
        if not torch.isfinite(error):
            raise PlasticityError(f"the loss is {error.item()} in {where}: lower lr={self.lr:g} or the initial weights")
        regular = rate_regularisation(self.rate_strength, self.rate, self.network_.network.dt)
        (error + sum(regular(z) for z in run.spikes.values())).backward()
        optimiser.step()
        return error.item()

    @torch.no_grad()
    def decision_function(self, X) -> np.ndarray:
        """Readouts averaged over the last steps, [samples, classes]."""
        check_is_fitted(self, "network_")
        x = _sequences(X)
        parts = [self.network_(torch.as_tensor(x[begin:begin + 256])).outputs for begin in range(0, len(x), 256)]
        y = torch.cat(parts)
        return (y if self.last is None else y[:, -self.last:]).mean(1).cpu().numpy()

    def predict(self, X) -> np.ndarray:
        """The class with the largest readout, [samples]."""
        return self.classes_[self.decision_function(X).argmax(1)]

    def spikes_per_sample(self, X) -> Mapping[str, float]:
        """Mean number of spikes that each population fires for a sample."""
        check_is_fitted(self, "network_")
        with torch.no_grad():
            run = self.network_(torch.as_tensor(_sequences(X)))
        return {name: z.sum().item() / len(z) for name, z in run.spikes.items()}


def _sequences(X) -> np.ndarray:
    x = np.asarray(X)
    if x.ndim != 3 or not len(x) or not x.shape[1] or not np.isfinite(x).all():
        raise PlasticityError(f"X must be finite numbers [samples, steps, inputs], got shape {x.shape}")
    return x


def _threshold(neuron: Neuron) -> float:
    """The width of the surrogate: the neuron's baseline threshold where it has one of that name, else 1."""
    return float(neuron.constants.get("threshold", 1.0))
