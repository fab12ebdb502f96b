"""Losses as data, without torch: which targets each takes, of which outputs, and how what it trained is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from plasticity._utils.catalogue import parse
from plasticity.errors import PlasticityError, RefusedError, unknown

#: form of a target -> its shape
TARGETS: Mapping[str, str] = MappingProxyType({
    "label": "whole numbers [samples]", "label per step": "whole numbers [samples, steps]",
    "vector": "numbers [samples, n]", "vector per step": "numbers [samples, steps, n]"})

#: how a sample's steps become one answer
ANSWERS = ("mean", "sum", "softmax", "softmax mean")


@dataclass(frozen=True)
class LossKind:
    """What a loss takes, and what its outputs mean.

    targets: forms of `TARGETS`. outputs: "values" of a readout with weights, "spikes" of a population, or both.
    answer: how a sample's steps become one answer: "mean" or "sum" of the outputs, "softmax" or "softmax mean", the sum
    or mean of their softmax. chance: how outputs become probabilities: "softmax", "sigmoid", each output for itself,
    "share" of all spikes, or "" where they do not. score: name in `plasticity.readout.scores.SCORES`. words: what it
    is.
    """

    targets: tuple[str, ...]
    outputs: tuple[str, ...] = ("values", "spikes")
    answer: str = "mean"
    chance: str = ""
    score: str = "accuracy"
    words: str = ""

    @property
    def labels(self) -> bool:
        """Whether whole numbers are labels."""
        return "label" in self.targets


_CLASSES = ("label", "label per step", "vector", "vector per step")
_NUMBERS = ("vector", "vector per step")
#: name -> what the loss takes; the losses themselves are `plasticity.engines.gradient.losses.catalogue`
LOSSES: Mapping[str, LossKind] = MappingProxyType({
    "cross_entropy": LossKind(_CLASSES, chance="softmax", words="-log softmax(y)[label] in every step"),
    "cumulative_cross_entropy": LossKind(("label",), answer="sum", chance="softmax",
                                         words="-log softmax(s)[label], s what adds up over steps"),
    "mse": LossKind(_NUMBERS, score="r2", words="sum_k (y_k - target_k)^2 in every step"),
    "bernoulli": LossKind(_NUMBERS, ("values",), chance="sigmoid", score="nll",
                          words="-log of what sigmoid(y) says of targets 0 and 1, in every step"),
    "spike_count_mse": LossKind(("label",), ("spikes",), "sum", "share",
                                words="squared distance of spike counts from those wished")})


def kind_of(loss: object) -> LossKind | None:
    """What a loss of the catalogue takes, from its name, its text or the loss itself; None for a person's own."""
    name = loss if isinstance(loss, str) else getattr(loss, "name", None)
    try:
        call = parse(name, "loss")
    except PlasticityError:
        return None
    kind = LOSSES.get(call.name.replace("-", "_"))
    if kind is not None and "score" in call.options:
        kind = replace(kind, score=call.options["score"])
    if kind is None or kind.answer != "sum":
        return kind
    mean = call.options.get("steps") == "mean"
    if "softmax" in (*call.arguments, call.options.get("of")):
        return replace(kind, answer="softmax mean" if mean else "softmax")
    return replace(kind, answer="mean" if mean else "sum")


def require_outputs(loss: object, spiking: bool) -> None:
    """Raises RefusedError for a loss that cannot use the outputs, PlasticityError for a text that names none.

    spiking: whether outputs are spikes of a population.
    """
    if isinstance(loss, str) and parse(loss, "loss").name.replace("-", "_") not in LOSSES:
        raise unknown("loss", parse(loss, "loss").name, LOSSES)
    kind, here = kind_of(loss), "spikes" if spiking else "values"
    if kind is None or here in kind.outputs:
        return
    name = loss if isinstance(loss, str) else loss.name
    raise RefusedError(_INSTEAD[here].format(name))


_INSTEAD: Mapping[str, str] = MappingProxyType({
    "values": "loss {!r} counts spikes, which a leaky readout does not have; use readout='counts(POPULATION)', or "
              "another loss, as cumulative_cross_entropy",
    "spikes": "loss {!r} reads outputs as log odds, which the spikes of a population are not; use a leaky readout, or "
              "another loss, as mse"})
