"""A benchmark that other simulators can be given too: learning by STDP, one stream of Poisson images."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from plasticity import engines, networks
from plasticity._utils.validation import require_positive
from plasticity.encoding.spikes import Spikes
from plasticity.engines.request import Request, request
from plasticity.language.rule import Rule
from plasticity.learner.stream.presenting import Source, blocks, encode, encoded_ahead
from plasticity.learner.stream.way import default_dtype
from plasticity.network.network import Network, Signal
from plasticity.network.presentation import Model
from plasticity.rules import of_kind

INPUTS, ACTIVE, MAX_RATE, STEPS = 784, 150, 127.5, 250
BLOCKS = 7


def intensities(images: int, seed: int) -> np.ndarray:
    """Random images [images, 784]: 150 active inputs each, uniform in [0, 1]."""
    rng = np.random.default_rng(seed)
    found = np.zeros((images, INPUTS))
    for row in found:
        row[rng.choice(INPUTS, ACTIVE, replace=False)] = rng.random(ACTIVE)
    return found


def bench_stdp(neurons: int = 400, images: int = 700, engine: str = "event", batch: int = 1, rule=None, seed: int = 0,
               dtype: str | None = None, device: str = "cpu", reduce: str = "sum") -> dict:
    """Times the network "diehl-cook" while it learns: 784 Poisson inputs, 250 steps of 1 ms, weights normalised.

    Timed are drawing the input spikes and running the network, as the learner does it (the next block is drawn in a
    thread meanwhile), in 7 blocks of images/7 (rounded up to whole batches) after one block to warm up; ms_per_image is
    their median. compile_seconds: building the network and its first batch. weights_changed: largest weight change.

    rule: name or Rule (default the network's own). What it reads and the neurons do not have (a reward, rates) is given
    as signals, uniform in [0, 1) and new in each step, drawn before the clock starts: this times the work of a rule,
    whether it learns something useful from them or not.
    """
    require_positive(neurons=neurons, images=images, batch=batch)
    model = networks.build("diehl-cook", INPUTS, neurons, seed=seed, steps=STEPS)
    model = model.with_(presentation=replace(model.presentation, max_rate=MAX_RATE, total_rate=None))
    model = model.with_(network=taught(model.network, of_kind("synapse", rule or model.network.plastic[0].rule)))
    per_block = -(-images // (BLOCKS * batch)) * batch
    x = intensities((BLOCKS + 1) * per_block + batch, seed)
    dtype = dtype or default_dtype(engine)
    begun = time.perf_counter()
    simulation = engines.build(model.network, engine, dtype=dtype, device=device, batch=batch, reduce=reduce, seed=seed)
    signals = drawn(model.network, max(batch, per_block), seed, dtype)
    simulation.answer(_asked(model, encode(model, x[:batch], Source(seed, "learn"), 0), signals))
    compiled = time.perf_counter() - begun
    first = _weights(simulation, model)
    timed = list(_blocks(simulation, model, x, batch, per_block, seed, signals))[1:]
    count = per_block * BLOCKS
    return {"engine": engine, "device": device, "dtype": dtype, "neurons": neurons, "images": count, "steps": STEPS,
            "batch": batch, "rule": model.network.plastic[0].rule.name, "signals": sorted(signals), "seed": seed,
            "input_spikes_per_image": sum(block["input"] for block in timed) / count,
            "output_spikes_per_image": sum(block["output"] for block in timed) / count,
            "ms_per_image": 1e3 * float(np.median([block["seconds"] for block in timed])) / per_block,
            "ms_per_image_blocks": [1e3 * block["seconds"] / per_block for block in timed],
            "compile_seconds": compiled,
            "weights_changed": float(np.abs(_weights(simulation, model) - first).max())}


def taught(network: Network, rule: Rule) -> Network:
    """The network with another rule, and signals for what the rule reads and the neurons do not have."""
    projection = network.plastic[0]
    neuron = network.population(projection.post).neuron
    own = {name for name, place in rule.reads.items()
           if place == "post" and name in {*neuron.variables, *neuron.subexpressions}}
    sizes = {"global": 0, "pre": network.sizes[projection.pre], "post": network.sizes[projection.post]}
    return network.with_(
        signals=tuple(Signal(name, sizes[place]) for name, place in {**rule.reads, **rule.signals}.items()
                      if name not in own),
        projections=tuple(replace(each, rule=rule) if each is projection else each for each in network.projections))


def drawn(network: Network, samples: int, seed: int, dtype: str) -> dict[str, np.ndarray]:
    """The network's signals, uniform in [0, 1): [samples, steps] or [samples, steps, n]."""
    rng = np.random.default_rng([seed, 3])
    return {signal.name: rng.random((samples, STEPS, *([signal.n] if signal.n else ())), dtype=np.float32).astype(dtype)
            for signal in network.signals}


def _blocks(simulation: engines.Simulation, model: Model, x: np.ndarray, first: int, size: int, seed: int,
            signals: Mapping[str, np.ndarray]) -> Iterator[dict[str, float]]:
    """Shows block after block as the learner does; seconds run from the end of one block to the end of the next."""
    begun = time.perf_counter()
    for _, asked in encoded_ahead(model, x, Source(seed, "learn"), 0, blocks(np.arange(len(x)), size, first),
                                  lambda spikes: _asked(model, spikes, signals)):
        output = float(simulation.answer(asked).counts[model.output].sum())
        ended, ptr = time.perf_counter(), asked.trains[model.input].ptr
        yield {"seconds": ended - begun, "input": float(ptr[:, -1].sum() - ptr[:, 0].sum()), "output": output}
        begun = ended


def _asked(model: Model, spikes: Spikes, signals: Mapping[str, np.ndarray]) -> Request:
    given = {name: values[:spikes.samples] for name, values in signals.items()}
    return request(model.network, {model.input: spikes}, signals=given, reset=model.presentation.reset)


def _weights(simulation: engines.Simulation, model: Model) -> np.ndarray:
    return simulation.get(f"{model.network.plastic[0].name}.w")
