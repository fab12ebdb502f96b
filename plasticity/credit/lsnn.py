"""The neuron of long short-term memory spiking networks, in the discrete form that e-prop was published with."""

from __future__ import annotations

import numpy as np

from plasticity.errors import PlasticityError, choice
from plasticity.network import Input, Network, Population, Projection
from plasticity.neurons.neuron import Neuron

RESETS = ("subtract", "subtract_delayed", "fixed")


def lsnn_neuron(tau: float = 20e-3, threshold: float = 0.6, tau_a: float = 2.0, beta: float = 0.0,
                refractory: float = 0.0, scaled_input: bool = False, reset: str = "subtract_delayed") -> Neuron:
    """A leaky neuron with an adaptive threshold, as a map; beta = 0 is a plain leaky neuron.

    v[t+1] = P v[t] + gain x[t] - threshold z[t],  P = exp(-dt/tau);  a[t+1] = rho a[t] + z[t],  rho = exp(-dt/tau_a)
    z = v >= threshold + beta a, and not refractory

    x is what arrives in a step (project onto "x"); it is gone after one. `beta` is a variable, so that one population
    may hold neurons of both kinds: give an array by Population.initial.
    tau, tau_a, refractory: seconds. threshold, beta: numbers.
    scaled_input: gain = 1 - P, so that a constant x leads to v = x (pattern generation in the paper's code); else 1.
    reset: "subtract_delayed", as above; "subtract", at once, so that what is subtracted decays with the
        membrane; "fixed", to 0.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625.
    """
    choice("reset", reset, RESETS)
    for name, value in (("tau", tau), ("tau_a", tau_a), ("threshold", threshold)):
        if not value > 0:
            raise PlasticityError(f"{name} must be positive, got {value!r}")
    gain = "(1 - exp(-dt/tau))*" if scaled_input else ""
    spent = {"subtract": "v -= threshold", "subtract_delayed": "v -= threshold*exp(dt/tau)", "fixed": "v = 0*v"}[reset]
    return Neuron(
        update=f"v = exp(-dt/tau)*v + {gain}x; a = exp(-dt/tau_a)*a; x = 0*x; beta = beta",
        threshold="v >= threshold + beta*a", reset=f"{spent}; a += exp(dt/tau_a)",
        reset_delay=int(reset == "subtract_delayed"), refractory=refractory, initial={"beta": beta},
        params={"tau": f"{float(tau)!r}*second", "tau_a": f"{float(tau_a)!r}*second", "threshold": threshold},
        name="lsnn_neuron", source="Bellec et al. 2020")


def lsnn_network(n_inputs: int, regular: int, adaptive: int, neuron: Neuron, beta: float, *, gain: float = 1.0,
                 recurrent_gain: float = 1.0, connectivity: float = 1.0, dt: float = 1e-3, seed: int = 0) -> Network:
    """One recurrent population "rec" in which the last `adaptive` neurons have an adaptive threshold, without autapses.

    neuron: an `lsnn_neuron`; its beta is overruled, 0 for the `regular` first neurons and `beta` for the others.
    connectivity: probability that a neuron projects to another. First weights are normal with variance gain^2/n_inputs
    and recurrent_gain^2/(n connectivity). dt: s.

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS.
    """
    n = regular + adaptive
    if regular < 0 or adaptive < 0 or not n or n_inputs < 1:
        raise PlasticityError(f"a network needs inputs and neurons, got n_inputs={n_inputs!r}, regular={regular!r} and "
                              f"adaptive={adaptive!r}")
    if "beta" not in neuron.variables:
        raise PlasticityError(f"neuron {neuron.name!r} has no variable beta; use lsnn_neuron()")
    if not 0 < connectivity <= 1:
        raise PlasticityError(f"connectivity is a probability above 0 and at most 1, got {connectivity!r}")
    rng = np.random.default_rng(seed)
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto="x")
    weights = recurrent_gain * rng.normal(size=(n, n)) / np.sqrt(n * connectivity)
    mask = ~np.eye(n, dtype=bool) & (rng.random((n, n)) < connectivity)
    within = Projection("rec", "rec", weights, connect="sparse", mask=mask, onto="x")
    betas = np.concatenate([np.zeros(regular), np.full(adaptive, float(beta))])
    return Network(inputs=(Input("in", n_inputs),), dt=dt, projections=(inward, within), name="lsnn",
                   populations=(Population("rec", n, neuron, initial={"beta": betas}),))
