"""Counter-based randomness: a number is a function of (seed, step, index), so no engine has a generator to save.

The mixing function is SplitMix64's finaliser (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number
generators", OOPSLA). The same arithmetic on uint64 gives the same bits in numpy and in compiled code.
"""

from __future__ import annotations

import numpy as np

from plasticity.errors import PlasticityError, quoted

_WHOLE = 0xFFFFFFFFFFFFFFFF
GOLDEN = 0x9E3779B97F4A7C15
_MULTIPLY_1, _MULTIPLY_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def checked_seed(seed: int) -> int:
    """`seed`, if it is a whole number that 64 bits hold. Raises PlasticityError otherwise."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise PlasticityError(f"seed must be a whole number of at least 0 and below 2**64, got {quoted(seed)}")
    return int(seed)


def mix(z: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser on uint64."""
    with np.errstate(over="ignore"):
        z = (z ^ (z >> np.uint64(30))) * _MULTIPLY_1
        z = (z ^ (z >> np.uint64(27))) * _MULTIPLY_2
        return z ^ (z >> np.uint64(31))


def key(seed: int, step: int) -> np.uint64:
    """The stream of one step: every index of it draws from here."""
    return np.uint64(keys(seed, np.uint64(step & _WHOLE)))


def keys(seed: int, steps: np.ndarray) -> np.ndarray:
    """The same of many steps."""
    return mix(mix(np.uint64((seed + 1) & _WHOLE)) ^ np.asarray(steps, np.uint64))


def stream(seed: int, *places: int) -> int:
    """A seed of its own for a place: the population, the call in its texts."""
    for place in places:
        seed = int(key(seed, place))
    return seed


def streams(seed: int, use: int, numbers: np.ndarray) -> np.ndarray:
    """A stream for each of many samples, by their numbers, uint64 [samples]. use: parts those of different purposes."""
    return mix(key(seed, use) ^ mix(np.asarray(numbers).astype(np.uint64)))


def bits(stream: np.ndarray | np.uint64, count: int) -> np.ndarray:
    """The first 53 random bits, so many times, of each stream, uint64 [..., count]."""
    with np.errstate(over="ignore"):
        counter = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        return mix(np.asarray(stream, np.uint64)[..., None] + counter) >> np.uint64(11)


def fraction(found: np.ndarray) -> np.ndarray:
    """53 bits as a number in (0, 1)."""
    return (found + 0.5) * 2.0**-53


def uniform(seed: int, step: int, index: np.ndarray, draw: int = 0) -> np.ndarray:
    """Uniform numbers in (0, 1), one per index."""
    with np.errstate(over="ignore"):
        counter = np.asarray(index, np.uint64) * np.uint64(2) + np.uint64(1 + draw)
        return fraction(mix(key(seed, step) + counter * np.uint64(GOLDEN)) >> np.uint64(11))


def normal(seed: int, step: int, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers by Box and Muller (1958), one per element, indexed in C order."""
    return normal_at(seed, step, np.arange(np.prod(shape, dtype=np.int64)).reshape(shape))


def normal_at(seed: int, step: int, index: np.ndarray) -> np.ndarray:
    """The same for each index."""
    radius = np.sqrt(-2.0 * np.log(uniform(seed, step, index, 0)))
    return radius * np.cos(2.0 * np.pi * uniform(seed, step, index, 1))
