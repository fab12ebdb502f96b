"""e-prop as text: the paper's recursion on every engine, and the gradient that going back in time gives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from reference.papers import eprop_alif

from plasticity import Input, Network, Population, Projection, replay, rules
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

STEPS, N_PRE, N_POST, DT = 60, 5, 4, 1e-3
ENGINES = ("interpreter", "event", "torch", "brian2")


def given(seed=0):
    rng = np.random.default_rng(seed)
    return (rng.uniform(-1, 1, (N_PRE, N_POST)), rng.random((STEPS, N_PRE)) < 0.2, rng.random((STEPS, N_POST)) < 0.1,
            0.3 * rng.random((STEPS, N_POST)), rng.normal(size=(STEPS, N_POST)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_the_change_is_that_of_the_papers_recursion(engine, beta):
    w, pre, post, psi, signal = given()
    options = {"eta": 0.02, "beta": beta, "tau_m": 12e-3, "tau_a": 0.1, "tau_out": 8e-3}
    found = replay(rules.eprop_online(**options), w, pre, post, DT, engine, psi=psi, L=signal).w
    wanted = [[eprop_alif(w[i, j], set(np.flatnonzero(pre[:, i])), psi[:, j], signal[:, j], DT, **options)
               for j in range(N_POST)] for i in range(N_PRE)]
    assert np.abs(found - w).max() > 1e-3
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-10)


def test_without_adaptation_there_is_one_number_less_per_synapse():
    assert set(rules.eprop_online(beta=0).syn) == {"e_bar"}
    assert set(rules.eprop_online(beta=0.1).syn) == {"e_bar", "eps_a"}


@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_the_text_and_going_back_in_time_give_the_same_gradient(beta):
    """On the spikes, the pseudo-derivatives and the learning signal of a network; 1e-10 of the largest entry."""
    w, pre, _, _, _ = given(1)
    tau, tau_a, tau_out, threshold = 12e-3, 40e-3, 8e-3, 0.6
    feedback, target = np.random.default_rng(2).normal(size=(2, N_POST)), torch.zeros(1, STEPS, 2, dtype=torch.float64)
    net = GradientNetwork(
        Network(inputs=(Input("in", N_PRE),), dt=DT, populations=(
            Population("rec", N_POST, lsnn_neuron(tau, threshold, tau_a, beta)),),
            projections=(Projection("in", "rec", 0.4 + 0.3 * w, onto="x"),)),
        LeakyReadout("rec", 2, tau_out), eprop("random"), triangular(0.3, threshold), dtype=torch.float64,
        feedback={"rec": feedback})
    x, loss = torch.tensor(pre[None], dtype=torch.float64), mse(factor=0.5, steps="sum", batch="sum")
    wanted = gradients(net, x, lambda run: loss(run.outputs, target))["weights.in->rec"].numpy()
    run = net(x, record=("rec.v", "rec.a"))
    v, a = (run.records[f"rec.{name}"][0].detach().numpy() for name in ("v", "a"))
    psi = 0.3 / threshold * np.maximum(0, 1 - np.abs(v - threshold - beta * a) / threshold)
    spikes, signal = run.spikes["rec"][0].detach().numpy() > 0, run.outputs[0].detach().numpy() @ feedback
    assert 0.03 < spikes.mean() < 0.7
    rule = rules.eprop_online(eta=1.0, beta=beta, tau_m=tau, tau_a=tau_a, tau_out=tau_out)
    change = replay(rule, np.zeros_like(w), pre, spikes, DT, "interpreter", psi=psi, L=signal).w
    assert np.abs(-change - wanted).max() <= 1e-10 * np.abs(wanted).max()
