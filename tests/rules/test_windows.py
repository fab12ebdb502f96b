"""The window of one pair of spikes, measured by `replay`, against its closed form."""

import numpy as np
import pytest

from plasticity import plots, rules

W = 0.5


def symmetric(t):
    return 0.03 * np.exp(-np.abs(t) / 15e-3)


def vogels(t):
    """A presynaptic spike costs eta alpha = 2 eta rho0 tau whatever the lag."""
    return 0.01 * (np.exp(-np.abs(t) / 20e-3) - 2 * 5.0 * 20e-3)


def anti(t):
    return np.where(t >= 0, -0.02 * np.exp(-t / 10e-3), 0.01 * np.exp(t / 30e-3))


def triplet(t):
    """The first pair finds no earlier spikes."""
    return np.where(t >= 0, 4.6e-3 * np.exp(-t / 16.8e-3), -3e-3 * np.exp(t / 33.7e-3))


def diehl_cook_paper(t):
    return 0.05 * (np.where(t >= 0, np.exp(-t / 20e-3), 0.0) - 0.4) * (1 - W) ** 0.6


def diehl_cook_released(t):
    """A lone postsynaptic spike strengthens nothing."""
    return np.where(t >= 0, 0.0, -0.02 * np.exp(t / 20e-3))


def diehl_cook_bindsnet(t):
    return np.where(t >= 0, 0.05 * np.exp(-t / 20e-3), -0.02 * np.exp(t / 20e-3))


def rank_order(t):
    return np.where(t >= 0, 0.04, -0.03) * W * (1 - W)


WINDOWS = [
    (rules.symmetric_stdp(0.03, 15e-3), symmetric), (rules.vogels_istdp(0.01, 5.0), vogels),
    (rules.anti_stdp(0.02, 0.01, 10e-3, 30e-3), anti), (rules.triplet_stdp("nearest", "hippocampus"), triplet),
    (rules.diehl_cook("paper", eta=0.05, mu=0.6), diehl_cook_paper),
    (rules.diehl_cook("released", nu_pre=0.02), diehl_cook_released),
    (rules.diehl_cook("bindsnet", nu_pre=0.02, nu_post=0.05, order="brian2"), diehl_cook_bindsnet),
    (rules.rank_order_stdp(0.04, 0.03), rank_order)]


@pytest.mark.parametrize(("rule", "closed_form"), WINDOWS, ids=lambda part: getattr(part, "name", ""))
def test_the_window_of_one_pair(rule, closed_form):
    time, change = plots.window(rule, W, points=81)
    np.testing.assert_allclose(change, closed_form(time), rtol=1e-9, atol=1e-12)
