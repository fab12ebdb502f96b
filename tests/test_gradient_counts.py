"""A population as output: its spikes are the outputs, credit reaches it directly, and losses on spikes work on it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support.gradient_cases import NETWORKS

from plasticity import PlasticityError, RefusedError
from plasticity.engines.gradient.exact import gradients, learning_signals, rtrl
from plasticity.engines.gradient.losses import (
    bernoulli,
    cross_entropy,
    cumulative_cross_entropy,
    mse,
    spike_count_mse,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.online import online_gradients
from plasticity.engines.gradient.support import refusal
from plasticity.readout.counts import Counts, counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import (
    bptt,
    decolle,
    dfa,
    drtp,
    eprop,
    etlp,
    feedback_alignment,
    ostl,
    ottt,
    rflo,
    sltt,
    truncated_bptt,
)

N_IN, N = 36, 8
X = (torch.rand(2, 14, N_IN, generator=torch.Generator().manual_seed(1)) < 0.4).double()
LABELS = torch.tensor([0, 5])
LAYERS, _ = NETWORKS["layers, the last is read"]()
LOOPS, _ = NETWORKS["recurrent layers"]()


def built(rule="bptt", network=LAYERS, **options):
    return GradientNetwork(network, counts("b"), rule, dtype=torch.float64, **options)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_outputs_are_the_spikes(backend):
    net = built(backend=backend)
    run = net(X)
    assert run.outputs is run.spikes["b"] and run.spiking and net.readout == Counts("b", N)
    assert {name.partition(".")[0] for name, _ in net.named_parameters()} == {"weights"}
    assert 20 < run.outputs.sum() < 0.9 * run.outputs.numel()


@pytest.mark.parametrize("loss", [spike_count_mse(4, 1), cumulative_cross_entropy(), cross_entropy()],
                         ids=lambda loss: loss.name)
@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_gradients_are_those_of_a_loss_on_the_spikes(loss, backend):
    """The same as without a readout, where the loss is on the spikes by hand."""
    plain = GradientNetwork(LOOPS, None, "bptt", dtype=torch.float64, backend="autograd")
    weight = torch.tensor([1.0, 3.0])
    wanted = gradients(plain, X, lambda run: loss(run.spikes["b"], LABELS, weight))
    found = gradients(built("bptt", LOOPS, backend=backend), X, lambda run: run.error(LABELS, loss, weight))
    assert found.keys() == wanted.keys()
    for name, g in wanted.items():
        assert g.abs().max() > 0
        torch.testing.assert_close(found[name], g, rtol=0, atol=1e-12)


TEACHES = [bptt(), truncated_bptt(5), eprop("symmetric", broadcast=False), eprop("random", broadcast=True), ottt(),
           ostl(), sltt(), feedback_alignment(), dfa()]


@pytest.mark.parametrize("rule", TEACHES, ids=lambda rule: f"{rule.name} {rule.feedback}")
def test_rules_that_the_error_teaches(rule):
    """Each reaches the counted population directly, and the one below it by its own ways or not at all."""
    frozen = () if rule.paths.layers != "cut" or rule.broadcast else ("in->a",)
    for backend in ("autograd", "compiled"):
        found = gradients(built(rule, frozen=frozen, backend=backend), X, lambda run: run.error(
            LABELS, cumulative_cross_entropy()))
        assert all(g.isfinite().all() and g.abs().max() > 0 for g in found.values()), found
        assert len(found) == 2 - len(frozen)


@pytest.mark.parametrize("rule", [eprop("random", broadcast=True), dfa().with_(reset=False)], ids=["eprop", "dfa"])
def test_the_error_is_broadcast_to_the_others_only(rule):
    """dE/dz of the counted population is the loss's own; below, it comes over fixed random weights [outputs, n]."""
    net = built(rule)
    assert {*net.feedback} == {"a"} and net.feedback["a"].shape == (N, N)
    z = net(X).spikes["b"].detach().requires_grad_()
    error = torch.autograd.grad(mse()(z, torch.zeros_like(z)), z)[0]
    signals = learning_signals(net, X, lambda run: mse()(run.outputs, torch.zeros_like(run.outputs)))
    torch.testing.assert_close(signals["b"], error)
    torch.testing.assert_close(signals["a"], error @ net.feedback["a"])
    given = np.ones((N, N))
    assert (built(rule, feedback={"a": given}).feedback["a"] == 1).all()
    with pytest.raises(PlasticityError, match="hears feedback"):
        built(rule, feedback={"b": given})


