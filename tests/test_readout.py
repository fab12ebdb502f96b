"""Readouts: by hand, against a naive form, their ties, and what they refuse."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticity.encoding import poisson
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.readout import READOUTS, assign_labels, fit_readout
from plasticity.readout.catalogue import make
from plasticity.readout.counts import Counts
from plasticity.readout.metrics import accuracy

COUNTS = np.array([  # 4 neurons; the last never spikes
    [4, 0, 1, 0],
    [2, 0, 0, 0],
    [0, 3, 1, 0],
    [0, 5, 4, 0],
    [1, 0, 6, 0],
])
LABELS = np.array([0, 0, 1, 1, 2])


def spikes_of(*orders: list[int], n: int = 4) -> Spikes:
    """One sample per list: its neurons spike one per step."""
    dense = np.zeros((len(orders), max(map(len, orders), default=1) or 1, n), bool)
    for s, order in enumerate(orders):
        dense[s, range(len(order)), order] = True
    return Spikes.from_dense(dense)


def problem(samples=300, seed=0) -> tuple[Spikes, np.ndarray]:
    """Noisy responses of 12 neurons, three of which prefer each of four classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, samples)
    rates = np.full((samples, 12), 3.0)
    for s, label in enumerate(labels):
        rates[s, 3 * label : 3 * label + 3] = 60.0
    return poisson(rates, 100, 1e-3, seed=seed), labels


def test_labels_by_hand():
    assert assign_labels(COUNTS, LABELS, 3).tolist() == [0, 1, 2, -1]


def test_labels_compare_means_not_sums():
    """A class with many weak responses does not win over a class with few strong ones."""
    counts = np.array([[1], [1], [1], [1], [3]])
    assert assign_labels(counts, np.array([0, 0, 0, 0, 1]), 2).tolist() == [1]


def test_equal_means_take_turns_by_neuron():
    counts = np.ones((3, 7), int)
    assert assign_labels(counts, np.array([0, 1, 2]), 4).tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_all_activity_divides_by_the_number_of_neurons():
    """Class 0 has two neurons with 3 spikes in all, class 1 one neuron with 2."""
    readout = fit_readout("all_activity", np.array([[5, 5, 0], [0, 0, 5]]), np.array([0, 1]), 2)
    assert readout.predict(np.array([[2, 1, 2], [3, 2, 2]])).tolist() == [1, 0]


def test_proportion_weighs_by_selectivity():
    """Neurons 0 and 1 are both labelled by their favourite class; neuron 1 is hardly selective."""
    train, labels = np.array([[10, 4], [0, 5]]), np.array([0, 1])
    readout = fit_readout("proportion", train, labels, 2)
    assert readout.labels.tolist() == [0, 1]
    assert readout.proportions == pytest.approx(np.array([[1, 0], [4 / 9, 5 / 9]]))
    test = np.array([[2, 3]])
    assert readout.predict(test).tolist() == [0]
    assert fit_readout("all_activity", train, labels, 2).predict(test).tolist() == [1]


@pytest.mark.parametrize("name", READOUTS)
def test_a_silent_sample_gets_no_answer(name):
    responses, labels = problem(60)
    readout = fit_readout(name, responses, labels, 4)
    assert readout.predict(Spikes.from_dense(np.zeros((2, 5, 12), bool))).tolist() == [-1, -1]


@pytest.mark.parametrize("name", ["all_activity", "proportion"])
def test_only_unlabelled_neurons_give_no_answer(name):
    readout = fit_readout(name, COUNTS, LABELS, 3)
    assert readout.predict(np.array([[0, 0, 0, 9]])).tolist() == [-1]


def test_a_class_without_neurons_is_never_answered():
    readout = fit_readout("all_activity", COUNTS[:, :2], LABELS, 5)
    rng = np.random.default_rng(0)
    assert set(readout.predict(rng.integers(0, 9, (200, 2)))) <= {-1, 0, 1}


def test_ties_are_fixed_and_favour_no_class():
    readout = fit_readout("all_activity", np.eye(3, dtype=int), np.arange(3), 3)
    tied = np.repeat(np.arange(1, 7)[:, None], 2, 1) @ np.array([[1, 0, 0], [0, 1, 0]])
    tied = np.concatenate([tied, np.ones((3, 3), int) * [[1], [2], [3]], [[1, 1, 0], [3, 3, 1], [2, 2, 1]]])
    answers = readout.predict(tied)
    assert answers.tolist() == readout.predict(tied[::-1])[::-1].tolist()
    assert answers[-3:].tolist() == [0, 1, 1]  # 2, 7 and 5 spikes between two classes
    assert set(answers) <= {0, 1, 2}


