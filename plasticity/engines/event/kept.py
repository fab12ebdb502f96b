"""Which arrays of a program are its state, and whether a state can be one: what compiled loops rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from plasticity.engines.event.learning import SMALLEST_SCALE
from plasticity.engines.event.program import Program
from plasticity.engines.event.writer import Array
from plasticity.engines.states import require_weights
from plasticity.errors import PlasticityError

#: clocks stay far below what int64 holds
LATEST = 1 << 59


def kept(program: Program) -> list[Array]:
    """The arrays that the next presentation depends on: neither given from outside, nor fixed, nor scratch."""
    given = {f"{source.prefix}_{kind}" for source in program.parts.sources.values()
             for kind in ("ptr", "index", "counts", "events")} | set(program.parts.signals.values())
    return [array for array in program.arrays if array.name not in given and not array.scratch
            and (array.values is None or array.name.endswith("_w"))]


def require_state(program: Program, state: Mapping[str, np.ndarray]) -> None:
    """Raises PlasticityError for a state that no run leaves, lists of neurons and times above all."""
    _require_times(program, state)
    for array in kept(program):
        if array.listed:
            _require_list(array, state)
    for name, synapses in program.parts.synapses.items():
        require_weights(program.parts.network, program.parts.network.projection(name),
                        synapses.unpack(state[f"{synapses.prefix}_w"]))


def _require_times(program: Program, state: Mapping[str, np.ndarray]) -> None:
    now, age, tick = state["clock"]
    latest = {"clock": LATEST}
    for group in program.parts.groups.values():
        latest[f"{group.prefix}_until"] = now + group.refractory
    for plastic in program.parts.plastic.values():
        latest |= {f"{plastic.prefix}_{name}_t": tick for name in plastic.spiking if plastic.lazy(name)}
    wrong = [name for name, last in latest.items() if state[name].max(initial=0) > last]
    wrong += [name for name, lowest in _lowest(program) if state[name].min(initial=1) < lowest]
    wrong += ["clock"] * int(max(age, tick) > now)
    if wrong:
        raise PlasticityError(f"state {wrong[0]!r} holds numbers that no run leaves; it was altered")


def _lowest(program: Program) -> Iterator[tuple[str, float]]:
    yield "clock", 0
    for plastic in program.parts.plastic.values():
        yield from ((f"{plastic.prefix}_{name}_t", 0) for name in plastic.spiking if plastic.lazy(name))
        yield from ((f"{plastic.prefix}_{name}_scale", SMALLEST_SCALE) for name in plastic.rule.syn
                    if plastic.scale(name))
    for name, synapses in program.parts.synapses.items():
        if synapses.projection.normalize is not None:
            yield f"{program.parts.synapses[name].prefix}_short", 0


def _require_list(array: Array, state: Mapping[str, np.ndarray]) -> None:
    n = array.shape[-1]
    neurons, count = state[array.name].reshape(-1, n), state[array.listed.count].reshape(-1)
    here = neurons[np.arange(n) < count[:, None]]
    if count.min(initial=0) < 0 or count.max(initial=0) > n or (here.size and (here.min() < 0 or here.max() >= n)):
        raise PlasticityError(f"state {array.name!r} must list neurons from 0 to {n - 1}; it was altered")
    times = np.bincount(np.repeat(np.arange(count.size), count) * n + here, minlength=count.size * n)
    flags = state[array.listed.flags].ravel() if array.listed.flags else times
    if times.max(initial=0) > 1 or (times != flags).any():
        raise PlasticityError(f"state {array.name!r} must list each neuron once; it was altered")
