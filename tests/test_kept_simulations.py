"""A simulation that was pickled or copied goes on as the one that was not, to the same bits, on every engine."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from support.feature_networks import FEATURES, STEPS, Feature, fed, lif, pair_rule

from plasticity import build, engines, networks
from plasticity.errors import RefusedError

HALF = STEPS // 2
COPIES = {"pickle": lambda thing: pickle.loads(pickle.dumps(thing)), "deepcopy": copy.deepcopy}


def random_winner() -> Feature:
    return fed(lif(), high=6e-3, rule=pair_rule(w_max=20e-3), population={"winner": "random", "losers_reset": True})


def noisy_rule() -> Feature:
    return fed(lif(), rule=pair_rule(w_max=20e-3, on_step={"dw/dt": "1e-4*noise"}))


CASES = {**FEATURES, "random_winner": random_winner, "noisy_rule": noisy_rule}
#: delays under way, resets that are due, refractoriness, noise, conditions, slow variables
CHOSEN = ("learning_with_delays", "recurrent_alif", "conductance_synapse", "winner_highest_losers_reset",
          "voltage_rule", "noisy_rule", "random_winner", "convolution")


def presented(simulation, feature: Feature, part: slice, reset: bool) -> dict[str, np.ndarray]:
    """Spikes of a presentation, and all that can be asked of afterwards."""
    network = feature.network
    recording = simulation.run({name: train[:, part] for name, train in feature.spikes.items()}, reset=reset,
                               signals={name: values[:, part] for name, values in feature.signals.items()},
                               record=[f"{each.name}.spikes" for each in network.populations])
    names = [f"{each.name}.{name}" for each in network.populations for name in each.neuron.variables]
    names += [f"{each.name}.{name}" for each in network.projections
              for name in ("w", *(each.rule.variables if each.rule else ()))]
    return ({name: spikes.dense() for name, spikes in recording.spikes.items()}
            | {name: simulation.get(name) for name in names})


def assert_goes_on(name: str, engine: str, how: str, reset: bool = False, **options):
    """Answers the simulation."""
    feature = CASES[name]()
    simulation = build(feature.network, engine, seed=3, **options)
    presented(simulation, feature, slice(HALF), reset)
    other = COPIES[how](simulation)
    actual = presented(other, feature, slice(HALF, None), reset)
    wanted = presented(simulation, feature, slice(HALF, None), reset)
    for key, values in wanted.items():
        np.testing.assert_array_equal(actual[key], values, err_msg=key)
    return simulation


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("engine", ["event", "torch"])
def test_it_goes_on(name, engine, interpreted_event):
    assert_goes_on(name, engine, "pickle")


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("name", CHOSEN)
@pytest.mark.parametrize(("engine", "options"), [
    ("event", {"batch": 2, "dtype": "float32", "reduce": "mean"}),
    ("torch", {"batch": 2, "dtype": "float32", "reduce": "mean"}), ("brian2", {})])
def test_it_goes_on_whatever_its_options(name, engine, options, how, interpreted_event):
    assert_goes_on(name, engine, how, **options)


@pytest.mark.parametrize("name", ["noisy_rule", "random_winner"])
@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_a_test_between_changes_nothing_that_is_learned(name, engine, interpreted_event):
    feature = CASES[name]()
    weights = next(part.name for part in feature.network.projections if part.rule)

    def learned(test: bool) -> list[np.ndarray]:
        simulation = build(feature.network, engine, seed=3)
        presented(simulation, feature, slice(HALF), reset=True)
        state = simulation.state()
        if test:
            simulation.run(feature.spikes, signals=feature.signals, learn=False)
        found = []
        for again in (lambda: None, lambda: simulation.restore(state)):
            again()
            found.append(presented(simulation, feature, slice(HALF, None), reset=True)[f"{weights}.w"])
        return found

    for found in learned(test=True):
        np.testing.assert_array_equal(found, learned(test=False)[0])


@pytest.mark.standalone
def test_a_compiled_program_of_brian2_goes_on(quick_compiler):
    """And draws other numbers in each presentation."""
    simulation, weights = assert_goes_on("noisy_rule", "brian2_cpp", "pickle", reset=True), []
    for _ in range(3):
        weights.append(simulation.get("feed.w"))
        simulation.run(steps=HALF, record=["E.spikes"])
    first, second = np.diff(weights, axis=0)
    assert np.abs(first).max() > 0 and (first != second).mean() > 0.9


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_a_copy_and_its_original_do_not_share_anything(engine):
    feature = CASES["voltage_rule"]()
    simulation = build(feature.network, engine)
    other = copy.deepcopy(simulation)
    before = other.get("feed.w"), other.get("E.v")
    presented(simulation, feature, slice(None), reset=False)
    assert (simulation.get("feed.w") != before[0]).any()
    np.testing.assert_array_equal(other.get("feed.w"), before[0])
    np.testing.assert_array_equal(other.get("E.v"), before[1])


def test_a_fresh_process_goes_on(tmp_path):
    feature = CASES["theta_adaptation"]()
    simulation = build(feature.network, "torch")
    simulation.run(feature.spikes)
    (tmp_path / "kept").write_bytes(pickle.dumps((simulation, feature.spikes)))
    asked = ("import pickle, sys; simulation, spikes = pickle.load(open(sys.argv[1], 'rb'));"
             "simulation.run(spikes); print(simulation.get('E.theta').tolist())")
    answer = subprocess.run([sys.executable, "-c", asked, str(tmp_path / "kept")], capture_output=True, text=True,
                            timeout=120)
    simulation.run(feature.spikes)
    assert answer.stdout.strip() == str(simulation.get("E.theta").tolist()), answer.stderr


@pytest.mark.parametrize("engine", ["event", "torch", "brian2", "brian2_cpp"])
def test_a_network_that_learns_by_gradients_is_refused_with_the_way_out(engine):
    network = networks.build("diehl-cook", 4, 3).network.with_rule("bptt", freeze=True)
    with pytest.raises(RefusedError, match=r"learns by gradients \(rule 'bptt'\).*GradientNetwork or Learner"):
        build(network, engine)
    assert "with_rule" in engines.refusal(network, engine)
    assert engines.refusal(network.with_(rule=None), "event") == ""
