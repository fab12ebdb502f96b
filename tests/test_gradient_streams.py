"""Streams in windows: the state that passes from window to window makes them one presentation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load, save

from plasticity import Input, Network, Neuron, PlasticityError, Population, Projection
from plasticity.encoding.spikes import as_spikes
from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import cross_entropy
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.neurons import lif, snu
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop, ottt, truncated_bptt

N_IN, N, STEPS, BATCH = 7, 6, 40, 3
X = torch.tensor(np.random.default_rng(0).random((BATCH, STEPS, N_IN)) < 0.4)
BOUND = Neuron("dv/dt = -v/tau - 2*u/tau : 1 (unless refractory)\ndu/dt = (v - u)/tau_u : 1", threshold="v > 1",
               reset="v = 0.4", refractory=4e-3, method="rk2", params={"tau": "10*ms", "tau_u": "6*ms"})
#: name -> (neuron, variable that synapses drive, size of weights)
NEURONS = {"lsnn": (lsnn_neuron(beta=0.3, refractory=3e-3), "x", 1.0),
           "at once": (lsnn_neuron(reset="subtract"), "x", 1.0),
           "lif": (lif(refractory=3e-3), "v", 15e-3), "alpha": (lif("alpha", refractory=2e-3), "g", 0.2),
           "bound": (BOUND, "v", 1.6), "map": (snu(), "x", 1.0), "graded": (rate_neuron(0.3), "x", 0.5)}
DELAYS = {"none": (0, 0, 0, 0), "some": (3, 2, 5, 0), "long": (9, 4, 0, 12)}


def network(neuron="lsnn", delays="some", loop=True, rule="bptt", backend="autograd", readout=None, **options):
    """Two recurrent populations; loop: the second also projects to the first."""
    made, onto, size = NEURONS[neuron]
    draw, (first, own, forward, back) = np.random.default_rng(1), (1e-3 * steps for steps in DELAYS[delays])
    projections = (
        Projection("in", "one", size * (0.2 + draw.normal(size=(N_IN, N)) * 0.5), onto=onto, axonal_delay=first),
        Projection("one", "one", size * draw.normal(size=(N, N)) * 0.5, onto=onto, axonal_delay=own),
        Projection("one", "two", size * draw.normal(size=(N, N)), onto=onto, scale=0.7, axonal_delay=forward),
        Projection("two", "two", size * draw.normal(size=(N, N)) * 0.4, onto=onto, axonal_delay=own),
        Projection("two", "one", -0.2 * size, onto=onto, connect="all_but_self", axonal_delay=back))
    description = Network((Input("in", N_IN),), (Population("one", N, made), Population("two", N, made)),
                          projections if loop else projections[:-1])
    readout = readout or LeakyReadout(("one", "two"), 3, bias=True)
    net = GradientNetwork(description, readout, rule, dtype=torch.float64, backend=backend, **options)
    if net.bias is not None:
        torch.nn.init.constant_(net.bias, 0.3)
    return net


def windows(net, ends, x=X, **options):
    """Outputs, spikes and records of all windows, and the state after the last."""
    runs, state = [], None
    for begin, end in zip((0, *ends), (*ends, STEPS), strict=True):
        runs.append(net(x[:, begin:end], state=state, **options))
        state = runs[-1].state
    spikes = {name: torch.cat([run.spikes[name] for run in runs], 1) for name in runs[0].spikes}
    records = {name: torch.cat([run.records[name] for run in runs], 1) for name in runs[0].records}
    return torch.cat([run.outputs for run in runs], 1), spikes, records, state


def assert_one_piece(net, ends, atol=1e-12, **options):
    with torch.no_grad():
        whole = net(X, **options)
        y, spikes, records, state = windows(net, ends, **options)
    torch.testing.assert_close(y, whole.outputs, rtol=0, atol=atol)
    for name, z in whole.spikes.items():
        torch.testing.assert_close(spikes[name], z, rtol=0, atol=atol)
        assert z.abs().sum() > 20
    for name, values in whole.records.items():
        torch.testing.assert_close(records[name], values, rtol=0, atol=atol)
    assert state.keys() == whole.state.keys()
    for name, value in whole.state.items():
        torch.testing.assert_close(state[name], value, rtol=0, atol=atol)


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("neuron", NEURONS)
def test_windows_are_one_presentation(neuron, delays):
    """With single steps, windows shorter than the delays, and spikes that fall on their borders."""
    net = network(neuron, delays)
    assert_one_piece(net, (1, 2, 4, 9, 25), record=(f"one.{net.cells['one'].membrane}",))


@pytest.mark.parametrize("delays", DELAYS)
@pytest.mark.parametrize("neuron", NEURONS)
def test_windows_of_compiled_networks(neuron, delays):
    assert_one_piece(network(neuron, delays, loop=False, backend="compiled"), (1, 2, 4, 9, 25))


@given(st.sets(st.integers(1, STEPS - 1), max_size=6).map(sorted), st.sampled_from(["autograd", "compiled"]))
@settings(max_examples=15, deadline=None)
def test_windows_of_any_length(ends, backend):
    assert_one_piece(network(loop=False, backend=backend), ends)


@pytest.mark.parametrize("rule", [eprop("random"), ottt(), truncated_bptt(7)], ids=lambda rule: rule.name)
def test_whatever_rule_learns(rule):
    assert_one_piece(network(rule=rule), (3, 20))
    assert_one_piece(network(rule=rule, loop=False, backend="compiled"), (3, 20))


def test_a_loop_onto_a_variable_that_nothing_else_drives():
    """What is on its way over the loop arrives, though the program of a beginning knows of nothing that could."""
    draw, neuron = np.random.default_rng(2), Neuron(
        "dv/dt = (g - v)/tau : 1\ndg/dt = -g/tau : 1", threshold="v > 1", reset="v = 0", params={"tau": "10*ms"})
    description = Network((Input("in", N_IN),), (Population("one", N, neuron),), (
        Projection("in", "one", draw.random((N_IN, N)), onto="v"),
        Projection("one", "one", draw.normal(size=(N, N)), onto="g", axonal_delay=4e-3)))
    for backend in ("autograd", "compiled"):
        assert_one_piece(GradientNetwork(description, LeakyReadout("one", 2), dtype=torch.float64, backend=backend),
                         (2, 5, 30))


@pytest.mark.parametrize("losers_reset", [False, True])
def test_one_neuron_wins(losers_reset):
    draw, neuron = np.random.default_rng(3), lif(v_rest=0.0, v_reset=0.0, v_threshold=1.0, refractory=3e-3)
    description = Network(
        (Input("in", N_IN),), (Population("one", N, neuron, winner="highest", losers_reset=losers_reset),),
        (Projection("in", "one", draw.uniform(0.1, 0.6, (N_IN, N)), onto="v", axonal_delay=2e-3),))
    net = GradientNetwork(description.with_rule("bptt", freeze=True), LeakyReadout("one", 3), dtype=torch.float64)
    assert_one_piece(net, (1, 2, 9, 30))


def test_the_state_passes_between_backends_and_through_a_file():
    slow, fast = network(loop=False), network(loop=False, backend="compiled")
    with torch.no_grad():
        first, whole = fast(X[:, :17]), slow(X)
        assert {name: value.shape[0] for name, value in first.state.items()} == dict.fromkeys(first.state, BATCH)
        kept = load(save(dict(first.state)))
        for state in (first.state, kept, {name: value.numpy() for name, value in kept.items()}):
            for net in (slow, fast):
                torch.testing.assert_close(net(X[:, 17:], state=state).outputs, whole.outputs[:, 17:], rtol=0,
                                           atol=1e-12)


def test_events_as_input():
    net, spikes = network(loop=False, backend="compiled"), as_spikes(X.numpy(), "x", N_IN)
    with torch.no_grad():
        whole, first = net(spikes), net(as_spikes(X[:, :15].numpy(), "x", N_IN))
        rest = net(as_spikes(X[:, 15:].numpy(), "x", N_IN), state=first.state)
    torch.testing.assert_close(torch.cat([first.outputs, rest.outputs], 1), whole.outputs, rtol=0, atol=1e-12)


def test_the_state_of_a_beginning():
    for net in (network(), network(loop=False, backend="compiled")):
        with torch.no_grad():
            whole, begun = net(X), net(X, state=net.first_state(BATCH))
        assert torch.equal(whole.outputs, begun.outputs) and net.first_state(BATCH).keys() == whole.state.keys()


def test_a_stream_that_ends_makes_room_for_another():
    """Streams side by side know nothing of each other: the second begins anew while the others go on."""
    net = network()
    with torch.no_grad():
        state, fresh = net(X[:, :20]).state, net.first_state(BATCH)
        mixed = {name: torch.cat([value[:1], fresh[name][1:2], value[2:]]) for name, value in state.items()}
        run, whole = net(X[:, 20:], state=mixed).outputs, net(X).outputs[:, 20:]
        anew = net(X[1:2, 20:]).outputs
    torch.testing.assert_close(run[[0, 2]], whole[[0, 2]], rtol=0, atol=1e-12)
    torch.testing.assert_close(run[1:2], anew, rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_credit_ends_where_a_window_begins(backend):
    """Windows of 8 steps, learned from one after the other, add up to backpropagation in pieces of 8 steps."""
    labels, loss = torch.tensor([0, 1, 2]), cross_entropy(steps="sum")
    net = network(delays="none", loop=False, backend=backend)
    whole = network(rule=truncated_bptt(8), delays="none", loop=False)
    wanted = gradients(whole, X, lambda run: loss(run.outputs, labels))
    total, state = dict.fromkeys(wanted, 0.0), None
    for begin in range(0, STEPS, 8):
        run = net(X[:, begin:begin + 8], state=state)
        assert not any(value.requires_grad for value in run.state.values())
        names, learning = zip(*((name, p) for name, p in net.named_parameters() if p.requires_grad), strict=True)
        found = torch.autograd.grad(loss(run.outputs, labels), learning)
        total, state = {name: total[name] + g for name, g in zip(names, found, strict=True)}, run.state
    for name, g in wanted.items():
        assert g.abs().max() > 0
        torch.testing.assert_close(total[name], g, rtol=0, atol=1e-10)


def test_what_was_on_its_way_teaches_its_weights():
    """The gradient of a delayed weight includes spikes of the window before, as constants."""
    for backend in ("autograd", "compiled"):
        net = network(delays="long", loop=False, backend=backend)
        state = net(X[:, :20]).state
        silent = net(torch.zeros(BATCH, 9, N_IN), state=state)
        found = torch.autograd.grad(cross_entropy()(silent.outputs, torch.tensor([0, 1, 2])),
                                    net.weights["in->one"])[0]
        assert found.abs().max() > 0


def test_counts_have_no_memory():
    net = network(readout=Counts("two"))
    assert "readout" not in net.first_state(2)
    assert_one_piece(net, (5, 6))


def test_the_state_has_little_memory():
    """It holds its own numbers, not views of whole windows."""
    for net in (network(), network(loop=False, backend="compiled")):
        for name, value in net(X).state.items():
            assert value.untyped_storage().nbytes() == value.numel() * 8 and value.is_contiguous(), name
    assert all(value.is_contiguous() for value in network().first_state(2).values())


def spoiled(change):
    net = network()
    state = dict(net(X[:, :5]).state)
    change(state)
    return net(X[:, 5:], state=state)


WRONG = {
    "lacks": (lambda state: state.pop("readout"), "the state lacks 'readout'"),
    "is empty": (lambda state: state.clear(), "the state lacks"),
    "more": (lambda state: state.update({"variables/one/w": X[:, 0]}), "unknown part of a state: 'variables/one/w'"),
    "streams": (lambda state: state.update({"readout": state["readout"][:2]}), r"shape \(3, 3\) for 3 streams"),
}


@pytest.mark.parametrize("case", WRONG)
def test_states_that_do_not_fit(case):
    change, message = WRONG[case]
    with pytest.raises(PlasticityError, match=message):
        spoiled(change)


def test_states_that_do_not_fit_compiled_networks():
    net = network(loop=False, backend="compiled")
    with pytest.raises(PlasticityError, match="for 2 streams, got"):
        net(X[:2], state=net(X).state)
    with pytest.raises(PlasticityError, match="the state lacks"):
        net(X, state={})
