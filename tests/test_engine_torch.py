"""The torch engine against the interpreter, and its networks against a step loop written out here."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from plasticity import engines, noise
from plasticity.errors import PlasticityError, RefusedError
from plasticity.homeostasis import normalize
from plasticity.network import Input, Network, Population, Projection, Signal
from plasticity.neurons.neuron import Neuron
from plasticity.replaying import replay
from plasticity.rule import ORDERS, Rule, State, Trace

torch.set_num_threads(1)
CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"))
#: "unlisted" is the CPU doing what a GPU does: no spikes are listed, nothing is skipped.
DEVICES = ["unlisted", CUDA]
DT = 1e-3
X, Y = Trace(20e-3), Trace(30e-3)

SPIKE_RULES = {
    "pair": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-a * y"}, on_post={"w": "b * x"},
                 params={"a": 0.011, "b": 0.01}, w_min=0.0, w_max=1.0),
    "nearest": Rule(pre={"x": Trace(20e-3, "set")}, post={"y": Trace(30e-3, "set")}, on_pre={"w": "-0.01 * y"},
                    on_post={"w": "0.012 * x"}, w_min=0.0, w_max=1.0),
    "triplet": Rule(pre={"x": X, "x2": Trace(90e-3)}, post={"y": Y, "y2": Trace(110e-3)},
                    on_pre={"w": "-y * (0.007 + 0.0023 * x2)"}, on_post={"w": "x * (0.005 + 0.0062 * y2)"}),
    "powers": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-0.02 * y * (w / w_max)**mu"},
                   on_post={"w": "0.02 * x * (1 - w / w_max)**mu"}, params={"mu": 0.4}, w_min=0.0, w_max=1.3),
    "multiplicative": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "-0.02 * y * (w - w_min)**1"},
                           on_post={"w": "0.02 * (x - target) * (w_max - w)**mu"}, params={"mu": 1.0, "target": 0.3},
                           w_min=0.0, w_max=1.0),
    "mixed": Rule(pre={"x": X}, post={"y": Y}, on_pre={"w": "0.01 * (x - w)**2 - 0.02 * (y - 0.5 * w) * (1 - x)"},
                  on_post={"w": "0.01 * exp(-(x - w)**2) + 0.003"}),
    "divided": Rule(pre={"x": X}, post={"y": Trace(30e-3, initial=0.5)},
                    on_pre={"w": "-0.01 * y / (y + w) + 0.01 / (1 + x)"},
                    on_post={"w": "0.01 * x * (x > y) + 0.002 * log(1 + x) / y"}),
    "drifting": Rule(pre={"x": X, "u": State(initial=0.4)}, post={"y": Y},
                     on_pre={"u": "0.1 * (1 - u)", "w": "u * 0.01"}, on_post={"w": "0.01 * x * u - 0.002 * y"}),
    "eligibility": Rule(pre={"x": X}, post={"y": Y}, syn={"e": State(50e-3, initial=0.2)}, on_pre={"e": "-0.3 * y"},
                        on_post={"e": "0.4 * x + 0.01 * w"}, on_step={"dw/dt": "0.8 * e * reward"},
                        signals={"reward": "global"}, w_min=-1.0, w_max=2.0),
}
STEP_RULES = {
    "oja": Rule(on_step={"dw/dt": "3.0 * (post_rate * pre_rate - post_rate**2 * w)"},
                reads={"pre_rate": "pre", "post_rate": "post"}),
    "bcm": Rule(post={"theta": State(initial=0.5, keep=True)},
                on_step={"dtheta/dt": "(post_rate**2 - theta) / tau",
                         "dw/dt": "post_rate * (post_rate - theta) * pre_rate"},
                params={"tau": 0.05}, reads={"pre_rate": "pre", "post_rate": "post"}),
    "sanger": Rule(on_step={"dw/dt": "post_rate * (pre_rate - prefix_sum(w * post_rate))"},
                   reads={"pre_rate": "pre", "post_rate": "post"}),
    "softmax": Rule(on_step={"dw/dt": "softmax(2 * post_rate) * (pre_rate - post_rate * w)"},
                    reads={"pre_rate": "pre", "post_rate": "post"}),
    "krotov": Rule(on_step={"dw/dt": "(g - 0.4 * (rank(post_rate) == 2)) * (pre_rate - w)"},
                   let={"g": "rank(post_rate) < 1"},
                   reads={"pre_rate": "pre", "post_rate": "post"}),
    "reduced": Rule(on_step={"dw/dt": "u * (post_rate - sum_post(post_rate) / 5) - 0.1 * max_post(w * u)"},
                    let={"u": "pre_rate"}, reads={"pre_rate": "pre", "post_rate": "post"}),
    "delayed": Rule(pre={"x": X}, on_step={"dw/dt": "x * (delayed(post_rate, 7*lag) - post_rate)"},
                    params={"lag": 1e-3}, reads={"post_rate": "post"}),
    "calcium": Rule(syn={"c": State(40e-3), "s": State(initial=0.3)}, on_pre={"c": "0.8"}, on_post={"c": "1.1"},
                    on_step={"ds/dt": "5 * ((c > 1) * (1 - s) - (c > 0.6) * s) + 0.2 * noise", "w": "0.1 + 0.5 * s"}),
    "noisy": Rule(pre={"x": X}, post={"y": Y}, on_step={"dw/dt": "0.01 * noise * (x > 0) + x * y * M * a"},
                  on_post={"w": "0.001 * post_rate"}, reads={"post_rate": "post"}, signals={"M": "global", "a": "pre"},
                  w_min=0.0, w_max=1.0),
    "eprop": Rule(syn={"ea": State(), "e": State()}, pre={"z": Trace(20e-3)},
                  on_step={"ea": "psi * z + (0.9 - psi * 0.3) * ea", "e": "0.8 * e + psi * (z - 0.3 * ea)",
                           "dw/dt": "-L * e"}, reads={"psi": "post"}, signals={"L": "post"}),
}


@pytest.fixture
def device(request, monkeypatch):
    """The device of a test, from its parameter."""
    if request.param == "unlisted":
        monkeypatch.setattr("plasticity.engines.torch.language.Context.lists", False)
    return request.param.replace("unlisted", "cpu")


on_each_device = pytest.mark.parametrize("device", DEVICES, indirect=True)


def trains(seed=0, batch=2, steps=70, n_pre=6, n_post=5):
    """Random spikes with many coincidences, and silent neurons."""
    rng = np.random.default_rng(seed)
    pre, post = (rng.random((steps, batch, n)) < 0.15 for n in (n_pre, n_post))
    pre[::9], post[::9] = pre[::9] | True, post[::9] | True
    pre[:, :, 0], post[:, 0, 1] = False, False
    return pre, post, rng.uniform(0.1, 0.9, (n_pre, n_post))


def signals_of(rule, pre, post, seed=1):
    rng = np.random.default_rng(seed)
    shapes = {"pre": pre.shape, "post": post.shape, "global": pre.shape[:2]}
    return {name: rng.random(shapes[place]) for name, place in {**rule.reads, **rule.signals}.items()}


def both(rule, pre, post, w, device="cpu", dtype="float64", **options):
    given = {**signals_of(rule, pre, post), **options}
    return (replay(rule, w, pre, post, DT, engine="torch", device=device, dtype=dtype, weights_every=10, **given),
            replay(rule, w, pre, post, DT, engine="interpreter", weights_every=10, **given))


def agree(rule, found, expected, tolerance=1e-10):
    assert np.abs(expected.trajectory[-1] - expected.trajectory[0]).max() > 1e-3, "the rule did nothing"
    np.testing.assert_allclose(found.w, expected.w, atol=tolerance, rtol=tolerance)
    np.testing.assert_allclose(found.trajectory, expected.trajectory, atol=tolerance, rtol=tolerance)
    assert set(found.traces) == set(rule.variables)
    for name, trace in expected.traces.items():
        np.testing.assert_allclose(found.traces[name], trace, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("batch, reduce", [(1, "sum"), (4, "sum"), (4, "mean")])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", SPIKE_RULES)
def test_spike_rules_equal_the_interpreter(name, order, batch, reduce):
    rule = SPIKE_RULES[name].with_(order=order)
    pre, post, w = trains(batch=batch)
    agree(rule, *both(rule, pre, post, w, batch=reduce))


@pytest.mark.parametrize("batch, reduce", [(1, "sum"), (3, "sum"), (3, "mean")])
@pytest.mark.parametrize("name", STEP_RULES)
def test_clocked_rules_equal_the_interpreter(name, batch, reduce):
    rule = STEP_RULES[name]
    pre, post, w = trains(batch=batch)
    agree(rule, *both(rule, pre, post, w, batch=reduce))


@on_each_device
@pytest.mark.parametrize("delays", [{}, {"axonal_delay": 3e-3, "dendritic_delay": np.arange(30).reshape(6, 5) * 3e-4}],
                         ids=["together", "delayed"])
@pytest.mark.parametrize("name", [*SPIKE_RULES, *STEP_RULES])
def test_rules_equal_the_interpreter_on_each_device(name, delays, device):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    if device != "cpu" and "noise" in rule.reads_names:
        pytest.skip("noise on a GPU is the device's own")
    pre, post, w = trains(batch=3)
    agree(rule, *both(rule, pre, post, w, device, batch="mean", **delays))


@pytest.mark.parametrize("name", [*SPIKE_RULES, *(name for name in STEP_RULES if name not in ("krotov", "calcium"))])
def test_float32_equals_the_interpreter(name):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    pre, post, w = trains(batch=3)
    agree(rule, *both(rule, pre, post, w, dtype="float32", batch="mean"), tolerance=1e-4)


@pytest.mark.parametrize("ends", ["axonal", "dendritic", "both"])
@pytest.mark.parametrize("kind", ["scalar", "per synapse"])
@pytest.mark.parametrize("name", [*SPIKE_RULES, "noisy", "calcium"])
def test_delays_equal_the_interpreter(name, kind, ends):
    rule = {**SPIKE_RULES, **STEP_RULES}[name].with_(order="inclusive")
    pre, post, w = trains(batch=2)
    draws = np.random.default_rng(5).uniform(0, 12e-3, (2, *w.shape))
    values = draws if kind == "per synapse" else (4e-3, 7e-3)
    delays = dict(zip(("axonal_delay", "dendritic_delay"), values, strict=True))
    given = {key: value for key, value in delays.items() if ends == "both" or key.startswith(ends)}
    agree(rule, *both(rule, pre, post, w, **given))


@pytest.mark.parametrize("name", [*SPIKE_RULES, *STEP_RULES])
def test_masks_equal_the_interpreter(name):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    pre, post, w = trains(batch=2)
    mask = np.random.default_rng(3).random(w.shape) < 0.6
    mask[0] = mask[:, 0] = True  # traces are compared as the first synapses see them
    found, expected = both(rule, pre, post, np.where(mask, w, 0.0), mask=mask)
    np.testing.assert_allclose(found.w[mask], expected.w[mask], atol=1e-10)
    assert not found.w[~mask].any()
    for key, trace in expected.traces.items():
        np.testing.assert_allclose(found.traces[key], trace, atol=1e-10)


@on_each_device
def test_what_is_infinite_where_nobody_spikes_does_not_spread(device):
    """Divisions by zero in samples and neurons that take no part leave the others' sums finite."""
    rule = Rule(pre={"x": X}, on_post={"w": "0.01 / x + 0.02 * x / r"}, signals={"r": "post"})
    pre, post = np.zeros((9, 2, 3), bool), np.zeros((9, 2, 4), bool)
    pre[0, 0], post[4, 0, :2], r = True, True, np.zeros((9, 2, 4))
    r[4, 0, :2] = 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = replay(rule, np.ones((3, 4)), pre, post, DT, engine="interpreter", r=r)
    assert np.isfinite(expected.w).all() and (expected.w[:, :2] > 1.01).all()
    found = replay(rule, np.ones((3, 4)), pre, post, DT, engine="torch", device=device, r=r)
    np.testing.assert_allclose(found.w, expected.w, atol=1e-12)


