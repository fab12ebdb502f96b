"""Generated programs of populations against autograd over single steps: every rule, neuron, reset and way of loops."""

import numpy as np
import pytest
import torch
from support import interpreted

from plasticity import Input, Network, Neuron, Population, Projection
from plasticity.credit import GradientNetwork, Readout, catalogue, lsnn_neuron, make, rate_neuron, surrogates
from plasticity.credit.compiled import writing
from plasticity.neurons import adex, alif, izhikevich, lif, snu

N_IN, N, STEPS, BATCH = 5, 4, 14, 2


@pytest.fixture
def by_python(monkeypatch):
    monkeypatch.setattr(writing.cache, "load", interpreted.load)


def network(neuron, onto, gain, scale=1.0, delays=(0,), layers=1, dt=1e-3):
    rng = np.random.default_rng(3)
    names = [f"p{k}" for k in range(layers)]
    between = [Projection(pre, post, rng.normal(size=(N_IN if pre == "in" else N, N)) * gain, onto=onto, scale=scale)
               for pre, post in zip(["in", *names], names, strict=False)]
    loops = [Projection(name, name, rng.normal(size=(N, N)) * gain / 2, onto=onto, scale=scale, axonal_delay=delay * dt,
                        label=f"{name} {delay}") for name in names for delay in delays]
    return Network(inputs=(Input("in", N_IN),), populations=tuple(Population(name, N, neuron) for name in names), dt=dt,
                   projections=(*between, *loops))


def gradients(net, x, record=(), seed=5):
    """Spikes, and gradients of a loss that reads spikes, readout and records of every step in its own way."""
    rng = np.random.default_rng(seed)

    def weighed(values):
        return (values * torch.as_tensor(rng.normal(size=values.shape[1:]))).sum()

    run = net(x, record=record)
    y = (run.outputs ** 2).sum() + sum(map(weighed, run.spikes.values())) + sum(map(weighed, run.records.values()))
    y = y + sum((z ** 2).sum() for z in run.local.values())
    learning = {name: p for name, p in net.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(y, list(learning.values()), allow_unused=True)
    return run, dict(zip(learning, found, strict=True))


def agree(described, rule="bptt", surrogate="triangular", record=(), x=None, rates=(0.02, 0.9), **options):
    """Both backends answer the same spikes, records and gradients, to 1e-10 of the largest entry."""
    rng = np.random.default_rng(1)
    x = torch.tensor((rng.random((BATCH, STEPS, N_IN)) < 0.4) * 1.0) if x is None else x
    readout = Readout(described.populations[-1].name, 2, tau=5e-3)
    nets = [GradientNetwork(described, readout, rule, surrogate, dtype=torch.float64, backend=backend, **options)
            for backend in ("autograd", "compiled")]
    (truth, wanted), (run, found) = (gradients(net, x, record) for net in nets)
    assert rates[0] < (truth.spikes["p0"] != 0).double().mean() < rates[1]
    for name, z in truth.spikes.items():
        torch.testing.assert_close(run.spikes[name], z, rtol=1e-12, atol=0)
    for name, values in truth.records.items():
        torch.testing.assert_close(run.records[name], values, rtol=1e-10, atol=1e-300)
    moved = 0
    for name, expected in wanted.items():
        if expected is None or not expected.any():
            assert found[name] is None or not found[name].any(), name
            continue
        moved += 1
        assert (found[name] - expected).abs().max() <= 1e-10 * expected.abs().max(), name
    assert moved > 1


NEURONS = {
    "lsnn": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2), "x", 0.5, 1.0),
    "lsnn at once": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2, reset="subtract", refractory=2e-3), "x", 0.8, 1.0),
    "lsnn fixed": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2, reset="fixed"), "x", 0.5, 1.0),
    "lif": (lif(tau=10e-3, refractory=3e-3), "v", 1.0, 10e-3),
    "lif exponential": (lif("exponential", tau=10e-3, refractory=3e-3), "I", 1.0, 40e-3),
    "lif alpha": (lif("alpha", tau=10e-3), "g", 1.0, 60e-3),
    "lif conductance": (lif("conductance", tau=10e-3, refractory=2e-3), "ge", 1.0, 0.7),
    "alif": (alif(beta=0.3), "v", 0.6, 1.0),
    "adex": (adex(refractory=2e-3), "I", 1.0, 3e-9),
    "izhikevich": (izhikevich(), "I", 1.0, 20.0),
    "snu": (snu(), "x", 0.7, 1.0),
    "snu leaky": (snu(activation="leaky_relu"), "x", 0.7, 1.0),
    "snu graded": (snu(graded=True), "x", 0.7, 1.0),
    "rate": (rate_neuron(0.3), "x", 0.7, 1.0),
    "delayed fixed": (Neuron("dv/dt = -v/tau : 1 (unless refractory)\ndg/dt = -g/tau : 1", threshold="v >= 1 + g",
                             reset="v = 0.2*v; g += 0.5", reset_delay=1, refractory=2e-3, params={"tau": "8*ms"}),
                      "v", 0.8, 1.0),
    "rk4": (Neuron("dv/dt = (0.3*v*v - v + I)/tau : 1\ndI/dt = -I/tau : 1", threshold="v > 1", reset="v = -0.2",
                   method="rk4", params={"tau": "8*ms"}), "I", 1.5, 1.0),
}
DT = {"adex": 1e-4, "izhikevich": 5e-4}
WIDTH = {"lif": 13e-3, "adex": 50e-3, "izhikevich": 60.0}


def described(name, **options):
    neuron, onto, gain, scale = NEURONS[name]
    return network(neuron, onto, gain, scale, dt=DT.get(name, 1e-3), **options)


def surrogate_of(name):
    return surrogates.triangular(0.3, WIDTH.get(name.split()[0], 1.0))


@pytest.mark.parametrize("rule", [*catalogue, "eprop reset autapse", "truncated_bptt with delays"])
@pytest.mark.parametrize("name", NEURONS)
def test_rules_and_neurons(by_python, name, rule):
    options = {"eprop reset autapse": {"reset": True, "autapse": True}, "truncated_bptt with delays": {"steps": 5}}
    made = make(rule.split()[0], **options.get(rule, {"steps": 4} if rule == "truncated_bptt" else {}))
    delays = (2,) if rule.endswith("delays") else (0,)
    agree(described(name, delays=delays), made, surrogate_of(name), rates=(0.005, 1.1))
