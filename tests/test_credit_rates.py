"""Rules without backpropagation against formulas from the papers, and against the gradients they stand for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from plasticity import Input, Network, PlasticityError, Population, Projection, RefusedError
from plasticity.methods.networks.equilibrium import EquilibriumNetwork
from plasticity.methods.networks.goodness import NEGATIVES, ForwardForwardNetwork
from plasticity.methods.networks.predictive import PredictiveNetwork
from plasticity.methods.networks.spiking import SpikingForwardForward
from plasticity.neurons.lsnn import lsnn_neuron
from tests.reference import rate_learners as reference

SIZES, CLASSES = (6, 8, 7, 3), 3
RNG = np.random.default_rng(0)
X, LABELS = torch.tensor(RNG.random((5, 6))), torch.tensor([0, 1, 2, 1, 0])
TARGET = torch.nn.functional.one_hot(LABELS, CLASSES).double()


def spread(network, scale=0.5):
    """Weights and biases that are neither small nor saturate; returns arrays."""
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for w in network.layers.weights:
            w.copy_(torch.tensor(rng.normal(size=w.shape) * scale / np.sqrt(w.shape[0])))
        for b in network.layers.biases:
            b.copy_(torch.tensor(rng.uniform(0.2, 0.4, size=b.shape)))
    return [[p.detach().numpy().copy() for p in part] for part in (network.layers.weights, network.layers.biases)]


def grads(network):
    return [p.grad for p in (*network.layers.weights, *network.layers.biases)]


def cosine(a, b):
    return torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), 0).item()


def summed(found):
    """Mean over samples of (weights' gradients, biases' gradients), as one list."""
    return [np.mean([part[kind][k] for part in found], 0) for kind in (0, 1) for k in range(len(found[0][0]))]


@pytest.mark.parametrize("estimator", ["positive", "symmetric"])
def test_equilibrium_propagation_is_the_papers(estimator):
    net = EquilibriumNetwork(SIZES, beta=0.3, free_steps=12, nudged_steps=5, step=0.4, estimator=estimator,
                             dtype=torch.float64)
    weights, biases = spread(net)
    loss = net.gradient(X, LABELS, np.random.default_rng(0))
    found = [reference.equilibrium_gradient(weights, biases, x, t, 0.3, 12, 5, 0.4, estimator == "symmetric")
             for x, t in zip(X.numpy(), TARGET.numpy(), strict=True)]
    for ours, theirs in zip(grads(net), summed(found), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)
    assert loss.item() == pytest.approx(0.5 * ((net(X) - TARGET) ** 2).sum(1).mean().item(), abs=1e-14)


def through_time(net, steps):
    """Gradients of C at the end of the free phase, by backpropagation through its steps."""
    weights, biases = ([p.detach().clone().requires_grad_() for p in part]
                       for part in (net.layers.weights, net.layers.biases))
    states = [torch.zeros(len(X), n, dtype=torch.float64) for n in SIZES[1:]]
    for _ in range(steps):
        pull = [below @ w + b for below, w, b in zip([X, *states[:-1]], weights, biases, strict=True)]
        for k in range(len(states) - 1):
            pull[k] = pull[k] + states[k + 1] @ weights[k + 1].T
        states = [((1 - net.step) * s + net.step * p).clamp(0, 1) for s, p in zip(states, pull, strict=True)]
    (0.5 * ((states[-1] - TARGET) ** 2).sum(1).mean()).backward()
    inside = torch.cat([((s > 0) & (s < 1)).flatten() for s in states]).double().mean()
    return [p.grad for p in (*weights, *biases)], inside.item()


def test_equilibrium_propagation_tends_to_the_gradient_of_the_settled_state():
    """The theorem of Scellier & Bengio 2017; symmetric nudging is closer at the same beta (Laborieux et al. 2021)."""
    def errors(estimator, beta, scale):
        """Largest relative error of a parameter's gradient, smallest cosine, how many units are not clipped."""
        net = EquilibriumNetwork(SIZES, beta=beta, free_steps=150, nudged_steps=150, estimator=estimator,
                                 dtype=torch.float64)
        spread(net, scale)
        net.gradient(X, LABELS, np.random.default_rng(0))
        exact, inside = through_time(net, 150)
        pairs = list(zip(grads(net), exact, strict=True))
        return max(((a - b).norm() / b.norm()).item() for a, b in pairs), min(cosine(a, b) for a, b in pairs), inside

    error, angle, inside = errors("symmetric", 1e-3, 0.9)
    assert error < 1e-4
    assert angle > 0.999
    assert 0.2 < inside < 0.9
    assert errors("positive", 1e-3, 0.9)[1] > 0.999
    once, twice = (errors("symmetric", beta, 0.1)[0] for beta in (0.05, 0.1))
    assert errors("symmetric", 0.05, 0.1)[2] == 1
    assert twice / once == pytest.approx(4, rel=0.1)
    assert once < 0.1 * errors("positive", 0.05, 0.1)[0]