def naive(counts, labels, n_classes, test, weighted):
    """Both vote readouts, in loops over classes and neurons; None where a tie makes the answer a convention."""
    means = np.array([[counts[labels == c, j].mean() if (labels == c).any() else 0.0 for c in range(n_classes)]
                      for j in range(counts.shape[1])])
    own = [int(row.argmax()) if row.max() > 0 else -1 for row in means]
    if any(np.sum(row == row.max()) > 1 and row.max() > 0 for row in means):
        return None
    answers = []
    for sample in test:
        scores = []
        for c in range(n_classes):
            votes = [sample[j] * (means[j, c] / means[j].sum() if weighted else 1)
                     for j in range(len(own)) if own[j] == c]
            scores.append(sum(votes) / len(votes) if votes else 0.0)
        ranked = sorted(scores)
        if ranked[-1] > 0 and ranked[-1] - ranked[-2] < 1e-9:
            return None
        answers.append(int(np.argmax(scores)) if max(scores) > 0 else -1)
    return answers


@given(hnp.arrays(np.int16, (9, 5), elements=st.integers(0, 20)),
       hnp.arrays(np.uint16, (4, 5), elements=st.integers(0, 20)), st.booleans())
@settings(max_examples=150, deadline=None)
def test_votes_equal_a_naive_form(counts, test, weighted):
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 1, 1])
    expected = naive(counts, labels, 4, test, weighted)
    if expected is not None:
        readout = fit_readout("proportion" if weighted else "all_activity", counts, labels, 4)
        assert readout.predict(test).tolist() == expected


def test_ngram_reads_order():
    """The same neurons spike as often in both classes; only who follows whom differs."""
    train = spikes_of([0, 1, 2], [2, 1, 0], [0, 1, 2])
    readout = fit_readout("ngram", train, np.array([0, 1, 0]), 2)
    assert readout.predict(spikes_of([3, 0, 1], [2, 1, 3], [3, 1, 0], [0, 2])).tolist() == [0, 1, 1, -1]


def test_ngram_scores_by_hand():
    train = spikes_of([0, 1, 0, 1], [1, 0])
    readout = fit_readout("ngram", train, np.array([0, 2]), 3, order=2)
    assert readout.codes.tolist() == [0 * 4 + 1, 1 * 4 + 0]
    assert readout.tallies.tolist() == [[2, 0, 0], [1, 0, 1]]


def test_ngram_does_not_run_across_samples():
    readout = fit_readout("ngram", spikes_of([0, 1], [2, 3]), np.array([0, 1]), 2)
    assert 1 * 4 + 2 not in readout.codes


@pytest.mark.parametrize("order", [1, 2, 3])
def test_ngram_orders(order):
    responses, labels = problem()
    readout = fit_readout("ngram", responses, labels, 4, order=order)
    test, test_labels = problem(seed=1)
    assert accuracy(test_labels, readout.predict(test)) > 0.9


def test_ngram_reads_a_slice_like_the_whole():
    responses, labels = problem(40)
    readout = fit_readout("ngram", responses, labels, 4)
    assert readout.predict(responses[10:20]).tolist() == readout.predict(responses)[10:20].tolist()


@pytest.mark.parametrize("name", READOUTS)
def test_every_readout_learns_and_generalises(name):
    responses, labels = problem()
    test, test_labels = problem(seed=1)
    readout = fit_readout(name, responses, labels, 4)
    answers = readout.predict(test)
    assert answers.dtype == np.int64 and answers.shape == (300,)
    assert accuracy(test_labels, answers) > 0.9
    shuffled = fit_readout(name, responses, np.random.default_rng(0).permutation(labels), 4)
    assert accuracy(test_labels, shuffled.predict(test)) < 0.6


@pytest.mark.parametrize("name", [name for name, kind in READOUTS.items() if kind.needs == "counts"])
def test_counts_and_spikes_read_alike(name):
    responses, labels = problem(80)
    by_spikes, by_counts = (fit_readout(name, r, labels, 4) for r in (responses, responses.counts().astype(np.int16)))
    assert by_spikes.predict(responses).tolist() == by_counts.predict(responses.counts()).tolist()