def test_many_spikes_take_the_dense_path_with_the_same_result():
    """Above and below the densities at which sums over spikes are replaced by matrix products."""
    for density in (0.002, 0.02, 0.3):
        rng = np.random.default_rng(1)
        pre, post = (rng.random((12, 8, n)) < density for n in (90, 60))
        pre[3], post[4] = True, True
        rule = SPIKE_RULES["triplet"]
        found, expected = both(rule, pre, post, rng.random((90, 60)), batch="mean")
        np.testing.assert_allclose(found.w, expected.w, atol=1e-10)


LIF = Neuron("dv/dt = (g - v)/tau : 1 (unless refractory)\ndg/dt = -g/tau_g : 1\ndtheta/dt = -theta/tau_theta : 1",
             threshold="v > 1 + theta", reset="v -= 1", adapt="theta += 0.05", slow=("theta",), refractory=3e-3,
             params={"tau": "20*ms", "tau_g": "5*ms", "tau_theta": "2*second"})
SIZES = (12, 7)


def network(neuron=LIF, **population):
    """Inputs that learn onto a population with self-excitation after a delay and all-but-self inhibition."""
    rng = np.random.default_rng(4)
    return Network(
        inputs=(Input("in", SIZES[0]),), populations=(Population("E", SIZES[1], neuron, **population),),
        projections=(
            Projection("in", "E", rng.uniform(0.2, 1.0, SIZES), onto="g", rule=SPIKE_RULES["pair"], normalize=6.0),
            Projection("E", "E", 0.3, connect="one_to_one", onto="v", axonal_delay=4e-3, label="self"),
            Projection("E", "E", -0.4, connect="all_but_self", onto="v", scale=0.5, label="others")), dt=DT)


