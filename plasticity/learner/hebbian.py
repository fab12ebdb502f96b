"""A preset of `Learner`: a layer of rates, in scikit-learn's transformer form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from plasticity._utils.ranges import RATE, require
from plasticity._utils.validation import require_positive
from plasticity.errors import PlasticityError, choice
from plasticity.learner.asked import Asked
from plasticity.learner.estimator import Estimator
from plasticity.network.blueprint import Blueprint
from plasticity.network.rate_layer import RateLayer
from plasticity.readout.catalogue import Fitted
from plasticity.rules import of_kind


class HebbianLayer(TransformerMixin, Estimator):
    """`Learner` for rules that read rates, without a readout: units that learn from samples alone.

    A convolution learns from the `plasticity.learner.patches` of images.

    rule: name of a rule (with options, as "soft_hebb(sharpness=8)"), or a Rule that has only `on_step` and reads r_pre,
    r_post or u. units: how many. total, activation, features, power, radius: as for `plasticity.network.RateLayer`.
    epochs, batch_size, shuffle: how the samples are shown. reduce: "sum" or "mean" of a mini-batch's changes.
    largest_step: scales each mini-batch's change so that its largest entry is this, whatever the rule's learning rate;
    None leaves it. decay: "none", or "linear", by which changes shrink to nothing at the end of `fit`. first: the first
    weights, "normal" (drawn, of mean length `radius`) or "samples" (drawn from X, as for k-means). dtype, device: of
    the tensors. seed: of first weights and order.

    After fit: weights_ [inputs, units], components_ [units, inputs], states_ (by name, [units]), n_features_in_.

    >>> from sklearn.datasets import load_digits
    >>> x = load_digits().data / 16
    >>> HebbianLayer("oja", units=1, batch_size=100, reduce="mean").fit_transform(x - x.mean(0)).shape
    (1797, 1)

    Raises PlasticityError for bad values and when weights leave the finite numbers; RefusedError for other rules.
    """

    def __init__(self, rule="soft_hebb", units=100, *, total="dot", activation="linear", features="linear", power=1.0,
                 epochs=1, batch_size=32, shuffle=True, reduce="sum", largest_step=None, decay="none", first="normal",
                 radius=1.0, dtype="float32", device="cpu", seed=0):
        self.rule = rule
        self.units = units
        self.total = total
        self.activation = activation
        self.features = features
        self.power = power
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.reduce = reduce
        self.largest_step = largest_step
        self.decay = decay
        self.first = first
        self.radius = radius
        self.dtype = dtype
        self.device = device
        self.seed = seed

    def _asked(self) -> Asked:
        require_positive(units=self.units, batch_size=self.batch_size)
        choice("reduce", self.reduce, ("sum", "mean"))
        choice("decay", self.decay, ("none", "linear"))
        choice("first", self.first, ("normal", "samples"))
        if self.largest_step is not None:
            require(RATE, largest_step=self.largest_step)
        return Asked(Blueprint("rates", "rates", self._layer), of_kind("synapse", self.rule),
                     readout=Fitted("logistic"), engine=f"torch(reduce={self.reduce})", epochs=self.epochs,
                     batch=self.batch_size, lr=self.largest_step or "rule",
                     schedule="linear" if self.decay == "linear" else "constant", shuffle=self.shuffle, seed=self.seed,
                     device=self.device, dtype=self.dtype, extras={"way": "rates"})

    def _layer(self, n_inputs: int) -> RateLayer:
        return RateLayer(n_inputs, self.units, self.total, self.activation, self.features, self.power, self.first,
                         self.radius)

    def fit(self, X, y=None):
        """Learns from X [samples, inputs], of any finite numbers; y is ignored."""
        return super().fit(self._flat(X))

    def partial_fit(self, X, y=None):
        """Shows X once more, in the order given, with changes of full size."""
        return super().partial_fit(self._flat(X))

    @staticmethod
    def _flat(X) -> np.ndarray:
        x = np.asarray(X)
        if x.ndim != 2 or x.dtype.kind not in "biuf" or not x.size:
            raise PlasticityError(f"X must hold numbers, shape [samples, inputs]; got {x.dtype} of shape {x.shape}")
        return x

    def transform(self, X) -> np.ndarray:
        """The features of X, [samples, units], with the present `features` and `power`; changes nothing."""
        check_is_fitted(self, "trainer_")
        X = self._flat(X)
        self.trainer_.layer = replace(self.trainer_.layer, features=self.features, power=self.power)
        return super().transform(X)

    @property
    def components_(self) -> np.ndarray:
        """The weights of each unit, [units, inputs]."""
        return self.weights_.T

    @property
    def weights_(self) -> np.ndarray:
        """A copy of the weights, [inputs, units]."""
        check_is_fitted(self, "trainer_")
        return self.trainer_.w.cpu().numpy().copy()

    @property
    def states_(self) -> dict[str, np.ndarray]:
        """The rule's state of each unit, by name."""
        return {name: value[0].cpu().numpy().copy() for name, value in self.trainer_.states.items()}
