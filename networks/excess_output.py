"""Excess output: spiking networks that send by how much they exceed their threshold, and conventional twins."""

from __future__ import annotations

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count, Finite, Positive, Steps
from plasticity._utils.typed import checked
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.size import require_drawable
from plasticity.network.window import Window
from plasticity.networks.csnn import image_shape
from plasticity.neurons import excess, make


@checked
def excess_output(n_inputs: Count = 784, hidden: Count = 100, *, outputs: Steps = 10, sends: str = "excess",
                  decay: Finite = 0.9, threshold: Positive = 1.0, penalty: Finite = 1.5, unit: str | None = None,
                  filters: Steps = 0, size: Count = 3, gabor: bool = False, shape: tuple[int, ...] | None = None,
                  dt: Positive = 1e-3, seed: int = 0) -> Network:
    """A layer `hidden` of excess neurons, and `out`, whose inner states are the outputs; no biases.

    outputs: neurons of `out`; 0 leaves it out, for a readout of `hidden`. sends, decay, threshold, penalty: of the
    neurons, see `plasticity.neurons.excess`. unit: an activation in place of the neurons ("relu", "leaky_relu",
    "sigmoid"; outputs are linear then), for a conventional network of the same form. filters: maps of a convolution of
    `size` times `size` before `hidden` (0: none), which send what they see (a threshold on each of so many small sums
    would leave `hidden` silent); gabor: they are Gabor filters, one orientation each, and do not learn. shape: of the
    input. dt: s. First weights are uniform in +-sqrt(6/(n_pre + n_post)) (Glorot & Bengio 2010, AISTATS).

    Source: Wei & Jhunjhunwala, on Chevalier's notebook, which has the numbers. Fixed Gabor filters are its future work.
    """
    require_drawable("excess_output", (n_inputs, hidden))
    rng = np.random.default_rng(checked_seed(seed))
    inner = make(f"unit(activation={unit})") if unit else excess(sends, decay, threshold, penalty)
    outer = make("unit(activation=identity)") if unit else excess("state", decay, threshold, penalty)
    populations, projections, last, n = [], [], "in", n_inputs
    if filters:
        window = Window(image_shape(n_inputs, shape), size, filters)
        weights = gabor_filters(filters, size, window.shape[0]) if gabor else _drawn(rng, window.fan_in, filters)
        populations.append(Population("filters", window.n_post, make("unit(activation=identity)")))
        projections.append(Projection("in", "filters", weights, "convolution", onto="x", window=window, frozen=gabor))
        last, n = "filters", window.n_post
    layers = [("hidden", hidden, inner), *([("out", outputs, outer)] if outputs else [])]
    for name, wide, neuron in layers:
        populations.append(Population(name, wide, neuron))
        projections.append(Projection(last, name, _drawn(rng, n, wide), onto="x"))
        last, n = name, wide
    return Network((Input("in", n_inputs),), tuple(populations), tuple(projections), dt=dt, name="excess_output")


def gabor_filters(filters: int, size: int, channels: int = 1) -> np.ndarray:
    """A wave in a Gaussian, at as many orientations between 0 and 180 degrees: [channels * size * size, filters].

    exp(-(x^2 + y^2)/(2 sigma^2)) cos(2 pi u / size), u = x cos a + y sin a, sigma = size/4; mean 0, length 1.

    Source: Daugman 1985, Journal of the Optical Society of America A 2:1160 (the form; sizes are this library's).
    """
    place = np.arange(size) - (size - 1) / 2
    y, x = np.meshgrid(place, place, indexing="ij")
    angles = np.pi * np.arange(filters) / filters
    along = x[..., None] * np.cos(angles) + y[..., None] * np.sin(angles)
    waves = np.exp(-(x**2 + y**2) / (2 * (size / 4) ** 2))[..., None] * np.cos(2 * np.pi * along / size)
    waves -= waves.mean((0, 1))
    one = waves.reshape(size * size, filters)
    every = np.tile(one, (channels, 1))
    return every / np.linalg.norm(every, axis=0)


def _drawn(rng: np.random.Generator, n_pre: int, n_post: int) -> np.ndarray:
    return rng.uniform(-1, 1, (n_pre, n_post)) * np.sqrt(6 / (n_pre + n_post))