def loop(spikes, seed=0, reduce="sum", winner="all", losers_reset=False, batch=1, reset_delay=0):
    """The same network, step by step in numpy. spikes: [samples, steps, n]; answers counts, w, theta."""
    rng = np.random.default_rng(4)
    w = np.clip(normalize(rng.uniform(0.2, 1.0, SIZES), 6.0), 0, 1)
    a, b, tau, tau_g = math.exp(-DT / 20e-3), math.exp(-DT / 5e-3), 20e-3, 5e-3
    n, theta, counts, step = SIZES[1], np.zeros(SIZES[1]), [], 0
    coupling = tau_g / (tau_g - tau) * (b - a)
    for first in range(0, len(spikes), batch):
        chunk = spikes[first: first + batch]
        size = len(chunk)
        share = 1.0 if reduce == "sum" else 1.0 / size
        v, g, x, y = np.zeros((size, n)), np.zeros((size, n)), np.zeros((size, SIZES[0])), np.zeros((size, n))
        until, fired = np.zeros((size, n), int), [np.zeros((size, n), bool)] * 5
        hit = np.zeros((size, n), bool)
        for t in range(chunk.shape[1]):
            if reset_delay:
                v[hit] -= 1.0
                theta = theta + 0.05 * hit.sum(0) * share
            x, y = x * math.exp(-DT / 20e-3), y * math.exp(-DT / 30e-3)
            free = until <= t
            v, g = np.where(free, v * a + g * coupling, v), g * b
            theta = theta * math.exp(-DT / 2.0)  # time passes once, however many samples
            crossed = (v > 1 + theta) & free
            z = crossed.copy()
            for k in range(size):
                able = np.flatnonzero(crossed[k])
                if winner != "all" and len(able):
                    one = int(noise.uniform(seed, step, np.array([k]))[0] * len(able))
                    z[k] = False
                    z[k, able[np.argmax(v[k, able])] if winner == "highest" else able[one]] = True
            hit = crossed if losers_reset else z
            until[hit] = t + 3
            free &= ~hit
            s = chunk[:, t]
            fired = [*fired[1:], z]
            g = g + s @ w
            v = v + np.where(free, 0.3 * fired[-5], 0.0)
            v = v + np.where(free, -0.2 * (z.sum(1, keepdims=True) - z), 0.0)
            w = np.clip(w - 0.011 * share * s.T.astype(float) @ y, 0, 1)
            x = x + s
            w = np.clip(w + 0.01 * share * x.T @ z, 0, 1)
            y = y + z
            if not reset_delay:
                v[hit] -= 1.0
                theta = theta + 0.05 * hit.sum(0) * share
            counts.append(z)
            step += 1
        w = np.clip(normalize(w, 6.0), 0, 1)
    return np.array([len(counts), sum(z.sum() for z in counts)]), w, theta


