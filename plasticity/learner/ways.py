"""The ways of learning: which networks, readouts and engines each can use, and what it takes where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plasticity.language.rule import Rule
from plasticity.rules import RuleLike

#: what a layer of rates gives a rule to read
RATES = frozenset({"r_pre", "u", "r_post"})


@dataclass(frozen=True)
class Way:
    """How rules of one sort learn.

    asks: what such a rule asks of a network, in words. networks: kinds of blueprints that have it. network, readout,
    engine: the defaults. learned: whether its readouts learn with the network; fitted: those that are fitted to its
    responses afterwards. engines: those it runs on; engine_options: what may be said of them. uses: arguments of
    `Learner` that mean something to it, of those not all ways share. epochs, batch, lr, schedule: the defaults (lr
    None: the rule's own). place: "module:function" that makes its trainer. features: whether there is something between
    samples and answers that can be asked for.
    """

    name: str
    asks: str
    networks: tuple[str, ...]
    network: str | None
    readout: str | None
    engine: str | None
    learned: bool
    engines: tuple[str, ...]
    uses: frozenset[str]
    epochs: int
    batch: int
    place: str
    lr: float | None = None
    schedule: str = "constant"
    fitted: tuple[str, ...] = ()
    engine_options: tuple[str, ...] = ()
    features: bool = True


_GRADIENT = frozenset({"lr", "optimizer", "schedule", "patience", "loss", "class_weight"})

WAYS: Mapping[str, Way] = MappingProxyType({way.name: way for way in (
    Way("stream", "acts at spikes, on synapses of a network that says how samples are shown", ("presented", "own"),
        "diehl-cook", "all_activity", "event", False, ("event", "torch", "brian2", "brian2_cpp"),
        frozenset({"encoder", "patience", "class_weight"}), 1, 1, "plasticity.learner.stream.way:trainer",
        fitted=("all_activity", "proportion", "logistic", "ngram"), engine_options=("reduce",)),
    Way("rates", "reads rates", ("rates",), "rates(400, init=samples)", "logistic", "torch", False, ("torch",),
        frozenset({"lr", "schedule", "patience", "class_weight"}), 5, 32, "plasticity.learner.rates.way:trainer", 3e-2,
        "linear", ("all_activity", "proportion", "logistic"), ("reduce",)),
    Way("gradients", "takes gradients through a network of spiking or graded neurons", ("spiking", "presented", "own"),
        "layers(100, 100)", "leaky", None, True, ("compiled", "autograd"), _GRADIENT | {"encoder"}, 10, 32,
        "plasticity.learner.gradients.way:trainer", 1e-2, engine_options=("surrogate", "store")),
    Way("method", "brings its own network", ("static",), None, None, None, True, ("autograd",),
        _GRADIENT - {"loss"} | {"encoder"}, 20, 32, "plasticity.learner.gradients.method:trainer",
        engine_options=("store",), features=False))})


def reads_rates(rule: Rule) -> bool:
    """Whether a rule of synapses acts in every step on rates alone, as a layer of rates has them."""
    return not (rule.on_pre or rule.on_post or rule.signals) and bool(rule.reads) and set(rule.reads) <= RATES


def way_of(rule: RuleLike) -> Way:
    """The way in which a rule learns."""
    if rule.kind == "synapse":
        return WAYS["rates" if reads_rates(rule) else "stream"]
    return WAYS[{"credit": "gradients", "network": "method"}[rule.kind]]
