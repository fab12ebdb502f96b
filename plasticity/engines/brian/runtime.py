"""Presenting one sample with Brian2 at run time: state in, run, state out. Time starts at 0 in each presentation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from plasticity._utils import random
from plasticity.engines.brian.circuit import Circuit, Plan, assemble
from plasticity.engines.brian.lasting import nothing_to_collect
from plasticity.network.network import Network
from plasticity.neurons.discretise import import_brian2

State = dict[str, np.ndarray]
#: Brian2's variables of neurons that have a refractory period.
PAUSED = ("lastspike", "not_refractory")


@contextmanager
def settings(target: str) -> Iterator[None]:
    """Brian2 on its runtime device with a code generation target; everything changed is put back."""
    brian2 = import_brian2()
    from brian2.devices.device import reset_device, runtime_device

    before, random = brian2.prefs.codegen.target, np.random.get_state()  # noqa: NPY002  (Brian2 draws from it)
    brian2.set_device(runtime_device)
    brian2.prefs.codegen.target = target
    try:
        yield
    finally:
        brian2.prefs.codegen.target = before
        reset_device()
        np.random.set_state(random)  # noqa: NPY002


class Runtime:
    """Circuits that run inside this process: one per plan and power of two steps."""

    carries_over = True  # a presentation can go on from where the last one ended

    def __init__(self, network: Network, seed: int, target: str = "numpy"):
        self.network, self.seed, self.target = network, seed, target
        self.circuits: dict[Plan, Circuit] = {}

    def __reduce__(self):
        return Runtime, (self.network, self.seed, self.target)  # circuits are assembled again

    def present(self, plan: Plan, arrays: Mapping[str, Mapping], state: State, fresh: bool) -> tuple[Circuit, State]:
        """Runs one presentation from `state`; answers the circuit (for what it recorded) and the state after."""
        brian2 = import_brian2()
        with settings(self.target):
            roomy = replace(plan, steps=1 << (plan.steps - 1).bit_length())  # one circuit for runs of many lengths
            if roomy not in self.circuits:
                self.circuits[roomy] = _remembering(assemble(self.network, roomy, self.seed), self.network)
            circuit = self.circuits[roomy]
            self._load(circuit, arrays, state, fresh)
            brian2.seed(int(random.key(self.seed, circuit.clock["steps"])) & 0xFFFFFFFF)
            with nothing_to_collect():
                circuit.network.run(plan.steps * self.network.dt * brian2.second, namespace={})
            return circuit, self._unload(circuit, state, plan)

    def _load(self, circuit: Circuit, arrays: Mapping[str, Mapping], state: State, fresh: bool) -> None:
        for kind, timed in (("imposed", circuit.imposed), ("signals", circuit.signals)):
            for key, values in arrays[kind].items():
                timed[key].values[:len(values)] = values  # in place: Brian2's code holds on to the array
        circuit.network.t_ = 0.0
        circuit.clock["steps"] = int(state["steps"])
        for monitor in circuit.monitors:
            _forget(monitor)
        for key, (owner, variable) in variables(circuit, self.network).items():
            value = state.get(key)
            if value is not None:
                owner.variables[variable].set_value(value)
        for key, pathway in pathways(circuit).items():
            _fill(pathway.queue, None if fresh else state.get(key))
        self._load_spiking(circuit, state, fresh)

    def _load_spiking(self, circuit: Circuit, state: State, fresh: bool) -> None:
        for population in self.network.populations:
            group = circuit.groups[population.name]
            spikes = state.get(f"{population.name}.last_spikes")
            space = group.variables["_spikespace"].get_value()
            space[-1] = 0 if fresh or spikes is None else len(spikes)
            if space[-1]:
                space[: space[-1]] = spikes

    def _unload(self, circuit: Circuit, state: State, plan: Plan) -> State:
        after = dict(state)
        for key, (owner, variable) in variables(circuit, self.network).items():
            after[key] = np.array(owner.variables[variable].get_value())
        for population in self.network.populations:
            after[f"{population.name}.last_spikes"] = circuit.last_spikes.get(population.name, np.zeros(0, np.int32))
            if f"{population.name}.lastspike" in after:
                after[f"{population.name}.lastspike"] -= plan.steps * self.network.dt
        for key, pathway in pathways(circuit).items():
            after[key] = _waiting(pathway.queue)
        after["steps"] = np.array(int(state["steps"]) + plan.steps)
        return after


def _remembering(circuit: Circuit, network: Network) -> Circuit:
    """The circuit, which also keeps each step's spikes for a delayed reset (Brian2 forgets them when a run ends)."""
    brian2 = import_brian2()
    for population in network.populations:
        if population.neuron.reset_delay:
            group = circuit.groups[population.name]
            circuit.network.add(brian2.NetworkOperation(
                _remember(circuit, population.name, group.variables["_spikespace"].get_value()), when="end", order=0,
                dt=network.dt * brian2.second, name=f"{group.name}_remember"))
    return circuit


def _remember(circuit: Circuit, name: str, space: np.ndarray) -> Callable[[], None]:
    def remember():
        circuit.last_spikes[name] = np.array(space[: space[-1]])

    return remember


def variables(circuit: Circuit, network: Network) -> dict[str, tuple[object, str]]:
    """Key of the state -> (Brian2 group, its variable), for everything a circuit holds between presentations."""
    owners: dict[str, tuple[object, str]] = {}
    for population in network.populations:
        group = circuit.groups[population.name]
        own = [*population.neuron.variables, *(name for name in PAUSED if name in group.variables)]
        owners |= {f"{population.name}.{name}": (group, name) for name in own}
    for projection in network.projections:
        synapses = circuit.synapses.get(projection.name)
        if synapses is not None:
            owners[f"{projection.name}.w"] = (synapses, "r_w")
            rule = projection.rule
            traces = rule.variables if rule and (circuit.plan.learn or rule.efficacy) else ()
            owners |= {f"{projection.name}.{name}": (synapses, f"r_{name}") for name in traces}
    return owners


def pathways(circuit: Circuit) -> dict[str, object]:
    """Key of the state -> Brian2 pathway."""
    return {f"{name}.{pathway.objname}.queue": pathway for name, synapses in circuit.synapses.items()
            for pathway in synapses._pathways}


def _forget(monitor) -> None:
    """Empties a monitor (Brian2 has no call for it)."""
    monitor.resize(0)
    monitor.variables["N"].set_value(0)
    if "count" in monitor.variables:
        monitor.variables["count"].set_value(0)


def _waiting(queue) -> np.ndarray:
    """Spikes under way in a queue: rows of (steps until arrival, synapse)."""
    contents = queue._full_state()
    if len(contents) == 3:  # Brian2's own Python queue
        return np.array(contents[1], np.int64).reshape(-1, 2)
    offset, rows = contents
    ahead = [((row - offset) % len(rows), synapse) for row, synapses in enumerate(rows) for synapse in synapses]
    return np.array(sorted(ahead), np.int64).reshape(-1, 2)


def _fill(queue, waiting: np.ndarray | None) -> None:
    """Empties a queue and puts the waiting spikes in."""
    contents = queue._full_state()
    waiting = np.zeros((0, 2), np.int64) if waiting is None else waiting
    if len(contents) == 3:
        queue._restore_from_full_state((contents[0], waiting, contents[2]))
        return
    length = max(len(contents[1]), 1, *(waiting[:, 0] + 1)) if len(waiting) else max(len(contents[1]), 1)
    rows = [waiting[waiting[:, 0] == ahead, 1].tolist() for ahead in range(length)]
    queue._restore_from_full_state((0, rows))
