"""Short-term plasticity: NEST's two synapses, closed forms, and the same on every engine, learning or not."""

from math import exp

import numpy as np
import pytest

from plasticity import LanguageError, PlasticityError, RefusedError, Rule, State, Trace, engines, rules
from plasticity.engines.reference.transmission import transmitted
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.window import Window
from plasticity.neurons import Neuron

DT = 1e-3
SETTINGS = {
    "depressing": {"U": 0.5, "tau_rec": 0.8}, "facilitating": {"U": 0.03, "tau_rec": 0.2, "tau_fac": 0.5},
    "three_states": {"U": 0.5, "tau_rec": 0.8, "tau_psc": 3e-3},
    "three_states_facilitating": {"U": 0.04, "tau_rec": 0.1, "tau_fac": 1.0, "tau_psc": 3e-3}}
#: the spikes (ms) of NEST's test of its short-term synapses
TIMES = [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330, 360, 390, 900]


def tsodyks2(times, U, tau_rec, tau_fac=0.0):
    """NEST's tsodyks2_synapse, spike by spike (times in s): Maass & Markram 2002, equations 4 and 5."""
    x, u, last, found = 1.0, U, None, []
    for t in times:
        if last is not None:
            x = 1 + (x - x * u - 1) * exp(-(t - last) / tau_rec)
            u = U + u * (1 - U) * (exp(-(t - last) / tau_fac) if tau_fac else 0.0)
        found.append(x * u)
        last = t
    return found


def tsodyks(times, U, tau_rec, tau_psc, tau_fac=0.0):
    """NEST's tsodyks_synapse: the propagators of x, y, z between spikes, then u, then x and y."""
    x, y, u, last, found = 1.0, 0.0, 0.0, 0.0, []
    for t in times:
        h, last = t - last, t
        decay_u = exp(-h / tau_fac) if tau_fac else 0.0
        decay_y, decay_z = exp(-h / tau_psc), exp(-h / tau_rec)
        from_y = ((decay_z - 1) * tau_rec - (decay_y - 1) * tau_psc) / (tau_psc - tau_rec)
        x, y, u = x + from_y * y + (1 - decay_z) * (1 - x - y), y * decay_y, u * decay_u
        u += U * (1 - u)
        found.append(u * x)
        x, y = x - u * x, y + u * x
    return found


def by_nest(times, **numbers):
    return (tsodyks if "tau_psc" in numbers else tsodyks2)(np.asarray(times) * DT, **numbers)


def train(times, n=1, steps=1000):
    spikes = np.zeros((steps, n), bool)
    spikes[np.asarray(times)] = True
    return spikes


def settled(rule, rate, count=400):
    """What the last of many regular spikes transmits; a step per period, as solutions are exact."""
    return transmitted(rule, np.ones((count, 1), bool), 1 / rate)[-1, 0]


@pytest.mark.parametrize("name", SETTINGS)
def test_each_spike_transmits_what_nests_synapse_does(name):
    found = transmitted(rules.tsodyks_markram(**SETTINGS[name]), train(TIMES), DT)[TIMES, 0]
    np.testing.assert_allclose(found, by_nest(TIMES, **SETTINGS[name]), rtol=1e-12)
    assert found.max() > 1.3 * found.min()


@pytest.mark.parametrize("rate", [5.0, 20.0, 100.0])
@pytest.mark.parametrize("name", ["depressing", "facilitating"])
def test_regular_spikes_settle_at_the_analytic_steady_state(name, rate):
    """u = U / (1 - (1 - U) e^(-T/tau_fac)), x = (1 - e^(-T/tau_rec)) / (1 - (1 - u) e^(-T/tau_rec))."""
    numbers = {"tau_fac": 0.0, **SETTINGS[name]}
    U, period = numbers["U"], 1 / rate
    left = exp(-period / numbers["tau_fac"]) if numbers["tau_fac"] else 0.0
    u = U / (1 - (1 - U) * left)
    x = (1 - exp(-period / numbers["tau_rec"])) / (1 - (1 - u) * exp(-period / numbers["tau_rec"]))
    assert settled(rules.tsodyks_markram(**numbers), rate) == pytest.approx(u * x, rel=1e-9)


def test_at_high_rates_a_depressing_synapse_transmits_as_much_per_second_at_any_rate():
    """Tsodyks & Markram 1997: above the limiting frequency the response falls as 1/rate."""
    def per_second(rate):
        return rate * settled(rules.tsodyks_markram(0.5, 0.8), rate)

    assert per_second(100.0) == pytest.approx(per_second(50.0), rel=0.03) == pytest.approx(1 / 0.8, rel=0.05)
    assert per_second(1.0) < 0.5 / 0.8


