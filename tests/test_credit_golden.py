"""e-prop on two published tasks: the losses of five iterations, as an independent simulator (NEST) computes them."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from plasticity import Input, Network, Population, Projection
from plasticity.engines.gradient.losses import cross_entropy, mse, rate_regularisation
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.learner.gradients.optimisers import UncorrectedEpsAdam
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

GOLDEN = Path(os.environ.get("PLASTICITY_DATA", "/nowhere")) / "../reference/eprop-golden.npz"
needs_golden = pytest.mark.skipif(not GOLDEN.exists(), reason="no golden e-prop tasks next to $PLASTICITY_DATA")
DT = 1e-3


def network(task: str, data, neuron, initial=None, **readout) -> GradientNetwork:
    w_in, w_rec = data[f"{task}_w_in_rec"].T.astype(float), data[f"{task}_w_rec_rec"].T.astype(float)
    n_in, n = w_in.shape
    description = Network(
        inputs=(Input("in", n_in),), populations=(Population("rec", n, neuron, initial=initial or {}),), dt=DT,
        projections=(Projection("in", "rec", w_in, onto="x"),
                     Projection("rec", "rec", w_rec, connect="sparse", mask=~np.eye(n, dtype=bool), onto="x")))
    w_out = data[f"{task}_w_rec_out"].T.astype(float)
    threshold = neuron.params["threshold"]
    return GradientNetwork(description, LeakyReadout("rec", w_out.shape[1], weights=w_out, **readout), eprop("random"),
                           triangular(height=0.3, width=threshold), dtype=torch.float64,
                           feedback={"rec": data[f"{task}_w_out_rec"].T.astype(float)})


def losses(net: GradientNetwork, task: str, data, loss, optimiser, strength: float) -> list[float]:
    """Five iterations; an input spike is presented one step before it is integrated."""
    regular, steps, found = rate_regularisation(strength, 10.0, DT), len(data[f"{task}_input"]) // 5, []
    for part in range(5):
        here = slice(part * steps, (part + 1) * steps)
        x = np.zeros((1, steps, data[f"{task}_input"].shape[1]))
        x[0, :-1] = data[f"{task}_input"][here][1:]
        run = net(torch.tensor(x))
        error = loss(run.outputs, torch.tensor(data[f"{task}_target"][here][None].astype(float)))
        found.append(error.item())
        optimiser.zero_grad()
        (error + regular(run.spikes["rec"])).backward()
        optimiser.step()
    return found


@needs_golden
def test_pattern_generation():
    data = np.load(GOLDEN)
    neuron = lsnn_neuron(tau=30e-3, threshold=0.03, scaled_input=True)
    net = network("regression", data, neuron, tau=30e-3)
    optimiser = torch.optim.SGD(net.parameters(), lr=1e-4)
    found = losses(net, "regression", data, mse(factor=0.5, steps="sum"), optimiser, strength=300.0)
    np.testing.assert_allclose(found, data["regression_loss"], rtol=1e-9)


@needs_golden
def test_evidence_accumulation():
    data = np.load(GOLDEN)
    beta = 1.7 * (1 - math.exp(-1 / 2000)) / (1 - math.exp(-1 / 20))
    neuron = lsnn_neuron(tau=20e-3, threshold=0.6, tau_a=2.0, refractory=5e-3)
    net = network("classification", data, neuron, {"beta": np.where(np.arange(100) < 50, 0.0, beta)}, tau=20e-3)
    optimiser = UncorrectedEpsAdam(net.parameters(), lr=5e-3)  # the mean over 150 steps includes the regulariser
    found = losses(net, "classification", data, cross_entropy(last=150), optimiser, strength=300.0 / 150)
    np.testing.assert_allclose(found, data["classification_loss"], rtol=1e-9)