def test_blocks_do_not_change_the_answer(monkeypatch):
    responses, labels = problem(50)
    whole = {name: fit_readout(name, responses, labels, 4).predict(responses) for name in READOUTS}
    monkeypatch.setattr("plasticity.readout._arrays._BLOCK_VALUES", 12 * 7)
    for name, answers in whole.items():
        assert fit_readout(name, responses, labels, 4).predict(responses).tolist() == answers.tolist()


def test_large_responses_are_not_copied_whole():
    counts = np.zeros((20_000, 3_000), np.int16)
    counts[np.arange(20_000), np.arange(20_000) % 3_000] = 3
    tracemalloc.start()
    readout = fit_readout("proportion", counts, np.arange(20_000) % 10, 10)
    readout.predict(counts)
    assert tracemalloc.get_traced_memory()[1] < counts.nbytes
    tracemalloc.stop()


def test_logistic_with_two_classes_and_gaps_in_the_labels():
    rng = np.random.default_rng(0)
    labels = rng.choice([2, 5], 100)
    counts = rng.poisson(np.where(labels[:, None] == 5, [6, 1], [1, 6]))
    readout = fit_readout("logistic", counts, labels, 7)
    assert set(readout.predict(counts)) == {2, 5}
    assert accuracy(labels, readout.predict(counts)) > 0.9


def test_logistic_equals_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    responses, labels = problem(120)
    counts = responses.counts().astype(float)
    model = LogisticRegression(max_iter=300).fit(counts / counts.max(), labels)
    expected = model.predict(counts / counts.max())
    assert fit_readout("logistic", responses, labels, 4).predict(responses).tolist() == expected.tolist()


@pytest.mark.parametrize("name, responses, labels, message", [
    ("all_activty", COUNTS, LABELS, "did you mean 'all_activity'"),
    ("all_activity", COUNTS, LABELS[:4], r"labels must have shape \(5,\)"),
    ("all_activity", COUNTS, LABELS + 1, r"labels must stay within 0\.\.2, got 1\.\.3"),
    ("all_activity", COUNTS, LABELS - 1, r"labels must stay within 0\.\.2, got -1\.\.1"),
    ("proportion", COUNTS, LABELS * 0.5, "labels must be whole numbers"),
    ("proportion", COUNTS[0], LABELS[:4], "responses must be numbers of shape"),
    ("proportion", COUNTS * np.nan, LABELS, "responses must be finite"),
    ("all_activity", -COUNTS, LABELS, "not negative"),
    ("logistic", COUNTS, LABELS * 0, "needs two classes"),
    ("all_activity", COUNTS[:0], LABELS[:0], "labels are empty"),
    ("ngram", COUNTS, LABELS, "needs Spikes"),
])
def test_refusals(name, responses, labels, message):
    with pytest.raises(PlasticityError, match=message):
        fit_readout(name, responses, labels, 3)


def test_refuses_options_and_sizes():
    with pytest.raises(PlasticityError, match="unexpected keyword argument 'order'"):
        fit_readout("all_activity", COUNTS, LABELS, 3, order=2)
    with pytest.raises(PlasticityError, match="order must be a whole number of at least 1"):
        fit_readout("ngram", spikes_of([0, 1]), np.array([0]), 1, order=0)
    for name in ("all_activity", "proportion", "logistic"):
        with pytest.raises(PlasticityError, match="responses have 3 neurons, the readout was fitted on 4"):
            fit_readout(name, COUNTS, LABELS, 3).predict(COUNTS[:, :3])
    with pytest.raises(PlasticityError, match="fitted on 4"):
        fit_readout("ngram", spikes_of([0, 1]), np.array([0]), 1).predict(spikes_of([0], n=5))


@pytest.mark.parametrize(("text", "population", "last"), [
    ("counts", None, None), ("counts(out)", "out", None), ("counts(last=5)", None, 5),
    ("counts(out, last=5)", "out", 5)])
def test_counted_populations_by_text(text, population, last):
    readout = make(text)
    assert (readout.population, readout.last, str(readout)) == (population, last, text)
    assert readout.of(("a", "b"), 2) == Counts(population, 2)
    assert readout.of(("a", "b"), 2).sized({"a": 3, "b": 2, "out": 2}).pre == (population or "out")
