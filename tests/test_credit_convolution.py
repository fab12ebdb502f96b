"""Convolutions and pools of gradient networks: the dense projection they amount to, with every rule and every path."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import plasticity
from plasticity import Input, Network, Population, Projection, RefusedError, networks
from plasticity import rules as all_rules
from plasticity.encoding import catalogue as encoders
from plasticity.engines.gradient import convolution
from plasticity.engines.gradient.checks import presented
from plasticity.engines.gradient.connections import Credit, connections, transmit
from plasticity.engines.gradient.exact import gradients, rtrl
from plasticity.engines.gradient.losses import cross_entropy, mse, rate_regularisation
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.operators import operator
from plasticity.network.window import Window
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

STEPS, BATCH, N_OUT = 16, 3, 3
rng = np.random.default_rng(5)
FIRST = Window((1, 6, 6), 3, channels=2)                              # 36 -> 2 x 4 x 4
LOOP = Window((2, 4, 4), 3, channels=2, padding=1)                    # onto itself
POOL = Window((2, 4, 4), 2, channels=2, stride=2)                     # -> 2 x 2 x 2
WIDE = Window((2, 4, 4), (3, 2), channels=3, stride=(2, 1), padding=(1, 2))  # -> 3 x 2 x 7
X = torch.tensor((rng.random((BATCH, STEPS, FIRST.n_pre)) < 0.3) * 1.0, dtype=torch.float64)
LABELS = torch.tensor([0, 2, 1])
W = {"in->one": rng.normal(size=(FIRST.fan_in, 2)) * 0.5, "one->one": rng.normal(size=(LOOP.fan_in, 2)) * 0.2,
     "one->two": rng.normal(size=(WIDE.fan_in, 3)) * 0.6, "pool->two": rng.normal(size=(POOL.n_post, WIDE.n_post))}
WINDOWS = {"in->one": FIRST, "one->one": LOOP, "one->two": WIDE}


def network(dense: bool, pool="average_pool"):
    """Convolutions of the input, onto itself and between layers, and a pool; or the same with dense weights."""
    def windowed(pre, post, delay=0.0):
        name, window = f"{pre}->{post}", WINDOWS[f"{pre}->{post}"]
        if dense:
            return Projection(pre, post, window.dense(W[name]), onto="x", axonal_delay=delay, scale=0.9,
                              connect="sparse", mask=window.mask)
        return Projection(pre, post, W[name], connect="convolution", window=window, onto="x", axonal_delay=delay,
                          scale=0.9)

    pooled = (Projection("one", "pool", 1.3 * POOL.average(), onto="x") if dense and pool == "average_pool" else
              Projection("one", "pool", 1.3, connect=pool, window=POOL, onto="x"))
    populations = (Population("one", LOOP.n_post, lsnn_neuron(beta=0.1)),
                   Population("pool", POOL.n_post, lsnn_neuron()),
                   Population("two", WIDE.n_post, lsnn_neuron(refractory=2e-3)))
    return Network(inputs=(Input("in", FIRST.n_pre),), populations=populations, projections=(
        windowed("in", "one", 1e-3), windowed("one", "one"), windowed("one", "two", 1e-3), pooled,
        Projection("pool", "two", W["pool->two"], onto="x")))


def built(rule, dense=False, **options):
    settings = {"readout": LeakyReadout(("one", "pool", "two"), N_OUT), "dtype": torch.float64, "seed": 3,
                "backend": "autograd"} | options
    return GradientNetwork(network(dense), rule=rule, **settings)


def objective(run):
    regular = sum(rate_regularisation(3.0, 40.0, 1e-3)(z) for z in run.spikes.values())
    return run.error(LABELS, cross_entropy(steps="sum")) + regular


def folded(window, g):
    """What a gradient of dense weights amounts to for the shared ones."""
    pre, post, place, channel = window.synapses
    found = np.zeros((window.fan_in, window.channels))
    np.add.at(found, (place, channel), g.numpy()[pre, post])
    return torch.tensor(found)


def same_fixed_weights(conv, dense):
    """Gives the dense network what was drawn for the convolutional one, written out."""
    for name in ("readouts", "feedback", "local", "transport"):
        for part, w in getattr(conv, name).items():
            values = w.detach()
            if part in WINDOWS and name == "transport":
                values = torch.tensor(WINDOWS[part].dense(values.numpy()))
            getattr(dense, name)[part].data = values.clone()
    for part in dense.transport.keys() - conv.transport.keys():  # a pool, whose error goes back as it came
        dense.transport[part].data = dense.weights[part].detach().clone()


RULES = {**{name: all_rules.make(name) for name in all_rules.KINDS["credit"]},
         "open": eprop("symmetric", reset=True, autapse=True),
         "bare": eprop("symmetric"), "loops": all_rules.make("bptt").with_(autapse=False)}


@pytest.mark.parametrize("name", RULES)
def test_a_convolution_is_its_dense_projection(name):
    conv, dense = built(RULES[name]), built(RULES[name], dense=True, frozen=("one->pool",))
    same_fixed_weights(conv, dense)
    run, wanted = conv(X), dense(X)
    for population, z in run.spikes.items():
        assert torch.equal(z, wanted.spikes[population])
        assert 0.02 < z.mean() < 0.8, population
    found, expected = gradients(conv, X, objective), gradients(dense, X, objective)
    assert "weights.one->pool" not in found and found.keys() == expected.keys()
    for part, g in found.items():
        _, _, projection = part.partition(".")
        whole = folded(WINDOWS[projection], expected[part]) if projection in WINDOWS else expected[part]
        assert whole.abs().max() > 1e-8 and g.shape == whole.shape
        assert (g - whole).abs().max() <= 1e-10 * whole.abs().max(), part


def test_the_way_back_through_a_loop_is_split_into_own_and_others():
    """Of a convolution onto the same maps, the centre of a map's own kernel is a neuron's weight onto itself."""
    (connection,) = [part for part in connections(network(False)) if part.to_itself]
    w, sent = torch.tensor(W["one->one"]), torch.ones(2, LOOP.n_post, dtype=torch.float64, requires_grad=True)
    full = torch.tensor(LOOP.dense(W["one->one"]))
    for others, own, way in ((True, True, full), (False, True, torch.diag(torch.diagonal(full))),
                             (True, False, full - torch.diag(torch.diagonal(full)))):
        error = torch.tensor(np.random.default_rng(1).normal(size=(2, LOOP.n_post)))
        (g,) = torch.autograd.grad((transmit(connection, sent, w, Credit(others, own)) * error).sum(), sent)
        torch.testing.assert_close(g, error @ way.T, rtol=0, atol=1e-12)
    assert not transmit(connection, sent, w, Credit(False, False)).requires_grad


@pytest.mark.parametrize("lead", [(4,), (2, 5), (2, 3, 4)])
def test_operators_take_any_leading_dimensions(lead):
    x = torch.tensor(np.random.default_rng(0).normal(size=(*lead, WIDE.n_pre)))
    flat = x.reshape(-1, WIDE.n_pre)
    w, number = torch.tensor(W["one->two"]), torch.tensor(0.7, dtype=torch.float64)
    wide = Projection("one", "two", W["one->two"], connect="convolution", window=WIDE)
    torch.testing.assert_close(operator(wide).product(x, w).reshape(-1, WIDE.n_post),
                               flat @ torch.tensor(WIDE.dense(W["one->two"])))
    around = Window((2, 4, 4), (3, 2), channels=2, stride=(2, 1), padding=(2, 1))
    average = operator(Projection("one", "two", 0.7, connect="average_pool", window=around)).product(x, number)
    torch.testing.assert_close(average.reshape(-1, around.n_post), 0.7 * flat @ torch.tensor(around.average()))
    highest = operator(Projection("one", "two", 0.7, connect="max_pool", window=around)).product(x, number)
    assert highest.shape == (*lead, around.n_post)
    np.testing.assert_allclose(highest.reshape(-1, around.n_post), 0.7 * largest(flat.numpy(), around))


def largest(x, window):
    """The largest value in each window, silence (0) around the maps, by loops."""
    patches = window.patches.reshape(window.positions, window.shape[0], -1)
    found = np.zeros((len(x), window.n_post))
    for sample, values in enumerate(x):
        for position, channels in enumerate(patches):
            for channel, places in enumerate(channels):
                found[sample, channel * window.positions + position] = max(
                    values[place] if place >= 0 else 0.0 for place in places)
    return found


def test_a_max_pool_sends_credit_to_the_first_of_the_highest():
    """1 where any neuron spiked; of several spikes, and where none came, the first neuron of the window is credited."""
    window = Window((1, 2, 4), 2, stride=2)
    spikes = torch.tensor([[0.0, 1, 0, 0, 1, 1, 0, 0]], requires_grad=True)  # rows 0100 and 1100: windows 01/11, 00/00
    pool = operator(Projection("a", "b", 2.0, connect="max_pool", window=window))
    sent = pool.product(spikes, torch.tensor(2.0))
    assert sent.tolist() == [[2.0, 0.0]]
    (g,) = torch.autograd.grad((sent * torch.tensor([[1.0, 3.0]])).sum(), spikes)
    assert g.tolist() == [[0, 2, 6, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("rule", ["bptt", "ottt", "sltt", "feedback_alignment", "ostl"])
def test_a_max_pool_in_a_network(rule):
    """Against indexing: the spike that a window sends is the one of its first spiking neuron."""
    def shown(pool):
        net = GradientNetwork(network(False, "max_pool"), LeakyReadout("two", N_OUT), rule, dtype=torch.float64, seed=2,
                              backend="autograd")
        if pool is not None:
            net.connections = tuple(replaced(connection, pool) if connection.name == "one->pool" else connection
                                    for connection in net.connections)
        return gradients(net, X, objective), net(X).spikes

    found, spikes = shown(None)
    expected, wanted = shown(indexed)
    assert spikes["pool"].sum() > 20 and found["weights.in->one"].abs().max() > 1e-6
    for name, z in wanted.items():
        assert torch.equal(z, spikes[name])
    for name, g in expected.items():
        torch.testing.assert_close(found[name], g, rtol=1e-10, atol=1e-12)


def replaced(connection, product):
    return replace(connection, operator=replace(connection.operator, product=product))


def indexed(spikes, number):
    """Max pooling by a gather of the winner that argmax names."""
    patches = torch.tensor(POOL.patches).reshape(POOL.positions, 2, -1).transpose(0, 1).reshape(POOL.n_post, -1)
    seen = spikes[..., patches]
    return number * seen.gather(-1, seen.argmax(-1, keepdim=True))[..., 0]


def test_a_pool_of_an_input_and_of_itself():
    described = Network(inputs=(Input("in", POOL.n_pre),), populations=(Population("out", POOL.n_post, lsnn_neuron()),),
                        projections=(Projection("in", "out", 1.0, connect="max_pool", window=POOL, onto="x"),))
    net = GradientNetwork(described, LeakyReadout("out", N_OUT), dtype=torch.float64)
    x = torch.zeros(1, 3, POOL.n_pre, dtype=torch.float64)
    x[0, 0, [0, 1, 16]] = 1
    assert net(x).spikes["out"][0].nonzero().tolist() == [[1, 0], [1, 4]]
    loss = mse()
    assert set(gradients(net, x, lambda run: loss(run.outputs, torch.ones_like(run.outputs)))) == {"readouts.out"}
    same = Window((2, 4, 4), 3, channels=2, padding=1)
    with pytest.raises(RefusedError, match="onto itself"):
        GradientNetwork(described.with_(
            populations=(*described.populations, Population("p", 32, lsnn_neuron())), projections=(
                *described.projections, Projection("p", "p", 1.0, connect="average_pool", window=same, onto="x"))))


def test_the_forward_pass_is_that_of_the_engines():
    """Convolutions onto populations and themselves, delays, both pools."""
    for pool in ("average_pool", "max_pool"):
        description = network(False, pool)
        engine = plasticity.build(description, "torch", dtype="float64", batch=BATCH)
        recorded = engine.run({"in": X.numpy() > 0}, record=("one.spikes", "pool.spikes", "two.spikes"))
        run = GradientNetwork(description, dtype=torch.float64, backend="autograd")(X)
        for name, z in run.spikes.items():
            dense = recorded.spikes[name].dense()
            assert dense.sum() > 20
            np.testing.assert_array_equal(z.detach(), dense)


def test_the_exact_oracle_on_convolutions():
    """Forward in time and backward in time, through shared weights and a max pool."""
    first, pool, second = Window((1, 4, 4), 2, 2), Window((2, 3, 3), 2, 2), Window((2, 2, 2), 2, 3)
    drawn = np.random.default_rng(8)
    described = Network(
        (Input("in", 16),),
        (Population("a", first.n_post, lsnn_neuron(beta=0.2)), Population("p", pool.n_post, lsnn_neuron(threshold=0.4)),
         Population("b", 3, lsnn_neuron())),
        (Projection("in", "a", drawn.normal(size=(4, 2)), "convolution", onto="x", window=first),
         Projection("a", "p", 1.0, "max_pool", onto="x", window=pool),
         Projection("p", "b", drawn.normal(size=(8, 3)), "convolution", onto="x", window=second)))
    net = GradientNetwork(described, LeakyReadout(("b", "p"), N_OUT, 5e-3), dtype=torch.float64)
    x = (torch.rand(1, 7, 16, generator=torch.Generator().manual_seed(0)) < 0.5).double()
    exact, found = (how(net, x, lambda run: (run.outputs ** 2).sum()) for how in (rtrl, gradients))
    assert exact.keys() == found.keys() == {"weights.in->a", "weights.p->b", "readouts.b", "readouts.p"}
    for name, g in found.items():
        assert (g - exact[name]).abs().max() <= 1e-10 * exact[name].abs().max(), name


def pairs(low, high):
    return st.tuples(st.integers(low, high), st.integers(low, high))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3), pairs(1, 6), pairs(1, 4), st.integers(1, 3), pairs(1, 3), pairs(0, 3))
def test_windows_of_any_form(maps, size, seen, channels, stride, padding):
    """Forwards, back to the spikes, and to the shared weights."""
    assume(all(n + 2 * pad >= look for n, pad, look in zip(size, padding, seen, strict=True)))
    window = Window((maps, *size), seen, channels, stride, padding)
    draw = torch.Generator().manual_seed(0)
    x, w, error = (torch.randn(*shape, generator=draw, dtype=torch.float64, requires_grad=True) for shape in (
        (3, window.n_pre), (window.fan_in, channels), (3, window.n_post)))
    product = operator(Projection("a", "b", 0.0, connect="convolution", window=window)).product(x, w)
    dense = torch.tensor(window.dense(w.detach().numpy()))
    torch.testing.assert_close(product, x @ dense)
    to_x, to_w = torch.autograd.grad((product * error).sum(), (x, w))
    torch.testing.assert_close(to_x, error @ dense.T)
    torch.testing.assert_close(to_w, folded(window, (x.T @ error).detach()))
    if channels == 1:
        pooled = Window((maps, *size), seen, maps, stride, padding)
        pool = operator(Projection("a", "b", 1.0, connect="max_pool", window=pooled))
        np.testing.assert_allclose(pool.product(x.detach(), torch.ones((), dtype=torch.float64)),
                                   largest(x.detach().numpy(), pooled))


@pytest.mark.parametrize(("shape", "size", "padding", "dtype"), [
    ((9, 11), (3, 2), 0, torch.float64), ((8, 20), (7, 5), (2, 1), torch.float32)])
def test_own_kernels_of_one_map(shape, size, padding, dtype, monkeypatch):
    """What large batches of one map are convolved with, against torch's; in parts as well."""
    monkeypatch.setattr(convolution, "LEAST", 1)
    window, draw = Window((1, *shape), size, 3, padding=padding), torch.Generator().manual_seed(1)
    maps, kernel = (torch.randn(*size, generator=draw, dtype=dtype, requires_grad=True)
                    for size in ((5, *window.shape), (3, 1, *window.size)))
    assert convolution.own_kernel(window, maps)
    found = convolution.convolve(window, maps, kernel)
    right = torch.nn.functional.conv2d(maps, kernel, padding=window.padding)
    error = torch.randn(right.shape, generator=draw, dtype=dtype)
    torch.testing.assert_close(found, right)
    for one, other in zip(*(torch.autograd.grad(y, (maps, kernel), error) for y in (found, right)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4 if dtype == torch.float32 else 1e-12, atol=1e-5)


def test_a_direct_current_is_computed_once_with_the_same_gradients():
    """Kept once for all steps, by the encoder and on the way to the first projection."""
    x = np.random.default_rng(0).random((3, 64))
    shown = torch.as_tensor(encoders.make("current(steps=9)")(x, 0, np.arange(3)))
    made = networks.make("csnn(2, size=3)").build((8, 8), seed=0)
    assert shown.stride(1) == presented(made, shown, torch.float32, torch.device("cpu"))["in"].stride(1) == 0
    for backend in ("compiled", "autograd"):
        net = GradientNetwork(networks.make("csnn(2, size=3, pooled=currents, bias=True)").build((8, 8), seed=0),
                              Counts("out"), "bptt", dtype="float64", backend=backend)
        found = []
        for current in (shown, shown.contiguous()):
            net.zero_grad()
            counts = net(current).outputs.sum(1)
            (counts**2).sum().backward()
            found.append([counts.detach(), *(p.grad.clone() for p in net.parameters() if p.grad is not None)])
        for once, repeated in zip(*found, strict=True):
            torch.testing.assert_close(once, repeated, rtol=1e-12, atol=1e-12)
        assert found[0][0].sum() > 0