@pytest.mark.parametrize("interval", [10, 50, 200])
def test_the_paired_pulse_ratio(interval):
    for name, numbers in SETTINGS.items():
        if "tau_psc" in numbers:
            continue
        pair = [5, 5 + interval]
        first, second = transmitted(rules.tsodyks_markram(**numbers), train(pair), DT)[pair, 0]
        U, left = numbers["U"], exp(-interval * DT / numbers["tau_fac"]) if "tau_fac" in numbers else 0.0
        expected = (1 + (1 - U) * left) * (1 - U * exp(-interval * DT / numbers["tau_rec"]))
        assert second / first == pytest.approx(expected, rel=1e-12)
        assert (second > first) == (name == "facilitating")


def test_three_states_become_two_variables_as_the_current_becomes_short():
    two = transmitted(rules.tsodyks_markram(0.3, 0.2, 0.4), train(TIMES), DT)
    three = transmitted(rules.tsodyks_markram(0.3, 0.2, 0.4, 1e-6), train(TIMES), DT)
    np.testing.assert_allclose(three, two, atol=1e-5)
    slow = transmitted(rules.tsodyks_markram(0.3, 0.2, 0.4, 20e-3), train(TIMES), DT)
    assert (slow[TIMES[1:], 0] < two[TIMES[1:], 0]).all()


def adding_up(rule, connect="dense", **options):
    """Two inputs onto neurons that only add up what they receive."""
    n = 2 if connect == "one_to_one" else 3
    cell = Neuron("dv/dt = 0/tau : 1", threshold="v > 1e9", params={"tau": "1*second"}, method="euler")
    w = np.array([2.0, 0.5]) if connect == "one_to_one" else np.array([[1.0, 2.0, 0.0], [0.5, -1.0, 3.0]])
    mask = {"mask": w != 0} if connect == "sparse" else {}
    return Network((Input("in", 2),), (Population("cell", n, cell),), dt=DT, projections=(
        Projection("in", "cell", w, connect, onto="v", scale=0.1, rule=rule, **mask, **options),))


def received(network, spikes, engine, learn=True, **options):
    """What each step adds to v: [samples, steps, n]."""
    simulation = engines.build(network, engine, **options)
    v = simulation.run({"in": spikes}, learn=learn, record=["cell.v"]).values["cell.v"]
    return np.diff(v, axis=1, prepend=0.0), simulation


@pytest.mark.parametrize(("engine", "connect", "learn"), [
    *(("torch", connect, learn) for connect in ("dense", "sparse", "one_to_one") for learn in (True, False)),
    ("event", "dense", False), ("event", "one_to_one", True), ("brian2", "sparse", True), ("brian2", "dense", False)])
def test_engines_transmit_as_defined(engine, connect, learn):
    """Also without learning, and with a delay; each presentation begins with rested synapses."""
    rule, delay = rules.tsodyks_markram(**SETTINGS["three_states_facilitating"]), 3
    spikes = np.random.default_rng(1).random((2, 120, 2)) < 0.15
    network = adding_up(rule, connect, axonal_delay=delay * DT)
    found, simulation = received(network, spikes, engine, learn)
    w = simulation.get("in->cell.w")
    for sample in range(2):
        late = np.concatenate([np.zeros((delay, 2), bool), spikes[sample, :-delay]])
        np.testing.assert_allclose(found[sample], 0.1 * transmitted(rule, late, DT) @ w, atol=1e-10)
    np.testing.assert_array_equal(w, simulation.get("in->cell.w"))


@pytest.mark.parametrize(("engine", "order"), [("event", "inclusive"), ("torch", "strict"), ("brian2", "inclusive")])
def test_a_rule_written_by_a_user_may_send_what_its_traces_say(engine, order):
    """Traces that rise are read before their own neuron's rise, by what is sent and by on_pre, in every order."""
    rule = Rule(pre={"x": State(0.05, initial=0.2), "count": Trace(0.1)}, on_step={"dx/dt": "3 * (x < 0.5)"},
                on_pre={"x": "gain * count"}, efficacy="exp(-x) + 0.1 * count", params={"gain": 0.3}, order=order)
    spikes = np.random.default_rng(1).random((1, 100, 2)) < 0.2
    found, simulation = received(adding_up(rule), spikes, engine, learn=False)
    expected = 0.1 * transmitted(rule, spikes[0], DT) @ simulation.get("in->cell.w")
    np.testing.assert_allclose(found[0], expected, atol=1e-10)


