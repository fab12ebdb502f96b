"""Gradient rules from the literature: functions that answer a `GradientRule`."""

from __future__ import annotations

from dataclasses import replace

from plasticity._utils.ranges import NotNegative
from plasticity._utils.typed import checked
from plasticity.rules.paths import GradientRule, Paths


@checked
def bptt(reset: bool = True, rate: NotNegative = 10.0, rate_strength: NotNegative = 0.0) -> GradientRule:
    """Backpropagation through time: every path open; exact up to the surrogate derivative.

    reset: whether credit passes a neuron's own reset too (many programs detach it). rate, rate_strength: firing rate
    (Hz) that each neuron is drawn to besides, and how strongly.

    Source: Werbos 1990; with surrogate derivatives Neftci, Mostafa & Zenke 2019.
    """
    return GradientRule("bptt", Paths(reset=reset), memory="O(T N)", rate=rate, rate_strength=rate_strength,
                        words="every path carries credit" if reset else "every path but resets carries credit",
                        source="Werbos 1990; Neftci, Mostafa & Zenke 2019")


@checked
def truncated_bptt(steps: int = 20) -> GradientRule:
    """Backpropagation through at most `steps` steps: every `steps` steps the past becomes a constant.

    Source: Williams & Peng 1990.
    """
    return GradientRule("truncated_bptt", Paths(truncate=steps), words=f"all paths, in pieces of {steps} steps",
                        memory="O(steps N)", source="Williams & Peng 1990")


_EPROP = Paths(reset=False, recurrent=False, autapse=False, layers="cut")


@checked
def eprop(feedback: str = "random", reset: bool = False, autapse: bool = False, broadcast: bool = False,
          online: bool = False, rate: NotNegative = 10.0, rate_strength: NotNegative = 0.0) -> GradientRule:
    """e-prop: a local eligibility trace per synapse times a learning signal per neuron.

    dE/dW_ji = sum_t L_j(t) ebar_ji(t); credit stays within the neuron (membrane and adaptation) and takes the readout
    as its only way to the loss, not the spikes of other neurons.

    feedback: "symmetric", "random" or "adaptive". reset, autapse: whether credit passes a neuron's own reset, and its
    connection onto itself (the paper's does not). broadcast: whether populations that do not project to the readout
    hear its error as well (with random feedback). online: whether the gradient is computed forward in time, with memory
    that does not grow with the number of steps (slower; the same gradient). rate, rate_strength: firing rate (Hz) that
    each neuron is drawn to besides, and how strongly; what a neuron needs for that is its own.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625.
    """
    return GradientRule("eprop", replace(_EPROP, reset=reset, autapse=autapse), feedback, broadcast,
                        words=f"within each neuron through time, not through other neurons; {feedback} feedback",
                        memory="O(N^2) online, O(1) in T", source="Bellec et al. 2020", online=online, rate=rate,
                        rate_strength=rate_strength)


@checked
def rflo(online: bool = False) -> GradientRule:
    """Random feedback local online learning, e-prop's form for rate networks: leaky eligibility, random feedback.

    online: as for `eprop`.

    Source: Murray 2019, eLife 8:e43299.
    """
    return GradientRule("rflo", _EPROP, "random",
                        words="the leak carries credit, recurrent weights do not; random feedback",
                        memory="O(N^2) online, O(1) in T", source="Murray 2019", online=online)


def ottt() -> GradientRule:
    """Online training through time: presynaptic traces carry the past, the error passes layers within the step.

    dE/dW = sum_t g(t) a(t), a the leaky sum of presynaptic spikes, g the error of step t brought down through layers as
    if they had no past; resets carry no credit. A layer answers one step after the layer below it.

    Source: Xiao, Meng, Zhang, He & Lin 2022, NeurIPS.
    """
    return GradientRule("ottt", Paths(reset=False, recurrent=False, autapse=False, layers="step"),
                        words="presynaptic traces; the error passes layers in its own step only",
                        memory="O(N), O(1) in T", source="Xiao et al. 2022")


def ostl() -> GradientRule:
    """Online spatio-temporal learning: everything within a layer is traced, the error passes layers in its own step.

    Temporal and spatial gradients are kept apart and their mixed terms left out; for one recurrent layer with a readout
    that has no memory it is the exact gradient.

    Source: Bohnstingl, Wozniak, Pantazi & Eleftheriou 2022, IEEE Trans. Neural Networks and Learning Systems.
    """
    return GradientRule("ostl", Paths(layers="step"), words="all paths within a layer; between layers only in the step",
                        memory="O(N^3) online with recurrent weights, O(N^2) without; O(1) in T",
                        source="Bohnstingl et al. 2022")


def decolle() -> GradientRule:
    """Deep continuous local learning: each layer has its own loss, on a fixed random readout of its spikes.

    Traces carry the past of the inputs; resets, recurrent weights and layers carry nothing. The readout learns by its
    loss and tells the layers nothing. Use `Output.error` for the sum of all losses.

    Source: Kaiser, Mostafa & Neftci 2020, Frontiers in Neuroscience 14:424.
    """
    return GradientRule("decolle", _EPROP, teacher="local",
                        words="a loss per layer on a fixed random readout; presynaptic traces",
                        memory="O(N), O(1) in T", source="Kaiser, Mostafa & Neftci 2020")


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


def drtp() -> GradientRule:
    """Direct random target projection: each population is told the target, over fixed random weights, and no error.

    dE/dz_j(t) stands for sum_k B_kj target_k(t), with the weight that the loss gives step t; in the hidden layers of a
    classifier the target says what the sign of the error would. No backward pass waits for the outputs. Paths within a
    population stay open, as in `dfa`. Use `Output.error` for the loss with its teachers.

    Source: Frenkel, Lefebvre & Bol 2021, Frontiers in Neuroscience 15:629892; the sign is that of their code (the
    projection takes the place of the gradient, which is descended); B is normal with variance 1/n here, as all feedback
    weights, and uniform with variance 2/n there.
    """
    return GradientRule("drtp", Paths(layers="cut"), teacher="target",
                        words="no credit through layers; each population hears the target over fixed random weights",
                        memory="O(T N)", source="Frenkel, Lefebvre & Bol 2021")


def etlp() -> GradientRule:
    """Event-based three-factor local plasticity: a presynaptic trace, the neuron's own psi, and the projected target.

    dE/dW_ji = sum_t L_j(t) psi_j(t) zbar_i(t), L_j = sum_k B_kj target_k: e-prop's paths with the teacher of `drtp`. In
    adaptive neurons the trace includes the adaptation. Use `Output.error`; let the loss count the steps in
    which the target is given.

    Source: Quintana, Perez-Pena, Galindo, Neftci, Chicca & Khacef 2023, arXiv:2301.08281, and their code.
    """
    return GradientRule("etlp", _EPROP, teacher="target",
                        words="presynaptic traces and psi; each population hears the target over fixed random weights",
                        memory="O(N^2) online, O(1) in T", source="Quintana et al. 2023")
