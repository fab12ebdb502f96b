"""Neurons that draw, on engines that simulate: the numbers of the stream, the same everywhere and after a restart."""

from __future__ import annotations

import numpy as np
import pytest

from plasticity import Input, Network, Neuron, Population, Projection, build, neurons
from plasticity._utils import random
from plasticity.engines import refusal

NORMAL = Neuron(update="u = normal(); x = 0*x", threshold="u > 1.5")
SOURCES = Network(
    (Input("in", 1),), (Population("quiet", 3, neurons.poisson(0.0)), Population("P", 40, neurons.poisson(80.0)),
                        Population("N", 40, NORMAL)), (Projection("P", "N", 0.2, "one_to_one", onto="x"),))


def simulated(engine, seed=0, **options):
    return build(SOURCES, engine, seed=seed, **options).run(
        {"in": np.zeros((2, 400, 1), bool)}, record=["P.spikes", "N.spikes", "N.u"])


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_engines_draw_in_every_step(engine):
    """The rate, and its spread over neurons, are those of independent steps; other samples, seeds and
    populations draw other numbers."""
    ran, other = simulated(engine), simulated(engine, seed=1)
    p = 80 * 1e-3
    counts = ran.spikes["P"].counts()
    assert abs(counts.mean() / 400 - p) < 4 * np.sqrt(p * (1 - p) / counts.size / 400)
    assert counts.var() == pytest.approx(400 * p * (1 - p), rel=0.6) and not ran.counts["quiet"].any()
    assert not np.array_equal(counts[0], counts[1]) and not np.array_equal(counts, other.spikes["P"].counts())
    u = ran.values["N.u"]
    assert abs(u.mean()) < 5 / np.sqrt(u.size) and u.std() == pytest.approx(1, abs=0.02)
    assert abs(np.corrcoef(u[0, :-1].ravel(), u[0, 1:].ravel())[0, 1]) < 0.05


def test_the_same_numbers_on_event_and_torch_and_in_batches():
    event, torch_, batched = simulated("event"), simulated("torch"), simulated("torch", batch=2)
    np.testing.assert_allclose(event.values["N.u"], torch_.values["N.u"], rtol=0, atol=1e-12)
    for name in ("P", "N"):
        np.testing.assert_array_equal(event.spikes[name].dense(), torch_.spikes[name].dense())
    np.testing.assert_allclose(simulated("event", batch=2).values["N.u"], batched.values["N.u"], rtol=0, atol=1e-12)
    wanted = random.normal_at(random.stream(0, 2, 0), 0, np.arange(40))
    np.testing.assert_allclose(event.values["N.u"][0, 0], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("engine", ["event", "torch"])
def test_what_does_not_learn_draws_what_the_next_run_will(engine):
    """So that looking does not change what is learned."""
    simulation = build(SOURCES, engine)
    runs = [simulation.run({"in": np.zeros((1, 50, 1), bool)}, learn=learn, record=["P.spikes"]).spikes["P"].dense()
            for learn in (False, False, True, True)]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])
    assert not np.array_equal(runs[2], runs[3])


@pytest.mark.parametrize("engine", ["event", "torch"])
@pytest.mark.parametrize("batch", [1, 2])
def test_neurons_that_pause_draw_too(engine, batch):
    """The same numbers as without a pause, by the same neurons."""
    def ran(unit):
        network = Network((Input("in", 1),), (Population("a", 5, unit),))
        return build(network, engine, batch=batch).run({"in": np.zeros((2, 80, 1), bool)}, record=["a.u", "a.spikes"])

    drawing = Neuron(update="u = normal()", threshold="u > 1")
    plain, pausing = ran(drawing), ran(drawing.with_(refractory=3e-3))
    np.testing.assert_array_equal(plain.values["a.u"], pausing.values["a.u"])
    gaps = [np.diff(np.flatnonzero(train)) for train in pausing.spikes["a"].dense()[0].T]
    assert np.concatenate(gaps).min() >= 3 and plain.counts["a"].sum() > pausing.counts["a"].sum() > 0


def test_slow_variables_that_draw_are_refused_where_samples_cannot_share_them():
    slow = Neuron(update="v = 0*v; a = a + normal()", threshold="v > 1", slow=("a",))
    network = Network((), (Population("a", 2, slow),))
    assert "depend on random numbers" in refusal(network, "event") and not refusal(network, "torch")


def test_a_restored_simulation_draws_what_it_would_have_drawn():
    for engine in ("event", "torch"):
        simulation, later = build(SOURCES, engine), build(SOURCES, engine)
        simulation.run(steps=50, reset=False)
        later.restore(simulation.state())
        ran, again = (each.run(steps=50, reset=False, record=["P.spikes"]) for each in (simulation, later))
        np.testing.assert_array_equal(ran.spikes["P"].dense(), again.spikes["P"].dense())