def poisson(samples=4, steps=120, seed=7):
    return np.random.default_rng(seed).random((samples, steps, SIZES[0])) < 0.08


@pytest.mark.parametrize("device", ["cpu", *DEVICES], indirect=True)
@pytest.mark.parametrize("reset_delay", [0, 1])
@pytest.mark.parametrize("winner, losers_reset",
                         [("all", False), ("highest", False), ("random", False), ("highest", True)])
@pytest.mark.parametrize("batch, reduce", [(1, "sum"), (3, "sum"), (3, "mean")])
def test_a_network_equals_a_step_loop(batch, reduce, winner, losers_reset, reset_delay, device):
    spikes = poisson()
    described = network(LIF.with_(reset_delay=reset_delay), winner=winner, losers_reset=losers_reset)
    simulation = engines.build(described, "torch", batch=batch, reduce=reduce, seed=3, device=device)
    recording = simulation.run({"in": spikes})
    (_, total), w, theta = loop(spikes, 3, reduce, winner, losers_reset, batch, reset_delay)
    assert total > 20 and recording.counts["E"].sum() == total
    np.testing.assert_allclose(simulation.get("in->E.w"), w, atol=1e-10)
    np.testing.assert_allclose(simulation.get("E.theta"), theta, atol=1e-10)


