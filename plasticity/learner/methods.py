"""A preset of `Learner`: methods that bring their own network."""

from __future__ import annotations

from collections.abc import Callable

import torch

from plasticity.errors import choice
from plasticity.learner.asked import Asked
from plasticity.learner.estimator import Estimator
from plasticity.learner.trainer import Callback
from plasticity.methods.method import Method
from plasticity.rules import of_kind
from plasticity.runs.folder import Run

OPTIMISERS = ("adam", "sgd", "momentum")


class MethodClassifier(Estimator):
    """`Learner` for methods: local ones, and baselines by backpropagation.

    X is what the method takes: [samples, ...] flattened, images [samples, height, width] (or with channels before the
    height), or sequences [samples, steps, inputs], as which images are read row by row. Intensities in [0, 1] are what
    the default settings are meant for.

    method: a `Method`, its name, or a text with options, as in "predictive_coding(hidden=(200, 100), steps=30)".
    optimiser: "adam", "sgd" or "momentum" (sgd with 0.9). validation_fraction and the rest: as for `Learner`.

    After fit: method_ (a `Method`), module_ (its network, a torch module), and what `Learner` names.
    """

    def __init__(self, method: str | Method = "mlp", *, epochs: int = 20, batch: int = 32, lr: float | None = None,
                 optimiser: str = "adam", seed: int = 0, device: str = "cpu", dtype: torch.dtype = torch.float32,
                 validation_fraction: float = 0.0, schedule: str | Callable[[float], float] = "constant",
                 patience: int | None = None, verbose: bool = False):
        self.method, self.epochs, self.batch, self.lr, self.optimiser = method, epochs, batch, lr, optimiser
        self.seed, self.device, self.dtype, self.validation_fraction = seed, device, dtype, validation_fraction
        self.schedule, self.patience, self.verbose = schedule, patience, verbose

    def _asked(self) -> Asked:
        method = self.method_
        encoder = "sequences" if method.spikes and method.form == "sequences" else None
        return Asked(rule=method, encoder=encoder, epochs=self.epochs,
                     batch=self.batch, lr=self.lr, optimizer=choice("optimiser", self.optimiser, OPTIMISERS),
                     schedule=self.schedule, patience=self.patience, validation=self.validation_fraction,
                     seed=self.seed, device=self.device, dtype=self.dtype, verbose=self.verbose, scaled=False)

    def fit(self, X, y, run: Run | None = None, watch: Callback | None = None, sample_weight=None):
        """As `Learner.fit`; watch is its callback."""
        return super().fit(X, y, sample_weight, run=run, callback=watch)

    @property
    def method_(self) -> Method:
        return of_kind("network", self.method)

    @property
    def module_(self) -> torch.nn.Module:
        return self.trainer_.module
