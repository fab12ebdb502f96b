"""Convolutions of one map on CPUs: torch's library computes with 16 channels at a time, however few there are.

A program is written for each window, so that sizes are numbers in it: row by row forwards, and for the weights one
correlation with each map of errors, over all of a map's rows at once.
"""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from plasticity._utils import generated
from plasticity.engines.gradient.parts import array, computed_here, in_parts
from plasticity.network.window import Window

MOST_MAPS, MOST_TAPS = 8, 49  # channels and places of a window; above, torch's own is faster
LEAST = 1 << 20  # numbers to compute; below, compiling takes longer than it saves
TOGETHER = 25  # sums that the processor's registers hold

HEAD = '''"""A convolution forwards and the gradient of its weights; by plasticity.engines.gradient.convolution."""

import numpy as np

from plasticity.engines.gradient.compiling import compiled, kept, regrouped


'''


def own_kernel(window: Window, maps: torch.Tensor) -> bool:
    """Whether the programs here are to be preferred."""
    few = window.shape[0] == 1 and window.channels <= MOST_MAPS and window.size[0] * window.size[1] <= MOST_TAPS
    return (few and window.stride == (1, 1) and computed_here(maps)
            and maps.numel() // window.n_pre * window.n_post >= LEAST)


def convolve(window: Window, maps: torch.Tensor, kernel: torch.Tensor) -> torch.Tensor:
    """torch's conv2d of maps [n, channels, height, width] with a kernel [maps, channels, rows, columns]."""
    if own_kernel(window, maps):
        return _Convolution.apply(maps, kernel, window)
    return functional.conv2d(maps, kernel, stride=window.stride, padding=window.padding)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, maps, kernel, window):
        ctx.window = window
        ctx.save_for_backward(maps, kernel)
        values, weights = array(maps), array(kernel)
        out = np.empty((len(values), *window.out_shape), values.dtype)
        in_parts(len(values), lambda first, last: forwards(
            window, values[first:last], weights, out[first:last]))
        return torch.from_numpy(out)

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        (maps, kernel), window, of_maps, found = ctx.saved_tensors, ctx.window, None, None
        if ctx.needs_input_grad[0]:
            of_maps = torch.nn.grad.conv2d_input(maps.shape, kernel, error, padding=window.padding)
        if ctx.needs_input_grad[1]:
            values, errors = array(maps), array(error)
            found = sum(in_parts(len(values), lambda first, last: of_kernel(
                window, values[first:last], errors[first:last])))
            found = torch.from_numpy(found.astype(values.dtype))
        return of_maps, found, None


def forwards(window: Window, maps: np.ndarray, kernel: np.ndarray, out: np.ndarray) -> None:
    """Fills out [n, *window.out_shape] by maps [n, 1, height, width] and a kernel [maps, 1, rows, columns]."""
    _program(window).forwards(maps, kernel, _padded(window, maps.dtype), out)


def of_kernel(window: Window, maps: np.ndarray, error: np.ndarray) -> np.ndarray:
    """The gradient of the kernel, added up in float64: [maps, 1, rows, columns]."""
    found = np.zeros((window.channels, 1, *window.size))
    spread = np.zeros((window.grid[0], _width(window)), maps.dtype)
    _program(window).of_kernel(maps.dtype.type(0), maps, error, _padded(window, maps.dtype), spread, found)
    return found


def _padded(window: Window, dtype: np.dtype) -> np.ndarray:
    """Room for the map of one sample with silence around it; none where a window has no padding."""
    rows, columns = window.padding
    _, height, width = window.shape
    return np.zeros((1, height + 2 * rows, width + 2 * columns) if rows or columns else (0, 0, 0), dtype)


def _width(window: Window) -> int:
    return window.shape[2] + 2 * window.padding[1]


@lru_cache(maxsize=64)
def _program(window: Window) -> ModuleType:
    return generated.load(HEAD + "\n".join([*_forwards(window), "", "", *_backwards(window), ""]))


def _taps(window: Window) -> list[tuple[int, int]]:
    return [(i, j) for i in range(window.size[0]) for j in range(window.size[1])]


def _forwards(window: Window) -> list[str]:
    """Text of forwards(maps, kernel, room, out)."""
    rows, columns = window.grid
    taps = _taps(window)
    total = " + ".join(f"w{i}_{j} * plane[at + {i * _width(window) + j}]" for i, j in taps)
    weights = ", ".join(f"w{i}_{j}" for i, j in taps)
    return ["@compiled", f"def convolved(plane, {weights}, out):",
            f"    for r in range({rows}):", f"        for q in range({columns}):",
            f"            at, to = r * {_width(window)} + q, r * {columns} + q",
            f"            out[to] = {total}", "", "",
            "@kept", "def forwards(maps, kernel, room, out):", "    for b in range(maps.shape[0]):",
            *_seen(window), f"        for c in range({window.channels}):",
            f"            convolved(plane, {', '.join(f'kernel[c, 0, {i}, {j}]' for i, j in taps)}, "
            "out[b, c].reshape(-1))"]


def _seen(window: Window) -> list[str]:
    """Text that makes `plane`, the map of sample b with its padding, as one line of numbers."""
    rows, columns = window.padding
    if not rows and not columns:
        return ["        plane = maps[b].reshape(-1)"]
    _, height, width = window.shape
    return [f"        room[:, {rows}:{rows + height}, {columns}:{columns + width}] = maps[b]",
            "        plane = room.reshape(-1)"]


def _backwards(window: Window) -> list[str]:
    """Text of of_kernel(zero, maps, error, room, spread, found): found += the gradient.

    Each map of errors is laid out in rows as wide as the input's, with zeros between: then a weight's gradient is one
    product of two lines of numbers, as many at a time as the registers hold sums.
    """
    taps, (rows, columns), width = _taps(window), window.grid, _width(window)
    groups = [taps[k:k + TOGETHER] for k in range(0, len(taps), TOGETHER)]
    lines = []
    for number, group in enumerate(groups):
        lines += ["@regrouped", f"def correlated_{number}(plane, line, found, zero):",
                  f"    {' = '.join(f's{i}_{j}' for i, j in group)} = zero",
                  f"    for p in range({(rows - 1) * width + columns}):", "        e = line[p]",
                  *(f"        s{i}_{j} += e * plane[p + {i * width + j}]" for i, j in group),
                  *(f"    found[{i}, {j}] += s{i}_{j}" for i, j in group), "", ""]
    return [*lines, "@kept", "def of_kernel(zero, maps, error, room, spread, found):",
            "    line = spread.reshape(-1)", "    for b in range(maps.shape[0]):", *_seen(window),
            f"        for c in range({window.channels}):", f"            spread[:, :{columns}] = error[b, c]",
            *(f"            correlated_{number}(plane, line, found[c, 0], zero)" for number in range(len(groups)))]
