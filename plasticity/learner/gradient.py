"""A preset of `Learner`: spiking networks that learn by gradient rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from sklearn.utils.validation import check_is_fitted

from plasticity._utils.ranges import NOT_NEGATIVE, require
from plasticity._utils.validation import require_flags
from plasticity.encoding.catalogue import Encoder
from plasticity.engines.gradient.losses import Loss
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import Surrogate
from plasticity.errors import choice
from plasticity.learner.asked import Asked
from plasticity.learner.estimator import Estimator
from plasticity.learner.gradients.presenting import Presented
from plasticity.learner.trainer import Callback
from plasticity.network.blueprint import Blueprint
from plasticity.network.builders import layered_network, recurrent_network
from plasticity.network.network import Network
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.neuron import Neuron
from plasticity.readout.catalogue import Leaky
from plasticity.rules import of_kind
from plasticity.rules.paths import GradientRule
from plasticity.runs.folder import Run

Builder = Callable[[int], Network]
READ = ("last", "all")


class GradientClassifier(Estimator):
    """`Learner` for gradient rules, with the readout's options as arguments.

    X is [samples, steps, inputs], spikes or graded values; with an encoder it is [samples, inputs] (images are
    flattened) in [0, 1]. The prediction is the class with the largest readout, averaged over the last steps.

    rule: a `GradientRule` or its name. encoder: an encoder, as "latency(steps=25)"; None for sequences. network:
    neurons of one recurrent population; or a tuple, neurons of layers one above the other; or a function from the
    number of inputs to a `plasticity.Network`. read: whether the readout hears the "last" population or "all". neuron:
    where network is no function (None: `lsnn_neuron()`). gain: of its first weights. surrogate: None for e-prop's
    triangle. tau_out: s, of the readout; scaled_readout: whether it weighs by 1 - kappa. last: steps that count (None:
    all). rate, rate_strength: firing rate (Hz) that is wished, and how much (0: not at all). loss: of outputs and
    labels; None for cross-entropy. online: whether gradients are computed forward in time. backend: see
    `GradientNetwork`. validation_fraction and the rest: as for `Learner`.

    After `fit`: network_ (a `GradientNetwork`), and what `Learner` names.
    Raises PlasticityError when the loss is not finite, naming epoch, batch and layer; nothing is learned from that
    batch.
    """

    def __init__(self, rule: str | GradientRule = "eprop", network: int | tuple[int, ...] | Builder = 100, *,
                 encoder: str | Encoder | None = None, read: str = "last", gain: float = 1.0,
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

    def _asked(self) -> Asked:
        require(NOT_NEGATIVE, rate=self.rate, rate_strength=self.rate_strength, tau_out=self.tau_out)
        require_flags(online=self.online, scaled_readout=self.scaled_readout)
        rule = of_kind("credit", self.rule)
        readout = Leaky(self.tau_out, self.scaled_readout, False, choice("read", self.read, READ), self.last)
        wished = {"rate": self.rate, "rate_strength": self.rate_strength} if self.rate_strength else {}
        extras = {"surrogate": self.surrogate, "backend": self.backend}
        return Asked(Blueprint("own", "own", self._network), rule.with_(online=self.online or rule.online, **wished),
                     "sequences" if self.encoder is None else self.encoder, readout, None, self.loss, self.epochs,
                     self.batch, self.lr, "adam", self.schedule, self.patience, self.validation_fraction, True,
                     self.seed, self.device, self.dtype, None, self.verbose, False, extras)

    def _network(self, n_inputs: int) -> Network:
        if callable(self.network):
            return self.network(n_inputs)
        kind = layered_network if isinstance(self.network, tuple) else recurrent_network
        neuron = lsnn_neuron() if self.neuron is None else self.neuron
        return kind(n_inputs, self.network, neuron, gain=self.gain, seed=self.seed)

    def fit(self, X, y, run: Run | None = None, watch: Callback | None = None, sample_weight=None):
        """As `Learner.fit`; watch is its callback."""
        return super().fit(X, y, sample_weight, run=run, callback=watch)

    @property
    def network_(self) -> GradientNetwork:
        check_is_fitted(self, "trainer_")
        return self.trainer_.module

    @property
    def presented_(self) -> Presented:
        """The network with the way samples are shown to it."""
        return self.trainer_.presented

    def spikes_per_sample(self, X) -> Mapping[str, float]:
        """Mean number of spikes that each population fires for a sample."""
        return self.presented_.spikes_per_sample(self.taken(X))
