"""What a rule cannot train is refused when the network is built, with the reason; what it accepts, it trains."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from plasticity import Input, Network, Neuron, Population, Projection, neurons
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.signals import influence
from plasticity.engines.gradient.support import refusal
from plasticity.network.window import Window
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop
from plasticity.rules.paths import GradientRule, Paths

rng = np.random.default_rng(0)
CASCADE = Neuron("dv/dt = (I - v)/tau : 1\ndI/dt = (g - I)/tau : 1\ndg/dt = -g/tau : 1\ndq/dt = -(q - v)/tau : 1",
                 threshold="v > 1", reset="v = 0", method="euler", params={"tau": "5*ms"}, name="cascade")


def chain(*names, back=(), neuron=None, onto="x", **options):
    """Populations in a row, "a->b" more in `back`."""
    def dense(pre, post):
        return Projection(pre, post, rng.normal(size=(4, 4)), onto=onto)

    pairs = [("in", names[0]), *pairwise(names), *(pair.split("->") for pair in back)]
    return Network(inputs=(Input("in", 4),), projections=tuple(dense(*pair) for pair in pairs), **options,
                   populations=tuple(Population(name, 4, neuron or lsnn_neuron()) for name in names))


REFUSED = {
    "layers are cut": (chain("a", "b"), LeakyReadout("b", 2), eprop("symmetric"), {}, "no error to population 'a'"),
    "a loop is closed": (chain("a", "b", back=("b->a",)), LeakyReadout("b", 2), "sltt", {},
                         "no error to population 'a'"),
    "closed further on": (chain("a", "b", "c", back=("c->b",)), LeakyReadout("c", 2), "ottt", {}, "to population 'a'"),
    "no readout": (chain("a"), None, "drtp", {}, "needs a readout"),
    "nothing learns": (chain("a"), None, "bptt", {"frozen": ("in->a",)}, "nothing is left to learn"),
    "no effect": (chain("a", neuron=CASCADE, onto="q"), LeakyReadout("a", 2), "bptt", {}, "'q' has no effect"),
    "no effect in a step": (chain("a", neuron=CASCADE, onto="I"), LeakyReadout("a", 2), "sltt", {}, None),
    "slow synapse": (chain("a", neuron=CASCADE, onto="g"), LeakyReadout("a", 2), "sltt", {}, "within one step"),
    "delay per synapse": (Network((Input("in", 4),), (Population("a", 4, lsnn_neuron()),), (
        Projection("in", "a", np.ones((4, 4)), onto="x", axonal_delay=np.full((4, 4), 1e-3)),)), LeakyReadout("a", 2),
                          "bptt", {}, "one delay per synapse"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_name_the_reason(case):
    network, readout, rule, options, reason = REFUSED[case]
    found = refusal(network, readout, rule, **options)
    assert (reason in found) if reason else not found


def test_what_does_not_learn_needs_no_error():
    """Frozen projections, and pools: a relay between a convolution and the readout hears nothing under e-prop."""
    assert not refusal(chain("a", "b"), LeakyReadout("b", 2), eprop("symmetric"), frozen=("in->a",))
    window = Window((1, 2, 2), 2)
    pooled = Network((Input("in", 4),), (Population("p", 1, neurons.relay()), Population("a", 4, lsnn_neuron())), (
        Projection("in", "p", 1.0, connect="max_pool", window=window, onto="x"),
        Projection("p", "a", rng.normal(size=(1, 4)), onto="x")))
    assert not refusal(pooled, LeakyReadout("a", 2), eprop("symmetric"))


def test_an_error_may_take_a_way_round():
    """In a loop, credit may pass the loop alone, the layers alone, or both."""
    loop = chain("a", "b", "c", back=("b->a", "c->c"))
    assert not refusal(loop, LeakyReadout("c", 2), GradientRule("all"))
    assert "'a'" in refusal(loop, LeakyReadout("c", 2), GradientRule("layers", Paths(recurrent=False)))
    assert not refusal(loop, LeakyReadout(("b", "c"), 2), GradientRule("loops", Paths(layers="cut")))


@pytest.mark.parametrize(("neuron", "whole", "step"), [
    (CASCADE, {"v", "I", "g"}, {"v", "I"}), (neurons.lif("alpha"), {"v", "I", "g"}, {"v", "I", "g"}),
    (neurons.adex(), {"v", "w", "I"}, {"v", "w", "I"}), (neurons.izhikevich(), {"v", "u", "I"}, {"v", "u", "I"}),
    (neurons.snu(), {"s", "y", "x"}, {"s", "y", "x"}), (neurons.relay(), {"x"}, {"x"}),
    (neurons.alif(), {"v", "a"}, {"v", "a"})], ids=lambda value: getattr(value, "name", ""))
def test_variables_that_matter(neuron, whole, step):
    assert influence(neuron, True) == whole and influence(neuron, False) == step


def test_the_reason_is_right():
    """Without the refusal the gradient would be zero: of a slow synapse under a rule without time."""
    net = GradientNetwork(chain("a", neuron=CASCADE, onto="g"), LeakyReadout("a", 2), "bptt", dtype=torch.float64)
    net.rule = GradientRule("sltt", Paths(time=False, reset=False, adaptation=False, recurrent=False, autapse=False))
    run = net.step_by_step(5 * torch.ones(1, 12, 4, dtype=torch.float64))
    assert run.outputs.abs().sum() > 0
    assert torch.autograd.grad(run.outputs.sum(), net.weights["in->a"], allow_unused=True) == (None,)
