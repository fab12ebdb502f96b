"""Weights and losses of NEST's own e-prop, for nest_weights.py; runs where NEST lives."""

from __future__ import annotations

import nest
import numpy as np
from eprop_cases import N_IN, N_OUT, N_REC, Case, inputs, targets, weights

GENERATED, SHOWN = 1, 4  # steps until a presentation begins for the inputs, and for what the readouts say


def run(case: Case) -> dict[str, object]:
    """Weights [to, from] after the last update, and the loss of each presentation."""
    dt, spikes, wanted = case.resolution, inputs(case), targets(case)
    nest.ResetKernel()
    nest.set(resolution=dt, eprop_update_interval=dt * case.steps, eprop_learning_window=dt * case.window,
             eprop_reset_neurons_on_update=True)
    generators, sources = nest.Create("spike_generator", N_IN), nest.Create("parrot_neuron", N_IN)
    neurons = nest.Create(case.model, N_REC, {**case.neuron, "flush_event_send_interval": dt * case.steps})
    readouts = nest.Create("eprop_readout_bsshslm_2020", N_OUT, {"C_m": 1.0, "E_L": 0.0, "V_m": 0.0, **case.readout})
    teachers = nest.Create("step_rate_generator", N_OUT)
    total = spikes.shape[0] * case.steps
    for generator, train in zip(generators, spikes.reshape(total, N_IN).T, strict=True):
        generator.set(spike_times=dt * (np.nonzero(train)[0] + GENERATED))
    for teacher, values in zip(teachers, wanted.reshape(total, N_OUT).T, strict=True):
        teacher.set(amplitude_times=dt * (np.arange(total) + SHOWN), amplitude_values=values)
    connect(case, generators, sources, neurons, readouts, teachers)
    meter = nest.Create("multimeter", params={"interval": dt, "record_from": ["readout_signal"], "start": dt * SHOWN,
                                              "stop": dt * (SHOWN + total)})
    nest.Connect(meter, readouts)
    nest.Simulate(dt * (SHOWN + total + 1))
    seen = meter.events
    said = np.array([seen["readout_signal"][seen["senders"] == readout.global_id] for readout in readouts])
    late = (slice(None), slice(case.steps - case.window, None))
    losses = loss(case, said.T.reshape(wanted.shape)[late], wanted[late])
    return {"losses": losses.tolist(), "w": {name: matrix(before, after) for name, before, after in (
        ("in", sources, neurons), ("rec", neurons, neurons), ("out", neurons, readouts))}}


def connect(case: Case, generators, sources, neurons, readouts, teachers) -> None:
    """All connections; weights that learn are eprop_synapse_bsshslm_2020."""
    w, dt = weights(case), case.resolution
    nest.SetDefaults("eprop_synapse_bsshslm_2020", {"optimizer": {"batch_size": 1, **case.optimizer},
                                                    "average_gradient": case.average_gradient})
    plastic = {"synapse_model": "eprop_synapse_bsshslm_2020", "delay": dt, "tau_m_readout": case.readout["tau_m"]}
    every = {"rule": "all_to_all", "allow_autapses": False}
    rate = {"synapse_model": "rate_connection_delayed", "delay": dt}
    nest.Connect(generators, sources, "one_to_one", {"delay": dt})
    nest.Connect(sources, neurons, every, {**plastic, "weight": w["in"]})
    nest.Connect(neurons, neurons, every, {**plastic, "weight": w["rec"]})
    nest.Connect(neurons, readouts, every, {**plastic, "weight": w["out"]})
    nest.Connect(readouts, neurons, every, {"synapse_model": "eprop_learning_signal_connection_bsshslm_2020",
                                            "delay": dt, "weight": w["feedback"]})
    nest.Connect(teachers, readouts, "one_to_one", {**rate, "receptor_type": 2})
    if case.readout["loss"] == "cross_entropy":
        nest.Connect(readouts, readouts, every, {**rate, "receptor_type": 1, "weight": 1.0})


def matrix(before, after) -> list[list[float]]:
    """Weights as they are now, [to, from]."""
    w = np.zeros((len(after), len(before)))
    found = nest.GetConnections(before, after, "eprop_synapse_bsshslm_2020").get(["source", "target", "weight"])
    w[np.array(found["target"]) - after[0].global_id, np.array(found["source"]) - before[0].global_id] = found["weight"]
    return w.tolist()


def loss(case: Case, said: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Of each presentation [presentations, steps, outputs]."""
    if case.readout["loss"] == "cross_entropy":
        each = -(wanted * np.log(said)).sum(2)
    else:
        each = 0.5 * ((said - wanted) ** 2).sum(2)
    return each.mean(1) if case.average_gradient else each.sum(1)
