"""A convolution as the definition sees it: each position of each sample is a sample of its own.

Its synapses [place in the patch, channel] propose their increments, and those are summed over positions. So only the
weights are shared; traces and synaptic states (an eligibility, a calcium concentration) are those of one synapse of one
position.
"""

from __future__ import annotations

import numpy as np

from plasticity.network.window import Window


def unfolded(values: np.ndarray, place: str, window: Window) -> np.ndarray:
    """Values of neurons or of the network at every position.

    values: [steps, batch, n] of "pre" or "post" neurons, [steps, batch] of what is "global". Answers
    [steps, batch * positions, fan_in], [steps, batch * positions, channels] or [steps, batch * positions].
    """
    if place == "global":
        return np.repeat(values, window.positions, 1)
    apart = window.unfold(values) if place == "pre" else window.by_position(values)
    return apart.reshape(len(values), -1, apart.shape[-1])


def inside(window: Window, batch: int) -> np.ndarray:
    """Which synapses exist, bool [batch * positions, fan_in, channels]: those that look into the padding do not."""
    seen = np.tile(window.patches >= 0, (batch, 1))[..., None]
    return np.broadcast_to(seen, (batch * window.positions, window.fan_in, window.channels))


def folded(values: np.ndarray, place: str, window: Window, batch: int) -> np.ndarray:
    """Traces [batch * positions, n] as [batch, n_pre] or [batch, n_post]; 0 for neurons that no position sees.

    Synaptic states ("syn") [batch * positions, fan_in, channels] stay apart: [batch, positions, fan_in, channels].
    """
    apart = values.reshape(batch, window.positions, *values.shape[1:])
    if place == "syn":
        return apart
    if place == "post":
        return np.swapaxes(apart, 1, 2).reshape(batch, -1)
    neuron, position, where = window.seen
    traces = np.zeros((batch, window.n_pre))
    traces[:, neuron] = apart[:, position, where]
    return traces
