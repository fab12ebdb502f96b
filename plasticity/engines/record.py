"""What is recorded of a run: which states and spikes, of which neurons or synapses, in which steps."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plasticity._utils.arrays import WHOLE, as_array
from plasticity._utils.ranges import Count, NotNegative
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, unknown
from plasticity.network.kinds import synapses_of
from plasticity.network.network import Network, Projection, shape_of
from plasticity.network.timing import Time, whole_steps


@dataclass(frozen=True)
class Record:
    """What to record of one state, or of the spikes of one population; a plain name records all of it in every step.

    name: "population.spikes", "population.variable", "projection.w" or "projection.variable" of its rule.
    neurons: those to record, a slice or their numbers (None: all). pairs: of weights and of states of synapses, those
    to record, [(pre, post), ...] (None: all). every: steps from one value to the next; a value is that at the end of
    the last of them. start, stop: seconds since the presentation began, from and up to which it is recorded (stop None:
    to its end).

    Weights at the end of a presentation that learns are those after normalisation.

    >>> Record("E.v", neurons=slice(0, 10), every=10)
    Record(name='E.v', neurons=slice(0, 10, None), pairs=None, every=10, start=0.0, stop=None)

    Raises PlasticityError for what cannot be meant.
    """

    name: str
    neurons: slice | Sequence[int] | None = None
    pairs: Sequence[tuple[int, int]] | None = None
    every: Count = 1
    start: NotNegative = 0.0
    stop: NotNegative | None = None

    def __post_init__(self):
        if self.neurons is not None and not isinstance(self.neurons, slice):
            object.__setattr__(self, "neurons", _numbers(f"neurons of Record({self.name!r})", self.neurons, 1))
        if self.pairs is not None:
            object.__setattr__(self, "pairs", _numbers(f"pairs of Record({self.name!r})", self.pairs, 2))
        require_fields(self)
        if self.stop is not None and self.stop <= self.start:
            raise PlasticityError(f"stop={self.stop:g} of Record({self.name!r}) must be above start={self.start:g} "
                                  "(seconds)")


@dataclass(frozen=True)
class Axis:
    """A dimension of what is recorded. labels: what stands along it, each as long as it: its own name (the neuron, or a
    synapse's place in the state), and of synapses pre and post."""

    name: str
    labels: Mapping[str, Sequence[int]]

    def __len__(self) -> int:
        return len(next(iter(self.labels.values())))


@dataclass(frozen=True)
class Channel:
    """A record on a network, for a number of steps.

    steps: at whose ends values are taken, or whose spikes are kept. index: places in the state as `Simulation.get`
    answers it, flat (None: all of it). axes: what the values of one step are arranged by.
    """

    part: str
    variable: str
    steps: range
    index: tuple[int, ...] | None
    axes: tuple[Axis, ...] = field(compare=False)
    of_projection: bool = False

    @property
    def name(self) -> str:
        return f"{self.part}.{self.variable}"

    @property
    def spikes(self) -> bool:
        return self.variable == "spikes"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the values of one step."""
        return tuple(map(len, self.axes))

    @property
    def numbers(self) -> int:
        """How many values of 8 bytes a sample has; of spikes, what is kept where there is none."""
        return self.steps.stop + 1 if self.spikes else len(self.steps) * math.prod(self.shape)

    def chosen(self, values: np.ndarray) -> np.ndarray:
        """Of a whole state of samples [samples, ...], what is recorded."""
        return values if self.index is None else values.reshape(len(values), -1)[:, list(self.index)]


def channels(network: Network, records: Sequence[Record], steps: int) -> tuple[Channel, ...]:
    """Where and when to look. Raises PlasticityError for what the network does not have."""
    return tuple(_channel(network, record, steps) for record in records)


def records(network: Network, record: Iterable[str | Record]) -> tuple[Record, ...]:
    """What a person asked for, each once. Raises PlasticityError for a name that nobody knows."""
    if isinstance(record, str | Record) or not isinstance(record, Iterable):
        shown = repr(record) if isinstance(record, Record) else repr(str(record))
        raise PlasticityError(f"record must be a list of names, [{shown}], got {record!r}")
    known, asked = _known(network), {}
    for each in record:
        each = each if isinstance(each, Record) else Record(each) if isinstance(each, str) and each in known else each
        name = each.name if isinstance(each, Record) else each
        if name not in known:
            raise unknown("name to record:", name, known)
        if asked.setdefault(name, each) != each:
            raise PlasticityError(f"{name!r} is recorded in two ways, {asked[name]} and {each}; one Record per name")
    return tuple(asked.values())


def _known(network: Network) -> list[str]:
    neurons = [f"{part.name}.{name}" for part in network.populations
               for name in ("spikes", *part.neuron.variables, *part.neuron.subexpressions)]
    synapses = [f"{part.name}.{name}" for part in network.projections
                for name in ("w", *(part.rule.variables if part.rule else ()))]
    return [*neurons, *synapses]


def _channel(network: Network, record: Record, steps: int) -> Channel:
    part, _, variable = record.name.rpartition(".")
    population = network.population(part)
    if population is not None:
        index, axes = _neurons(record, population.n)
    else:
        index, axes = _of_projection(record, network, network.projection(part), variable)
    if variable == "spikes" and record.every != 1:
        raise PlasticityError(f"every={record.every} of Record({record.name!r}): spikes are events, of which each is "
                              "recorded; every is for values")
    return Channel(part, variable, _steps(record, network.dt, steps), index, axes, population is None)


def _steps(record: Record, dt: float, steps: int) -> range:
    first = whole_steps(Time(f"start of Record({record.name!r})", record.start), dt)
    if first and first >= steps:
        raise PlasticityError(f"start={record.start:g} of Record({record.name!r}) is not before the run ends, after "
                              f"{steps * dt:g} s; times are in seconds")
    last = steps if record.stop is None else whole_steps(Time(f"stop of Record({record.name!r})", record.stop), dt)
    return range(first + record.every - 1, min(last, steps), record.every)


def _neurons(record: Record, n: int, label: str = "neuron") -> tuple[tuple[int, ...] | None, tuple[Axis, ...]]:
    if record.pairs is not None:
        raise PlasticityError(f"{record.name!r} belongs to neurons; choose them by neurons=, not by pairs=")
    if record.neurons is None:
        return None, (Axis(label, {label: range(n)}),)
    several = record.neurons
    index = tuple(range(*several.indices(n))) if isinstance(several, slice) else several
    if len(set(index)) < len(index) or any(not 0 <= each < n for each in index):
        raise PlasticityError(f"neurons of Record({record.name!r}) must be numbers from 0 to {n - 1}, each once, got "
                              f"{list(index)[:10]}")
    return index, (Axis(label, {label: index}),)


def _of_projection(record: Record, network: Network, projection: Projection, variable: str,
                   ) -> tuple[tuple[int, ...] | None, tuple[Axis, ...]]:
    shape = shape_of(network, projection)
    place = "w" if variable == "w" else projection.rule.place[variable]
    if place in ("pre", "post"):
        return _neurons(record, shape[place == "post"], place)
    if record.neurons is not None:
        raise PlasticityError(f"{record.name!r} belongs to synapses; choose them by pairs=[(pre, post), ...], not by "
                              "neurons=")
    if record.pairs is None:
        return None, _whole(projection, shape, place)
    every = synapses_of(projection, shape)
    which = _places_of(record, every.pre, every.post, shape)
    index = (every.weight if place == "w" else every.state)[which]
    pre, post = np.array(record.pairs, int).reshape(-1, 2).T
    return tuple(index.tolist()), (Axis("synapse", {"synapse": index, "pre": pre, "post": post}),)


def _places_of(record: Record, pre: np.ndarray, post: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which of the synapses each pair is."""
    wanted = np.array([i * shape[1] + j if 0 <= j < shape[1] else -1 for i, j in record.pairs], np.int64)
    codes = pre.astype(np.int64) * shape[1] + post
    by = np.argsort(codes, kind="stable")
    at = by[np.minimum(np.searchsorted(codes, wanted, sorter=by), max(len(by) - 1, 0))] if len(by) else wanted
    for pair, code, place in zip(record.pairs, wanted, at, strict=True):
        if not len(by) or codes[place] != code:
            raise PlasticityError(f"pairs of Record({record.name!r}): there is no synapse from {pair[0]} to {pair[1]}")
    return at


def _whole(projection: Projection, shape: tuple[int, int], place: str) -> tuple[Axis, ...]:
    """The axes of all weights, or of a state of all synapses."""
    if projection.pairs is not None:
        pairs = projection.pairs
        return (Axis("synapse", {"synapse": range(pairs.size), "pre": pairs.pre, "post": pairs.post}),)
    sizes = {"pre": shape[0], "post": shape[1]}
    if projection.connect == "convolution":
        window = projection.window
        sizes = {"position": window.positions} if place == "syn" else {}
        sizes |= {"place": window.fan_in, "channel": window.channels}
    return tuple(Axis(name, {name: range(n)}) for name, n in sizes.items())


def _numbers(name: str, values: object, width: int) -> tuple:
    """Whole numbers, or pairs of them, as tuples."""
    array = as_array(name, values, WHOLE)
    if width == 1 and array.ndim == 0:
        array = array[None]
    if array.shape[1:] != ((2,) if width == 2 else ()) and array.size:
        wanted = "[(pre, post), ...]" if width == 2 else "a slice or a list of numbers"
        raise PlasticityError(f"{name} must be {wanted}, got an array of shape {array.shape}")
    return tuple(map(tuple, array.tolist())) if width == 2 else tuple(array.ravel().tolist())
