"""What a gradient network is made of and given, checked; and the weights it starts with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from plasticity._utils.arrays import as_array
from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.engines.gradient.connections import Connection
from plasticity.engines.gradient.operators import constant
from plasticity.engines.request import recorded
from plasticity.errors import PlasticityError, RefusedError, choice, unknown
from plasticity.network.network import Network, existing, weight_matrix
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.catalogue import of_kind
from plasticity.rules.paths import GradientRule

#: types in which gradient networks compute; programs only in the first two
FLOATS = ("float32", "float64", "bfloat16", "float16")


class Weights(NamedTuple):
    """Arrays by name: projections, readouts, what brings the readout's error, what brings it through projections."""

    weights: dict[str, np.ndarray]
    readouts: dict[str, np.ndarray]
    feedback: dict[str, np.ndarray]
    transport: dict[str, np.ndarray]
    local: dict[str, np.ndarray]


def rule_of(network: Network, rule: str | GradientRule | None) -> GradientRule:
    """The rule that trains the network: the one that is asked for, its own, or "bptt".

    Raises RefusedError where the network has another one, and for signals, which gradient networks do not take.
    """
    if network.signals:
        raise RefusedError("a gradient network takes no signals; give values as an input (they need not be spikes)")
    if rule is None:
        return network.rule or of_kind("credit", "bptt")
    asked = of_kind("credit", rule)
    if network.rule not in (None, asked):
        raise RefusedError(f"rule={asked.name!r} is not the rule of network {network.name!r} ({network.rule.name!r}, "
                           "maybe with other options): leave rule out, or change the network's by with_rule")
    return asked


def initial_weights(network: Network, connections: Sequence[Connection], readout: LeakyReadout | Counts | None,
                    rule: GradientRule, frozen: Sequence[str], feedback: Mapping[str, np.ndarray],
                    generator: np.random.Generator) -> Weights:
    """Given weights, and those that are drawn: readout and feedback with variance 1/n, n neurons of the population.

    Rules that teach every population teach those that have something to learn, not the relays of pools. A population
    that is counted has no weights to its outputs, and hears its own error as it is.
    """
    names = [projection.name for projection in network.projections]
    for name in frozen:
        if name not in names:
            raise unknown("projection in frozen:", name, names)
    weights = {connection.name: first_weights(network, connection) for connection in connections}
    sources = readout.weighed if readout else ()
    readouts = {name: readout.first_weights(name, network.sizes[name], generator) for name in sources}
    taught = [part.name for part in network.populations
              if any(connection.post == part.name and connection.operator.learns for connection in connections)]
    counted = readout.sources if readout and readout.spiking else ()
    far = [name for name in taught if name not in counted]
    hearing = [] if rule.feedback == "symmetric" else far if rule.broadcast else sources
    told = taught if rule.teacher != "readout" else []
    for name in feedback:
        if name not in (*hearing, *told):
            raise unknown(f"population that hears feedback under rule {rule.name!r}:", name, [*hearing, *told])
    back, local = ({name: _feedback(name, (readout.n, network.sizes[name]), feedback, generator) for name in names}
                   for names in (hearing, told))
    return Weights(weights, readouts, back, _transport(network, connections, weights, rule, generator),
                   {name: b.T for name, b in local.items()})


def _feedback(name: str, shape: tuple[int, int], given: Mapping, generator: np.random.Generator) -> np.ndarray:
    drawn = generator.normal(size=shape) / math.sqrt(shape[1])
    found = np.asarray(given.get(name, drawn), float)
    if found.shape != shape:
        raise PlasticityError(f"feedback to {name!r} must have shape {shape} ([output, neuron]), got {found.shape}")
    return found


def first_weights(network: Network, connection: Connection) -> np.ndarray:
    """The weights that a projection starts with; the one number of a pool."""
    projection = network.projection(connection.name)
    return weight_matrix(network, projection) if connection.operator.learns else np.asarray(projection.weights, float)


def missing(network: Network, connection: Connection) -> torch.Tensor | None:
    """Which weights exist (bool), None if all of them do."""
    if not connection.operator.learns:
        return None
    exists = torch.tensor(existing(network, network.projection(connection.name)))
    return None if exists.all() else exists


