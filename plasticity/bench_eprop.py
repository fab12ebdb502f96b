"""A benchmark that other simulators can be given too: one weight update of a recurrent spiking layer by e-prop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from plasticity.credit.fused import Adam, Layer, Weights, gradient, run
from plasticity.errors import PlasticityError
from plasticity.learner.checks import positive
from plasticity.spikes import Spikes

RATE, LOWEST, HIGHEST = 0.1, 0.05, 0.13
PROBE = 16


def bench_eprop(inputs: int = 700, hidden: int = 256, outputs: int = 20, steps: int = 100, batch: int = 128,
                density: float = 0.02, adaptive: float = 0.0, repeats: int = 30, seed: int = 0, dtype: str = "float32",
                threads: int | None = None) -> dict:
    """Times forward, symmetric e-prop gradient and Adam on random spikes and labels, cross-entropy in every step.

    Input spikes are drawn once, before the clock starts, as events. The weights are scaled until the hidden neurons
    spike in about 10 % of all steps. Times are medians over `repeats` updates in milliseconds; ms_forward is the same
    batch without gradient, ms_gradient what the gradient adds to it. peak_mb: most memory this process held while
    it learned, the interpreter and compiler included; base_mb: before data and weights were made.
    compile_seconds: the first update of one sample. density, adaptive: fractions.
    """
    positive(inputs=inputs, hidden=hidden, outputs=outputs, steps=steps, batch=batch, repeats=repeats)
    for name, value in {"density": density, "adaptive": adaptive}.items():
        if not 0 <= value <= 1:
            raise PlasticityError(f"{name} must lie between 0 and 1, got {value!r}")
    base, rng = _memory("VmRSS"), np.random.default_rng(seed)
    layer = Layer(beta=np.where(np.arange(hidden) < round(adaptive * hidden), 0.07, 0.0))
    x, labels = _spikes(rng, batch, steps, inputs, density), rng.integers(0, outputs, batch)
    weights = _weights(rng, inputs, hidden, outputs, dtype)
    adam, begun = Adam(rate=1e-4), time.perf_counter()
    moments = adam.start(weights)
    gradient(layer, weights, x[:1], labels[:1], threads=1)
    adam.step(1, [w.copy() for w in weights], weights, adam.start(weights))
    compiled = time.perf_counter() - begun
    _scale(layer, weights, x[:PROBE])
    first, rates, times = weights.w_rec.copy(), [], {"forward": [], "both": [], "adam": [], "all": []}
    _forget_peak()
    for k in range(1, repeats + 2):  # the first is not timed
        forward, _ = _timed(lambda: run(layer, weights, x, threads=threads))
        both, found = _timed(lambda: gradient(layer, weights, x, labels, threads=threads))
        update, _ = _timed(lambda: adam.step(k, weights, found.gradient, moments))  # noqa: B023
        for name, value in zip(times, (forward, both, update, both + update), strict=True):
            times[name].append(value)
        rates.append(found.counts.mean() / steps)
    median = {name: 1e3 * float(np.median(values[1:])) for name, values in times.items()}
    return {"rule": "eprop", "engine": "fused", "dtype": dtype, "inputs": inputs, "hidden": hidden,
            "outputs": outputs, "steps": steps, "batch": batch, "density": density, "adaptive": adaptive, "seed": seed,
            "ms_per_step": median["all"], "ms_forward": median["forward"],
            "ms_gradient": median["both"] - median["forward"], "ms_adam": median["adam"],
            "peak_mb": _memory("VmHWM"), "base_mb": base, "hidden_rate": float(np.mean(rates[1:])),
            "hidden_rate_in_range": bool(LOWEST <= np.mean(rates[1:]) <= HIGHEST), "compile_seconds": compiled,
            "loss": float(found.loss.mean()) / steps,
            "weights_changed": float(np.abs(weights.w_rec - first).max())}


def _timed(work: Callable) -> tuple[float, object]:
    begun = time.perf_counter()
    made = work()
    return time.perf_counter() - begun, made


def _spikes(rng: np.random.Generator, batch: int, steps: int, inputs: int, density: float) -> Spikes:
    return Spikes.from_dense(rng.random((batch, steps, inputs), dtype=np.float32) < density)


def _weights(rng: np.random.Generator, inputs: int, hidden: int, outputs: int, dtype: str) -> Weights:
    w_in, w_rec, w_out = (rng.normal(0, n**-0.5, (n, m)).astype(dtype) for n, m in
                          ((inputs, hidden), (hidden, hidden), (hidden, outputs)))
    np.fill_diagonal(w_rec, 0)
    return Weights(w_in, w_rec, w_out)


def _scale(layer: Layer, weights: Weights, x: Spikes) -> None:
    """Scales input and recurrent weights together until the hidden rate is about RATE."""
    low, high, now = 0.0, np.inf, 1.0
    for _ in range(40):
        scaled = Weights(weights.w_in * weights.w_in.dtype.type(now), weights.w_rec * weights.w_in.dtype.type(now),
                         weights.w_out)
        rate = run(layer, scaled, x).counts.mean() / x.steps
        if abs(rate - RATE) < 0.005 * RATE:
            break
        low, high = (now, high) if rate < RATE else (low, now)
        now = 2 * now if np.isinf(high) else (low + high) / 2
    weights.w_in[:], weights.w_rec[:] = scaled.w_in, scaled.w_rec


def _forget_peak() -> None:
    """Lets the kernel's record of the most memory held start anew, where it can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _memory(field: str) -> float:
    """Resident memory of this process in MB: VmRSS now, VmHWM the most since _forget_peak; the most ever elsewhere."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for line in status.read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    return 0.0
