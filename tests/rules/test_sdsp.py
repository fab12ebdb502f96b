"""Bistable synapses: which spikes move them, where they drift, and at which rates they go up, down or nowhere."""

import numpy as np
import pytest

from plasticity import PlasticityError, replay, rules


def moved(v, post_spikes, w=0.5, **options):
    """Change of one weight by a presynaptic spike after so many postsynaptic ones; without drift."""
    pre, post = np.zeros((40, 1), bool), np.zeros((40, 1), bool)
    post[1:1 + post_spikes], pre[30] = True, True
    rule = rules.sdsp(alpha=0.0, beta=0.0, tau_c=10.0, **options)
    return replay(rule, np.array([[w]]), pre, post, 1e-3, "interpreter", v=np.full((40, 1), v)).w[0, 0] - w


@pytest.mark.parametrize(("v", "spikes", "expected"), [
    (0.9, 2, 0.0), (0.9, 4, 0.1), (0.9, 13, 0.1), (0.9, 14, 0.0),
    (0.8, 2, 0.0), (0.8, 4, -0.1), (0.1, 4, -0.1), (0.1, 5, 0.0), (0.1, 13, 0.0)])
def test_voltage_chooses_the_direction_and_calcium_allows_it(v, spikes, expected):
    """c is a little below the number of spikes here, as it decays with 10 s."""
    assert moved(v, spikes) == pytest.approx(expected, abs=1e-12)
    if spikes not in (4, 5, 13, 14):
        return
    assert moved(v, spikes, a=0.2, b=0.3) == pytest.approx({0.1: 0.2, -0.1: -0.3}.get(expected, 0.0), abs=1e-12)


def test_without_spikes_weights_drift_to_the_nearer_bound_and_stay():
    silent = np.zeros((300, 1), bool)
    w = np.array([[0.49, 0.5, 0.51, 0.9]])
    post = np.zeros((300, 4), bool)
    found = replay(rules.sdsp(), w, silent, post, 1e-3, "interpreter", v=np.zeros((300, 4)), weights_every=100)
    np.testing.assert_allclose(found.trajectory[0], [[0.14, 0.15, 0.86, 1.0]], atol=1e-9)
    np.testing.assert_allclose(found.w, [[0.0, 0.0, 1.0, 1.0]], atol=1e-12)


def potentiated(rate, depolarised, start, n=400, seconds=0.5, dt=1e-3):
    """Fraction of synapses that end above theta_x after 60 Hz from before.

    The neuron spikes regularly at `rate` and is above theta_v for a fraction `depolarised` of the time.
    """
    steps, rng = round(seconds / dt), np.random.default_rng(4)
    phase = np.cumsum(np.full(steps, rate * dt))
    post = (np.floor(phase) > np.floor(phase - rate * dt))[:, None]
    pre = rng.random((steps, n)) < 60 * dt
    v = np.where(rng.random((steps, 1)) < depolarised, 0.9, 0.3)
    return (replay(rules.sdsp(), np.full((n, 1), start), pre, post, dt, "interpreter", v=v).w > 0.5).mean()


def test_synapses_go_down_at_middling_rates_up_at_high_ones_and_stop_beyond():
    """Brader, Senn & Fusi 2007: calcium, rate times 60 ms, must be above 3, and below 4 to go down or 13 to go up."""
    assert potentiated(20.0, 0.1, 0.3) == 0.0 and potentiated(20.0, 0.1, 0.7) == 1.0
    assert potentiated(60.0, 0.1, 0.3) == 0.0 and potentiated(60.0, 0.1, 0.7) < 0.5
    assert potentiated(120.0, 0.9, 0.3) > 0.8 and potentiated(120.0, 0.9, 0.7) == 1.0
    assert potentiated(300.0, 0.9, 0.3) < 0.4  # only until calcium has risen above 13


@pytest.mark.parametrize("arguments", [
    {"a": -0.1}, {"b": float("nan")}, {"alpha": -1.0}, {"tau_c": 0.0}, {"up": (3.0, 3.0)}, {"down": (4.0, 1.0)},
    {"up": (1.0, 2.0, 3.0)}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.sdsp(**arguments)
