"""Tasks in time: that samples are what their descriptions say, by counting."""

import numpy as np
import pytest

from plasticity.datasets.sequences import RECALL, STORE, evidence_accumulation, pattern_generation, store_recall
from plasticity.errors import PlasticityError

TASKS = {"pattern_generation": pattern_generation, "evidence_accumulation": evidence_accumulation,
         "store_recall": store_recall}


@pytest.mark.parametrize("name", TASKS)
def test_the_seed_decides(name):
    few = {} if name == "pattern_generation" else {"samples": 3}
    one, again, other = (TASKS[name](seed=seed, **few) for seed in (3, 3, 5))
    for part in ("spikes", "targets", "counts", "symbols"):
        assert np.array_equal(getattr(one, part), getattr(again, part))
    assert not np.array_equal(one.spikes, other.spikes)
    assert not (np.array_equal(one.targets, other.targets) and np.array_equal(one.symbols, other.symbols))
    assert one.spikes.dtype == bool and one.counts.dtype == bool and one.name == name


def test_patterns_begin_at_zero_and_reach_one():
    task = pattern_generation(outputs=3, seed=1)
    assert task.spikes.shape == (1, 1000, 100) and task.targets.shape == (1, 1000, 3) and task.counts.all()
    np.testing.assert_array_equal(task.targets[0, 0], 0.0)
    np.testing.assert_allclose(np.abs(task.targets[0]).max(0), 1.0)
    assert task.spikes.mean() / task.dt == pytest.approx(50.0, rel=0.05)
    with pytest.raises(PlasticityError, match="no classes"):
        task.labels  # noqa: B018


def test_patterns_hold_whole_periods_of_the_published_sines():
    curve = pattern_generation(seed=2).targets[0, :, 0]
    spectrum = np.abs(np.fft.rfft(curve[:-1]))  # the last point is the first of the next turn
    assert set(np.argsort(spectrum[1:])[-4:] + 1) == {1, 2, 3, 5}
    rest = np.delete(spectrum, [0, 1, 2, 3, 5])
    assert rest.max() < 1e-9 * spectrum.max()


def test_evidence_is_where_it_should_be():
    task = evidence_accumulation(samples=50, seed=5)
    assert task.spikes.shape == (50, 2250, 40) and task.counts.sum(1).tolist() == [150] * 50
    assert task.counts[:, -150:].all()
    groups = task.spikes.reshape(50, 2250, 4, 10)
    for k in range(7):
        window = slice(k * 150 + 50, k * 150 + 150)
        counted = groups[:, window].sum((1, 3))
        shown = task.symbols[:, k]
        assert (counted[np.arange(50), 1 - shown] == 0).all()
        assert counted[np.arange(50), shown].mean() == pytest.approx(40.0, rel=0.08)  # 10 inputs, 40 Hz, 0.1 s
        assert not groups[:, k * 150: k * 150 + 50, :2].any()  # the gap before each cue
    assert not groups[:, 7 * 150:, :2].any() and not groups[:, :-150, 2].any()
    assert groups[:, -150:, 2].mean() / 1e-3 == pytest.approx(40.0, rel=0.05)
    assert groups[:, :, 3].mean() / 1e-3 == pytest.approx(10.0, rel=0.05)


def test_evidence_asks_for_the_majority_and_favours_a_side():
    task = evidence_accumulation(samples=2000, group=1, dt=0.01, seed=6)
    right = task.symbols.sum(1)
    np.testing.assert_array_equal(task.labels, right >= 4)
    assert task.labels.mean() == pytest.approx(0.5, abs=0.04)
    # with 7 fair cues the majority would have 4.6 of 7 on average, with a bias of 0.7 it has 5.1
    assert np.maximum(right, 7 - right).mean() == pytest.approx(_mean_majority(7, 0.7), abs=0.08)
    assert (evidence_accumulation(50, 3, bias=1.0, dt=0.01).symbols.std(1) == 0).all()


def _mean_majority(n: int, p: float) -> float:
    from scipy.stats import binom

    return sum(max(k, n - k) * binom.pmf(k, n, p) for k in range(n + 1))


def test_recall_asks_for_what_was_stored():
    assert store_recall(samples=2).spikes.shape == (2, 2400, 100)
    task = store_recall(samples=300, character=0.01, group=2, seed=7)
    commands, values = task.symbols[..., 0], task.symbols[..., 1]
    length = 10
    for sample in range(300):
        kept, waiting = None, False
        for k in range(12):
            here = slice(k * length, (k + 1) * length)
            if commands[sample, k] == STORE:
                assert not waiting
                kept, waiting = values[sample, k], True
            assert task.counts[sample, here].all() == task.counts[sample, here].any() == (commands[sample, k] == RECALL)
            if commands[sample, k] == RECALL:
                assert waiting and values[sample, k] == -1
                assert (task.targets[sample, here] == kept).all()
                waiting = False
        assert kept is not None and not waiting


def test_recall_groups_fire_when_they_are_on():
    task = store_recall(samples=40, group=5, seed=8)
    groups = task.spikes.reshape(40, 12, 200, 4, 5).mean((2, 4)) / task.dt
    commands, values = task.symbols[..., 0], task.symbols[..., 1]
    for group, on in enumerate((values == 0, values == 1, commands == STORE, commands == RECALL)):
        assert groups[..., group][on].mean() == pytest.approx(50.0, rel=0.05)
        assert not groups[..., group][~on].any()
    apart = [np.flatnonzero(row == RECALL)[0] - np.flatnonzero(row == STORE)[0] for row in commands]
    assert min(apart) >= 1 and np.mean(apart) > 2


@pytest.mark.parametrize("make, arguments, what", [
    (evidence_accumulation, {"cues": 4}, "cues must be odd"), (evidence_accumulation, {"samples": 0}, "samples"),
    (evidence_accumulation, {"bias": 1.2}, "bias"), (evidence_accumulation, {"gap": -1.0}, "gap"),
    (evidence_accumulation, {"rate": 2000.0}, r"rate \* dt must not exceed 1"),
    (pattern_generation, {"periods": (2.0,)}, "periods"), (pattern_generation, {"periods": ()}, "periods"),
    (pattern_generation, {"dt": 0.0}, "dt must be positive"), (store_recall, {"characters": 1}, "characters"),
    (store_recall, {"wait": -1}, "wait"), (store_recall, {"character": np.nan}, "character must be positive"),
    (store_recall, {"wait": 10**9, "samples": 1}, "lower it")])
def test_bad_values_are_refused(make, arguments, what):
    with pytest.raises(PlasticityError, match=what):
        make(**arguments)
