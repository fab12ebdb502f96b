"""e-prop forward in time gives the gradients that going back in time gives, for any neuron, and its memory is flat."""

from __future__ import annotations

import gc
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from plasticity import Input, Network, Population, Projection, RefusedError
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import cross_entropy, cumulative_cross_entropy, mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.online import online_gradients
from plasticity.engines.gradient.surrogates import triangular
from plasticity.errors import PlasticityError
from plasticity.learner.gradient import GradientClassifier
from plasticity.network.builders import with_bias
from plasticity.neurons import lif
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop, rflo

STEPS, N_IN, N, N_OUT, BATCH = 40, 6, 5, 3, 2
NEURONS = {
    "alif": (lsnn_neuron(12e-3, 0.6, 40e-3, 0.4, 3e-3), "x", 1.0),
    "lif, reset at once": (lsnn_neuron(12e-3, 0.6, reset="subtract"), "x", 1.0),
    "lif, held at its reset": (lif(tau=12e-3, refractory=3e-3, v_rest=0.0, v_reset=2e-3, v_threshold=13e-3), "v",
                               25e-3),
}
RULES = {"random": eprop("random"), "symmetric, with reset": eprop("symmetric", reset=True),
         "adaptive": eprop("adaptive")}
LOSSES = {"labels": cross_entropy(last=20), "values": mse(steps="sum", batch="sum")}


def network(neuron, onto, rule, size=1.0, seed=0):
    """Two populations, one recurrent with a delay and without autapses; the readout hears both."""
    rng = np.random.default_rng(seed)
    within = Projection("a", "a", size * rng.normal(0, 0.4, (N, N)), onto=onto, connect="sparse",
                        mask=~np.eye(N, dtype=bool), axonal_delay=2e-3)
    described = Network(
        inputs=(Input("in", N_IN),), populations=(Population("a", N, neuron), Population("b", N, neuron)),
        projections=(Projection("in", "a", size * rng.normal(0.2, 0.5, (N_IN, N)), onto=onto, axonal_delay=1e-3),
                     within,
                     Projection("a", "b", size * rng.normal(0.3, 0.5, (N, N)), onto=onto, scale=0.7)))
    readout = LeakyReadout(("a", "b"), N_OUT, 8e-3, bias=True)
    return GradientNetwork(described, readout, rule, triangular(0.3, 0.6 * size),
                           dtype=torch.float64, seed=1, backend="autograd")


def given(seed=0):
    rng = np.random.default_rng(seed)
    x = torch.tensor(rng.random((BATCH, STEPS, N_IN)) < 0.4, dtype=torch.float64)
    return x, {"labels": torch.tensor([0, 2]), "values": torch.tensor(rng.normal(size=(BATCH, STEPS, N_OUT)))}


def agree(found, wanted):
    assert found.keys() == wanted.keys()
    for name, g in wanted.items():
        assert g.abs().max() > 0
        assert (found[name] - g).abs().max() <= 1e-10 * g.abs().max(), name


@pytest.mark.parametrize(("neuron", "rule", "loss"), product(NEURONS, RULES, LOSSES))
def test_forward_in_time_equals_back_in_time(neuron, rule, loss):
    made, onto, size = NEURONS[neuron]
    net, (x, targets) = network(made, onto, RULES[rule], size), given()
    wanted = gradients(net, x, lambda run: LOSSES[loss](run.outputs, targets[loss]))
    assert 0.02 < net(x).spikes["b"].mean() < 0.9
    value, found = online_gradients(net, x, targets[loss], LOSSES[loss])
    agree(found, wanted)
    assert value == pytest.approx(LOSSES[loss](net(x).outputs, targets[loss]).item(), rel=1e-12)


def test_rate_neurons_learn_by_rflo():
    net, (x, targets) = network(rate_neuron(), "x", rflo()), given()
    loss = LOSSES["values"]
    agree(online_gradients(net, x, targets["values"], loss)[1],
          gradients(net, x, lambda run: loss(run.outputs, targets["values"])))


