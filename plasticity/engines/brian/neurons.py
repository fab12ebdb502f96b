"""A population as a Brian2 NeuronGroup with the neuron's own equations, and an input as a group with imposed spikes."""

from __future__ import annotations

import numpy as np

from plasticity.engines.brian.printing import brian_text
from plasticity.network.network import Input, Population, Signal
from plasticity.neurons.discretise import brian2_namespace, brian_functions, import_brian2
from plasticity.neurons.neuron import Assignment, Equation, Neuron

#: Any time before the first presentation, in seconds: when a neuron that never spiked last spiked.
NEVER = -1e10
#: Order within Brian2's slot "groups": neurons, then discrete maps, then the rules' on_step (see synapses.py).
NEURONS, MAPS = 0, 1


def imposed(part: Input, name: str, spikes, dt: float):
    """A group whose neuron i spikes in step t where the TimedArray `spikes` [steps, n] is 1."""
    brian2 = import_brian2()
    return brian2.NeuronGroup(part.n, "", threshold="imposed(t, i) > 0.5", reset="", namespace={"imposed": spikes},
                              name=name, dt=dt * brian2.second)


def refractory_steps(neuron: Neuron, dt: float) -> int:
    return round(neuron.refractory / dt)


def neuron_group(population: Population, name: str, dt: float, learn: bool):
    """The population; with learn=False slow variables stand still and `adapt` is left out."""
    brian2, neuron = import_brian2(), population.neuron
    pause = refractory_steps(neuron, dt)
    text = equations(neuron, learn, gate=pause > 0)
    namespace = namespace_of(neuron, dt)
    group = brian2.NeuronGroup(
        population.n, text, threshold=threshold(neuron), reset=spike_text(neuron, learn), method=neuron.method,
        namespace=namespace,
        refractory=pause * dt * brian2.second if pause else False, name=name, order=NEURONS, dt=dt * brian2.second)
    if neuron.reset_delay:
        group.resetter["spike"].when = "before_groups"
    if neuron.update:
        moving = [line for line in neuron.moves if learn or line.target not in neuron.slow]
        drawn = [f"{each} = {'randn()' if kind.normal else 'rand()'}" for each, kind in neuron.drawn.items()]
        group.run_regularly("\n".join([*drawn, *map(_line, moving)]), when="groups", order=MAPS, name=f"{name}_map")
    return group


def equations(neuron: Neuron, learn: bool, gate: bool) -> str:
    """The equations as Brian2 reads them; a discrete map only declares its variables, all of them plain numbers."""
    if neuron.update:
        return "\n".join(f"{name} : 1" + _flags(neuron, name, gate) for name in neuron.variables)
    return "\n".join(_equation(neuron, equation, learn, gate) for equation in neuron.model)


def _equation(neuron: Neuron, equation: Equation, learn: bool, gate: bool) -> str:
    flags = [flag for flag in equation.flags if gate or flag != "unless refractory"]
    tail = f" : {equation.unit}" + (f" ({', '.join(flags)})" if flags else "")
    frozen = equation.name in neuron.slow and not learn
    left = {"ode": f"d{equation.name}/dt = {equation.text}", "parameter": equation.name,
            "subexpression": f"{equation.name} = {equation.text}"}["parameter" if frozen else equation.kind]
    return left + tail


def _flags(neuron: Neuron, name: str, gate: bool) -> str:
    return " (unless refractory)" if gate and name in neuron.gated else ""


def namespace_of(neuron: Neuron, dt: float) -> dict:
    """What the texts may read beside variables: Brian2 quantities, or SI numbers for a discrete map."""
    if neuron.update:
        return {**neuron.constants, **brian_functions(), "step_length": dt}
    return brian2_namespace(neuron)


def threshold(neuron: Neuron) -> str:
    """The condition; of a discrete map printed in plain numbers."""
    return f"{_plain(neuron, neuron.threshold_expr)} > 0.5" if neuron.update else neuron.threshold


def spike_text(neuron: Neuron, learn: bool) -> str:
    """Reset and, when learning, adaptation."""
    lines = (*neuron.at_reset, *(neuron.at_adapt if learn else ()))
    if neuron.update:
        return "\n".join(map(_line, lines))
    parts = [neuron.reset, neuron.adapt if learn else ""]
    return "\n".join(line.strip() for part in parts for line in part.replace(";", "\n").splitlines() if line.strip())


def _line(line: Assignment) -> str:
    return f"{line.target} = {brian_text(line.expr, {'dt': 'step_length'})}"


def _plain(neuron: Neuron, expr) -> str:
    return brian_text(neuron.inlined(expr), {"dt": "step_length"})


def unit_of(group, variable: str):
    """The SI base unit of a group's variable (1 for a plain number)."""
    brian2 = import_brian2()
    return brian2.get_unit(group.variables[variable].dim)


def drive(group, signal: Signal, values, name: str) -> None:
    """Writes the TimedArray `values` to the variable that the signal drives, at the start of each step."""
    variable = signal.drives.rpartition(".")[2]
    group.namespace[name] = values
    group.namespace[f"unit_of_{name}"] = unit_of(group, variable)
    reading = f"{name}(t, i)" if signal.n else f"{name}(t)"
    group.run_regularly(f"{variable} = {reading} * unit_of_{name}", when="start", order=0, name=f"{group.name}_{name}")


def initial_values(population: Population) -> dict[str, np.ndarray]:
    """variable -> its values [n] at the start of a presentation, in SI."""
    values = {**population.neuron.start, **population.initial}
    return {name: np.array(np.broadcast_to(np.asarray(value, float), population.n)) for name, value in values.items()}
