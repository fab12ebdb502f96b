"""The networks in spyx (JAX): the whole update is one compiled function, as its documentation trains."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax
import spyx.nn as snn
from flax import nnx
from spyx.optimize import make_train_step
from work import DECAY, Work


class Recurrent(nnx.Module):
    """The input's matrix product is made for all steps at once, outside the scan: faster than step by step."""

    def __init__(self, work: Work, rngs: nnx.Rngs):
        self.fc = nnx.Linear(work.inputs, work.hidden, use_bias=False, rngs=rngs)
        self.cell = snn.RLIF((work.hidden,), beta=DECAY, rngs=rngs)
        self.cell.recurrent_w[...] = self.cell.recurrent_w[...] * work.hidden**-0.5
        self.out = nnx.Linear(work.hidden, work.outputs, use_bias=False, rngs=rngs)
        self.readout = snn.LI((work.outputs,), beta=DECAY, rngs=rngs)

    def __call__(self, x):
        spikes, _ = snn.run(self.cell, self.fc(x))
        return snn.run(self.readout, self.out(spikes))[0], spikes


class Csnn(nnx.Module):
    def __init__(self, work: Work, rngs: nnx.Rngs):
        self.conv1 = nnx.Conv(1, 8, (5, 5), padding="VALID", use_bias=False, rngs=rngs)
        self.conv2 = nnx.Conv(8, 16, (5, 5), padding="VALID", use_bias=False, rngs=rngs)
        self.out = nnx.Linear(256, 10, use_bias=False, rngs=rngs)
        self.neurons = nnx.List([snn.LIF(shape, beta=DECAY, rngs=rngs)
                                 for shape in ((24, 24, 8), (8, 8, 16), (10,))])

    def __call__(self, x):
        """x: [steps, batch, 1, 28, 28]; flax has channels last."""
        first, _ = snn.run(self.neurons[0], over_time(self.conv1, jnp.moveaxis(x, 2, -1)))
        second, _ = snn.run(self.neurons[1], over_time(self.conv2, over_time(pool, first)))
        flat = over_time(pool, second).reshape(*x.shape[:2], -1)
        return snn.run(self.neurons[2], self.out(flat))[0].sum(0), first


def pool(x):
    return nnx.max_pool(x, (2, 2), strides=(2, 2))


def over_time(module: Callable, x):
    """A module without memory, over all steps at once."""
    y = module(x.reshape(-1, *x.shape[2:]))
    return y.reshape(*x.shape[:2], *y.shape[1:])


def start(work: Work, x, labels) -> tuple[Callable[[float], float], Callable[[float], None]]:
    """(strength of an input spike -> rate of the hidden spikes in a part of the batch, the same -> one update)."""
    network = (Csnn if work.name == "csnn" else Recurrent)(work, nnx.Rngs(0))
    optimizer = nnx.Optimizer(network, optax.adam(1e-4), wrt=nnx.Param)
    x, labels = jnp.asarray(x), jnp.asarray(labels)

    def loss(model, x, labels):
        y, _ = model(x)
        return optax.softmax_cross_entropy_with_integer_labels(y, jnp.broadcast_to(labels, y.shape[:-1])).mean()

    step, answer = make_train_step(loss), nnx.jit(lambda model, x: model(x)[1].mean())
    scaled = {}

    def update(strength: float) -> None:
        if strength not in scaled:
            scaled[strength] = strength * x
        jax.block_until_ready(step(network, optimizer, scaled[strength], labels))

    return lambda strength: float(answer(network, strength * x[:, :8])), update