def test_recordings():
    spikes = poisson(3)
    simulation = engines.build(network(LIF.with_(reset="v = 0")), "torch", batch=2)
    recording = simulation.run({"in": spikes}, record=("E.spikes", "E.v", "E.theta"), weights_every=60)
    dense = recording.spikes["E"].dense()
    assert dense.shape == (3, 120, 7) and dense.any((1, 2)).all()
    np.testing.assert_array_equal(dense.sum(1), recording.counts["E"])
    np.testing.assert_array_equal(recording.spikes["E"].counts(), recording.counts["E"])
    assert (recording.values["E.v"][dense] == 0.0).all()
    assert recording.values["E.theta"].shape == (3, 120, 7)
    np.testing.assert_allclose(recording.values["E.theta"][-1, -1], simulation.get("E.theta"))
    assert recording.trajectory["in->E"].shape == (4, 12, 7)


@pytest.mark.parametrize("batch", [1, 3])
def test_presentations_without_learning_change_nothing_that_outlives_them(batch):
    spikes, more = poisson(4), poisson(5, seed=9)
    described = network(winner="random")
    bcm = STEP_RULES["bcm"].with_(reads={}, signals={"pre_rate": "pre", "post_rate": "post"})
    described = described.with_(
        signals=(Signal("pre_rate", 12), Signal("post_rate", 7)),
        projections=(*described.projections, Projection("in", "E", np.full(SIZES, 0.5), rule=bcm, label="slow")))
    runs = []
    for tested in (False, True):
        simulation = engines.build(described, "torch", batch=batch, seed=1)
        rates = {"pre_rate": np.ones((4, 120, 12)), "post_rate": np.ones((4, 120, 7))}
        simulation.run({"in": spikes}, signals=rates)
        if tested:
            before = {name: simulation.get(name) for name in ("in->E.w", "in->E.x", "slow.w", "slow.theta", "E.theta")}
            simulation.run({"in": more}, learn=False,
                           signals={name: np.ones((5, *values.shape[1:])) for name, values in rates.items()})
            for name, values in before.items():
                np.testing.assert_array_equal(simulation.get(name), values)
        simulation.run({"in": spikes}, signals=rates)
        runs.append(simulation.state())
    assert np.unique(runs[0]["learning/slow/theta"]).size >= 1 and (runs[0]["learning/slow/theta"] > 0.5).all()
    for name, values in runs[0].items():
        np.testing.assert_array_equal(values, runs[1][name], err_msg=name)


