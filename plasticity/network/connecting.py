"""Who is joined to whom, drawn from a seed: what `connect` may say besides a kind."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from plasticity._utils.catalogue import Catalogue, parse
from plasticity._utils.memory import require_memory
from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count, Positive, Share
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.network.pairs import Pairs

Shape = tuple[int, int]
Part = tuple[np.ndarray, np.ndarray]  # of some rows: how many neurons each has, and which, one row after the other
ROWS = 1 << 24  # numbers that are drawn at once
BYTES = 24  # of a synapse, while they are drawn and sorted


@checked
def random(p: Share = 0.1, itself: bool = True, seed: int = 0, *, shape: Shape) -> Pairs:
    """Every pair with probability p. itself: whether a neuron may be joined to the one of the same number, itself in a
    recurrent projection."""
    rng, (n_pre, n_post) = _begin(shape, p * shape[0] * shape[1], seed)
    parts = [_at_random(rng, len(rows), n_post, p) for rows in _parts(n_pre, max(p * n_post, 1))]
    return _rows(parts, n_post, itself)


@checked
def fixed_in_degree(k: Count = 100, itself: bool = True, seed: int = 0, *, shape: Shape) -> Pairs:
    """k different presynaptic neurons for every postsynaptic one, less where `itself` is False and it was drawn."""
    rng, (n_pre, n_post) = _begin(shape, k * shape[1], seed)
    _require_enough("fixed_in_degree", k, n_pre)
    return _turned(_rows(_different(rng, n_post, k, n_pre), n_pre, itself))


@checked
def fixed_out_degree(k: Count = 100, itself: bool = True, seed: int = 0, *, shape: Shape) -> Pairs:
    """k different postsynaptic neurons for every presynaptic one, less where `itself` is False and it was drawn."""
    rng, (n_pre, n_post) = _begin(shape, k * shape[0], seed)
    _require_enough("fixed_out_degree", k, n_post)
    return _rows(_different(rng, n_pre, k, n_post), n_post, itself)


@checked
def distance(sigma: Positive = 0.1, p: Share = 1.0, itself: bool = True, seed: int = 0, *, shape: Shape) -> Pairs:
    """Both sides lie evenly on a ring of length 1; a pair at distance d is joined with probability p exp(-d^2/(2
    sigma^2))."""
    rng, (n_pre, n_post) = _begin(shape, p * min(1.0, 2.51 * sigma) * shape[0] * shape[1], seed)
    place, found = np.arange(n_post) / n_post, []
    for rows in _parts(n_pre, n_post):
        apart = np.abs(place - rows[:, None] / n_pre)
        with np.errstate(over="ignore"):  # far beyond sigma
            near = np.exp(-0.5 * (np.minimum(apart, 1 - apart) / sigma) ** 2)
        joined = rng.random(apart.shape) < p * near
        found.append((joined.sum(1), joined.nonzero()[1].astype(np.int32)))
    return _rows(found, n_post, itself)


#: name -> draws the pairs of a projection of that shape
GENERATORS = Catalogue("way to connect", {each.__name__: f"{__name__}:{each.__name__}" for each in (
    random, fixed_in_degree, fixed_out_degree, distance)})


def is_known(connect: str | Callable) -> bool:
    """Whether it is, or names, a way to draw synapses."""
    return callable(connect) or parse(connect, "connect").name in GENERATORS


def draw(connect: str | Callable, shape: Shape, what: str, name: str) -> Pairs:
    """The pairs that a text names, "random(p=0.1)", or that a function (n_pre, n_post) -> matrix answers.

    name: seeds what is drawn where no seed is given.
    Raises PlasticityError, calling it `what`, for a matrix of another shape.
    """
    if not isinstance(connect, str):
        found = connect(*shape)
        pairs = found if isinstance(found, Pairs) else Pairs.of(found)
        if pairs.shape != shape:
            raise PlasticityError(f"{what} answered synapses of {pairs.shape} neurons, not of {shape}")
        return pairs
    call = parse(connect, what)
    seed = {} if "seed" in call.options else {"seed": zlib.crc32(name.encode())}
    return GENERATORS.make(call, shape=shape, **seed)


def _begin(shape: Shape, expected: float, seed: int) -> tuple[np.random.Generator, Shape]:
    require_memory(BYTES * expected, f"a projection of about {expected:,.0f} synapses")
    return np.random.default_rng(checked_seed(seed)), shape


def _require_enough(name: str, k: int, n: int) -> None:
    if k > n:
        raise PlasticityError(f"{name}(k={k}) draws different neurons of {n}; lower k")


def _parts(rows: int, wide: float) -> list[np.ndarray]:
    """Rows, so many at once that what is drawn for them stays small."""
    at_once = max(1, int(ROWS / wide))
    return [np.arange(begin, min(begin + at_once, rows)) for begin in range(0, rows, at_once)]


def _at_random(rng: np.random.Generator, rows: int, n: int, p: float) -> Part:
    """Each of n neurons with probability p, in every row: the gaps between those that are drawn are geometric."""
    if p == 0:
        return np.zeros(rows, np.int64), np.zeros(0, np.int32)
    pieces, last = [], -1
    while last < rows * n:
        gaps = np.minimum(rng.geometric(p, int(1.01 * p * (rows * n - last)) + 100), rows * n + 1)  # no overflow
        pieces.append(last + np.cumsum(gaps))
        last = pieces[-1][-1]
    places = np.concatenate(pieces)
    places = places[:np.searchsorted(places, rows * n)]
    return np.bincount(places // n, minlength=rows), (places % n).astype(np.int32)


def _different(rng: np.random.Generator, rows: int, k: int, n: int) -> list[Part]:
    """k different ones of n neurons in every row, rising."""
    def drawn(part: np.ndarray) -> np.ndarray:
        found = np.empty((len(part), k), np.int32)
        for row in found:
            row[:] = rng.choice(n, k, replace=False, shuffle=False)
        found.sort(axis=1)
        return found.ravel()

    return [(np.full(len(part), k), drawn(part)) for part in _parts(rows, k)]


def _rows(parts: list[Part], n_post: int, itself: bool) -> Pairs:
    counts = np.concatenate([part for part, _ in parts])
    post = np.concatenate([part for _, part in parts])
    if not itself:
        kept = np.repeat(np.arange(len(counts), dtype=np.int32), counts) != post
        counts = np.diff(np.concatenate(([0], np.cumsum(kept)))[np.concatenate(([0], np.cumsum(counts)))])
        post = post[kept]
    return Pairs(np.concatenate(([0], np.cumsum(counts))), post, n_post)


def _turned(pairs: Pairs) -> Pairs:
    """The same pairs with pre and post exchanged."""
    ptr, number = pairs.by_post
    return Pairs(ptr, pairs.pre[number], pairs.shape[0])
