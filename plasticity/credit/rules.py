"""Gradient rules as data: which paths carry credit, and what brings the error.

A network unrolled in time is a graph, and backpropagation through time sends the error along every edge of it. A local
rule closes some of the edges, and may send the error over other weights than those it came by. Each rule here is such a
choice; nothing else tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from plasticity.errors import PlasticityError, choice, unknown

LAYERS = ("full", "step", "cut")
FEEDBACK = ("symmetric", "random", "adaptive")


@dataclass(frozen=True)
class Paths:
    """Which edges of the unrolled network carry credit.

    time: from a neuron's variables to the same neuron's variables in the next step.
    reset: from a spike to its own neuron's membrane (its first variable), which it resets; and, in maps, through
        comparisons in the update.
    adaptation: from a spike to the other variables of its own neuron (an adaptive threshold).
    recurrent: from a spike through weights of a loop of projections to other neurons.
    autapse: from a spike through its neuron's weight onto itself.
    layers: through projections that lead forward: "full"; "step", only to what they drive in the step in which they
        arrive, while the weights still learn through time; "cut".
    truncate: number of steps after which all paths through time are cut, None for never.
    """

    time: bool = True
    reset: bool = True
    adaptation: bool = True
    recurrent: bool = True
    autapse: bool = True
    layers: str = "full"
    truncate: int | None = None

    def __post_init__(self):
        choice("layers", self.layers, LAYERS)
        if self.truncate is not None and not (isinstance(self.truncate, int) and self.truncate > 0):
            raise PlasticityError(f"truncate must be a positive number of steps, got {self.truncate!r}")


@dataclass(frozen=True)
class GradientRule:
    """How the weights of a network are told what to change.

    feedback: what brings the error from the readout: "symmetric", the readout's own weights, transposed; "random",
        fixed random weights; "adaptive", weights that start random and learn as the readout's do.
    broadcast: whether every population hears the readout's error over weights of its own (False: those that project
        to the readout).
    transport: "symmetric" where the error passes a projection by its transposed weights, "random" by fixed random ones.
    words: what it does. memory: what has to be kept while a sample of T steps is shown to N neurons, as published;
        autograd, which computes the gradients here, keeps all T steps for every rule. source: authors and year.
    """

    name: str
    paths: Paths = field(default_factory=Paths)
    feedback: str = "symmetric"
    broadcast: bool = False
    transport: str = "symmetric"
    words: str = ""
    memory: str = "O(T N)"
    source: str = ""

    def __post_init__(self):
        choice("feedback", self.feedback, FEEDBACK)
        choice("transport", self.transport, ("symmetric", "random"))
        if self.broadcast and self.feedback != "random":
            raise PlasticityError(f"rule {self.name!r}: broadcast needs feedback='random', as a population that does "
                                  "not project to the readout has no weights to transpose")

    def with_(self, **changes) -> GradientRule:
        """A copy with fields replaced, those of `paths` too: rule.with_(reset=True)."""
        inner = {name: changes.pop(name) for name in tuple(changes) if name in Paths.__dataclass_fields__}
        return replace(self, **changes, paths=replace(changes.get("paths", self.paths), **inner))


def bptt() -> GradientRule:
    """Backpropagation through time: every path open; exact up to the surrogate derivative.

    Source: Werbos 1990; with surrogate derivatives Neftci, Mostafa & Zenke 2019.
    """
    return GradientRule("bptt", words="every path carries credit", memory="O(T N)",
                        source="Werbos 1990; Neftci, Mostafa & Zenke 2019")


def truncated_bptt(steps: int = 20) -> GradientRule:
    """Backpropagation through at most `steps` steps: every `steps` steps the past becomes a constant.

    Source: Williams & Peng 1990.
    """
    return GradientRule("truncated_bptt", Paths(truncate=steps), words=f"all paths, in pieces of {steps} steps",
                        memory="O(steps N)", source="Williams & Peng 1990")


_EPROP = Paths(reset=False, recurrent=False, autapse=False, layers="cut")


def eprop(feedback: str = "random", reset: bool = False, autapse: bool = False,
          broadcast: bool = False) -> GradientRule:
    """e-prop: a local eligibility trace per synapse times a learning signal per neuron.

    dE/dW_ji = sum_t L_j(t) ebar_ji(t); credit stays within the neuron (membrane and adaptation) and takes the readout
    as its only way to the loss, not the spikes of other neurons.

    feedback: "symmetric", "random" or "adaptive". reset, autapse: whether credit passes a neuron's own reset, and its
    connection onto itself (the paper's does not). broadcast: whether populations that do not project to the readout
    hear its error as well (with random feedback).

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625.
    """
    return GradientRule("eprop", replace(_EPROP, reset=reset, autapse=autapse), feedback, broadcast,
                        words=f"within each neuron through time, not through other neurons; {feedback} feedback",
                        memory="O(N^2) online, O(1) in T", source="Bellec et al. 2020")


def rflo() -> GradientRule:
    """Random feedback local online learning, e-prop's form for rate networks: leaky eligibility, random feedback.

    Source: Murray 2019, eLife 8:e43299.
    """
    return GradientRule("rflo", _EPROP, "random",
                        words="the leak carries credit, recurrent weights do not; random feedback",
                        memory="O(N^2) online, O(1) in T", source="Murray 2019")


def ottt() -> GradientRule:
    """Online training through time: presynaptic traces carry the past, the error passes layers within the step.

    dE/dW = sum_t g(t) a(t), a the leaky sum of presynaptic spikes, g the error of step t brought down through layers as
    if they had no past; resets carry no credit. A layer answers one step after the layer below it.

    Source: Xiao, Meng, Zhang, He & Lin 2022, NeurIPS.
    """
    return GradientRule("ottt", Paths(reset=False, recurrent=False, autapse=False, layers="step"),
                        words="presynaptic traces; the error passes layers in its own step only",
                        memory="O(N), O(1) in T", source="Xiao et al. 2022")


def sltt() -> GradientRule:
    """Spatial learning through time: no path through time at all, only through the layers, step by step.

    Source: Meng, Xiao, Yan, Wang, Lin & Luo 2023, ICCV.
    """
    return GradientRule("sltt", Paths(time=False, reset=False, adaptation=False, recurrent=False, autapse=False),
                        words="through layers, not through time", memory="O(N), O(1) in T", source="Meng et al. 2023")


def feedback_alignment() -> GradientRule:
    """Backpropagation in which fixed random weights take the place of all transposed ones.

    Source: Lillicrap, Cownden, Tweed & Akerman 2016, Nature Communications 7:13276.
    """
    return GradientRule("feedback_alignment", feedback="random", transport="random",
                        words="all paths, the error comes back over fixed random weights", memory="O(T N)",
                        source="Lillicrap et al. 2016")


def dfa() -> GradientRule:
    """Direct feedback alignment: each population hears the readout's error directly, over its own random weights.

    Paths within a population (through time and its recurrent weights) stay open.

    Source: Nokland 2016, NeurIPS.
    """
    return GradientRule("dfa", Paths(layers="cut"), "random", broadcast=True,
                        words="no credit through layers; the error is broadcast to each over fixed random weights",
                        memory="O(T N)", source="Nokland 2016")


#: name -> function that makes the rule; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., GradientRule]] = MappingProxyType({
    make.__name__: make for make in (bptt, truncated_bptt, eprop, rflo, ottt, sltt, feedback_alignment, dfa)})


def make(rule: str | GradientRule, **options) -> GradientRule:
    """The gradient rule of that name ("feedback-alignment" is the same as "feedback_alignment"), or itself.

    Raises PlasticityError for an unknown name, and for an option that the rule does not have.
    """
    if isinstance(rule, GradientRule):
        return rule
    found = catalogue.get(rule.replace("-", "_"))
    if found is None:
        raise unknown("gradient rule", rule, catalogue)
    try:
        return found(**options)
    except TypeError as error:
        raise PlasticityError(f"gradient rule {rule!r}: {error}") from None
