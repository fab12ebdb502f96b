"""What a caller asks of a run, checked once: the same answer and the same refusals on every engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plasticity._utils.arrays import as_finite
from plasticity._utils.memory import require_memory
from plasticity._utils.validation import require_flags, require_positive, require_whole
from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.engines.record import Channel, Record, channels, records
from plasticity.errors import PlasticityError, unknown
from plasticity.network.network import Network, Population, Signal


@dataclass(frozen=True)
class Request:
    """A run that can be done.

    trains: spikes of every input, silent where none were given, and in every step of those that always send. signals:
    name -> [samples, steps] or [samples, steps, n], all of them. record: what was asked for, each name once. spiking,
    valued: the channels of it, of spikes and of states. weights: those of the trajectory.
    """

    trains: Mapping[str, Spikes]
    signals: Mapping[str, np.ndarray]
    samples: int
    steps: int
    learn: bool
    reset: bool
    record: tuple[Record, ...] = ()
    spiking: tuple[Channel, ...] = ()
    valued: tuple[Channel, ...] = ()
    weights: tuple[Channel, ...] = ()


def request(network: Network, spikes: Mapping | None = None, steps: int | None = None, signals: Mapping | None = None,
            learn: bool = True, reset: bool = True, record: Sequence[str | Record] = (),
            weights_every: int | None = None) -> Request:
    """The arguments of `Simulation.run` as a `Request`. Raises PlasticityError for what does not fit the network."""
    sizes = {part.name: part.n for part in network.shown}
    spikes = _by_name("spikes", spikes, sizes, "input")
    signals = _by_name("signals", signals, [part.name for part in network.signals], "signal")
    trains = {name: as_spikes(train, name, sizes[name]) for name, train in spikes.items()}
    series = {part.name: _series(part, signals) for part in network.signals}
    samples, steps = _extent(trains, series, steps)
    require_flags(learn=learn, reset=reset)
    asked = records(network, record)
    recorded, weights = channels(network, asked, steps), _weights(network, weights_every, steps)
    require_memory(8 * samples * (steps + 1 + sum(channel.numbers for channel in recorded)),
                   "this run and what it records")
    silence = np.zeros((samples, steps + 1), np.int64)
    trains = {name: trains.get(name) or Spikes(silence, np.zeros(0, np.int32), n) for name, n in sizes.items()}
    always = {part.name: _always(samples, steps, part.n) for part in network.inputs if part.always}
    return Request(trains | always, series, samples, steps, bool(learn), bool(reset), asked,
                   tuple(channel for channel in recorded if channel.spikes),
                   tuple(channel for channel in recorded if not channel.spikes), weights)


def _weights(network: Network, every: int | None, steps: int) -> tuple[Channel, ...]:
    """All weights that learn, every so many steps."""
    if every is None:
        return ()
    require_positive(weights_every=every)
    return channels(network, [Record(f"{part.name}.w", every=every) for part in network.plastic], steps)


def _always(samples: int, steps: int, n: int) -> Spikes:
    """A spike of every source in every step; all samples share one list."""
    require_memory(4 * steps * n, f"{steps:,} spikes of {n:,} sources that always send")
    ptr = np.broadcast_to(np.arange(steps + 1, dtype=np.int64) * n, (samples, steps + 1))
    return Spikes(np.ascontiguousarray(ptr), np.tile(np.arange(n, dtype=np.int32), steps), n)


def cut(asked: Request, part: slice, steps: int) -> Request:
    """The first steps of some samples, of which nothing is recorded."""
    trains = {name: Spikes(each.ptr[part, :steps + 1], each.index, each.n) for name, each in asked.trains.items()}
    signals = {name: values[part, :steps] for name, values in asked.signals.items()}
    return replace(asked, trains=trains, signals=signals, samples=part.stop - part.start, steps=steps, record=(),
                   spiking=(), valued=(), weights=())


def recorded(populations: Iterable[Population], record: Sequence[str], events: tuple[str, ...] = ("spikes",)) -> tuple:
    """The names to record, each once. Raises PlasticityError for one that nobody knows."""
    known = [f"{part.name}.{name}" for part in populations
             for name in (*events, *part.neuron.variables, *part.neuron.subexpressions)]
    if isinstance(record, str) or not isinstance(record, Iterable):
        raise PlasticityError(f"record must be a list of names, [{str(record)!r}], got {record!r}")
    names = tuple(record)
    for name in names:
        if name not in known:
            raise unknown("name to record:", name, known)
    return tuple(dict.fromkeys(names))


def _by_name(argument: str, values: Mapping | None, known: Iterable[str], kind: str) -> Mapping:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        example = next(iter(known), "name")
        raise PlasticityError(f"{argument} must be given by name, {{{example!r}: array}}, got {type(values).__name__}")
    for name in values:
        if name not in known:
            raise unknown(kind, name, known)
    return values


def _series(signal: Signal, signals: Mapping) -> np.ndarray:
    wanted = f"[samples, steps{f', {signal.n}' if signal.n else ''}]"
    if signal.name not in signals:
        raise PlasticityError(f"the network has a signal {signal.name!r}: pass signals={{{signal.name!r}: array "
                              f"{wanted}}}")
    values = as_finite(f"signal {signal.name!r}", signals[signal.name])
    if values.ndim != (3 if signal.n else 2) or (signal.n and values.shape[2] != signal.n):
        raise PlasticityError(f"signal {signal.name!r} must have shape {wanted}, got {values.shape}")
    return values


def _extent(trains: Mapping[str, Spikes], series: Mapping[str, np.ndarray], steps: int | None) -> tuple[int, int]:
    """Samples and steps, the same for all that is given."""
    if steps is not None:
        require_whole(0, steps=steps)
    shapes = {name: (train.samples, train.steps) for name, train in trains.items()}
    shapes |= {name: values.shape[:2] for name, values in series.items()}
    if not shapes and steps is None:
        raise PlasticityError("steps is needed when neither spikes nor signals are given")
    if len({*shapes.values()}) > 1:
        raise PlasticityError("spikes and signals must agree in (samples, steps), got "
                              + ", ".join(f"{name}: {shape}" for name, shape in shapes.items()))
    samples, length = next(iter(shapes.values()), (1, steps))
    if steps not in (None, length):
        raise PlasticityError(f"steps={steps}, but the spikes and signals passed have {length} steps; leave it out")
    return int(samples), int(length)
