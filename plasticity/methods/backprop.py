"""Baselines: networks that do not spike, trained by backpropagation (through time where they are recurrent)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from plasticity._utils.catalogue import parse
from plasticity._utils.ranges import BelowOne, Count, Steps
from plasticity._utils.typed import checked
from plasticity.errors import choice, unknown
from plasticity.methods.method import Method, as_sizes

READ = ("last", "mean")
NEEDS = ("pre", "own voltage", "error of the readout", "error of other layers")


def _seeded(seed: int, dtype, make: Callable):
    """torch's default first weights, drawn from `seed`; torch's own generator stays as it was."""
    import torch

    from plasticity.methods.networks.layers import Backpropagated

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Backpropagated(make()).to(dtype)


def _mlp(hidden, dropout, shape, classes, seed, dtype):
    from plasticity.methods.networks.layers import perceptron

    return _seeded(seed, dtype, lambda: perceptron((*shape, *hidden, classes), dropout))


def _cnn(options, shape, classes, seed, dtype):
    from plasticity.methods.networks.layers import convolutional

    return _seeded(seed, dtype, lambda: convolutional(shape, classes, **options))


def _recurrent(cell, options, shape, classes, seed, dtype):
    from plasticity.methods.networks.layers import Recurrent

    return _seeded(seed, dtype, lambda: Recurrent(cell, shape[1], classes=classes, **options))


@checked
def mlp(*sizes: int, hidden: int | tuple[int, ...] = (500,), dropout: BelowOne = 0.0) -> Method:
    """A perceptron with rectified hidden units: "mlp(200, 100)" has two hidden layers.

    sizes: units of the hidden layers, the same as `hidden`.

    Source: Rumelhart, Hinton & Williams 1986.
    """
    hidden = as_sizes("hidden", sizes or hidden)
    return Method("mlp", partial(_mlp, hidden, dropout), "flat", lr=1e-3, words="backpropagation, rectified units",
                  keeps="every path", memory="O(N)", source="Rumelhart, Hinton & Williams 1986",
                  options={"hidden": hidden, "dropout": dropout}, needs=NEEDS, weighs=True)


@checked
def cnn(*maps: int, channels: int | tuple[int, ...] = (8, 16), kernel: Count = 5, padding: Steps | None = None,
        pool: Count = 2) -> Method:
    """Convolution, max pooling and rectified units, then one linear layer: 8C5-MP2-16C5-MP2-FC by default.

    Those are the sizes of the convolutional spiking network "csnn" with rectified units for the spiking ones. A last
    rectified layer after the linear one, which that network's published counterpart has, is left out, as it has no
    gradient where a class score is negative.

    maps: channels of the convolutions, the same as `channels`. padding: pixels around each image; None for none, or for
    half a kernel where images would else be too small.

    Source: LeCun, Bottou, Bengio & Haffner 1998.
    """
    channels = as_sizes("channels", maps or channels)
    options = {"channels": channels, "kernel": kernel, "padding": padding, "pool": pool}
    return Method("cnn", partial(_cnn, options), "images", lr=2e-3, words="backpropagation, convolutions",
                  keeps="every path", memory="O(N)", source="LeCun, Bottou, Bengio & Haffner 1998", options=options,
                  needs=NEEDS, weighs=True)


def _over_time(name: str, words: str, source: str, hidden: int, layers: int, dropout: float, read: str) -> Method:
    choice("read", read, READ)
    options = {"hidden": hidden, "layers": layers, "dropout": dropout, "read": read}
    return Method(name, partial(_recurrent, name, options), "sequences", lr=2e-3,
                  words=f"backpropagation through time, {words}", keeps="every path", memory="O(T N)", source=source,
                  options=options, needs=(*NEEDS, "past", "future"), weighs=True)


@checked
def rnn(hidden: Count = 128, layers: Count = 1, dropout: BelowOne = 0.0, read: str = "last") -> Method:
    """A recurrent layer of tanh units.

    Source: Elman 1990.
    """
    return _over_time("rnn", "tanh units", "Elman 1990", hidden, layers, dropout, read)


@checked
def gru(hidden: Count = 128, layers: Count = 1, dropout: BelowOne = 0.0, read: str = "last") -> Method:
    """A recurrent layer of gated recurrent units.

    Source: Cho et al. 2014.
    """
    return _over_time("gru", "gated recurrent units", "Cho et al. 2014", hidden, layers, dropout, read)


@checked
def lstm(hidden: Count = 128, layers: Count = 1, dropout: BelowOne = 0.0, read: str = "last") -> Method:
    """A recurrent layer of long short-term memory units.

    Source: Hochreiter & Schmidhuber 1997; with forget gates Gers, Schmidhuber & Cummins 2000.
    """
    return _over_time("lstm", "long short-term memory", "Hochreiter & Schmidhuber 1997; Gers et al. 2000", hidden,
                      layers, dropout, read)


#: networks that do not spike: name -> function that makes them, trained by backpropagation
STATIC: Mapping[str, Callable[..., Method]] = MappingProxyType({make.__name__: make for make in
                                                                (mlp, cnn, rnn, gru, lstm)})


@checked
def backprop(network: str = "mlp") -> Method:
    """Backpropagation of a network that does not spike, as "backprop(network=mlp(200, 100))".

    network: mlp, cnn, rnn, gru or lstm, with their options.

    Source: Rumelhart, Hinton & Williams 1986, Nature 323:533.
    """
    call = parse(network, "network")
    if call.name not in STATIC:
        raise unknown("network that does not spike", call.name, STATIC)
    made = STATIC[call.name](*call.arguments, **call.options)
    return replace(made, name="backprop", options={"network": str(call)})
