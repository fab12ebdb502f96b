"""A layer of rates that learns by a local rule from data, in mini-batches: scikit-learn's transformer form."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from plasticity._utils.devices import torch_device
from plasticity._utils.validation import require_positive
from plasticity.engines.torch.clocked import Clocked
from plasticity.engines.torch.language import Context
from plasticity.errors import PlasticityError, choice
from plasticity.rules import of_kind

Function = Callable[[torch.Tensor], torch.Tensor]

#: what a neuron's total input is, of samples x [samples, inputs] and weights w [inputs, units]
TOTAL: Mapping[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "dot": lambda x, w: x @ w,
    "distance": lambda x, w: torch.addmm(-0.5 * (w * w).sum(0), x, w),
}
#: the activity r_post of a total input
ACTIVATIONS: Mapping[str, Function] = {
    "linear": lambda u: u, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
#: what `transform` answers, of a total input and a power
FEATURES: Mapping[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "linear": lambda u, power: u,
    "relu": lambda u, power: torch.relu(u) ** power,
    "triangle": lambda u, power: torch.relu(u - u.mean(1, keepdim=True)) ** power,
    "softmax": lambda u, power: torch.softmax(power * u, 1),
    "winner": lambda u, power: torch.nn.functional.one_hot(u.argmax(1), u.shape[1]).to(u.dtype),
}
TRANSFORMED_AT_ONCE = 2000


class HebbianLayer(TransformerMixin, BaseEstimator):
    """Units that learn by a rule for rates, from samples alone.

    Each mini-batch x gives every unit a total input u and an activity r_post; the rule's text turns r_pre = x, u and
    r_post into one change of the weights, summed (or averaged) over the mini-batch. With batch_size=1 this is the rule
    exactly as `plasticity.replay` runs it, a step per sample (of 1 s, for texts with dX/dt). A convolution learns from
    the `plasticity.learner.patches` of images.

    rule: name in `plasticity.rules.catalogue` (with options, as "soft_hebb(sharpness=8)"), or a Rule that has only
    `on_step` and reads r_pre, r_post or u. units: how many. total: u is "dot", w.x, or "distance", w.x - |w|^2/2, which
    is largest for the nearest w. activation: r_post of u, "linear", "relu", "sigmoid" or "tanh".
    features: what `transform` answers: "linear" (u), "relu" (max(u, 0)^power), "triangle" (max(u - mean of u, 0)^power,
    Coates, Ng & Lee 2011), "softmax" (of power * u), "winner" (1 for the largest u).
    epochs, batch_size, shuffle: how the samples are shown. reduce: "sum" or "mean" of a mini-batch's changes.
    largest_step: scales each mini-batch's change so that its largest entry is this (Krotov & Hopfield 2019, Moraitis et
    al. 2022), whatever the rule's learning rate; None leaves it. decay: "none", or "linear", by which changes shrink to
    nothing at the end of `fit`. first: the first weights, "normal" (drawn, of mean length `radius`) or "samples" (drawn
    from X, as for k-means). dtype, device: of the tensors. seed: of first weights and order.

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

    @torch.no_grad()
    def fit(self, X, y=None):
        """Learns from X [samples, inputs], of any finite numbers; y is ignored."""
        x = self._begin(X)
        generator = np.random.default_rng((self.seed, 1))
        batches = self.epochs * -(-len(x) // self.batch_size)
        for done, chosen in enumerate(self._order(len(x), generator)):
            self._learn(x[chosen], 1.0 - done / batches if self.decay == "linear" else 1.0)
        self._require_finite()
        return self

    @torch.no_grad()
    def partial_fit(self, X, y=None):
        """Shows X once more, in the order given, with changes of full size."""
        x = self._tensor(X) if hasattr(self, "_w") else self._begin(X)
        for start in range(0, len(x), self.batch_size):
            self._learn(x[start:start + self.batch_size], 1.0)
        self._require_finite()
        return self

    @torch.no_grad()
    def transform(self, X):
        """The features of X, [samples, units]; changes nothing."""
        check_is_fitted(self, "_w")
        x, made = self._tensor(X), FEATURES[choice("features", self.features, FEATURES)]
        parts = [made(self._total(x[start:start + TRANSFORMED_AT_ONCE]), self.power).cpu().numpy()
                 for start in range(0, len(x), TRANSFORMED_AT_ONCE)]
        return np.concatenate(parts)

    @property
    def components_(self) -> np.ndarray:
        """The weights of each unit, [units, inputs]."""
        return self.weights_.T

    @property
    def weights_(self) -> np.ndarray:
        """A copy of the weights, [inputs, units]."""
        if not hasattr(self, "_w"):
            raise AttributeError("weights_ exist after fit")
        return self._w.cpu().numpy().copy()

    @property
    def states_(self) -> dict[str, np.ndarray]:
        """The rule's state of each unit, by name."""
        return {name: value[0].cpu().numpy().copy() for name, value in self._states.items()}

    def __getstate__(self):
        """Everything but what is compiled again when it is read."""
        return {name: value for name, value in super().__getstate__().items() if name not in ("_change", "_context")}

    def __setstate__(self, state):
        super().__setstate__(state)
        if hasattr(self, "_rule"):
            self._compile()

    def _begin(self, X) -> torch.Tensor:
        """Checks, draws first weights and compiles the rule; answers X as a tensor."""
        self._check()
        rule = of_kind("synapse", self.rule)
        self._require_readable(rule)
        self._rule = rule
        self._compile()
        self.__dict__.pop("n_features_in_", None)
        x = self._tensor(X)
        self.n_features_in_ = x.shape[1]
        self._w = self._first(x).clamp_(rule.w_min, rule.w_max)
        self._states = {name: torch.full((1, n), trace.initial, dtype=self._w.dtype, device=self._w.device)
                        for place, n in (("pre", x.shape[1]), ("post", self.units))
                        for name, trace in getattr(rule, place).items()}
        return x

    def _compile(self) -> None:
        self._context = Context(getattr(torch, self.dtype), torch_device(self.device), 1.0, self.reduce, self.seed,
                                torch.Generator(self.device))
        self._change = Clocked(self._rule, self.units, self._context)

    def _first(self, x: torch.Tensor) -> torch.Tensor:
        generator = np.random.default_rng((self.seed, 0))
        if self.first == "normal":
            drawn = generator.normal(size=(x.shape[1], self.units))
            return self._context.tensor(self.radius / np.sqrt(x.shape[1]) * drawn)
        chosen = generator.choice(len(x), self.units, replace=self.units > len(x))
        return x[torch.as_tensor(chosen, device=x.device)].T.contiguous()

    def _check(self) -> None:
        require_positive(units=self.units, epochs=self.epochs, batch_size=self.batch_size)
        choice("dtype", self.dtype, ("float32", "float64"))
        choice("reduce", self.reduce, ("sum", "mean"))
        choice("decay", self.decay, ("none", "linear"))
        choice("total", self.total, TOTAL)
        choice("activation", self.activation, ACTIVATIONS)
        choice("features", self.features, FEATURES)
        choice("first", self.first, ("normal", "samples"))
        for name in ("largest_step", "radius"):
            value = getattr(self, name)
            if not (value is None and name == "largest_step") and not (np.isscalar(value) and 0 < value < np.inf):
                raise PlasticityError(f"{name} must be a positive number, got {value!r}")

    def _require_readable(self, rule) -> None:
        known = {"r_pre": "pre", "u": "post", "r_post": "post"}
        for name, place in rule.reads.items():
            if known.get(name) != place:
                raise PlasticityError(f"rule {rule.name!r} reads {name!r} ({place}); a layer of rates gives it r_pre "
                                      "(pre), u and r_post (post)")

    def _tensor(self, X) -> torch.Tensor:
        x = np.asarray(X)
        if x.ndim != 2 or x.dtype.kind not in "biuf" or not x.size:
            raise PlasticityError(f"X must hold numbers, shape [samples, inputs]; got {x.dtype} of shape {x.shape}")
        wanted = getattr(self, "n_features_in_", x.shape[1])
        if x.shape[1] != wanted:
            raise PlasticityError(f"X has {x.shape[1]} inputs per sample, the layer was fitted on {wanted}")
        if not np.isfinite(x).all():
            raise PlasticityError("X holds NaN or infinity")
        return self._context.tensor(x)

    def _order(self, samples: int, generator: np.random.Generator) -> Iterator[torch.Tensor]:
        """Which samples each mini-batch holds, epoch after epoch."""
        for _ in range(self.epochs):
            order = generator.permutation(samples) if self.shuffle else np.arange(samples)
            yield from torch.as_tensor(order, device=self._context.device).split(self.batch_size)

    def _total(self, x: torch.Tensor) -> torch.Tensor:
        return TOTAL[self.total](x, self._w)

    def _learn(self, x: torch.Tensor, share: float) -> None:
        """One mini-batch: changes of weights times `share`, within the rule's bounds; changes of states."""
        u = self._total(x)
        found = {"r_pre": x, "u": u, "r_post": ACTIVATIONS[self.activation](u)}
        changes = self._change(self._w, {**{name: found[name] for name in self._rule.reads}, **self._states})
        for name, change in changes.items():
            if name != "w":
                self._states[name] = self._states[name] + change
        if "w" in changes:
            self._w.add_(changes["w"], alpha=share * self._scale(changes["w"])).clamp_(self._rule.w_min,
                                                                                      self._rule.w_max)

    def _scale(self, change: torch.Tensor) -> float:
        if self.largest_step is None:
            return 1.0
        low, high = change.aminmax()
        largest = max(-float(low), float(high))
        return self.largest_step / largest if largest > 0 else 0.0

    def _require_finite(self) -> None:
        if not all(bool(torch.isfinite(value).all()) for value in (self._w, *self._states.values())):
            raise PlasticityError("weights left the finite numbers; lower the rule's learning rate, set largest_step, "
                                  "or scale X")
