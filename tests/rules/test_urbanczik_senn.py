"""The dendrite that predicts its soma: against NEST's own formula, as a gradient, and learning a firing pattern."""

import numpy as np
import pytest

from plasticity import PlasticityError, engines, replay, rules
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import Neuron

FREE = {"w_min": -1e9, "w_max": 1e9}
SHARE, TAU_M, TAU_S, TAU_DELTA = 600 / 630, 10.0, 3.0, 100.0  # ms


def predicted(v):
    """(rate in 1/ms, h in 1/mV) at a dendritic potential in mV: the numbers of NEST's test of urbanczik_synapse."""
    v_star = -70 + SHARE * (v + 70)
    odds = 0.5 * np.exp((-55 - v_star) / 3)
    return 0.15 / (1 + odds), odds / (1 + odds) / 3


def kernel(age):
    """The potential that a spike of weight 1 has made `age` ms later."""
    return np.where(age > 0, TAU_S / (TAU_M - TAU_S) * (np.exp(-age / TAU_M) - np.exp(-age / TAU_S)), 0.0)


def course(steps, dt, seed=0):
    """A potential that swings (mV), presynaptic spikes, somatic spikes; times in ms, the same for every dt."""
    time = dt * np.arange(steps)
    pre_at, post_at = np.array([10.0, 22.0, 48.0]), np.array([15.0, 30.0, 62.0])
    pre, post = np.zeros((steps, 1), bool), np.zeros((steps, 1), bool)
    pre[np.round(pre_at / dt).astype(int)] = post[np.round(post_at / dt).astype(int)] = True
    return time, -62 + 6 * np.sin(time / 9), pre, post, pre_at


def test_the_change_is_that_of_nests_test():
    """NEST's formula: the raw change, rate against spikes, filtered with tau_Delta and summed. Converges with dt."""
    errors = []
    for dt in (0.5, 0.25, 0.125):
        time, v, pre, post, pre_at = course(round(120 / dt), dt)
        rate, h = predicted(v)
        psp = kernel(time[:, None] - pre_at).sum(1)
        raw = (post[:, 0] / dt - rate) * h * psp
        expected = (np.cumsum(np.exp(time / TAU_DELTA) * raw) * np.exp(-time / TAU_DELTA) / TAU_DELTA * dt).sum() * dt
        rule = rules.urbanczik_senn(1e-3, **FREE)  # 1 per mV
        w = replay(rule, np.zeros((1, 1)), pre, post, 1e-3 * dt, "interpreter", v_dendrite=1e-3 * v[:, None]).w[0, 0]
        errors.append(abs(w / expected - 1))
    assert abs(expected) > 1e-3 and errors[-1] < 5e-3 and errors[-1] < 0.6 * errors[0]


def test_the_change_is_the_gradient_of_the_likelihood_of_the_somas_spikes():
    rng, dt, steps = np.random.default_rng(3), 1.0, 1500
    pre, post = rng.random((steps, 4)) < 0.03, rng.random((steps, 1)) < 0.02
    pre[500:], post[500:] = False, False  # silence, in which the filtered error becomes change
    psp = np.array([kernel(np.arange(steps)[:, None] - np.flatnonzero(train)).sum(1) for train in pre.T]).T
    w = np.array([4.0, 7.0, 2.0, 5.0])  # mV

    def likelihood(w):
        rate, _ = predicted(-70 + psp @ w)
        return np.log(rate[post[:, 0]]).sum() - dt * rate.sum()

    gradient = [(likelihood(w + e) - likelihood(w - e)) / 2e-4 for e in 1e-4 * np.eye(4)]
    found = replay(rules.urbanczik_senn(1e-3, **FREE), np.zeros((4, 1)), pre, post, 1e-3 * dt, "interpreter",
                   v_dendrite=1e-3 * (-70 + psp @ w)[:, None]).w[:, 0]
    np.testing.assert_allclose(found * SHARE, gradient, rtol=1e-4, atol=1e-4 * np.abs(gradient).max())


def predicting(n=60):
    """A dendrite with n inputs; a teacher makes the soma spike."""
    cell = Neuron("""dv_dendrite/dt = (e_l - v_dendrite + I)/tau_m : volt
                  dI/dt = -I/tau_s : volt
                  teacher : 1""", threshold="teacher > 0.5", initial={"v_dendrite": "e_l"},
                  params={"e_l": "-70*mV", "tau_m": "10*ms", "tau_s": "3*ms"})
    w = 0.3 + 0.2 * np.random.default_rng(5).random((n, 1))
    return Network(
        (Input("in", n),), (Population("cell", 1, cell),), dt=1e-3, signals=(Signal("t", 1, drives="cell.teacher"),),
        projections=(Projection("in", "cell", w, onto="I", scale=8e-3, rule=rules.urbanczik_senn(2e-4)),))


def test_the_dendrite_comes_to_predict_what_the_soma_was_made_to_do():
    """Urbanczik & Senn 2014, figure 1: a frozen input comes to produce the course of rates of a teacher."""
    rng, steps, passes = np.random.default_rng(1), 400, 150
    pre = rng.random((1, steps, 60)) < 0.02
    target = 0.06 * (1 + np.sin(2 * np.pi * np.arange(steps) / 200))  # spikes per ms
    simulation = engines.build(predicting(), "event")

    def answer():
        run = simulation.run({"in": pre}, signals={"t": np.zeros((1, steps, 1))}, learn=False,
                             record=["cell.v_dendrite"])
        return predicted(1e3 * run.values["cell.v_dendrite"][0, :, 0])[0]

    before, late = answer(), slice(50, None)
    taught = 1.0 * (rng.random((passes, steps, 1)) < target[:, None])
    simulation.run({"in": np.repeat(pre, passes, 0)}, signals={"t": taught})
    after = answer()
    assert np.corrcoef(before[late], target[late])[0, 1] < 0.4 and np.corrcoef(after[late], target[late])[0, 1] > 0.8


@pytest.mark.parametrize("arguments", [
    {"eta": -1.0}, {"share": 0.0}, {"share": 1.2}, {"beta": 0.0}, {"k": -0.5}, {"phi_max": 0.0}, {"tau_s": 10e-3},
    {"tau_s": 0.0}, {"tau_delta": float("nan")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.urbanczik_senn(**arguments)
