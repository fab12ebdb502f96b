"""The event engine: equality with the definition for every feature of the language, state, cache, refusals."""

import subprocess
import sys

import numpy as np
import pytest
from support.rule_cases import alone

from plasticity import Input, Network, Neuron, Population, Projection, RefusedError, Rule, State, Trace, build, replay
from plasticity.engines import refusal
from plasticity.engines.event.program import write
from plasticity.errors import PlasticityError

STEPS, SHAPE = 120, (6, 5)
PAIR = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(20e-3), "y2": Trace(0.1)}, on_pre={"w": "-a * y"},
            on_post={"w": "a * x * (1 + y2) * (1 - w / w_max)"}, params={"a": 0.1}, w_min=0, w_max=1)
DOPAMINE = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(20e-3)}, syn={"c": State(tau=1.0)}, on_pre={"c": "-y"},
                on_post={"c": "x"}, on_step={"dw/dt": "eta * c * d"}, signals={"d": "global"}, params={"eta": 0.5},
                w_min=0, w_max=1)
CALCIUM = Rule(syn={"c": State(tau=20e-3)}, on_pre={"c": "1"}, on_post={"c": "2"}, w_min=0, w_max=1,
               on_step={"dw/dt": "(300 * (1 - w) * (c > 1.3) - 200 * w * (c > 1)"
                                 " + 2 * sqrt(tau * ((c > 1) + (c > 1.3))) * noise) / tau"}, params={"tau": 1.5})
SANGER = Rule(on_step={"dw/dt": "3 * r * (q - prefix_sum(r * w))"}, reads={"q": "pre", "r": "post"})
COMPETITIVE = Rule(on_step={"dw/dt": "softmax(r) * (q - r * w) + (rank(r) < 2 - winner(-r)) * sum_post(w)"
                                     " - max_post(r)"},
                   reads={"q": "pre", "r": "post"})
DELAYED = Rule(post={"u": State()}, on_step={"u": "r + (u - r) * exp(-dt / 0.01)", "dw/dt": "u * delayed(r, 4e-3)"},
               reads={"r": "post"})
SLIDING = Rule(post={"th": State(initial=0.5, keep=True)}, reads={"r": "post", "q": "pre"},
               on_step={"dw/dt": "r * (r - th) * q", "dth/dt": "(r * r - th) / 0.1"})
OWN = Rule(pre={"x": Trace(20e-3), "g": State()}, on_pre={"g": "0.1 * x + 1", "w": "0.01 * g"})
FLEETING = Rule(syn={"c": State(tau=2e-3, initial=0.3)}, on_pre={"c": "1"}, on_post={"w": "0.1 * c"},
                on_step={"dw/dt": "0.5 * c"})
GATED = Rule(pre={"x": Trace(5e-3)}, syn={"e": State(tau=50e-3)}, on_post={"e": "x"},
             on_step={"dw/dt": "(d > 0.5) * (r > 0.7) * x * (1 + e)", "e": "e + (d > 0.5) * (r > 0.7) * x"},
             reads={"r": "post"}, signals={"d": "global"})
RULES = {"pair": PAIR, "fleeting": FLEETING, "gated": GATED, "dopamine": DOPAMINE, "calcium": CALCIUM,
         "sanger": SANGER, "competitive": COMPETITIVE, "delayed": DELAYED, "sliding": SLIDING, "own": OWN}


def imposed(rule, batch, seed=1):
    rng = np.random.default_rng(seed)
    pre, post = rng.random((STEPS, batch, SHAPE[0])) < 0.1, rng.random((STEPS, batch, SHAPE[1])) < 0.1
    post[::7, :, :3] = pre[::7, :, :3] = True  # coincidences
    sizes = {"global": (), "pre": SHAPE[:1], "post": SHAPE[1:]}
    signals = {name: rng.random((STEPS, batch, *sizes[place]))
               for name, place in {**rule.reads, **rule.signals}.items()}
    return rng.random(SHAPE) * 0.8 + 0.1, pre, post, signals


