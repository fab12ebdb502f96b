"""Max pooling on CPUs: torch's own takes longer than the convolutions around it."""

from __future__ import annotations

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from plasticity.engines.gradient.compiling import compiled, kept
from plasticity.engines.gradient.parts import array, computed_here, in_parts

CHUNK = 64  # rows of windows of 2 x 2 at a time: what lies between two passes over them stays in the cache


@compiled
def _higher(upper, lower, high, below, one, zero):
    """The higher of two rows, and whether it is the lower one: numbers as wide as the values, for wide registers."""
    for q in range(high.size):
        a, b = upper[q], lower[q]
        high[q] = b if b > a else a
        below[q] = one if b > a else zero


@compiled
def _leftmost(high, below, best, place, one):
    """The higher of two columns each; of equals the left one, but the right one if it alone lies above."""
    for k in range(best.size):
        a, b, x, y = high[2 * k], high[2 * k + 1], below[2 * k], below[2 * k + 1]
        right = (b > a) | ((b == a) & (x > y))
        best[k] = b if right else a
        place[k] = (y + y + one) if right else (x + x)


@compiled
def _whole(numbers, place):
    for k in range(place.size):
        place[k] = np.uint8(np.int32(numbers[k]))


@compiled
def _quarters(maps, best, place, one, zero):
    """Windows of 2 x 2 side by side: first by rows, then by columns."""
    per_map, wide = best.shape[1], best.shape[2]
    high, below = np.empty((CHUNK, 2 * wide), maps.dtype), np.empty((CHUNK, 2 * wide), maps.dtype)
    numbers = np.empty(CHUNK * wide, maps.dtype)
    all_best, all_place = best.reshape(-1), place.reshape(-1)
    for first in range(0, best.shape[0] * per_map, CHUNK):
        count = min(CHUNK, best.shape[0] * per_map - first)
        for k in range(count):
            m, r = (first + k) // per_map, 2 * ((first + k) % per_map)
            _higher(maps[m, r], maps[m, r + 1], high[k], below[k], one, zero)
        begin, end = first * wide, (first + count) * wide
        _leftmost(high.reshape(-1), below.reshape(-1), all_best[begin:end], numbers, one)
        _whole(numbers, all_place[begin:end])


@compiled
def _apart(error, place, wide, lower, zero):
    """Errors of windows of 2 x 2, each in the column it belongs to; and whether it belongs to the lower row."""
    for k in range(error.size):
        e, at = error[k], place[k]
        right = at & 1
        wide[2 * k] = zero if right else e
        wide[2 * k + 1] = e if right else zero
        lower[2 * k] = at >> 1
        lower[2 * k + 1] = at >> 1


@compiled
def _down(wide, lower, upper_row, lower_row, zero):
    """One row of windows of 2 x 2 as two rows of errors."""
    for q in range(wide.size):
        e, below = wide[q], lower[q] != 0
        upper_row[q] = zero if below else e
        lower_row[q] = e if below else zero


@compiled
def _back_to_quarters(error, place, found, zero):
    """Errors of windows of 2 x 2 back to maps: first to columns, then to rows."""
    per_map, wide = error.shape[1], error.shape[2]
    apart, lower = np.empty((CHUNK, 2 * wide), error.dtype), np.empty((CHUNK, 2 * wide), np.uint8)
    all_error, all_place = error.reshape(-1), place.reshape(-1)
    for first in range(0, error.shape[0] * per_map, CHUNK):
        count = min(CHUNK, error.shape[0] * per_map - first)
        begin, end = first * wide, (first + count) * wide
        _apart(all_error[begin:end], all_place[begin:end], apart.reshape(-1), lower.reshape(-1), zero)
        for k in range(count):
            m, r = (first + k) // per_map, 2 * ((first + k) % per_map)
            _down(apart[k], lower[k], found[m, r], found[m, r + 1], zero)


@compiled
def _windows(rows, columns, step, best, place):
    """One row of windows over `rows` [size, width]."""
    for q in range(best.size):
        first, at = q * step, 0
        for i in range(rows.shape[0]):
            for j in range(columns):
                if rows[i, first + j] > rows[at // columns, first + at % columns]:
                    at = i * columns + j
        best[q], place[q] = rows[at // columns, first + at % columns], at


@kept
def _forwards(maps, rows, columns, down, across, one, zero, best, place):
    if rows == 2 and columns == 2 and down == 2 and across == 2:
        _quarters(maps, best, place, one, zero)
        return
    for m in range(maps.shape[0]):
        for r in range(best.shape[1]):
            _windows(maps[m, r * down:r * down + rows], columns, across, best[m, r], place[m, r])


@kept
def _backwards(error, place, rows, columns, down, across, zero, found):
    n, high, wide = error.shape
    quarters = rows == 2 and columns == 2 and down == 2 and across == 2
    if not (quarters and found.shape[1] == 2 * high and found.shape[2] == 2 * wide):
        found[:] = zero
    if quarters:
        _back_to_quarters(error, place, found, zero)
        return
    for m in range(n):
        for r in range(high):
            for q in range(wide):
                at = place[m, r, q]
                found[m, r * down + at // columns, q * across + at % columns] += error[m, r, q]


def memory(maps: int, grid: tuple[int, int], size: tuple[int, int], dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Room for the highest of each window, and for its place there: [maps, *grid]."""
    place = np.uint8 if size[0] * size[1] <= 256 else np.int32
    return np.empty((maps, *grid), dtype), np.empty((maps, *grid), place)


def highest(maps: np.ndarray, size: tuple[int, int], stride: tuple[int, int], best: np.ndarray,
            place: np.ndarray) -> None:
    """Fills best and place [n, *grid] of maps [n, rows, columns]."""
    _forwards(maps, *size, *stride, *map(maps.dtype.type, (1, 0)), best, place)


def spread(error: np.ndarray, place: np.ndarray, size: tuple[int, int], stride: tuple[int, int],
           found: np.ndarray) -> None:
    """Fills the errors of maps [n, rows, columns] from those of their windows [n, *grid]."""
    _backwards(error, place, *size, *stride, error.dtype.type(0), found)


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps, size, stride):
        given = array(maps).reshape(-1, *maps.shape[-2:])
        grid = [(n - side) // step + 1 for n, side, step in zip(given.shape[1:], size, stride, strict=True)]
        best, place = memory(len(given), tuple(grid), size, given.dtype)
        in_parts(len(given), lambda first, last: highest(
            given[first:last], size, stride, best[first:last], place[first:last]))
        ctx.place, ctx.about, ctx.shape = place, (size, stride), maps.shape
        return torch.from_numpy(best).reshape(*maps.shape[:-2], *grid)

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        given = array(error).reshape(ctx.place.shape)
        found = np.empty((len(given), *ctx.shape[-2:]), given.dtype)
        in_parts(len(given), lambda first, last: spread(
            given[first:last], ctx.place[first:last], *ctx.about, found[first:last]))
        return torch.from_numpy(found).reshape(ctx.shape), None, None


def max_pool(maps: torch.Tensor, size: tuple[int, int], stride: tuple[int, int]) -> torch.Tensor:
    """torch's max_pool2d of maps [..., channels, rows, columns]: credit goes to the first of equals."""
    if not computed_here(maps) or not maps.numel():
        return functional.max_pool2d(maps, size, stride)
    return _MaxPool.apply(maps, tuple(size), tuple(stride))
