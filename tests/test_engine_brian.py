"""The Brian2 engine: rules equal the interpreter on imposed spikes, and the simulation protocol holds."""

from __future__ import annotations

import numpy as np
import pytest
from support.feature_networks import FEATURES, STEPS, fed, imposed, lif

from plasticity import engines
from plasticity.engines.brian.printing import brian_text
from plasticity.engines.replay import replay
from plasticity.errors import RefusedError
from plasticity.language.expressions import NEURON_FUNCTIONS, parse
from plasticity.language.rule import ORDERS, Rule, State, Trace
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.neurons.discretise import import_brian2
from plasticity.neurons.neuron import Neuron

N_PRE, N_POST, DT = 6, 4, 1e-3
PAIR = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(15e-3)}, on_pre={"w": "-a*y"}, on_post={"w": "b*x"},
            params={"a": 0.02, "b": 0.03}, w_min=0.0, w_max=1.0, name="pair")
NEAREST = PAIR.with_(pre={"x": Trace(20e-3, rise="set")}, post={"y": Trace(15e-3, rise="set")}, name="nearest")
MULTIPLICATIVE = PAIR.with_(on_pre={"w": "-a*y*(w/w_max)**0.4"}, on_post={"w": "b*x*(1 - w/w_max)*(w > 0.2)"},
                            name="multiplicative")
TRIPLET = Rule(pre={"r1": Trace(17e-3), "r2": Trace(100e-3)}, post={"o1": Trace(34e-3), "o2": Trace(125e-3)},
               on_pre={"w": "-o1*(a2 + a3*r2)"}, on_post={"w": "r1*(b2 + b3*o2)"},
               params={"a2": 7e-3, "a3": 2e-3, "b2": 5e-3, "b3": 6e-3}, w_min=0.0, name="triplet")
ELIGIBILITY = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(20e-3)}, syn={"e": State(50e-3)}, on_pre={"e": "-y"},
                   on_post={"e": "x"}, on_step={"dw/dt": "eta*e*reward"}, params={"eta": 0.5},
                   signals={"reward": "global"}, name="eligibility")
VOLTAGE = Rule(pre={"x": Trace(20e-3)}, post={"u": State(10e-3)}, syn={"e": State(), "last": State()},
               on_step={"e": "0.9*e + x*v*(v > 0)", "u": "u + 0.1*delayed(v, 4e-3)", "dw/dt": "e*target*u",
                        "last": "e"},
               reads={"v": "post"}, signals={"target": "post"}, w_min=0.0, name="voltage")
LOOKS_LIKE_BRIAN2 = Rule(pre={"e": Trace(20e-3)}, syn={"lastupdate": State(), "delay": State()}, params={"pi": 0.01},
                         on_pre={"lastupdate": "e", "w": "pi*lastupdate"}, on_post={"delay": "lastupdate"},
                         name="names that Brian2 keeps for itself")
SWAP = Rule(syn={"p": State(initial=1.0), "q": State(initial=2.0)}, on_pre={"p": "q", "q": "p", "w": "p"},
            on_step={"p": "q", "q": "p"}, name="swap")
RULES = [PAIR, NEAREST, MULTIPLICATIVE, TRIPLET, ELIGIBILITY, VOLTAGE, LOOKS_LIKE_BRIAN2, SWAP]


def hand_picked() -> tuple[np.ndarray, np.ndarray]:
    """Coincident, repeated, first-step and last-step spikes."""
    pre, post = np.zeros((60, N_PRE), bool), np.zeros((60, N_POST), bool)
    pre[[0, 10, 11, 12, 30, 59], 0], post[[0, 10, 12, 31, 59], 0] = True, True
    pre[5:20, 1], post[5:20, 1] = True, True
    pre[20::7, 2:], post[20::7, 2] = True, True
    post[22::9, 3] = True
    return pre, post


def random_trains() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.random((90, N_PRE)) < 0.2, rng.random((90, N_POST)) < 0.2


