"""Voltage-based plasticity against the golden weights of NEST's test suite, and against itself in finer steps."""

import numpy as np
import pytest
from support.nest_aeif import voltage

from plasticity import PlasticityError, replay, rules

#: presynaptic spikes, postsynaptic ones (ms), final weight: NEST's test of clopath_synapse with aeif_psc_delta_clopath,
#: where the weight is 100 + 15 times its change in %
GOLDEN = [
    ([29.0, 129.0, 229.0, 329.0, 429.0], [19.0, 119.0, 219.0, 319.0, 419.0], 57.82638722),
    ([29.0, 62.3, 95.7, 129.0, 162.3], [19.0, 52.3, 85.7, 119.0, 152.3], 72.16730112),
    ([29.0, 49.0, 69.0, 89.0, 109.0], [19.0, 39.0, 59.0, 79.0, 99.0], 149.43359357),
    ([129.0, 229.0, 329.0, 429.0, 529.0, 629.0], [139.0, 239.0, 339.0, 439.0, 539.0, 639.0], 103.30408341),
    ([62.3, 95.6, 129.0, 162.3, 195.6, 229.0], [72.3, 105.6, 139.0, 172.3, 205.6, 239.0], 124.03640668),
    ([49.0, 69.0, 89.0, 109.0, 129.0, 149.0], [59.0, 79.0, 99.0, 119.0, 139.0, 159.0], 157.02882555),
]


def in_percent(w):
    return 100 + 1500 * (w - 0.5) / 0.5


def train(times, steps, dt):
    spikes = np.zeros((steps, 1), bool)
    spikes[np.round(np.asarray(times) / dt).astype(int)] = True
    return spikes


@pytest.mark.parametrize(("pre", "post", "weight"), GOLDEN)
def test_the_six_golden_weights(pre, post, weight):
    """The averages of the voltage come from the neuron, as in NEST, whose synapse acts at presynaptic spikes."""
    seen = 1e-3 * voltage(pre, post, pre[-1])
    silent = np.zeros((len(seen), 1), bool)
    rule = rules.clopath(homeostasis=False, filters="neuron", w_max=100.0)
    found = replay(rule, np.array([[0.5]]), train(pre, len(seen), 0.1), silent, 0.1e-3, "event", v=seen[:, :1],
                   u_plus=seen[:, 1:2], u_minus=seen[:, 2:3])
    assert in_percent(found.w[0, 0]) == pytest.approx(weight, rel=2e-4)


def test_all_engines_give_the_golden_weight_of_the_same_voltage():
    """To 1e-10, on the imposed voltage of the shortest protocol, averages and homeostasis in the rule."""
    pre, post, _ = GOLDEN[2]
    seen = 1e-3 * voltage(pre, post, pre[-1])[:, :1]
    silent, spikes = np.zeros((len(seen), 1), bool), train(pre, len(seen), 0.1)
    rule = rules.clopath(w_max=100.0)
    found = {engine: replay(rule, np.array([[0.5]]), spikes, silent, 0.1e-3, engine, v=seen).w[0, 0]
             for engine in ("interpreter", "event", "torch", "brian2")}
    assert abs(found["interpreter"] - 0.5) > 1e-3
    for engine, w in found.items():
        assert w == pytest.approx(found["interpreter"], abs=1e-10), engine


def change(rule, dt, **averages):
    """By four presynaptic spikes under a voltage that swings between rest and 30 mV above the upper threshold."""
    time = dt * np.arange(round(0.2 / dt))
    v = -70e-3 + 55e-3 * np.sin(2 * np.pi * 20 * time) ** 4
    pre = train([20.0, 60.0, 72.0, 150.0], len(time), 1e3 * dt)
    given = {name: make(time, v, dt)[:, None] for name, make in averages.items()}
    found = replay(rule, np.array([[0.5]]), pre, np.zeros_like(pre), dt, "interpreter", v=v[:, None], **given)
    return found.w[0, 0] - 0.5


def average(tau):
    """The exact running average of the voltage, from a fine grid."""
    def make(time, v, dt):
        fine = np.linspace(0, time[-1], 200 * len(time))
        swing = -70e-3 + 55e-3 * np.sin(2 * np.pi * 20 * fine) ** 4
        grown = np.cumsum((swing + 70.6e-3) * np.exp((fine - fine[-1]) / tau)) * (fine[1] / tau)
        return np.interp(time, fine, -70.6e-3 + grown * np.exp((fine[-1] - fine) / tau))
    return make


def test_averages_in_the_rule_converge_to_averages_in_the_neuron():
    exact = change(rules.clopath(filters="neuron", homeostasis=False), 0.1e-3, u_plus=average(7e-3),
                   u_minus=average(10e-3))
    coarse, fine = (change(rules.clopath(homeostasis=False), dt) for dt in (1e-3, 0.1e-3))
    assert abs(exact) > 1e-3
    assert abs(fine - exact) < 0.02 * abs(exact) and abs(fine - exact) < 0.3 * abs(coarse - exact)


def test_homeostasis_scales_depression_with_the_square_of_the_mean_depolarisation():
    """Below the upper threshold only depression is left; a slow average of 20 mV makes it 400/60 of the reference."""
    steps = np.full((400, 1), -50.6e-3)
    pre = train([350.0], 400, 1.0)
    quiet = np.zeros_like(pre)

    def by(rule):
        return replay(rule, np.array([[0.5]]), pre, quiet, 1e-3, "interpreter", v=steps).w[0, 0] - 0.5

    fixed, slow = by(rules.clopath(homeostasis=False)), by(rules.clopath(tau_slow=10e-3))
    assert fixed == pytest.approx(-0.14 * 20e-3, rel=1e-6)
    assert slow == pytest.approx(fixed * 400 / 60, rel=1e-6)


@pytest.mark.parametrize("arguments", [
    {"a_ltd": -1.0}, {"a_ltp": float("nan")}, {"tau_x": 0.0}, {"tau_plus": -1.0}, {"tau_minus": 0.0}, {"lag": -1e-3},
    {"u_ref2": 0.0}, {"tau_slow": 0.0}, {"filters": "synapse"}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.clopath(**arguments)
