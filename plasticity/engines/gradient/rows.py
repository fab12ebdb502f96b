"""Adding whole rows of a matrix: where the time goes, so written for contiguous memory and wide registers."""

from __future__ import annotations

from plasticity.engines.gradient.compiling import compiled


@compiled
def add_rows(out, rows, index, first, last):
    """out += the rows whose numbers are index[first:last]; four at a time, so that `out` is written less often."""
    n = out.size
    k = first
    while k + 4 <= last:
        a, b, c, d = index[k], index[k + 1], index[k + 2], index[k + 3]
        for j in range(n):
            out[j] += (rows[a, j] + rows[b, j]) + (rows[c, j] + rows[d, j])
        k += 4
    if k + 2 <= last:
        a, b = index[k], index[k + 1]
        for j in range(n):
            out[j] += rows[a, j] + rows[b, j]
        k += 2
    if k < last:
        a = index[k]
        for j in range(n):
            out[j] += rows[a, j]


@compiled
def add_weighted_rows(out, rows, factors):
    """out += factors @ rows."""
    n, count = out.size, factors.size
    k = 0
    while k + 4 <= count:
        a, b, c, d = factors[k], factors[k + 1], factors[k + 2], factors[k + 3]
        for j in range(n):
            out[j] += (a * rows[k, j] + b * rows[k + 1, j]) + (c * rows[k + 2, j] + d * rows[k + 3, j])
        k += 4
    while k < count:
        a = factors[k]
        for j in range(n):
            out[j] += a * rows[k, j]
        k += 1


@compiled
def by_neuron(ptr, index, start, times):
    """Sorts one sample's spikes by neuron: times[start[i] : start[i + 1]] are the steps in which neuron i spiked.

    ptr, index: spikes by step (see `plasticity.encoding.spikes.Spikes`). Fills start [n + 1] and times.
    """
    steps, n = ptr.size - 1, start.size - 1
    start[:] = 0
    for k in range(ptr[0], ptr[steps]):
        start[index[k] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    for t in range(steps):
        for k in range(ptr[t], ptr[t + 1]):
            times[start[index[k]]] = t
            start[index[k]] += 1
    for i in range(n, 0, -1):
        start[i] = start[i - 1]
    start[0] = 0