@pytest.mark.parametrize("kind", ["scalar", "per synapse"])
def test_going_on_and_restoring_equal_one_long_presentation(kind):
    """Cut in two, or restored from a checkpoint in between, a presentation ends where it would have."""
    described = network(LIF.with_(reset_delay=1))
    delay = 5e-3 if kind == "scalar" else np.random.default_rng(2).uniform(0, 9e-3, SIZES)
    learning = described.projections[0].rule.with_(
        reads={"v": "post"}, on_step={"dw/dt": "0.1 * (delayed(v, 0.005) - v)"})
    first, *others = described.projections
    changed = Projection("in", "E", first.weights, onto="g", rule=learning, axonal_delay=delay, dendritic_delay=delay)
    described = described.with_(projections=(changed, *others))
    spikes = poisson(2)
    whole = engines.build(described, "torch", batch=2)
    whole.run({"in": spikes})
    cut = engines.build(described, "torch", batch=2)
    cut.run({"in": spikes[:, :50]})
    saved = cut.state()
    cut.run({"in": spikes[:, 50:]}, reset=False)
    fresh = engines.build(described, "torch", batch=2)
    fresh.restore(saved)
    fresh.run({"in": spikes[:, 50:]}, reset=False)
    assert whole.get("in->E.y").any()
    for other in (cut, fresh):
        for name, values in whole.state().items():
            np.testing.assert_array_equal(values, other.state()[name], err_msg=name)


def test_a_batch_larger_than_the_samples_left_keeps_the_other_rows():
    simulation = engines.build(network(), "torch", batch=3)
    simulation.run({"in": poisson(3)})
    before = simulation.get("E.v")
    simulation.run({"in": poisson(1, seed=8)})
    after = simulation.get("E.v")
    assert after.shape == (3, 7) and (after[0] != before[0]).any()
    np.testing.assert_array_equal(after[1:], before[1:])


def test_delays_between_neurons_differ_per_synapse():
    """One spike per input arrives where and when the delays say, with the weight of that synapse."""
    rng = np.random.default_rng(0)
    delay, w = rng.integers(0, 6, (4, 3)), rng.random((4, 3))
    passive = Neuron("v : 1", threshold="v > 100")
    described = Network((Input("in", 4),), (Population("E", 3, passive),),
                        (Projection("in", "E", w, onto="v", axonal_delay=delay * DT, scale=2.0),), dt=DT)
    spikes = np.zeros((1, 12, 4), bool)
    spikes[0, [1, 2, 3, 1], range(4)] = True
    v = engines.build(described, "torch").run({"in": spikes}, record=("E.v",)).values["E.v"][0]
    expected = np.zeros((12, 3))
    for i, start in enumerate((1, 2, 3, 1)):
        for j in range(3):
            expected[start + delay[i, j]:, j] += 2.0 * w[i, j]
    np.testing.assert_allclose(v, expected, atol=1e-12)


def test_signals_drive_and_rules_read_the_neuron():
    """w grows by eta * mean over samples of pre spikes times v, with v driven from outside."""
    neuron = Neuron("drive : 1\nv = 2 * drive : 1", threshold="drive > 1e9")
    rule = Rule(on_pre={"w": "0.1 * v"}, reads={"v": "post"})
    described = Network((Input("in", 2),), (Population("E", 3, neuron),),
                        (Projection("in", "E", np.zeros((2, 3)), rule=rule),),
                        (Signal("current", 3, "E.drive"),), dt=DT)
    rng = np.random.default_rng(0)
    spikes, current = rng.random((4, 30, 2)) < 0.3, rng.random((4, 30, 3))
    simulation = engines.build(described, "torch", batch=4, reduce="mean")
    simulation.run({"in": spikes}, signals={"current": current})
    expected = np.einsum("sti,stj->ij", spikes.astype(float), 0.1 * 2 * current) / 4
    np.testing.assert_allclose(simulation.get("in->E.w"), expected, atol=1e-12)


