"""Every rule in a network whose neurons are made to spike: the same change as by the same spikes imposed in `replay`.

Inputs drive both populations one to one, so each neuron spikes one step after its input. What a rule reads of a neuron
is a variable of that neuron here, written by a signal.
"""

import numpy as np
import pytest

from plasticity import engines, replay, rules
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import Neuron

N, STEPS, DT = {"pre": 4, "post": 3}, 80, 1e-3
OPTIONS = {"sdsp": {"up": (0.5, 3.0), "down": (0.2, 1.5)}}  # windows that these few spikes reach
COMPILED = (("clopath", "event"), ("oja", "brian2"), ("urbanczik_senn", "brian2"))


def variable(rule, name):
    """The neuron's variable that a rule reads by this name: no variable ends in _pre or _post."""
    return name.removesuffix(f"_{rule.reads[name]}")


def forced(rule, side):
    """A neuron that spikes in the step after each input, with the variables that the rule reads of this side."""
    read = [f"{variable(rule, name)} : 1" for name, place in rule.reads.items() if place == side]
    return Neuron("\n".join(["dvm/dt = -vm/tau : 1", *read]), threshold="vm > 0.5", reset="vm -= 1",
                  params={"tau": "1*second"}, name=side)


def network(rule, w):
    sizes = {"global": 0, **N}
    return Network(
        (Input("drive_pre", N["pre"]), Input("drive_post", N["post"])),
        tuple(Population(side, N[side], forced(rule, side)) for side in N), dt=DT,
        signals=(*(Signal(f"set_{name}", sizes[place], drives=f"{place}.{variable(rule, name)}")
                   for name, place in rule.reads.items()),
                 *(Signal(name, sizes[place]) for name, place in rule.signals.items())),
        projections=(*(Projection(f"drive_{side}", side, 1.0, "one_to_one", onto="vm") for side in N),
                     Projection("pre", "post", w, rule=rule, label="learns")))


def read_by(rule, seed=7):
    """Values for what the rule reads, [steps, n] or [steps]."""
    rng = np.random.default_rng(seed)
    ranges = {"v": lambda x: -0.07 + 0.04 * x, "v_dendrite": lambda x: -0.07 + 0.03 * x, "rho": lambda x: 40 * x}
    if rule.name == "sdsp":
        ranges = {"v": lambda x: 1.6 * x}
    shapes = {"pre": (STEPS, N["pre"]), "post": (STEPS, N["post"]), "global": (STEPS,)}
    return {name: ranges.get(name, lambda x: 2 * x - 1)(rng.random(shapes[place]))
            for name, place in {**rule.reads, **rule.signals}.items()}


@pytest.mark.parametrize(("name", "engine"), [*((name, "torch") for name in rules.KINDS["synapse"]), *COMPILED])
def test_neurons_that_are_made_to_spike_change_the_weights_as_imposed_spikes_do(name, engine):
    rule = rules.make(name, **OPTIONS.get(name, {}))
    rng = np.random.default_rng(11)
    trains = {side: rng.random((STEPS, n)) < 0.12 for side, n in N.items()}
    given = read_by(rule)
    w = np.random.default_rng(2).uniform(0.2, 0.8, tuple(N.values()))
    simulation = engines.build(network(rule, w), engine)
    recording = simulation.run(
        {f"drive_{side}": train[None] for side, train in trains.items()}, record=["pre.spikes", "post.spikes"],
        signals={(f"set_{key}" if key in rule.reads else key): values[None] for key, values in given.items()})
    late = {side: np.concatenate([np.zeros_like(train[:1]), train[:-1]]) for side, train in trains.items()}
    for side, train in late.items():
        np.testing.assert_array_equal(recording.spikes[side].dense()[0], train)
    expected = replay(rule, w, late["pre"], late["post"], DT, "interpreter", **given).w
    assert np.abs(expected - w).max() > 1e-6 or rule.efficacy
    np.testing.assert_allclose(simulation.get("learns.w"), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_rules_of_rates_learn_from_the_filtered_spikes_of_neurons(engine):
    """r, the neuron's spikes filtered with 50 ms, is what hebb reads as r_pre and r_post."""
    cell = Neuron("""dv/dt = -v/tau : 1
                  dr/dt = -r/tau_r : 1""", threshold="v > 0.5", reset="v -= 1; r += 1",
                  params={"tau": "1*second", "tau_r": "50*ms"})
    w = np.random.default_rng(2).uniform(0.2, 0.8, (4, 3))
    made = Network(
        (Input("drive_pre", 4), Input("drive_post", 3)), (Population("pre", 4, cell), Population("post", 3, cell)),
        dt=DT, projections=(*(Projection(f"drive_{side}", side, 1.0, "one_to_one", onto="v") for side in N),
                            Projection("pre", "post", w, rule=rules.hebb(1e-3), label="learns")))
    rng = np.random.default_rng(11)
    trains = {side: rng.random((STEPS, n)) < 0.12 for side, n in N.items()}
    simulation = engines.build(made, engine)
    simulation.run({f"drive_{side}": train[None] for side, train in trains.items()})
    decay, rates, expected = np.exp(-1 / 50), {side: np.zeros(n) for side, n in N.items()}, w.copy()
    for t in range(STEPS):  # a spike of step t, of an input in t - 1, counts from t + 1 on
        rates = {side: (rate + (trains[side][t - 2] if t > 1 else 0.0)) * decay for side, rate in rates.items()}
        expected += 1e-3 * np.outer(rates["pre"], rates["post"])
    np.testing.assert_allclose(simulation.get("learns.w"), expected, rtol=0, atol=1e-10)
