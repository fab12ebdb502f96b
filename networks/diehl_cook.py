"""Unsupervised digits: a layer of excitatory neurons that learns by STDP and competes by inhibition.

Diehl & Cook 2015, "Unsupervised learning of digit recognition using spike-timing-dependent plasticity", Frontiers in
Computational Neuroscience 9:99, in three forms: the published network, BindsNET's, and a fast one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from plasticity import neurons as neurons_
from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count, Finite, NotNegative, Positive
from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.language.rule import Rule
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.presentation import Model, Presentation
from plasticity.network.size import require_drawable
from plasticity.neurons.neuron import Neuron

_PUBLISHED_EXCITATORY = """
dv/dt = ((v_rest - v) + ge*(e_exc - v) + gi*(e_inh - v))/tau : volt (unless refractory)
dge/dt = -ge/tau_ge : 1
dgi/dt = -gi/tau_gi : 1
dtheta/dt = -theta/tau_theta : volt
"""
_PUBLISHED_INHIBITORY = """
dv/dt = ((v_rest - v) + ge*(e_exc - v) + gi*(e_inh - v))/tau : volt (unless refractory)
dge/dt = -ge/tau_ge : 1
dgi/dt = -gi/tau_gi : 1
"""
GATES = ("inert", "50ms")
TAU_THETA = 1e4  # s, as published
TOTAL_RATE, MOST_PER_INPUT = 9500.0, 400.0  # Hz: of all inputs that `fast` shows, and of one of them on average
#: rule -> options with which it learns digits in `fast`, where it is named without any: one spike must not depress all
#: inputs that are silent for a moment, as the normalisation of weights does that already
SUITED: Mapping[str, Mapping[str, object]] = MappingProxyType({
    "pair_stdp": {"a_plus": 1e-2, "a_minus": 1e-4, "pairing": "nearest"},
    "triplet_stdp": {"a2_plus": 1e-3, "a3_plus": 2e-3, "a2_minus": 1e-4, "a3_minus": 0.0}})


@checked
def fast(n_inputs: Count = 784, neurons: Count = 400, *, rule: str | Rule | None = None, seed: int = 0,
         presentations: Count = 60_000, theta_plus: NotNegative | None = None, inhibition: Finite = 120e-3,
         total: Positive | None = None, total_rate: NotNegative | None = None, steps: Count = 250,
         tau: Positive = 0.1) -> Model:
    """The library's default for digits: current-based neurons in steps of 1 ms, one winner per step.

    Lateral inhibition acts directly, without inhibitory neurons: the spike of one neuron lowers all others by
    `inhibition` (V). Each image is shown with the same total input rate (`total_rate`, Hz; 0: rates follow the
    intensities), so that faint images need no repetition. None: 9,500 Hz, or 400 Hz per input where that is less, with
    weights that act the more strongly: a few columns of a table would else all spike in every step.

    theta_plus: V added to a neuron's threshold at each of its spikes; by default 24 mV * neurons / N, where N is how
    many of the `presentations` the threshold remembers (it decays with 10,000 s): thresholds then end at a similar
    height, whatever the size of the network and of the data. total: sum of the weights onto a neuron (default 0.1 per
    input). tau: membrane time constant (s). rule: how weights learn (default nearest pairs:
    `pair_stdp(a_plus=1e-2, a_minus=1e-4, pairing="nearest")`); its bounds should allow weights in [0, 1].
    """
    require_drawable("diehl-cook", (n_inputs, neurons))
    rng = np.random.default_rng(checked_seed(seed))
    shown = min(TOTAL_RATE, MOST_PER_INPUT * n_inputs) if total_rate is None else total_rate
    stronger = TOTAL_RATE / shown if total_rate is None else 1.0
    if theta_plus is None:
        theta_plus = 24e-3 * neurons / remembered(presentations, steps * 1e-3)
    neuron = neurons_.diehl_cook(theta_plus=theta_plus, tau=tau, tau_theta=TAU_THETA)
    network = Network(
        inputs=(Input("pixels", n_inputs),),
        populations=(Population("excitatory", neurons, neuron, winner="highest"),),
        projections=(
            Projection("pixels", "excitatory", 0.3 * rng.random((n_inputs, neurons)), onto="v", scale=1e-3 * stronger,
                       rule=rule or _nearest_pairs(), normalize=0.1 * n_inputs if total is None else total),
            Projection("excitatory", "excitatory", -1.0, connect="all_but_self", onto="v", scale=inhibition)),
        dt=1e-3, name="diehl-cook")
    return Model(network, Presentation(steps=steps, max_rate=127.5, total_rate=shown or None))


def remembered(presentations: int, seconds: float) -> float:
    """How many of the presentations, each of `seconds`, a threshold that decays with TAU_THETA remembers."""
    memory = TAU_THETA / seconds
    return memory * -math.expm1(-presentations / memory)


@checked
def published(n_inputs: Count = 784, neurons: Count = 400, *, rule: str | Rule | None = None, seed: int = 0,
              presentations: Count = 60_000, gate: str = "inert", delay: NotNegative = 10e-3) -> Model:
    """The network of the released code: conductances, 0.5 ms, inhibitory neurons, delays drawn from [0, `delay`] s.

    An image is shown for 350 ms at up to 63.75 Hz, followed by 150 ms of rest; if the excitatory neurons spike fewer
    than 5 times, it is shown again with all rates raised by half. Equations are integrated by forward Euler, as in the
    released code's simulator.

    gate: the released code adds a second refractory condition on a timer. As written there it opens after 0.05 ms
    ("inert"); ports to Brian2 made it block spikes for 50 ms ("50ms"), at most 7 spikes per image.
    """
    choice("gate", gate, GATES)
    require_drawable("diehl-cook-published", *[(n_inputs, neurons)] * 3)
    rng = np.random.default_rng(checked_seed(seed))
    shape = (n_inputs, neurons)
    network = Network(
        inputs=(Input("pixels", n_inputs),),
        populations=(Population("excitatory", neurons, _published_excitatory(gate)),
                     Population("inhibitory", neurons, _published_inhibitory())),
        projections=(
            Projection("pixels", "excitatory", np.minimum(0.3 * (rng.random(shape) + 0.01), 1.0), onto="ge",
                       rule=rule or _rule("released"), normalize=78.0 * n_inputs / 784,
                       axonal_delay=rng.integers(0, round(delay / 0.5e-3) + 1, shape) * 0.5e-3),
            Projection("excitatory", "inhibitory", 10.4, connect="one_to_one", onto="ge"),
            Projection("inhibitory", "excitatory", 17.0, connect="all_but_self", onto="gi")),
        dt=0.5e-3, name=f"diehl-cook-published ({gate} gate)")
    return Model(network, Presentation(steps=700, rest=300, max_rate=63.75, boost=31.875, min_spikes=5, reset=False))


def _published_excitatory(gate: str) -> Neuron:
    timer = gate == "50ms"
    return Neuron(
        _PUBLISHED_EXCITATORY + ("dtimer/dt = 1 : second\n" if timer else ""),
        threshold="v > theta - offset + v_thresh" + (" and timer > 50*ms" if timer else ""),
        reset="v = v_reset" + ("; timer = 0*ms" if timer else ""), adapt="theta += theta_plus", refractory=5e-3,
        method="euler", slow=("theta",), name="Diehl & Cook excitatory",
        initial={"v": "v_rest - 40*mV", "theta": "20*mV", **({"timer": "1*second"} if timer else {})},
        params={"v_rest": "-65*mV", "v_reset": "-65*mV", "v_thresh": "-52*mV", "offset": "20*mV", "e_exc": "0*mV",
                "e_inh": "-100*mV", "tau": "100*ms", "tau_ge": "1*ms", "tau_gi": "2*ms", "tau_theta": "1e4*second",
                "theta_plus": "0.05*mV"},
        source="Diehl & Cook 2015, released code")


def _published_inhibitory() -> Neuron:
    return Neuron(
        _PUBLISHED_INHIBITORY, threshold="v > v_thresh", reset="v = v_reset", refractory=2e-3, method="euler",
        initial={"v": "v_rest - 40*mV"}, name="Diehl & Cook inhibitory",
        params={"v_rest": "-60*mV", "v_reset": "-45*mV", "v_thresh": "-40*mV", "e_exc": "0*mV", "e_inh": "-85*mV",
                "tau": "10*ms", "tau_ge": "1*ms", "tau_gi": "2*ms"},
        source="Diehl & Cook 2015, released code")


@checked
def bindsnet(n_inputs: Count = 784, neurons: Count = 400, *, rule: str | Rule | None = None, seed: int = 0,
             presentations: Count = 60_000, theta_plus: NotNegative = 0.05e-3, inhibition: Finite = 120e-3,
             steps: Count = 250) -> Model:
    """BindsNET 0.3.4's `DiehlAndCook2015` as its example scripts use it: current-based, 1 ms, one random winner.

    All neurons above threshold are reset and adapt, one of them spikes. BindsNET adds input after the decay of a step
    and we before it, so weights act by exp(dt/tau) more strongly here. inhibition: V; theta_plus: V.
    """
    require_drawable("diehl-cook-bindsnet", (n_inputs, neurons))
    rng, dt = np.random.default_rng(checked_seed(seed)), 1e-3
    excitatory = neurons_.diehl_cook(theta_plus=theta_plus, tau_theta=TAU_THETA)
    inhibitory = neurons_.lif(tau=10e-3, v_rest=-60e-3, v_reset=-45e-3, v_threshold=-40e-3, refractory=2e-3)
    network = Network(
        inputs=(Input("pixels", n_inputs),),
        populations=(Population("excitatory", neurons, excitatory, winner="random", losers_reset=True),
                     Population("inhibitory", neurons, inhibitory)),
        projections=(
            Projection("pixels", "excitatory", 0.3 * rng.random((n_inputs, neurons)), onto="v",
                       scale=1e-3 * math.exp(dt / 0.1), rule=rule or _rule("bindsnet"), normalize=0.1 * n_inputs),
            Projection("excitatory", "inhibitory", 22.5, connect="one_to_one", onto="v",
                       scale=1e-3 * math.exp(dt / 0.01)),
            Projection("inhibitory", "excitatory", -1.0, connect="all_but_self", onto="v",
                       scale=inhibition * math.exp(dt / 0.1))),
        dt=dt, name="diehl-cook-bindsnet")
    return Model(network, Presentation(steps=steps, max_rate=128.0))


def _nearest_pairs() -> Rule:
    from plasticity.rules import pair_stdp

    return pair_stdp(**SUITED["pair_stdp"])


def _rule(variant: str) -> Rule:
    from plasticity.rules import diehl_cook

    return diehl_cook(variant=variant)
