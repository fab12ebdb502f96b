"""Targets of any shape: losses weighed by step and sample, against plain loops over samples at their own length."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity import Input, Learner, Network, PlasticityError, Population, Projection, RefusedError
from plasticity.engines.gradient import losses
from plasticity.engines.gradient.fused import Layer, Weights, gradient
from plasticity.engines.gradient.loss import takes_weight
from plasticity.engines.gradient.losses import (
    bernoulli,
    cross_entropy,
    cumulative_cross_entropy,
    mse,
    rate_regularisation,
    spike_count_mse,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.online import online_gradients
from plasticity.learner.gradients.presenting import Presented
from plasticity.learner.targets import Targets
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.answers import per_sample, probabilities
from plasticity.readout.leaky import LeakyReadout
from plasticity.readout.losses import LOSSES, kind_of
from plasticity.rules.credit import decolle, drtp, eprop, etlp

N_IN, N, K, STEPS = 9, 12, 3, 20
LENGTHS = [20, 7, 13, 1]
rng = np.random.default_rng(0)
X = torch.tensor(rng.random((4, STEPS, N_IN)) < 0.3)
PADDED = torch.arange(STEPS) < torch.tensor(LENGTHS)[:, None]
WEIGHT = torch.tensor(rng.random((4, STEPS)) + 0.1) * PADDED * torch.tensor([1.0, 3.0, 0.5, 2.0])[:, None]
LABELS = torch.tensor([0, 1, 2, 1])
BY_STEP = torch.tensor(rng.integers(0, K, (4, STEPS)))
VALUES = torch.tensor(rng.normal(size=(4, STEPS, K)))
CHORDS = torch.tensor(rng.random((4, STEPS, K)) < 0.4).double()
NAN = torch.nan


def network(rule="bptt", backend="autograd", **options):
    draw = np.random.default_rng(4)
    projections = (Projection("in", "rec", draw.normal(size=(N_IN, N)) / 2, onto="x", axonal_delay=2e-3),
                   Projection("rec", "rec", draw.normal(size=(N, N)) / 5, onto="x", connect="sparse",
                              mask=~np.eye(N, dtype=bool)))
    description = Network((Input("in", N_IN),), (Population("rec", N, lsnn_neuron(beta=0.1)),), projections)
    return GradientNetwork(description, LeakyReadout("rec", K, bias=True), rule, dtype=torch.float64, backend=backend,
                           **options)


def entropies(y, b, t):
    return torch.logsumexp(y[t], 0) - y[t, BY_STEP[b, t]]


def entropies_of_sample(y, b, t):
    return torch.logsumexp(y[t], 0) - y[t, LABELS[b]]


def squares(y, b, t):
    return ((y[t] - VALUES[b, t]) ** 2).sum()


def squares_of_sample(y, b, t):
    return ((y[t] - VALUES[b, 0]) ** 2).sum()


def odds(y, b, t):
    p = 1 / (1 + torch.exp(-y[t]))
    return -(CHORDS[b, t] * torch.log(p) + (1 - CHORDS[b, t]) * torch.log(1 - p)).sum()


#: name -> (loss, target, hand-written value of one step of one sample)
STEPWISE = {
    "label": (cross_entropy, LABELS, entropies_of_sample),
    "label per step": (cross_entropy, BY_STEP, entropies),
    "one-hot": (cross_entropy, torch.nn.functional.one_hot(BY_STEP, K), entropies),
    "one-hot of a sample": (cross_entropy, torch.nn.functional.one_hot(LABELS, K).double(), entropies_of_sample),
    "vector per step": (mse, VALUES, squares),
    "vector": (mse, VALUES[:, 0], squares_of_sample),
    "chord": (bernoulli, CHORDS, odds),
}


def by_hand(net, each, steps, batch):
    """Every sample alone, at its own length; plain sums."""
    total, whole = 0.0, 0.0
    for b, length in enumerate(LENGTHS):
        w, y = WEIGHT[b, :length], net(X[b:b + 1, :length]).outputs[0]
        own, value = w.max(), sum(w[t] * each(y, b, t) for t in range(length))
        total, whole = total + (own * value / w.sum() if steps == "mean" else value), whole + own
    return total / whole if batch == "mean" else total


def gradients_of(net, value):
    learning = {name: p for name, p in net.named_parameters() if p.requires_grad}
    return value, dict(zip(learning, torch.autograd.grad(value, learning.values()), strict=True))


def agree(found, wanted, atol=1e-10):
    torch.testing.assert_close(found[0], wanted[0], rtol=0, atol=atol)
    assert found[1].keys() == wanted[1].keys()
    for name, g in wanted[1].items():
        assert g.abs().max() > 0
        torch.testing.assert_close(found[1][name], g, rtol=0, atol=atol)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
@pytest.mark.parametrize("rule", ["bptt", eprop("random")], ids=["bptt", "eprop"])
@pytest.mark.parametrize("case", STEPWISE)
def test_weighed_losses_and_gradients_are_those_of_samples_alone(case, rule, backend):
    (make, target, each), net = STEPWISE[case], network(rule, backend)
    found = make()(net(X).outputs, target, WEIGHT)
    agree(gradients_of(net, found), gradients_of(net, by_hand(net, each, "mean", "mean")))


@pytest.mark.parametrize(("steps", "batch"), [("mean", "sum"), ("sum", "mean"), ("sum", "sum")])
@pytest.mark.parametrize("case", ["label per step", "vector", "chord"])
def test_means_and_sums(case, steps, batch):
    (make, target, each), net = STEPWISE[case], network()
    found = make(steps=steps, batch=batch)(net(X).outputs, target, WEIGHT)
    agree(gradients_of(net, found), gradients_of(net, by_hand(net, each, steps, batch)))


@pytest.mark.parametrize("steps", ["sum", "mean"])
@pytest.mark.parametrize("of", ["outputs", "softmax"])
def test_what_adds_up_adds_up_over_steps_that_count(of, steps):
    net = network("bptt", "compiled")
    samples = torch.tensor([1.0, 3.0, 0.5, 2.0], dtype=torch.float64)
    wanted = 0.0
    for b, length in enumerate(LENGTHS):
        y = net(X[b:b + 1, :length]).outputs[0]
        s = getattr(y if of == "outputs" else torch.softmax(y, -1), steps)(0)
        wanted = wanted + samples[b] * (torch.logsumexp(s, 0) - s[LABELS[b]]) / samples.sum()
    found = cumulative_cross_entropy(of, steps=steps)(net(X).outputs, LABELS, PADDED * samples[:, None])
    agree(gradients_of(net, found), gradients_of(net, wanted))


def test_counts_of_spikes_that_count():
    net, wanted = network(), 0.0
    for b, length in enumerate(LENGTHS):
        counts = net(X[b:b + 1, :length]).spikes["rec"][0, :, :K].sum(0)
        wished = torch.full((K,), 0.5, dtype=torch.float64).index_fill(0, LABELS[b], 4.0)
        wanted = wanted + ((counts - wished) ** 2).sum() / 4
    found = spike_count_mse(4, 0.5)(net(X).spikes["rec"][..., :K], LABELS, PADDED)
    torch.testing.assert_close(found, wanted)


def test_rates_of_steps_that_count():
    net, wanted = network(), 0.0
    for b, length in enumerate(LENGTHS):
        rates = net(X[b:b + 1, :length]).spikes["rec"][0].mean(0)
        wanted = wanted + 3.5 * ((rates - 0.02) ** 2).sum() / 4
    torch.testing.assert_close(rate_regularisation(7.0, 20.0, 1e-3)(net(X).spikes["rec"], PADDED), wanted)


def test_a_learner_wishes_for_rates_in_steps_that_count():
    """What spikes do in padding changes nothing that is minimised."""
    shown = Presented(network(), None, cross_entropy(), rate=20.0, rate_strength=7.0)
    targets = Targets(LABELS.numpy(), PADDED.numpy().astype(float))
    padded = X | ~PADDED[..., None]
    found = [shown.objective(shown.network(x), targets) for x in (X, padded)]
    torch.testing.assert_close(*found)
    without = Presented(network(), None, cross_entropy())
    assert found[0] > without.objective(without.network(X), targets)


MAKERS = {"cross_entropy": (cross_entropy, LABELS), "mse": (mse, VALUES), "bernoulli": (bernoulli, CHORDS),
          "cumulative": (cumulative_cross_entropy, LABELS), "softmax": (lambda **options: cumulative_cross_entropy(
              "softmax", **options), LABELS), "mean softmax": (lambda **options: cumulative_cross_entropy(
                  "softmax", steps="mean", **options), LABELS), "counts": (lambda **_: spike_count_mse(), LABELS)}
outputs = st.lists(st.floats(-5, 5), min_size=2 * 4 * K, max_size=2 * 4 * K)


@given(outputs, st.lists(st.floats(0.01, 4), min_size=8, max_size=8), st.floats(0.1, 9), st.sampled_from(list(MAKERS)))
@settings(max_examples=60, deadline=None)
def test_weights_are_relative(numbers, weights, factor, name):
    """All weights times a number change no mean; weights of 1 are none; a sample of weight 0 is not there."""
    make, target = MAKERS[name]
    y, w = torch.tensor(numbers, dtype=torch.float64).view(2, 4, K), torch.tensor(weights).double().view(2, 4)
    goal, loss = target[:2, :4] if target.ndim > 1 else target[:2], make()
    torch.testing.assert_close(loss(y, goal, factor * w), loss(y, goal, w))
    torch.testing.assert_close(loss(y, goal, torch.ones(2)), loss(y, goal))
    torch.testing.assert_close(loss(y, goal, w[:, :1]), loss(y, goal, w[:, 0]))
    without = torch.stack([w[0], torch.zeros(4)])
    torch.testing.assert_close(loss(y, goal, without), loss(y[:1], goal[:1], w[:1]))


@pytest.mark.parametrize("name", MAKERS)
def test_what_stands_in_padding_changes_nothing(name):
    """NaN in outputs and targets, and labels out of range, where the weight is 0: the same loss, the same gradient."""
    make, target = MAKERS[name]
    y = torch.tensor(rng.normal(size=(4, STEPS, K)), requires_grad=True)
    clean = make(steps="sum")(y, target, PADDED) if name in STEPWISE else make()(y, target, PADDED)
    wanted = torch.autograd.grad(clean, y)[0]
    spoiled = y.detach().masked_fill(~PADDED[..., None], NAN).requires_grad_()
    goal = target.masked_fill(~PADDED[..., None], NAN) if target.ndim == 3 else target
    found = make(steps="sum")(spoiled, goal, PADDED) if name in STEPWISE else make()(spoiled, goal, PADDED)
    torch.testing.assert_close(found, clean, rtol=0, atol=0)
    torch.testing.assert_close(torch.autograd.grad(found, spoiled)[0], wanted, rtol=0, atol=0)
    assert (wanted[~PADDED] == 0).all() and (wanted[PADDED] != 0).any()


def test_labels_where_there_are_none():
    y = VALUES.clone().requires_grad_()
    found = cross_entropy()(y, BY_STEP.masked_fill(~PADDED, -100), PADDED)
    assert torch.equal(found, cross_entropy()(y, BY_STEP, PADDED))
    assert torch.equal(cross_entropy()(y, torch.tensor([0, 1, -1, 1]), torch.tensor([1, 1, 0, 1])),
                       cross_entropy()(y[[0, 1, 3]], LABELS[[0, 1, 3]], torch.ones(3)))


@pytest.mark.parametrize("last", [1, 4, 50])
@pytest.mark.parametrize("name", ["cross_entropy", "mse", "bernoulli", "cumulative", "softmax", "mean softmax"])
def test_last_counts_the_last_steps_of_each_sample(name, last):
    make, target = MAKERS[name]
    wanted = 0.0
    for b, length in enumerate(LENGTHS):
        goal = target[b:b + 1, :length] if target.ndim > 1 else target[b:b + 1]
        wanted = wanted + make(last=last)(VALUES[b:b + 1, :length], goal) / 4
    torch.testing.assert_close(make(last=last)(VALUES, target, PADDED), wanted)


def test_nothing_counts():
    y = VALUES.clone().requires_grad_()
    for make, target in MAKERS.values():
        found = make()(y, target, torch.zeros(4))
        assert found == 0 and (torch.autograd.grad(found, y)[0] == 0).all()


@pytest.mark.parametrize("rule", [decolle(), drtp(), etlp()], ids=lambda rule: rule.name)
def test_what_teaches_each_population_is_weighed_too(rule):
    """The local losses and projected targets of samples alone, each at its own length."""
    net, loss, samples = network(rule), cross_entropy(), torch.tensor([1.0, 3.0, 0.5, 2.0], dtype=torch.float64)
    wanted = 0.0
    for b, length in enumerate(LENGTHS):
        wanted = wanted + samples[b] * net(X[b:b + 1, :length]).error(LABELS[b:b + 1], loss) / samples.sum()
    found = net(X).error(LABELS, loss, PADDED * samples[:, None])
    agree(gradients_of(net, found), gradients_of(net, wanted))


@pytest.mark.parametrize("case", [name for name in STEPWISE if name != "one-hot"])
@pytest.mark.parametrize("options", [{}, {"steps": "sum"}, {"batch": "sum"}, {"last": 5}], ids=str)
def test_online_is_weighed_too(case, options):
    (make, target, _), net = STEPWISE[case], network(eprop("random"))
    loss = make(**options)
    wanted = gradients_of(net, loss(net(X).outputs, target, WEIGHT))
    value, found = online_gradients(net, X, target, loss, weight=WEIGHT)
    agree((torch.tensor(value, dtype=torch.float64), found), wanted)


def test_the_fused_kernel_weighs_by_its_mask():
    """Its loss is the weighted sum; what stands in padding changes nothing."""
    draw = np.random.default_rng(2)
    weights = Weights(draw.normal(size=(N_IN, N)), None, draw.normal(size=(N, K)))
    mask, padded = WEIGHT.numpy(), ~PADDED.numpy()
    clean = gradient(Layer(), weights, X.numpy(), BY_STEP.numpy(), mask=mask)
    spoiled = gradient(Layer(), weights, X.numpy(), np.where(padded, -1, BY_STEP.numpy()), mask=mask)
    assert np.array_equal(clean.gradient.w_in, spoiled.gradient.w_in) and np.abs(clean.gradient.w_in).max() > 0
    y = torch.tensor(clean.readout)
    wanted = cross_entropy(steps="sum", batch="sum")(y, BY_STEP, WEIGHT)
    np.testing.assert_allclose(clean.loss.sum(), wanted, rtol=1e-12)
    holes = gradient(Layer(), weights, X.numpy(), np.where(padded[..., None], np.nan, VALUES.numpy()), loss="mse",
                     mask=mask)
    assert np.isfinite(holes.gradient.w_in).all()


def test_one_output_takes_plain_numbers():
    y, goal = VALUES[..., :1], VALUES[..., 1]
    torch.testing.assert_close(mse()(y, goal), ((y[..., 0] - goal) ** 2).mean())
    torch.testing.assert_close(mse()(y, goal[:, 0]), ((y[..., 0] - goal[:, :1]) ** 2).mean())


def test_losses_by_name(tmp_path):
    assert losses.make("cross_entropy(last=3)").last == 3 and losses.make("mse", factor=0.5).name == "mse"
    assert {*losses.catalogue} == {*LOSSES}
    for name in losses.catalogue:
        made = losses.make(name)
        assert losses.make(made) is made and made.labels == LOSSES[name].labels and kind_of(made) == kind_of(name)
        target = LABELS if made.labels else VALUES
        assert torch.equal(pickle.loads(pickle.dumps(made))(VALUES, target), made(VALUES, target))
    assert losses.make(torch.dist) is torch.dist
    (tmp_path / "mine.py").write_text("import torch\ndef far(y, target):\n    return (y - target).abs().sum()\n"
                                      "def scaled(size=2.0):\n    return lambda y, target: size * far(y, target)\n")
    goal = torch.zeros_like(VALUES)
    assert losses.make(f"{tmp_path}/mine.py:far")(VALUES, goal) == VALUES.abs().sum()
    assert losses.make(f"{tmp_path}/mine.py:scaled(size=3)")(VALUES, goal) == 3 * VALUES.abs().sum()


@pytest.mark.parametrize("of", ["outputs", "softmax"])
@pytest.mark.parametrize("steps", ["sum", "mean"])
def test_answers_are_what_was_trained(of, steps):
    """The probabilities of an answer are those of which the loss takes the logarithm."""
    kind = kind_of(f"cumulative_cross_entropy(of={of}, steps={steps})")
    chances = probabilities(per_sample(VALUES.numpy(), kind.answer), kind)
    loss = -np.log(chances[np.arange(len(LABELS)), LABELS]).mean()
    assert loss == pytest.approx(cumulative_cross_entropy(of, steps=steps)(VALUES, LABELS).item(), rel=1e-12)


def test_losses_of_a_persons_own():
    def plain(y, target):
        return (y.mean((1, 2)) - target).square().mean()

    def weighed(y, target, weight=None):
        return ((y.mean((1, 2)) - target).square() * weight.amax(1)).mean()

    assert not takes_weight(plain) and takes_weight(weighed)
    assert takes_weight(torch.nn.CrossEntropyLoss()) is False
    run = network()(X)
    assert torch.equal(run.error(LABELS, plain), plain(run.outputs, LABELS))
    assert torch.equal(run.error(LABELS, weighed, WEIGHT), weighed(run.outputs, LABELS, WEIGHT))
    with pytest.raises(RefusedError, match="loss 'plain' takes outputs and targets only"):
        run.error(LABELS, plain, WEIGHT)
    with pytest.raises(RefusedError, match="one of the catalogue, as cross_entropy"):
        network(drtp())(X).error(LABELS, weighed, WEIGHT)


def test_nothing_waits_for_the_host():
    y = torch.zeros(4, STEPS, K, device="meta", requires_grad=True)
    for make, target in MAKERS.values():
        found = make()(y, target.to("meta"), WEIGHT.to("meta"))
        assert torch.autograd.grad(found, y)[0].shape == y.shape


WRONG = {
    "weights of another shape": (lambda: cross_entropy()(VALUES, LABELS, torch.ones(4, 3)), "weight must have shape"),
    "negative": (lambda: mse()(VALUES, VALUES, -torch.ones(4)), "finite and not negative"),
    "no number": (lambda: mse()(VALUES, VALUES, torch.full((4,), NAN)), "finite and not negative"),
    "infinite": (lambda: mse()(VALUES, VALUES, torch.full((4,), torch.inf)), "finite and not negative"),
    "labels": (lambda: cross_entropy()(VALUES, torch.tensor([0, 1, 3, 0])), r"within 0\.\.2, one per output, got 0"),
    "labels where they count": (lambda: cross_entropy()(VALUES, BY_STEP - 1, PADDED), "weight 0"),
    "shape of labels": (lambda: cross_entropy()(VALUES, BY_STEP[:, 1:]), "labels must have shape"),
    "probabilities": (lambda: cross_entropy()(VALUES, VALUES[..., 1:]), "one-hot targets must have the shape"),
    "vectors": (lambda: mse()(VALUES, VALUES[:, 1:]), "target must have the shape of the outputs"),
    "labels of steps": (lambda: cumulative_cross_entropy()(VALUES, BY_STEP), "one label per sample"),
    "name": (lambda: losses.make("cross_entropi"), "did you mean 'cross_entropy'"),
    "option": (lambda: losses.make("mse(size=3)"), "size"),
    "nothing": (lambda: losses.make(3), "loss must be a text"),
    "a class": (lambda: losses.make(losses.Loss), "loss must be a text"),
    "options of a loss": (lambda: losses.make(mse(), last=3), "go with the name of a loss"),
    "spikes of a readout": (lambda: network()(X).error(LABELS, spike_count_mse()), r"counts\(POPULATION\)"),
    "online": (lambda: online_gradients(network(eprop()), X, LABELS, spike_count_mse()), "an error in every step"),
}


@pytest.mark.parametrize("case", WRONG)
def test_refusals(case):
    make, message = WRONG[case]
    with pytest.raises(PlasticityError, match=message):
        make()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_on_a_cpu(dtype):
    net = network().network
    half = GradientNetwork(net, LeakyReadout("rec", K), dtype=dtype, backend="autograd")
    cross_entropy()(half(X).outputs, LABELS, WEIGHT).backward()
    for p in half.parameters():
        assert p.grad.dtype == dtype and p.grad.isfinite().all() and p.grad.abs().max() > 0


def test_values_of_samples_are_scored_by_what_their_steps_weigh():
    """A sample counts as its heaviest step, in `score` and where samples are held out."""
    rng = np.random.default_rng(0)
    x, y, weight = rng.random((12, 6, 4)), (rng.random((12, 4)) < 0.5).astype(float), rng.random((12, 6))
    learner = Learner("recurrent(10)", rule="bptt", loss="bernoulli", epochs=1, validation=0.25)
    learner.fit(x, y, weight)
    assert learner.score(x, y, weight) == pytest.approx(learner.score(x, y, weight.max(1)), rel=1e-9)
    assert np.isfinite(learner.validation_).all()
