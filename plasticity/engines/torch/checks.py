"""What a caller passes to a simulation, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.errors import PlasticityError, unknown
from plasticity.network.network import Network, Signal


def presentation(network: Network, spikes: Mapping[str, Spikes | np.ndarray], steps: int | None,
                 signals: Mapping[str, np.ndarray]) -> tuple[dict[str, Spikes], dict[str, np.ndarray], int, int]:
    """Spikes of every input (silent where left out), signals by name, samples, steps."""
    sizes = {part.name: part.n for part in network.inputs}
    for kind, named, known in (("input", spikes, sizes), ("signal", signals, [part.name for part in network.signals])):
        for name in named:
            if name not in known:
                raise unknown(kind, name, known)
    trains = {name: as_spikes(train, name, sizes[name]) for name, train in spikes.items()}
    values = {part.name: _signal(part, signals) for part in network.signals}
    shapes = {(train.samples, train.steps) for train in trains.values()}
    shapes |= {series.shape[:2] for series in values.values()}
    if len(shapes) > 1:
        raise PlasticityError(f"inputs and signals must agree in (samples, steps), got {sorted(shapes)}")
    if not shapes and steps is None:
        raise PlasticityError("steps is needed when neither spikes nor signals are given")
    samples, all_steps = shapes.pop() if shapes else (1, steps)
    if steps is not None and steps != all_steps:
        raise PlasticityError(f"steps={steps}, but the spikes and signals passed have {all_steps} steps; leave it out")
    for name, n in sizes.items():
        trains.setdefault(name, Spikes(np.zeros((samples, all_steps + 1), np.int64), np.zeros(0, np.int32), n))
    return trains, values, samples, all_steps


def _signal(signal: Signal, signals: Mapping[str, np.ndarray]) -> np.ndarray:
    wanted = f"[samples, steps{f', {signal.n}' if signal.n else ''}]"
    if signal.name not in signals:
        raise PlasticityError(f"the network has a signal {signal.name!r}: pass it in signals= as an array {wanted}")
    values = np.asarray(signals[signal.name], float)
    if values.ndim != (3 if signal.n else 2) or (signal.n and values.shape[2] != signal.n):
        raise PlasticityError(f"signal {signal.name!r} must have shape {wanted}, got {values.shape}")
    if not np.isfinite(values).all():
        raise PlasticityError(f"signal {signal.name!r} holds NaN or infinity")
    return values


def watched(network: Network, record: Sequence[str]) -> list[str]:
    """The names to record, each one that exists."""
    known = [f"{part.name}.{name}" for part in network.populations
             for name in ("spikes", *part.neuron.variables, *part.neuron.subexpressions)]
    for name in record:
        if name not in known:
            raise unknown("name to record:", name, known)
    return list(record)


def same_state(own: Mapping[str, np.ndarray], state: Mapping[str, np.ndarray]) -> None:
    """Whether a state can be that of this simulation; delay lines of values may be filled or empty."""
    wrong = sorted(set(own) ^ set(state))
    wrong += [name for name in own if name in state and "/lag_" not in name
              and np.shape(own[name]) != np.shape(state[name])]
    if wrong:
        raise PlasticityError(f"this state is of another network, engine or batch: it differs in {', '.join(wrong)}")
