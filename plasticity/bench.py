"""A benchmark that other simulators can be given too: learning by STDP, one stream of Poisson images."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from plasticity import encoding, engines, networks
from plasticity.errors import PlasticityError
from plasticity.learner.checks import positive
from plasticity.learner.classifier import default_dtype, named_rule
from plasticity.model import Model

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

    Timed are drawing the input spikes and running the network, in 7 blocks of images/7 (rounded up to whole batches)
    after one block to warm up; ms_per_image is their median. compile_seconds: building the network and its first
    batch. rule: name or Rule (default the network's own). weights_changed: largest change of a weight.
    """
    positive(neurons=neurons, images=images, batch=batch)
    model = networks.build("diehl-cook", INPUTS, neurons, rule=named_rule(rule), seed=seed, steps=STEPS)
    model = model.with_(presentation=replace(model.presentation, max_rate=MAX_RATE, total_rate=None))
    per_block = -(-images // (BLOCKS * batch)) * batch
    x = intensities((BLOCKS + 1) * per_block + batch, seed)
    dtype = dtype or default_dtype(engine)
    begun = time.perf_counter()
    simulation = engines.build(model.network, engine, dtype=dtype, device=device, batch=batch, reduce=reduce, seed=seed)
    _block(simulation, model, x[:batch], 0, seed)
    compiled = time.perf_counter() - begun
    first = _weights(simulation, model)
    done = [_block(simulation, model, x[start : start + per_block], start, seed)
            for start in range(batch, len(x), per_block)]
    timed = done[1:]
    if len(timed) < BLOCKS:
        raise PlasticityError(f"only {len(timed)} blocks were timed")
    count = per_block * BLOCKS
    return {"engine": engine, "device": device, "dtype": dtype, "neurons": neurons, "images": count, "steps": STEPS,
            "batch": batch, "rule": model.network.plastic[0].rule.name, "seed": seed,
            "input_spikes_per_image": sum(block["input"] for block in timed) / count,
            "output_spikes_per_image": sum(block["output"] for block in timed) / count,
            "ms_per_image": 1e3 * float(np.median([block["seconds"] for block in timed])) / per_block,
            "ms_per_image_blocks": [1e3 * block["seconds"] / per_block for block in timed],
            "compile_seconds": compiled,
            "weights_changed": float(np.abs(_weights(simulation, model) - first).max())}


def _block(simulation: engines.Simulation, model: Model, x: np.ndarray, position: int, seed: int) -> dict[str, float]:
    """Encodes and runs a block; seconds include both."""
    begun = time.perf_counter()
    spikes = encoding.poisson(model.presentation.rates(x), STEPS, model.network.dt, seed, position)
    found = simulation.run({model.input: spikes}, learn=True, reset=model.presentation.reset)
    output = float(found.counts[model.output].sum())
    return {"seconds": time.perf_counter() - begun, "input": float(len(spikes.index)), "output": output}


def _weights(simulation: engines.Simulation, model: Model) -> np.ndarray:
    return simulation.get(f"{model.network.plastic[0].name}.w")
