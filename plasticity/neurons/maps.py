"""Neurons that are discrete maps: one assignment per step instead of a differential equation."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from plasticity._utils.ranges import BELOW_ONE, FINITE, NOT_NEGATIVE, POSITIVE, SHARE, require
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.neurons.neuron import Neuron

_SUM = "(x + decay*s*(1 - y))"
#: activation g of the membrane -> what s becomes
ACTIVATIONS: Mapping[str, str] = MappingProxyType({
    "identity": _SUM, "relu": f"relu({_SUM})", "leaky_relu": f"relu({_SUM}) - slope*relu(-{_SUM})"})


@checked
def snu(decay: float = 0.8, threshold: float = 1.0, activation: str = "identity", slope: float = 0.1,
        graded: bool = False, bias: bool = False, current_noise: float = 0.0, dropout: float = 0.0) -> Neuron:
    """A spiking neural unit: a neuron as a recurrent unit of deep learning, silenced by its own last output.

    s[t] = g(x[t] + decay s[t-1] (1 - y[t-1]));  y[t] = 1 where s[t] > threshold, else 0;
    graded: y[t] = sigmoid(s[t] - threshold)

    x is what arrives in variable `x` (project onto "x"): unlike a membrane's, it is gone after one step. Spikes of a
    step arrive at its end, so a layer answers in the next step.

    decay: factor per step (0 to 1). threshold: number. activation: g, "identity", "relu" or "leaky_relu" (with `slope`
    below zero). graded: the sSNU's unit, which sends y as it is, and is silenced in proportion to it; where s exceeds
    the threshold counts as a spike. bias: what arrives in a variable "b" is added to s where that is compared with the
    threshold, which is then learned by weights that `layers(bias=True)` projects onto it.

    While it learns it may be disturbed, which holds it back from learning by heart: normal numbers of standard
    deviation `current_noise` are added to what arrives; and what a graded unit sends is 0 with probability `dropout`
    (below 1), else 1/(1 - dropout) times itself. Both are this library's.

    Raises PlasticityError for dropout without graded: a spike is not 1/(1 - dropout) of one.

    Source: Wozniak, Pantazi, Bohnstingl & Eleftheriou 2020, Nature Machine Intelligence 2:325.
    """
    require(SHARE, decay=decay)
    require(FINITE, threshold=threshold, slope=slope)
    require(NOT_NEGATIVE, current_noise=current_noise)
    require(BELOW_ONE, dropout=dropout)
    choice("activation", activation, ACTIVATIONS)
    if dropout and not graded:
        raise PlasticityError("dropout goes with graded=True; spikes are disturbed by current_noise")
    membrane, compared, cleared = ("m", "m = s + b; ", "; b = 0*b") if bias else ("s", "", "")
    sent = f"sigmoid({membrane} - threshold)" if graded else f"int({membrane} > threshold)"
    noisy = "x = x + current_noise*normal(); " if current_noise else ""
    disturbed = {"current_noise": current_noise, "dropped": dropout}
    return Neuron(
        update=f"{noisy}s = {ACTIVATIONS[activation]}; {compared}y = {sent}; x = 0*x{cleared}",
        threshold=f"{membrane} > threshold", output=("y*dropout(dropped)" if dropout else "y") if graded else "",
        params={"decay": decay, "threshold": threshold} | ({"slope": slope} if activation == "leaky_relu" else {})
        | {name: value for name, value in disturbed.items() if value},
        name="snu", source="Wozniak, Pantazi, Bohnstingl & Eleftheriou 2020")


@checked
def relay() -> Neuron:
    """Sends on what arrived in the step before: y[t+1] = x[t] (project onto "x").

    For projections in a row, as a pool and then a convolution; its graded output is y itself, so that gradients pass it
    unchanged. It counts as a spike where y > 0. This library's.
    """
    return Neuron(update="y = x; x = 0*x", threshold="y > 0", output="y", name="relay", source="this library")


#: activation -> output of a unit that sends what it hears
SENT: Mapping[str, str] = MappingProxyType({
    "identity": "u", "relu": "relu(u)", "leaky_relu": "relu(u) - slope*relu(-u)", "sigmoid": "sigmoid(u)",
    "tanh": "tanh(u)"})


@checked
def unit(activation: str = "relu", slope: float = 0.01) -> Neuron:
    """A unit of conventional networks: what arrived in the step before, through an activation; it remembers nothing.

    u[t+1] = x[t];  y = g(u), which it sends (project onto "x"). It counts as a spike where u > 0.

    So a feed-forward network of them, shown a constant sample, answers as the static network does from the step on that
    is the number of its populations. activation: g, "identity", "relu", "leaky_relu" (with `slope` below zero),
    "sigmoid" or "tanh". This library's.
    """
    require(FINITE, slope=slope)
    output = SENT[choice("activation", activation, SENT)]
    return Neuron(update="u = x; x = 0*x", threshold="u > 0", output=output, name="unit", source="this library",
                  params={"slope": slope} if activation == "leaky_relu" else {})


#: what an excess neuron sends
EXCESS: Mapping[str, str] = MappingProxyType({"excess": "relu(u - threshold)", "binary": "int(u > threshold)",
                                              "state": "u"})


@checked
def excess(sends: str = "excess", decay: float = 0.9, threshold: float = 1.0, penalty: float = 1.5) -> Neuron:
    """A leaky neuron that sends by how much it exceeds its threshold, and is pushed down in proportion to its state.

    u[t] = x[t-1] + decay u[t-1] (1 - penalty/threshold [u[t-1] > threshold])
    y = max(0, u - threshold);  sends="binary": y = 1 where u > threshold;  sends="state": y = u

    Project onto "x", what arrives, which is gone after one step. A binary y has no derivative; rules let credit pass
    its comparison by their surrogate only where they let it pass resets (paths.reset).
    decay: per step, 0 to 1. threshold: positive number. penalty: number.

    Source: Chevalier's "Spiking neural network" notebook, on which Wei & Jhunjhunwala base "excess output".
    """
    require(SHARE, decay=decay)
    require(POSITIVE, threshold=threshold)
    require(FINITE, penalty=penalty)
    return Neuron(update="u = x + decay*u*(1 - penalty/threshold*int(u > threshold)); x = 0*x",
                  threshold="u > threshold", output=EXCESS[choice("sends", sends, EXCESS)], name="excess",
                  params={"decay": decay, "threshold": threshold, "penalty": penalty},
                  source="Wei & Jhunjhunwala, after Chevalier's notebook")
