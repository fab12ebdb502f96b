"""The whole network as Brian2 objects: groups, synapses, monitors and operations in one explicit brian2.Network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from plasticity._utils import random
from plasticity.engines.brian.lasting import lasting_network
from plasticity.engines.brian.monitors import Monitored, monitored
from plasticity.engines.brian.network_operations import network_operations
from plasticity.engines.brian.neurons import NEVER, drive, imposed, neuron_group, refractory_steps
from plasticity.engines.brian.state import delayed_signals
from plasticity.engines.brian.synapses import build_synapses
from plasticity.engines.record import Channel
from plasticity.network.network import Network, Population
from plasticity.neurons.discretise import import_brian2


@dataclass(frozen=True)
class Plan:
    """What a circuit is built for: for how many steps it has room, learning or not, whose spikes and which states it
    records."""

    steps: int
    learn: bool
    spiking: frozenset[str] = frozenset()
    valued: frozenset[Channel] = frozenset()


@dataclass
class Circuit:
    """Brian2 objects by the names of the network's parts.

    last_spikes: who spiked in the last step of a run, for populations that reset one step later (filled at run time).
    imposed, signals: TimedArrays to fill before each presentation (signals also by (name, delay in steps)).
    counters: what counts and records the spikes of populations. monitored: channel -> what records it.
    """

    plan: Plan
    network: object = None
    groups: dict[str, object] = field(default_factory=dict)
    synapses: dict[str, object] = field(default_factory=dict)
    imposed: dict[str, object] = field(default_factory=dict)
    signals: dict[object, object] = field(default_factory=dict)
    counters: dict[str, object] = field(default_factory=dict)
    monitored: dict[Channel, Monitored] = field(default_factory=dict)
    operations: list[object] = field(default_factory=list)
    last_spikes: dict[str, np.ndarray] = field(default_factory=dict)
    clock: dict[str, int] = field(default_factory=lambda: {"steps": 0})

    @property
    def monitors(self) -> list:
        """All of Brian2's monitors."""
        watching = [each.monitor for each in self.monitored.values()]
        return [*self.counters.values(), *(monitor for monitor in watching if monitor is not None)]


def assemble(network: Network, plan: Plan, seed: int) -> Circuit:
    """Builds the objects on the Brian2 device that is active."""
    circuit = Circuit(plan)
    _sources(circuit, network)
    for index, population in enumerate(network.populations):
        circuit.groups[population.name] = neuron_group(population, f"population{index}", network.dt, plan.learn)
    for index, signal in enumerate(network.signals):
        if signal.drives:
            group = circuit.groups[signal.drives.rpartition(".")[0]]
            drive(group, signal, circuit.signals[signal.name], f"signal{index}")
    for index, projection in enumerate(network.projections):
        synapses = build_synapses(network, index, circuit.groups, circuit.signals, plan.learn)
        if synapses is not None:
            circuit.synapses[projection.name] = synapses
            post = circuit.groups[projection.post]
            circuit.operations += network_operations(network, index, synapses, post, plan.learn)
    _monitors(circuit, network)
    for population in network.populations:
        if population.winner != "all":
            circuit.operations += _winner_takes_all(circuit, population, network.dt, seed)
    circuit.network = lasting_network()(
        *circuit.groups.values(), *circuit.synapses.values(), *circuit.monitors, *circuit.operations,
        name="plasticity_network")
    return circuit


def _sources(circuit: Circuit, network: Network) -> None:
    brian2 = import_brian2()
    steps, dt = circuit.plan.steps, network.dt * brian2.second
    for index, part in enumerate(network.inputs):
        circuit.imposed[part.name] = brian2.TimedArray(np.zeros((steps, part.n)), dt=dt, name=f"imposed{index}")
        circuit.groups[part.name] = imposed(part, f"input{index}", circuit.imposed[part.name], network.dt)
    for index, signal in enumerate(network.signals):
        for number, key in enumerate([signal.name, *sorted(_delayed_copies(network, signal.name))]):
            shape = (steps, signal.n) if signal.n else (steps,)
            circuit.signals[key] = brian2.TimedArray(np.zeros(shape), dt=dt, name=f"values{index}_{number}")


def _delayed_copies(network: Network, signal: str) -> set[tuple[str, int]]:
    """(signal, delay in steps) for each delayed reading of a signal by a rule."""
    copies = {copy for projection in network.plastic for copy in delayed_signals(network, projection)}
    return {copy for copy in copies if copy[0] == signal}


def _monitors(circuit: Circuit, network: Network) -> None:
    brian2, plan = import_brian2(), circuit.plan
    for index, population in enumerate(network.populations):
        name = population.name
        circuit.counters[name] = brian2.SpikeMonitor(circuit.groups[name], record=name in plan.spiking,
                                                     when="after_thresholds", order=1, name=f"spikes{index}")
    owners = {**circuit.groups, **circuit.synapses}
    for index, channel in enumerate(sorted(plan.valued, key=lambda each: (each.name, each.steps.step))):
        circuit.monitored[channel] = monitored(network, channel, owners.get(channel.part), network.dt, f"values{index}")


def _winner_takes_all(circuit: Circuit, population: Population, dt: float, seed: int) -> list:
    """Operations on the list of spikes, between thresholds and synapses: one neuron keeps its spike.

    Losers are as if they had not crossed, unless losers_reset: then they return to the list before the resets.
    """
    brian2 = import_brian2()
    group, clock = circuit.groups[population.name], circuit.clock
    first, paused = population.neuron.variables[0], refractory_steps(population.neuron, dt) > 0
    pick = {"highest": lambda crossed: int(np.argmax(_array(group, first)[crossed])),
            "random": lambda crossed: int(random.uniform(seed, _now(group, clock), np.array(0)) * len(crossed)),
            }[population.winner]
    crossed = np.zeros(0, int)

    def choose():
        nonlocal crossed
        spikes = _array(group, "_spikespace")
        crossed = spikes[: spikes[-1]].copy()
        if len(crossed) < 2:
            return
        winner = crossed[pick(crossed)]
        if paused and not population.losers_reset:
            losers = crossed[crossed != winner]
            _array(group, "lastspike")[losers] = NEVER
            _array(group, "not_refractory")[losers] = True
        spikes[0], spikes[-1] = winner, 1

    def return_losers():
        spikes = _array(group, "_spikespace")
        spikes[: len(crossed)], spikes[-1] = crossed, len(crossed)

    clocked = {"order": 0, "dt": dt * brian2.second}
    operations = [brian2.NetworkOperation(choose, when="after_thresholds", name=f"{group.name}_winner", **clocked)]
    if population.losers_reset:
        operations.append(brian2.NetworkOperation(return_losers, when="before_resets", name=f"{group.name}_losers",
                                                  **clocked))
    return operations


def _array(group, variable: str) -> np.ndarray:
    """A view of a variable's memory (Brian2 runtime)."""
    return group.variables[variable].get_value()


def _now(group, clock: dict[str, int]) -> int:
    """Steps since the simulation began, over all presentations."""
    return clock["steps"] + int(group.clock.variables["timestep"].get_value().item())
