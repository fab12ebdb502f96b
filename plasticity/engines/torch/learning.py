"""One plastic projection: its traces, the delays of its spikes, and what its rule does in each phase of a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch

from plasticity._utils import random
from plasticity.engines.torch.language import Context
from plasticity.engines.torch.products import Sum
from plasticity.engines.torch.statements import Change, Compiler
from plasticity.engines.torch.step_spikes import DelayLinePerSynapse, StepSpikes, ValueDelayLine, delay_line, in_steps
from plasticity.engines.torch.synapses import Synapses
from plasticity.language.rule import ORDERS, Trace
from plasticity.network.network import Network

Spiked = StepSpikes | torch.Tensor  # per neuron, or bool [batch, pre, post]


class Learning:
    """The state of one rule: `values` [samples, n] per neuron, [samples, pre, post] per synapse.

    samples: the batch, on a convolution one for each position of each sample of the batch (see `layout`).
    read: name of something outside -> function that answers it now, [batch, n] or [batch, 1].
    """

    def __init__(self, synapses: Synapses, context: Context, number: int, read: Mapping[str, Callable]):
        self.synapses, self.context, self.read, self.layout = synapses, context, read, synapses.layout
        self.rule, projection = synapses.projection.rule, synapses.projection
        self.noise_seed = context.seed + number
        self.dendritic = delay_line(projection, "post", context)
        sides = {"pre": synapses.axonal, "post": self.dendritic}
        self.wide = {side for side, ring in sides.items() if isinstance(ring, DelayLinePerSynapse)}
        self.compiler = Compiler(self.rule, context, self.layout.shape[1], self.wide, projection.pairs is not None)
        self.events, self.efficacy = self.compiler.events(), self.compiler.efficacy()
        self.decays = {name: math.exp(-context.dt / trace.tau) for name, trace in self.rule.variables.items()
                       if math.isfinite(trace.tau)}
        self.own = {side: [name for name, trace in getattr(self.rule, side).items() if trace.rise != "none"]
                    for side in ("pre", "post")}
        self.lags = {name: ValueDelayLine(int(in_steps(delay, context.dt)), context)
                     for name, (_, delay) in self.rule.delayed.items()}
        self.watched = {*self.rule.reads_names, *(name for name, _ in self.rule.delayed.values())} & set(read)
        self.values: dict[str, torch.Tensor] = {}
        self.outside: dict[str, torch.Tensor] = {}

    def start(self, batch: int) -> None:
        """The beginning of a presentation."""
        self._resize(batch)
        for name, trace in self.rule.variables.items():
            if not trace.keep or name not in self.values:
                initial = torch.full(self._shape(name), trace.initial, dtype=self.context.dtype,
                                     device=self.context.device)
                self.values[name] = self._existing(initial) if name in self.rule.syn else initial
        self.dendritic.start(batch, self.synapses.shape[1])
        for lag in self.lags.values():
            lag.start()

    def _resize(self, batch: int) -> None:
        """Takes so many samples of the network at once."""
        self.batch, self.samples, inside = batch, batch * self.layout.positions, self.layout.inside
        self.exists = self.synapses.exists if inside is None else inside.repeat(batch, 1, 1)
        self.inside = None if inside is None else self.context.tensor(self.exists[:, :, 0])

    def _existing(self, value: torch.Tensor, absent: torch.Tensor | float = 0.0) -> torch.Tensor:
        """[samples, pre, post] where there are synapses."""
        return value if self.exists is None else torch.where(self.exists, value, absent)

    def _shape(self, name: str) -> tuple[int, ...]:
        n_pre, n_post = self.layout.shape
        return (self.samples, *{"pre": (n_pre,), "post": (n_post,), "syn": (n_pre, n_post)}[self.compiler.place(name)])

    def decay(self) -> None:
        for name, factor in self.decays.items():
            self.values[name] = self.values[name] * factor

    def on_step(self, step: int) -> None:
        """Clocked change; what it reads from outside stays for the events of this step."""
        now = {name: self.read[name]() for name in self.watched}
        late_values = {name: lag.push(now[self.rule.delayed[name][0]]) for name, lag in self.lags.items()}
        self.outside = {name: self._seen(name, value) for name, value in {**now, **late_values}.items()}
        if "on_step" in self.events:
            drawn = {"noise": self._noise(step)} if "noise" in self.rule.reads_names else {}
            self._change("on_step", None, drawn)

    def _seen(self, name: str, value: torch.Tensor) -> torch.Tensor:
        """A value from outside, [batch or 1, n], as the samples see it."""
        value = value if len(value) == self.batch else value.expand(self.batch, *value.shape[1:])
        return self.layout.values(self.rule.place_of(name), value)

    def _noise(self, step: int) -> torch.Tensor:
        """White noise: the numbers of `plasticity._utils.random` on a CPU, of the device's generator elsewhere."""
        shape, scale = (self.samples, *self.layout.shape), 1.0 / math.sqrt(self.context.dt)
        if self.context.device.type == "cpu":
            return self.context.tensor(random.normal(self.noise_seed, step, shape) * scale)
        drawn = torch.randn(shape, generator=self.context.generator, dtype=self.context.dtype,
                            device=self.context.device)
        return drawn * scale

    def transmitted(self) -> torch.Tensor | float | None:
        """What a spike transmits of its weight now, [batch, n_pre] ([batch, pre, post] if delays differ); None: all."""
        if self.efficacy is None:
            return None
        return self.efficacy({name: self.layout.shown("pre", self.values[name], self.batch) for name in self.rule.pre})

    def phases(self, post: StepSpikes) -> None:
        """The spikes' part of a step, in the rule's order."""
        spiked = {"pre": self.synapses.arrived, "post": self.dendritic.push(post)}
        quiet = {side for side, spikes in spiked.items() if side not in self.wide and spikes.silent}
        before = dict(self.values)
        if len(quiet) < 2:
            self.outside |= {name: self._seen(name, self.read[name]()) for name in self.watched}
            spiked |= {side: self.layout.step_spikes(side, spiked[side]) for side in spiked.keys() - quiet - self.wide}
        for phase in ORDERS[self.rule.order]:
            event, side = phase.split("_")
            if side in quiet:
                continue
            if event == "rise":
                for name, trace in getattr(self.rule, side).items():
                    self.values[name] = self._risen(trace, self.values[name], spiked[side])
            elif phase in self.events:
                self._change(phase, spiked[side], {name: before[name] for name in self.own[side]})

    def _risen(self, trace: Trace, value: torch.Tensor, spiked: Spiked) -> torch.Tensor:
        spikes = spiked.dense if isinstance(spiked, StepSpikes) else spiked
        if trace.rise == "add":
            return value + spikes
        return torch.where(spikes != 0, 1.0, value) if trace.rise == "set" else value

    def _change(self, event: str, spiked: Spiked | None, own: Mapping[str, torch.Tensor]) -> None:
        """Evaluates all statements of an event, then makes its assignments."""
        v = {**self.values, **self.outside, **own, "w": self.synapses.w}
        side = event.removeprefix("on_")
        results = [self._evaluate(change, side, spiked, v) for change in self.events[event]]
        for change, result in zip(self.events[event], results, strict=True):
            if change.target == "w":
                result.add_to(self.synapses.w)
                self.synapses.bound()
            else:
                self.values[change.target] = result if change.assigns else self.values[change.target] + result

    def _evaluate(self, change: Change, side: str, spiked: Spiked | None, v: Mapping[str, torch.Tensor]):
        if change.target == "w":
            total = Sum(self.samples, self.layout.shape, self.context.share(self.batch), self.inside)
            for product in change.products:
                total.product(product, side, spiked, v)
            if change.remainder:
                increments = self._where(self.context.tensor(change.remainder(v)), side, spiked)
                total.full(increments if self.inside is None else self._existing(increments))
            return total
        value = self.context.tensor(change.remainder(v))
        if change.place == "syn":
            value = self._where(value, side, spiked)
            absent = v[change.target] if change.assigns else 0.0
            return self._existing(value, absent)
        if spiked is not None:
            value = torch.where(spiked.dense != 0, value, 0.0)
        return value.expand(self._shape(change.target))

    def _where(self, value: torch.Tensor, side: str, spiked: Spiked | None) -> torch.Tensor:
        """A change of every synapse, [batch, pre, post], where its neuron spiked."""
        if isinstance(spiked, StepSpikes):
            spiked = spiked.dense[:, :, None] != 0 if side == "pre" else spiked.dense[:, None, :] != 0
        if spiked is not None:
            value = torch.where(spiked, value, 0.0)
        return value.expand(self.samples, *self.layout.shape)

    def trace(self, name: str) -> torch.Tensor:
        """A variable as its first synapse sees it: [batch, n], or [batch, pre, post] for synaptic state."""
        value, side = self.values[name], self.rule.place[name]
        value = self.layout.first(side, value) if side in self.wide else value
        return self.layout.shown(side, value, self.batch)

    def lag_shapes(self, network: Network) -> dict[str, list[tuple[int, ...]]]:
        """Shapes that a delay line of values may have as `rows` answers it: filled, or not begun."""
        shapes = {}
        for name, lag in self.lags.items():
            kind, source = network.source_of(self.synapses.projection, self.rule.delayed[name][0])
            n = network.sizes[source.split(".")[0]] if kind == "neuron" else network.signal(source).n or 1
            shapes[name] = [(self.batch, lag.steps, n), (1, lag.steps, n), (self.batch, 0, 1)]
        return shapes

    def rows(self) -> dict[str, torch.Tensor]:
        apart = self.layout.positions > 1
        values = {name: value.reshape(self.batch, -1, *value.shape[1:]) if apart else value
                  for name, value in self.values.items()}
        lags = {f"lag_{name}": lag.rows(self.batch) for name, lag in self.lags.items()}
        under_way = self.dendritic.rows()
        return {**values, **lags, **({} if under_way is None else {"dendritic": under_way})}

    def set_rows(self, rows: dict[str, torch.Tensor]) -> None:
        self._resize(next((len(value) for value in rows.values()), self.batch))
        self.values = {name: rows[name].reshape(self.samples, *value.shape[1:]) for name, value in self.values.items()}
        for name, lag in self.lags.items():
            lag.set_rows(rows[f"lag_{name}"])
        if "dendritic" in rows:
            self.dendritic.set_rows(rows["dendritic"])
