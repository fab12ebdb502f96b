"""Benchmarks that other simulators can be given too: one weight update by backpropagation through time and Adam."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

from plasticity._utils.memory import forget_peak, keep_freed, rss_mb
from plasticity._utils.validation import require_positive
from plasticity.bench.eprop import HIGHEST, LOWEST, PROBE, check, reach, timed
from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.losses import cross_entropy
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import fast_sigmoid, triangular
from plasticity.errors import PlasticityError
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.networks.csnn import csnn
from plasticity.neurons.neuron import Neuron
from plasticity.readout.leaky import LeakyReadout

TAU = 20e-3  # s, of membranes and readout
TIMES = {"tau": f"{TAU}*second"}


class Work(NamedTuple):
    """A piece of work: a network, its input, labels, the error of a run, and the weights that are scaled to a rate."""

    net: GradientNetwork
    x: Spikes | torch.Tensor
    labels: torch.Tensor
    error: Callable
    scaled: list[str]

    def ready(self) -> Callable[[], float]:
        """Sets the rate; answers a function that makes one update and says the loss before it."""
        _scale(self.net, self.x[:PROBE], self.scaled)
        optimiser = torch.optim.Adam([p for p in self.net.parameters() if p.requires_grad], lr=1e-5, fused=True)
        return lambda: _update(self.net, self.x, self.labels, self.error, optimiser)


def bench_bptt(inputs: int = 700, hidden: int = 256, outputs: int = 20, steps: int = 100, batch: int = 128,
               density: float = 0.02, repeats: int = 30, seed: int = 0, dtype: str = "float32",
               threads: int | None = None, backend: str = "compiled", rule: str = "bptt") -> dict:
    """Times forward, gradient and Adam of a recurrent layer of leaky neurons on random spikes and labels.

    Cross-entropy of a leaky readout in every step. Input spikes are drawn once, as events, before the clock starts.
    Input and recurrent weights are scaled until the neurons spike in about 10 % of all steps. Times are medians over
    `repeats` updates, in milliseconds: ms_per_step of forward, gradient and Adam together; ms_forward of the same batch
    without gradient. peak_mb: most memory this process held while it learned; base_mb: before data and weights were
    made. compile_seconds: a first update of one sample. keeps_memory: whether freed memory is kept (see `memory`).
    rule: any gradient rule. backend: as for `GradientNetwork`. Raises PlasticityError for sizes out of range.
    """
    require_positive(inputs=inputs, hidden=hidden, outputs=outputs, steps=steps, batch=batch, repeats=repeats)
    check(density, 0.0, dtype, seed)
    base = rss_mb("VmRSS")
    work = layer(inputs, hidden, outputs, steps, batch, density, seed, dtype, backend, rule)
    with _threads(threads):
        found = _measured(work, repeats)
    return {"rule": rule, "backend": backend, "dtype": dtype, "inputs": inputs, "hidden": hidden, "outputs": outputs,
            "steps": steps, "batch": batch, "density": density, "repeats": repeats, "seed": seed, "base_mb": base,
            **found}


def layer(inputs: int = 700, hidden: int = 256, outputs: int = 20, steps: int = 100, batch: int = 128,
          density: float = 0.02, seed: int = 0, dtype: str = "float32", backend: str = "compiled",
          rule: str = "bptt") -> Work:
    """What `bench_bptt` times."""
    rng = np.random.default_rng(seed)
    neuron = Neuron("dv/dt = -v/tau : 1", threshold="v > 1", reset="v -= 1", params=TIMES, name="leaky")
    loop = rng.normal(0, hidden**-0.5, (hidden, hidden))
    network = Network((Input("in", inputs),), (Population("hidden", hidden, neuron),), (
        Projection("in", "hidden", rng.normal(0, inputs**-0.5, (inputs, hidden)), onto="v"),
        Projection("hidden", "hidden", loop * ~np.eye(hidden, dtype=bool), onto="v")))
    readout = LeakyReadout("hidden", outputs, TAU)
    net = GradientNetwork(network, readout, rule, triangular(), dtype=getattr(torch, dtype),
                          seed=seed, backend=backend)
    x = Spikes.from_dense(rng.random((batch, steps, inputs), dtype=np.float32) < density)
    labels, loss = torch.tensor(rng.integers(0, outputs, batch)), cross_entropy()
    return Work(net, x, labels, lambda run, y: run.error(y, loss), list(net.weights))


def bench_csnn(steps: int = 25, batch: int = 128, density: float = 0.1, repeats: int = 15, seed: int = 0,
               dtype: str = "float32", threads: int | None = None, backend: str = "compiled") -> dict:
    """Times one update of 8C5-MP2-16C5-MP2-FC10 on maps of 28 x 28: leaky neurons, max pools of spikes.

    Cross-entropy of the spike counts of ten output neurons. Input spikes are drawn once, `density` per pixel and step.
    The weights of the first convolution are scaled until its neurons spike in about 10 % of all steps (hidden_rate;
    rates has all populations). The rest is as for `bench_bptt`. Raises PlasticityError for sizes out of range.
    """
    require_positive(steps=steps, batch=batch, repeats=repeats)
    check(density, 0.0, dtype, seed)
    base = rss_mb("VmRSS")
    work = maps(steps, batch, density, seed, dtype, backend)
    with _threads(threads):
        found = _measured(work, repeats)
    return {"network": "8C5-MP2-16C5-MP2-FC10", "backend": backend, "dtype": dtype, "steps": steps, "batch": batch,
            "density": density, "repeats": repeats, "seed": seed, "base_mb": base, **found}


def maps(steps: int = 25, batch: int = 128, density: float = 0.1, seed: int = 0, dtype: str = "float32",
         backend: str = "compiled") -> Work:
    """What `bench_csnn` times."""
    rng = np.random.default_rng(seed)
    neuron = Neuron("dx/dt = -x/tau : 1", threshold="x > 1", reset="x -= 1", params=TIMES, name="leaky")
    net = GradientNetwork(csnn(784, neuron=neuron, gain=3.0, seed=seed), None, "bptt", fast_sigmoid(),
                          dtype=getattr(torch, dtype), seed=seed, backend=backend)
    x = torch.tensor(rng.random((batch, steps, 784), dtype=np.float32) < density).to(net.dtype)
    labels = torch.tensor(rng.integers(0, 10, batch))
    return Work(net, x, labels, _counted, ["in->conv1"])


def _counted(run, labels: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(run.spikes["out"].sum(1), labels)


@contextmanager
def _threads(threads: int | None):
    """So many threads within, as many as before afterwards."""
    before = torch.get_num_threads()
    if threads is not None:
        if threads < 1:
            raise PlasticityError(f"threads must be at least 1, got {threads!r}")
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _measured(work: Work, repeats: int) -> dict:
    """Compiles, sets the rate, and times forwards alone and whole updates, in turn."""
    keeps, net = keep_freed(), work.net
    compiling, _ = timed(lambda: work.error(net(work.x[:1]), work.labels[:1]).backward())
    update = work.ready()
    before = [p.detach().clone() for p in net.parameters()]
    forget_peak()
    spent = np.zeros((repeats + 1, 2))
    for k in range(repeats + 1):  # the first does not count
        with torch.no_grad():
            spent[k, 0], run = timed(lambda: net(work.x))
        spent[k, 1], loss = timed(update)
    rates = {name: float(z.mean()) for name, z in run.spikes.items()}
    rate = next(iter(rates.values()))
    return {"ms_per_step": 1e3 * float(np.median(spent[1:, 1])), "ms_per_step_fastest": 1e3 * float(spent[1:, 1].min()),
            "ms_forward": 1e3 * float(np.median(spent[1:, 0])), "peak_mb": rss_mb("VmHWM"), "hidden_rate": rate,
            "rates": rates, "hidden_rate_in_range": LOWEST <= rate <= HIGHEST, "compile_seconds": compiling,
            "loss": loss, "threads": torch.get_num_threads(), "keeps_memory": keeps,
            "weights_changed": max(float((p.detach() - old).abs().max())
                                   for p, old in zip(net.parameters(), before, strict=True))}


def _update(net: GradientNetwork, x, labels: torch.Tensor, error: Callable, optimiser) -> float:
    """One update; the loss before it."""
    optimiser.zero_grad()
    loss = error(net(x), labels)
    loss.backward()
    optimiser.step()
    return loss.item()


@torch.no_grad()
def _scale(net: GradientNetwork, x, names: list[str]) -> None:
    """Scales these weights together until the first population's rate is about RATE."""
    first = {name: net.weights[name].clone() for name in names}

    def rate(scale: float) -> float:
        for name, w in first.items():
            net.weights[name].copy_(scale * w)
        return float(next(iter(net(x).spikes.values())).mean())

    reach(rate)
