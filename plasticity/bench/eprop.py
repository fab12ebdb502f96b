"""A benchmark that other simulators can be given too: one weight update of a recurrent spiking layer by e-prop."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from plasticity._utils.memory import forget_peak, rss_mb
from plasticity._utils.validation import require_positive
from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.fused import Adam, Layer, Weights, gradient, run
from plasticity.engines.gradient.fused.events import events
from plasticity.engines.gradient.fused.layer import DTYPES
from plasticity.errors import PlasticityError, choice

RATE, LOWEST, HIGHEST = 0.1, 0.05, 0.13
PROBE = 16


def bench_eprop(inputs: int = 700, hidden: int = 256, outputs: int = 20, steps: int = 100, batch: int = 128,
                density: float = 0.02, adaptive: float = 0.0, repeats: int = 30, seed: int = 0, dtype: str = "float32",
                threads: int | None = None) -> dict:
    """Times forward, symmetric e-prop gradient and Adam on random spikes and labels, cross-entropy in every step.

    Input spikes are drawn once, as events, before the clock starts; ms_reading_dense is what turning a dense bool array
    into events would add. The weights are scaled until the hidden neurons spike in about 10 % of all steps. Times are
    medians over `repeats` updates, in milliseconds: ms_per_step of forward, gradient and Adam together; ms_forward of
    the same batch without gradient; ms_gradient of what the gradient adds to it. peak_mb: most memory this process held
    while it learned, the interpreter and compiler included; base_mb: before data and weights were made.
    compile_seconds: a first update of one sample; little once it was compiled on this machine.
    density, adaptive: fractions. Raises PlasticityError for sizes and fractions out of range.
    """
    require_positive(inputs=inputs, hidden=hidden, outputs=outputs, steps=steps, batch=batch, repeats=repeats)
    check(density, adaptive, dtype, seed)
    base, rng = rss_mb("VmRSS"), np.random.default_rng(seed)
    layer = Layer(beta=np.where(np.arange(hidden) < round(adaptive * hidden), 0.07, 0.0))
    dense, labels = rng.random((batch, steps, inputs), dtype=np.float32) < density, rng.integers(0, outputs, batch)
    reading = [timed(lambda: events(dense, "inputs", inputs)) for _ in range(4)]
    x, weights, adam = reading[0][1], _weights(rng, inputs, hidden, outputs, dtype), Adam(rate=1e-5)
    compiling, _ = timed(lambda: _first(layer, weights, x[:1], labels[:1], adam))
    _scale(layer, weights, x[:PROBE])
    before = weights.w_rec.copy()
    forget_peak()
    spent, rate, loss = _updates(layer, weights, x, labels, adam, repeats, threads)
    return {"rule": "eprop", "engine": "fused", "dtype": dtype, "inputs": inputs, "hidden": hidden,
            "outputs": outputs, "steps": steps, "batch": batch, "density": density, "adaptive": adaptive, "seed": seed,
            "ms_per_step": 1e3 * float(np.median(spent.sum(1) - spent[:, 0])),
            "ms_per_step_fastest": 1e3 * float((spent.sum(1) - spent[:, 0]).min()),
            "ms_forward": 1e3 * float(np.median(spent[:, 0])),
            "ms_gradient": 1e3 * float(np.median(spent[:, 1] - spent[:, 0])),
            "ms_adam": 1e3 * float(np.median(spent[:, 2])),
            "ms_reading_dense": 1e3 * float(np.median([seconds for seconds, _ in reading[1:]])),
            "peak_mb": rss_mb("VmHWM"), "base_mb": base, "hidden_rate": rate,
            "hidden_rate_in_range": LOWEST <= rate <= HIGHEST, "compile_seconds": compiling, "loss": loss,
            "weights_changed": float(np.abs(weights.w_rec - before).max())}


def check(density: float, adaptive: float, dtype: str, seed: int) -> None:
    choice("dtype", dtype, DTYPES)
    for name, value in {"density": density, "adaptive": adaptive}.items():
        if not 0 <= value <= 1:
            raise PlasticityError(f"{name} must lie between 0 and 1, got {value!r}")
    if seed < 0:
        raise PlasticityError(f"seed must be at least 0, got {seed!r}")


def _first(layer: Layer, weights: Weights, x: Spikes, labels: np.ndarray, adam: Adam) -> None:
    """A first update, of copies: everything is compiled after it."""
    copies = Weights(*(w.copy() for w in weights))
    adam.step(1, copies, gradient(layer, copies, x, labels, threads=1).gradient, adam.start(copies))
    run(layer, copies, x, threads=1)


def _updates(layer: Layer, weights: Weights, x: Spikes, labels: np.ndarray, adam: Adam, repeats: int,
             threads: int | None) -> tuple[np.ndarray, float, float]:
    """Seconds [repeats, (forward alone, forward and gradient, Adam)], hidden spikes per step, last loss per step."""
    moments, spent, rates = adam.start(weights), np.zeros((repeats + 1, 3)), np.zeros(repeats + 1)
    for k in range(repeats + 1):  # the first does not count
        spent[k, 0], _ = timed(lambda: run(layer, weights, x, threads=threads))
        spent[k, 1], found = timed(lambda: gradient(layer, weights, x, labels, threads=threads))
        spent[k, 2], _ = timed(lambda: adam.step(k + 1, weights, found.gradient, moments))  # noqa: B023
        rates[k] = found.counts.mean() / x.steps
    return spent[1:], float(rates[1:].mean()), float(found.loss.mean()) / x.steps


def timed(work: Callable) -> tuple[float, object]:
    """Seconds, and what it made."""
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def _weights(rng: np.random.Generator, inputs: int, hidden: int, outputs: int, dtype: str) -> Weights:
    w_in, w_rec, w_out = (rng.normal(0, n**-0.5, (n, m)).astype(dtype) for n, m in
                          ((inputs, hidden), (hidden, hidden), (hidden, outputs)))
    np.fill_diagonal(w_rec, 0)
    return Weights(w_in, w_rec, w_out)


def _scale(layer: Layer, weights: Weights, x: Spikes) -> None:
    """Scales input and recurrent weights together until the hidden rate is about RATE."""
    first = weights.w_in.copy(), weights.w_rec.copy()

    def rate(scale: float) -> float:
        for w, before in zip((weights.w_in, weights.w_rec), first, strict=True):
            w[:] = before * w.dtype.type(scale)
        return run(layer, weights, x).counts.mean() / x.steps

    reach(rate)


def reach(rate: Callable[[float], float]) -> None:
    """Calls `rate`, which scales weights and answers the rate then, until it is about RATE."""
    low, high, now = 0.0, np.inf, 1.0
    for _ in range(40):
        found = rate(now)
        if abs(found - RATE) < 0.005 * RATE:
            return
        low, high = (now, high) if found < RATE else (low, now)
        now = 2 * now if np.isinf(high) else (low + high) / 2
