"""A convolutional spiking network for images, as trained with surrogate gradients: 8C5-MP2-16C5-MP2-FC10 on MNIST.

After snnTorch's tutorial on convolutional spiking networks (Eshraghian, Ward, Neftci, Wang, Lenz, Dwivedi, Bennamoun,
Jeong & Lu 2023, Proceedings of the IEEE 111:1016; recalled): leaky neurons with beta = 0.9 per step, threshold 1, reset
by subtraction one step late; 25 steps; the counts of ten output neurons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity.errors import PlasticityError, choice
from plasticity.network.builders import with_bias
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.size import require_drawable
from plasticity.network.window import Window
from plasticity.neurons import lsnn_neuron, make, relay
from plasticity.neurons.neuron import Neuron

#: what pools can act on
POOLED = ("spikes", "currents")
#: how a pool answers -> kind of projection
POOLING: Mapping[str, str] = MappingProxyType({"max": "max_pool", "average": "average_pool"})


def csnn(n_inputs: int = 784, *maps: int | Sequence[int], channels: Sequence[int] = (8, 16), size: int = 5,
         pool: int = 2, padding: int | None = None, dense: Sequence[int] = (), outputs: int = 10,
         shape: tuple[int, ...] | None = None, neuron: str | Neuron | None = None, pooled: str = "spikes",
         pooling: str = "max", bias: bool = False, gain: float = 1.0, dt: float = 1e-3, seed: int = 0) -> Network:
    """Convolutions (`conv1`, `conv2`, ...), each followed by a pool (`pool1`, ...), then layers `dense1`, ... and
    `out`, all to all.

    A spike takes one step per population, so that with two convolutions `out` answers in the fifth step after an input.

    maps: channels of each convolution, "csnn(8, 16)", the same as `channels`. size: rows and columns that a neuron
    sees. pool: rows and columns of a pool. pooled: what pools act on, "spikes" of the convolutions' neurons, which a
    population of relays then sends on; or "currents", as in the tutorial: convolutions are relays, and neurons spike by
    the largest current of a window. pooling: "max", or "average", which a network that is to go on in spikes
    (`convert`) needs. dense: neurons of each layer before `out`. bias: whether each map and each neuron
    of the layers has one, from inputs that always send. padding: pixels around each map; None for none, or for half a
    window where maps would else be too small. outputs: neurons of `out`; 0 leaves it out, for a readout of the last
    population.
    shape: (channels, rows, columns) or (rows, columns) of the input; by default one square map. neuron: of convolutions
    and `out`; by default beta = 0.9 per step. gain: weights are uniform in +-gain/sqrt(fan-in); 1 is what torch draws
    by default; biases likewise.

    Raises PlasticityError for sizes that do not fit.
    """
    rng = np.random.default_rng(checked_seed(seed))
    neuron = make(lsnn_neuron(tau=-dt / math.log(0.9), threshold=1.0) if neuron is None else neuron)
    if maps:
        channels = maps[0] if np.ndim(maps[0]) else maps
    shape = image_shape(n_inputs, shape)
    if padding is None:
        padding = 0 if _fits(shape, len(channels), size, pool) else size // 2
    spiking, passing = {"spikes": (neuron, relay()), "currents": (relay(), neuron)}[choice("pooled", pooled, POOLED)]
    kind = POOLING[choice("pooling", pooling, POOLING)]
    inputs, populations, projections, last = [Input("in", n_inputs)], [], [], "in"
    for number, maps in enumerate(channels, 1):
        conv, after = f"conv{number}", f"pool{number}"
        window = Window(shape, size, maps, padding=padding)
        pools = Window(window.out_shape, pool, maps, stride=pool)
        populations += [Population(conv, window.n_post, spiking), Population(after, pools.n_post, passing)]
        projections += [Projection(last, conv, _drawn(rng, gain, window.fan_in, maps), "convolution", onto="x",
                                   window=window),
                        Projection(conv, after, 1.0, kind, onto="x", window=pools)]
        if bias:
            ones, alike = _ones(number, window, _drawn(rng, gain, window.fan_in, maps, 1))
            inputs, projections = [*inputs, ones], [*projections, alike]
        shape, last = pools.out_shape, after
    network = Network(tuple(inputs), tuple(populations), tuple(projections), dt=dt, name="csnn")
    sizes = {**{f"dense{number}": wide for number, wide in enumerate(dense, 1)}, "out": outputs}
    return _with_layers(network, {name: wide for name, wide in sizes.items() if wide}, neuron, rng, gain, bias)


def _ones(number: int, window: Window, weights: np.ndarray) -> tuple[Input, Projection]:
    """What always sends to each place of a convolution's maps, over one weight for each map, [1, maps]."""
    alike = Window((1, *window.out_shape[1:]), 1, window.channels)
    return (Input(f"ones{number}", window.positions, always=True),
            Projection(f"ones{number}", f"conv{number}", weights, "convolution", onto="x", window=alike))


def _with_layers(network: Network, sizes: Mapping[str, int], neuron: Neuron, rng: np.random.Generator, gain: float,
                 bias: bool) -> Network:
    """The network with layers of these names and sizes, all to all, one above the other on its last population."""
    below, populations, projections, first = (network.populations or network.inputs)[-1], [], [], {}
    for name, wide in sizes.items():
        populations.append(Population(name, wide, neuron))
        projections.append(Projection(below.name, name, _drawn(rng, gain, below.n, wide), onto="x"))
        first[name] = _drawn(rng, gain, below.n, wide, 1)[0] if bias else None
        below = populations[-1]
    network = network.with_(populations=(*network.populations, *populations),
                            projections=(*network.projections, *projections))
    return with_bias(network, first, "x") if bias and first else network


def _fits(shape: tuple[int, ...], convolutions: int, size: int, pool: int) -> bool:
    side = min(shape[1:])
    for _ in range(convolutions):
        side = (side - size + 1) // pool
    return side >= 1


def _drawn(rng: np.random.Generator, gain: float, fan_in: int, n: int, rows: int | None = None) -> np.ndarray:
    """Weights [fan_in, n], or so many rows of the same spread."""
    require_drawable("csnn", (fan_in, n))
    return rng.uniform(-1, 1, (rows or fan_in, n)) * gain / math.sqrt(fan_in)


def image_shape(n_inputs: int, shape: tuple[int, ...] | None) -> tuple[int, int, int]:
    """(channels, rows, columns) of an input; by default one square map. Raises PlasticityError where it does not fit.
    """
    shape = _square(n_inputs) if shape is None or len(shape) == 1 else (1, *shape)[-3:]
    if math.prod(shape) != n_inputs:
        raise PlasticityError(f"shape {shape} holds {math.prod(shape)} inputs, not {n_inputs}")
    return shape


def _square(n: int) -> tuple[int, int, int]:
    side = math.isqrt(n)
    if side**2 != n:
        raise PlasticityError(f"{n} inputs are no square map; give shape=(channels, rows, columns)")
    return 1, side, side