TRAINS = {"hand-picked": hand_picked(), "random": random_trains()}
DELAYS = {"none": {}, "scalar": {"axonal_delay": 3e-3, "dendritic_delay": 2e-3},
          "per synapse": {"axonal_delay": np.random.default_rng(4).integers(0, 6, (N_PRE, N_POST)) * DT,
                          "dendritic_delay": np.random.default_rng(5).integers(0, 4, (N_PRE, N_POST)) * DT}}


def compared(rule: Rule, trains: tuple[np.ndarray, np.ndarray], engine: str = "brian2", **options) -> None:
    rng = np.random.default_rng(6)
    w, steps = rng.uniform(0.3, 0.7, (N_PRE, N_POST)), len(trains[0])
    given = {name: rng.normal(size=steps if place == "global" else (steps, N_POST))
             for name, place in {**rule.reads, **rule.signals}.items()}
    wanted, found = (replay(rule, w, *trains, DT, engine=name, weights_every=10, **options, **given)
                     for name in ("interpreter", engine))
    assert np.abs(wanted.w - w).max() > 1e-4
    np.testing.assert_allclose(found.w, wanted.w, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.trajectory, wanted.trajectory, rtol=0, atol=1e-10)
    for name, values in wanted.traces.items():
        np.testing.assert_allclose(found.traces[name], values, rtol=1e-10, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("trains", TRAINS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_equal_the_interpreter(rule, order, trains):
    compared(rule.with_(order=order), TRAINS[trains])


@pytest.mark.parametrize("delays", ["scalar", "per synapse"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("rule", [PAIR, TRIPLET, ELIGIBILITY], ids=lambda rule: rule.name)
def test_delays_equal_the_interpreter(rule, order, delays):
    for trains in TRAINS.values():
        compared(rule.with_(order=order), trains, **DELAYS[delays])


def test_coincident_spikes_tell_the_orders_apart():
    pre, post = (np.zeros((5, 1), bool) for _ in range(2))
    pre[2], post[2] = True, True
    w = {order: replay(PAIR.with_(order=order), np.array([[0.5]]), pre, post, DT, engine="brian2").w.item()
         for order in ORDERS}
    assert w == pytest.approx({"brian2": 0.53, "strict": 0.5, "inclusive": 0.51}, abs=1e-12)


def test_synapses_outside_the_mask_do_not_exist():
    rng = np.random.default_rng(7)
    mask = rng.random((N_PRE, N_POST)) < 0.5
    w, trains = rng.uniform(0.3, 0.7, mask.shape), TRAINS["random"]
    found = replay(TRIPLET, w, *trains, DT, engine="brian2", mask=mask).w
    wanted = replay(TRIPLET, w, *trains, DT, engine="interpreter", mask=mask).w
    np.testing.assert_allclose(found[mask], wanted[mask], rtol=0, atol=1e-10)
    assert not found[~mask].any()


def test_noise_has_the_variance_of_a_wiener_process_and_follows_the_seed():
    rule = Rule(on_step={"dw/dt": "0.1*noise"}, name="diffusion")
    silent = np.zeros((200, 40), bool), np.zeros((200, 40), bool)
    first, again, other = (replay(rule, np.zeros((40, 40)), *silent, DT, engine="brian2", seed=seed).w
                           for seed in (1, 1, 2))
    assert np.std(first) == pytest.approx(0.1 * np.sqrt(200 * DT), rel=0.1)
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1


@pytest.mark.standalone
def test_a_rule_as_a_compiled_program():
    flags = import_brian2().prefs["codegen.cpp.extra_compile_args_gcc"]
    import_brian2().prefs["codegen.cpp.extra_compile_args_gcc"] = ["-O0", "-std=c++11"]
    try:
        compared(TRIPLET.with_(order="inclusive"), TRAINS["hand-picked"], "brian2_cpp", **DELAYS["per synapse"])
    finally:
        import_brian2().prefs["codegen.cpp.extra_compile_args_gcc"] = flags


# --- the simulation protocol -------------------------------------------------------------------------------------

def cut(feature, samples, steps):
    return ({name: train[samples, steps] for name, train in feature.spikes.items()},
            {name: series[samples, steps] for name, series in feature.signals.items()})


@pytest.mark.parametrize("name", ["recurrent_alif", "learning_with_delays", "clamped",
                                  "delayed_reset_with_refractoriness"])
def test_without_reset_three_parts_are_one_presentation(name):
    feature = FEATURES[name]()
    whole, parts = (engines.build(feature.network, "brian2") for _ in range(2))
    spikes, signals = cut(feature, np.s_[:1], np.s_[:])
    wanted = whole.run(spikes, signals=signals, record=["E.spikes", "E.v"])
    found, places = [], [slice(0, 37), slice(37, 90), slice(90, STEPS)]
    for place in places:
        spikes, signals = cut(feature, np.s_[:1], place)
        found.append(parts.run(spikes, signals=signals, reset=False, record=["E.spikes", "E.v"]))
    np.testing.assert_array_equal(np.concatenate([part.spikes["E"].dense() for part in found], 1),
                                  wanted.spikes["E"].dense())
    np.testing.assert_allclose(np.concatenate([part.values["E.v"] for part in found], 1), wanted.values["E.v"],
                               rtol=0, atol=1e-12)
    for projection in feature.network.projections:
        np.testing.assert_allclose(parts.get(f"{projection.name}.w"), whole.get(f"{projection.name}.w"), atol=1e-12)


@pytest.mark.parametrize("name", ["recurrent_alif", "theta_adaptation"])
def test_a_restored_state_goes_on_the_same_way(name):
    feature = FEATURES[name]()
    first, second = (engines.build(feature.network, "brian2") for _ in range(2))
    first.run(*cut(feature, np.s_[:1], np.s_[:90])[:1], signals=cut(feature, np.s_[:1], np.s_[:90])[1])
    second.restore(first.state())
    spikes, signals = cut(feature, np.s_[1:], np.s_[:])
    runs = [simulation.run(spikes, signals=signals, reset=False, record=["E.v"]) for simulation in (first, second)]
    np.testing.assert_array_equal(runs[0].values["E.v"], runs[1].values["E.v"])
    for key, value in first.state().items():
        np.testing.assert_array_equal(second.state()[key], value, err_msg=key)


def test_recorded_values_are_those_at_the_end_of_the_step():
    network = Network((Input("in", 1),), (Population("E", 1, lif()),), (
        Projection("in", "E", np.array([[5e-3]]), onto="v", axonal_delay=2e-3),))
    spikes = np.zeros((1, 6, 1), bool)
    spikes[0, 1] = True
    values = engines.build(network, "brian2").run({"in": spikes}, record=["E.v"]).values["E.v"]
    decay = np.exp(-1e-3 / 20e-3)
    np.testing.assert_allclose(values[0, :, 0] + 65e-3, 5e-3 * np.array([0, 0, 0, 1, decay, decay**2]), atol=1e-15)


def test_weights_every_collects_over_presentations():
    feature = FEATURES["learning_with_delays"]()
    simulation = engines.build(feature.network, "brian2")
    trajectory = simulation.run(feature.spikes, weights_every=50).trajectory["feed"]
    assert trajectory.shape == (6, 20, 6)
    np.testing.assert_array_equal(trajectory[-1], simulation.get("feed.w"))
    assert len({row.tobytes() for row in trajectory}) == 6


def test_set_replaces_weights_and_slow_variables():
    feature = FEATURES["theta_adaptation"]()
    simulation = engines.build(feature.network, "brian2")
    simulation.set("E.theta", np.full(6, 1.0))
    assert not simulation.run(feature.spikes, learn=False).counts["E"].any()
    np.testing.assert_array_equal(simulation.get("E.theta"), np.full(6, 1.0))
    simulation.set("E.theta", 0.0)
    simulation.set("feed.w", np.zeros((20, 6)))
    assert not simulation.run(feature.spikes).counts["E"].any()


def test_a_random_winner_is_one_of_those_that_cross_and_follows_the_seed():
    feature = fed(lif(), low=20e-3, high=30e-3, population={"winner": "random"})
    runs = [engines.build(feature.network, "brian2", seed=seed).run(feature.spikes, record=["E.spikes"])
            for seed in (0, 0, 1)]
    rasters = [run.spikes["E"].dense() for run in runs]
    assert rasters[0].sum() > 50 and rasters[0].sum(2).max() == 1
    assert (rasters[0].sum((0, 1)) > 5).all()
    np.testing.assert_array_equal(rasters[0], rasters[1])
    assert (rasters[0] != rasters[2]).any()


def test_brian2_is_left_as_it_was():
    brian2 = import_brian2()
    target, device, random = brian2.prefs.codegen.target, brian2.get_device(), np.random.get_state()[1].copy()  # noqa: NPY002
    engines.build(FEATURES["pair_learning"]().network, "brian2").run({"in": imposed(20, 0.1, 1)})
    assert brian2.prefs.codegen.target == target and brian2.get_device() is device
    np.testing.assert_array_equal(np.random.get_state()[1], random)  # noqa: NPY002


# --- refusals and bad input --------------------------------------------------------------------------------------

def learning(rule: Rule) -> Network:
    return Network((Input("a", 3),), (Population("b", 3, lif()),), (Projection("a", "b", 0.5, rule=rule),))


def test_refusals_come_with_a_reason():
    graded = Network((), (Population("b", 3, Neuron(update="v = 0.9*v", output="relu(v)")),))
    winner = Network((), (Population("b", 3, lif(), winner="highest"),))
    sanger = Rule(pre={"x": Trace(20e-3)}, on_step={"dw/dt": "x*prefix_sum(w)"})
    clopath = Rule(on_step={"dw/dt": "delayed(v, 2e-3)"}, reads={"v": "post"})
    cases = [(graded, "brian2", 1, "graded output"), (learning(PAIR), "brian2", 4, "no batch dimension"),
             (winner, "brian2_cpp", 1, "winner"), (learning(sanger), "brian2", 1, "prefix_sum"),
             (learning(clopath), "brian2", 1, "delayed copy")]
    for network, engine, batch, reason in cases:
        assert reason in engines.refusal(network, engine, batch=batch)
        with pytest.raises(RefusedError, match=reason):
            engines.build(network, engine, batch=batch)
    assert engines.refusal(learning(PAIR), "brian2") == engines.refusal(winner, "brian2") == ""
    for option in ({"dtype": "float32"}, {"device": "cuda"}):
        with pytest.raises(RefusedError, match=next(iter(option))):
            engines.build(learning(PAIR), "brian2", **option)


def test_comparisons_become_numbers():
    texts = {"a*(b > 1)": "a * int(b > 1)", "(a > 1) and not (b < 2)": "int(a > 1 and (not b < 2))",
             "dt*(x - 1)": "step * (x - 1)", "(w > (a < b))": "int(w > int(a < b))",
             "relu(a > b)": "clip(int(a > b), 0.0, 1e+300)"}
    for text, wanted in texts.items():
        assert brian_text(parse(text, NEURON_FUNCTIONS, logic=True), {"dt": "step"}) == wanted


def test_later_runs_use_the_code_of_the_first_for_other_lengths_too():
    """The same weights and spikes as the event engine, with one circuit; what a longer run imposed does not linger."""
    feature = FEATURES["pair_learning"]()
    event, brian = (engines.build(feature.network, engine) for engine in ("event", "brian2"))
    generated = []
    for steps in (60, 33, 64, 40):
        given = {name: train[:1, :steps] for name, train in feature.spikes.items()}
        wanted, found = (each.run(given, record=["E.spikes"]) for each in (event, brian))
        np.testing.assert_array_equal(found.spikes["E"].dense(), wanted.spikes["E"].dense())
        np.testing.assert_allclose(brian.get("feed.w"), event.get("feed.w"), rtol=0, atol=1e-10)
        (circuit,) = brian._runner.circuits.values()
        generated.append([code for each in circuit.network.sorted_objects for code in map(id, each._code_objects)])
    assert generated[0] and all(each == generated[0] for each in generated)
