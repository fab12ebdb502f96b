"""XOR of rates learned from reward alone, as Florian 2007 (Neural Computation 19:1468, section 4.2) lets it be learned.

60 Poisson inputs, 60 hidden neurons and one output neuron, all to all. Half of the inputs stand for each bit and spike
at 40 Hz where it is 1; half of each of these are inhibitory. Patterns take 500 ms; each output spike is followed by
reward 1 if the answer is 1, and by -1 if it is 0. All weights (mV) are drawn between their bounds and learn.
"""

from __future__ import annotations

import numpy as np

from plasticity import engines
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import lif

DT, STEPS, HALF, HIDDEN, RATE, STRONGEST = 1e-3, 500, 30, 60, 40.0, 5.0
PATTERNS = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
ANSWERS = PATTERNS.sum(1) % 2


def network(make, seed: int, **options) -> Network:
    """make: `rules.mstdp` or `rules.mstdpet`. Inhibitory weights are negative and learn by the same text."""
    rng, neuron = np.random.default_rng(seed), lif(v_rest=-70e-3, v_reset=-70e-3, v_threshold=-54e-3, tau=20e-3)
    up, down = make(w_max=STRONGEST, **options), make(w_min=-STRONGEST, w_max=0.0, **options)
    strong = {name: rng.uniform(0, STRONGEST, shape) for name, shape in
              (("excited", (HALF, HIDDEN)), ("inhibited", (HALF, HIDDEN)), ("out", (HIDDEN, 1)))}
    return Network(
        (Input("exciting", HALF), Input("inhibiting", HALF)),
        (Population("hidden", HIDDEN, neuron), Population("out", 1, neuron)), dt=DT, signals=(Signal("reward"),),
        projections=(
            Projection("exciting", "hidden", strong["excited"], onto="v", scale=1e-3, rule=up),
            Projection("inhibiting", "hidden", -strong["inhibited"], onto="v", scale=1e-3, rule=down),
            Projection("hidden", "out", strong["out"], onto="v", scale=1e-3, rule=up)))


def spikes(pattern: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Of both kinds of inputs, [1, steps, inputs]: the first half of each stands for the first bit."""
    active = np.repeat(PATTERNS[pattern], HALF // 2)
    return {name: (rng.random((1, STEPS, HALF)) < RATE * DT) & (active == 1) for name in ("exciting", "inhibiting")}


def learn(simulation, epochs: int, rng: np.random.Generator, rewarded=lambda answer: 2 * answer - 1) -> None:
    """The patterns in a random order, again and again. A step's reward depends on the output of the step before."""
    reward = np.zeros((1, 1))
    for pattern in np.concatenate([rng.permutation(len(PATTERNS)) for _ in range(epochs)]):
        given, pay = spikes(pattern, rng), rewarded(ANSWERS[pattern])
        for t in range(STEPS):
            now = {name: train[:, t:t + 1] for name, train in given.items()}
            found = simulation.run(now, signals={"reward": reward}, reset=False)
            reward = np.full((1, 1), float(pay * found.counts["out"][0, 0]))


def rates(simulation, rng: np.random.Generator, times: int = 20) -> np.ndarray:
    """Of the output neuron for each pattern (Hz), without learning."""
    counts = [[simulation.run(spikes(pattern, rng), signals={"reward": np.zeros((1, STEPS))}, learn=False)
               .counts["out"][0, 0] for _ in range(times)] for pattern in range(len(PATTERNS))]
    return np.mean(counts, 1) / (STEPS * DT)


def solved(found: np.ndarray) -> bool:
    """The paper's criterion: (1, 1) makes fewer output spikes than either (0, 1) or (1, 0)."""
    return bool(found[3] < min(found[1], found[2]))


def build(make, seed: int, **options):
    return engines.build(network(make, seed, **options), "event", seed=seed)
