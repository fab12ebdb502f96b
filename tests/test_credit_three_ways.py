"""e-prop three ways give one gradient: the fused kernel, autograd with the paths cut, and the online text rule."""

import numpy as np
import pytest
import torch

from plasticity import Input, Network, Population, Projection, replay, rules
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.fused import Layer, Weights, gradient
from plasticity.engines.gradient.losses import cross_entropy, mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.neurons import lif
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

DT, STEPS, N_IN, N, N_OUT = 1e-3, 60, 6, 5, 2
TAU, TAU_A, TAU_OUT, THRESHOLD = 12e-3, 40e-3, 8e-3, 0.6
MIXED = np.array([0.0, 0.0, 0.2, 0.5, 0.9])
RESETS = ("subtract", "subtract_delayed", "fixed")


def drawn(seed, batch=1, autapses=False):
    """Input spikes, weights, feedback [N, N_OUT] and targets."""
    rng = np.random.default_rng(seed)
    w_rec = rng.normal(0, 0.4, (N, N)) * (1 if autapses else 1 - np.eye(N))
    weights = Weights(rng.normal(0.1, 0.35, (N_IN, N)), w_rec, rng.normal(0, 1, (N, N_OUT)))
    return (rng.random((batch, STEPS, N_IN)) < 0.35, weights, rng.normal(0, 1, (N, N_OUT)),
            rng.normal(0, 1, (batch, STEPS, N_OUT)))


def network(neuron, weights, rule, onto="x", width=THRESHOLD, beta=None, feedback=None, autapses=False):
    """The same network for autograd."""
    mask = {} if autapses else {"connect": "sparse", "mask": ~np.eye(N, dtype=bool)}
    described = Network(
        inputs=(Input("in", N_IN),), dt=DT,
        populations=(Population("rec", N, neuron, initial={} if beta is None else {"beta": beta}),),
        projections=(Projection("in", "rec", weights.w_in, onto=onto),
                     Projection("rec", "rec", weights.w_rec, onto=onto, **mask)))
    return GradientNetwork(described, LeakyReadout("rec", N_OUT, TAU_OUT, weights=weights.w_out), rule,
                           triangular(0.3, width), dtype=torch.float64,
                           feedback=None if feedback is None else {"rec": feedback.T})


def by_autograd(net, x, loss):
    """(spikes [batch, steps, N], gradient) of a network that is given x."""
    x = torch.tensor(x, dtype=torch.float64)
    found = gradients(net, x, lambda run: loss(run.outputs))
    return net(x).spikes["rec"].detach().numpy() > 0, Weights(
        *(found[name].numpy() for name in ("weights.in->rec", "weights.rec->rec", "readouts.rec")))


def delayed(x):
    """In a network, spikes of a step reach the membrane in the next one."""
    return np.concatenate([np.zeros_like(x[:, :1]), x[:, :-1]], 1)


def agree(found, wanted):
    for one, other in zip(found, wanted, strict=True):
        largest = np.abs(other).max()
        assert largest > 1e-6
        assert np.abs(one - other).max() <= 1e-10 * largest


@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("rest", [0, 3])
@pytest.mark.parametrize("autapses, carry", [
    (False, {}), (False, {"reset": True}), (True, {}), (True, {"autapse": True}),
    (True, {"reset": True, "autapse": True})], ids=str)
def test_kernel_and_autograd(reset, rest, autapses, carry):
    x, weights, feedback, target = drawn(3, batch=2, autapses=autapses)
    net = network(lsnn_neuron(TAU, THRESHOLD, TAU_A, 0.0, rest * DT, False, reset), weights, eprop("random", **carry),
                  beta=MIXED, feedback=feedback, autapses=autapses)
    loss = mse(factor=0.5, steps="sum", batch="sum")
    spikes, wanted = by_autograd(net, x, lambda y: loss(y, torch.tensor(target)))
    layer = Layer(tau=TAU, threshold=THRESHOLD, beta=MIXED, tau_a=TAU_A, tau_out=TAU_OUT, refractory=rest * DT,
                  reset=reset, autapses=autapses, reset_credit=carry.get("reset", False),
                  autapse_credit=carry.get("autapse", False))
    found = gradient(layer, weights, delayed(x), target, loss="mse", feedback=feedback, record=True)
    assert np.array_equal(found.spikes, spikes) and 0.03 < spikes.mean() < 0.7
    agree(found.gradient, wanted)


def test_a_leaky_neuron_held_while_refractory():
    """The library's own neuron: what arrives while it is held, and in the step of its spike, is lost."""
    x, weights, feedback, _ = drawn(4, batch=2)
    volts = weights._replace(w_in=weights.w_in * 25e-3, w_rec=weights.w_rec * 25e-3)
    made = lif(tau=TAU, refractory=3e-3, v_rest=0.0, v_reset=2e-3, v_threshold=13e-3)
    loss = cross_entropy(steps="sum", batch="sum")
    labels = torch.tensor([1, 0])
    spikes, wanted = by_autograd(network(made, volts, eprop("random"), "v", 13e-3, feedback=feedback), x,
                                 lambda y: loss(y, labels))
    layer = Layer(tau=TAU, threshold=13e-3, tau_out=TAU_OUT, refractory=3e-3, reset="clamped", reset_to=2e-3,
                  arrivals="lost", input_scale=np.exp(-DT / TAU))
    found = gradient(layer, volts, delayed(x), labels.numpy(), feedback=feedback, record=True)
    assert np.array_equal(found.spikes, spikes) and 0.03 < spikes.mean() < 0.7
    agree(found.gradient, wanted)


@pytest.mark.parametrize("beta", [0.0, 0.4])
@pytest.mark.parametrize("rest", [0, 3])
def test_kernel_autograd_and_text(beta, rest):
    """The text rule learns online, synapse by synapse, on the spikes, psi and learning signal of the others."""
    x, weights, feedback, target = drawn(5, autapses=True)
    net = network(lsnn_neuron(TAU, THRESHOLD, TAU_A, beta, rest * DT), weights, eprop("random"), feedback=feedback,
                  autapses=True)
    loss = mse(factor=0.5, steps="sum", batch="sum")
    spikes, wanted = by_autograd(net, x, lambda y: loss(y, torch.tensor(target)))
    layer = Layer(tau=TAU, threshold=THRESHOLD, beta=beta, tau_a=TAU_A, tau_out=TAU_OUT, refractory=rest * DT,
                  autapses=True)
    found = gradient(layer, weights, delayed(x), target, loss="mse", feedback=feedback, record=True)
    agree(found.gradient, wanted)
    run = net(torch.tensor(x, dtype=torch.float64), record=("rec.v", "rec.a"))
    v, a = (run.records[f"rec.{name}"][0].detach().numpy() for name in ("v", "a"))
    psi = 0.3 / THRESHOLD * np.maximum(0, 1 - np.abs(v - THRESHOLD - beta * a) / THRESHOLD)
    for late in range(1, rest):
        psi[late:][spikes[0, :-late]] = 0
    signal = (found.readout[0] - target[0]) @ feedback.T
    rule = rules.eprop_online(eta=1.0, beta=beta, tau_m=TAU, tau_a=TAU_A, tau_out=TAU_OUT)
    changes = [replay(rule, w, pre, spikes[0], DT, "interpreter", psi=psi, L=signal).w - w
               for w, pre in ((weights.w_in, x[0]), (weights.w_rec, spikes[0]))]
    agree([-change for change in changes], found.gradient[:2])