def test_forward_in_time_it_is_the_same_gradient():
    net = GradientNetwork(NETWORKS["recurrent"]().network, counts("a"), dtype=torch.float64)

    def objective(run):
        return run.error(LABELS[:1], spike_count_mse(4, 1)) + run.spikes["a"][:, 2:].mean()

    wanted, found = gradients(net, X[:1, :8], objective), rtrl(net, X[:1, :8], objective)
    assert found.keys() == wanted.keys()
    for name, g in wanted.items():
        assert g.abs().max() > 0
        torch.testing.assert_close(found[name], g, rtol=0, atol=1e-12)


def test_it_learns_to_spike_for_the_label():
    labels = torch.arange(16) % 4
    rates = 0.1 + 0.4 * (torch.arange(N_IN) // 9 == labels[:, None])
    x = (torch.rand(16, 14, N_IN, generator=torch.Generator().manual_seed(2)) < rates[:, None]).double()
    net, loss = built(), spike_count_mse(8, 2)
    optimiser, errors = torch.optim.Adam(net.parameters(), lr=0.01), []
    for _ in range(100):
        optimiser.zero_grad()
        run = net(x)
        errors.append(run.error(labels, loss))
        errors[-1].backward()
        optimiser.step()
    assert errors[-1] < 0.1 * errors[0] and (run.outputs.sum(1).argmax(1) == labels).double().mean() > 0.8


REFUSED = {
    "local losses": (lambda: built(decolle()), "nothing would teach which neuron of 'b'"),
    "targets": (lambda: built(drtp()), "use a leaky readout, or a rule that the readout's error teaches"),
    "targets in traces": (lambda: built(etlp()), "rule 'etlp' teaches each population over weights of its own"),
    "adaptive feedback": (lambda: built(eprop("adaptive")), "counted without weights; use feedback='symmetric'"),
    "nothing below": (lambda: built(rflo()), "brings no error to population 'a'"),
    "online": (lambda: online_gradients(built(eprop("symmetric"), frozen=("in->a",)), X, LABELS, cross_entropy()),
               "takes a leaky readout"),
    "log odds of spikes": (lambda: built()(X).error(torch.zeros(2, 14, N), bernoulli()), "log odds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_learn_from_counts_is_refused(case):
    make, message = REFUSED[case]
    with pytest.raises(RefusedError, match=message):
        make()


def test_wrong_populations():
    assert "leaky readout" in refusal(LAYERS, Counts("b"), "decolle") and not refusal(LAYERS, Counts("b"))
    with pytest.raises(PlasticityError, match="unknown population for the readout: 'c'"):
        GradientNetwork(LAYERS, counts("c"))
    with pytest.raises(PlasticityError, match="unknown population for the readout: 'in'"):
        GradientNetwork(LAYERS, LeakyReadout("in", 3))
    with pytest.raises(PlasticityError, match="one output per neuron, 8, and 3 are asked for; give population 'b' 3"):
        GradientNetwork(LAYERS, Counts("b", 3))
    with pytest.raises(PlasticityError, match="name of one population"):
        Counts(("a", "b"))


def test_the_last_population_is_counted_where_none_is_named():
    assert GradientNetwork(LAYERS, counts()).readout == Counts("b", N) and Counts().sources == ()
