"""Metrics by hand."""

import numpy as np
import pytest

from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.readout.metrics import accuracy, confusion, spikes_per_sample, summarise

LABELS, ANSWERS = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, -1, 2])


def test_accuracy_counts_no_answer_as_wrong():
    assert accuracy(LABELS, ANSWERS) == pytest.approx(3 / 5)
    assert isinstance(accuracy(LABELS, ANSWERS), float)


def test_confusion_rows_are_labels_and_the_last_column_is_no_answer():
    assert confusion(LABELS, ANSWERS, 3).tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1]]


def test_confusion_keeps_classes_that_did_not_occur():
    table = confusion(np.array([1, 1]), np.array([1, 0]), 4)
    assert table.shape == (4, 5) and table.sum() == 2 and table[1].tolist() == [1, 1, 0, 0, 0]


def test_spikes_per_sample():
    dense = np.zeros((4, 3, 2), bool)
    dense[0, :, 0] = dense[2, 1, :] = True
    spikes = Spikes.from_dense(dense)
    assert spikes_per_sample(spikes) == spikes_per_sample(spikes.counts()) == 5 / 4
    assert spikes_per_sample(spikes[2:3]) == 2
    assert spikes_per_sample(np.full((2, 300), 200, np.uint8)) == 60_000


def test_summary_is_the_mean_over_seeds():
    summary = summarise({2: 0.5, 0: 0.9, 1: 0.7})
    assert summary.mean == pytest.approx(0.7) and summary.sd == pytest.approx(0.2)
    assert summary.seeds == (0, 1, 2) and summary.values == (0.9, 0.7, 0.5)
    assert str(summary) == "0.7000 ± 0.2000 (n = 3)"


def test_summary_of_one_seed_has_no_spread():
    assert summarise({0: 0.5}).sd is None and str(summarise({0: 0.5})) == "0.5000 (n = 1)"


def test_refusals():
    with pytest.raises(PlasticityError, match="same shape"):
        accuracy(LABELS, ANSWERS[:3])
    with pytest.raises(PlasticityError, match="one sample or more"):
        accuracy(LABELS[:0], ANSWERS[:0])
    with pytest.raises(PlasticityError, match=r"labels must stay within 0\.\.1, got 0\.\.2"):
        confusion(LABELS, ANSWERS, 2)
    with pytest.raises(PlasticityError, match="predictions must stay within"):
        confusion(np.array([0]), np.array([-2]), 2)
    with pytest.raises(PlasticityError, match="no sample"):
        spikes_per_sample(np.zeros((0, 3)))
    with pytest.raises(PlasticityError, match="values are empty"):
        summarise({})
