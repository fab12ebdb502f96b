"""Tasks in time, made by seeded functions: what a recurrent network is asked to remember or to produce.

Each answers spikes of its inputs, bool [samples, steps, inputs], with targets and the steps in which they count. Times
are in seconds, rates in Hz; a spike falls into a step with probability rate * dt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.errors import PlasticityError

#: symbols of `store_recall` beside the two values 0 and 1
STORE, RECALL = 2, 3
#: more rejected sequences than this mean that no sequence can satisfy the task
_MOST_DRAWS = 100_000


@dataclass(frozen=True)
class Task:
    """Samples of a task.

    spikes: bool [samples, steps, inputs]. targets: float [samples, steps, outputs] to follow, or class int64
    [samples, steps]. counts: bool [samples, steps], the steps in which targets are asked for. dt: seconds per step.
    symbols: what the sample consists of, in order, int64 [samples, ...] (cues, characters); empty for none.
    """

    name: str
    spikes: np.ndarray
    targets: np.ndarray
    counts: np.ndarray
    dt: float
    symbols: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """The class asked for last in each sample, int64 [samples]."""
        if self.targets.ndim != 2:
            raise PlasticityError(f"task {self.name!r} has no classes: its targets are curves")
        last = self.counts.shape[1] - 1 - self.counts[:, ::-1].argmax(1)
        return self.targets[np.arange(len(last)), last]


def pattern_generation(inputs: int = 100, outputs: int = 1, duration: float = 1.0, rate: float = 50.0,
                       periods: Sequence[float] = (1.0, 0.5, 0.333, 0.2), dt: float = 1e-3, seed: int = 0) -> Task:
    """One frozen pattern of input spikes, and curves that the outputs shall follow: sums of sines.

    y(t) = sum_k a_k sin(2 pi m_k t / T + phi_k), with a_k from 0.5 to 2 and phi_k from 0 to 2 pi at random, and m_k the
    number of whole periods in the duration T; then moved to begin at 0 and scaled to a largest absolute value of 1.

    Source: Bellec et al. 2020, Nature Communications 11:3625, with the settings of the authors' tutorial program.
    """
    _positive(inputs=inputs, outputs=outputs, duration=duration, rate=rate, dt=dt)
    if not len(periods) or not all(0 < period <= duration for period in periods):
        raise PlasticityError(f"periods must lie between 0 and the duration ({duration:g} s), got {list(periods)}")
    steps, generator = _steps(duration, dt), np.random.default_rng(seed)
    spikes = _poisson(np.full((1, steps, inputs), rate), dt, generator)
    cycles = np.floor(duration / np.asarray(periods, float) + 1e-9)
    amplitude = generator.uniform(0.5, 2.0, (outputs, len(cycles)))
    phase = generator.uniform(0.0, 2 * np.pi, (outputs, len(cycles)))
    time = np.linspace(0.0, 1.0, steps)[:, None, None]
    curves = (amplitude * np.sin(2 * np.pi * cycles * time + phase)).sum(-1)
    curves = curves - curves[0]
    curves = curves / np.maximum(np.abs(curves).max(0), 1e-6)
    return Task("pattern_generation", spikes, curves[None], np.ones((1, steps), bool), dt, np.zeros((1, 0), np.int64))


def evidence_accumulation(samples: int = 64, cues: int = 7, *, group: int = 10, cue: float = 0.1, gap: float = 0.05,
                          delay: float = 1.05, recall: float = 0.15, rate: float = 40.0, noise: float = 10.0,
                          bias: float = 0.7, dt: float = 1e-3, seed: int = 0) -> Task:
    """Cues come from the left or the right; after a delay the network says on which side there were more.

    Four groups of inputs: left cues, right cues, the recall signal, background. Each sample favours one side, from
    which each cue comes with probability `bias`. Each cue follows a gap; between the last cue and the recall signal
    there is the delay. Targets: 0 left, 1 right; they count during the recall signal.

    cues: an odd number. group: inputs per group. rate: of a group that is on. noise: of the background.

    Source: the task of Morcos & Harvey 2016, Nature Neuroscience 19:1672, as posed by Bellec et al. 2020, Nature
    Communications 11:3625, with the settings of the authors' tutorial program (2.25 s).
    """
    _positive(samples=samples, cues=cues, group=group, cue=cue, recall=recall, rate=rate, dt=dt)
    _not_negative(gap=gap, delay=delay, noise=noise)
    if cues % 2 == 0:
        raise PlasticityError(f"cues must be odd, or there may be no majority; got {cues}")
    if not 0 <= bias <= 1:
        raise PlasticityError(f"bias must be a probability, got {bias!r}")
    generator = np.random.default_rng(seed)
    favoured = generator.integers(0, 2, samples)
    sides = np.where(generator.random((samples, cues)) < bias, favoured[:, None], 1 - favoured[:, None])
    before, length, last = _steps(gap, dt), _steps(cue, dt), _steps(recall, dt)
    steps = cues * (before + length) + _steps(delay, dt) + last
    rates = np.zeros((samples, steps, 4, group))
    for k in range(cues):
        start = k * (before + length) + before
        rates[np.arange(samples), start:start + length, sides[:, k]] = rate
    rates[:, -last:, 2] = rate
    rates[:, :, 3] = noise
    target = (sides.sum(1) > cues // 2).astype(np.int64)
    counts = np.zeros((samples, steps), bool)
    counts[:, -last:] = True
    return Task("evidence_accumulation", _poisson(rates.reshape(samples, steps, -1), dt, generator),
                np.repeat(target[:, None], steps, 1), counts, dt, sides.astype(np.int64))


def store_recall(samples: int = 128, characters: int = 12, *, group: int = 25, character: float = 0.2,
                 rate: float = 50.0, wait: int = 6, dt: float = 1e-3, seed: int = 0) -> Task:
    """A stream of values 0 and 1; at a store command the value shown with it must be kept until the recall command.

    Four groups of inputs: value 0, value 1, store, recall. Store and recall take turns, each with probability
    1 / (1 + wait) per character; every sample has both at least once, and ends with nothing stored that is not
    recalled. No value is shown with a recall command, and that is when targets count: the value stored last.

    characters: per sample, each as long as `character` (s). wait: expected characters between the commands. symbols:
    [samples, characters, 2], the command (STORE, RECALL, or -1) and the value shown (0, 1, or -1).

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS, with the settings of the authors' tutorial
    program (12 characters of 200 ms, 100 inputs at 50 Hz). Which sequences are drawn again is the library's choice.
    """
    _positive(samples=samples, group=group, character=character, rate=rate, dt=dt)
    if not characters >= 2:
        raise PlasticityError(f"characters must be at least 2, a store and a recall command; got {characters!r}")
    _not_negative(wait=wait)
    generator = np.random.default_rng(seed)
    commands = np.array([_commands(characters, 1.0 / (1 + wait), generator) for _ in range(samples)])
    values = generator.integers(0, 2, (samples, characters))
    values[commands == RECALL] = -1
    target = _stored(commands, values)
    length = _steps(character, dt)
    gates = np.stack([values == 0, values == 1, commands == STORE, commands == RECALL], -1)
    rates = np.repeat(np.repeat(gates * rate, length, 1), group, 2)
    return Task("store_recall", _poisson(rates, dt, generator), np.repeat(target, length, 1),
                np.repeat(commands == RECALL, length, 1), dt, np.stack([commands, values], -1).astype(np.int64))


def _commands(characters: int, probability: float, generator: np.random.Generator) -> np.ndarray:
    """Store and recall in turn among -1 for no command; drawn again until there is a pair and none is left open."""
    for _ in range(_MOST_DRAWS):
        drawn = np.flatnonzero(generator.random(characters) < probability)
        if len(drawn) and len(drawn) % 2 == 0:
            commands = np.full(characters, -1)
            commands[drawn[::2]], commands[drawn[1::2]] = STORE, RECALL
            return commands
    raise PlasticityError("wait is so long that no sequence holds a store and a recall command; lower it, or give more "
                          "characters")


def _stored(commands: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The value stored last, at every character (0 before there is one)."""
    kept = np.zeros(len(commands), np.int64)
    found = np.empty(commands.shape, np.int64)
    for k in range(commands.shape[1]):
        kept = np.where(commands[:, k] == STORE, values[:, k], kept)
        found[:, k] = kept
    return found


def _poisson(rates: np.ndarray, dt: float, generator: np.random.Generator) -> np.ndarray:
    if rates.max(initial=0.0) * dt > 1:
        raise PlasticityError(f"rate * dt must not exceed 1, got {rates.max() * dt:g}; lower the rate or dt")
    active = rates > 0  # most inputs are silent most of the time
    spikes = np.zeros(rates.shape, bool)
    spikes[active] = generator.random(np.count_nonzero(active)) < rates[active] * dt
    return spikes


def _steps(time: float, dt: float) -> int:
    return round(time / dt)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not 0 < value < np.inf:
            raise PlasticityError(f"{name} must be positive, got {value!r}")


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < np.inf:
            raise PlasticityError(f"{name} must not be negative, got {value!r}")