def test_refractory_neurons_integrate_what_is_not_gated_around_a_held_potential():
    """u follows v, which stands still after the spike: u -> u*exp(-dt/tau) + v_held*(1 - exp(-dt/tau)), v_held = 0."""
    neuron = Neuron("dv/dt = (2 - v)/tau : 1 (unless refractory)\ndu/dt = (v - u)/tau : 1", threshold="v > 1",
                    reset="v = 0", refractory=8e-3, params={"tau": "10*ms"}, initial={"v": 0.95, "u": 0.3})
    values = engines.build(Network((), (Population("E", 1, neuron),), dt=DT), "torch").run(
        steps=8, record=("E.u", "E.v", "E.spikes"))
    assert values.spikes["E"].dense()[0, 0, 0] and not values.values["E.v"][0, :, 0].any()
    u = values.values["E.u"][0, :, 0]
    np.testing.assert_allclose(u[1:], u[:-1] * math.exp(-0.1), rtol=1e-12)


def test_conditions_with_and_or_not():
    neuron = Neuron(update="u = u + 1; flag = (u > 2) - (u > 4)", threshold="u > 1 and not (u == 4) or u > 6")
    described = Network((), (Population("E", 2, neuron),), dt=DT)
    recording = engines.build(described, "torch").run(steps=8, record=("E.spikes", "E.flag"))
    u = np.arange(1, 9)
    np.testing.assert_array_equal(recording.spikes["E"].dense()[0, :, 0], ((u > 1) & (u != 4)) | (u > 6))
    np.testing.assert_array_equal(recording.values["E.flag"][0, :, 1], (u > 2) * 1.0 - (u > 4))


def test_what_is_refused_says_why():
    graded = network(LIF.with_(output="v"))
    assert "graded output" in engines.refusal(graded, "torch")
    with pytest.raises(RefusedError, match="graded output"):
        engines.build(graded, "torch")
    driven = network().with_(signals=(Signal("s", 7, "E.theta"),))
    assert "slow" in engines.refusal(driven, "torch")
    assert engines.refusal(network(), "torch", batch=8) == ""
    with pytest.raises(PlasticityError, match="device"):
        engines.build(network(), "torch", device="abacus")
    with pytest.raises(PlasticityError, match="batch"):
        engines.build(network(), "torch", batch=0)


def test_bad_input_is_named():
    simulation = engines.build(network(), "torch")
    for message, call in (
        ("imput", lambda: simulation.run({"imput": poisson()})),
        ("steps", lambda: simulation.run()),
        ("E.u", lambda: simulation.get("E.u")),
        ("E.vv", lambda: simulation.run({"in": poisson()}, record=("E.vv",))),
        ("shape", lambda: simulation.set("in->E.w", np.ones((3, 3)))),
        ("NaN", lambda: simulation.set("in->E.w", np.full(SIZES, np.nan))),
        ("another network", lambda: simulation.restore({"weights/in->E": np.ones(SIZES)})),
    ):
        with pytest.raises(PlasticityError, match=message):
            call()


def test_set_and_get():
    simulation = engines.build(network(), "torch", batch=2)
    simulation.set("in->E.w", np.full(SIZES, 0.25))
    simulation.set("self.w", np.diag(np.arange(7.0)))
    simulation.set("E.theta", np.arange(7.0))
    np.testing.assert_array_equal(simulation.get("in->E.w"), 0.25)
    np.testing.assert_array_equal(simulation.get("self.w"), np.diag(np.arange(7.0)))
    np.testing.assert_array_equal(simulation.get("E.theta"), np.arange(7.0))
    np.testing.assert_array_equal(simulation.get("others.w"), -0.4 * (1 - np.eye(7)))
    assert simulation.get("E.v").shape == (2, 7) and simulation.get("in->E.x").shape == (2, 12)


def test_normalize():
    w = np.array([[1.0, 0.0, -2.0], [3.0, 0.0, 2.0]])
    np.testing.assert_allclose(normalize(w, 2.0), [[0.5, 0.0, -1.0], [1.5, 0.0, 1.0]])
