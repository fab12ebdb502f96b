"""A layer of rates that learns by a rule's text, in mini-batches, as a trainer of the loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import numpy as np
import torch

from plasticity._utils.devices import torch_device
from plasticity.engines.torch.clocked import Clocked
from plasticity.engines.torch.language import Context
from plasticity.errors import RefusedError
from plasticity.language.rule import Rule
from plasticity.learner import health
from plasticity.learner.plan import Plan, Step
from plasticity.learner.stream.reading import Reading, Responses
from plasticity.learner.targets import Targets, require_whole_samples
from plasticity.learner.trainer import Callback, Measured, NotFinite
from plasticity.network.rate_layer import RateLayer
from plasticity.network.stored import Stored

Function = Callable[[torch.Tensor], torch.Tensor]

#: what a neuron's total input is, of samples x [samples, inputs] and weights w [inputs, units]
TOTAL: Mapping[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "dot": lambda x, w: x @ w,
    "distance": lambda x, w: torch.addmm(-0.5 * (w * w).sum(0), x, w),
}
#: the activity r_post of a total input
ACTIVATIONS: Mapping[str, Function] = {
    "linear": lambda u: u, "relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
#: what `features` answers, of a total input and a power
FEATURES: Mapping[str, Callable[[torch.Tensor, float], torch.Tensor]] = {
    "linear": lambda u, power: u,
    "relu": lambda u, power: torch.relu(u) ** power,
    "triangle": lambda u, power: torch.relu(u - u.mean(1, keepdim=True)) ** power,
    "softmax": lambda u, power: torch.softmax(power * u, 1),
    "winner": lambda u, power: torch.nn.functional.one_hot(u.argmax(1), u.shape[1]).to(u.dtype),
}
AT_ONCE = 2000


class RateTrainer:
    """Each mini-batch x gives every unit a total input u and an activity r_post; the rule's text turns r_pre = x, u and
    r_post into one change of the weights, summed (or averaged) over the mini-batch. With batches of 1 this is the rule
    exactly as `plasticity.replay` runs it, a step per sample (of 1 s, for texts with dX/dt).

    layer, rule: what learns. reading: readouts, fitted by `finish` (None: there are none). max_update: scales each
    mini-batch's change so that its largest entry is this (Krotov & Hopfield 2019, Moraitis et al. 2022); None leaves
    it. The rest as for `Learner`.
    """

    ahead, lines, compile_seconds = False, None, 0.0

    def __init__(self, layer: RateLayer, rule: Rule, reading: Reading | None, *, reduce: str, max_update: float | None,
                 dtype: str, device: str, seed: int, shuffle: bool, classes: int):
        self.layer, self.rule, self.reading, self.max_update = layer, rule, reading, max_update
        self.seed, self.shuffle, self.classes = seed, shuffle, classes
        self.options = {"reduce": reduce, "dtype": dtype, "device": device}
        self._require_readable()
        self._compile()
        self.w: torch.Tensor | None = None
        self.states: dict[str, torch.Tensor] = {}

    @property
    def dtype(self) -> str:
        return self.options["dtype"]

    @property
    def described(self) -> RateLayer:
        """The layer as it was built."""
        return self.layer

    def _compile(self) -> None:
        device = self.options["device"]
        self.context = Context(getattr(torch, self.options["dtype"]), torch_device(device), 1.0,
                               self.options["reduce"], self.seed, torch.Generator(device))
        self._change = Clocked(self.rule, self.layer.units, self.context)

    def __getstate__(self) -> dict:
        """Everything but what is compiled again when it is read."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_change", "context")}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._compile()

    def _require_readable(self) -> None:
        known = {"r_pre": "pre", "u": "post", "r_post": "post"}
        for name, place in self.rule.reads.items():
            if known.get(name) != place:
                raise RefusedError(f"rule {self.rule.name!r} reads {name!r} ({place}); a layer of rates gives it r_pre "
                                   "(pre), u and r_post (post)")

    @torch.no_grad()
    def begin(self, x: np.ndarray) -> None:
        """Draws the first weights, for samples like x."""
        self.w = self._first(self.tensor(x)).clamp_(self.rule.w_min, self.rule.w_max)
        self.states = {name: torch.full((1, n), trace.initial, dtype=self.w.dtype, device=self.w.device)
                       for place, n in (("pre", x.shape[1]), ("post", self.layer.units))
                       for name, trace in getattr(self.rule, place).items()}

    def _first(self, x: torch.Tensor) -> torch.Tensor:
        generator, units = np.random.default_rng((self.seed, 0)), self.layer.units
        if self.layer.init == "normal":
            drawn = generator.normal(size=(x.shape[1], units))
            return self.context.tensor(self.layer.radius / np.sqrt(x.shape[1]) * drawn)
        chosen = generator.choice(len(x), units, replace=units > len(x))
        return x[torch.as_tensor(chosen, device=x.device)].T.contiguous()

    def tensor(self, x: np.ndarray) -> torch.Tensor:
        return self.context.tensor(x)

    def require(self, x: np.ndarray, targets: Targets) -> None:
        """Refuses weights by step."""
        require_whole_samples(targets, self.rule_name)

    def session(self) -> AbstractContextManager:
        return torch.no_grad()

    def chunk(self, batch: int) -> int:
        return batch

    def prepare(self, x: np.ndarray, step: Step) -> torch.Tensor:
        return self.tensor(x)

    def update(self, prepared: torch.Tensor, x: np.ndarray, targets: Targets, step: Step, rate: float,
               callback: Callback | None) -> Measured:
        """One mini-batch: changes of weights times `rate`, within the rule's bounds; changes of states."""
        u = self._total(prepared)
        variables = {"r_pre": prepared, "u": u, "r_post": ACTIVATIONS[self.layer.activation](u)}
        changes = self._change(self.w, {**{name: variables[name] for name in self.rule.reads}, **self.states})
        self._require_finite(changes, "a change is not finite", False)
        for name, change in changes.items():
            if name != "w":
                self.states[name] = self.states[name] + change
        if "w" in changes:
            self.w.add_(changes["w"], alpha=rate * self._scale(changes["w"])).clamp_(self.rule.w_min, self.rule.w_max)
        if step.last:
            self._require_finite({"w": self.w, **self.states}, "weights left the finite numbers", True)
        return Measured({}, len(x))

    def _total(self, x: torch.Tensor) -> torch.Tensor:
        return TOTAL[self.layer.total](x, self.w)

    def _scale(self, change: torch.Tensor) -> float:
        if self.max_update is None:
            return 1.0
        low, high = change.aminmax()
        largest = max(-float(low), float(high))
        return self.max_update / largest if largest > 0 else 0.0

    def _require_finite(self, values: Mapping[str, torch.Tensor], what: str, spoiled: bool) -> None:
        """Of weights and states, or changes of them. A sum is finite only where all of it is, and costs little."""
        if all(math.isfinite(float(each.sum())) for each in values.values()):
            return
        for name, each in values.items():
            strange = (~each.isfinite()).nonzero()
            if len(strange):
                raise NotFinite(what, _named(name, strange[0].tolist()), spoiled,
                                "the rule's learning rate, set lr (the largest change of a mini-batch), or scale X; a "
                                f"division by 0, log or sqrt in the text of rule {self.rule.name!r} does it too")

    def check(self, shown: int, totals: Mapping[str, float]) -> None:
        """Warns of weights that all sit at a bound; rates are not silent."""
        health.warn(health.at_bounds("the layer", self.w.cpu().numpy(), self.rule.w_min, self.rule.w_max))

    def finish(self, x: np.ndarray, targets: Targets) -> None:
        """Fits the readouts on features of samples, of which an evenly drawn part is used."""
        if self.reading is None or not self.classes:
            return
        limit = len(x) if self.reading.samples is None else min(self.reading.samples, len(x))
        order = next(Plan(1, len(x), self.seed, self.shuffle).steps(len(x))).samples
        chosen = np.sort(order[:limit])
        self.reading.fit(Responses(self.features(x[chosen])), targets[chosen], self.classes)

    @torch.no_grad()
    def features(self, x: np.ndarray) -> np.ndarray:
        name = self.layer.features if self.layer.features != "auto" else (
            "triangle" if self.layer.units > 1 else "linear")
        parts = [FEATURES[name](self._total(self.tensor(x[start:start + AT_ONCE])), self.layer.power).cpu().numpy()
                 for start in range(0, len(x), AT_ONCE)]
        features = np.concatenate(parts)
        health.warn(health.alike("the layer's features", features))
        return features

    def scores(self, x: np.ndarray) -> np.ndarray:
        return self.reading.scores(Responses(self.features(x)))

    def places(self, x: np.ndarray) -> np.ndarray:
        return self.reading.places(Responses(self.features(x)))

    def accuracy(self, x: np.ndarray, targets: Targets, learned: tuple[np.ndarray, Targets]) -> float:
        self.reading.forget()
        self.finish(*learned)
        return targets.right(self.places(x))

    @property
    def rule_name(self) -> str:
        """What the layer learns by."""
        return self.rule.name

    def network(self) -> RateLayer:
        """The layer, as it was described; its weights are `input_weights`."""
        return self.layer

    def responses(self, x: np.ndarray) -> Responses:
        """What the layer answers to samples."""
        return Responses(self.features(x))

    def input_weights(self) -> np.ndarray:
        return self.w.cpu().numpy().copy()

    def learned(self) -> dict[str, np.ndarray]:
        """The weights and the rule's states."""
        return self.state()

    def weights(self) -> dict[str, np.ndarray]:
        return self.state()

    def put(self, weights: Mapping[str, np.ndarray]) -> None:
        self.restore(weights)

    def arrays(self) -> dict[str, Stored]:
        """The weights, for a memory."""
        return {"w": Stored(self.w.cpu().numpy(), None, self.rule.w_min, self.rule.w_max)}

    def hold(self, weights: Mapping[str, np.ndarray]) -> None:
        """Puts other weights in the place of those of `arrays`."""
        self.restore(self.state() | dict(weights))

    def state(self) -> dict[str, np.ndarray]:
        return {"w": self.w.cpu().numpy().copy(), **{name: value.cpu().numpy().copy()
                                                     for name, value in self.states.items()}}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.w = self.tensor(state["w"])
        self.states = {name: self.tensor(value) for name, value in state.items() if name != "w"}


def _named(name: str, place: list[int]) -> str:
    return f"weight {place} (input, unit)" if name == "w" else f"state {name!r} of unit {place[-1]}"
