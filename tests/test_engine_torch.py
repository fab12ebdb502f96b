"""The torch engine's networks against a step loop, and its state: recordings, checkpoints, batches, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from support.torch_cases import DEVICES, DT, STEP_RULES
from support.torch_network import LIF, SIZES, loop, network, poisson

from plasticity import engines
from plasticity.engines.torch.language import define
from plasticity.errors import PlasticityError, RefusedError
from plasticity.language.rule import Rule
from plasticity.network.homeostasis import normalize
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons.neuron import Neuron


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


def test_generated_code_imports_what_torch_needs_and_nothing_else():
    """Torch imports itself within the code that first uses some of its operators."""
    import torch

    assert define("f", ["def f():", "    import torch.nn", "    return torch"], {}, "<test>")() is torch
    with pytest.raises(ImportError, match="torch only, not os"):
        define("f", ["def f():", "    import os"], {}, "<test>")()
