"""Which runs of NEST's e-prop are compared with ours: parameters, weights, inputs and targets; needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

QUIET = 2
N_IN, N_REC, N_OUT = 5, 6, 2
NEURON = {"C_m": 1.0, "E_L": 0.0, "V_m": 0.0, "surrogate_gradient_function": "piecewise_linear"}


@dataclass(frozen=True)
class Case:
    """One run, by NEST's names and in its units. window: steps at the end of a presentation that have a target.

    updates: how often the weights change; one more presentation follows, whose spikes show them.
    """

    name: str
    model: str
    neuron: Mapping[str, object]
    readout: Mapping[str, object]
    optimizer: Mapping[str, object]
    average_gradient: bool
    window: int
    resolution: float = 1.0
    steps: int = 60
    updates: int = 3
    seed: int = 0


def cases() -> Iterator[Case]:
    """Squares by gradient descent, and classes with adaptive thresholds by Adam; both ways in which spikes arrive."""
    yield Case("squares", "eprop_iaf_bsshslm_2020",
               {**NEURON, "tau_m": 15.0, "V_th": 0.05, "t_ref": 1.0, "c_reg": 20.0, "f_target": 30.0,
                "regular_spike_arrival": False, "surrogate_gradient_height": 6.0, "surrogate_gradient_width": 0.08},
               {"tau_m": 25.0, "regular_spike_arrival": False, "loss": "mean_squared_error"},
               {"type": "gradient_descent", "eta": 2e-3}, False, 60, resolution=0.5)
    yield Case("classes", "eprop_iaf_adapt_bsshslm_2020",
               {**NEURON, "tau_m": 20.0, "V_th": 0.6, "t_ref": 2.0, "c_reg": 5.0, "f_target": 20.0,
                "regular_spike_arrival": True, "surrogate_gradient_height": 0.5, "surrogate_gradient_width": 0.6,
                "adapt_tau": 80.0, "adapt_beta": 0.07},
               {"tau_m": 12.0, "regular_spike_arrival": True, "loss": "cross_entropy"},
               {"type": "adam", "eta": 5e-3, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6}, True, 20, seed=1)


def weights(case: Case) -> dict[str, np.ndarray]:
    """At the start, [to, from] as NEST takes them, without connections of a neuron to itself; `feedback` stays."""
    rng = np.random.default_rng(case.seed)
    recurrent = rng.normal(size=(N_REC, N_REC)) / 3
    np.fill_diagonal(recurrent, 0.0)
    return {"in": rng.normal(0.5, 0.4, (N_REC, N_IN)), "rec": recurrent, "out": rng.normal(size=(N_OUT, N_REC)) / 2,
            "feedback": rng.normal(size=(N_REC, N_OUT))}


def inputs(case: Case) -> np.ndarray:
    """Spikes, bool [presentations, steps, inputs]; none in the first steps of a presentation."""
    rng = np.random.default_rng([case.seed, 1])
    spikes = rng.random((case.updates + 1, case.steps, N_IN)) < 0.2
    spikes[:, :QUIET] = False
    return spikes


def targets(case: Case) -> np.ndarray:
    """[presentations, steps, outputs]: waves, or 1 for one output and 0 for the other."""
    rng, shape = np.random.default_rng([case.seed, 2]), (case.updates + 1, case.steps, N_OUT)
    if case.readout["loss"] == "cross_entropy":
        return np.broadcast_to(np.eye(N_OUT)[rng.integers(0, N_OUT, case.updates + 1)][:, None], shape).copy()
    phase = np.arange(case.steps)[:, None] / 7 + np.arange(N_OUT)
    return np.broadcast_to(np.sin(phase), shape).copy()