def test_random_sign_takes_both_signs_by_the_generator():
    def weight_change(estimator, seed):
        net = EquilibriumNetwork(SIZES, estimator=estimator, dtype=torch.float64)
        spread(net)
        net.gradient(X, LABELS, np.random.default_rng(seed))
        return net.layers.weights[0].grad

    found = [weight_change("random_sign", seed) for seed in range(12)]
    plus = [torch.equal(g, weight_change("positive", 0)) for g in found]
    assert 0 < sum(plus) < 12
    assert torch.equal(found[3], weight_change("random_sign", 3))


def test_predictive_coding_is_the_papers():
    net = PredictiveNetwork(SIZES, "tanh", steps=15, step=0.3, output_variance=2.0, dtype=torch.float64)
    weights, biases = spread(net)
    loss = net.gradient(X, LABELS, None)
    found = [reference.predictive_gradient(weights, biases, x, t, 15, 0.3, 2.0)
             for x, t in zip(X.numpy(), TARGET.numpy(), strict=True)]
    for ours, theirs in zip(grads(net), summed(found), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-13)
    assert loss.item() == pytest.approx(0.5 * ((net(X) - TARGET) ** 2).sum(1).mean().item())


@pytest.mark.parametrize("f", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize(("options", "within"), [({"fixed_prediction": True}, 1e-12), ({"output_variance": 1e6}, 1e-4)])
def test_predictive_coding_tends_to_backpropagation(f, options, within):
    net = PredictiveNetwork(SIZES, f, steps=300, dtype=torch.float64, **options)
    spread(net, 0.9)
    net.gradient(X, LABELS, None)
    ours = [g * net.output_variance for g in grads(net)]
    net.zero_grad()
    (0.5 * ((net.predictions(X)[-1] - TARGET) ** 2).sum(1).mean()).backward()
    for a, b in zip(ours, grads(net), strict=True):
        assert (a - b).abs().max() < within * b.abs().max()


def test_predictive_coding_lowers_its_energy():
    net = PredictiveNetwork(SIZES, steps=40, dtype=torch.float64)
    spread(net, 2.0)

    def energy(steps):
        net.steps = steps
        return sum((e ** 2).sum() for e in net.relax(X, TARGET)[1]).item() / 2

    found = [energy(steps) for steps in (1, 5, 10, 20, 40)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 0.9 * found[0]


def test_forward_forward_is_the_papers():
    """Loss as written; each layer's gradient is that of its own loss, the layers below held still."""
    options = {"threshold": 0.7, "sharpness": 3.0, "label_size": 1.5}
    net = ForwardForwardNetwork(SIZES[:3], CLASSES, negatives="even", **options, dtype=torch.float64)
    weights, biases = spread(net, 1.5)
    false = NEGATIVES["even"](None, LABELS, CLASSES, np.random.default_rng(7))

    def losses(ws, bs):
        return np.mean([reference.forward_forward_loss(ws, bs, x, t, f, CLASSES, options["label_size"],
                                                       options["threshold"], options["sharpness"])
                        for x, t, f in zip(X.numpy(), LABELS.numpy(), false.numpy(), strict=True)], 0)

    assert net.gradient(X, LABELS, np.random.default_rng(7)).item() == pytest.approx(losses(weights, biases).sum())
    rng = np.random.default_rng(1)
    for layer, w in enumerate(net.layers.weights):
        direction = rng.normal(size=weights[layer].shape)
        moved = [[*weights[:layer], weights[layer] + sign * 1e-6 * direction, *weights[layer + 1:]] for sign in (1, -1)]
        slope = np.subtract(*(losses(ws, biases)[layer] for ws in moved)) / 2e-6
        assert (w.grad.numpy() * direction).sum() == pytest.approx(slope, rel=1e-6)


def test_forward_forward_answers_the_label_with_the_largest_goodness():
    net = ForwardForwardNetwork(SIZES[:3], CLASSES, dtype=torch.float64)
    weights, biases = spread(net, 1.5)
    found = [[sum(reference.goodness(weights, biases, x, k, CLASSES, 1.0)) for k in range(CLASSES)] for x in X.numpy()]
    np.testing.assert_allclose(net(X), found, rtol=1e-12)
    upper = ForwardForwardNetwork(SIZES[:3], CLASSES, skip_first=True, dtype=torch.float64)
    spread(upper, 1.5)
    only = [[reference.goodness(weights, biases, x, k, CLASSES, 1.0)[1] for k in range(CLASSES)] for x in X.numpy()]
    np.testing.assert_allclose(upper(X), only, rtol=1e-12)


@pytest.mark.parametrize("negatives", NEGATIVES)
def test_wrong_labels_are_wrong_and_drawn_as_said(negatives):
    labels = torch.arange(4).repeat(3000)
    scores = torch.log(torch.tensor([0.1, 0.2, 0.3, 0.4])).expand(len(labels), 4)
    wrong = NEGATIVES[negatives](lambda: scores, labels, 4, np.random.default_rng(0))
    assert not (wrong == labels).any()
    of_third = torch.bincount(wrong[labels == 2], minlength=4) / 3000
    expected = {"even": [1 / 3, 1 / 3, 0, 1 / 3], "hard": [1 / 7, 2 / 7, 0, 4 / 7]}[negatives]
    np.testing.assert_allclose(of_third, expected, atol=0.03)


def rows(inputs=9, recurrent=False):
    rng, neuron = np.random.default_rng(0), lsnn_neuron()
    loop = (Projection("b", "b", rng.normal(size=(4, 4)), onto="x"),) if recurrent else ()
    return Network(inputs=(Input("in", inputs),), populations=(Population("a", 5, neuron), Population("b", 4, neuron)),
                   projections=(Projection("in", "a", rng.normal(size=(inputs, 5)), onto="x"),
                                Projection("a", "b", rng.normal(size=(5, 4)), onto="x"), *loop))


@pytest.mark.parametrize("recurrent", [False, True])
def test_spiking_forward_forward_sends_no_credit_between_neurons(recurrent):
    """What a synapse learns comes from its own population's goodness, whatever that of the others is worth."""
    x = torch.tensor(np.random.default_rng(1).random((5, 20, 6)) < 0.5).double()

    def first_layer(judged):
        net = SpikingForwardForward(rows(recurrent=recurrent), CLASSES, negatives="even", dtype=torch.float64)
        goodness = net.goodness(x, LABELS)
        goodness[0].sum().backward() if judged == "a" else sum(goodness).sum().backward()
        return net.spiking.weights["in->a"].grad

    assert first_layer("a").abs().sum() > 0
    assert torch.equal(first_layer("a"), first_layer("both"))


@pytest.mark.parametrize("recurrent", [False, True])
def test_a_spiking_neurons_rate_teaches_its_own_synapses_only(recurrent):
    net = SpikingForwardForward(rows(recurrent=recurrent), CLASSES, "superspike", dtype=torch.float64)
    pairs = torch.tensor(np.random.default_rng(1).random((5, 20, 9)) < 0.5).double()
    run = net.spiking(pairs)
    assert (run.spikes["b"].sum((0, 1)) > 0).sum() > 1          # neurons that could teach others
    run.spikes["b"][..., 0].sum().backward()
    onto_b = [name for name in net.spiking.weights if name.endswith("->b")]
    assert len(onto_b) == 1 + recurrent
    for name, w in net.spiking.weights.items():
        change = torch.zeros_like(w) if w.grad is None else w.grad
        assert not change[:, 1:].any()
        assert change[:, 0].any() == (name in onto_b)


def test_spiking_goodness_is_the_mean_square_of_rates():
    net = SpikingForwardForward(rows(), CLASSES, rate=0.2, label_size=1.0, dtype=torch.float64)
    x = torch.tensor(np.random.default_rng(1).random((5, 20, 6)) < 0.5).double()
    pairs = torch.cat((x, torch.nn.functional.one_hot(LABELS, 3).double()[:, None].expand(-1, 20, -1)), 2)
    run = net.spiking(pairs)
    for found, z in zip(net.goodness(x, LABELS), (run.spikes["a"], run.spikes["b"]), strict=True):
        np.testing.assert_allclose(found.detach(), (z.detach().mean(1) / 0.2).pow(2).mean(1))
    scores = net(x)
    assert scores.shape == (5, 3)
    np.testing.assert_allclose(scores[torch.arange(5), LABELS], sum(net.goodness(x, LABELS)).detach())


@pytest.mark.parametrize(("make", "said"), [
    (lambda: EquilibriumNetwork((4, 3), beta=0.0), "beta > 0"),
    (lambda: EquilibriumNetwork((4, 3), estimator="both"), "estimator"),
    (lambda: EquilibriumNetwork((4, 0, 3)), "at least one unit"),
    (lambda: PredictiveNetwork((4, 3), "softsign"), "activation"),
    (lambda: PredictiveNetwork((4, 3), output_variance=0.0), "output_variance"),
    (lambda: ForwardForwardNetwork((4, 3), 1), "two classes"),
    (lambda: ForwardForwardNetwork((4, 3), 2, negatives="soft"), "negatives"),
    (lambda: ForwardForwardNetwork((4, 3), 2, sharpness=0.0), "sharpness"),
    (lambda: SpikingForwardForward(rows(), 3, rate=0.0), "rate"),
])
def test_mistakes_are_named(make, said):
    with pytest.raises(PlasticityError, match=said):
        make()


def test_a_network_without_room_for_labels_is_refused():
    with pytest.raises(RefusedError, match="one per class"):
        SpikingForwardForward(rows(3), 3)