def _transport(network: Network, connections: Sequence[Connection], weights: Mapping, rule: GradientRule,
               generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Random weights for the way back, of each projection's own spread; a pool's error goes back as it came."""
    if rule.transport == "symmetric":
        return {}
    between = [connection.name for connection in connections
               if connection.kind != "input" and connection.operator.learns]
    return {name: generator.normal(size=weights[name].shape) * weights[name].std()
            * existing(network, network.projection(name)) for name in between}


def presented(network: Network, x, dtype: torch.dtype, device: torch.device) -> dict[str, torch.Tensor]:
    """Inputs as {name: [batch, steps, n]}, given as tensors, arrays or Spikes.

    Raises PlasticityError, by the input's name, for other shapes, and for NaN and infinity (in tensors that are on
    another device than the CPU nobody looks for these: to ask would wait for all that the device has to do).
    """
    names = [part.name for part in network.shown]
    if not isinstance(x, Mapping):
        if len(names) != 1:
            raise PlasticityError(f"this network has the inputs {names}: give {{name: [batch, steps, n]}}")
        x = {names[0]: x}
    if set(x) != set(names):
        raise PlasticityError(f"expected values for the inputs {names}, got {sorted(map(str, x))}")
    tensors = {name: _tensor(name, values, network.sizes[name]) for name, values in x.items()}
    shapes = {values.shape[:2] for values in tensors.values()}
    for name, values in tensors.items():
        if values.ndim != 3 or values.shape[2] != network.sizes[name] or len(shapes) > 1 or not values.shape[1]:
            raise PlasticityError(f"input {name!r} must have shape [batch, steps, {network.sizes[name]}], the first "
                                  f"two the same for all inputs, got {tuple(values.shape)}")
        _require_finite(f"input {name!r}", values)
    return {**{name: _moved(values, device, dtype) for name, values in tensors.items()},
            **always_sent(network, next(iter(shapes)), dtype, device)}


def _moved(values: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """The same on a device and in a type; what is kept once for all steps stays so."""
    if constant(values):
        return values[:, :1].to(device, dtype).expand(values.shape)
    return values.to(device, dtype)


def always_sent(network: Network, size: tuple[int, int], dtype: torch.dtype,
                device: torch.device) -> dict[str, torch.Tensor]:
    """What inputs send that nobody gives values for: ones [batch, steps, n], kept as n numbers."""
    return {part.name: torch.ones(1, 1, part.n, dtype=dtype, device=device).expand(*size, -1)
            for part in network.inputs if part.always}


def _tensor(name: str, values: torch.Tensor | np.ndarray | Spikes, n: int) -> torch.Tensor:
    if isinstance(values, Spikes):
        return torch.as_tensor(as_spikes(values, name, n).dense())
    if torch.is_tensor(values):
        if values.is_complex():
            raise PlasticityError(f"input {name!r} must be a tensor of numbers, got {values.dtype}")
        return values
    array = as_array(f"input {name!r}", values)
    return torch.as_tensor(array.astype(float) if array.dtype.kind == "f" and array.dtype.itemsize > 8 else array)


def _require_finite(name: str, values: torch.Tensor) -> None:
    """Raises PlasticityError for NaN and infinity. One sum tells, but where numbers are very large."""
    if values.device.type != "cpu" or not values.is_floating_point():
        return
    values = values.detach()
    if not values.sum(dtype=torch.float64).isfinite() and not values.isfinite().all():
        raise PlasticityError(f"{name} holds NaN or infinity")


def floating(dtype: str | torch.dtype | None) -> torch.dtype:
    """The type of a gradient network by name or as torch has it; None is torch's default.

    Raises PlasticityError for one in which torch does not compute.
    """
    name = str(dtype or torch.get_default_dtype()).removeprefix("torch.")
    return getattr(torch, choice("dtype", name, FLOATS))


def require_records(network: Network, record: Sequence[str]) -> None:
    """Raises PlasticityError for a name to record that is no variable of a population; spikes are answered always."""
    recorded(network.populations, record, events=())
