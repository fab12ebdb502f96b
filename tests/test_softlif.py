"""The soft LIF unit against its closed form in many digits, and its gradient against finite differences."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch

from plasticity import Input, Network, PlasticityError, Population, Projection, Signal, build, neurons
from plasticity.engines.gradient.network import GradientNetwork

J = np.concatenate([-np.logspace(3, -3, 60), [0.0, 1.0], np.logspace(-3, 3, 60), 1 + np.linspace(-0.5, 0.5, 41)])


def described(unit):
    return Network((Input("in", 1),), (Population("p", 1, unit),), (Projection("in", "p", np.ones((1, 1)), onto="x"),))


def asked(unit, currents, backend="autograd", dtype=torch.float64):
    """The unit's answer to each current, and its derivative."""
    given = torch.zeros(len(currents), 2, 1, dtype=dtype)
    given[:, 0, 0] = torch.tensor(currents)
    net = GradientNetwork(described(unit), None, "bptt", dtype=dtype, backend=backend)
    found = net(given.requires_grad_()).spikes["p"][:, 1, 0]
    found.sum().backward()
    return found.detach().numpy(), given.grad[:, 0, 0].numpy()


def closed(j, gamma, tau_rc=20e-3, tau_ref=2e-3, amplitude=1.0):
    """The published equation, in numbers of many digits."""
    z = gamma * mpmath.log1p(mpmath.exp((j - 1) / gamma))
    return amplitude / (tau_ref + tau_rc * mpmath.log1p(1 / z))


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
@pytest.mark.parametrize("gamma", [0.002, 0.02, 0.3, 1.0])
def test_values_and_slopes(gamma, backend):
    with mpmath.workdps(60):
        exact, step = [mpmath.mpf(float(j)) for j in J], mpmath.mpf("1e-15")
        values = np.array([closed(j, gamma) for j in exact], float)
        slopes = np.array([(closed(j + step, gamma) - closed(j - step, gamma)) / (2 * step) for j in exact], float)
    for dtype, within in ((torch.float64, 1e-8), (torch.float32, 2e-3)):
        y, slope = asked(neurons.softlif(gamma=gamma), J, backend, dtype)
        np.testing.assert_allclose(y, values, rtol=within)
        np.testing.assert_allclose(slope, slopes, rtol=10 * within, atol=within * slopes.max() / 10)


def test_it_is_the_rate_of_the_spiking_neuron():
    """Far above the threshold, where the smoothing is lost."""
    currents = np.array([1.5, 2.0, 4.0])
    y, _ = asked(neurons.softlif(tau_ref=5e-3, gamma=0.01), currents)
    spiking = neurons.lif(tau=20e-3, v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=5e-3, current=True)
    network = Network(populations=(Population("p", 1, spiking),), dt=1e-5, signals=(Signal("j", 1, drives="p.I_ext"),))
    for current, rate in zip(currents, y, strict=True):
        found = build(network, "event").run(signals={"j": np.full((1, 100_000, 1), current)}, record=["p.spikes"])
        times = np.flatnonzero(found.spikes["p"].dense()[0, :, 0]) * 1e-5
        assert rate == pytest.approx(1 / np.diff(times).mean(), rel=5e-3)


def test_bias_and_amplitude():
    plain, _ = asked(neurons.softlif(), J[J < 900] + 1.0)
    biased, _ = asked(neurons.softlif(bias=1.0, amplitude=0.063), J[J < 900])
    np.testing.assert_allclose(biased, 0.063 * plain, rtol=1e-9)


@pytest.mark.parametrize("wrong", [{"gamma": 0.0}, {"tau_rc": -1e-3}, {"amplitude": 0.0}, {"bias": np.nan}])
def test_refused(wrong):
    with pytest.raises(PlasticityError, match=next(iter(wrong))):
        neurons.softlif(**wrong)
