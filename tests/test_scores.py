"""Scores that follow the loss, probabilities, weights of samples and steps: against scikit-learn and plain loops."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from plasticity.errors import PlasticityError, RefusedError
from plasticity.readout.answers import per_sample, probabilities, share, sigmoid, softmax
from plasticity.readout.losses import LOSSES, TARGETS, kind_of, require_outputs
from plasticity.readout.metrics import accuracy, binary_nll, nll, perplexity, r2
from plasticity.readout.scores import SCORES, score
from plasticity.readout.weights import balanced, by_step, latest, split, step_weights

rng = np.random.default_rng(0)
SAMPLES, STEPS, K = 6, 9, 4
LENGTHS = np.array([9, 4, 1, 7, 9, 2])
PADDED = np.arange(STEPS) < LENGTHS[:, None]
WEIGHT = rng.random((SAMPLES, STEPS)) * PADDED
Y = rng.normal(size=(SAMPLES, STEPS, K)) * 2
P = softmax(Y)
LABELS, BY_STEP = rng.integers(0, K, SAMPLES), rng.integers(0, K, (SAMPLES, STEPS))
CHORDS = (rng.random((SAMPLES, STEPS, K)) < 0.4).astype(float)
VALUES = rng.normal(size=(SAMPLES, STEPS, K))
ROWS, W = PADDED.ravel(), WEIGHT[PADDED]


def spoiled(values):
    """NaN, or a label out of range, where nothing counts."""
    hole = np.nan if values.dtype.kind == "f" else -7
    return np.where(PADDED if values.ndim == 2 else PADDED[..., None], values, hole)


def test_accuracy_is_scikit_learns():
    answers = Y.argmax(-1)
    assert accuracy(spoiled(BY_STEP), answers, WEIGHT) == pytest.approx(
        reference.accuracy_score(BY_STEP.ravel()[ROWS], answers.ravel()[ROWS], sample_weight=W), abs=1e-15)
    assert accuracy(LABELS, answers[:, 0], WEIGHT[:, 0]) == pytest.approx(
        reference.accuracy_score(LABELS, answers[:, 0], sample_weight=WEIGHT[:, 0]), abs=1e-15)
    assert accuracy(BY_STEP, answers, WEIGHT[:, 0]) == pytest.approx(
        reference.accuracy_score(BY_STEP.ravel(), answers.ravel(), sample_weight=np.repeat(WEIGHT[:, 0], STEPS)))


def test_likelihood_is_scikit_learns():
    flat = P.reshape(-1, K)[ROWS]
    wanted = reference.log_loss(BY_STEP.ravel()[ROWS], flat, sample_weight=W, labels=range(K))
    assert nll(spoiled(BY_STEP), spoiled(P), WEIGHT) == pytest.approx(wanted, rel=1e-14)
    assert nll(spoiled(np.eye(K)[BY_STEP]), spoiled(P), WEIGHT) == pytest.approx(wanted, rel=1e-14)
    assert perplexity(spoiled(BY_STEP), spoiled(P), WEIGHT) == pytest.approx(np.exp(wanted), rel=1e-14)
    assert nll(LABELS, P[:, 0]) == pytest.approx(reference.log_loss(LABELS, P[:, 0], labels=range(K)), rel=1e-14)
    assert perplexity(BY_STEP, np.full((SAMPLES, STEPS, K), 1 / K)) == pytest.approx(K)


def test_likelihood_of_chords_is_scikit_learns():
    p = sigmoid(Y)
    wanted = sum(reference.log_loss(CHORDS.reshape(-1, K)[ROWS, k], p.reshape(-1, K)[ROWS, k], sample_weight=W)
                 for k in range(K))
    assert binary_nll(spoiled(CHORDS), spoiled(p), WEIGHT) == pytest.approx(wanted, rel=1e-13)


def test_what_was_held_impossible_is_unlikely_not_infinite():
    certain = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert nll(np.array([0, 0]), certain) == 0
    assert 300 < nll(np.array([0, 1]), certain) < 400 and np.isfinite(binary_nll(1 - certain, certain))
    assert np.isfinite(binary_nll(1 - certain, certain.astype(np.float32)))


def test_explained_variance_is_scikit_learns():
    flat = VALUES.reshape(-1, K)[ROWS]
    for y in (Y, VALUES + 0.3 * Y):
        wanted = reference.r2_score(flat, y.reshape(-1, K)[ROWS], sample_weight=W)
        assert r2(spoiled(VALUES), spoiled(y), WEIGHT) == pytest.approx(wanted, rel=1e-14)
    weighed = W[:, None] * (flat - np.average(flat, axis=0, weights=W)) ** 2
    by_hand = 1 - (W[:, None] * (flat - Y.reshape(-1, K)[ROWS]) ** 2).sum(0) / weighed.sum(0)
    assert r2(VALUES, Y, WEIGHT) == pytest.approx(by_hand.mean(), rel=1e-12)
    flat, near = np.ones((3, 1)), np.array([[1.1], [1], [1]])
    assert r2(flat, flat) == 1 and r2(flat, near) == 0


#: loss -> (targets of steps, what it is told by)
TOLD = {"cross_entropy": (BY_STEP, "accuracy"), "mse": (VALUES, "r2"), "bernoulli": (CHORDS, "nll"),
        "cumulative_cross_entropy": (LABELS, "accuracy"), "spike_count_mse": (LABELS, "accuracy")}


@pytest.mark.parametrize("name", LOSSES)
def test_the_score_follows_the_loss(name):
    (targets, told), kind = TOLD[name], LOSSES[name]
    assert kind.score == told and kind.words and {*kind.targets} <= {*TARGETS} and set(kind.outputs) <= {
        "values", "spikes"}
    answers = Y if targets.ndim > 1 else per_sample(np.abs(Y), kind.answer, WEIGHT)
    weight = WEIGHT if targets.ndim > 1 else WEIGHT.max(1)
    hits = np.average(answers.argmax(-1) == targets, weights=weight) if kind.labels else None
    wanted = {"accuracy": hits, "r2": r2(VALUES, Y, WEIGHT), "nll": binary_nll(CHORDS, sigmoid(Y), WEIGHT)}[told]
    assert score(targets, answers, kind, weight) == pytest.approx(wanted, rel=1e-14)


def test_other_scores_by_name():
    kind = LOSSES["cross_entropy"]
    assert score(BY_STEP, Y, kind, WEIGHT, "nll") == nll(BY_STEP, P, WEIGHT)
    assert score(BY_STEP, Y, kind, WEIGHT, "perplexity") == perplexity(BY_STEP, P, WEIGHT)
    assert score(np.eye(K)[BY_STEP], Y, kind, WEIGHT) == score(BY_STEP, Y, kind, WEIGHT)
    assert {name: SCORES[name].better for name in SCORES} == {
        "accuracy": "higher", "nll": "lower", "perplexity": "lower", "r2": "higher"}


def test_probabilities():
    for name, kind in LOSSES.items():
        if name == "mse":
            with pytest.raises(RefusedError, match="there are no probabilities"):
                probabilities(Y, kind)
            continue
        p = probabilities(np.abs(Y), kind)
        assert ((p >= 0) & (p <= 1)).all() and (p.argmax(-1) == np.abs(Y).argmax(-1)).all()
        if kind.chance != "sigmoid":
            np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-14)
    with pytest.raises(RefusedError, match="cross_entropy"):
        probabilities(Y, None)
    assert np.array_equal(softmax(np.array([1e4, 0.0, 1e4])), [0.5, 0, 0.5]) and sigmoid(np.array([-1e4])) == 0
    assert np.array_equal(share(np.array([[0.0, 0, 0, 0], [1, 0, 3, 0]])), [[0.25] * 4, [0.25, 0, 0.75, 0]])


@pytest.mark.parametrize("answer", ["mean", "sum", "softmax"])
@pytest.mark.parametrize("last", [None, 3])
def test_answers_per_sample(answer, last):
    found = per_sample(spoiled(Y), answer, PADDED * np.arange(1, SAMPLES + 1)[:, None], last)
    for b, length in enumerate(LENGTHS):
        y = Y[b, :length][-last if last else 0:]
        wanted = {"mean": y.mean(0), "sum": y.sum(0), "softmax": softmax(y).sum(0)}[answer]
        np.testing.assert_allclose(found[b], wanted, rtol=1e-13)
    np.testing.assert_allclose(per_sample(Y, answer), per_sample(Y, answer, np.ones(SAMPLES)))
    assert (per_sample(Y, answer, np.zeros(SAMPLES)) == 0).all()


def test_kinds_of_losses_by_name():
    assert kind_of("cross-entropy(last=3)") is LOSSES["cross_entropy"]
    for text in ("cumulative_cross_entropy(softmax)", "cumulative_cross_entropy(of=softmax, last=2)"):
        assert kind_of(text).answer == "softmax"
    assert kind_of("cumulative_cross_entropy(outputs)").answer == "sum"
    assert kind_of(len) is None and kind_of("mine.py:hinge") is None and kind_of(3) is None


def test_losses_and_outputs_that_do_not_fit():
    for name, kind in LOSSES.items():
        for spiking, here in ((False, "values"), (True, "spikes")):
            if here in kind.outputs:
                require_outputs(name, spiking)
    require_outputs(len, True)
    with pytest.raises(RefusedError, match=r"loss 'spike_count_mse' counts spikes, .*'counts\(POPULATION\)'"):
        require_outputs("spike_count_mse", False)
    with pytest.raises(RefusedError, match="loss 'bernoulli' reads outputs as log odds"):
        require_outputs("bernoulli", True)


def test_weights_multiply():
    sample = np.array([1.0, 0, 2, 3, 0.5, 1])
    found = step_weights(SAMPLES, STEPS, LENGTHS, sample, {0: 2.0, 3: 0.25}, LABELS)
    for b in range(SAMPLES):
        own = sample[b] * {0: 2.0, 3: 0.25}.get(int(LABELS[b]), 1.0)
        assert np.array_equal(found[b], [own] * LENGTHS[b] + [0.0] * (STEPS - LENGTHS[b]))
    stepwise = step_weights(SAMPLES, STEPS, LENGTHS, WEIGHT, {1: 3.0}, BY_STEP)
    assert np.array_equal(stepwise, WEIGHT * np.where(BY_STEP == 1, 3.0, 1.0))
    assert np.array_equal(step_weights(2, 3), np.ones((2, 3)))
    words = step_weights(2, 3, class_weight={"cat": 2.0}, labels=np.array(["cat", "dog"]))
    assert np.array_equal(words, [[2.0] * 3, [1.0] * 3])


def test_balanced_is_scikit_learns():
    labels = np.array([0, 0, 0, 2, 2, 5])
    table = balanced(labels)
    assert list(table.values()) == pytest.approx(
        compute_class_weight("balanced", classes=np.unique(labels), y=labels), rel=1e-15)
    found = step_weights(6, 2, class_weight="balanced", labels=labels)
    np.testing.assert_allclose(found[:, 0], compute_sample_weight("balanced", labels), rtol=1e-15)
    stepwise = step_weights(SAMPLES, STEPS, LENGTHS, class_weight="balanced", labels=spoiled(BY_STEP))
    np.testing.assert_allclose(stepwise[PADDED], compute_sample_weight("balanced", BY_STEP[PADDED]), rtol=1e-14)
    mass = [stepwise[PADDED & np.equal(BY_STEP, k)].sum() for k in range(K)]
    np.testing.assert_allclose(mass, [LENGTHS.sum() / K] * K)


def test_last_steps_and_parts():
    found = latest(WEIGHT, 2)
    for b, length in enumerate(LENGTHS):
        wanted = np.where(np.arange(STEPS) >= length - 2, WEIGHT[b], 0)
        assert np.array_equal(found[b], wanted)
    assert np.array_equal(step_weights(SAMPLES, STEPS, LENGTHS, last=2), latest(PADDED * 1.0, 2))
    within, samples = split(WEIGHT)
    np.testing.assert_allclose(within * samples[:, None], WEIGHT)
    assert (within.max(1) == 1).all() and (split(np.zeros((2, 3)))[0] == 0).all()


WRONG = {
    "lengths": (lambda: step_weights(6, 3, LENGTHS), r"lengths must stay within 0\.\.3"),
    "half a step": (lambda: step_weights(6, 9, LENGTHS / 2), "lengths must be whole numbers"),
    "sample_weight": (lambda: step_weights(6, 9, None, np.ones(5)), "sample_weight must have shape"),
    "negative": (lambda: by_step(-np.ones(6), 6, 9), "weight must be finite and not negative"),
    "NaN": (lambda: by_step(np.full(6, np.nan), 6, 9), "weight must be finite and not negative"),
    "no labels": (lambda: step_weights(6, 9, class_weight="balanced"), "class_weight needs labels"),
    "labels": (lambda: step_weights(6, 9, class_weight={}, labels=LABELS[:3]), "labels must have shape"),
    "class_weight": (lambda: step_weights(6, 9, class_weight="even", labels=LABELS), "or 'balanced', got 'even'"),
    "a class": (lambda: step_weights(6, 9, class_weight={2: -1.0}, labels=LABELS), "class_weight of 2"),
    "last": (lambda: step_weights(6, 9, last=0), "last must be a whole number of at least 1"),
    "answer": (lambda: per_sample(Y, "median"), "answer"),
    "shapes": (lambda: r2(VALUES, Y[:, 1:]), "same shape"),
    "scores": (lambda: nll(BY_STEP[:, 1:], P), "same shape"),
    "label of no class": (lambda: nll(BY_STEP + 1, P), "labels must be whole numbers from 0 to 3"),
    "all zero": (lambda: accuracy(LABELS, LABELS, np.zeros(6)), "above 0 for one sample or more"),
    "weight": (lambda: accuracy(LABELS, LABELS, np.ones(5)), "weight must have shape"),
    "score": (lambda: score(BY_STEP, Y, LOSSES["mse"], None, "f1"), "score"),
    "perplexity of chords": (lambda: score(CHORDS, Y, LOSSES["bernoulli"], None, "perplexity"), "use nll"),
}


@pytest.mark.parametrize("case", WRONG)
def test_refusals(case):
    make, message = WRONG[case]
    with warnings.catch_warnings(), pytest.raises(PlasticityError, match=message):
        warnings.simplefilter("error")
        make()


def test_they_are_read_without_torch():
    lines = ("import plasticity.readout.scores, plasticity.readout.counts, plasticity.readout.leaky, sys",
             "assert 'torch' not in sys.modules and 'sklearn' not in sys.modules")
    subprocess.run([sys.executable, "-P", "-c", "; ".join(lines)], check=True, timeout=60)
