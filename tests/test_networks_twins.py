"""Conventional networks as networks of this library answer as torch's own do, and learn as they do."""

import numpy as np
import pytest
import torch
from torch import nn

from plasticity import PlasticityError
from plasticity.engines.gradient.losses import cumulative_cross_entropy
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.networks.csnn import csnn
from plasticity.networks.gated import UNITS, gated
from plasticity.networks.layered import layers
from plasticity.neurons import excess
from plasticity.readout.losses import kind_of

N_IN, N, STEPS, BATCH = 5, 70, 6, 3
#: the variables of ours, of inputs and of recurrence, in the order of torch's gates
ORDER = {"lstm": (("gi", "gf", "gc", "go"),) * 2, "gru": ("rzx", "rzm"), "rnn": ("x", "x")}
TORCH = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


def torch_twin(unit, net):
    """torch's network with the same weights; its second bias is zero, or that of "m"."""
    twin = TORCH[unit](N_IN, N, batch_first=True).double()
    inward, within = ORDER[unit]
    weights = {name: w.detach() for name, w in net.weights.items()}
    with torch.no_grad():
        twin.weight_ih_l0.copy_(torch.cat([weights[f"in->rec {v}"].T for v in inward]))
        twin.weight_hh_l0.copy_(torch.cat([weights[f"rec->rec {v}"].T for v in within]))
        twin.bias_ih_l0.copy_(torch.cat([weights[f"one->rec {v}"][0] for v in inward]))
        twin.bias_hh_l0.zero_()
        if unit == "gru":
            twin.bias_hh_l0[2 * N:] = weights["one->rec m"][0]
    return twin


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
@pytest.mark.parametrize("unit", UNITS)
def test_gated_units_are_those_of_torch(unit, backend):
    """What arrives in a step is heard in the next, so the network is shown a step more; biases arrive from then on."""
    x = torch.tensor(np.random.default_rng(0).normal(size=(BATCH, STEPS, N_IN)))
    net = GradientNetwork(gated(N_IN, N, unit=unit, seed=1), dtype="float64", backend=backend)
    twin = torch_twin(unit, net)
    expected = twin(x)[0]
    answered = net(torch.cat([x, torch.zeros(BATCH, 1, N_IN, dtype=x.dtype)], 1)).spikes["rec"][:, 1:]
    torch.testing.assert_close(answered, expected)
    for values in (expected, answered):
        (values * torch.linspace(-1, 1, N)).square().sum().backward()
    inward, _ = ORDER[unit]
    ours = torch.cat([net.weights[f"in->rec {v}"].grad.T for v in inward])
    torch.testing.assert_close(ours, twin.weight_ih_l0.grad)
    torch.testing.assert_close(net.weights[f"one->rec {inward[0]}"].grad[0], twin.bias_ih_l0.grad[:N])


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_a_convolutional_network_of_rectified_units_is_that_of_torch(backend):
    """Convolution, bias, largest current of each window, rectified; then two layers; shown until the last one knows."""
    made = csnn(2 * 8 * 8, 3, size=3, padding=0, dense=(11,), outputs=4, shape=(2, 8, 8), neuron="unit", bias=True,
                pooled="currents", seed=3)
    net = GradientNetwork(made, dtype="float64", backend=backend)
    twin = nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(27, 11), nn.ReLU(),
                         nn.Linear(11, 4), nn.ReLU()).double()
    w = {name: value.detach() for name, value in net.weights.items()}
    with torch.no_grad():
        twin[0].weight.copy_(w["in->conv1"].T.reshape(3, 2, 3, 3))
        twin[0].bias.copy_(w["ones1->conv1"][0])
        for layer, name in ((4, "dense1"), (6, "out")):
            twin[layer].weight.copy_(w[f"{'pool1' if layer == 4 else 'dense1'}->{name}"].T)
            twin[layer].bias.copy_(w[f"one->{name}"][0])
    x = torch.tensor(np.random.default_rng(4).normal(size=(BATCH, 2, 8, 8)))
    steps = x.reshape(BATCH, 1, -1).expand(-1, len(made.populations) + 1, -1)
    answered, expected = net(steps).spikes["out"][:, -1], twin(x)
    torch.testing.assert_close(answered, expected)
    for values in (expected, answered):
        values.square().sum().backward()
    torch.testing.assert_close(net.weights["ones1->conv1"].grad[0], twin[0].bias.grad)
    torch.testing.assert_close(net.weights["in->conv1"].grad.T.reshape(3, 2, 3, 3), twin[0].weight.grad)


def loop_of_excess(x, weights, decay=0.9, threshold=1.0, penalty=1.5):
    """Chevalier's loop: two layers, the outer one's state is read; each hears the step before."""
    states = [x.new_zeros(len(x), w.shape[1]) for w in weights]
    heard, outputs = [x.new_zeros(len(x), w.shape[0]) for w in weights], []
    for t in range(x.shape[1]):
        sent = []
        for k, w in enumerate(weights):
            over = (states[k] > threshold).to(x.dtype)
            states[k] = heard[k] @ w + decay * states[k] * (1 - penalty / threshold * over)
            sent.append(torch.relu(states[k] - threshold))
        outputs.append(states[-1])
        heard = [x[:, t], sent[0]]
    return torch.stack(outputs, 1)


def test_excess_neurons_are_a_plain_loop():
    x = torch.tensor(np.random.default_rng(5).normal(size=(BATCH, 9, N_IN))) + 1
    made = layers(N_IN, 6, 4, neuron="excess", gain=3.0, seed=2)
    inner, outer = made.populations
    made = made.with_(populations=(inner, type(outer)(outer.name, 4, "excess(sends=state)")))
    net = GradientNetwork(made, rule="bptt", dtype="float64")
    expected = loop_of_excess(x, [w.detach() for w in net.weights.values()])
    torch.testing.assert_close(net(x).spikes["layer2"], expected)
    assert expected.max() > 1


def test_a_mean_over_steps_is_what_is_compared():
    y, labels = torch.randn(BATCH, STEPS, 4, dtype=torch.float64), torch.tensor([0, 3, 1])
    loss = cumulative_cross_entropy(steps="mean")
    torch.testing.assert_close(loss(y, labels), nn.functional.cross_entropy(y.mean(1), labels))
    weight = torch.tensor([[1.0] * 4 + [0] * 2] * BATCH)
    torch.testing.assert_close(loss(y, labels, weight), nn.functional.cross_entropy(y[:, :4].mean(1), labels))
    last = cumulative_cross_entropy(steps="mean", last=2)
    torch.testing.assert_close(last(y, labels), nn.functional.cross_entropy(y[:, -2:].mean(1), labels))
    assert kind_of("cumulative_cross_entropy(steps=mean)").answer == kind_of(loss).answer == "mean"


def test_a_threshold_that_excess_cannot_be_measured_by():
    with pytest.raises(PlasticityError, match="threshold must be positive"):
        excess(threshold=0.0)
