"""Inputs that always send: weights from them are biases, on every engine."""

import numpy as np
import pytest
import torch

from plasticity import Input, Network, PlasticityError, Population, Projection, build, networks
from plasticity.engines import ENGINES
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.network.builders import with_bias
from plasticity.network.presentation import Model, Presentation

STEPS, BATCH = 7, 3


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def network(onto="v"):
    """Two inputs drive three leaky neurons, which also have biases."""
    rng = np.random.default_rng(1)
    plain = Network((Input("in", 2),), (Population("out", 3, "lif(v_rest=0, v_reset=0, v_threshold=1.0, tau=5e-3)"),),
                    (Projection("in", "out", rng.normal(size=(2, 3)), onto=onto),))
    return with_bias(plain, {"out": np.array([0.3, 0.0, 2.0])}, onto)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_values_and_gradients_are_those_of_a_given_input_of_ones(backend, rng):
    """The same network with an ordinary input that is shown ones."""
    always = networks.make("layers(5, 4, bias=True)").build((2,), seed=1)
    always = always.with_weights({"one->layer1": rng.normal(size=(1, 5)), "one->layer2": rng.normal(size=(1, 4))})
    shown = always.with_(inputs=tuple(Input(part.name, part.n) for part in always.inputs))
    x = torch.tensor(rng.normal(size=(BATCH, STEPS, 2)) * 3)
    nets = [GradientNetwork(each, dtype="float64", backend=backend) for each in (always, shown)]
    outputs = [nets[0](x), nets[1]({"in": x, "one": torch.ones(BATCH, STEPS, 1, dtype=torch.float64)})]
    for output in outputs:
        (output.spikes["layer2"] * torch.arange(4)).sum().backward()
    assert outputs[0].spikes["layer2"].sum() > 0
    torch.testing.assert_close(outputs[0].spikes, outputs[1].spikes)
    for name, w in nets[0].weights.items():
        torch.testing.assert_close(w.grad, nets[1].weights[name].grad)
    assert nets[0].weights["one->layer1"].grad.abs().sum() > 0


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_a_population_that_nothing_else_drives(backend):
    drawn = Network((Input("in", 1), Input("one", 1, always=True)), (Population("out", 70, "lsnn_neuron"),),
                    (Projection("one", "out", np.full((1, 70), 0.7), onto="x", axonal_delay=2e-3),))
    spikes = GradientNetwork(drawn, dtype="float64", backend=backend)(torch.zeros(1, 9, 1)).spikes["out"]
    ordinary = drawn.with_(inputs=(Input("in", 1), Input("one", 1)))
    given = {"in": torch.zeros(1, 9, 1), "one": torch.ones(1, 9, 1)}
    torch.testing.assert_close(spikes, GradientNetwork(ordinary, dtype="float64", backend=backend)(given).spikes["out"])
    assert spikes.sum() > 0


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_the_gradient_of_each_value_of_an_input_that_is_kept_once(backend, rng):
    """Values that are the same throughout are multiplied once; who asks for gradients of them gets one for each."""
    net = GradientNetwork(networks.make("layers(5, 4)").build((2,), seed=1), dtype="float64", backend=backend)
    once = torch.tensor(rng.normal(size=(1, 1, 2)) * 3).expand(BATCH, STEPS, 2).detach()
    found = []
    for x in (once, once.contiguous()):
        x.requires_grad_()
        (net(x).spikes["layer2"] * torch.arange(STEPS)[:, None]).sum().backward()
        found.append(x.grad.clone())
    torch.testing.assert_close(*found)
    assert found[0][1, 1].abs().sum() > 0


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "brian2_cpp"])
def test_engines_send_a_spike_in_every_step(engine, rng):
    """As an input that is given a spike in every step."""
    made = network()
    given = made.with_(inputs=tuple(Input(part.name, part.n) for part in made.inputs))
    spikes = rng.random((BATCH, STEPS, 2)) < 0.4
    counts = [build(each, engine, seed=0).run({"in": spikes, **more}).counts["out"] for each, more in (
        (made, {}), (given, {"one": np.ones((BATCH, STEPS, 1), bool)}))]
    np.testing.assert_array_equal(*counts)
    assert counts[0][:, 2].min() > 0


def test_nobody_gives_its_values():
    with pytest.raises(PlasticityError, match="one"):
        build(network(), "event").run({"one": np.ones((1, 3, 1), bool)})
    with pytest.raises(PlasticityError, match="one"):
        GradientNetwork(network())({"in": torch.zeros(1, 3, 2), "one": torch.ones(1, 3, 1)})


def test_no_samples_are_shown_to_it():
    with pytest.raises(PlasticityError, match=r"input 'one' always sends.* one of \['in'\]"):
        Model(network(), Presentation(steps=5), "one", "out")


def test_it_is_kept():
    made = network()
    again = Network.from_dict(made.to_dict())
    assert [part.always for part in again.inputs] == [False, True]
    assert again.shown == (Input("in", 2),)


@pytest.mark.parametrize("graded", [True, False])
def test_a_threshold_that_is_learned(graded, rng):
    """s = x + decay s (1 - y), y = h(s + b - threshold): the bias moves the threshold, not the state."""
    net = GradientNetwork(networks.make(f"layers(4, neuron=snu(graded={graded}, bias=True), bias=True)").build((2,)),
                          dtype="float64")
    b, w = torch.tensor(rng.normal(size=(1, 4))), net.weights["in->layer1"].detach()
    net.weights["one->layer1"].data = b
    x, (s, y) = torch.tensor(rng.normal(size=(1, 8, 2))) * 2, torch.zeros(2, 1, 4).double()
    for t, sent in enumerate(net(x).spikes["layer1"].unbind(1)):
        s = (x[:, t - 1] @ w if t else 0) + 0.8 * s * (1 - y)
        above = s + (b if t else 0) - 1
        y = torch.sigmoid(above) if graded else (above > 0).double()
        torch.testing.assert_close(sent, y)
