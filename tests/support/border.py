"""A small network with a bit of all that a run, `set` and `restore` touch, and spikes that are none."""

from __future__ import annotations

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.language.rule import Rule, Trace
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons.neuron import Neuron
from support.feature_networks import lif

STEPS, INPUTS, NEURONS = 12, 4, 3
ENGINES = ("event", "torch", "brian2", "brian2_cpp")
RUNNING = ENGINES[:3]  # those that need no C++ compiler
ADAPTING = Neuron("dv/dt = -v/(20*ms) : 1 (unless refractory)\ndtheta/dt = -theta/(10*second) : 1\n"
                  "high = v + theta : 1",
                  threshold="v > 1 + theta", reset="v = 0", adapt="theta += 0.05", slow=("theta",), refractory=2e-3)
REWARDED = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(20e-3)}, signals={"reward": "global"},
                on_pre={"w": "-0.02*y*reward"}, on_post={"w": "0.05*x*reward"}, w_min=0.0, w_max=1.0, name="rewarded")
SPARSE = np.arange(INPUTS * NEURONS).reshape(INPUTS, NEURONS) % 4 > 0


def network(**changes) -> Network:
    """Inputs "in" and "other", neurons "E" that adapt and rest, a rule with a reward, delays, an absent synapse."""
    learning = Projection("in", "E", np.where(SPARSE, 0.5, 0.0), connect="sparse", mask=SPARSE, onto="v", rule=REWARDED,
                          axonal_delay=1e-3, **changes)
    others = (Projection("other", "E", 0.4, onto="v"), Projection("E", "E", -0.2, connect="all_but_self", onto="v"))
    return Network((Input("in", INPUTS), Input("other", 2)), (Population("E", NEURONS, ADAPTING),),
                   (learning, *others), (Signal("reward"),))


def plain() -> Network:
    """One input onto a population, without signals."""
    return Network((Input("in", INPUTS),), (Population("E", NEURONS, lif()),), (
        Projection("in", "E", 5e-3, onto="v"),))


def trains(samples: int = 2, steps: int = STEPS, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {"in": rng.random((samples, steps, INPUTS)) < 0.5, "other": rng.random((samples, steps, 2)) < 0.3}


def reward(samples: int = 2, steps: int = STEPS) -> dict[str, np.ndarray]:
    return {"reward": np.ones((samples, steps))}


def spikes_of(ptr, index, n=INPUTS) -> Spikes:
    return Spikes(np.array(ptr), np.array(index), n)


#: what is wrong -> Spikes of one sample and three steps, and a part of the refusal
ALTERED = {
    "an index of no neuron": (spikes_of([[0, 1, 2, 2]], [0, INPUTS]), "from 0 to 3, got 4"),
    "an index far outside": (spikes_of([[0, 1, 2, 2]], [0, 10**9]), "from 0 to 3, got 1000000000"),
    "a negative index": (spikes_of([[0, 1, 2, 2]], [0, -1]), "from 0 to 3, got -1"),
    "indices with fractions": (spikes_of([[0, 1, 2, 2]], [0.0, 1.5]), "whole numbers"),
    "indices that are conditions": (spikes_of([[0, 1, 2, 2]], [False, True]), "whole numbers"),
    "indices of two dimensions": (spikes_of([[0, 1, 2, 2]], [[0, 1]]), "one dimension"),
    "a ptr beyond the index": (spikes_of([[0, 1, 2, 3]], [0, 1]), "to 2 at most"),
    "a ptr below 0": (spikes_of([[-1, 1, 2, 2]], [0, 1]), "rise from 0"),
    "a ptr that falls": (spikes_of([[0, 2, 1, 2]], [0, 1]), "must rise"),
    "a ptr with fractions": (spikes_of([[0.0, 1.0, 2.0, 2.0]], [0, 1]), "whole numbers"),
    "a ptr of one dimension": (spikes_of([0, 1, 2, 2], [0, 1]), "samples, steps"),
    "a neuron twice in a step": (spikes_of([[0, 2, 2, 2]], [1, 1]), "each once"),
    "neurons of a step in falling order": (spikes_of([[0, 2, 2, 2]], [2, 1]), "rising order"),
    "another number of neurons": (spikes_of([[0, 1, 2, 2]], [0, 1], 5), "5 neurons"),
    "no number of neurons": (spikes_of([[0, 1, 2, 2]], [0, 1], 4.5), "whole number"),
}
