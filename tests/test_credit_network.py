"""Gradient networks as torch modules: the engines' forward pass, optimisers, losses, surrogates, refusals."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
import torch

import plasticity
from plasticity import Input, Network, Neuron, PlasticityError, Population, Projection, RefusedError, Signal, networks
from plasticity.engines.gradient import surrogates
from plasticity.engines.gradient.connections import connections
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import (
    cross_entropy,
    cumulative_cross_entropy,
    mse,
    rate_regularisation,
    spike_count_mse,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.learner.gradients.optimisers import UncorrectedEpsAdam
from plasticity.neurons import alif, diehl_cook, lif, snu
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules import pair_stdp
from plasticity.rules.credit import eprop

DT, N_IN, N = 1e-3, 7, 6
rng = np.random.default_rng(0)
SPIKES = rng.random((3, 50, N_IN)) < 0.3

BOUND = Neuron("dv/dt = -v/tau - 2*u/tau : 1 (unless refractory)\ndu/dt = (v - u)/tau_u : 1", threshold="v > 1",
               reset="v = 0.4", refractory=4e-3, method="rk2", params={"tau": "10*ms", "tau_u": "6*ms"})


def network(neuron, onto="v", size=1.0, **options):
    w = np.random.default_rng(1)
    projections = (
        Projection("in", "one", size * (0.2 + w.normal(size=(N_IN, N)) * 0.5), onto=onto),
        Projection("one", "one", size * w.normal(size=(N, N)) * 0.5, onto=onto, connect="sparse",
                   mask=w.random((N, N)) < 0.6, axonal_delay=2e-3),
        Projection("one", "two", size * w.normal(size=(N, N)), onto=onto, scale=0.7),
        Projection("two", "one", -0.2 * size, onto=onto, connect="all_but_self", **options))
    populations = (Population("one", N, neuron), Population("two", N, neuron))
    return Network(inputs=(Input("in", N_IN),), populations=populations, projections=projections, dt=DT)


def built(rule="bptt", **options):
    settings = {"readout": LeakyReadout(("one", "two"), 3), "dtype": torch.float64} | options
    return GradientNetwork(network(lsnn_neuron(), "x"), rule=rule, **settings)


@pytest.mark.parametrize(("neuron", "onto", "size"), [
    (lif(refractory=3e-3), "v", 15e-3), (lif("exponential"), "I", 80e-3), (lif("alpha", refractory=2e-3), "g", 0.2),
    (BOUND, "v", 1.6), (alif(), "v", 1.0), (snu(), "x", 1.0), (lsnn_neuron(beta=0.3, refractory=2e-3), "x", 1.0)],
    ids=["lif", "exponential", "alpha", "bound", "alif", "snu", "lsnn"])
def test_the_forward_pass_is_that_of_the_engines(neuron, onto, size):
    description = network(neuron, onto, size)
    engine = plasticity.build(description, "torch", dtype="float64", batch=3)
    recorded = engine.run({"in": SPIKES}, record=("one.spikes", "two.spikes"))
    run = GradientNetwork(description, LeakyReadout("two", 2), dtype=torch.float64)(torch.tensor(SPIKES))
    for name in ("one", "two"):
        dense = recorded.spikes[name].dense()
        assert dense.sum() > 20
        np.testing.assert_array_equal(run.spikes[name].detach(), dense)


def test_free_variables_of_refractory_neurons():
    description = network(BOUND, "v", 1.6)
    engine = plasticity.build(description, "torch", dtype="float64", batch=3)
    values = engine.run({"in": SPIKES}, record=("one.u",)).values["one.u"]
    net = GradientNetwork(description, LeakyReadout("two", 2), dtype=torch.float64)
    run = net(torch.tensor(SPIKES), record=("one.u",))
    np.testing.assert_allclose(run.records["one.u"].detach(), values, rtol=0, atol=1e-12)


def test_projections_in_a_loop_are_recurrent():
    kinds = {connection.name: connection.kind for connection in connections(network(lif()))}
    assert kinds == {"in->one": "input", "one->one": "recurrent", "one->two": "recurrent", "two->one": "recurrent"}
    forward = network(lif()).with_(projections=network(lif()).projections[:3])
    assert [connection.kind for connection in connections(forward)] == ["input", "recurrent", "layer"]


def test_records_views_of_variables():
    net = GradientNetwork(network(alif(refractory=0.0)), LeakyReadout("one", 2), dtype=torch.float64)
    run = net(torch.tensor(SPIKES), record=("one.v", "one.A", "two.a"))
    assert run.records["one.A"].shape == (3, 50, N)
    torch.testing.assert_close(run.spikes["one"], (run.records["one.v"] > run.records["one.A"]).double())


def test_the_readout_is_a_leaky_sum():
    net = built(readout=LeakyReadout("one", 2, tau=5e-3, scaled=False, bias=True))
    with torch.no_grad():
        net.bias += 0.5
        run = net(torch.tensor(SPIKES))
        y, kappa = torch.zeros(3, 2, dtype=torch.float64), math.exp(-DT / 5e-3)
        for t in range(50):
            y = kappa * y + run.spikes["one"][:, t] @ net.readouts["one"]
            torch.testing.assert_close(run.outputs[:, t], y + 0.5)


def test_state_optimiser_and_scheduler_of_torch():
    torch.manual_seed(0)
    net = built(eprop("random", broadcast=True), frozen=("two->one",), dtype=torch.float32)
    frozen, before = net.weights["two->one"].clone(), copy.deepcopy(net.state_dict())
    x, labels, loss = torch.tensor(SPIKES[:, :30]), torch.tensor([0, 1, 2]), cross_entropy()
    optimiser = torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=0.1)
    scheduler, found = torch.optim.lr_scheduler.StepLR(optimiser, 5, 0.9), []
    for _ in range(12):
        optimiser.zero_grad()
        error = loss(net(x).outputs, labels)
        error.backward()
        optimiser.step()
        scheduler.step()
        found.append(error.item())
    assert found[-1] < 0.5 * found[0]
    assert torch.equal(net.weights["two->one"], frozen)
    missing = net.weights["one->one"][~torch.tensor(net.network.projections[1].mask)]
    assert (missing == 0).all()
    other = built(eprop("random", broadcast=True), frozen=("two->one",), seed=9, dtype=torch.float32)
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(x).outputs, net(x).outputs)
    assert set(before) == set(net.state_dict())


def test_seeds_and_given_weights():
    same, other = built("dfa", seed=1), built("dfa", seed=2)
    assert torch.equal(built("dfa", seed=1).feedback["one"], same.feedback["one"])
    assert not torch.equal(other.feedback["one"], same.feedback["one"])
    given = np.ones((3, N))
    assert (built("dfa", feedback={"two": given}).feedback["two"] == 1).all()
    told = built("drtp", feedback={"two": 2 * given})
    assert (told.local["two"] == 2).all() and told.local["one"].std() > 0
    weighed = built(readout=LeakyReadout(("one", "two"), 3, weights={"one": np.zeros((N, 3))}))
    assert (weighed.readouts["one"] == 0).all() and (weighed.readouts["two"] != 0).all()


def test_losses_are_their_formulas():
    y = torch.tensor(rng.normal(size=(2, 9, 3)))
    labels = torch.tensor([2, 0])
    p = torch.exp(y) / torch.exp(y).sum(-1, keepdim=True)
    each = -torch.stack([torch.log(p[i, :, labels[i]]) for i in range(2)])
    torch.testing.assert_close(cross_entropy()(y, labels), each.mean())
    torch.testing.assert_close(cross_entropy(last=4, batch="sum")(y, labels), each[:, -4:].mean(1).sum())
    hot = torch.nn.functional.one_hot(labels, 3)[:, None].expand(2, 9, 3)
    torch.testing.assert_close(cross_entropy(steps="sum")(y, hot), each.sum(1).mean())
    torch.testing.assert_close(cross_entropy()(y, labels[:, None].expand(2, 9)), each.mean())
    target = torch.tensor(rng.normal(size=(2, 9, 3)))
    squares = ((y - target) ** 2).sum(-1)
    torch.testing.assert_close(mse()(y, target), squares.mean())
    torch.testing.assert_close(mse(3, 0.5, "sum", "sum")(y, target), squares[:, -3:].sum() / 2)
    z = torch.tensor(rng.random((2, 9, 3)) < 0.4).double()
    wished = torch.tensor([[1.0, 1.0, 6.0], [6.0, 1.0, 1.0]], dtype=torch.float64)
    torch.testing.assert_close(spike_count_mse(6, 1)(z, labels), ((z.sum(1) - wished) ** 2).sum(-1).mean())
    for of, added in (("outputs", y.sum(1)), ("softmax", p.sum(1))):
        chosen = added - torch.log(torch.exp(added).sum(-1, keepdim=True))
        torch.testing.assert_close(cumulative_cross_entropy(of)(y, labels), -(chosen[0, 2] + chosen[1, 0]) / 2)
    late = torch.log_softmax(y[:, -2:].sum(1), -1)
    torch.testing.assert_close(cumulative_cross_entropy(last=2, batch="sum")(y, labels), -(late[0, 2] + late[1, 0]))
    rates = z.sum(1) / 9
    torch.testing.assert_close(rate_regularisation(7.0, 20.0, 1e-3)(z), 3.5 * ((rates - 0.02) ** 2).sum(-1).mean())
    for wrong in (lambda: mse(steps="max"), lambda: cross_entropy(last=0), lambda: mse()(y, target[:, 1:]),
                  lambda: cross_entropy()(y, target[:, 1:]), lambda: cumulative_cross_entropy("spikes"),
                  lambda: cumulative_cross_entropy()(y, hot), lambda: spike_count_mse(3)(z, labels[:1])):
        with pytest.raises(PlasticityError):
            wrong()


def test_a_loss_on_spikes_trains_without_a_readout():
    net = built(readout=None)
    found = gradients(net, torch.tensor(SPIKES), lambda run: spike_count_mse(9)(run.spikes["two"],
                                                                               torch.tensor([0, 1, 2])))
    assert all(g.abs().max() > 0 for g in found.values())


FORMULAS = {
    "triangular": lambda u: 0.3 * np.maximum(0, 1 - np.abs(u)),
    "fast_sigmoid": lambda u: 1 / (1 + 25 * np.abs(u)) ** 2,
    "superspike": lambda u: 1 / (1 + 10 * np.abs(u)) ** 2,
    "sigmoid_derivative": lambda u: 10 * np.exp(-10 * u) / (1 + np.exp(-10 * u)) ** 2,
    "arctan": lambda u: 1 / (1 + (np.pi * u) ** 2),
    "multi_gaussian": lambda u: 0.5 * (1.15 * normal(u, 0.5) - 0.15 * normal(u - 0.5, 3) - 0.15 * normal(u + 0.5, 3)),
}
INTEGRALS = {  # what the surrogate is the derivative of
    "fast_sigmoid": lambda u: u / (1 + 25 * abs(u)), "superspike": lambda u: u / (1 + 10 * abs(u)),
    "sigmoid_derivative": lambda u: 1 / (1 + math.exp(-10 * u)), "arctan": lambda u: math.atan(math.pi * u) / math.pi,
}


def normal(u, deviation):
    return np.exp(-u**2 / (2 * deviation**2)) / np.sqrt(2 * np.pi * deviation**2)


@pytest.mark.parametrize("name", surrogates.catalogue)
def test_surrogates_are_their_formulas(name):
    u = torch.linspace(-2, 2, 81, dtype=torch.float64, requires_grad=True)
    made = surrogates.make(name)
    np.testing.assert_allclose(made(u.detach()), FORMULAS[name](u.detach().numpy()), rtol=1e-12, atol=1e-15)
    z = surrogates.spike(u, True, made)
    np.testing.assert_array_equal(z.detach(), u.detach() > 0)
    np.testing.assert_array_equal(surrogates.spike(u, False, made).detach(), u.detach() >= 0)
    (slope,) = torch.autograd.grad(z.sum(), u)
    np.testing.assert_allclose(slope, made(u.detach()), rtol=1e-15)
    able = torch.arange(81) % 2 == 0
    (gated,) = torch.autograd.grad(surrogates.spike(u, True, made, able).sum(), u)
    np.testing.assert_array_equal(gated, slope * able)
    assert pickle.loads(pickle.dumps(made)) == made and made.source and made.words
    if name in INTEGRALS:
        for at in (-0.7, 0.05, 0.4):
            change = (INTEGRALS[name](at + 1e-6) - INTEGRALS[name](at - 1e-6)) / 2e-6
            assert made(torch.tensor(at, dtype=torch.float64)).item() == pytest.approx(change, rel=1e-6)


def test_surrogates_refuse():
    assert surrogates.make("arctan(alpha=3)") == surrogates.make("arctan", {"alpha": 3})
    for wrong in (lambda: surrogates.make("arctam"), lambda: surrogates.make("arctan", {"slope": 2}),
                  lambda: triangular(width=0.0)):
        with pytest.raises(PlasticityError):
            wrong()


def test_adam_with_its_constant_outside():
    p, expected, m, v = torch.nn.Parameter(torch.tensor([0.5, -2.0])), np.array([0.5, -2.0]), 0.0, 0.0
    optimiser = UncorrectedEpsAdam([p], lr=0.1, betas=(0.8, 0.9), eps=0.05)
    for t in range(1, 6):
        p.grad = 2 * p.detach()
        g = 2 * expected
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g**2
        expected = expected - 0.1 * math.sqrt(1 - 0.9**t) / (1 - 0.8**t) * m / (np.sqrt(v) + 0.05)
        optimiser.step()
        np.testing.assert_allclose(p.detach(), expected, rtol=1e-5)


def with_(neuron=None, onto="v", **changes):
    made = network(neuron or lif(), onto)
    return made.with_(**{slot: (*getattr(made, slot), *more) for slot, more in changes.items()})


REFUSED = {
    "homeostasis": (lambda: with_(diehl_cook()), "learns by itself"),
    "no comparison": (lambda: with_(Neuron("dv/dt = -v/tau : 1", threshold="v > 1 and v < 2", params={"tau": "10*ms"})),
                      "not one comparison"),
    "winners": (lambda: with_(populations=(Population("three", 2, lif(), winner="highest"),)), "winner='all'"),
    "signals": (lambda: with_(signals=(Signal("dopamine"),)), "takes no signals"),
    "rule": (lambda: with_(projections=(Projection("in", "one", np.full((N_IN, N), 0.5), onto="v", label="extra",
                                                   rule=pair_stdp()),)), "leave rule=None"),
    "onto": (lambda: with_(projections=(Projection("in", "one", np.ones((N_IN, N)), label="extra"),)), "variable in"),
    "normalize": (lambda: with_(projections=(Projection("in", "one", np.ones((N_IN, N)), onto="v", label="extra",
                                                        normalize=1.0),)), "normalize=None"),
    "delays": (lambda: with_(projections=(Projection("in", "one", np.ones((N_IN, N)), onto="v", label="extra",
                                                     axonal_delay=np.full((N_IN, N), 1e-3)),)), "one number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_networks_without_a_gradient_are_refused(case):
    make, message = REFUSED[case]
    with pytest.raises(RefusedError, match=message):
        GradientNetwork(make(), LeakyReadout(("one", "two"), 2))


WRONG = {
    "readout": (lambda: built(readout=LeakyReadout("three", 2)), "three"),
    "readout shape": (lambda: built(readout=LeakyReadout("one", 2, weights=np.ones((2, N)))), r"\[pre, output\]"),
    "readout tau": (lambda: LeakyReadout("one", 2, tau=-1.0), "tau"),
    "frozen": (lambda: built(frozen=("in->two",)), "frozen"),
    "feedback": (lambda: built("dfa", feedback={"one": np.ones((N, 3))}), r"\[output, neuron\]"),
    "feedback name": (lambda: built("bptt", feedback={"one": np.ones((3, N))}), "hears feedback"),
    "no readout": (lambda: built("dfa", readout=None), "give readout="),
    "no outputs": (lambda: built(readout=None)(torch.tensor(SPIKES)).error(torch.tensor([0]), mse()), "no outputs"),
    "input": (lambda: built()({"out": torch.zeros(1, 5, N_IN)}), "inputs"),
    "shape": (lambda: built()(torch.zeros(1, 5, N_IN + 1)), "must have shape"),
    "record": (lambda: built()(torch.zeros(1, 5, N_IN), record=("one.u",)), "one.u"),
    "reset": (lambda: lsnn_neuron(reset="none"), "reset"),
    "tau": (lambda: lsnn_neuron(tau=0.0), "tau"),
    "leak": (lambda: rate_neuron(1.5), "leak"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_named(case):
    make, message = WRONG[case]
    with pytest.raises(PlasticityError, match=message):
        make()


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_autocast_changes_nothing(backend):
    """Membranes are sums over many steps: they are computed in the network's own dtype, which is not halved."""
    network = networks.make("layers(8)").build((6,), seed=0)
    net = GradientNetwork(network, LeakyReadout(network.populations[-1].name, 3), "bptt", backend=backend)
    x = torch.tensor(np.random.default_rng(0).random((4, 10, 6)) < 0.4)
    plain = net(x).outputs
    with torch.autocast("cpu", dtype=torch.bfloat16):
        halved = net(x).outputs
    assert halved.dtype == torch.float32 and torch.equal(halved, plain)