def assert_same(rule, batch=1, rtol=1e-10, **options):
    w, pre, post, signals = imposed(rule, batch)
    truth = replay(rule, w, pre, post, engine="interpreter", weights_every=40, seed=3, **options, **signals)
    found = replay(rule, w, pre, post, engine="event", weights_every=40, seed=3, **options, **signals)
    exists = options.get("mask", np.ones(SHAPE, bool))
    assert np.abs((truth.w - w)[exists]).max() > 1e-3, "the weights must move for the comparison to mean anything"
    np.testing.assert_allclose(found.w[exists], truth.w[exists], rtol=rtol, atol=1e-10)
    np.testing.assert_allclose(found.trajectory[:, exists], truth.trajectory[:, exists], rtol=rtol, atol=1e-10)
    for name in truth.traces:
        if rule.place[name] != "syn":
            np.testing.assert_allclose(found.traces[name], truth.traces[name], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", RULES)
def test_every_feature_of_the_language_in_a_stream(name):
    assert_same(RULES[name])


@pytest.mark.parametrize("name", ["pair", "dopamine", "calcium", "competitive", "gated"])
@pytest.mark.parametrize("batch", ["sum", "mean"])
def test_every_feature_of_the_language_in_a_batch(name, batch):
    assert_same(RULES[name], batch=3) if batch == "sum" else _mean(RULES[name])


def _mean(rule):
    w, pre, post, signals = imposed(rule, 3)
    truth = replay(rule, w, pre, post, engine="interpreter", reduce="mean", seed=3, **signals)
    found = replay(rule, w, pre, post, engine="event", reduce="mean", seed=3, **signals)
    np.testing.assert_allclose(found.w, truth.w, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("order", ["brian2", "strict", "inclusive"])
@pytest.mark.parametrize("kind", ["uniform", "mixed", "sparse"])
def test_delays_and_masks(order, kind):
    rng = np.random.default_rng(5)
    options = {
        "uniform": {"axonal_delay": 2e-3, "dendritic_delay": 3e-3},
        "mixed": {"axonal_delay": rng.integers(0, 9, SHAPE) * 1e-3,
                  "dendritic_delay": rng.integers(0, 4, SHAPE) * 1e-3},
        "sparse": {"mask": rng.random(SHAPE) < 0.5},
    }[kind]
    assert_same(PAIR.with_(order=order), **options)


def small_network(rule=PAIR):
    neuron = Neuron("dv/dt = -v/tau : 1 (unless refractory)\ndtheta/dt = -theta/(100*second) : 1",
                    threshold="v > 1 + theta", reset="v = 0", adapt="theta += 0.05", slow=("theta",),
                    refractory=3e-3, params={"tau": "20*ms"})
    rng = np.random.default_rng(0)
    return Network(inputs=(Input("in", 6),), populations=(Population("out", 5, neuron, winner="highest"),),
                   projections=(Projection("in", "out", rng.random((6, 5)) * 0.6, onto="v", rule=rule, normalize=2.0),
                                Projection("out", "out", -0.5, connect="all_but_self", onto="v", axonal_delay=2e-3)))


def trains(samples, seed=0):
    return {"in": np.random.default_rng(seed).random((samples, 80, 6)) < 0.15}


@pytest.mark.parametrize("batch", [1, 3])
def test_state_restores_bit_for_bit(batch):
    unbroken, broken = build(small_network(), batch=batch), build(small_network(), batch=batch)
    unbroken.run(trains(6), reset=False)
    unbroken.run(trains(6, 1), reset=False)
    broken.run(trains(6), reset=False)
    kept = broken.state()
    broken.run(trains(3, 9), reset=False)
    broken.restore(kept)
    again = build(small_network(), batch=batch)
    again.restore(kept)
    for simulation in (broken, again):
        simulation.run(trains(6, 1), reset=False)
        for name in ("in->out.w", "out.theta", "out.v"):
            np.testing.assert_array_equal(simulation.get(name), unbroken.get(name))


def test_blocks_of_samples_equal_one_call():
    whole, parts = build(small_network()), build(small_network())
    spikes = trains(6)["in"]
    counts = whole.run({"in": spikes}).counts["out"]
    found = np.concatenate([parts.run({"in": spikes[k : k + 2]}).counts["out"] for k in (0, 2, 4)])
    np.testing.assert_array_equal(found, counts)
    assert counts.sum() > 20
    np.testing.assert_array_equal(parts.get("in->out.w"), whole.get("in->out.w"))


def test_recording_does_not_change_the_run():
    plain, watched = build(small_network()), build(small_network())
    counts = plain.run(trains(3)).counts["out"]
    recording = watched.run(trains(3), record=["out.spikes", "out.v"], weights_every=20)
    np.testing.assert_array_equal(recording.counts["out"], counts)
    np.testing.assert_array_equal(recording.spikes["out"].counts(), counts)
    assert recording.values["out.v"].shape == (3, 80, 5)
    assert recording.trajectory["in->out"].shape == (12, 6, 5)
    np.testing.assert_array_equal(watched.get("in->out.w"), plain.get("in->out.w"))


def test_a_loop_over_synapses_runs_only_where_something_can_change():
    assert "_live" in write(alone(GATED), batched=False).source
    assert "_live" not in write(small_network(), batched=False).source


def test_learning_off_changes_nothing_that_lasts():
    simulation = build(small_network())
    simulation.run(trains(2))
    before = {name: simulation.get(name) for name in ("in->out.w", "out.theta")}
    assert simulation.run(trains(3, 4), learn=False).counts["out"].sum() > 0
    for name, value in before.items():
        np.testing.assert_array_equal(simulation.get(name), value)


def test_normalisation_keeps_column_sums():
    simulation = build(small_network())
    simulation.run(trains(4))
    np.testing.assert_allclose(simulation.get("in->out.w").sum(0), 2.0, rtol=1e-12)


def test_a_second_process_compiles_nothing(tmp_path):
    program = ("import sys; sys.path.insert(0, {tests!r})\n"
               "from test_engine_event import small_network, trains, build\n"
               "simulation = build(small_network()); simulation.run(trains(1))\n"
               "stats = simulation._function.stats\n"
               "print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))")
    program = program.format(tests=str(__file__).rsplit("/", 1)[0])
    import os
    environment = {**os.environ, "PLASTICITY_CACHE": str(tmp_path)}
    outputs = [subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True,
                              check=True).stdout.split() for _ in range(2)]
    assert outputs == [["0", "1"], ["1", "0"]]


LAGGING = Rule(reads={"r": "post"}, on_step={"dw/dt": "delayed(r, lag) - delayed(r, 2 * lag)"}, params={"lag": 2e-3})


def delayed(w, **delays):
    return Network((Input("pre", SHAPE[0]), Input("post", SHAPE[1])),
                   projections=[Projection("pre", "post", w, rule=PAIR, label="s", **delays)])


def test_other_delays_need_no_other_program():
    """Delays are arguments of a program: nothing is compiled for other values of them."""
    w, pre, post, _ = imposed(PAIR, 1)
    options = [{"axonal_delay": 2e-3, "dendritic_delay": 1e-3}, {"axonal_delay": 9e-3, "dendritic_delay": 4e-3}]
    first, second = simulations = [build(delayed(w, **delays)) for delays in options]
    for simulation, delays in zip(simulations, options, strict=True):
        simulation.run({"pre": pre.swapaxes(0, 1), "post": post.swapaxes(0, 1)})
        expected = replay(PAIR, w, pre, post, 1e-3, "interpreter", **delays).w
        np.testing.assert_allclose(simulation.get("s.w"), expected, rtol=0, atol=1e-10)
    assert np.abs(first.get("s.w") - second.get("s.w")).max() > 1e-3
    assert first._function is second._function
    assert len(first._function.signatures) == 1
    per_synapse = [np.arange(30).reshape(SHAPE) * 1e-3, np.full(SHAPE, 4e-3)]
    sources = {write(delayed(w, axonal_delay=delay), batched=False).source for delay in per_synapse}
    assert len(sources) == 1


def test_other_delays_of_what_a_rule_reads_need_no_other_program():
    first, second = (write(alone(LAGGING.with_(params={"lag": lag})), batched=False).source for lag in (2e-3, 5e-3))
    assert first == second
    assert LAGGING.delayed == {"r_delayed_0": ("r", 2e-3), "r_delayed_1": ("r", 4e-3)}


def test_a_state_of_another_network_is_refused():
    other = small_network(DOPAMINE.with_(signals={}, reads={}, on_step={}, params={}))
    with pytest.raises(PlasticityError, match="another network"):
        build(small_network()).restore(build(other).state())


def test_refusals_name_the_reason():
    assert refusal(small_network(), "event") == ""
    with pytest.raises(RefusedError, match="use engine='torch'"):
        build(small_network(), "event", device="cuda")