@pytest.mark.parametrize("engine", ["event", "torch"])
def test_samples_of_a_batch_have_synapses_of_their_own(engine):
    rule, spikes = rules.tsodyks_markram(0.4, 0.3, 0.2), np.random.default_rng(2).random((4, 60, 2)) < 0.2
    found, simulation = received(adding_up(rule), spikes, engine, batch=4)
    for sample in range(4):
        expected = 0.1 * transmitted(rule, spikes[sample], DT) @ simulation.get("in->cell.w")
        np.testing.assert_allclose(found[sample], expected, atol=1e-10)


def test_a_presentation_can_go_on_where_the_last_one_ended():
    rule, spikes = rules.tsodyks_markram(0.4, 0.3, 0.2), np.random.default_rng(2).random((1, 80, 2)) < 0.2
    whole, _ = received(adding_up(rule), spikes, "event")
    for engine in ("event", "torch", "brian2"):
        simulation = engines.build(adding_up(rule), engine)
        simulation.run({"in": spikes[:, :40]}, learn=False)
        v = simulation.get("cell.v")
        after = simulation.run({"in": spikes[:, 40:]}, learn=False, reset=False, record=["cell.v"]).values["cell.v"]
        np.testing.assert_allclose(np.diff(after, axis=1, prepend=v[None, None])[0], whole[0, 40:], atol=1e-10)


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_a_convolution_transmits_as_the_dense_projection_that_it_amounts_to(engine):
    rule, window = rules.tsodyks_markram(0.4, 0.3, 0.2), Window((1, 3, 3), 2, channels=2)
    cell = Neuron("dv/dt = 0/tau : 1", threshold="v > 1e9", params={"tau": "1*second"}, method="euler")
    w = np.random.default_rng(4).random((window.fan_in, 2))
    network = Network((Input("in", window.n_pre),), (Population("cell", window.n_post, cell),), dt=DT, projections=(
        Projection("in", "cell", w, "convolution", onto="v", rule=rule, window=window),))
    spikes = np.random.default_rng(3).random((2, 50, window.n_pre)) < 0.2
    found, _ = received(network, spikes, engine, learn=False)
    for sample in range(2):
        np.testing.assert_allclose(found[sample], transmitted(rule, spikes[sample], DT) @ window.dense(w), atol=1e-10)


@pytest.mark.parametrize("engine", ["torch", "brian2"])
def test_synapses_of_one_neuron_may_differ_in_delay(engine):
    rule, delays = rules.tsodyks_markram(0.4, 0.3, 0.2), np.arange(6).reshape(2, 3)
    spikes = np.random.default_rng(3).random((1, 60, 2)) < 0.2
    found, simulation = received(adding_up(rule, axonal_delay=DT * delays), spikes, engine)
    amounts, w = transmitted(rule, spikes[0], DT), simulation.get("in->cell.w")
    expected = np.zeros((60, 3))
    for (i, j), delay in np.ndenumerate(delays):
        expected[delay:, j] += 0.1 * w[i, j] * amounts[:60 - delay, i]
    np.testing.assert_allclose(found[0], expected, atol=1e-10)


def test_the_event_engine_refuses_delays_that_differ():
    with pytest.raises(RefusedError, match="differ in delay"):
        engines.build(adding_up(rules.tsodyks_markram(), axonal_delay=DT * np.arange(6).reshape(2, 3)), "event")


@pytest.mark.parametrize(("texts", "message"), [
    ({"efficacy": "y"}, "unknown name"), ({"efficacy": "w * x"}, "reads w"), ({"efficacy": "softmax(x)"}, "primitive"),
    ({"efficacy": "x", "on_pre": {"w": "x"}}, "has w"),
    ({"efficacy": "x", "signals": {"reward": "global"}}, "has reward")])
def test_what_a_rule_may_send(texts, message):
    with pytest.raises(LanguageError, match=message):
        Rule(**{"pre": {"x": State(0.1)}, "on_pre": {"x": "0.1"}, **texts})


@pytest.mark.parametrize("arguments", [
    {"U": -0.1}, {"U": 1.1}, {"U": float("nan")}, {"tau_rec": 0.0}, {"tau_fac": -1.0}, {"tau_psc": 0.8},
    {"tau_rec": float("inf")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.tsodyks_markram(**arguments)
