"""Weights that NEST's own plastic synapses reach on imposed spikes, as JSON; runs where NEST lives.

    .venv-nest/bin/python scripts/peers/nest_weights.py tests/reference/nest_weights.json

One entry per case of nest_cases.py and eprop_cases.py. Parrot neurons repeat the spikes of generators on both sides of
the synapses, but where the synapse reads its neuron. `sent` holds what short-term synapses transmitted, spike by spike.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import eprop_cases
import nest
import nest_eprop
import numpy as np
from nest_cases import Case, cases, dopamine, rewarded, short_term, start, trains, watched

#: parameters that NEST keeps once for all synapses of a model
COMMON = {"stdp_pl_synapse_hom": ("lambda", "alpha", "mu", "tau_plus"),
          "stdp_dopamine_synapse": ("A_plus", "A_minus", "tau_plus", "tau_c", "tau_n", "b", "Wmin", "Wmax")}
IN_STEPS = 2  # a generator's first spike, at 1 step, reaches its neuron at 2


def driven(model: str, spikes: np.ndarray, case: Case, weight: float, parameters: dict):
    """Neurons that generators make spike in the imposed steps."""
    neurons = nest.Create(model, spikes.shape[1], params=parameters)
    if weight:
        for neuron, train in zip(neurons, spikes.T, strict=True):
            times = np.round(case.dt * (1 + np.nonzero(train)[0]), 6)
            generator = nest.Create("spike_generator", params={"spike_times": times})
            nest.Connect(generator, neuron, syn_spec={"delay": case.dt, "weight": weight})
    return neurons


def released(case: Case) -> dict:
    """What brings dopamine to the synapses, a step after its neuron's spikes; empty where none is needed."""
    if not case.dopamine:
        return {}
    transmitter = nest.Create("volume_transmitter")
    nest.Connect(driven("parrot_neuron", dopamine(case), case, 1.0, {}), transmitter, syn_spec={"delay": case.dt})
    return {"volume_transmitter": transmitter}


def connected(before, after, case: Case):
    """The plastic synapses, all to all; a weight recorder sees what they transmit."""
    recorder = nest.Create("weight_recorder")
    shared = {name: case.synapse[name] for name in COMMON.get(case.model, ())}
    nest.CopyModel(case.model, "compared", {**shared, **released(case), "weight_recorder": recorder})
    own = {name: value for name, value in case.synapse.items() if name not in shared}
    nest.Connect(before, after, "all_to_all", {"synapse_model": "compared", "weight": start(case).T,
                                               "delay": case.delay, "receptor_type": case.port, **own})
    return recorder


def last_sent(seen: dict, before, after) -> list[list[float]]:
    """The weight with which each synapse sent its last spike, just changed: [pre, post]."""
    w = np.full((len(before), len(after)), np.nan)
    order = np.argsort(seen["times"], kind="stable")
    pre, post = (seen[key][order] - first.global_id for key, first in (("senders", before[0]), ("targets", after[0])))
    w[pre, post] = seen["weights"][order]  # of several values for one synapse the last one stays
    return w.tolist()


def run(case: Case) -> dict[str, list]:
    """w: with which the last spikes were sent [pre, post]; sent: each presynaptic neuron's to the first postsynaptic.

    spikes: times, in steps, at which the first postsynaptic neuron did spike; and what is recorded of it, from one
    step on.
    """
    nest.ResetKernel()
    nest.resolution = case.dt
    pre, post = trains(case)
    before = driven("parrot_neuron", pre, case, 1.0, {})
    after = driven(case.post_model, post, case, case.drive, dict(case.neuron))
    recorder = connected(before, after, case)
    spikes = nest.Create("spike_recorder")
    nest.Connect(after, spikes)
    if case.records:
        meter = nest.Create("multimeter", params={"interval": case.dt, "record_from": case.records})
        nest.Connect(meter, after[0])
    nest.Simulate(case.dt * (case.steps + IN_STEPS + 3))
    first, seen = after[0].global_id, recorder.events
    to_first = seen["targets"] == first
    sent = [seen["weights"][to_first & (seen["senders"] == neuron.global_id)].tolist() for neuron in before]
    times = spikes.events["times"][spikes.events["senders"] == first]
    steps = [round(time / case.dt) for time in times]
    values = {name: meter.events[name][:case.steps + 1].round(9).tolist() for name in case.records}
    return {"w": last_sent(seen, before, after), "sent": sent, "spikes": steps, **values}


def defaults(*models: str) -> dict[str, object]:
    """The numbers that NEST gives a synapse and its neuron, those of a compartment as a dictionary."""
    values = {name: value for model in models for name, value in nest.GetDefaults(model).items()}
    return {name: value for name, value in values.items() if isinstance(value, bool | float | dict)
            and name not in ("weight", "delay", "receptor_types", "synaptic_elements")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    nest.verbosity = nest.VerbosityLevel.ERROR if hasattr(nest, "VerbosityLevel") else "M_ERROR"
    found = {"nest": nest.__version__,
             "defaults": {case.model: defaults(case.post_model, case.model)
                          for case in (*cases(), *rewarded(), *short_term(), *watched())},
             "weights": {case.name: run(case)["w"] for case in (*cases(), *rewarded())},
             "sent": {case.name: run(case)["sent"] for case in short_term()},
             "eprop": {case.name: nest_eprop.run(case) for case in eprop_cases.cases()},
             "watched": {case.name: {key: value for key, value in run(case).items() if key != "sent"}
                         for case in watched()}}
    lines = json.dumps(found).replace("]], ", "]],\n ").replace("}, ", "},\n")
    out.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
