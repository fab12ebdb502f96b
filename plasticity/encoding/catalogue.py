"""How samples become what a network is given step by step: encoders by name, with their options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.lib.stride_tricks import as_strided

from plasticity import encoding
from plasticity._utils import own
from plasticity._utils.catalogue import Call, Catalogue
from plasticity._utils.keeping import Kept
from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import Count, Finite, NotNegative, Positive, Share, Steps
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError


@dataclass(frozen=True)
class Encoder(Kept):
    """A function of samples and a seed. Equal seeds and numbers of samples draw equal spikes.

    encode(x, seed, numbers, **options): x [samples, ...], numbers as `first_sample` of `encoding.poisson`; answers
    Spikes, or values [samples, steps, n].
    takes: "samples", intensities in [0, 1] [samples, n]; or "sequences", [samples, steps, n] as they are.
    gives: "spikes" or "values".
    """

    name: str
    encode: Callable[..., Spikes | np.ndarray] = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict)
    takes: str = "samples"
    gives: str = "spikes"

    def __post_init__(self):
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))

    def __call__(self, x: np.ndarray, seed: int = 0, numbers: int | np.ndarray = 0) -> Spikes | np.ndarray:
        return self.encode(x, seed, numbers, **self.options)

    @property
    def as_they_are(self) -> bool:
        """Whether it answers what it is given."""
        return self.encode is _sequences

    @property
    def of_numbers(self) -> bool:
        """Whether values are numbers of inputs, so that a little more or less is another thing."""
        return self.encode is _words

    def __str__(self) -> str:
        return str(Call(self.name, (), self.options))

    def __reduce__(self):
        return Encoder, (self.name, self.encode, dict(self.options), self.takes, self.gives)


@checked
def latency(steps: Count = 25, threshold: Finite = 0.0) -> Encoder:
    """One spike per input, the brighter the earlier (`encoding.latency`); none for intensities up to `threshold`."""
    return Encoder("latency", _latency, {"steps": steps, "threshold": threshold})


def _latency(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int, threshold: float) -> Spikes:
    return encoding.latency(np.where(x > threshold, x, 0.0), steps, 1e-3)


@checked
def rate(steps: Count = 25, most: Share = 0.5) -> Encoder:
    """In every step, independently, an input spikes with probability intensity * most; drawn anew in every epoch."""
    return Encoder("rate", _rate, {"steps": steps, "most": most})


def _rate(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int, most: float) -> Spikes:
    return encoding.bernoulli(x * most, steps, seed, numbers)


@checked
def poisson(steps: Count = 250, max_rate: NotNegative = 63.75, total_rate: NotNegative | None = None, rest: Steps = 0,
            dt: Positive = 1e-3) -> Encoder:
    """Poisson spikes of max_rate (Hz) times intensity for `steps` of dt (s), then `rest` silent steps.

    total_rate: if given, each sample's rates are scaled to this sum (Hz).
    """
    return Encoder("poisson", _poisson, {"steps": steps, "max_rate": max_rate, "total_rate": total_rate, "rest": rest,
                                         "dt": dt})


def _poisson(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int, max_rate: float,
             total_rate: float | None, rest: int, dt: float) -> Spikes:
    rates = np.asarray(x, np.float64) * max_rate
    if total_rate is not None:
        total = rates.sum(1, keepdims=True)
        scaled = np.divide(rates * total_rate, total, out=np.zeros_like(rates), where=total > 0)
        rates = np.minimum(scaled, 1 / dt)
    spikes = encoding.poisson(rates, steps, dt, seed, numbers)
    return with_rest(spikes, rest)


def with_rest(spikes: Spikes, rest: int) -> Spikes:
    """The same spikes followed by so many silent steps."""
    if not rest:
        return spikes
    require_memory(8.0 * spikes.samples * (spikes.steps + rest), f"{rest:,} silent steps")
    return Spikes(np.concatenate([spikes.ptr, np.repeat(spikes.ptr[:, -1:], rest, axis=1)], axis=1), spikes.index,
                  spikes.n)


@checked
def rank_order(steps: Count = 25, per_step: Count | None = None) -> Encoder:
    """Inputs spike one after another, the brightest first; per_step of them in a step (None: all of them in `steps`).

    Source: Thorpe & Gautrais 1998, "Rank order coding".
    """
    return Encoder("rank_order", _rank_order, {"steps": steps, "per_step": per_step})


def _rank_order(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int, per_step: int | None) -> Spikes:
    return encoding.rank_order(x, steps, -(-x.shape[1] // steps) if per_step is None else per_step)


@checked
def current(steps: Count = 25) -> Encoder:
    """The intensities themselves, the same in every step; kept once, so that what follows from them alone is computed
    once."""
    return Encoder("current", _current, {"steps": steps}, gives="values")


def _current(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int) -> np.ndarray:
    x = np.array(x)
    return as_strided(x, (len(x), steps, x.shape[1]), (x.strides[0], 0, x.strides[1]))


@checked
def flicker(steps: Count = 128, strength: Share = 1.0, offset: Finite = 0.0) -> Encoder:
    """The intensities plus `offset`, in every step each times a number drawn from [1 - strength, 1]."""
    return Encoder("flicker", _flicker, {"steps": steps, "strength": strength, "offset": offset}, gives="values")


def _flicker(x: np.ndarray, seed: int, numbers: int | np.ndarray, steps: int, strength: float,
             offset: float) -> np.ndarray:
    require_memory(4.0 * x.size * steps, f"{len(x):,} samples over {steps:,} steps")
    values = np.empty((len(x), steps, x.shape[1]), np.float32)
    for row, key in zip(values, encoding.random.sample_keys(seed, numbers, len(x)), strict=True):
        np.random.Generator(np.random.SFC64(int(key))).random(out=row, dtype=np.float32)
    values *= -strength
    values += 1.0
    values *= (np.asarray(x, np.float32) + np.float32(offset))[:, None]
    return values


@checked
def rows(width: Count = 28) -> Encoder:
    """An image line by line: in every step the intensities of one row of `width` pixels."""
    return Encoder("rows", _rows, {"width": width}, gives="values")


def _rows(x: np.ndarray, seed: int, numbers: int | np.ndarray, width: int) -> np.ndarray:
    if x.shape[1] % width:
        raise PlasticityError(f"rows of width={width} do not divide samples of {x.shape[1]} inputs")
    return x.reshape(len(x), -1, width)


@checked
def sequences(stream: bool = False) -> Encoder:
    """Samples are sequences already, [samples, steps, inputs], and are shown as they are.

    stream: whether samples are windows of streams, `batch` of them side by side: the first `batch` samples are the
    first windows of as many streams, the next `batch` ones go on from there, and so on. The state of the network passes
    from each to the next; it needs shuffle=False, and starts anew in each epoch.
    """
    return Encoder("sequences", _sequences, {"stream": stream} if stream else {}, takes="sequences", gives="values")


def _sequences(x: np.ndarray, seed: int, numbers: int | np.ndarray, stream: bool = False) -> np.ndarray:
    return x


@checked
def words(n: Count = 10_000, stream: bool = False) -> Encoder:
    """One spike per step, of the input that is the number of a word: samples [samples, steps] (or [samples, steps, 1])
    hold whole numbers from 0 to n - 1, and -1 where there is no word and no input spikes.

    The weights from an input are then what is known as the embedding of its word; nothing of n values per step is ever
    made. n: words that there are. stream: whether samples are windows of streams, as `sequences` has it.

    Which word may be the target of which step: spikes of a step arrive at its end, so a population has heard in step t
    the words before t, and so has a readout (tau=0) that hears it: its target in step t is the word of step t, y = x,
    and that is the next word. With a second population in between, step t has heard the words before t - 1, and with
    y = x it is asked for the word after the next one. No network with a population in between sees its target.
    """
    return Encoder("words", _words, {"n": n} | ({"stream": stream} if stream else {}), takes="sequences")


def _words(x: np.ndarray, seed: int, numbers: int | np.ndarray, n: int, stream: bool = False) -> Spikes:
    x = np.asarray(x)
    x = x[..., 0] if x.ndim == 3 and x.shape[2] == 1 else x
    if x.ndim != 2:
        raise PlasticityError(f"words must have shape [samples, steps] or [samples, steps, 1], got {x.shape}")
    number = x.astype(np.int64)
    strange = (number != x) | (number < -1) | (number >= n)
    if strange.any():
        raise PlasticityError(f"words must be whole numbers from 0 to {n - 1}, or -1 for none, got "
                              f"{x[strange][0]:g}; give words(n=...) as many as there are")
    said = number >= 0
    ends = np.concatenate(([0], np.cumsum(said))).astype(np.int64)
    steps = x.shape[1]
    return Spikes(ends[np.arange(len(x))[:, None] * steps + np.arange(steps + 1)], number[said].astype(np.int32), n)


#: name -> function that makes the encoder; all of its arguments have defaults
catalogue = Catalogue("encoder", {make.__name__: f"{__name__}:{make.__name__}" for make in (
    latency, rate, poisson, rank_order, current, flicker, rows, sequences, words)})


def make(encoder: str | Encoder | Callable) -> Encoder:
    """The encoder that a text names, with or without options ("latency(steps=20)", "my_code.py:encode"); an Encoder as
    it is; a function (X, seed) -> [samples, steps, inputs] or Spikes as one."""
    if isinstance(encoder, Encoder):
        return encoder
    if own.is_own(encoder):
        found, call = own.load(encoder, "encoder")
        return make(found(*call.arguments, **call.options) if call.arguments or call.options else found)
    if callable(encoder):
        name = getattr(encoder, "__name__", "encoder")
        return Encoder(name, _Numbered(encoder) if not own.takes(encoder, "numbers") else encoder,
                       takes="any", gives="any")
    return catalogue.make(encoder)


@dataclass(frozen=True)
class _Numbered:
    """A function of samples and a seed that does not ask for their numbers."""

    function: Callable

    def __call__(self, x: np.ndarray, seed: int, numbers: int | np.ndarray) -> Spikes | np.ndarray:
        return self.function(x, seed)
