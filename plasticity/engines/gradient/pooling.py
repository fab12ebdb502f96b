"""Max pooling on CPUs: torch's own takes longer than the convolutions around it."""

from __future__ import annotations

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from plasticity.engines.gradient.compiling import compiled, kept
from plasticity.engines.gradient.parts import array, computed_here, in_parts


@compiled
def _quarter(best, place, upper, lower):
    """One row of windows of 2 x 2."""
    for q in range(best.size):
        a, b, c, d = upper[2 * q], upper[2 * q + 1], lower[2 * q], lower[2 * q + 1]
        right, down = b > a, d > c
        top, bottom = (b if right else a), (d if down else c)
        under = bottom > top
        best[q] = bottom if under else top
        place[q] = (3 if down else 2) if under else (1 if right else 0)


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
def _forwards(maps, rows, columns, down, across, best, place):
    quarters = rows == 2 and columns == 2 and down == 2 and across == 2
    for m in range(maps.shape[0]):
        for r in range(best.shape[1]):
            if quarters:
                _quarter(best[m, r], place[m, r], maps[m, 2 * r], maps[m, 2 * r + 1])
            else:
                _windows(maps[m, r * down:r * down + rows], columns, across, best[m, r], place[m, r])


@kept
def _backwards(error, place, rows, columns, down, across, zero, found):
    n, high, wide = error.shape
    if rows == 2 and columns == 2 and down == 2 and across == 2 and found.shape[1:] == (2 * high, 2 * wide):
        apart, lower = np.empty((high, 2 * wide), error.dtype), np.empty((high, 2 * wide), np.uint8)
        for m in range(n):
            _apart(error[m].reshape(-1), place[m].reshape(-1), apart.reshape(-1), lower.reshape(-1), zero)
            for r in range(high):
                _down(apart[r], lower[r], found[m, 2 * r], found[m, 2 * r + 1], zero)
        return
    for m in range(n):
        found[m] = zero
        for r in range(high):
            for q in range(wide):
                at = place[m, r, q]
                found[m, r * down + at // columns, q * across + at % columns] += error[m, r, q]


class _MaxPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps, size, stride):
        given = array(maps).reshape(-1, *maps.shape[-2:])
        grid = [(n - side) // step + 1 for n, side, step in zip(given.shape[1:], size, stride, strict=True)]
        best = np.empty((len(given), *grid), given.dtype)
        place = np.empty((len(given), *grid), np.uint8 if size[0] * size[1] <= 256 else np.int32)
        in_parts(len(given), lambda first, last: _forwards(
            given[first:last], *size, *stride, best[first:last], place[first:last]))
        ctx.place, ctx.about, ctx.shape = place, (*size, *stride, given.dtype.type(0)), maps.shape
        return torch.from_numpy(best).reshape(*maps.shape[:-2], *grid)

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        given = array(error).reshape(ctx.place.shape)
        found = np.empty((len(given), *ctx.shape[-2:]), given.dtype)
        in_parts(len(given), lambda first, last: _backwards(
            given[first:last], ctx.place[first:last], *ctx.about, found[first:last]))
        return torch.from_numpy(found).reshape(ctx.shape), None, None


def max_pool(maps: torch.Tensor, size: tuple[int, int], stride: tuple[int, int]) -> torch.Tensor:
    """torch's max_pool2d of maps [..., channels, rows, columns]: credit goes to the first of equals."""
    if not computed_here(maps) or not maps.numel():
        return functional.max_pool2d(maps, size, stride)
    return _MaxPool.apply(maps, tuple(size), tuple(stride))
