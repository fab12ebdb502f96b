"""Calcium-based plasticity: the nine published sets against the paper's theory of 60 pairs of spikes."""

from math import erf, exp, log, sqrt

import numpy as np
import pytest

from plasticity import PlasticityError, replay, rules
from plasticity.rules.texts.graupner_brunel import FITS

DT, PAIRS = 1e-3, 60
PERIOD = 0.3  # s between pairs, instead of the paper's 1 s, so that less silence is simulated
LAG = 5e-3  # s from the presynaptic spike to the postsynaptic one: calcium crosses a threshold in every set
FREE = {"w_min": float("-inf"), "w_max": float("inf")}


def calcium_jumps(fit):
    """(time, jump) of one period, in order; times on the grid, the calcium of a step's spike starts in the next."""
    delayed = round(fit.delay / DT) * DT
    return sorted([(delayed, fit.c_pre), (LAG, fit.c_post)])


def fractions_above(fit, thresholds, step=None):
    """Fraction of time that periodic calcium spends above each threshold; `step`: counted on a grid instead."""
    jumps, total = calcium_jumps(fit), 0.0
    for time, jump in jumps:  # calcium before the first jump, in the steady state
        total += jump * exp(-(PERIOD - time) / fit.tau_ca)
    c, spent = total / (1 - exp(-PERIOD / fit.tau_ca)), np.zeros(len(thresholds))
    now = 0.0
    for time, jump in [*jumps, (PERIOD, 0.0)]:
        length = time - now
        for k, threshold in enumerate(thresholds):
            above = min(max(fit.tau_ca * log(c / threshold), 0.0), length) if c > threshold else 0.0
            if step:
                steps = np.arange(1, round(length / step) + 1)
                above = step * (c * np.exp(-steps * step / fit.tau_ca) > threshold).sum()
            spent[k] += above
        c, now = c * exp(-length / fit.tau_ca) + jump, time
    return spent / PERIOD


def theory(fit, alpha_d, alpha_p, seconds):
    """Graupner & Brunel 2012: (mean, spread) of the efficacy from 0 and from 1, an Ornstein-Uhlenbeck process."""
    up, down = fit.gamma_p * alpha_p, fit.gamma_d * alpha_d
    rest, fade = up / (up + down), exp(-seconds * (up + down) / fit.tau)
    spread = sqrt(fit.sigma**2 * (alpha_p + alpha_d) / (up + down) * (1 - fade**2) / 2)
    return [(rest + (start - rest) * fade, spread) for start in (0.0, 1.0)]


def change(fit, up, down):
    """Strength after over before, when `up` and `down` are the probabilities to change side of w_star."""
    strength = (1 - up) * fit.beta + down * (1 - fit.beta) + fit.b * (up * fit.beta + (1 - down) * (1 - fit.beta))
    return strength / (fit.beta + (1 - fit.beta) * fit.b)


def trains(fit, n, dt=DT, pairs=PAIRS):
    """Spikes as they reach the synapse: the presynaptic ones late by the set's delay, on the grid of DT."""
    starts = np.round(np.arange(pairs) * PERIOD / dt).astype(int)
    steps = round(pairs * PERIOD / dt)
    pre, post = np.zeros((steps, 2), bool), np.zeros((steps, n), bool)
    pre[starts + round(fit.delay / DT) * round(DT / dt)], post[starts + round(LAG / dt)] = True, True
    return pre, post


@pytest.mark.parametrize("name", FITS)
def test_sixty_pairs_change_the_synapses_as_the_theory_says(name):
    """800 synapses start depressed, 800 potentiated; means, spread, and the change of strength that is published."""
    fit, n = FITS[name], 800
    w = np.repeat([[0.0], [1.0]], n, 1)
    found = replay(rules.graupner_brunel(name, **FREE), w, *trains(fit, n), DT, "event", seed=3).w
    alpha_d, alpha_p = fractions_above(fit, (fit.theta_d, fit.theta_p), DT)
    expected = theory(fit, alpha_d, alpha_p, PAIRS * PERIOD)
    for values, (mean, spread) in zip(found, expected, strict=True):
        assert values.mean() == pytest.approx(mean, abs=0.01 + 4 * spread / sqrt(n))
        assert values.std() == pytest.approx(spread, rel=0.15, abs=1e-9)
    sides = [(1 + erf((mean - 0.5) / (spread * sqrt(2)))) / 2 if spread else float(mean > 0.5)
             for mean, spread in expected]
    by_theory, by_simulation = change(fit, sides[0], 1 - sides[1]), change(fit, (found[0] > 0.5).mean(),
                                                                            (found[1] < 0.5).mean())
    error = (change(fit, 1.0, 0.0) - change(fit, 0.0, 0.0)) * 0.5 / sqrt(n)  # standard error of a probability, at most
    assert by_simulation == pytest.approx(by_theory, abs=4 * error)


@pytest.mark.parametrize("name", FITS)
def test_without_noise_the_drift_is_the_theory_to_one_percent(name):
    """In fine steps, against calcium's exact time above the thresholds; the theory leaves out the bistable drift."""
    fit, dt = FITS[name], 0.02e-3
    w = np.array([[0.2, 0.2], [0.8, 0.8]])
    rule = rules.graupner_brunel(name, sigma=0.0, **FREE)
    pairs = 10
    found = replay(rule, w, *trains(fit, 2, dt, pairs), dt, "event").w[:, 0]
    alpha_d, alpha_p = fractions_above(fit, (fit.theta_d, fit.theta_p))
    up, down = fit.gamma_p * alpha_p, fit.gamma_d * alpha_d
    fade = exp(-pairs * PERIOD * (up + down) / fit.tau)
    expected = up / (up + down) + (w[:, 0] - up / (up + down)) * fade
    bistable = 0.05 * pairs * PERIOD / fit.tau  # w (1 - w) (w_star - w) is below 0.05 everywhere
    assert (abs(found - expected) < 0.01 * abs(expected - w[:, 0]) + bistable).all()
    assert abs(expected - w[:, 0]).max() > 20 * bistable


def test_without_calcium_the_synapse_returns_to_its_side():
    rule = rules.graupner_brunel("DP", sigma=0.0).with_(params={"tau": 1.0})
    silent = np.zeros((20000, 1), bool)
    w = replay(rule, np.array([[0.3]]), silent, silent, DT, "event").w[0, 0]
    assert w < 0.001
    assert replay(rule, np.array([[0.7]]), silent, silent, DT, "event").w[0, 0] == pytest.approx(1 - w, abs=1e-9)


@pytest.mark.parametrize("arguments", [{"fit": "DDP"}, {"sigma": -1.0}, {"sigma": float("nan")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.graupner_brunel(**arguments)