def test_biases_learn_too():
    """Weights from an input that always sends, one of them late."""
    net, (x, targets) = network(*NEURONS["alif"][:2], RULES["random"]), given()
    biased = with_bias(net.network, {"a": np.full(N, 0.1), "b": np.full(N, 0.05)}, "x")
    late = tuple(replace(each, axonal_delay=2e-3) if (each.pre, each.post) == ("one", "b") else each
                 for each in biased.projections)
    net = GradientNetwork(biased.with_(inputs=biased.inputs[::-1], projections=late), net.readout, net.rule,
                          net.surrogate, dtype=torch.float64, seed=1, backend="autograd")
    wanted = gradients(net, x, lambda run: LOSSES["labels"](run.outputs, targets["labels"]))
    assert {"weights.one->a", "weights.one->b"} <= wanted.keys()
    agree(online_gradients(net, x, targets["labels"], LOSSES["labels"])[1], wanted)
    agree(online_gradients(net, x.unbind(1), targets["labels"], LOSSES["labels"], STEPS)[1], wanted)


def test_steps_may_come_one_by_one():
    net, (x, targets) = network(*NEURONS["alif"][:2], eprop()), given()
    _, whole = online_gradients(net, x, targets["labels"], cross_entropy())
    _, streamed = online_gradients(net, (x[:, t] for t in range(STEPS)), targets["labels"], cross_entropy(), STEPS)
    assert all(torch.equal(whole[name], streamed[name]) for name in whole)
    for steps, said in ((None, "steps is needed"), (STEPS - 1, "must have steps"), (STEPS + 1, "but x had")):
        with pytest.raises(PlasticityError, match=said):
            online_gradients(net, iter(x.unbind(1)), targets["labels"], cross_entropy(), steps)
    with pytest.raises(PlasticityError, match="must have shape"):
        online_gradients(net, x[:, :, 1:], targets["labels"], cross_entropy())


def test_a_window_longer_than_the_sample_is_the_sample():
    net, (x, targets) = network(*NEURONS["alif"][:2], eprop()), given()
    (whole, gradient), (same, other) = (online_gradients(net, x, targets["labels"], cross_entropy(last=last))
                                        for last in (None, STEPS + 7))
    assert whole == same and all(torch.equal(gradient[name], other[name]) for name in gradient)


@pytest.mark.parametrize(("rule", "loss", "named"), [
    ("bptt", cross_entropy(), "between neurons"), ("ottt", cross_entropy(), "between neurons"),
    ("decolle", cross_entropy(), "readout's error"), (eprop(autapse=True), cross_entropy(), "between neurons"),
    (eprop(), cumulative_cross_entropy(), "every step"), (eprop(), lambda y, target: y.sum(), "every step")],
    ids=["bptt", "ottt", "decolle", "autapse", "sum over steps", "any function"])
def test_what_cannot_be_learned_online_is_refused(rule, loss, named):
    net, (x, targets) = network(*NEURONS["alif"][:2], rule), given()
    with pytest.raises(RefusedError, match=named):
        online_gradients(net, x, targets["labels"], loss)


def test_a_classifier_learns_the_same_online():
    x, y = np.random.default_rng(0).random((20, 15, 6)) < 0.3, np.arange(20) % 2
    options = {"network": 8, "epochs": 2, "batch": 10, "dtype": torch.float64, "seed": 2}
    one, other = (GradientClassifier(eprop("random"), online=online, **options).fit(x, y) for online in (False, True))
    np.testing.assert_allclose(other.decision_function(x), one.decision_function(x), rtol=1e-9)
    np.testing.assert_allclose(other.losses_, one.losses_, rtol=1e-9)
    with pytest.raises(RefusedError, match="rate_strength"):
        GradientClassifier(eprop(), online=True, rate_strength=1.0, **options).fit(x, y)


def held():
    """Bytes of all tensors that live."""
    return sum(part.nelement() * part.element_size() for part in gc.get_objects() if type(part) is torch.Tensor)


def test_memory_does_not_grow_with_time():
    """scripts/bench/memory_time.py measures it for 100 to 10,000 steps, in processes of their own."""
    net, (x, targets) = network(*NEURONS["alif"][:2], eprop()), given()
    found = {}

    def steps():
        for t in range(120):
            if t in (20, 119):
                found[t] = held()
            yield x[:, t % STEPS]

    gc.collect()  # what other tests left behind goes before anything is counted
    online_gradients(net, steps(), targets["labels"], cross_entropy(), 120)
    assert found[119] == found[20] > 0
