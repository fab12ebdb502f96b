"""e-prop of every neuron that has a gradient, against eligibility traces carried forward in time by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import eligibility as reference

from plasticity import Input, Network, Population, Projection, neurons
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import superspike
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

N_IN, N, N_OUT, TAU_OUT = 4, 3, 2, 8e-3
#: name -> neuron, its hand-written map, dt, steps, onto, size of the weights, slope of the surrogate (per unit of v)
CASES = {
    "lif": (neurons.lif(), reference.lif("delta", 1e-3), 1e-3, 50, "v", 8e-3, 100),
    "lif_refractory": (neurons.lif(refractory=3e-3), reference.lif("delta", 1e-3, 3), 1e-3, 50, "v", 10e-3, 100),
    "exponential": (neurons.lif("exponential", refractory=2e-3), reference.lif("exponential", 1e-3, 2), 1e-3, 60, "I",
                    30e-3, 100),
    "alpha": (neurons.lif("alpha"), reference.lif("alpha", 1e-3), 1e-3, 60, "g", 30e-3, 100),
    "conductance": (neurons.lif("conductance", refractory=2e-3), reference.conductance(1e-3, 2), 1e-3, 60, "ge", 0.4,
                    100),
    "alif": (neurons.alif(refractory=0.0, beta=0.3), reference.alif(1e-3, 0, 0.3), 1e-3, 50, "v", 0.5, 3),
    "alif_refractory": (neurons.alif(refractory=2e-3), reference.alif(1e-3, 2), 1e-3, 50, "v", 0.5, 3),
    "adex": (neurons.adex(), reference.adex(1e-4), 1e-4, 200, "I", 700e-12, 40),
    "izhikevich": (neurons.izhikevich(), reference.izhikevich(0.5e-3), 0.5e-3, 120, "I", 8.0, 0.05),
    "snu": (neurons.snu(), reference.snu(), 1e-3, 50, "x", 0.5, 3),
    "ssnu": (neurons.snu(graded=True), reference.snu(graded=True), 1e-3, 50, "x", 0.5, 3),
}


def test_every_neuron_with_a_gradient_is_here():
    covered = {case[0].name.split("_")[0] for case in CASES.values()}
    others = {"diehl_cook", "relay", "unit", "lsnn_neuron", "rate_neuron", "softlif",  # learns by itself; no state;
              "poisson", "excess", "lstm_unit", "gru_unit"}  # hears nothing; the last three in test_networks_twins
    assert {*neurons.catalogue} - covered == others


def drawn(steps, size, seed):
    rng = np.random.default_rng(seed)
    weights = {"in": size * rng.normal(0.5, 0.7, (N_IN, N)), "rec": size * rng.normal(0, 0.5, (N, N)),
               "out": rng.normal(size=(N, N_OUT)), "B": rng.normal(size=(N_OUT, N))}
    return (rng.random((steps, N_IN)) < 0.3) * 1.0, weights, rng.normal(size=(steps, N_OUT))


@pytest.mark.parametrize("feedback", ["symmetric", "random", "adaptive"])
@pytest.mark.parametrize("name", CASES)
def test_eprop_is_the_sum_of_eligibilities(name, feedback):
    neuron, model, dt, steps, onto, size, steep = CASES[name]
    x, w, target = drawn(steps, size, seed=len(name))
    random = feedback != "symmetric"
    network = Network(inputs=(Input("in", N_IN),), populations=(Population("rec", N, neuron),), dt=dt, projections=(
        Projection("in", "rec", w["in"], onto=onto), Projection("rec", "rec", w["rec"], onto=onto)))
    readout = LeakyReadout("rec", N_OUT, TAU_OUT, weights=w["out"])
    net = GradientNetwork(network, readout, eprop(feedback), superspike(steep),
                          dtype=torch.float64, feedback={"rec": w["B"]} if random else None)
    given, loss = torch.tensor(x)[None], mse(factor=0.5, steps="sum", batch="sum")
    found = gradients(net, given, lambda run: loss(run.outputs, torch.tensor(target)[None]))
    d_in, d_rec, d_out, sent = reference.gradient(
        model, lambda u: 1 / (1 + steep * abs(u)) ** 2, x, w["in"], w["rec"], w["out"],
        w["B"] if random else w["out"].T, lambda y, t: y - target[t], math.exp(-dt / TAU_OUT))
    np.testing.assert_allclose(net(given).spikes["rec"][0].detach(), sent, atol=1e-12)
    assert 3 <= (sent > 0.5).sum() < 0.7 * sent.size
    wanted = {"weights.in->rec": d_in, "weights.rec->rec": d_rec, "readouts.rec": d_out}
    if feedback == "adaptive":
        wanted["feedback.rec"] = d_out.T
    assert found.keys() == wanted.keys()
    for part, g in wanted.items():
        assert np.abs(g).max() > 0
        assert np.abs(found[part].numpy() - g).max() <= 1e-10 * np.abs(g).max(), part
