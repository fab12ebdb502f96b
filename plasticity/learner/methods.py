"""Every method as a scikit-learn classifier, trained in the loop that gradient rules are trained in too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import torch

from plasticity.errors import choice
from plasticity.learner.estimator import LoopClassifier
from plasticity.learner.gradient_training import Learner
from plasticity.methods.method import Method, require_shape, samples
from plasticity.rules import of_kind

AT_ONCE = 256  # samples that are scored at once

#: name -> torch optimiser from parameters and step size
OPTIMISERS: Mapping[str, Callable] = MappingProxyType({
    "adam": torch.optim.Adam, "sgd": torch.optim.SGD, "momentum": partial(torch.optim.SGD, momentum=0.9)})


class MethodClassifier(LoopClassifier):
    """Classifies with a network that learns by one of the methods: local ones, and baselines by backpropagation.

    X is what the method takes: [samples, ...] flattened, images [samples, height, width] (or with channels before the
    height), or sequences [samples, steps, inputs], as which images are read row by row. Intensities in [0, 1] are what
    the default settings are meant for.

    method: a `Method`, its name, or a text with options, as in "predictive_coding(hidden=(200, 100), steps=30)".
    epochs, batch: passes over the samples, and samples per update. lr: step size (None: the method's own).
    optimiser: "adam", "sgd" or "momentum" (sgd with 0.9). seed: of weights, order and what the method draws.
    device, dtype: of torch. validation_fraction, schedule, patience, verbose: see `LoopClassifier`.

    After fit: method_ (a `Method`), module_ (its network, a torch module), and what `LoopClassifier` names.
    Raises PlasticityError when a loss is not finite, naming epoch, batch and layer; nothing is learned from that batch.
    """

    def __init__(self, method: str | Method = "mlp", *, epochs: int = 20, batch: int = 32, lr: float | None = None,
                 optimiser: str = "adam", seed: int = 0, device: str = "cpu", dtype: torch.dtype = torch.float32,
                 validation_fraction: float = 0.0, schedule: str | Callable[[float], float] = "constant",
                 patience: int | None = None, verbose: bool = False):
        self.method, self.epochs, self.batch, self.lr, self.optimiser = method, epochs, batch, lr, optimiser
        self.seed, self.device, self.dtype, self.validation_fraction = seed, device, dtype, validation_fraction
        self.schedule, self.patience, self.verbose = schedule, patience, verbose

    @property
    def method_(self) -> Method:
        return of_kind("network", self.method)

    @property
    def module_(self) -> torch.nn.Module:
        return self.learner_.module

    def _samples(self, X) -> np.ndarray:
        return samples(X, self.method_.form)

    def _learner(self, x: np.ndarray, n_classes: int) -> Learner:
        method, shape = self.method_, x.shape[1:]
        lr = method.lr if self.lr is None else self.lr
        module = method.build(shape, n_classes, self.seed, self.dtype).to(self.device)
        optimiser = OPTIMISERS[choice("optimiser", self.optimiser, OPTIMISERS)](module.parameters(), lr=lr)
        return Learner(module, optimiser, partial(self._gradient, module), partial(self._scores, module, shape))

    def _gradient(self, module: torch.nn.Module, x: np.ndarray, labels: np.ndarray, seed: int) -> torch.Tensor:
        module.train()
        labels = torch.as_tensor(labels, device=self.device)
        return module.gradient(self._tensor(x), labels, np.random.default_rng(seed))

    @torch.no_grad()
    def _scores(self, module: torch.nn.Module, shape: tuple[int, ...], x: np.ndarray) -> np.ndarray:
        require_shape(x, shape, self.method_.form)
        module.eval()
        parts = [module(self._tensor(x[begin:begin + AT_ONCE])) for begin in range(0, len(x), AT_ONCE)]
        return torch.cat(parts).cpu().numpy()

    def _tensor(self, x: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(x, dtype=self.dtype, device=self.device)
