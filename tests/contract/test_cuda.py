"""The contract on a CUDA device: CPU = GPU, for every rule on every kind of projection and for every network feature.

Skipped where there is no device.
"""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
from support.every_rule import DT, EVERY, outside, spikes, within
from support.feature_networks import FEATURES, STEPS
from support.step_loop import StepLoop
from support.trains import N_POST, N_PRE, TRAINS

from plasticity import Rule, engines, replay
from plasticity.network.window import Window

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
PADDED = Window((2, 3, 3), 2, 3, 1, (1, 0))
DELAYS = np.random.default_rng(4).integers(0, 6, (2, N_PRE, N_POST)) * DT
#: rules in which a rounding error may fall on the other side of a threshold, for single synapses
THRESHOLDS = ("graupner_brunel", "sdsp", "clopath", "hard_wta", "krotov_hopfield")


def made(name):
    rule = EVERY[name]()
    return rule.with_(params={"sigma": 0.0}) if "sigma" in rule.params else rule  # the device draws its own noise


def close(found, expected, atol=1e-10):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def all_trains():
    """The trains of the other suites side by side, bool [steps, batch, n]."""
    return tuple(np.stack([make()[side] for make in TRAINS.values()], 1) for side in (0, 1))


@pytest.mark.parametrize("options", [{}, {"batch": "mean"}, {"axonal_delay": 3 * DT, "dendritic_delay": 2 * DT},
                                     {"axonal_delay": DELAYS[0], "dendritic_delay": DELAYS[1]}],
                         ids=["sum", "mean", "delays", "delays per synapse"])
@pytest.mark.parametrize("name", EVERY)
def test_rules(name, options):
    rule, (pre, post), w = made(name), all_trains(), within(made(name), (N_PRE, N_POST))
    given = outside(rule, pre.shape[:2], N_PRE, N_POST)
    expected = replay(rule, w, pre, post, DT, "interpreter", weights_every=20, **options, **given)
    found = replay(rule, w, pre, post, DT, "torch", weights_every=20, device="cuda", **options, **given)
    close(found.trajectory, expected.trajectory)
    for trace, values in expected.traces.items():
        close(found.traces[trace], values)


@pytest.mark.parametrize("name", EVERY)
def test_rules_in_single_precision(name):
    rule, (pre, post), w = made(name), TRAINS["coincident"](), within(made(name), (N_PRE, N_POST))
    given = outside(rule, (len(pre),), N_PRE, N_POST)
    expected = replay(rule, w, pre, post, DT, "interpreter", **given).w
    found = replay(rule, w, pre, post, DT, "torch", device="cuda", dtype="float32", **given).w
    if rule.name.startswith(THRESHOLDS):
        found, expected = found.mean(), expected.mean()
    close(found, expected, 1e-4)


@pytest.mark.parametrize("name", EVERY)
def test_convolutions(name):
    rule, lead = made(name), (40, 2)
    pre, post = spikes(lead, PADDED.n_pre, 0.15, 1), spikes(lead, PADDED.n_post, 0.12, 2)
    given, w = outside(rule, lead, PADDED.n_pre, PADDED.n_post), within(rule, (PADDED.fan_in, PADDED.channels))
    options = {"window": PADDED, "axonal_delay": 2 * DT, "dendritic_delay": DT}
    expected = replay(rule, w, pre, post, DT, "interpreter", **options, **given)
    found = replay(rule, w, pre, post, DT, "torch", device="cuda", **options, **given)
    close(found.w, expected.w)
    for trace, values in expected.traces.items():
        close(found.traces[trace], values)


@pytest.mark.parametrize("name", EVERY)
def test_sparse_projections(name):
    rule, (pre, post), w = made(name), all_trains(), within(made(name), (N_PRE, N_POST))
    given, mask = outside(rule, pre.shape[:2], N_PRE, N_POST), np.random.default_rng(3).random(w.shape) < 0.6
    expected = replay(rule, w, pre, post, DT, "interpreter", mask=mask, **given).w
    close(replay(rule, w, pre, post, DT, "torch", mask=mask, device="cuda", **given).w, expected)


@pytest.mark.parametrize("name", FEATURES)
def test_networks(name):
    feature = FEATURES[name]()
    loop, populations = StepLoop(feature.network), [population.name for population in feature.network.populations]
    trains = [loop.present({key: train[sample] for key, train in feature.spikes.items()},
                           {key: series[sample] for key, series in feature.signals.items()}, STEPS)
              for sample in range(2)]
    simulation = engines.build(feature.network, "torch", device="cuda")
    recording = simulation.run(feature.spikes, signals=feature.signals, record=[f"{p}.spikes" for p in populations])
    for population in populations:
        expected = np.stack([one[population] for one in trains])
        np.testing.assert_array_equal(recording.spikes[population].dense(), expected)
    for projection, w in loop.weights.items():
        close(simulation.get(f"{projection}.w"), w)


def test_noise_has_the_same_spread_and_follows_its_seed():
    rule = Rule(on_step={"dw/dt": "s * noise"}, params={"s": 2.0}, name="diffusion")
    silent = np.zeros((100, 60), bool)
    w = [replay(rule, np.zeros((60, 60)), silent, silent, DT, "torch", seed=seed, device="cuda").w
         for seed in (3, 3, 4)]
    assert w[0].std() == pytest.approx(2.0 * np.sqrt(100 * DT), rel=0.05)
    assert np.array_equal(w[0], w[1])
    assert not np.array_equal(w[0], w[2])


@contextmanager
def no_waiting():
    """Whatever waits for the device is an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", [name for name in FEATURES if not name.startswith("winner")])
def test_steps_do_not_wait_for_the_device(name):
    """No step of a network asks the device for a result, so that the next step is prepared meanwhile."""
    feature = FEATURES[name]()
    simulation = engines.build(feature.network, "torch", device="cuda", batch=2)
    advance = simulation._advance

    def watched(*arguments):
        with no_waiting():
            return advance(*arguments)

    simulation._advance = watched
    simulation.run(feature.spikes, signals=feature.signals)
    with no_waiting(), pytest.raises(RuntimeError, match="synchroniz"):
        torch.ones(1, device="cuda").item()
