"""Showing samples to a network: encode a block, run it, repeat the samples that drew too few spikes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from plasticity import encoding
from plasticity.encoding.catalogue import make, with_rest
from plasticity.encoding.random import numbers_of
from plasticity.encoding.spikes import Spikes
from plasticity.engines import Simulation
from plasticity.engines.request import Request, request
from plasticity.errors import PlasticityError
from plasticity.network.presentation import Model, Presentation

#: what samples are shown for; each purpose draws its own spikes from the same seed
PURPOSES = ("learn", "label", "predict")
BLOCK = 256


@dataclass(frozen=True)
class Source:
    """Where input spikes come from: a seed and a purpose name a stream, a sample's position a place in it."""

    seed: int
    purpose: str

    def stream(self, boosts: int) -> int:
        """The seed of the encoder; a repeated presentation draws new spikes."""
        entropy = (self.seed, PURPOSES.index(self.purpose), boosts)
        return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))


def encode(model: Model, intensity: np.ndarray, source: Source, position: int | np.ndarray, boosts: int = 0) -> Spikes:
    """Spikes of samples [samples, n] in [0, 1], then `rest` silent steps: Poisson, or what the presentation's encoder
    makes of them. position: of the first sample, or numbers of all samples.

    Rates that the presentation scales (total_rate, boosts) end at one spike per step.
    """
    shown = model.presentation
    if shown.encoder is not None:
        return with_rest(as_spikes_only(make(shown.encoder)(intensity, source.stream(boosts), position)), shown.rest)
    rates = shown.rates(intensity, boosts)
    rates = np.minimum(rates, 1 / model.network.dt) if boosts or shown.total_rate else rates
    spikes = encoding.poisson(rates, shown.steps, model.network.dt, source.stream(boosts), position)
    return with_rest(spikes, shown.rest)


def run_of(model: Model, spikes: Spikes, learn: bool, record: Sequence[str] = ()) -> Request:
    """A run of encoded samples, checked: what a thread can do beside the run before."""
    return request(model.network, {model.input: spikes}, learn=learn, reset=model.presentation.reset, record=record)


def as_spikes_only(encoded: Spikes | np.ndarray) -> Spikes:
    """What an encoder answers, if it is spikes. Raises PlasticityError for graded values."""
    if isinstance(encoded, Spikes):
        return encoded
    if encoded.dtype != bool and not np.isin(encoded, (0, 1)).all():
        raise PlasticityError("this encoder gives graded values, and a network whose synapses learn at spikes takes "
                              "spikes; use an encoder that gives spikes, such as latency, rate or rank_order")
    return Spikes.from_dense(encoded.astype(bool))


def show(simulation: Simulation, model: Model, intensity: np.ndarray, source: Source, position: int | np.ndarray,
         asked: Request) -> tuple[np.ndarray, Spikes | None]:
    """Presents samples in order; answers output spikes [samples, n] and, if recorded, when they fell.

    asked: `run_of` the encoded samples.
    Where the model asks for a least number of output spikes, the samples that stay below are shown again with raised
    rates until they reach it, and the last presentation counts.
    """
    shown = model.presentation
    found = simulation.answer(asked)
    counts, trains = found.counts[model.output].copy(), found.spikes.get(model.output)
    trains = trains and _Trains(trains)
    for boosts in range(1, shown.max_boosts + 1):
        weak = np.flatnonzero(counts.sum(1) < shown.min_spikes)
        if not weak.size:
            break
        again = np.zeros_like(intensity)
        again[weak] = intensity[weak]
        again = encode(model, again, source, position, boosts)
        again = Spikes(again.ptr[weak], again.index, again.n)
        found = simulation.answer(run_of(model, again, asked.learn, asked.record))
        counts[weak] = found.counts[model.output]
        if trains:
            trains.replace(weak, found.spikes[model.output])
    return counts, trains and trains.joined()


class _Trains:
    """Spike trains of a block, of which some samples are replaced."""

    def __init__(self, spikes: Spikes):
        self._samples = [spikes[s : s + 1] for s in range(spikes.samples)]

    def replace(self, which: np.ndarray, spikes: Spikes) -> None:
        for k, s in enumerate(which):
            self._samples[s] = spikes[k : k + 1]

    def joined(self) -> Spikes:
        return joined(self._samples)


def joined(parts: Iterable[Spikes]) -> Spikes:
    """Samples of several Spikes as one."""
    parts = list(parts)
    ptr, index, used = [], [], 0
    for part in parts:
        for row in part.ptr:
            ptr.append(row - row[0] + used)
            index.append(part.index[row[0] : row[-1]])
            used += row[-1] - row[0]
    return Spikes(np.array(ptr, np.int64), np.concatenate(index).astype(np.int32), parts[0].n)


def block_size(presentation: Presentation, batch: int, learn: bool, block: int = BLOCK) -> int:
    """Samples per block: whole batches; one batch where each has to be repeated before the next one learns."""
    return batch if learn and presentation.min_spikes else max(block // batch, 1) * batch


def blocks(order: np.ndarray, size: int, first: int = 0) -> Iterator[tuple[int, np.ndarray]]:
    """(place of the first, samples) for the rest of an order, cut at multiples of `size`."""
    for start in range(first, len(order), size):
        yield start, order[start : start + size]


def encoded_ahead(model: Model, x: np.ndarray, source: Source, offset: int | np.ndarray,
                  cut: Iterable[tuple[int, np.ndarray]], asking: Callable[[Spikes], Request],
                  ) -> Iterator[tuple[np.ndarray, Request]]:
    """Blocks and their runs; the next block is encoded in a thread while the present one is used.

    offset: position of the first sample, or numbers of all samples. asking: spikes -> their run.
    """
    def made(start: int, chosen: np.ndarray) -> tuple[np.ndarray, Request]:
        position = offset[chosen] if isinstance(offset, np.ndarray) else offset + start
        return chosen, asking(encode(model, x[chosen], source, position))

    with ThreadPoolExecutor(1) as pool:
        waiting = None
        for start, chosen in cut:
            following = pool.submit(made, start, chosen)
            if waiting:
                yield waiting.result()
            waiting = following
        if waiting:
            yield waiting.result()


def respond(simulation: Simulation, model: Model, x: np.ndarray, *, seed: int, purpose: str, batch: int,
            trains: bool = False, block: int = BLOCK) -> tuple[np.ndarray, Spikes | None]:
    """Output spikes [samples, n] with learning off, and when they fell if `trains`; the simulation stays as it was.

    What is drawn for a sample depends on the sample alone, not on what stands beside it.
    """
    numbers = numbers_of(x)
    source, size = Source(seed, purpose), block_size(model.presentation, batch, False, block)
    record = (f"{model.output}.spikes",) if trains else ()
    before = simulation.state()
    shown = [show(simulation, model, x[chosen], source, numbers[chosen], asked)
             for chosen, asked in encoded_ahead(model, x, source, numbers, blocks(np.arange(len(x)), size),
                                                lambda spikes: run_of(model, spikes, False, record))]
    simulation.restore(before)
    return np.concatenate([counts for counts, _ in shown]), joined([part for _, part in shown]) if trains else None
