"""e-prop and backpropagation through time against loops written from the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import credit as reference

from plasticity import Input, Network, Population, Projection, replay, rules
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import cross_entropy, mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.neurons import lif
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

DT, STEPS, N_IN, N, N_OUT = 1e-3, 40, 6, 5, 2
TAU, TAU_A, TAU_OUT, THRESHOLD = 12e-3, 40e-3, 8e-3, 0.6
RESETS, BETAS = ("subtract_delayed", "subtract", "fixed"), {"lif": 0.0, "alif": 0.3}


def drawn(batch=1, seed=3):
    rng = np.random.default_rng(seed)
    x = (rng.random((batch, STEPS, N_IN)) < 0.3) * 1.0
    return x, {"in": rng.normal(size=(N_IN, N)) * 0.3, "rec": rng.normal(size=(N, N)) * 0.4,
               "out": rng.normal(size=(N, N_OUT)), "B": rng.normal(size=(N_OUT, N))}, rng.normal(size=(STEPS, N_OUT))


def built(w, neuron, rule, *, autapse=True, random=True, onto="x", surrogate=None, **population):
    mask = {} if autapse else {"connect": "sparse", "mask": ~np.eye(N, dtype=bool)}
    description = Network(
        inputs=(Input("in", N_IN),), populations=(Population("rec", N, neuron, **population),), dt=DT,
        projections=(Projection("in", "rec", w["in"], onto=onto),
                     Projection("rec", "rec", w["rec"], onto=onto, **mask)))
    return GradientNetwork(description, LeakyReadout("rec", N_OUT, TAU_OUT, weights=w["out"]), rule,
                           surrogate or triangular(0.3, THRESHOLD), dtype=torch.float64,
                           feedback={"rec": w["B"]} if random else None)


def setting(beta, rest=0, reset="subtract_delayed", scaled=False):
    p = math.exp(-DT / TAU)
    return reference.Setting(p, 1 - p if scaled else 1.0, math.exp(-DT / TAU_A), np.broadcast_to(beta, N), THRESHOLD,
                             rest, reset, math.exp(-DT / TAU_OUT), 0.3)


def neuron(beta, rest=0, reset="subtract_delayed", scaled=False):
    return lsnn_neuron(TAU, THRESHOLD, TAU_A, beta, rest * DT, scaled, reset)


def summed(target):
    wanted, loss = torch.tensor(target), mse(factor=0.5, steps="sum", batch="sum")
    return lambda run: loss(run.outputs, wanted.expand_as(run.outputs))


def agree(found, expected, tolerance=1e-10):
    expected = torch.as_tensor(np.asarray(expected))
    largest = expected.abs().max()
    assert largest > 1e-6
    assert ((found - expected).abs().max() / largest) < tolerance


def parts(found):
    return found["weights.in->rec"], found["weights.rec->rec"]


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("autapse", [False, True])
@pytest.mark.parametrize("rest", [0, 3])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("beta", BETAS.values(), ids=BETAS)
def test_eprop_is_the_sum_over_eligibility_traces(beta, reset, rest, autapse, scaled):
    x, w, target = drawn()
    mask = 1.0 if autapse else 1 - np.eye(N)
    w["rec"] = w["rec"] * mask
    factor = 12.0 if scaled else 1.0
    w |= {"in": factor * w["in"], "rec": factor * w["rec"]}
    net = built(w, neuron(beta, rest, reset, scaled), eprop("random"), autapse=autapse)
    found = gradients(net, torch.tensor(x), summed(target))
    d_in, d_rec, d_out = reference.eprop(x[0], w["in"], w["rec"], w["out"], w["B"], lambda y, t: y[t] - target[t],
                                         setting(beta, rest, reset, scaled))
    agree(found["weights.in->rec"], d_in)
    agree(found["weights.rec->rec"], d_rec * mask)
    agree(found["readouts.rec"], d_out)
    spikes = net(torch.tensor(x)).spikes["rec"][0].detach()
    assert 5 < spikes.sum() < 0.8 * spikes.numel()


@pytest.mark.parametrize("carry", ["nothing", "reset", "autapse", "both", "bptt"])
@pytest.mark.parametrize("rest", [0, 3])
@pytest.mark.parametrize("reset", RESETS)
@pytest.mark.parametrize("beta", BETAS.values(), ids=BETAS)
def test_every_choice_of_paths_is_the_influence_carried_forward(beta, reset, rest, carry):
    """d v_k/d w for every neuron k, forward in time: e-prop with its options, and the whole gradient."""
    x, w, target = drawn(seed=5)
    rule = {"nothing": eprop("symmetric"), "reset": eprop("symmetric", reset=True), "bptt": "bptt",
            "autapse": eprop("symmetric", autapse=True), "both": eprop("symmetric", reset=True, autapse=True)}[carry]
    over = {"autapse": np.diag(np.diag(w["rec"])), "both": np.diag(np.diag(w["rec"])), "bptt": w["rec"]}
    net = built(w, neuron(beta, rest, reset), rule, random=False)
    found = parts(gradients(net, torch.tensor(x), summed(target)))
    expected = reference.influence(x[0], w["in"], w["rec"], w["out"], w["out"].T, lambda y, t: y[t] - target[t],
                                   setting(beta, rest, reset), over.get(carry, np.zeros((N, N))),
                                   carry in ("reset", "both", "bptt"))
    for part, whole in zip(found, expected, strict=True):
        agree(part, whole)


def test_closing_a_path_changes_the_gradient():
    """Otherwise the tests above would show nothing."""
    x, w, target = drawn(seed=5)
    rules = ["bptt", eprop("symmetric"), eprop("symmetric", reset=True), eprop("symmetric", autapse=True),
             eprop("symmetric").with_(adaptation=False)]
    found = [parts(gradients(built(w, neuron(0.3), rule, random=False), torch.tensor(x), summed(target)))[1]
             for rule in rules]
    for i, one in enumerate(found):
        for other in found[i + 1:]:
            assert (one - other).abs().max() > 1e-3 * one.abs().max()


@pytest.mark.parametrize("rule", ["bptt", eprop("symmetric"), eprop("random"), eprop("adaptive")],
                         ids=["bptt", "symmetric", "random", "adaptive"])
def test_a_batch_is_the_sum_of_its_samples(rule):
    x, w, target = drawn(batch=4)
    net = built(w, neuron(0.3, 2), rule, random=getattr(rule, "feedback", "symmetric") != "symmetric")
    whole = gradients(net, torch.tensor(x), summed(target))
    each = [gradients(net, torch.tensor(x[i:i + 1]), summed(target)) for i in range(4)]
    for name, found in whole.items():
        agree(found, sum(one[name] for one in each))


def test_a_clamped_neuron_in_volts():
    """The library's own leaky neuron: equations, a fixed reset, held while refractory."""
    x, w, target = drawn(seed=8)
    w |= {"in": 6e-3 * w["in"], "rec": 6e-3 * w["rec"]}
    x *= 5
    made = lif(tau=TAU, refractory=3e-3)
    net = built(w, made, eprop("random"), onto="v", surrogate=triangular(0.3, 13e-3))
    run = net(torch.tensor(x))
    found = parts(gradients(net, torch.tensor(x), summed(target)))
    *expected, spikes = reference.eprop_lif_gated(
        x[0], w["in"], w["rec"], w["out"], w["B"], lambda y, t: y[t] - target[t], math.exp(-DT / TAU),
        (-65e-3, -65e-3, -52e-3), 3, math.exp(-DT / TAU_OUT), 0.3, 13e-3)
    np.testing.assert_array_equal(run.spikes["rec"][0].detach(), spikes)
    assert spikes.sum() > 5
    for part, whole in zip(found, expected, strict=True):
        agree(part, whole)


