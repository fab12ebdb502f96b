"""Data sets step by step, and the list of all there is."""

import json
import os

import numpy as np
import pytest

from plasticity.cli import main
from plasticity.datasets import load_sequences, sequenced, validation_split
from plasticity.datasets.description import Dataset
from plasticity.datasets.fsdd import turns
from plasticity.datasets.listing import listing
from plasticity.datasets.nmnist import Events
from plasticity.errors import PlasticityError

real = pytest.mark.skipif(not os.environ.get("PLASTICITY_DATA"), reason="$PLASTICITY_DATA is not set")


@pytest.fixture
def images(monkeypatch):
    """Two images of 2x3 as MNIST."""
    x, y = np.arange(12, dtype=np.float32).reshape(2, 2, 3), np.array([0, 1])
    monkeypatch.setattr(sequenced, "load", lambda name: Dataset("mnist", x, y, x[:1], y[:1], 2))
    return x


def test_rows_come_from_the_top_and_are_held(images):
    data = load_sequences("rows_mnist")
    assert np.array_equal(data.train_x, images) and data.test_x.shape == (1, 2, 3) and data.n_classes == 2
    held = load_sequences("rows_mnist", hold=2).train_x
    assert held.shape == (2, 4, 3) and np.array_equal(held[:, ::2], images) and np.array_equal(held[:, 1::2], images)


def test_pixels_come_one_by_one(images):
    data = load_sequences("pixels_mnist")
    assert data.train_x.shape == (2, 6, 1) and data.train_x[1, :, 0].tolist() == [6, 7, 8, 9, 10, 11]
    assert load_sequences("pixels_mnist", hold=2).train_x[0, :4, 0].tolist() == [0, 0, 1, 1]


def test_events_are_pooled_in_time_and_space():
    time, x, y, polarity = (np.array(row) for row in ([0, 9_999, 10_000, 25_000, 40_000], [0, 1, 33, 2, 0],
                                                      [1, 1, 33, 0, 0], [1, 1, 0, 1, 1]))
    found = sequenced.pooled([Events(time, x, y, polarity)], dt=10e-3, steps=3, pool=2)
    assert found.shape == (1, 3, 17 * 17 * 2) and found.dtype == bool
    assert np.argwhere(found[0]).tolist() == [[0, 1], [1, (16 * 17 + 16) * 2], [2, 3]]
    uneven = sequenced.pooled([Events(time, x, y, polarity)], dt=10e-3, steps=3, pool=5)  # 34 pixels in 7 squares
    assert np.argwhere(uneven[0]).tolist() == [[0, 1], [1, (6 * 7 + 6) * 2], [2, 1]]


def test_recordings_take_turns():
    digits, speakers = np.array([0, 0, 0, 1, 1, 0]), ("a", "a", "b", "a", "a", "a")
    assert turns(digits, speakers).tolist() == [0, 1, 0, 0, 1, 2]


@real
@pytest.mark.mnist
def test_real_spoken_digits_hold_all_classes_at_the_end():
    data = load_sequences("fsdd_spikes", dt=100e-3, steps=3, channels=2)
    assert data.train_x.shape == (2700, 3, 2) and data.test_x.shape == (300, 3, 2)
    assert np.bincount(validation_split(data, 300).test_y).tolist() == [30] * 10
    assert 0.05 < data.train_x.mean() < 0.95


@pytest.mark.parametrize("name, options, message", [
    ("row_mnist", {}, "rows_mnist"), ("rows_mnist", {"holds": 2}, "hold"), ("rows_mnist", {"hold": 0}, "at least 1"),
    ("pixels_mnist", {"hold": 1.5}, "whole number"), ("nmnist_frames", {"pool": 0}, "pool")])
def test_bad_values_are_refused(name, options, message):
    with pytest.raises(PlasticityError, match=message):
        load_sequences(name, **options)


def test_the_list_names_everything_once_with_licence_and_citation():
    entries = listing()
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
    assert {"mnist", "fsdd", "speech_commands_v0.02", "nmnist_small", "rows_mnist", "pixels_mnist", "nmnist_frames",
            "fsdd_spikes", "pattern_generation", "evidence_accumulation", "store_recall"} <= set(names)
    assert {entry["kind"] for entry in entries} == {"images", "sounds", "events", "sequences", "tasks"}
    for entry in entries:
        assert entry["licence"] and any(digit.isdigit() for digit in entry["citation"]) and entry["load"]


def test_the_command_lists_them(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["list", "datasets", "--json"])
    entries = json.loads(capsys.readouterr().out)["datasets"]
    assert [entry["name"] for entry in entries] == [entry["name"] for entry in listing()]
    with pytest.raises(SystemExit, match="0"):
        main(["list", "datasets"])
    assert "CC BY-SA 4.0" in capsys.readouterr().out
