"""Gradient networks are pickled, copied and kept as state_dict, and go on training to the same bits."""

import copy
import io
import pickle

import numpy as np
import pytest
import torch
from support.gradient_cases import N_IN, N_OUT, NETWORKS

from plasticity import build, neurons
from plasticity.credit import GradientNetwork, LeakyReadout, cross_entropy
from plasticity.engines.gradient.surrogates import Surrogate, triangular
from plasticity.network.builders import layered_network

X = (torch.rand(3, 12, N_IN, generator=torch.Generator().manual_seed(1)) < 0.4).double()
LABELS = torch.tensor([0, 2, 1])
#: network -> backend
CASES = {name: "autograd" for name in NETWORKS if name not in ("delay per synapse", "no readout")} | {
    "layers, all are read": "compiled"}
#: networks that no feedback which learns can teach
BY_BPTT = ("convolutions and a pool", "layers, the last is counted")


def saved(thing):
    file = io.BytesIO()
    torch.save(thing, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


COPIES = {"pickle": lambda thing: pickle.loads(pickle.dumps(thing)), "deepcopy": copy.deepcopy, "torch.save": saved}


def trained(net: GradientNetwork, optimiser: torch.optim.Optimizer, steps: int) -> dict[str, torch.Tensor]:
    for _ in range(steps):
        optimiser.zero_grad()
        net(X).error(LABELS, cross_entropy()).backward()
        optimiser.step()
    return {name: p.detach().clone() for name, p in net.named_parameters()}


def gradient_network(name: str, backend: str = "autograd", rule: str = "eprop(feedback=adaptive, broadcast=False)"):
    network, readout = NETWORKS[name]()
    instead = {**dict.fromkeys(BY_BPTT, "bptt"), "layers, the last is counted": "eprop(feedback=symmetric)"}
    rule = instead.get(name, rule)
    frozen = [network.projections[0].name]
    net = GradientNetwork(network, readout, rule, "arctan(alpha=3)", frozen if len(network.projections) > 1 else [],
                          seed=3, dtype=torch.float64, backend=backend)
    return net, torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 1e-2)


@pytest.mark.parametrize(("name", "how"), [
    *((name, "pickle") for name in CASES), ("recurrent layers", "deepcopy"), ("layers, all are read", "deepcopy"),
    ("recurrent layers", "torch.save")])
def test_training_goes_on_to_the_same_bits(name, how):
    net, optimiser = gradient_network(name, CASES[name])
    first = trained(net, optimiser, 2)
    other, its = COPIES[how]((net, optimiser))
    assert (other.compiled is None) == (CASES[name] == "autograd") and other.why_not_compiled == net.why_not_compiled
    assert [p.requires_grad for p in other.parameters()] == [p.requires_grad for p in net.parameters()]
    actual, wanted = trained(other, its, 2), trained(net, optimiser, 2)
    for key, values in wanted.items():
        assert torch.equal(actual[key], values), key
    assert any((wanted[key] != values).any() for key, values in first.items())


def test_a_state_dict_is_all_that_training_changes():
    (net, optimiser), (other, _) = gradient_network("recurrent layers"), gradient_network("recurrent layers")
    trained(net, optimiser, 2)
    assert not torch.equal(net(X).outputs, other(X).outputs)
    other.load_state_dict(saved(net.state_dict()))
    assert torch.equal(net(X).outputs, other(X).outputs)


def test_a_surrogate_of_ones_own_is_kept():
    mine = Surrogate("mine", torch.cos, {}, "cos(u)", "mine")
    again = pickle.loads(pickle.dumps(mine))
    assert again == mine and torch.equal(again(X), X.cos())
    written = Surrogate("mine", triangular(0.5).psi, {"height": 0.5, "width": 1.0}, "", "", triangular().text)
    assert torch.equal(pickle.loads(pickle.dumps(written))(X - 0.3), triangular(0.5)(X - 0.3))


def test_what_gradients_have_trained_goes_on_by_stdp(interpreted_event):
    network = layered_network(N_IN, (8, N_OUT), neurons.lsnn_neuron(), gain=2.0).with_rule("bptt")
    net = GradientNetwork(network, LeakyReadout("layer2", N_OUT), dtype=torch.float64)
    trained(net, torch.optim.Adam(net.parameters(), 1e-2), 3)
    again = net.to_network()
    for name, w in net.weights.items():
        np.testing.assert_array_equal(again.projection(name).weights, w.detach().numpy())
    same = GradientNetwork(again, LeakyReadout("layer2", N_OUT), dtype=torch.float64)
    assert same.rule == net.rule and all(map(torch.equal, same(X).spikes.values(), net(X).spikes.values()))
    taught = again.with_rule("pair_stdp", clip=True)
    assert taught.rule is None and [p.name for p in taught.plastic] == ["in->layer1"]
    simulation = build(taught, "event")
    before = simulation.get("in->layer1.w")
    simulation.run({"in": X.numpy().astype(bool)})
    assert (simulation.get("in->layer1.w") != before).any()