def test_adaptive_feedback_gets_the_update_of_the_readout():
    x, w, target = drawn()
    found = gradients(built(w, neuron(0.3), eprop("adaptive")), torch.tensor(x), summed(target))
    agree(found["feedback.rec"].T, found["readouts.rec"], 1e-15)
    still = gradients(built(w, neuron(0.3), eprop("random")), torch.tensor(x), summed(target))
    agree(found["weights.rec->rec"], still["weights.rec->rec"], 1e-15)
    assert "feedback.rec" not in still


def test_the_text_rule_gives_the_same_change():
    """e-prop as a text, online and per synapse, on the spikes, psi and learning signal of the network."""
    x, w, target = drawn()
    net = built(w, lsnn_neuron(TAU, THRESHOLD, TAU_A, 0.3), eprop("random"))
    found = gradients(net, torch.tensor(x), summed(target))
    run = net(torch.tensor(x), record=("rec.v", "rec.a"))
    v, a = (run.records[f"rec.{name}"][0].detach() for name in ("v", "a"))
    psi = triangular(0.3, THRESHOLD)(v - THRESHOLD - 0.3 * a).numpy()
    learning = (run.outputs[0].detach().numpy() - target) @ w["B"]
    rule = rules.eprop_online(eta=1.0, beta=0.3, tau_m=TAU, tau_a=TAU_A, tau_out=TAU_OUT)
    z = run.spikes["rec"][0].detach().numpy()
    for name, pre, first in (("in->rec", x[0], w["in"]), ("rec->rec", z, w["rec"])):
        change = replay(rule, first, pre > 0, z > 0, DT, "interpreter", psi=psi, L=learning).w - first
        agree(found[f"weights.{name}"], -change)


def test_classification_errors_are_averaged_over_the_window():
    x, w, _ = drawn()
    label, last = np.eye(N_OUT)[1], 20
    net = built(w, neuron(0.3), eprop("random"))
    loss = cross_entropy(last=last, batch="sum")
    found = gradients(net, torch.tensor(x), lambda run: loss(run.outputs, torch.tensor([1])))

    def error(y, t):
        p = np.exp(y[t]) / np.exp(y[t]).sum()
        return (p - label) / last * (t >= STEPS - last)

    expected = reference.eprop(x[0], w["in"], w["rec"], w["out"], w["B"], error, setting(0.3))
    for name, whole in zip(("weights.in->rec", "weights.rec->rec", "readouts.rec"), expected, strict=True):
        agree(found[name], whole)
