"""One neuron wins in each step of a gradient network as on every engine; the choice itself carries no credit."""

import numpy as np
import pytest
import torch
from support.feature_networks import FEATURES

from plasticity import Input, Network, Population, Projection, build, networks, neurons
from plasticity.credit import GradientNetwork, LeakyReadout, cross_entropy, gradients, online_gradients
from plasticity.engines.gradient.exact import rtrl
from plasticity.errors import RefusedError

LABELS = torch.tensor([0, 2])


def equal_neurons() -> Network:
    """All neurons get the same, so those that have not spiked tie: the first of them wins."""
    network = FEATURES["winner_highest"]().network
    return network.with_weights({"feed": np.full((20, 6), 3e-3)})


def learned() -> Network:
    """A network of Diehl & Cook after some samples: other weights, thresholds that differ."""
    network = networks.build("diehl-cook", 20, 6, theta_plus=1e-3, total=60.0, inhibition=5e-3).network
    simulation = build(network, "torch")
    simulation.run({"pixels": np.random.default_rng(1).random((10, 100, 20)) < 0.2})
    theta = simulation.get("excitatory.theta")
    assert np.ptp(theta) > 0.5e-3
    return network.with_weights({"pixels->excitatory.w": simulation.get("pixels->excitatory.w"),
                                 "excitatory.theta": theta})


CASES = {"highest": lambda: FEATURES["winner_highest"]().network, "ties": equal_neurons, "learned": learned,
         "losers are reset": lambda: FEATURES["winner_highest_losers_reset"]().network}


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
@pytest.mark.parametrize("case", CASES)
def test_the_same_neurons_spike_as_on_the_engines(case, engine, interpreted_event):
    network = CASES[case]()
    (source,), (population,) = network.inputs, network.populations
    x = np.random.default_rng(2).random((2, 150, 20)) < 0.12
    net = GradientNetwork(network.with_rule("bptt", freeze=True), dtype=torch.float64)
    with torch.no_grad():
        actual = net({source.name: torch.tensor(x)}).spikes[population.name].numpy().astype(bool)
    assert actual.sum() > 30 and actual.sum(2).max() == 1
    assert case != "ties" or actual[:, actual.any((0, 2)).argmax()].any(0).tolist() == [True] + [False] * 5
    recording = build(network, engine).run({source.name: x}, learn=False, record=[f"{population.name}.spikes"])
    np.testing.assert_array_equal(recording.spikes[population.name].dense(), actual)
    alone = build(network.with_rule("bptt", freeze=True).with_(rule=None), engine)
    recording = alone.run({source.name: x}, record=[f"{population.name}.spikes"])
    np.testing.assert_array_equal(recording.spikes[population.name].dense(), actual)


def dimensionless(winner: str = "highest", losers_reset: bool = False, loop: bool = False) -> Network:
    rng = np.random.default_rng(3)
    neuron = neurons.lif(v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=2e-3)
    inhibit = Projection("out", "out", -0.3, "all_but_self", onto="v")
    return Network((Input("in", 5),), (Population("out", 4, neuron, winner=winner, losers_reset=losers_reset),), (
        Projection("in", "out", rng.uniform(0.1, 0.6, (5, 4)), onto="v"), *[inhibit] * loop))


X = (torch.rand(2, 30, 5, generator=torch.Generator().manual_seed(1)) < 0.3).double()


def of_outputs(run):
    return cross_entropy()(run.outputs, LABELS)


@pytest.mark.parametrize("losers_reset", [False, True])
@pytest.mark.parametrize("loop", [False, True])
def test_the_gradient_is_that_of_the_step_with_the_choice_held(losers_reset, loop):
    """Carried forward in time it is the same as going back; and e-prop's, online, the same as e-prop's."""
    network = dimensionless(losers_reset=losers_reset, loop=loop)
    net = GradientNetwork(network.with_rule("bptt", freeze=True), LeakyReadout("out", 3), dtype=torch.float64)
    back, ahead = gradients(net, X, of_outputs), rtrl(net, X, of_outputs)
    for name, g in back.items():
        assert g.abs().max() > 0, name
        torch.testing.assert_close(ahead[name], g, rtol=1e-9, atol=1e-12)
    local = net.with_rule("eprop(feedback=symmetric)")
    _, online = online_gradients(local, X, LABELS, cross_entropy())
    for name, g in gradients(local, X, of_outputs).items():
        torch.testing.assert_close(online[name], g, rtol=1e-9, atol=1e-12)


def test_losers_hear_of_no_error_and_all_do_where_none_wins():
    """With one step the gradient is psi of the winner alone, or of all neurons."""
    network = dimensionless().with_(projections=(Projection("in", "out", np.ones((5, 4)), onto="v"),))
    for drive, heard in ((1.4, [True, False, False, False]), (0.9, [True] * 4)):
        net = GradientNetwork(network.with_rule("bptt", freeze=True), dtype=torch.float64)
        values = torch.zeros(1, 2, 5, dtype=torch.float64)
        values[0, 0, 0] = drive
        actual = gradients(net, values, lambda run: run.spikes["out"][:, 1].sum())["weights.in->out"]
        assert (actual[0] != 0).tolist() == heard and (actual[1:] == 0).all()


@pytest.mark.parametrize(("network", "options", "message"), [
    (dimensionless(), {}, r"no derivative; use winner='all', or .*with_rule\(rule, freeze=True\)"),
    (dimensionless("random").with_(rule="bptt"), {}, "drawn at random, and gradient networks draw nothing"),
    (dimensionless().with_rule("bptt", freeze=True), {"backend": "compiled"},
     "cannot be compiled: one neuron of population 'out' wins in each step"),
    (dimensionless().with_rule("bptt", freeze=True), {"rule": "eprop"},
     r"rule='eprop' is not the rule of network 'network' \('bptt', .*leave rule out"),
    (dimensionless().with_(rule="bptt", populations=(
        Population("out", 4, neurons.rate_neuron(), winner="highest"),), projections=()), {}, "graded output whether"),
    (Network(populations=(Population("out", 4, neurons.diehl_cook()),), rule="bptt"), {},
     r"learns by itself .*Network.with_rule\(rule, freeze=True\)"),
])
def test_what_stays_refused_says_what_to_do(network, options, message):
    with pytest.raises(RefusedError, match=message):
        GradientNetwork(network, LeakyReadout("out", 3), **options)


def test_where_programs_do_not_choose_autograd_does():
    parts = dimensionless().with_rule("bptt", freeze=True)
    wide = parts.with_(populations=(Population("out", 70, parts.populations[0].neuron, winner="highest"),),
                       projections=(Projection("in", "out", np.full((5, 70), 0.3), onto="v"),))
    net = GradientNetwork(wide, LeakyReadout("out", 3))
    assert net.compiled is None and "wins in each step" in net.why_not_compiled
    names = [GradientNetwork(each, LeakyReadout("out", 3)).rule.name for each in (
        parts, parts.with_(rule="sltt"), dimensionless("all"))]
    assert names == ["bptt", "sltt", "bptt"] and net.with_rule("eprop").network.rule.name == "eprop"
