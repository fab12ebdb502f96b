"""Every network feature on every engine: the same spikes and the same weights as Brian2, and as a plain step loop."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from support.feature_networks import FEATURES, STEPS, Feature
from support.step_loop import StepLoop

from plasticity import Record, engines
from plasticity.network.network import Signal, existing, weight_matrix

#: features whose programs run in plain Python here: what they are made of is compiled in other features
UNCOMPILED = ("pools", "locally_connected_and_one_to_one")
CLOSE = {"rtol": 0, "atol": 1e-10}


def presented(feature: Feature, engine: str, *records: Record) -> tuple[dict, dict, dict]:
    """Spikes of each population [samples, steps, n], final weights of each projection, and what else is recorded."""
    simulation = engines.build(feature.network, engine)
    populations = [population.name for population in feature.network.populations]
    recording = simulation.run(feature.spikes, signals=feature.signals,
                               record=[*(f"{name}.spikes" for name in populations), *records])
    spikes = {name: recording.spikes[name].dense() for name in populations}
    for name in populations:
        np.testing.assert_array_equal(recording.counts[name], spikes[name].sum(1), err_msg=f"counts of {name}")
    return spikes, {p.name: simulation.get(f"{p.name}.w") for p in feature.network.projections}, recording.values


@cache
def by_step_loop(name: str) -> tuple[dict, dict, dict]:
    feature = FEATURES[name]()
    loop = StepLoop(feature.network)
    spikes = [loop.present({key: train[sample] for key, train in feature.spikes.items()},
                           {key: series[sample] for key, series in feature.signals.items()}, STEPS)
              for sample in range(2)]
    return {p.name: np.stack([one[p.name] for one in spikes]) for p in feature.network.populations}, loop.weights, {}


@cache
def on_brian2(name: str) -> tuple[dict, dict, dict]:
    return presented(FEATURES[name](), "brian2")


def assert_same(found: tuple[dict, dict, dict], wanted: tuple[dict, dict, dict]) -> None:
    for name, spikes in wanted[0].items():
        np.testing.assert_array_equal(found[0][name], spikes, err_msg=f"spikes of {name} [sample, step, neuron]")
    for name, w in wanted[1].items():
        np.testing.assert_allclose(found[1][name], w, err_msg=f"weights of {name}", **CLOSE)
    for name, values in wanted[2].items():
        np.testing.assert_allclose(found[2][name], values, err_msg=f"values of {name}", **CLOSE)


@pytest.mark.parametrize("name", FEATURES)
def test_brian2_is_the_step_loop(name):
    assert_same(on_brian2(name), by_step_loop(name))


@pytest.mark.parametrize("name", FEATURES)
def test_features_spike_and_learn_enough_to_compare(name):
    feature = FEATURES[name]()
    spikes, weights, _ = on_brian2(name)
    for population in feature.network.populations:
        per_sample = spikes[population.name].sum((1, 2))
        assert (per_sample >= feature.least).all(), f"{population.name} spikes only {per_sample}"
        assert spikes[population.name].mean() < 0.5
    for projection in feature.network.plastic:
        start = weight_matrix(feature.network, projection)
        assert np.abs(weights[projection.name] - start)[existing(feature.network, projection)].mean() > 1e-4


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("engine", ["event", "torch"])
def test_engine_agrees_with_brian2(engine, name, request):
    if name in UNCOMPILED:
        request.getfixturevalue("interpreted_event")
    assert_same(presented(FEATURES[name](), engine), on_brian2(name))


@pytest.mark.parametrize("name", ["theta_adaptation", "recurrent_alif"])
@pytest.mark.parametrize("engine", ["brian2", "event", "torch"])
def test_without_learning_nothing_changes_and_presentations_are_independent(engine, name):
    feature = FEATURES[name]()
    simulation = engines.build(feature.network, engine)
    kept = [f"{p.name}.w" for p in feature.network.projections]
    kept += [f"{p.name}.{variable}" for p in feature.network.populations for variable in p.neuron.slow]
    kept += [f"{p.name}.{name}" for p in feature.network.plastic
             for name, trace in p.rule.variables.items() if trace.keep]
    simulation.run(feature.spikes, signals=feature.signals)
    before = {key: simulation.get(key) for key in kept}
    forth = simulation.run(feature.spikes, signals=feature.signals, learn=False)
    back = simulation.run({key: train[::-1] for key, train in feature.spikes.items()}, learn=False,
                          signals={key: series[::-1] for key, series in feature.signals.items()})
    for key, value in before.items():
        np.testing.assert_array_equal(simulation.get(key), value, err_msg=key)
    for population, counts in forth.counts.items():
        assert counts.any()
        np.testing.assert_array_equal(counts, back.counts[population][::-1], err_msg=population)


@pytest.mark.standalone
def test_compiled_brian2_program_is_brian2(quick_compiler):
    """One in which nothing reads a signal, too, and what it records of some neurons and synapses in some steps."""
    records = (Record("E.v", neurons=(5, 2), every=7), Record("feed.w", pairs=[(3, 1), (0, 4)], every=10, start=5e-3),
               Record("feed.ea", every=50), Record("recurrent.z", neurons=(1,), start=20e-3, stop=50e-3))
    feature = FEATURES["recurrent_alif"]()
    spare = replace(feature, network=feature.network.with_(signals=(*feature.network.signals, Signal("spare"))),
                    signals={**feature.signals, "spare": np.ones(feature.spikes["in"].shape[:2])})
    assert_same(presented(spare, "brian2_cpp", *records), presented(spare, "brian2", *records))
