"""Gradient rules of layered and of rate networks against loops; the exact oracle; alignment."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from reference import credit_layers as reference
from sklearn.datasets import load_digits

from plasticity import Input, Network, PlasticityError, Population, Projection, RefusedError
from plasticity import rules as all_rules
from plasticity.comparison.alignment import alignment
from plasticity.engines.gradient.exact import gradients, learning_signals, rtrl
from plasticity.engines.gradient.losses import cross_entropy, cumulative_cross_entropy, mse, rate_regularisation
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import triangular
from plasticity.neurons import snu
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import dfa, eprop, feedback_alignment, ottt, rflo, sltt, truncated_bptt
from plasticity.rules.paths import GradientRule, Paths

DT, STEPS, N_IN, N1, N2, N_OUT = 1e-3, 40, 6, 5, 4, 2
TAU, TAU_OUT, THRESHOLD = 12e-3, 8e-3, 0.6
P, KAPPA = math.exp(-DT / TAU), math.exp(-DT / TAU_OUT)
rng = np.random.default_rng(11)
X, TARGET = (rng.random((STEPS, N_IN)) < 0.4) * 1.0, rng.normal(size=(STEPS, N_OUT))
W1, W2, W_OUT = rng.normal(size=(N_IN, N1)) * 0.4, rng.normal(size=(N1, N2)), rng.normal(size=(N2, N_OUT))
NEURON = lsnn_neuron(TAU, THRESHOLD)


def layers(rule, second=(), readout=None, **options):
    network = Network(
        inputs=(Input("in", N_IN),), populations=(Population("one", N1, NEURON), Population("two", N2, NEURON)), dt=DT,
        projections=(Projection("in", "one", W1, onto="x"), Projection("one", "two", W2, onto="x"), *second))
    return GradientNetwork(network, readout or LeakyReadout("two", N_OUT, TAU_OUT, weights=W_OUT), rule,
                           triangular(0.3, THRESHOLD), dtype=torch.float64, **options)


def objective(run):
    wanted = torch.tensor(TARGET)[None].expand_as(run.outputs)
    return mse(factor=0.5, steps="sum", batch="sum")(run.outputs, wanted)


def agree(found, expected, tolerance=1e-10):
    expected = torch.as_tensor(np.asarray(expected))
    assert expected.abs().max() > 1e-6
    assert (found - expected).abs().max() / expected.abs().max() < tolerance


def of(net, x=X):
    found = gradients(net, torch.tensor(x)[None], objective)
    return [found[name] for name in ("weights.in->one", "weights.one->two", "readouts.two")]


COMMON = (X, W1, W2, W_OUT, lambda y, t: y[t] - TARGET[t], P, THRESHOLD, KAPPA, 0.3)


def test_bptt_of_two_layers():
    for found, expected in zip(of(layers("bptt")), reference.backward(*COMMON, back_out=W_OUT.T, back2=W2.T),
                               strict=True):
        agree(found, expected)


def test_feedback_alignment_replaces_all_transposed_weights():
    net = layers(feedback_alignment(), seed=4)
    back_out = net.feedback["two"].detach().numpy()
    back2 = net.transport["one->two"].detach().numpy().T
    assert abs(back2 - W2.T).max() > 0.1
    for found, expected in zip(of(net), reference.backward(*COMMON, back_out=back_out, back2=back2), strict=True):
        agree(found, expected)


def test_direct_feedback_alignment_broadcasts_the_error():
    net = layers(dfa(), seed=4)
    back = {name: b.detach().numpy() for name, b in net.feedback.items()}
    expected = reference.backward(*COMMON, back_out=back["two"], back2=W2.T, direct1=back["one"])
    for found, whole in zip(of(net), expected, strict=True):
        agree(found, whole)


@pytest.mark.parametrize(("rule", "traces"), [(ottt(), True), (sltt(), False)], ids=["ottt", "sltt"])
def test_errors_that_pass_layers_in_their_own_step(rule, traces):
    for found, expected in zip(of(layers(rule)), reference.step_by_step(*COMMON, traces=traces), strict=True):
        agree(found, expected)


def test_local_losses():
    net = layers("decolle", seed=5)
    found = gradients(net, torch.tensor(X)[None], lambda run: run.error(
        torch.tensor(TARGET)[None], mse(factor=0.5, steps="sum", batch="sum")))
    local = [net.local[name].detach().numpy() for name in ("one", "two")]
    expected = reference.step_by_step(*COMMON, traces=True, local=local)
    for name, whole in zip(("weights.in->one", "weights.one->two", "readouts.two"), expected, strict=True):
        agree(found[name], whole)
    assert "local.one" not in found


def one_hot(run):
    wished = torch.tensor(HOT)[None].expand_as(run.outputs)
    return run.error(wished, mse(last=LAST, factor=0.5, steps="sum", batch="sum"))


HOT, LAST = np.eye(N_OUT)[1][None].repeat(STEPS, 0), 30


@pytest.mark.parametrize("rule", ["drtp", "etlp"])
def test_targets_in_place_of_errors(rule):
    """Each population hears B target in the steps that count; the readout alone learns from its error."""
    net = layers(rule, seed=5)
    found = gradients(net, torch.tensor(X)[None], one_hot)
    told = [net.local[name].detach().numpy() for name in ("one", "two")]
    counts = (np.arange(STEPS) >= STEPS - LAST) * 1.0
    expected = reference.told(X, W1, W2, W_OUT, lambda y, t: counts[t] * (y[t] - HOT[t]), counts[:, None] * HOT, told,
                              P, THRESHOLD, KAPPA, 0.3, reset=rule == "drtp")
    for name, whole in zip(("weights.in->one", "weights.one->two", "readouts.two"), expected, strict=True):
        agree(found[name], whole)
    assert "local.one" not in found and told[0].shape == (N1, N_OUT)


def test_a_target_has_the_weight_that_the_loss_gives_it():
    """Mean over steps and batch; a loss on the sum over a presentation counts every step; anything else is refused."""
    net, x, label = layers("drtp"), torch.tensor(np.stack([X, X[::-1]])), torch.tensor([1, 1])
    summed_, mean = (gradients(net, x, lambda run, how=how: run.error(label, cross_entropy(steps=how, batch=how)))
                     for how in ("sum", "mean"))
    once = gradients(net, x, lambda run: run.error(label, cumulative_cross_entropy(batch="sum")))
    for name in ("weights.in->one", "weights.one->two"):
        agree(mean[name] * STEPS * 2, summed_[name])
        agree(once[name], summed_[name])
    with pytest.raises(RefusedError, match="wishes in every step"):
        net(x).error(label, lambda y, target: y.sum())


def test_ostl_traces_what_happens_within_layers():
    for found, expected in zip(of(layers("ostl")), reference.within_layers(*COMMON), strict=False):
        agree(found, expected)


def test_ostl_of_one_recurrent_layer_is_the_gradient():
    network = Network(inputs=(Input("in", N_IN),), populations=(Population("one", N1, NEURON),), dt=DT, projections=(
        Projection("in", "one", W1, onto="x"), Projection("one", "one", 0.3 * np.eye(N1)[::-1] - 0.2, onto="x")))
    readout = LeakyReadout("one", N_OUT, 0.0, weights=np.random.default_rng(0).normal(size=(N1, N_OUT)))
    nets = [GradientNetwork(network, readout, rule, triangular(0.3, THRESHOLD), dtype=torch.float64)
            for rule in ("ostl", "bptt", "sltt")]
    ostl, bptt, sltt_ = (gradients(net, torch.tensor(X)[None], objective)["weights.one->one"] for net in nets)
    agree(ostl, bptt)
    assert (sltt_ - bptt).abs().max() > 0.1 * bptt.abs().max()


def test_truncation_is_backpropagation_through_each_piece():
    """With 4 steps in a piece, what happens before a piece is a constant for all later ones."""
    whole, piece = of(layers("bptt")), of(layers(truncated_bptt(STEPS)))
    for one, other in zip(whole, piece, strict=True):
        agree(one, other, 1e-15)
    short = of(layers(truncated_bptt(4)))[0]
    assert (short - whole[0]).abs().max() > 0.01 * whole[0].abs().max()
    net, total = layers("bptt"), torch.zeros(N_IN, N1, dtype=torch.float64)
    weights, (x,) = net.effective(), torch.tensor(X)[None, None]
    from plasticity.engines.gradient.stepping import cut, start
    states = {name: start(part, 1, net.rule.paths) for name, part in net.cells.items()}
    y = torch.zeros(1, N_OUT, dtype=torch.float64)
    drives = net.drives({"in": x}, weights, STEPS)
    error = 0.0
    for now in range(STEPS):
        if now % 4 == 0 and now:
            total += torch.autograd.grad(error, net.weights["in->one"], retain_graph=True)[0]
            states, y, error = {name: cut(state) for name, state in states.items()}, y.detach(), 0.0
        sent = {name: [] for name in net.cells}
        states = net.step(states, drives[now], sent, weights, now)
        y = KAPPA * y + (1 - KAPPA) * sent["two"][0].sent @ net.readouts["two"]
        error = error + ((y - torch.tensor(TARGET[now])) ** 2).sum() / 2
    total += torch.autograd.grad(error, net.weights["in->one"])[0]
    agree(short, total)


def rate_network(rule, **options):
    w = np.random.default_rng(2)
    network = Network(inputs=(Input("in", N_IN),), populations=(Population("rec", N1, rate_neuron(0.2)),), dt=DT,
                      projections=(Projection("in", "rec", w.normal(size=(N_IN, N1)), onto="x"),
                                   Projection("rec", "rec", w.normal(size=(N1, N1)), onto="x")))
    return GradientNetwork(network, LeakyReadout("rec", N_OUT, 0.0, weights=w.normal(size=(N1, N_OUT))), rule,
                           dtype=torch.float64, **options)


def test_rflo():
    net = rate_network(rflo())
    w = {name: p.detach().numpy() for name, p in net.named_parameters()}
    *expected, outputs = reference.rflo(X, w["weights.in->rec"], w["weights.rec->rec"], w["readouts.rec"],
                                        w["feedback.rec"], TARGET, 0.2)
    found = gradients(net, torch.tensor(X)[None], objective)
    np.testing.assert_allclose(net(torch.tensor(X)[None]).outputs[0].detach(), outputs, atol=1e-13)
    for name, whole in zip(("weights.in->rec", "weights.rec->rec"), expected, strict=True):
        agree(found[name], whole)


def test_backpropagation_is_the_slope_of_the_loss():
    """Two populations of rate neurons with masks, delays, scales, a bias: against differences of the loss."""
    w, neuron = np.random.default_rng(3), rate_neuron(0.2)
    network = Network(
        inputs=(Input("in", N_IN),), populations=(Population("one", N1, neuron), Population("two", N2, neuron)), dt=DT,
        projections=(Projection("in", "one", w.normal(size=(N_IN, N1)), onto="x", axonal_delay=1e-3),
                     Projection("one", "one", -0.5, connect="all_but_self", onto="x"),
                     Projection("one", "two", w.normal(size=(N1, N2)), onto="x", axonal_delay=3e-3, scale=0.7),
                     Projection("two", "one", w.normal(size=(N2, N1)), onto="x", connect="sparse",
                                mask=w.random((N2, N1)) < 0.7)))
    net = GradientNetwork(network, LeakyReadout(("one", "two"), N_OUT, TAU_OUT, bias=True), dtype=torch.float64)
    found = gradients(net, torch.tensor(X)[None], objective)
    assert (found["weights.two->one"] == 0).any() and torch.diag(found["weights.one->one"]).abs().max() == 0
    for name, p in net.named_parameters():
        for place in ((0, 1), (2, 0)) if p.ndim == 2 else ((1,),):
            values, h = [], 1e-5
            for move in (h, -2 * h):
                with torch.no_grad():
                    p[place] += move
                    values.append(objective(net(torch.tensor(X)[None])).item())
            with torch.no_grad():
                p[place] += h
            assert found[name][place].item() == pytest.approx((values[0] - values[1]) / (2 * h), rel=1e-6, abs=1e-9)


LOOP = (Projection("two", "one", 0.3 * np.random.default_rng(1).normal(size=(N2, N1)), onto="x"),
        Projection("two", "two", 0.5 * np.random.default_rng(2).normal(size=(N2, N2)), onto="x"))


@pytest.mark.parametrize("rule", ["bptt", eprop("symmetric"), eprop("symmetric", reset=True, autapse=True),
                                  truncated_bptt(7), GradientRule("open", Paths(recurrent=False))],
                         ids=["bptt", "eprop", "eprop_own", "truncated", "layers"])
def test_the_exact_oracle_follows_the_same_paths(rule):
    """Two populations in a loop, a loss on outputs and on spikes: forward in time and backward in time agree."""
    readout = LeakyReadout(("one", "two"), N_OUT, TAU_OUT, bias=True)
    net = layers(rule, LOOP, readout)
    regular = rate_regularisation(20.0, 10.0, DT, batch="sum")
    x = torch.tensor(2 * np.stack([X, X[::-1]])[:, :14])
    wanted = torch.tensor(np.stack([TARGET[:14]] * 2))

    def whole(run):
        outputs = run.outputs if net.rule.paths.truncate is None else run.outputs.detach()  # its filter is cut as well
        return (mse(factor=0.5, steps="sum", batch="sum")(outputs, wanted) + regular(run.spikes["one"])
                + regular(run.spikes["two"]))

    assert net(x).spikes["one"].sum() > 10 and net(x).spikes["two"].sum() > 5
    exact, found = rtrl(net, x, whole), gradients(net, x, whole)
    assert exact.keys() == found.keys()
    for name in found:
        scale = max(exact[name].abs().max(), 1e-9)
        assert (found[name] - exact[name]).abs().max() / scale < 1e-10, name


def test_the_ideal_learning_signal_times_the_eligibility_is_the_gradient():
    """Equation 1 of Bellec et al. 2020, with dE/dz through everything: the factorisation is exact."""
    from reference.credit import Setting, _synapse, simulate
    beta, tau_a, w = 0.3, 40e-3, np.random.default_rng(6)
    w_in, w_rec, w_out = w.normal(size=(N_IN, N1)) * 0.4, w.normal(size=(N1, N1)) * 0.4, w.normal(size=(N1, N_OUT))
    for reset in ("subtract_delayed", "subtract", "fixed"):
        network = Network(inputs=(Input("in", N_IN),), dt=DT,
                          populations=(Population("rec", N1, lsnn_neuron(TAU, THRESHOLD, tau_a, beta, 2e-3,
                                                                         reset=reset)),),
                          projections=(Projection("in", "rec", w_in, onto="x"),
                                       Projection("rec", "rec", w_rec, onto="x")))
        net = GradientNetwork(network, LeakyReadout("rec", N_OUT, TAU_OUT, weights=w_out), "bptt",
                              triangular(0.3, THRESHOLD), dtype=torch.float64)
        signal = learning_signals(net, torch.tensor(X)[None], objective)["rec"][0].numpy()
        s = Setting(P, 1.0, math.exp(-DT / tau_a), np.full(N1, beta), THRESHOLD, 2, reset, 0.0, 0.3)
        h = simulate(X, w_in, w_rec, w_out, s)
        product = [[_synapse(h.z[:, i], j, signal[:, j], h, s) for j in range(N1)] for i in range(N1)]
        agree(gradients(net, torch.tensor(X)[None], objective)["weights.rec->rec"], product)


def test_a_spiking_map_carries_credit_through_its_own_silence():
    """In s <- x + d s (1 - y), y = s > threshold, both s and y depend on the last s: forward in time by hand."""
    network = Network(inputs=(Input("in", 1),), populations=(Population("one", 1, snu(0.9)),), dt=DT,
                      projections=(Projection("in", "one", np.array([[0.4]]), onto="x"),))
    for rule, reset in (("bptt", 1.0), (eprop("symmetric"), 0.0)):
        net = GradientNetwork(network, LeakyReadout("one", 1, 0.0, weights=np.ones((1, 1))), rule, triangular(0.3, 1.0),
                              dtype=torch.float64)
        x = X[None, :, :1]
        found = gradients(net, torch.tensor(x), lambda run: (run.outputs ** 2).sum() / 2)["weights.in->one"].item()
        s = ds = y = dy = total = last = 0.0
        for now in x[0, :, 0]:
            s, ds = 0.4 * last + 0.9 * s * (1 - y), last + 0.9 * (ds * (1 - y) - reset * s * dy)
            y = float(s > 1)
            dy = 0.3 * max(0.0, 1 - abs(s - 1)) * ds
            total, last = total + y * dy, now
        assert found == pytest.approx(total, rel=1e-12)
        assert total != 0


def test_alignment_of_rules():
    net = layers("bptt", seed=3)
    x = torch.tensor(X)[None]
    own = alignment(net, x, objective)
    assert all(found.cosine == pytest.approx(1) and found.norm == pytest.approx(1) for found in own.values())
    random = alignment(net, x, objective, "dfa")
    assert set(random) == set(own)
    assert random["readouts.two"].cosine == pytest.approx(1)
    assert abs(random["weights.in->one"].cosine) < 0.99
    for steps, least, most in ((STEPS, 0.999999, 1.1), (4, -1, 0.9)):
        assert least < alignment(net, x, objective, truncated_bptt(steps))["weights.in->one"].cosine < most


def test_shared_parameters_under_another_rule():
    net = layers("bptt")
    other = net.with_rule("sltt")
    assert other.weights["in->one"] is net.weights["in->one"]
    assert torch.equal(other(torch.tensor(X)[None]).outputs, net(torch.tensor(X)[None]).outputs)


@pytest.mark.parametrize(("rule", "message"), [
    (eprop("symmetric"), "brings no error to population 'one'"),
    (eprop("random"), "broadcasts the error"),
    (rflo(), "brings no error"),
])
def test_rules_that_leave_a_layer_without_error_are_refused(rule, message):
    with pytest.raises(RefusedError, match=message):
        layers(rule)


def test_broadcast_lets_eprop_train_layers():
    found = gradients(layers(eprop("random", broadcast=True)), torch.tensor(X)[None], objective)
    assert found["weights.in->one"].abs().max() > 0


def test_rules_by_name():
    for name in all_rules.KINDS["credit"]:
        rule = all_rules.make(name.replace("_", "-"))
        assert rule.name == name and rule.words and rule.memory and rule.source
    assert all_rules.make("eprop(feedback=symmetric, reset=True)") == eprop("symmetric", reset=True)
    with pytest.raises(PlasticityError, match="did you mean 'bptt'"):
        all_rules.make("bpt")
    with pytest.raises(PlasticityError, match="unexpected keyword"):
        all_rules.make("bptt", steps=3)
    with pytest.raises(PlasticityError, match="feedback"):
        eprop("sideways")
    with pytest.raises(PlasticityError, match="truncate"):
        truncated_bptt(0)
    with pytest.raises(PlasticityError, match="broadcast needs"):
        GradientRule("odd", broadcast=True)
    with pytest.raises(RefusedError, match="symmetric feedback"):
        rtrl(layers(dfa()), torch.tensor(X)[None], objective)


def test_a_hidden_layer_learns_from_targets():
    """Held-out digits, coded as spikes: both rules against the same network with fixed first weights."""
    pixels, labels = load_digits(return_X_y=True)
    draw = torch.Generator().manual_seed(0)
    x = (torch.rand(1000, 12, 64, generator=draw) < 0.6 * torch.tensor(pixels[:1000, None] / 16)).float()
    y, w = torch.tensor(labels[:1000]), np.random.default_rng(0).normal(size=(64, 30)) / 8
    network = Network((Input("in", 64),), (Population("hid", 30, lsnn_neuron()),),
                      (Projection("in", "hid", w, onto="x"),))

    def accuracy(rule, **options):
        net = GradientNetwork(network, LeakyReadout("hid", 10), rule, triangular(0.3, 0.6), dtype=torch.float32,
                              **options)
        optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.01)
        for batch in torch.randperm(800, generator=torch.Generator().manual_seed(1)).repeat(4).split(50):
            optimiser.zero_grad()
            net(x[batch]).error(y[batch], cross_entropy()).backward()
            optimiser.step()
        with torch.no_grad():
            return (net(x[800:]).outputs.mean(1).argmax(1) == y[800:]).double().mean().item()

    fixed = accuracy("bptt", frozen=("in->hid",))
    assert min(accuracy("drtp"), accuracy("etlp")) > fixed + 0.05, fixed
