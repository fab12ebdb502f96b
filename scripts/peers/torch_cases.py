"""Which runs of Norse's and SpikingJelly's plasticity are compared with ours, their spikes and weights; numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Case:
    """One run. rule: the library's name. tau_*: in steps; mu: exponent of soft bounds (0: additive).

    a_plus, a_minus: weight change of a coincident pair, beside the weight dependence.
    """

    name: str
    rule: str
    mu: float = 0.0
    batch: int = 1
    a_plus: float = 8e-3
    a_minus: float = 6e-3
    tau_plus: float = 15.0
    tau_minus: float = 25.0
    tau_trace: float = 30.0
    scale: float = 1.0  # of SpikingJelly's changes
    a_pre: float = 0.0  # Norse's, 0: tau_plus, so that its trace grows by 1
    w_min: float = 0.0  # Norse's bounds
    w_max: float = 1.0
    w_low: float = 0.3
    w_high: float = 0.7
    steps: int = 200
    rate: float = 0.06
    seed: int = 0
    n_pre: int = 6
    n_post: int = 4


def cases() -> Iterator[Case]:
    """Additive and with soft bounds, single and in batches, in bounds; Norse keeps mu in single precision."""
    norse = (Case("norse", "norse"), Case("norse_soft", "norse", mu=0.5), Case("norse_batch", "norse", batch=3))
    jelly = (Case("stdp", "STDPLearner"), Case("stdp_soft", "STDPLearner", mu=1.0),
             Case("stdp_batch", "STDPLearner", batch=3), Case("mstdp", "MSTDPLearner"),
             Case("mstdp_batch", "MSTDPLearner", batch=3), Case("mstdpet", "MSTDPETLearner",
                                                                              a_plus=0.2, a_minus=0.15))
    for seed, case in enumerate((*norse, *jelly)):
        yield replace(case, seed=seed)
    yield Case("norse_bounds", "norse", w_low=0.0, w_high=0.1, seed=20)
    other = {"w_min": -0.2, "w_max": 1.6, "a_pre": 9.0, "tau_plus": 8.0}
    yield Case("norse_soft_other", "norse", mu=0.5, **other, seed=21)
    yield Case("norse_bounds_other", "norse", **other | {"w_min": 0.45, "w_max": 0.6}, w_low=0.5, w_high=0.55, seed=22)
    for seed, rule in enumerate(("STDPLearner", "MSTDPLearner", "MSTDPETLearner")):
        yield Case(f"{rule.lower()}_scaled", rule, scale=0.4, a_plus=0.1, seed=23 + seed)


def trains(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Random spikes, bool [steps, batch, n], with a volley in which all neurons spike at once."""
    rng = np.random.default_rng(case.seed)
    pre, post = (rng.random((case.steps, case.batch, n)) < case.rate for n in (case.n_pre, case.n_post))
    pre[case.steps // 2] = post[case.steps // 2] = True
    return pre, post


def reward(case: Case) -> np.ndarray:
    """Of each step, from -1 to 1."""
    return np.random.default_rng([case.seed, 2]).uniform(-1, 1, case.steps)


def start(case: Case) -> np.ndarray:
    """Weights at the start [pre, post]."""
    return np.random.default_rng([case.seed, 1]).uniform(case.w_low, case.w_high, (case.n_pre, case.n_post))
